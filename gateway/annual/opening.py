"""The report as open data: one CSV a table, and a dictionary that says what each column is.

Tables by BUC and by risk are whole. In those that look closer, small counts are left out
(`suppressing`); an empty figure with `suppressed` 1 was left out, and is not nothing.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

from gateway.annual import Annual
from gateway.annual.suppressing import of_list, of_table
from ir_directory.formula import neutral


def files(annual: Annual) -> dict[str, str]:
    """Name -> content of each file."""
    year = annual.now.year
    crossed = {what: _cross(annual, what) for what in ("received", "transferred")}
    tables = {
        "buc": _bucs(annual, "buc", ("unattended", "delivered")),
        "legislation": _bucs(annual, "legislation", ()),
        "risk": [("risk", "received", "transferred"), *_risks(annual)],
        "country": _list(
            annual,
            "country",
            ("received", "transferred", "asked_cases", "questions", "answered", "reminders"),
            {what: one.countries_gone for what, one in crossed.items()},
        ),
        "institution": _list(annual, "institution", ("transferred", "delivered")),
        "cause": _list(annual, "cause", ("cases", "not_settled")),
        "buc-country": _by_both(crossed),
    }
    written = {f"{name}-{year}.csv": _csv(_dated(year, rows)) for name, rows in tables.items()}
    dictionary = resources.files("gateway.annual").joinpath("dictionary.csv")
    return written | {"dictionary.csv": dictionary.read_text("utf-8-sig")}


_Lines = Sequence[Sequence[object]]


def _csv(lines: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\n").writerows(
        [neutral(cell) if isinstance(cell, str) else cell for cell in line] for line in lines
    )
    return text.getvalue()


def _dated(year: int, lines: _Lines) -> _Lines:
    head, *rest = lines
    return [("year", *head), *((year, *line) for line in rest)]


def _bucs(annual: Annual, table: str, more: Sequence[str]) -> _Lines:
    heads = ("buc", "title", "received", "transferred", "previous", "trend", *more)
    return [
        heads,
        *(
            (
                *(row.buc, row.title, row.received, row.transferred, row.previous, row.trend),
                *(annual.total(what, table, row.buc) for what in more),
            )
            for row in annual.rows(table)
        ),
    ]


def _risks(annual: Annual) -> _Lines:
    return [(name, *numbers) for name, numbers in annual.risks().items()]


def _list(
    annual: Annual,
    table: str,
    measures: Sequence[str],
    known: Mapping[str, frozenset[str]] = MappingProxyType({}),
) -> _Lines:
    """A table by one key; `known` says what is left out of a measure, where that is known."""
    keys = annual.keys(table)
    shown: dict[str, list[object]] = {key: [key] for key in keys}
    gone: set[str] = set()
    for what in measures:
        counts = {key: annual.total(what, table, key) for key in keys}
        left_out = known[what] if what in known else of_list(counts)
        gone |= left_out
        for key in keys:
            shown[key].append(None if key in left_out else counts[key])
    return [(table, *measures, "suppressed"), *((*shown[k], int(k in gone)) for k in keys)]


@dataclass(frozen=True, slots=True)
class _Crossed:
    """A measure by country and BUC, and what is left out of it and of the sums by country."""

    counts: Mapping[tuple[str, str], int]
    gone: frozenset[tuple[str, str]]
    countries_gone: frozenset[str]


def _cross(annual: Annual, what: str) -> _Crossed:
    """Every country with every BUC, held against the tables by country and by BUC together."""
    bucs, countries = annual.keys("buc"), annual.keys("country")
    counts = {
        (country, buc): annual.now.figures.get(("buc-country", f"{buc}/{country}", what), 0)
        for country in countries
        for buc in bucs
    }
    sums = {country: annual.total(what, "country", country) for country in countries}
    return _Crossed(counts, *of_table(counts, sums))


def _by_both(crossed: Mapping[str, _Crossed]) -> _Lines:
    keys = sorted((buc, country) for country, buc in crossed["received"].counts)
    lines: list[Sequence[object]] = [("buc", "country", *crossed, "suppressed")]
    for buc, country in keys:
        key = country, buc
        shown = [None if key in one.gone else one.counts[key] for one in crossed.values()]
        lines.append((buc, country, *shown, int(None in shown)))
    return lines
