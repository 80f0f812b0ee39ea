"""The report written out: Markdown, and a page of its own with charts that need no colour.

Nothing in the page runs, and nothing is loaded. Each chart says what it shows, has its figures on
its bars, and stands beside the table that holds all of them.
"""

from collections.abc import Iterator, Sequence
from html import escape

from gateway.annual.parts import Chart, Document, Part
from gateway.wording.yearly import said

_STYLE = (
    "body{font-family:sans-serif;max-width:75em;margin:1em auto;padding:0 1em;color:#111}"
    "td,th{border:1px solid #767676;padding:.3em;text-align:left;vertical-align:top}"
    "table{border-collapse:collapse}td.n{text-align:right;font-variant-numeric:tabular-nums}"
    "figure{margin:0}.pair{display:flex;flex-wrap:wrap;gap:2em;align-items:flex-start}"
)
_LABEL, _WIDE, _BAR, _GAP = 190, 320, 14, 8
_FILLS = ("#1d4f91", "#b5651d")


def markdown(document: Document) -> str:
    """Headings, notes and tables."""
    lines = [f"# {document.title}", "", *_paragraphs(document.notes)]
    for part in document.parts:
        lines += [f"## {part.title}", "", *_paragraphs(part.notes), *_table(part)]
    return "\n".join(lines)


def _paragraphs(notes: Sequence[str]) -> Iterator[str]:
    for note in notes:
        yield from (_plain(note), "")


def _plain(text: str) -> str:
    """Text that Markdown leaves as it is."""
    for mark in ("\\", "*", "<", "`", "["):
        text = text.replace(mark, f"\\{mark}")
    return text


def _table(part: Part) -> Iterator[str]:
    if part.rows:
        yield f"| {' | '.join(map(_cell, part.heads))} |"
        yield f"|{' --- |' * len(part.heads)}"
        yield from (f"| {' | '.join(map(_cell, row))} |" for row in part.rows)
        yield ""


def _cell(text: str) -> str:
    """A cell: only what would end it is kept apart, so that codes can be found as they are."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "\\<")


def html(document: Document, lang: str) -> str:
    """A page that can be mailed or put on a site."""
    parts = "".join(_part(number, part, lang) for number, part in enumerate(document.parts))
    return (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(document.title)}</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{escape(document.title)}</h1>{_notes(document.notes)}{parts}</main></body></html>\n"
    )


def _notes(notes: Sequence[str]) -> str:
    return "".join(f"<p>{escape(note)}</p>" for note in notes)


def _part(number: int, part: Part, lang: str) -> str:
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in part.heads)
    rows = "".join(f"<tr>{_line(row)}</tr>" for row in part.rows)
    table = (
        f'<table aria-labelledby="part-{number}"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
        if part.rows
        else ""
    )
    if part.chart is not None and part.chart.bars:
        figure = svg(part.chart, part.title, said(lang, "chart", title=part.title), number)
        table = f'<div class="pair"><figure>{figure}</figure>{table}</div>'
    title = f'<h2 id="part-{number}">{escape(part.title)}</h2>'
    return f"<section>{title}{_notes(part.notes)}{table}</section>"


def _line(row: Sequence[str]) -> str:
    first, *rest = row
    cells = "".join(
        f"<td{' class=n' if cell.lstrip('+-').isdigit() else ''}>{escape(cell)}</td>"
        for cell in rest
    )
    return f'<th scope="row">{escape(first)}</th>{cells}'


def svg(chart: Chart, title: str, description: str, number: int) -> str:
    """Bars lying one under the other, each with its figure; the series differ by fill and place."""
    most = max((n for _, numbers in chart.bars for n in numbers), default=0) or 1
    step = _BAR * len(chart.series) + _GAP
    top = 20 * len(chart.series) + 4
    height = top + step * len(chart.bars)
    drawn = "".join(_key(place, name) for place, name in enumerate(chart.series))
    for place, (label, numbers) in enumerate(chart.bars):
        y = top + place * step
        drawn += _text(_LABEL - 6, y + _BAR - 3, label, "end")
        for which, count in enumerate(numbers):
            width = round(_WIDE * count / most)
            line = y + which * _BAR
            drawn += _box(_LABEL, line, width, which)
            drawn += _text(_LABEL + width + 4, line + _BAR - 3, str(count), "start")
    ids = f"chart-{number}-title chart-{number}-desc"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{ids}"'
        f' width="{_LABEL + _WIDE + 60}" height="{height}" font-size="11"'
        f' font-family="sans-serif"><title id="chart-{number}-title">{escape(title)}</title>'
        f'<desc id="chart-{number}-desc">{escape(description)}</desc>{drawn}</svg>'
    )


def _key(place: int, name: str) -> str:
    return _box(_LABEL, 4 + 20 * place, 14, place) + _text(
        _LABEL + 20, 15 + 20 * place, name, "start"
    )


def _box(x: int, y: int, width: int, which: int) -> str:
    """The second series is an outline, so that a grey print tells them apart."""
    paint = f'fill="{_FILLS[0]}"' if which == 0 else f'fill="#fff" stroke="{_FILLS[1]}"'
    return f'<rect x="{x}" y="{y + 1}" width="{width}" height="{_BAR - 3}" {paint}/>'


def _text(x: int, y: int, text: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
