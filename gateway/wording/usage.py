"""Why a value on the command line is refused, in French: click says it in English alone."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from gateway.errors import system_in_french

_FORMS: Final[Mapping[str, str]] = {"%Y": "AAAA", "%m": "MM", "%d": "JJ", "%H": "hh", "%M": "mm"}
_KINDS: Final[Mapping[str, str]] = {
    "File": "le fichier",
    "Directory": "le dossier",
    "Path": "le chemin",
    "integer range": "un nombre entier",
    "integer": "un nombre entier",
    "float range": "un nombre",
    "float": "un nombre",
}


def form(strftime: str) -> str:
    """How a day or a time is written: `AAAA-MM-JJ`."""
    for code, letters in _FORMS.items():
        strftime = strftime.replace(code, letters)
    return strftime


def _kind(english: str) -> str:
    return _KINDS.get(english, english)


_PATTERNS: Final[tuple[tuple[str, Callable[[re.Match[str]], str]], ...]] = (
    (
        r"'(.*)' does not match the formats? (.+)\.",
        lambda m: f"« {m[1]} », écrire {form(m[2]).replace(chr(39), '')}",
    ),
    (r"'(.*)' is not a valid (.+)\.", lambda m: f"« {m[1]} » n'est pas {_kind(m[2])}"),
    (r"(.+) is not in the range (.+)\.", lambda m: f"{m[1]} n'est pas dans l'intervalle {m[2]}"),
    (r"(\w+) '(.*)' does not exist\.", lambda m: f"{_kind(m[1])} « {m[2]} » n'existe pas"),
    (r"(\w+) '(.*)' is a file\.", lambda m: f"{_kind(m[1])} « {m[2]} » est un fichier"),
    (r"(\w+) '(.*)' is a directory\.", lambda m: f"{_kind(m[1])} « {m[2]} » est un dossier"),
    (
        r"(\w+) '(.*)' is not readable\.",
        lambda m: f"{_kind(m[1])} « {m[2]} » ne peut être lu, voir les droits",
    ),
)


def why(english: str) -> str:
    """The same in French; empty where nobody has put it into French."""
    for pattern, french in _PATTERNS:
        found = re.fullmatch(pattern, english, re.DOTALL)
        if found is not None:
            return french(found)
    said = system_in_french(english)
    return said if said != english else ""
