"""The French social security number (NIR): whether one is whole, by its key.

A right key says that the number was written down without a slip. It says who the person is, to
whoever may look in the national registers, and nothing about who is competent: its place is that
of the birth. A number is written with and without its key, and with blanks, dots or dashes.
"""

import re
import unicodedata
from typing import Final

_FORM: Final = re.compile(r"[1-478]\d{4}(?:\d\d|2[AB])\d{6}\d\d", re.ASCII)
_CORSICA: Final = {"2A": "19", "2B": "18"}
_SPACES: Final = str.maketrans("", "", " .-")


def is_whole(number: str) -> bool:
    """True for a number of 15 characters with the right key (97 less the rest of its 13 digits).

    Corsica's departments count as 19 and 18; births abroad (99), overseas (97, 98) and of an
    unknown month (20 to 99) are numbers like all others.
    """
    number = number.upper().translate(_SPACES)
    if _FORM.fullmatch(number) is None:
        return False
    digits = number[:5] + _CORSICA.get(number[5:7], number[5:7]) + number[7:13]
    return int(number[13:]) == 97 - int(digits) % 97


def plain(number: str) -> str:
    """A number as it is compared with others, of any country: letters and digits, in capitals."""
    written = unicodedata.normalize("NFKC", number).upper()
    return "".join(filter(str.isalnum, written))


def without_key(number: str) -> str:
    """The first 13 characters where it has the form of a NIR with a key, right or wrong; else all.

    Plain, as by `plain`.
    """
    number = plain(number)
    return number[:13] if _FORM.fullmatch(number) else number
