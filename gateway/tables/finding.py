"""One thing to mend in a table, or to look at; and the page on which they stand."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gateway.errors import system_in_french
from gateway.tables import pages
from gateway.wording.numbers import counted


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to mend, or to look at."""

    file: str
    line: int
    """From 1, the header included; 0 when the whole file is meant."""
    column: str
    english: str
    french: str
    error: bool = True
    """False: the tables can be used as they are."""
    known: bool = field(default=False, compare=False)
    """The tables in force have the same warning: nothing that this draft brings."""

    @property
    def place(self) -> str:
        """Where it is, without what it does not have: `routes.csv:132:buc`, `routes.csv:132`."""
        return ":".join(part for part in (self.file, str(self.line or ""), self.column) if part)

    def text(self, lang: str) -> str:
        """The sentence in that language."""
        return system_in_french(self.french) if lang == "fr" else self.english


def some(names: Sequence[str], most: int) -> str:
    """The first of them, so many at most, and how many more there are."""
    more = f" (+{len(names) - most})" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def against(findings: Sequence[Finding], before: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings, warnings that the tables before had, too, marked as known; those come last.

    A row may have moved to another line since.
    """
    had = {(f.file, f.column, f.english) for f in before if not f.error}
    told = [
        replace(f, known=not f.error and (f.file, f.column, f.english) in had) for f in findings
    ]
    return tuple(sorted(told, key=lambda f: f.known))


def summary(findings: Sequence[Finding], lang: str) -> str:
    """How many there are, in a sentence."""
    errors = sum(f.error for f in findings)
    known = sum(f.known for f in findings)
    new = len(findings) - errors - known
    if lang == "fr":
        wrong = counted(lang, errors, "erreur", "erreurs")
        odd = counted(lang, new, "avertissement", "avertissements")
        same = f" ; {known} comme dans les tables en vigueur" if known else ""
        return f"{wrong}, {odd}{same}."
    wrong, odd = counted(lang, errors, "error", "errors"), counted(lang, new, "warning", "warnings")
    same = f"; {known} as in the tables in force" if known else ""
    return f"{wrong}, {odd}{same}."


def page(folder: str, findings: Sequence[Finding], lang: str) -> str:
    """A page of its own that can be mailed; nothing in it runs or is loaded."""
    french = lang == "fr"
    title = f"Contrôle de {folder}" if french else f"Check of {folder}"
    heads = ("fichier", "ligne", "colonne", "constat") if french else (
        "file", "line", "column", "finding",
    )  # fmt: skip
    known = "(déjà en vigueur) " if french else "(in force already) "

    def row(one: Finding) -> tuple[Sequence[object], bool]:
        text = (known if one.known else "") + one.text(lang)
        return (one.file, one.line or "", one.column, text), one.error

    rows = map(row, findings)
    return pages.page(lang, title, [summary(findings, lang)], heads, rows)
