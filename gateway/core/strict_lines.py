"""A CSV file of others, read strictly: UTF-8, one header, `;`, no quotes, every line whole."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BadLine:
    """One line that cannot be used, with a code; never a value of the file."""

    number: int
    """From 1; 0 when it is the file."""
    code: str


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a file below its header."""

    cells: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """Number of the line, its cells: as many as the header has."""
    wrong: tuple[BadLine, ...] = ()


def lines_of(body: bytes, header: str, most: int) -> Lines:
    """Every line that is not empty; those with another number of cells are wrong."""
    try:
        first, *lines = body.decode("utf-8-sig").splitlines() or [""]
    except UnicodeDecodeError:
        return Lines(wrong=(BadLine(0, "not-utf-8"),))
    if first != header:
        return Lines(wrong=(BadLine(1, "header"),))
    if len(lines) > most:
        return Lines(wrong=(BadLine(0, "too-many-lines"),))
    split = [(number, tuple(line.split(";"))) for number, line in enumerate(lines, 2) if line]
    wide = header.count(";") + 1
    return Lines(
        tuple((number, cells) for number, cells in split if len(cells) == wide),
        tuple(BadLine(number, "columns") for number, cells in split if len(cells) != wide),
    )
