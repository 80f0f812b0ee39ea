"""The worklist as a sheet that people fill in, and what they wrote in it, checked cell by cell.

Headings and drop-downs are French: it is for case handlers. What stands in the columns beside the
decision is for reading, and is not read back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.core.added import FIELDS
from gateway.core.by_person import GROUNDS
from gateway.tables.cells import kept
from gateway.tables.finding import Finding
from gateway.tables.heading import letter
from gateway.tables.importing import Imported, sheets
from gateway.wording import sentence
from gateway.workbook import Column, Sheet

NAME: Final = "liste de travail"
MOST: Final = 2000
"""Decisions in one file."""
OUTCOMES: Final[Mapping[str, str]] = {
    "transférer": "transfer",
    "demander": "ask",
    "compléter": "evidence",
    "rejeter": "reject",
    "garder": "keep",
    "traité dans RINA": "handled",
    "doublon": "duplicate",
}
"""What the drop-down says -> the outcome."""
_KEY: Final = "Message"
_DECISION: Final = "Décision"
_INSTITUTION: Final = "Institution"
_ASK: Final = "À demander"
_FACT: Final = "Élément"
_VALUE: Final = "Valeur"
_GROUND: Final = "Code X011"
_TEXT: Final = "Texte"
_WHY: Final = "Pourquoi"
_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "transfer": (_INSTITUTION,),
    "ask": (_ASK,),
    "evidence": (_FACT, _VALUE),
    "reject": (_GROUND,),
}
"""Outcome -> the columns that it needs; any other one but `Texte` stays empty."""
_SAYS: Final = frozenset({"ask", "reject"})
"""Outcomes that `Texte` goes with."""
_FILLED: Final = (_INSTITUTION, _ASK, _FACT, _VALUE, _GROUND, _TEXT)
_TO_READ: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "Reçu le": lambda entry: str(entry["received_at"])[:10],
    "Échéance": lambda entry: str(entry["due"]),
    "Cause": lambda entry: str(entry["group"]),
    "Motif": lambda entry: str(entry["text"]),
    "N° RINA": lambda entry: entry["rina_number"] or "",
    "BUC": lambda entry: entry["buc"] or "",
    "SED": lambda entry: entry["sed"] or "",
    "Expéditeur": lambda entry: entry["sender"] or "",
    "Candidats": lambda entry: ", ".join(entry["candidates"]),
    "Manque": lambda entry: ", ".join(_datum(code) for code in entry["missing"]),
    "Responsable": lambda entry: entry["assignee"] or "",
}
_CULPRITS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("not-on-worklist", "same-case", "no-body"), _KEY),
    **dict.fromkeys(
        ("institution-unusable", "own", "returned", "already-participant"), _INSTITUTION
    ),
    "unknown-datum": _ASK,
    "unsayable": _TEXT,
    "unknown-fact": _VALUE,
    **dict.fromkeys(("unknown-ground", "cannot-reject", "sender-left"), _GROUND),
}
"""Code of a refusal -> the column to mend; any other is for the decision itself."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One decision of the sheet, as the deed `resolve-all` takes it, and where it stands."""

    line: int
    entry: Mapping[str, Any]


def _datum(code: str) -> str:
    return sentence("fr", "value", f"datum:{code}")


def sheet(entries: Sequence[Mapping[str, Any]], data: Sequence[str]) -> Sheet:
    """The entries, as `worklist list --json` names them, with room for a decision each.

    `data` are what can be asked for.
    """
    columns = (
        Column(_KEY, width=38),
        *(Column(title, width=40 if title == "Motif" else 14) for title in _TO_READ),
        Column(_DECISION, tuple(OUTCOMES), 18),
        Column(_INSTITUTION, width=18),
        Column(_ASK, tuple(sorted(_datum(code) for code in data)), 30),
        Column(_FACT, tuple(_datum(field) for field in FIELDS), 30),
        Column(_VALUE, width=26),
        Column(_GROUND, GROUNDS, 10),
        Column(_TEXT, width=40),
        Column(_WHY, width=40),
    )
    room = ("",) * (len(columns) - 1 - len(_TO_READ))
    rows = [
        (entry["message_id"], *(tell(entry) for tell in _TO_READ.values()), *room)
        for entry in entries
    ]
    return Sheet(NAME, columns, rows)


def read(path: Path, data: Sequence[str]) -> tuple[list[Wish], Imported]:
    """The decisions in a file, and all that is wrong with it.

    Raises:
        OSError: it cannot be read.
    """
    found, wishes = Imported(), []
    path.stat()  # a file that is not there is no bad workbook
    for name, rows in sheets(found, path)[:1]:
        head = [str(cell).strip() for cell in rows[0]] if rows else []
        lost = [c for c in (_KEY, _DECISION, *_FILLED, _WHY) if head.count(c) != 1]
        if lost:
            listed = ", ".join(lost)
            found.wrong(
                f"{name}!A1",
                1,
                "",
                f"the first row must name these columns, each once: {listed}. Export it again.",
                f"la première ligne doit nommer, une fois, ces colonnes : {listed}. Réexporter.",
            )
            continue
        reading = _Reading(found, name, head, {_datum(code): code for code in data})
        wishes = [wish for line, row in enumerate(rows[1:], 2) if (wish := reading.wish(line, row))]
    if len(wishes) > MOST:
        found.wrong(path.name, 0, "", f"more than {MOST} decisions.", f"plus de {MOST} décisions.")
    return wishes, found


def refused(found: Imported, wishes: Sequence[Wish], path: Path, refusals: Sequence[Any]) -> None:
    """What the gateway refused, as findings on the cells that say so."""
    lines = {str(wish.entry["message_id"]): wish.line for wish in wishes}
    name, rows = sheets(Imported(), path)[0]
    head = [str(cell).strip() for cell in rows[0]]
    for refusal in refusals:
        line = lines[refusal["message_id"]]
        column = _CULPRITS.get(refusal["code"], _DECISION)
        text = refusal["text"]
        cell = f"{name}!{letter(head.index(column))}{line}"
        found.findings.append(Finding(cell, line, column, text["en"], text["fr"]))


class _Reading:
    """The lines of one sheet."""

    def __init__(
        self, found: Imported, name: str, head: Sequence[str], data: Mapping[str, str]
    ) -> None:
        self._found = found
        self._name = name
        self._head = head
        self._data = data
        self._seen: set[str] = set()

    def wish(self, line: int, row: Sequence[object]) -> Wish | None:
        """The decision of a line; None without one, or when it cannot be read."""
        before = len(self._found.findings)
        cells = {c: self._text(line, c, row) for c in (_KEY, _DECISION, *_FILLED, _WHY)}
        if not cells[_DECISION]:
            self._nothing_else(line, cells)
            return None
        outcome = _lower(OUTCOMES).get(cells[_DECISION].casefold(), "")
        if not outcome:
            allowed = ", ".join(OUTCOMES)
            self._wrong(line, _DECISION, f"not one of: {allowed}.", f"à choisir parmi : {allowed}.")
            return None
        self._complete(line, cells, outcome)
        entry = self._entry(line, cells, outcome)
        return Wish(line, entry) if len(self._found.findings) == before else None

    def _entry(self, line: int, cells: Mapping[str, str], outcome: str) -> dict[str, Any]:
        data = [self._code(line, _ASK, said, self._data) for said in _parts(cells[_ASK])]
        fields = {_datum(field): field for field in FIELDS}
        fact = self._code(line, _FACT, cells[_FACT], fields) if cells[_FACT] else ""
        return {
            "message_id": cells[_KEY],
            "outcome": outcome,
            "institution": cells[_INSTITUTION],
            "data": data,
            "facts": {fact: cells[_VALUE]} if fact else {},
            "ground": cells[_GROUND],
            "text": cells[_TEXT],
            "reason": cells[_WHY],
        }

    def _complete(self, line: int, cells: Mapping[str, str], outcome: str) -> None:
        """What the decision needs is there, and nothing that goes with another one."""
        needed = (_KEY, *_NEEDS.get(outcome, ()), _WHY)
        for column in (c for c in needed if not cells[c]):
            self._wrong(
                line,
                column,
                f"“{cells[_DECISION]}” needs it: fill it in.",
                f"« {cells[_DECISION]} » l'exige : à remplir.",
            )
        allowed = {*needed, _TEXT} if outcome in _SAYS else set(needed)
        for column in (c for c in _FILLED if cells[c] and c not in allowed):
            self._wrong(
                line,
                column,
                f"does not go with “{cells[_DECISION]}”: empty it, or decide otherwise.",
                f"ne va pas avec « {cells[_DECISION]} » : à vider, ou décider autrement.",
            )
        if cells[_KEY] in self._seen:
            self._wrong(
                line, _KEY, "twice in the file: keep one line.", "en double : garder une ligne."
            )
        self._seen.add(cells[_KEY])

    def _nothing_else(self, line: int, cells: Mapping[str, str]) -> None:
        for column in (c for c in (*_FILLED, _WHY) if cells[c]):
            self._wrong(
                line,
                column,
                "there is no decision beside it: choose one, or empty the cell.",
                "aucune décision à côté : en choisir une, ou vider la cellule.",
            )

    def _code(self, line: int, column: str, said: str, known: Mapping[str, str]) -> str:
        """The code of a choice, said in words or as itself."""
        code = _lower(known).get(said.casefold()) or (said if said in known.values() else "")
        if not code:
            listed = ", ".join(known)
            self._wrong(line, column, f"not one of: {listed}.", f"à choisir parmi : {listed}.")
        return code

    def _text(self, line: int, column: str, row: Sequence[object]) -> str:
        index = self._head.index(column)
        text, problem = kept(column, row[index] if index < len(row) else "")
        if problem is not None:
            self._wrong(line, column, *problem)
        return text

    def _wrong(self, line: int, column: str, english: str, french: str) -> None:
        cell = f"{self._name}!{letter(self._head.index(column))}{line}"
        self._found.wrong(cell, line, column, english, french)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _lower(choices: Mapping[str, str]) -> dict[str, str]:
    return {said.casefold(): code for said, code in choices.items()}
