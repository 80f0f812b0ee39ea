"""The report on availability, as rows and as a page."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from functools import partial
from typing import Any, Final

from gateway.annual.parts import Document, Part
from gateway.availability import GATEWAY, MARK, Figures, Line, Period
from gateway.core.matter import PARIS
from gateway.journal.observing import Maintenance
from gateway.wording.availability import said
from gateway.wording.numbers import number

Say = Callable[..., str]
_MARKS: Final = {True: "mark-met", False: "mark-missed", None: "mark-unknown"}


def percent(share: Fraction | None) -> float | None:
    """A share in percent, cut after two decimals: nothing is rounded up to the mark."""
    return None if share is None else int(share * 10_000) / 100


def minutes(span: timedelta) -> float:
    """Minutes, to the thousandth."""
    return round(span / timedelta(minutes=1), 3)


def meets(share: Fraction | None) -> bool | None:
    """Whether the mark is met; None when there is nothing to hold against it."""
    return None if share is None else share >= MARK


def rows(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """One row a line and kind of hours, with stable names."""
    return [
        {"kind": line.kind.value, "name": line.name, "parts": list(line.parts), **_row(hours, of)}
        for line in lines
        for hours, of in (("24x7", line.whole), ("service", line.in_hours))
    ]


def _row(hours: str, of: Figures) -> dict[str, Any]:
    longest = of.longest
    return {
        "hours": hours,
        "availability": percent(of.availability),
        "meets_mark": meets(of.availability),
        "of_observed": percent(of.of_observed),
        "up_minutes": minutes(of.up),
        "down_minutes": minutes(of.down),
        "maintenance_minutes": minutes(of.maintenance),
        "not_observed_minutes": minutes(of.not_observed),
        "denominator_minutes": minutes(of.denominator),
        "longest_outage_minutes": minutes(longest.end - longest.begin) if longest else 0.0,
        "longest_outage_from": longest.begin.astimezone(PARIS).isoformat() if longest else None,
    }


def document(
    year: int,
    lines: Sequence[Line],
    period: Period,
    hours: str,
    maintenance: Iterable[Maintenance],
    lang: str,
) -> Document:
    """The page of a year, which others read: what people wrote stays in the journal."""
    say: Say = partial(said, lang)
    begin, end = _time(period.begin), _time(period.end)
    notes = [say("rule"), say("period", begin=begin, end=end, hours=hours)]
    parts_shown = {line.name for line in lines}
    for one in maintenance:
        times = {"begin": _time(one.begin), "end": _time(one.end)}
        if one.component not in parts_shown:
            notes.append(say("maintenance-of-nobody", component=one.component, **times))
        elif one.declared_at > one.begin:
            notes.append(say("declared-late", component=one.component, **times))
    parts = [
        _part("whole", [(line, line.whole) for line in lines], lang, say),
        _part("in-hours", [(line, line.in_hours) for line in lines], lang, say),
    ]
    return Document(say("title", year=year), notes, parts)


def _time(at: datetime) -> str:
    return at.astimezone(PARIS).strftime("%Y-%m-%d %H:%M")


def _part(title: str, found: Sequence[tuple[Line, Figures]], lang: str, say: Say) -> Part:
    codes = (
        *("name", "availability", "mark", "of-observed", "up", "down", "maintenance"),
        *("not-observed", "denominator", "longest"),
    )
    table = [_cells(line, of, lang, say) for line, of in found]
    return Part(say(title), [say(code) for code in codes], table)


def named(line: Line, lang: str) -> str:
    """What a line is about, in words."""
    code = "itself" if line.name == GATEWAY else f"kind-{line.kind}"
    parts = (said(lang, "itself") if part == GATEWAY else part for part in line.parts)
    return said(lang, code, name=line.name, parts=", ".join(parts))


def brief(of: Figures, lang: str) -> tuple[str, ...]:
    """Availability, the mark, of the time observed; minutes down, in maintenance, not observed.

    Minutes are whole ones, rounded up: no outage is rounded away.
    """
    return (
        _shown(of.availability, lang),
        said(lang, _MARKS[meets(of.availability)]),
        _shown(of.of_observed, lang),
        *(
            number(lang, -(-one // timedelta(minutes=1)))
            for one in (of.down, of.maintenance, of.not_observed)
        ),
    )


BRIEF: Final = ("availability", "mark", "of-observed", "down", "maintenance", "not-observed")
"""The columns of `brief`, as codes."""


def _cells(line: Line, of: Figures, lang: str, say: Say) -> list[str]:
    times = (of.up, of.down, of.maintenance, of.not_observed, of.denominator)
    longest = "-"
    if of.longest is not None:
        length = _plain(minutes(of.longest.end - of.longest.begin), lang)
        longest = say("longest-of", minutes=length, begin=_time(of.longest.begin))
    return [
        named(line, lang),
        _shown(of.availability, lang),
        say(_MARKS[meets(of.availability)]),
        _shown(of.of_observed, lang),
        *(_plain(minutes(one), lang) for one in times),
        longest,
    ]


def _shown(share: Fraction | None, lang: str) -> str:
    rate = percent(share)
    return "-" if rate is None else f"{_comma(f'{rate:.2f}', lang)} %"


def _plain(span: float, lang: str) -> str:
    return _comma(f"{span:.3f}".rstrip("0").rstrip("."), lang)


def _comma(text: str, lang: str) -> str:
    return text.replace(".", ",") if lang == "fr" else text


# -- as published ---------------------------------------------------------------------------


def published_rows(table: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Services and rates as printed, and whether the mark is met."""
    return [
        {"name": name, "availability": float(rate), "meets_mark": meets(Fraction(rate) / 100)}
        for name, rate in table
    ]


def as_published(table: Sequence[tuple[str, str]], lang: str) -> Document:
    """The published table, and which of it is under the mark."""
    say: Say = partial(said, lang)
    met = [meets(Fraction(rate) / 100) for _, rate in table]
    lines = [
        (name, f"{rate} %", say(_MARKS[is_met]))
        for (name, rate), is_met in zip(table, met, strict=True)
    ]
    heads = [say(code) for code in ("name", "availability", "mark")]
    note = say("published-note", under=met.count(False), all=len(table))
    return Document(say("published"), [note], [Part(say("name"), heads, lines)])
