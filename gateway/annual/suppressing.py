"""Small counts kept out of what is published, and out of what can be computed from it.

In tables finer than the BUC a count under `LEAST` is left out. Left out alone it could be computed
from a total, so others are left out with it:

* in a list with a known total, at least two counts are left out, and they come to `LEAST` or more;
* in a table with known sums of its rows and columns, no count is left out that the sums give away.
  Rows and columns are the points of a graph and each count left out a line between two of them: it
  can be computed exactly when no other way leads from one end to the other (a bridge). Every row
  and column that leaves something out leaves out `LEAST` or more together, too.

Where nothing more can be left out the whole line is gone.
"""

from collections.abc import Hashable, Iterable, Mapping
from typing import Final, TypeVar

LEAST: Final = 11
"""Counts from here on may be published."""

Key = TypeVar("Key", bound=Hashable)
_Point = tuple[str, str]


def of_list(counts: Mapping[Key, int]) -> frozenset[Key]:
    """What is left out of a list whose total is known."""
    gone = {key for key, number in counts.items() if number < LEAST}
    rest = sorted((key for key in counts if key not in gone), key=lambda k: (counts[k], str(k)))
    while gone and rest and (len(gone) < 2 or sum(counts[k] for k in gone) < LEAST):
        gone.add(rest.pop(0))
    return frozenset(gone)


def of_table(
    counts: Mapping[tuple[str, str], int], sums_of_rows: Mapping[str, int]
) -> tuple[frozenset[tuple[str, str]], frozenset[str]]:
    """What is left out of a table, and of the sums of its rows; those of columns are all known.

    `counts` has every row in every column.
    """
    columns = {column for _, column in counts}
    cells = {("row", row, "column", column): n for (row, column), n in counts.items()}
    cells |= {("row", row, "all", ""): n for row, n in sums_of_rows.items()}
    gone = {cell for cell, number in cells.items() if number < LEAST}
    while (needed := _needed(cells, gone)) is not None:
        gone.add(needed)
    return (
        frozenset((c[1], c[3]) for c in gone if c[2] == "column" and c[3] in columns),
        frozenset(c[1] for c in gone if c[2] == "all"),
    )


_Cell = tuple[str, str, str, str]


def _needed(cells: Mapping[_Cell, int], gone: set[_Cell]) -> _Cell | None:
    """One more count that must be left out; None when it is enough."""
    lines: dict[_Point, list[_Cell]] = {}
    for cell in cells:
        lines.setdefault(cell[:2], []).append(cell)
        lines.setdefault(cell[2:], []).append(cell)
    used = {point for cell in gone for point in (cell[:2], cell[2:])}
    weak = [
        point for point in used if sum(cells[cell] for cell in lines[point] if cell in gone) < LEAST
    ]
    told = {point for cell in bridges(gone) for point in (cell[:2], cell[2:])}
    for points in (weak, told):
        rest = {cell for point in points for cell in lines[point] if cell not in gone}
        if rest:  # one that closes a ring takes no other along
            return min(rest, key=lambda c: (not used.issuperset((c[:2], c[2:])), cells[c], c))
    return None


def bridges(edges: Iterable[_Cell]) -> set[_Cell]:
    """Edges whose ends nothing else connects (Tarjan), without recursion."""
    ways: dict[_Point, list[tuple[_Point, _Cell]]] = {}
    for edge in sorted(edges):
        ways.setdefault(edge[:2], []).append((edge[2:], edge))
        ways.setdefault(edge[2:], []).append((edge[:2], edge))
    seen: dict[_Point, int] = {}
    low: dict[_Point, int] = {}
    found: set[_Cell] = set()
    for root in ways:
        if root not in seen:
            _walk(root, ways, seen, low, found)
    return found


def _walk(
    root: _Point,
    ways: Mapping[_Point, list[tuple[_Point, _Cell]]],
    seen: dict[_Point, int],
    low: dict[_Point, int],
    found: set[_Cell],
) -> None:
    seen[root] = low[root] = len(seen)
    path: list[tuple[_Point, _Cell | None, list[tuple[_Point, _Cell]]]]
    path = [(root, None, list(ways[root]))]
    while path:
        point, came, left = path[-1]
        if left:
            other, edge = left.pop()
            if edge == came:
                continue
            if other in seen:
                low[point] = min(low[point], seen[other])
            else:
                seen[other] = low[other] = len(seen)
                path.append((other, edge, list(ways[other])))
            continue
        path.pop()
        if path and came is not None:
            before = path[-1][0]
            low[before] = min(low[before], low[point])
            if low[point] > seen[before]:
                found.add(came)
