"""The yearly report: counted from the journal, or a published table beside what it should say."""

import asyncio
import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any, Final

import click

from gateway.annual import Annual, Given, Year, bounds, year_of
from gateway.annual.opening import files
from gateway.annual.parts import Document, as_published, document
from gateway.annual.published import PublishedBuc, annex3, given
from gateway.annual.writing import html, markdown
from gateway.cli import Settings
from gateway.cli.misuse import Misuse
from gateway.clock import YEARS, SystemClock
from gateway.errors import Unreachable
from gateway.journal import JournalReader
from gateway.wording.numbers import counted

_BEFORE_EMPTY: Final = "before-empty"
"""Nothing was counted then: a difference from it would be made up."""
_YEAR = click.IntRange(*YEARS)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("annual")
@click.option("--year", type=_YEAR, help="Year of receipt, in Paris.")
@click.option("--compare", type=_YEAR, help="Year to compare with.")
@click.option("--from", "published", type=_FILE, help="A published table (Annex 3) instead.")
@click.option("--given", "others", type=_FILE, help="Figures of others with their source (TSV).")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to write.")
@click.option("--json", "as_json", is_flag=True, help="One object a BUC.")
@click.pass_obj
def report_annual(
    settings: Settings,
    year: int | None,
    compare: int | None,
    published: Path | None,
    others: Path | None,
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    """Write the yearly report: what was received, transferred, asked, and how it compares."""
    if (year is None) == (published is None) or (published is not None and compare is not None):
        raise Misuse(
            "give --year (and --compare), or --from", "donner --year (et --compare), ou --from"
        )
    said = given(others) if others is not None else ()
    rows: Iterable[Mapping[str, Any]]
    if published is not None:
        table = annex3(published)
        rows, shown, data = map(_published, table), as_published(table, said, settings.lang), {}
        name = published.stem
    else:
        annual = asyncio.run(_annual(settings, year or 0, compare, said))
        rows, shown, data = counted_rows(annual), document(annual, settings.lang), files(annual)
        name = f"annual-{year}"
    if out is not None:
        _write(settings, out, name, shown, data)
    if as_json:
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False))
    elif out is None:
        click.echo(markdown(shown))


def counted_rows(annual: Annual) -> list[dict[str, Any]]:
    """The table of BUCs as `--json` shows it; applicable legislation comes last."""
    return [
        {
            "buc": row.buc,
            "received": row.received,
            "transferred": row.transferred,
            "previous": row.previous,
            "trend": row.trend,
        }
        for row in (*annual.rows(), *annual.rows("legislation"))
    ]


def _published(row: PublishedBuc) -> dict[str, Any]:
    """The keys of a counted row, and what is printed beside what is computed."""
    return {
        "buc": row.buc,
        "received": None,
        "transferred": row.transferred,
        "previous": row.previous,
        "trend": row.arrow,
        "title": row.title,
        "computed": row.computed,
        "contradicts": row.contradicts,
    }


def _write(
    settings: Settings, out: Path, name: str, shown: Document, data: Mapping[str, str]
) -> None:
    written = {f"{name}.md": markdown(shown), f"{name}.html": html(shown, settings.lang)}
    written |= {f"open-data/{file}": text for file, text in data.items()}
    for file, text in written.items():
        write(out / file, text)
    settings.say(
        f"Written: {out}, {len(written)} files.", f"Écrit : {out}, {len(written)} fichiers."
    )


def write(path: Path, text: str) -> None:
    """A file of a report, in a folder that is made when it is not there; CSV as Excel likes it.

    Raises:
        Unreachable: it cannot be written.
    """
    encoding = "utf-8-sig" if path.suffix == ".csv" else "utf-8"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding=encoding, newline="")
    except OSError as error:
        raise Unreachable(
            f"{path}: cannot be written ({error.strerror}); give another place.",
            french=f"{path} : écriture impossible ({error.strerror}) ; donner un autre endroit.",
            code="out-unusable",
        ) from None


async def _annual(
    settings: Settings, year: int, compare: int | None, said: Sequence[Given]
) -> Annual:
    now = SystemClock().now()
    async with settings.reader() as reader:
        counted = await _year(reader, year)
        first = await reader.first_receipt()
        notes = _notes(year, compare, first, now)
        compared = compare if _BEFORE_EMPTY not in notes else None
        before = await _year(reader, compared) if compared is not None else None
    return Annual(counted, before, tuple(said), notes, titles(settings.lang))


async def _year(reader: JournalReader, year: int) -> Year:
    return year_of(year, await reader.accounts(*bounds(year)), await reader.closed_months(year))


def _notes(
    year: int, compare: int | None, first: datetime | None, now: datetime
) -> tuple[str, ...]:
    """What makes the figures less than they seem, as codes."""
    begin, end = bounds(year)
    since, until = bounds(compare) if compare is not None else (None, None)
    empty = until is not None and (first is None or first >= until)
    true = {
        "year-not-over": now < end,
        "begins-late": first is None or first > begin,
        "before-begins-late": since is not None
        and not empty
        and first is not None
        and first > since,
        _BEFORE_EMPTY: empty,
    }
    return tuple(code for code, so in true.items() if so)


def titles(lang: str) -> dict[str, str]:
    """BUC -> title, in the other language where one is missing."""
    text = resources.files("gateway.annual").joinpath("titles.csv").read_text("utf-8-sig")
    lines = csv.DictReader(text.splitlines(), delimiter=";")
    one, other = ("fr", "en") if lang == "fr" else ("en", "fr")
    return {line["buc"]: line[one] or line[other] for line in lines}


@click.command("close")
@click.option("--month", required=True, help="Month that is over, such as 2026-03.")
@click.pass_obj
def report_close(settings: Settings, month: str) -> None:
    """Freeze the figures of a month; what changes later is shown as a correction."""
    done = settings.ask("close-month", {"month": month})
    settings.say(
        f"{done['month']} is closed: {counted('en', done['cases'], 'case', 'cases')}.",
        f"{done['month']} est clôturé : {counted('fr', done['cases'], 'dossier', 'dossiers')}.",
    )
