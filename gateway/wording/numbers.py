"""Numbers as people of each language write them."""

from typing import Final

_FRENCH: Final = str.maketrans(",.", "\u202f,")
"""A narrow no-break space between thousands, and a decimal comma."""


def number(lang: str, value: float, decimals: int = 0) -> str:
    """With thousands set apart, and so many decimals."""
    text = f"{value:,.{decimals}f}"
    return text.translate(_FRENCH) if lang == "fr" else text
