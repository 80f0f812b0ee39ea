"""Which cell a spreadsheet would run, and how a text that begins like one is written all the same.

The rule, the one place of it: a cell is run when its first character is a tab or a carriage
return, or its first character that is no space is `=`, `+`, `-` or `@`. One of these alone, and a
whole negative number of up to nine digits, are no formula: a spreadsheet shows them and gives them
back as they are; one with a `+`, a leading zero or more digits comes back otherwise.
(OWASP, "CSV Injection", names these six characters.)

No value of a table begins so of its own; one that came from outside is written with an apostrophe
before it, and read without.
"""

import re
from typing import Final

_QUOTE: Final = "'"
_BEGINS: Final = ("=", "+", "-", "@")
_UNSEEN: Final = ("\t", "\r")
_HARMLESS: Final = re.compile(r"[=+@-]|-[1-9]\d{0,8}", re.ASCII)
_MIGHT: Final = re.compile(r"""(?:^|[;"\r])[\s']*(?:[=+@\t-]|\r(?!\n))""", re.MULTILINE)


def might_hold(text: str) -> bool:
    """Whether a cell of a `;`-separated text may be run, or be written so that it is not.

    One look at the whole text: most tables hold no such cell, and have tens of thousands of lines.
    """
    return _MIGHT.search(text) is not None


def is_run(cell: str) -> bool:
    """Whether a spreadsheet would run the cell, or change what it says."""
    if cell[:1].isalnum():  # as most do
        return False
    text = cell.strip()
    if not text or _HARMLESS.fullmatch(text):
        return False
    return text.startswith(_BEGINS) or cell.startswith(_UNSEEN)


def neutral(text: str) -> str:
    """The text as a cell that is not run; `meant` gives it back."""
    return _QUOTE + text if is_run(text.lstrip(_QUOTE)) else text


def meant(cell: str) -> str:
    """The text that a cell stands for."""
    return cell[1:] if cell.startswith(_QUOTE) and is_run(cell.lstrip(_QUOTE)) else cell
