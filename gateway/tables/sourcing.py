"""Whether each row says where it comes from: an empty or a generic source is no source.

A source can be looked up by whoever doubts the row: an article, a line of a report, a list with
its day, or what the row was deduced from (`deduced: ...`).
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from gateway.tables.finding import Finding
from ir_directory import Certainty
from ir_directory.load import COLUMNS as OF_THE_DIRECTORY
from ir_directory.load import OPTIONAL
from ir_directory.sheet import Sheet
from routing_tables.load import ROUTE_COLUMNS

COLUMNS: Final = {
    "routing_tables/routes.csv": "basis",
    "ir_directory/institutions.csv": "source",
    "ir_directory/catchments.csv": "source",
    "ir_directory/competences.csv": "source",
    "ir_directory/partners.csv": "source",
}
"""Table -> the column that says where a row comes from."""
_ALL: Final = {**OF_THE_DIRECTORY, "routes.csv": ROUTE_COLUMNS}

_SAYS_NOTHING: Final = frozenset(
    {
        "a", "above", "an", "and", "aucun", "aucune", "autre", "autres", "be", "below",
        "ci", "common", "completer", "confirm", "confirmed", "confirmer", "connu", "d",
        "de", "deduced", "deduction", "deduit", "deduite", "des", "dessus", "different",
        "divers", "diverse", "diverses", "du", "en", "et", "general", "haut", "ibid",
        "idem", "in", "inconnu", "inconnue", "inferred", "internet", "knowledge", "known",
        "l", "la", "le", "les", "meme", "n", "na", "nc", "nd", "neant", "nil", "none",
        "note", "of", "official", "officiel", "officielle", "officielles", "officiels",
        "on", "other", "page", "pages", "plus", "plusieurs", "preciser", "public",
        "publics", "publique", "publiques", "same", "see", "several", "site", "source",
        "sources", "sur", "tba", "tbd", "the", "to", "todo", "un", "une", "unknown",
        "various", "verifier", "voir", "web",
    }
)  # fmt: skip
"""Words, without accents, that lead nowhere by themselves."""
DEDUCED: Final = "deduced"
"""What the source of a row begins with that nobody wrote down before us."""
_WORD: Final = re.compile(r"[^\W_]+")


def unsourced(folder: Path) -> Iterator[Finding]:
    """Rows whose source is empty, says nothing, or says less than their certainty.

    Looked for line by line, whatever else is wrong with a table.
    """
    for table, column in COLUMNS.items():
        name = table.rpartition("/")[2]
        sheet = Sheet(folder / table, table, _ALL[name], optional=OPTIONAL.get(name, ()))
        for row in sheet.rows():
            if generic(row[column]):
                yield _generic(table, row.line, column, row[column])
            elif deduced(row[column]) and row["certainty"] != Certainty.INFERRED.code:
                yield _too_sure(table, row.line, row["certainty"])


@lru_cache(maxsize=4096)  # thousands of rows name some hundred sources
def generic(source: str) -> bool:
    """True when nobody could look it up: no word of it leads anywhere."""
    plain = unicodedata.normalize("NFKD", source.casefold())
    words = _WORD.findall("".join(c for c in plain if not unicodedata.combining(c)))
    return _SAYS_NOTHING.issuperset(words)


def deduced(source: str) -> bool:
    """True when the row was worked out, not found anywhere."""
    return source.lstrip().casefold().startswith(DEDUCED)


def _too_sure(table: str, line: int, certainty: str) -> Finding:
    inferred = Certainty.INFERRED.code
    return Finding(
        table, line, "certainty",
        f"what is deduced is {inferred}, not {certainty}; once it is confirmed the source says by"
        " whom and when",
        f"ce qui est déduit est {inferred}, pas {certainty} ; une fois confirmé, la source dit par"
        " qui et quand",
    )  # fmt: skip


def _generic(table: str, line: int, column: str, said: str) -> Finding:
    english = f"“{said}” says nothing" if said else "the source is missing"
    french = f"« {said} » ne dit rien" if said else "la source manque"
    return Finding(
        table, line, column,
        f"{english}. Write where it can be looked up (CSS R.312-1, Cleiss annual report 2023 l.504,"
        " a letter with its day), or “deduced: ” and from what.",
        f"{french}. Écrire où cela se vérifie (CSS R.312-1, rapport annuel du Cleiss 2023 l.504,"
        " un courrier et sa date), ou « deduced: » (déduit) et de quoi.",
    )  # fmt: skip
