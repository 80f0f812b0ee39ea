"""The yearly report: what came in, what became of it, and how that compares.

The unit is the case, not the message: a BUC with its case id. The rule, in one place:

* A case belongs to the month (in Paris) in which its first message from abroad was received.
* It is counted once, however often it is sent again, answered, closed and opened again, returned
  or transferred: as it stands when it is counted. One that came back and was transferred again is
  transferred; one that came back and stayed is not.
* Cases of applicable legislation (LA) stand in a table of their own and in no rate, as in the
  report of 2023. Test cases, cases brought in from before the gateway, cases that we began
  ourselves and those that a person called a duplicate are counted apart, and in nothing else.
* What was decided and did not leave (observed, or waiting for a person's yes) is no transfer and no
  question.
* What was set aside (unreadable, not for us) belongs to no case and is not counted.

All figures are sums over cases, so a year is the sum of its months, closed or not.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from gateway.core.matter import PARIS
from gateway.journal.accounts import CaseAccount, Cell, ClosedMonth, Figures

OUTCOMES: Final = ("transferred", "left", "asked", "person", "refused", "observed", "other")
"""What became of a case; each is one of these."""
APART: Final = ("test", "imported", "ours", "duplicate")
"""Cases that are counted apart; the first that applies."""
UP, DOWN, SAME = "↗", "↘", "="
RATES: Final = ("transferred", "unattended", "delivered")
"""Measures that are shown as a share of what was received."""


def trend(now: int, before: int) -> str:
    """The arrow of the published table: up, down or the same."""
    return SAME if now == before else UP if now > before else DOWN


def risk(buc: str) -> str:
    """The sector of a BUC; family is FB, however it is written."""
    sector = buc.partition("_")[0]
    return {"F": "FB"}.get(sector, sector)


def legislation(buc: str) -> bool:
    """Applicable legislation: counted, and outside the rates."""
    return risk(buc) == "LA"


def month_of(at: datetime) -> str:
    """The month in Paris, `YYYY-MM`."""
    return at.astimezone(PARIS).strftime("%Y-%m")


def bounds(year: int, month: int | None = None) -> tuple[datetime, datetime]:
    """The instants at which a year or a month begins and ends in Paris; in UTC, to reckon with."""
    first = (year, month or 1)
    after = (year + 1, 1) if month in {None, 12} else (year, first[1] + 1)
    begin, end = (datetime(*one, 1, tzinfo=PARIS).astimezone(UTC) for one in (first, after))
    return begin, end


def count(accounts: Iterable[CaseAccount]) -> Counter[Cell]:
    """The figures of these cases, cell by cell."""
    cells: Counter[Cell] = Counter()
    for one in accounts:
        apart = next((name for name in APART if getattr(one, name)), None)
        if apart is not None:
            cells["apart", apart, "cases"] += 1
        elif legislation(one.buc):
            cells.update(_cells("legislation", one.buc, _measures(one)))
        else:
            cells.update(_of_case(one))
    return cells


def outcome(one: CaseAccount) -> str:
    """What became of a case; one of `OUTCOMES`."""
    stands = {
        "transferred": one.holder is not None,
        "left": one.left,
        "refused": one.refused,
        "person": one.person,
        "observed": one.observed,
        "asked": one.questions > 0,
    }
    return next((name for name, so in stands.items() if so), "other")


def _measures(one: CaseAccount) -> dict[str, int]:
    became = outcome(one)
    return {
        "received": 1,
        became: 1,
        "unattended": became in {"transferred", "left"} and not one.person,
        "handed_over": one.handed_over,
        "delivered": one.delivered,
        "came_back": one.came_back,
    }


def _of_case(one: CaseAccount) -> Counter[Cell]:
    measures = _measures(one)
    country = one.sender.partition(":")[0] or "-"
    received = {name: measures.get(name, 0) for name in ("received", "transferred")}
    asked = {
        "asked_cases": one.questions > 0,
        "questions": one.questions,
        "answered": one.answered,
        "reminders": one.reminders,
    }
    cells = _cells("buc", one.buc, measures)
    cells.update(_cells("country", country, received | asked))
    cells.update(_cells("buc-country", f"{one.buc}/{country}", received))
    if one.holder is not None:
        delivered = {"transferred": 1, "delivered": measures["delivered"]}
        cells.update(_cells("institution", one.holder, delivered))
    for cause in one.causes:
        unsettled = not {"transferred", "left"} & measures.keys()
        cells.update(_cells("cause", cause, {"cases": 1, "not_settled": unsettled}))
    return cells


def _cells(table: str, key: str, measures: Mapping[str, int]) -> Counter[Cell]:
    return Counter({(table, key, measure): int(n) for measure, n in measures.items()})


@dataclass(frozen=True, slots=True)
class Correction:
    """A figure of a closed month that would be another one today."""

    month: str
    table: str
    key: str
    measure: str
    closed: int
    now: int


@dataclass(frozen=True, slots=True)
class Year:
    """The figures of a year: of closed months as they were closed, of the others as they are."""

    year: int
    figures: Figures
    corrections: tuple[Correction, ...] = ()
    closed: tuple[str, ...] = ()
    """Months that are closed."""


def year_of(year: int, accounts: Iterable[CaseAccount], closed: Iterable[ClosedMonth]) -> Year:
    """Add up a year, and say what has changed in its closed months."""
    by_month: dict[str, list[CaseAccount]] = {}
    for one in accounts:
        by_month.setdefault(month_of(one.received_at), []).append(one)
    figures: Counter[Cell] = Counter()
    corrections: list[Correction] = []
    frozen = {one.month: one.figures for one in closed}
    for month in sorted({*by_month, *frozen}):
        now = count(by_month.get(month, ()))
        if month in frozen:
            corrections += _corrections(month, frozen[month], now)
        figures.update(frozen.get(month, now))
    return Year(year, figures, tuple(corrections), tuple(sorted(frozen)))


def _corrections(month: str, closed: Figures, now: Figures) -> list[Correction]:
    return [
        Correction(month, *cell, closed.get(cell, 0), now.get(cell, 0))
        for cell in sorted({*closed, *now})
        if closed.get(cell, 0) != now.get(cell, 0)
    ]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of BUCs."""

    buc: str
    title: str
    received: int
    transferred: int
    previous: int | None = None
    """Transferred the year before; None when it is not compared."""

    @property
    def trend(self) -> str | None:
        """Up, down or the same."""
        return None if self.previous is None else trend(self.transferred, self.previous)


@dataclass(frozen=True, slots=True)
class Given:
    """A figure that no gateway can know, and who says so."""

    figure: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Annual:
    """All that the report of a year says."""

    now: Year
    before: Year | None = None
    given: tuple[Given, ...] = ()
    notes: tuple[str, ...] = ()
    """Codes of `gateway.wording.annual`: what makes the figures less than they seem."""
    titles: Mapping[str, str] = field(default_factory=dict)

    def total(self, measure: str, table: str = "buc", key: str | None = None) -> int:
        """The sum of a measure over a table, or over one of its keys."""
        return _sum(self.now.figures, table, measure, key)

    def keys(self, table: str) -> list[str]:
        """The keys of a table, by name."""
        return sorted({cell[1] for cell in self.now.figures if cell[0] == table})

    def rows(self, table: str = "buc") -> list[Row]:
        """BUC by BUC, those first of which most was transferred."""
        before = self.before.figures if self.before is not None else None
        keys = {*self.keys(table), *(c[1] for c in before or {} if c[0] == table)}
        rows = [
            Row(
                buc,
                self.titles.get(buc, ""),
                self.total("received", table, buc),
                self.total("transferred", table, buc),
                _sum(before, table, "transferred", buc) if before is not None else None,
            )
            for buc in keys
        ]
        return sorted(rows, key=lambda row: (-row.transferred, -(row.previous or 0), row.buc))

    def risks(self) -> dict[str, tuple[int, int]]:
        """Risk -> received and transferred, the most received first."""
        found: dict[str, tuple[int, int]] = {}
        for row in self.rows():
            received, transferred = found.get(risk(row.buc), (0, 0))
            found[risk(row.buc)] = received + row.received, transferred + row.transferred
        return dict(sorted(found.items(), key=lambda item: (-item[1][0], item[0])))


def _sum(figures: Figures, table: str, measure: str, key: str | None) -> int:
    return sum(
        number
        for (of, name, what), number in figures.items()
        if of == table and what == measure and key in {None, name}
    )
