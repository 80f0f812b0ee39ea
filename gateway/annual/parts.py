"""The report as parts: a heading, notes and one table each, before anybody writes them out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from gateway.annual import APART, OUTCOMES, RATES, Annual, Given, Row
from gateway.annual.published import PublishedBuc, same_titles
from gateway.wording import sentence
from gateway.wording.yearly import TEXTS, said

Say = Callable[..., str]
BARS: Final = 15
"""Lines of a chart; the table has all of them."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars: one label and one bar a series for each line."""

    series: tuple[str, ...]
    bars: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One heading with its table; the first column names the line."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    chart: Chart | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report."""

    title: str
    notes: Sequence[str]
    parts: Sequence[Part]


def document(annual: Annual, lang: str) -> Document:
    """The report of a year."""
    say: Say = partial(said, lang)
    notes = [say("unit"), *(say(f"note-{code}") for code in annual.notes)]
    parts = (
        _rates(annual, say),
        _bucs(annual, say),
        _risks(annual, say),
        _outcomes(annual, say),
        _causes(annual, say, lang),
        _countries(annual, say),
        _institutions(annual, say),
        _legislation(annual, say),
        _apart(annual, say),
        _corrections(annual, say),
        _given(annual.given, say),
    )
    title = say("title", year=annual.now.year)
    return Document(title, notes, [part for part in parts if part.rows or part.notes])


def _share(say: Say, part: int, whole: int) -> str:
    """A percentage with one decimal; a dash where there is nothing to have a share of."""
    return f"{100 * part / whole:.1f} %".replace(".", say("point")) if whole else "-"


def _rates(annual: Annual, say: Say) -> Part:
    received = annual.total("received")
    rows = [
        (say(f"{rate}-rate"), str(annual.total(rate)), _share(say, annual.total(rate), received))
        for rate in RATES
    ]
    notes = (
        say("rates-note", received=received),
        say("delivered-note", handed_over=annual.total("handed_over")),
    )
    return Part(say("rates"), (say("rate"), say("count"), say("share")), rows, notes)


def _bucs(annual: Annual, say: Say) -> Part:
    rows = annual.rows()
    bars = tuple((row.buc, _bar(row)) for row in rows[:BARS])
    year = annual.now.year
    series = [say("transferred-of", year=year)]
    if annual.before is not None:
        series.append(say("transferred-of", year=annual.before.year))
    return Part(
        say("bucs"),
        _heads(annual, say),
        [*_lines(annual, rows, "buc"), _total(annual, rows, say)],
        chart=Chart(tuple(series), bars),
    )


def _bar(row: Row) -> tuple[int, ...]:
    return (row.transferred,) if row.previous is None else (row.transferred, row.previous)


def _heads(annual: Annual, say: Say) -> list[str]:
    heads = [say(code) for code in ("buc", "heading", "received", "transferred")]
    if annual.before is not None:
        heads.append(say("change", year=annual.before.year))
    if annual.now.corrections:
        heads.append(say("correction"))
    return heads


def _lines(annual: Annual, rows: Sequence[Row], table: str) -> list[list[str]]:
    lines = []
    for row in rows:
        line = [row.buc, row.title, str(row.received), str(row.transferred)]
        if row.trend is not None:
            line.append(f"{row.trend} {row.previous}")
        if annual.now.corrections:
            line.append(_signed(_corrected(annual, table, row.buc)))
        lines.append(line)
    return lines


def _corrected(annual: Annual, table: str, buc: str | None) -> int:
    """By how much the transfers of a BUC have changed since its months were closed."""
    return sum(
        one.now - one.closed
        for one in annual.now.corrections
        if one.table == table and one.measure == "transferred" and buc in {None, one.key}
    )


def _signed(number: int) -> str:
    return f"{number:+d}" if number else ""


def _total(annual: Annual, rows: Sequence[Row], say: Say) -> list[str]:
    transferred = sum(row.transferred for row in rows)
    line = [say("total"), "", str(sum(row.received for row in rows)), str(transferred)]
    if annual.before is not None:
        whole = Row("", "", 0, transferred, sum(row.previous or 0 for row in rows))
        line.append(f"{whole.trend} {whole.previous}")
    if annual.now.corrections:
        line.append(_signed(_corrected(annual, "buc", None)))
    return line


def _risks(annual: Annual, say: Say) -> Part:
    named = {
        say(f"risk-{code}") if f"risk-{code}" in TEXTS else code: numbers
        for code, numbers in annual.risks().items()
    }
    rows = [
        (name, str(received), str(transferred), _share(say, transferred, received))
        for name, (received, transferred) in named.items()
    ]
    heads = (say("risk"), say("received"), say("transferred"), say("share"))
    chart = Chart((say("received"), say("transferred")), tuple(named.items()))
    return Part(say("risks"), heads, rows, chart=chart)


def _outcomes(annual: Annual, say: Say) -> Part:
    received = annual.total("received")
    rows = [
        (say(f"outcome-{name}"), str(annual.total(name)), _share(say, annual.total(name), received))
        for name in OUTCOMES
    ]
    notes = (say("came-back", count=annual.total("came_back")),)
    return Part(say("outcomes"), (say("outcome"), say("count"), say("share")), rows, notes)


def _causes(annual: Annual, say: Say, lang: str) -> Part:
    counted = [
        (cause, annual.total("cases", "cause", cause), annual.total("not_settled", "cause", cause))
        for cause in annual.keys("cause")
    ]
    counted.sort(key=lambda one: (-one[1], one[0]))
    rows = [(f"{c}: {sentence(lang, 'cause', c)}", str(n), str(left)) for c, n, left in counted]
    heads = (say("cause"), say("count"), say("not-settled"))
    return Part(say("causes"), heads, rows, (say("causes-note"), say("inside")) if rows else ())


_BY_COUNTRY: Final = (
    "received", "transferred", "asked_cases", "questions", "answered", "reminders",
)  # fmt: skip


def _countries(annual: Annual, say: Say) -> Part:
    keys = sorted(annual.keys("country"), key=lambda c: -annual.total("received", "country", c))
    rows = [
        [country, *(str(annual.total(what, "country", country)) for what in _BY_COUNTRY)]
        for country in keys
    ]
    if rows:
        totals = [str(annual.total(what, "country")) for what in _BY_COUNTRY]
        rows.append([say("total"), *totals])
    codes = ("country", "received", "transferred", "asked-cases", "asked", "answered", "reminders")
    bars = tuple(
        (key, tuple(annual.total(what, "country", key) for what in _BY_COUNTRY[:2]))
        for key in keys[:BARS]
    )
    title = f"{say('countries')}. {say('questions')}"
    notes = (say("questions-note"), say("inside")) if rows else ()
    chart = Chart((say("received"), say("transferred")), bars) if bars else None
    return Part(title, [say(code) for code in codes], rows, notes, chart)


def _institutions(annual: Annual, say: Say) -> Part:
    total = partial(annual.total, table="institution")
    keys = sorted(annual.keys("institution"), key=lambda one: -total("transferred", key=one))
    rows = [
        (key, *(str(total(what, key=key)) for what in ("transferred", "delivered"))) for key in keys
    ]
    heads = (say("institution"), say("transferred"), say("delivered"))
    return Part(say("institutions"), heads, rows, (say("inside"),) if rows else ())


def _legislation(annual: Annual, say: Say) -> Part:
    rows = annual.rows("legislation")
    return Part(say("legislation"), _heads(annual, say), _lines(annual, rows, "legislation"))


def _apart(annual: Annual, say: Say) -> Part:
    rows = [(say(f"apart-{kind}"), str(annual.total("cases", "apart", kind))) for kind in APART]
    return Part(say("apart"), (say("kind"), say("count")), rows)


def _corrections(annual: Annual, say: Say) -> Part:
    rows = [
        (
            *(one.month, one.table, one.key, one.measure),
            *(str(one.closed), str(one.now), _signed(one.now - one.closed)),
        )
        for one in annual.now.corrections
    ]
    codes = ("month", "table", "key", "measure", "closed", "now", "difference")
    notes = (say("corrections-note"),) if rows else ()
    if annual.now.closed and not rows:
        notes = (say("corrections-none", months=", ".join(annual.now.closed)),)
    return Part(say("corrections"), [say(code) for code in codes], rows, notes)


def _given(given: Sequence[Given], say: Say) -> Part:
    rows = [(one.figure, one.value, one.source) for one in given]
    heads = (say("figure"), say("value"), say("source"))
    return Part(say("given"), heads, rows, (say("given-note"),) if rows else ())


# -- as published ---------------------------------------------------------------------------


def as_published(rows: Sequence[PublishedBuc], given: Sequence[Given], lang: str) -> Document:
    """The published table as it is, the computed arrows beside it, and what contradicts itself."""
    say: Say = partial(said, lang)
    lines = [
        (row.buc, row.title, str(row.transferred), f"{row.arrow} {row.previous}", row.computed)
        for row in rows
    ]
    codes = ("buc", "heading", "transferred", "as-printed", "computed")
    table = Part(
        say("bucs"), [say(code) for code in codes], lines, _contradictions(rows, given, say)
    )
    parts = [table, *([_given(given, say)] if given else [])]
    return Document(say("published"), [say("published-note")], parts)


def _contradictions(
    rows: Sequence[PublishedBuc], given: Sequence[Given], say: Say
) -> tuple[str, ...]:
    notes = []
    for row in rows:
        if row.contradicts:
            params = {"now": row.transferred, "before": row.previous, "computed": row.computed}
            notes.append(say("note-arrow", buc=row.buc, printed=row.arrow, **params))
        if row.canonical != row.buc:
            notes.append(say("note-alias", buc=row.buc, canonical=row.canonical))
    notes += [say("note-same-title", bucs=", ".join(bucs)) for bucs in same_titles(rows)]
    now, before = sum(row.transferred for row in rows), sum(row.previous for row in rows)
    notes.append(say("note-sums", now=now, before=before))
    return (*notes, *_stated(given, {"transferred": now, "previous": before}, say))


def _stated(given: Sequence[Given], sums: dict[str, int], say: Say) -> list[str]:
    """Totals that somebody states (figure `transferred` or `previous`) and that the rows deny."""
    return [
        say(
            "note-stated",
            stated=one.value,
            source=one.source,
            sum=sums[one.figure],
            difference=f"{sums[one.figure] - int(one.value):+d}",
        )
        for one in given
        if one.figure in sums and one.value.isdigit() and int(one.value) != sums[one.figure]
    ]
