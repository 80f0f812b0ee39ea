"""What is left out of open data cannot be computed from what is left in."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from gateway.annual.suppressing import LEAST, bridges, of_list, of_table

COUNTS = st.one_of(st.integers(0, 15), st.integers(0, 400))


def without(row, place, pivot):
    """The row without its unknown of that place, by a row that begins with it."""
    return [a - row[place] * b for a, b in zip(row, pivot, strict=True)]


def determined(unknown, equations):
    """Unknowns that linear equations (lists of unknowns, any known sum) have one value for."""
    order = {key: place for place, key in enumerate(sorted(unknown))}
    pivots: dict[int, list[Fraction]] = {}
    for equation in equations:
        row = [Fraction(int(key in equation)) for key in order]
        for place, pivot in pivots.items():
            row = without(row, place, pivot)
        place = next((i for i, a in enumerate(row) if a), None)
        if place is not None:
            row = [a / row[place] for a in row]
            pivots = {other: without(pivot, place, row) for other, pivot in pivots.items()}
            pivots[place] = row
    keys = list(order)
    return {keys[i] for i, row in pivots.items() if sum(map(bool, row)) == 1}


@given(st.dictionaries(st.text(min_size=1, max_size=2), COUNTS, max_size=9))
def test_a_list_leaves_out_every_small_count_and_never_one_alone(counts):
    gone = of_list(counts)
    assert {key for key, n in counts.items() if n < LEAST} <= gone
    if gone and len(gone) < len(counts):
        assert len(gone) > 1
        assert sum(counts[key] for key in gone) >= LEAST
    if all(n >= LEAST for n in counts.values()):
        assert not gone


@given(st.data(), st.integers(2, 6), st.integers(2, 6))
def test_a_table_tells_nothing_of_what_it_leaves_out(data, rows, columns):
    cells = {(f"r{r}", f"c{c}"): data.draw(COUNTS) for r in range(rows) for c in range(columns)}
    sums = {f"r{r}": sum(cells[f"r{r}", f"c{c}"] for c in range(columns)) for r in range(rows)}
    gone, sums_gone = of_table(cells, sums)
    assert {key for key, n in cells.items() if n < LEAST} <= gone
    assert {row for row, n in sums.items() if n < LEAST} <= sums_gone
    unknown = {*gone, *((row, "") for row in sums_gone)}
    equations = [
        *([key for key in unknown if key[0] == row] for row in sums),
        *([key for key in unknown if key[1] == f"c{c}"] for c in range(columns)),
        [key for key in unknown if key[1] == ""],
    ]
    assert determined(unknown, equations) == set()


def test_one_small_count_takes_three_others_along():
    cells = {(r, c): 100 for r in "ab" for c in "xy"} | {("a", "x"): 3}
    gone, sums = of_table(cells, {"a": 103, "b": 200})
    assert gone >= {("a", "x")}
    assert len(gone) + len(sums) == 4


def test_a_bridge_is_what_nothing_else_connects():
    def edge(row, column):
        return "row", row, "column", column

    ring = {edge(r, c) for r in "ab" for c in "xy"}
    assert bridges(ring) == set()
    assert bridges({*ring, edge("b", "z")}) == {edge("b", "z")}
    other = {edge(r, c) for r in "cd" for c in "vw"}
    assert bridges({*ring, *other, edge("a", "v")}) == {edge("a", "v")}
