"""Numbers as people of each language write them."""

from typing import Final

_FRENCH: Final = str.maketrans(",.", "\u202f,")
"""A narrow no-break space between thousands, and a decimal comma."""


def number(lang: str, value: float, decimals: int = 0) -> str:
    """With thousands set apart, and so many decimals."""
    text = f"{value:,.{decimals}f}"
    return text.translate(_FRENCH) if lang == "fr" else text


def duration(lang: str, seconds: float) -> str:
    """Days, hours, minutes, seconds: the two greatest of them that count."""
    left = int(seconds)
    day = "j" if lang == "fr" else "d"
    for unit, smaller, size, part in ((day, "h", 86_400, 3_600), ("h", "min", 3_600, 60)):
        if left >= size:
            return f"{left // size} {unit} {left % size // part} {smaller}"
    return f"{left // 60} min {left % 60} s" if left >= 60 else f"{left} s"


def counted(lang: str, count: int, one: str, more: str) -> str:
    """A count before its words; in French none is singular, too."""
    single = count == 1 or (lang == "fr" and count == 0)
    return f"{count} {one if single else more}"
