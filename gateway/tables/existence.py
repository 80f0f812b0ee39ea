"""On which days those exist to whom rows lead: themselves, or whoever took over from them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

from gateway.tables.finding import Finding
from gateway.tables.periods import Period
from ir_directory import Institution, InstitutionRepository


class Existence:
    """Looks days up in a directory; what changes when is worked out once an institution."""

    def __init__(self, directory: InstitutionRepository) -> None:
        self._directory = directory
        self._by_id: defaultdict[str, list[Institution]] = defaultdict(list)
        self._by_body: defaultdict[str, list[Institution]] = defaultdict(list)
        for row in directory.institutions:
            self._by_id[row.id].append(row)
            self._by_body[row.body].append(row)
        self._days: dict[str, frozenset[date]] = {}

    def nobody_on(self, idents: Collection[str], days: Period, today: date) -> date | None:
        """The first day, today or later, on which none of these leads to anybody; None: never."""
        start, end = max(days[0], today), days[1]
        return self._first(idents, (start, end)) if start < end else None

    def nobody_before(self, idents: Collection[str], days: Period, today: date) -> date | None:
        """The first day before today on which none of these leads to anybody; None: never."""
        start, end = days[0], min(days[1], today)
        return self._first(idents, (start, end)) if start < end else None

    def of_network(self, network: str) -> list[str]:
        """The ids of all institutions of a network, in order."""
        bodies = self._directory.members(network)
        return sorted(
            {row.id for row in self._directory.institutions if row.id and row.body in bodies}
        )

    def _first(self, idents: Collection[str], days: Period) -> date | None:
        start, end = days
        changes = {day for ident in idents for day in self._changes(ident) if start < day < end}
        for day in sorted({start, *changes}):
            if not any(self._directory.successor_on(ident, day) for ident in idents):
                return day
        return None

    def _changes(self, ident: str) -> frozenset[date]:
        """Days on which an institution, or one after it, begins or ends."""
        known = self._days.get(ident)
        if known is None:
            rows, seen = list(self._by_id[ident]), set[str]()
            for row in rows:  # grows while it is gone through
                if row.successor and row.successor not in seen:
                    seen.add(row.successor)
                    rows.extend(self._by_body[row.successor])
            known = self._days[ident] = frozenset(_bounds(rows))
        return known


def _bounds(rows: Iterable[Institution]) -> Iterable[date]:
    for row in rows:
        yield row.valid_from
        if row.valid_to is not None:
            yield row.valid_to


def nobody(file: str, line: int, column: str, ident: str, day: date, *, error: bool) -> Finding:
    """That an institution is nobody on a day."""
    return Finding(
        file, line, column,
        f"{ident} is nobody on {day} and has no successor then; end the row, or name the successor",
        f"{ident} n'est personne le {day}, sans successeur ; clore la ligne, ou nommer le"
        " successeur",
        error,
    )  # fmt: skip
