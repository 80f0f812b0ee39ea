"""What can be wrong with a table, said to the person who edits it: what, and how to mend it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to mend in one cell, line or file."""

    file: str
    line: int
    """Counted from 1, the header; 0 is the file as a whole."""
    column: str
    """Name of the column; empty when the whole line is meant."""
    english: str
    french: str

    @property
    def place(self) -> str:
        """Where it is: `routes.csv:12:certainty`."""
        return ":".join(filter(None, (self.file, str(self.line or ""), self.column)))


class DirectoryInvalid(Exception):
    """The tables cannot be used; every problem found is in `problems`, in order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(problems))
        super().__init__("\n".join(f"{p.place}: {p.english}" for p in self.problems))


# code -> (English, French); {…} are parameters, {value} is what stands in the cell
_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "file": (
        "the file cannot be read ({value}); put it back into the folder or grant access to it",
        "le fichier ne peut pas être lu ({value}) ; le remettre dans le dossier ou y donner accès",
    ),
    "encoding": (
        "the file is not UTF-8; save it as `CSV UTF-8`, separator `;`",
        "le fichier n'est pas en UTF-8 ; l'enregistrer au format « CSV UTF-8 », séparateur « ; »",
    ),
    "accents": (
        (
            "accents are broken here (`{value}`): the file was opened in another encoding; take the"
            " last good copy and import it as UTF-8"
        ),
        (
            "les accents sont abîmés ici (« {value} ») : le fichier a été ouvert dans un autre"
            " codage ; reprendre la dernière bonne copie et l'importer en UTF-8"
        ),
    ),
    "quotes": (
        "a quotation mark is open or stands in the wrong place; close it or remove it",
        "un guillemet est resté ouvert ou mal placé ; le fermer ou l'enlever",
    ),
    "separator": (
        "the columns are not separated by `;`; save the file with the separator `;`",
        "les colonnes ne sont pas séparées par « ; » ; enregistrer avec le séparateur « ; »",
    ),
    "empty": (
        "the file is empty; its first line must be {expected}",
        "le fichier est vide ; sa première ligne doit être {expected}",
    ),
    "column-missing": (
        "the column `{value}` is missing; put it back, even if it stays empty",
        "la colonne « {value} » manque ; la remettre, même vide",
    ),
    "column-extra": (
        "the column `{value}` is not one of this table; remove it",
        "la colonne « {value} » n'est pas de cette table ; l'enlever",
    ),
    "column-twice": (
        "the column `{value}` stands there twice; remove one",
        "la colonne « {value} » figure deux fois ; en enlever une",
    ),
    "cells": (
        "cells in the line: {value}, in the header: {expected}; add or remove `;`",
        "cellules de la ligne : {value}, de l'en-tête : {expected} ; ajouter ou enlever des « ; »",
    ),
    "required": ("must not be empty; fill it in", "ne doit pas être vide ; le remplir"),
    "code": (
        "`{value}` is not a known code; use one of: {expected}",
        "« {value} » n'est pas un code connu ; utiliser : {expected}",
    ),
    "form": (
        "`{value}` has the wrong form; it must look like {expected}",
        "« {value} » n'a pas la bonne forme ; il faut une valeur comme {expected}",
    ),
    "spreadsheet-number": (
        (
            "the spreadsheet has turned the value into the number `{value}`; take it from the last"
            " good copy and format the column as text"
        ),
        (
            "le tableur a changé la valeur en nombre « {value} » ; la reprendre de la dernière"
            " bonne copie et mettre la colonne au format texte"
        ),
    ),
    "spreadsheet-zero": (
        (
            "the spreadsheet has dropped the leading zero of `{value}`; write `0{value}` and format"
            " the column as text"
        ),
        (
            "le tableur a enlevé le zéro initial de « {value} » ; écrire « 0{value} » et mettre la"
            " colonne au format texte"
        ),
    ),
    "formula": (
        (
            "a spreadsheet would run the cell as a formula (`{value}`); begin it with a letter or"
            " a digit, or write `'` before it"
        ),
        (
            "un tableur exécuterait la cellule comme une formule (« {value} ») ; la commencer par"
            " une lettre ou un chiffre, ou écrire « ' » devant"
        ),
    ),
    "date": (
        "`{value}` is not a date; write it as 2024-01-31",
        "« {value} » n'est pas une date ; l'écrire 2024-01-31",
    ),
    "spreadsheet-date": (
        (
            "the spreadsheet has rewritten the date as `{value}`; write it as 2024-01-31 and format"
            " the column as text"
        ),
        (
            "le tableur a récrit la date en « {value} » ; l'écrire 2024-01-31 et mettre la colonne"
            " au format texte"
        ),
    ),
    "period": (
        (
            "the row ends on {value}, not after it begins ({expected}); the last day of validity is"
            " the day before `valid_to`: correct one of the two"
        ),
        (
            "la ligne finit le {value}, pas après son début ({expected}) ; le dernier jour de"
            " validité est la veille de « valid_to » : corriger l'une des deux dates"
        ),
    ),
    "duplicate": (
        "the same key from the same day stands in line {expected}; end one row or remove it",
        "la même clé à partir du même jour figure à la ligne {expected} ; clore ou enlever l'une",
    ),
    "overlap": (
        "the row of line {expected} with the same key still holds on {value}; end it there",
        "la ligne {expected}, de même clé, vaut encore le {value} ; la clore à cette date",
    ),
    "two-bodies": (
        "the id belongs to the body `{expected}` in another line; one id is one body for ever",
        (
            "l'identifiant est celui de l'organisme « {expected} » dans une autre ligne ; un"
            " identifiant désigne toujours le même organisme"
        ),
    ),
    "successor-open": (
        "the row has the successor `{value}` but no end; fill in `valid_to` or empty `successor`",
        (
            "la ligne a le successeur « {value} » mais pas de fin ; remplir « valid_to » ou vider"
            " « successor »"
        ),
    ),
    "successor-unknown": (
        "no row has the body `{value}`; correct the code or add the body",
        "aucune ligne n'a l'organisme « {value} » ; corriger le code ou ajouter l'organisme",
    ),
    "successor-circular": (
        "following the successors of `{value}` leads back to it; remove one of them",
        "les successeurs de « {value} » ramènent à lui ; en enlever un",
    ),
    "institution-unknown": (
        "`{value}` is not in institutions.csv; correct the id or add the institution",
        (
            "« {value} » n'est pas dans institutions.csv ; corriger l'identifiant ou ajouter"
            " l'institution"
        ),
    ),
    "institution-without-id": (
        (
            "`{value}` has no id, so nothing can be sent to it; give the id of another institution"
            " or remove the row"
        ),
        (
            "« {value} » n'a pas d'identifiant, rien ne peut lui être envoyé ; donner l'identifiant"
            " d'une autre institution ou enlever la ligne"
        ),
    ),
    "area-unknown": (
        "`{value}` is in no line of communes.csv; correct the code",
        "« {value} » ne figure pas dans communes.csv ; corriger le code",
    ),
}


def problem(
    code: str, file: str, line: int, column: str = "", *, value: object = "", expected: object = ""
) -> Problem:
    """The problem of that code, in both languages."""
    english, french = _SENTENCES[code]
    values = {"value": value, "expected": expected}
    return Problem(file, line, column, english.format_map(values), french.format_map(values))
