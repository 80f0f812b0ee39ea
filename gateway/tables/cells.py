"""What a cell of a spreadsheet says as a text of a table, or what is wrong with it.

A number where an identifier is expected has lost its zeros, and a cell that would be calculated
when it is opened again is no text: refused, with what to do.
"""

import re
from datetime import date, datetime, timedelta
from typing import Final

from ir_directory.formula import is_run, meant

DAYS: Final = frozenset({"valid_from", "valid_to", "on"})
NUMBERS: Final = frozenset({"number", "days"})
"""Columns in which a number is a number."""
_FRENCH_DAY: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


class _Merged:
    """A cell that lies under another one."""

    def __str__(self) -> str:
        return ""


MERGED: Final = _Merged()


class Broken(str):
    """What a cell shows that could not be calculated: `#DIV/0!`."""

    __slots__ = ()


_SHOWN: Final = re.compile(
    r"#(?:DIV/0|NAME|NULL|NUM|REF|VALUE|NOM|NUL|NOMBRE|VALEUR)\s?[!?]|#N/[AD]|Err\s?:\d{3}"
)
"""The same as a text: a CSV has no other, in English and in French."""


def kept(column: str, value: object) -> tuple[str, tuple[str, str] | None]:
    """The text of a cell, or what is wrong with it in English and in French."""
    if isinstance(value, Broken) or _SHOWN.fullmatch(str(value).strip()):
        return "", _broken(str(value).strip())
    if isinstance(value, datetime | date):
        return (value.isoformat()[:10], None) if column in DAYS else ("", _NO_DAY)
    if isinstance(value, _Merged | bool):
        return "", _NO_FLAG if isinstance(value, bool) else _NO_MERGED
    if isinstance(value, int | float):
        return _number(column, value)
    if is_run(str(value)):
        return "", _NO_FORMULA
    text = meant(str(value)).strip()
    french = _FRENCH_DAY.fullmatch(text) if column in DAYS else None
    if french is not None:
        text = f"{french[3]}-{int(french[2]):02}-{int(french[1]):02}"
    return text, None


def _broken(shown: str) -> tuple[str, str]:
    return (
        f"the cell shows an error ({shown}): a formula that fails. Type the text itself.",
        f"la cellule affiche une erreur ({shown}) : une formule qui échoue. Saisir le texte même.",
    )


def _number(column: str, value: float) -> tuple[str, tuple[str, str] | None]:
    """The same for a number."""
    if column in NUMBERS and float(value).is_integer():
        return str(int(value)), None
    is_day = column in DAYS and _FIRST_SERIAL < value < _LAST_SERIAL
    return "", _no_serial(value) if is_day else _NO_NUMBER


_FIRST_SERIAL, _LAST_SERIAL = 20_000, 80_000
"""Numbers that spreadsheets show as days of 1954 to 2119."""
_SERIAL_ZERO: Final = date(1899, 12, 30)


def _no_serial(value: float) -> tuple[str, str]:
    day = (_SERIAL_ZERO + timedelta(int(value))).isoformat()
    english = f"a number ({value:g}) where a day is expected; a spreadsheet means {day} by it. Make"
    french = f"un nombre ({value:g}) au lieu d'une date ; pour un tableur c'est le {day}. Colonne"
    return (
        f"{english} the column a text column and type the day.",
        f"{french} au format texte, puis ressaisir la date.",
    )


_NO_FLAG: Final = (
    "TRUE or FALSE where a text is expected. Make the column a text column and type yes or no.",
    "VRAI ou FAUX au lieu d'un texte. Colonne au format texte, puis écrire yes ou no.",
)
_NO_MERGED: Final = (
    "the cell is merged with another one. Split the cells and fill in each of them.",
    "la cellule est fusionnée avec une autre. Scinder les cellules et remplir chacune.",
)
_NO_NUMBER: Final = (
    "a number where a text is expected: leading zeros are lost. Use a text column, type it again.",
    "un nombre au lieu d'un texte : zéros de tête perdus. Colonne au format texte, puis ressaisir.",
)
_NO_DAY: Final = (
    "a date where a text is expected. Make the column a text column and type it again.",
    "une date au lieu d'un texte. Mettre la colonne au format texte et ressaisir.",
)
_NO_FORMULA: Final = (
    "the cell begins like a formula. Begin it with a letter or a digit.",
    "la cellule commence comme une formule. La commencer par une lettre ou un chiffre.",
)
