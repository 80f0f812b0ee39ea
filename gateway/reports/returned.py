"""Which transfers came back, by row, BUC and institution: where the tables err. Counts alone.

Those for which the general scheme was assumed stand apart, by BUC: what the assumption costs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.journal.rows import TransferMade

BY: Final = ("row", "assumed", "buc", "institution")


@dataclass(slots=True)
class Returned:
    """How many transfers of one row, BUC or institution came back."""

    by: str
    """One of `BY`."""
    value: str
    transfers: int = 0
    returned: int = 0
    """Given back, left or refused by the institution."""
    recalled: int = 0
    """Called back by a person."""
    came_back: int = 0
    """Either, each transfer once."""

    @property
    def rate(self) -> float:
        """Share that came back."""
        return self.came_back / self.transfers


def returned(transfers: Iterable[TransferMade]) -> tuple[Returned, ...]:
    """In the order of `BY`; in each those first of which most came back."""
    found: dict[tuple[str, str], Returned] = {}
    for one in transfers:
        for by, values in _keys(one).items():
            for value in values:
                row = found.setdefault((by, value), Returned(by, value))
                row.transfers += 1
                row.returned += one.returned
                row.recalled += one.recalled
                row.came_back += one.returned or one.recalled

    def order(row: Returned) -> tuple[int, int, float, str]:
        return BY.index(row.by), -row.came_back, -row.rate, row.value

    return tuple(sorted(found.values(), key=order))


def _keys(one: TransferMade) -> Mapping[str, tuple[str, ...]]:
    """A transfer counts for each row that it was decided on; a person's has none."""
    return {
        "row": tuple(dict.fromkeys(one.rules)) or ("-",),
        "assumed": (one.buc,) if one.assumed else (),
        "buc": (one.buc,),
        "institution": (one.institution,),
    }
