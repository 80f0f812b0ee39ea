"""A page of its own that can be mailed: nothing in it runs, and nothing is loaded."""

from collections.abc import Iterable, Sequence
from html import escape

from ir_directory.formula import neutral

_STYLE = (
    "body{font-family:sans-serif}td,th{border:1px solid #999;padding:.3em;text-align:left}"
    "table{border-collapse:collapse}.marked td:first-child{border-left:.5em solid #b00}"
)


def page(
    lang: str,
    title: str,
    paragraphs: Iterable[str],
    heads: Sequence[str],
    rows: Iterable[tuple[Sequence[object], bool]],
) -> str:
    """Title, paragraphs, one table; a row that is marked stands out.

    Everything is escaped, and no cell begins like a formula: what stands in a table can hold any
    character, and a spreadsheet opens a page, too.
    """
    body = "".join(
        f"<tr{' class=marked' if marked else ''}>"
        f"{''.join(f'<td>{escape(neutral(str(cell)))}</td>' for cell in cells)}</tr>"
        for cells, marked in rows
    )
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    return (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1>{''.join(f'<p>{escape(one)}</p>' for one in paragraphs)}"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></body></html>\n"
    )
