"""The tables of this package, from CSV to values: everything that is wrong is told at once.

A table is taken whole or not at all. Overlapping rows that are not ordered by narrowness are
an error that names both rows: there is no silent order.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations, product
from pathlib import Path
from typing import Final

from ir_directory import Certainty
from ir_directory.problems import Problem
from ir_directory.sheet import Row, Sheet
from routing_tables import (
    ABROAD,
    ANY,
    ASSUMED,
    COLLECTIVE,
    ENGLISH,
    PLACEHOLDER,
    TAKES_PART,
    ByPlace,
    Fixed,
    Questions,
    QuestionText,
    ReminderRow,
    Route,
    RoutingTable,
    SectionRow,
    Target,
    ToPerson,
    sector,
)

BASELINE: Final = Path(__file__).parent

ROUTE_COLUMNS: Final = (
    "rule", "buc", "sed", "scheme", "population", "residence", "role", "person", "target",
    "certainty", "valid_from", "valid_to", "basis", "note",
)  # fmt: skip
QUESTION_COLUMNS: Final = ("datum", "section", "item", "text")
SECTION_COLUMNS: Final = ("datum", "sed", "section", "item")
LANGUAGE_COLUMNS: Final = ("country", "language")
REMINDER_COLUMNS: Final = ("country", "buc", "number", "days")

SECTORS: Final = frozenset({"AD", "AW", "FB", "H", "LA", "M", "P", "R", "S", "UB"})
SCHEMES: Final = frozenset(
    {
        "general", "agricultural", "rail", "ratp", "ieg", "mines", "seafarers", "clergy",
        "military", "notaries", "banque-de-france", "civil-service-state",
        "civil-service-local", "state-workers", "liberal", "lawyers", "assembly", "senate",
        "opera", "cese", "civil-service", "port-strasbourg", "seita",
    }
)  # fmt: skip
POPULATIONS: Final = frozenset({"employee", "self-employed", ASSUMED, COLLECTIVE})
ROLES: Final = frozenset({"CaseOwner", "Counterparty"})
PERSONS: Final = frozenset(
    {ANY, "household", "insured", "claimant", "family-member", "deceased", "debtor", "employer"}
)
NETWORKS: Final = frozenset(
    {
        "cpam", "caf", "carsat", "msa", "urssaf", "invalidity", "special", "liberal", "national",
        "unemployment", "complementary",
    }
)  # fmt: skip
PLACES: Final = frozenset({"residence", "home", "work", "employer", "country", "named"})
DATA: Final = frozenset(
    {
        "residence",
        "town",
        "claimant-residence",
        "institution",
        "scheme",
        "population",
        "work",
        "employer",
        "country",
    }
)
"""What can be missing (the core's codes), hence what can be asked for."""

SHORT: Final = 65
"""Characters of a section or an item in X012 (CDM 4.4 EESSIShortStringType)."""
LONG: Final = 200
"""Characters of a question in H001: its field holds 255, the reference of a case included."""

_BUC: Final = re.compile(r"([A-Z]{1,2})_BUC_(\*|\d\d[a-z]?)")
_SED: Final = re.compile(r"[A-Z]{1,2}\d{3,5}[A-Z]{0,2}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_INSTITUTION: Final = re.compile(r"FR:[A-Za-z0-9]{4,10}")
_REFER: Final = re.compile(rf"refer:{_INSTITUTION.pattern}(\+{_INSTITUTION.pattern})*")
_NETWORK: Final = re.compile(r"network:([a-z*+-]+)@([a-z/]+)")


class RoutesInvalid(Exception):
    """A table of this package cannot be used; `problems` says everything that is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{p.place}: {p.english}" for p in problems))
        self.problems: Final = tuple(problems)


def load(folder: Path | None = None) -> RoutingTable:
    """The routes in `folder`, by default the baseline in the package.

    Raises:
        RoutesInvalid: the table is broken, or its rows contradict each other.
    """
    sheet = Sheet((folder or BASELINE) / "routes.csv", "routes.csv", ROUTE_COLUMNS)
    lines: dict[str, int] = {}
    routes: list[Route] = []
    for row in sheet.rows():
        if row["rule"] in lines or not row["rule"]:
            _rule_not_unique(sheet, row, lines.get(row["rule"]))
        lines.setdefault(row["rule"], row.line)
        before = len(sheet.problems)
        read = tuple(_Reading(sheet, row).routes())
        if len(sheet.problems) == before:  # what is not understood overlaps with nothing
            routes.extend(read)
    _ordered(sheet, routes, lines)
    _settle(sheet.problems)
    return RoutingTable(routes)


def questions(folder: Path | None = None) -> Questions:
    """The texts by language, the language of each country, and the sections of SEDs.

    A datum without a text in English is never asked for. Releases made before there were other
    languages have neither a table of them nor texts in them; nor has every one sections.

    Raises:
        RoutesInvalid: a table is broken, or a text is longer than its field abroad.
    """
    place = folder or BASELINE
    there = (path.stem for path in (place / "questions").glob("*.csv"))
    known = sorted({ENGLISH, *there})
    problems: list[Problem] = []
    texts = {lang: _texts(place, lang, problems) for lang in known}
    found = Questions(texts, _languages(place, known, problems), _sections(place, problems))
    _settle(problems)
    return found


def _texts(folder: Path, lang: str, problems: list[Problem]) -> Mapping[str, QuestionText]:
    name = f"questions/{lang}.csv"
    sheet = Sheet(folder / name, name, QUESTION_COLUMNS, problems)
    found: dict[str, QuestionText] = {}
    for row in sheet.rows():
        _code(sheet, row, "datum", {*DATA, TAKES_PART} - found.keys())
        if row["datum"] == TAKES_PART and row["text"].count(PLACEHOLDER) != 1:
            sheet.wrong(
                row.line,
                "text",
                f"the note names the competent institution once, as {PLACEHOLDER}. Add it.",
                f"la note nomme une fois l'institution compétente : {PLACEHOLDER}. L'ajouter.",
            )
        for column, limit in (("section", SHORT), ("item", SHORT), ("text", LONG)):
            _length(sheet, row, column, limit)
        found[row["datum"]] = QuestionText(row["section"], row["item"], row["text"])
    return found


def _sections(folder: Path, problems: list[Problem]) -> Mapping[tuple[str, str], SectionRow]:
    """(Datum, SED) -> where that SED has its own place for it."""
    if not (folder / "sections.csv").exists():
        return {}
    sheet = Sheet(folder / "sections.csv", "sections.csv", SECTION_COLUMNS, problems)
    found: dict[tuple[str, str], SectionRow] = {}
    for row in sheet.rows():
        _code(sheet, row, "datum", DATA)
        seds = _codes(sheet, row, "sed", _matches(_SED), ("A001",), or_any=False)
        _length(sheet, row, "section", SHORT)
        if row["item"]:
            _length(sheet, row, "item", SHORT)
        for key in ((row["datum"], sed) for sed in sorted(seds)):
            if key in found:
                sheet.wrong(
                    row.line,
                    "sed",
                    f"{key[1]} has a section for {key[0]} already. Delete one of the two.",
                    f"{key[1]} a déjà une section pour {key[0]}. Supprimer l'une des deux.",
                )
            found[key] = SectionRow(row["section"], row["item"])
    return found


def _languages(folder: Path, known: Sequence[str], problems: list[Problem]) -> Mapping[str, str]:
    if not (folder / "languages.csv").exists():
        return {}
    sheet = Sheet(folder / "languages.csv", "languages.csv", LANGUAGE_COLUMNS, problems)
    found: dict[str, str] = {}
    for row in sheet.rows():
        if row["country"] in found:
            sheet.wrong(
                row.line,
                "country",
                "this country is there twice. Delete one of the two lines.",
                "ce pays figure deux fois. Supprimer une des deux lignes.",
            )
        _codes(sheet, row, "country", _matches(_COUNTRY), ("AT", "BE"))
        _code(sheet, row, "language", known)
        found[row["country"]] = row["language"]
    return found


def reminders(folder: Path | None = None) -> tuple[ReminderRow, ...]:
    """When questions are reminded of, in the order of the file.

    Raises:
        RoutesInvalid: the table is broken.
    """
    sheet = Sheet((folder or BASELINE) / "reminders.csv", "reminders.csv", REMINDER_COLUMNS)
    found: dict[tuple[str, str, str], ReminderRow] = {}
    for row in sheet.rows():
        _codes(sheet, row, "country", _matches(_COUNTRY), ("AT", "BE", ANY))
        _codes(sheet, row, "buc", _is_buc, ("P_BUC_01", "P_BUC_*", ANY))
        number, days = _count(sheet, row, "number"), _count(sheet, row, "days")
        key = (row["country"], row["buc"], row["number"])
        if key in found:
            sheet.wrong(
                row.line,
                "number",
                "this reminder is there twice. Delete one of the two lines.",
                "ce rappel figure deux fois. Supprimer une des deux lignes.",
            )
        found[key] = ReminderRow(row["country"], row["buc"], number, days)
    _settle(sheet.problems)
    return tuple(found.values())


def _settle(problems: Sequence[Problem]) -> None:
    if problems:
        raise RoutesInvalid(sorted(problems, key=lambda p: (p.file, p.line, p.column)))


# -- one line of routes.csv -----------------------------------------------------------------


@dataclass(slots=True)
class _Reading:
    """A line under way from cells to routes: one route a BUC of its list."""

    sheet: Sheet
    row: Row

    def routes(self) -> Iterator[Route]:
        """The routes of the line; none when something in it is wrong."""
        before = len(self.sheet.problems)
        bucs = self._list("buc", _is_buc, ("P_BUC_01", "P_BUC_*"))
        route = self._route()
        if ANY in bucs:
            self._wrong("buc", "name the BUCs, or a sector such as P_BUC_*", "nommer les BUC, "
                        "ou un secteur comme P_BUC_*")  # fmt: skip
        if len(self.sheet.problems) == before and route is not None:
            yield from (replace(route, buc=buc) for buc in sorted(bucs))

    def _route(self) -> Route | None:
        row = self.row
        population = self._list("population", POPULATIONS.__contains__, POPULATIONS)
        scheme = self._list("scheme", SCHEMES.__contains__, SCHEMES)
        if ASSUMED in population and scheme != {ANY}:
            self._wrong("scheme", f"with {ASSUMED} the scheme is not known: write *",
                        f"avec {ASSUMED} le régime n'est pas connu : écrire *")  # fmt: skip
        _code(self.sheet, row, "person", PERSONS)
        certain = _code(self.sheet, row, "certainty", [c.code for c in Certainty])
        since, until = self.sheet.day(row, "valid_from"), self.sheet.day(row, "valid_to")
        if not row["valid_from"]:
            self._wrong("valid_from", "the first day is missing", "le premier jour manque")
        if since and until and until <= since:
            self._wrong("valid_to", "the end is not after the beginning (it is the first day on "
                        "which the row is not valid any more)", "la fin n'est pas après le début "
                        "(c'est le premier jour où la ligne ne vaut plus)")  # fmt: skip
        conditions = {
            "sed": self._list("sed", _matches(_SED), ("P2000",)),
            "residence": self._list("residence", _is_residence, ("FR", ABROAD, "DE")),
            "role": self._list("role", ROLES.__contains__, ROLES),
        }
        target = self._target()
        if since is None or target is None or not certain:
            return None
        return Route(
            rule=row["rule"],
            buc="",
            scheme=scheme,
            population=population,
            person=row["person"],
            target=target,
            certainty=Certainty.of(row["certainty"]),
            valid_from=since,
            valid_to=until,
            basis=row["basis"],
            note=row["note"],
            **conditions,
        )

    def _target(self) -> Target | None:
        said = self.row["target"]
        if said == "refer":
            return ToPerson()
        if _REFER.fullmatch(said):
            return ToPerson(tuple(said.removeprefix("refer:").split("+")))
        if _INSTITUTION.fullmatch(said):
            return Fixed(said)
        form = _NETWORK.fullmatch(said)
        target = _by_place(form[1], form[2]) if form else None
        if target is None:
            self._wrong(
                "target",
                f"“{said}” is no target: write an id (FR:0156200000), network:cpam@residence, "
                f"network:cpam@named, refer or refer:ID+ID; networks: {_listed(NETWORKS)}; "
                f"places: {_listed(PLACES)}, file, file/home",
                f"« {said} » n'est pas une cible : écrire un identifiant (FR:0156200000), "
                f"network:cpam@residence, network:cpam@named, refer ou refer:ID+ID ; réseaux : "
                f"{_listed(NETWORKS)} ; lieux : {_listed(PLACES)}, file, file/home",
            )
        return target

    def _list(
        self, column: str, known: Callable[[str], bool], examples: Iterable[str]
    ) -> frozenset[str]:
        return _codes(self.sheet, self.row, column, known, examples)

    def _wrong(self, column: str, english: str, french: str) -> None:
        self.sheet.wrong(self.row.line, column, f"{english}.", f"{french}.")


def _by_place(network: str, place: str) -> ByPlace | None:
    """The target, or None when network and place do not go together."""
    file_first = place.partition("/")[0] == "file"
    if file_first:
        place = place.partition("/")[2] or "named"
    several = "+" in network or network == ANY
    fits = place in PLACES and (not several or file_first or place == "named")
    if network == ANY:
        return ByPlace(network, place, file_first) if fits and place == "named" else None
    return ByPlace(network, place, file_first) if fits and NETWORKS.issuperset(
        network.split("+")
    ) else None  # fmt: skip


# -- cells ----------------------------------------------------------------------------------


def _codes(
    sheet: Sheet,
    row: Row,
    column: str,
    known: Callable[[str], bool],
    examples: Iterable[str],
    *,
    or_any: bool = True,
) -> frozenset[str]:
    """The codes of a cell: one, a list with commas, or (`or_any`) `*` alone."""
    codes = [code.strip() for code in row[column].split(",")]
    for code in codes:
        if not (or_any and code == ANY and len(codes) == 1) and not known(code):
            shown = _listed(examples)
            more, plus = ("; or * alone for any", " ; ou * seul pour tous") if or_any else ("", "")
            sheet.wrong(
                row.line,
                column,
                f"“{code}” is not known here. Write one of: {shown}{more}.",
                f"« {code} » est inconnu ici. Écrire un de : {shown}{plus}.",
            )
    return frozenset(codes)


def _code(sheet: Sheet, row: Row, column: str, known: Collection[str]) -> bool:
    """Whether the cell is exactly one of the codes; if not, that is a problem."""
    if row[column] in known:
        return True
    shown = _listed(known)
    sheet.wrong(
        row.line,
        column,
        f"“{row[column]}” is not possible here. Write exactly one of: {shown}.",
        f"« {row[column]} » est impossible ici. Écrire exactement un de : {shown}.",
    )
    return False


def _length(sheet: Sheet, row: Row, column: str, limit: int) -> None:
    if not 0 < len(row[column]) <= limit:
        sheet.wrong(
            row.line,
            column,
            f"the SED takes 1 to {limit} characters, not {len(row[column])}. Fill in or shorten.",
            f"le SED accepte 1 à {limit} caractères, pas {len(row[column])}. Remplir ou"
            " raccourcir.",
        )


def _count(sheet: Sheet, row: Row, column: str) -> int:
    value = row[column]
    if value.isascii() and value.isdecimal() and 0 < int(value) < 1000:
        return int(value)
    sheet.wrong(
        row.line,
        column,
        f"“{value}” is not a number from 1 to 999. Write digits only.",
        f"« {value} » n'est pas un nombre de 1 à 999. N'écrire que des chiffres.",
    )
    return 0


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda code: pattern.fullmatch(code) is not None


def _is_buc(code: str) -> bool:
    form = _BUC.fullmatch(code)
    return form is not None and form[1] in SECTORS


def _is_residence(code: str) -> bool:
    return code == ABROAD or _COUNTRY.fullmatch(code) is not None


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(sorted(codes))


# -- rows against each other ----------------------------------------------------------------


def _rule_not_unique(sheet: Sheet, row: Row, earlier: int | None) -> None:
    if earlier is None:
        english, french = (
            "the rule has no name. Give it one.",
            "la règle n'a pas de nom. La nommer.",
        )
    else:
        english = f"this name is that of line {earlier}. Give each row a name of its own."
        french = f"ce nom est celui de la ligne {earlier}. Donner à chaque ligne un nom propre."
    sheet.wrong(row.line, "rule", english, french)


def _ordered(sheet: Sheet, routes: Iterable[Route], lines: Mapping[str, int]) -> None:
    """Refuse pairs of rows that one case can meet while neither is the narrower one."""
    of_buc: dict[str, list[Route]] = {}
    for route in sorted(routes, key=lambda route: lines[route.rule]):
        of_buc.setdefault(route.buc, []).append(route)
    seen: set[tuple[str, str]] = set()
    for buc, rows in of_buc.items():
        wider = of_buc.get(sector(buc), []) if sector(buc) != buc else []
        for two in chain(combinations(rows, 2), product(wider, rows)):
            one, other = sorted(two, key=lambda route: lines[route.rule])
            pair = (one.rule, other.rule)
            if pair in seen or not one.overlaps(other) or one.within(other) != other.within(one):
                continue
            seen.add(pair)
            at = f"{one.rule} (line {lines[one.rule]}) and {other.rule} (line {lines[other.rule]})"
            sheet.wrong(
                lines[other.rule],
                "",
                f"{at} can both apply to a case of {_buc(one, other)} on the same day, and none is "
                "the narrower one. End one, or narrow one in a column.",
                f"{at.replace('line', 'ligne').replace(' and ', ' et ')} peuvent s'appliquer le "
                f"même jour à un même cas ({_buc(one, other)}) sans que l'une soit plus étroite. "
                "Clore l'une, ou en restreindre une colonne.",
            )


def _buc(one: Route, other: Route) -> str:
    return other.buc if one.buc.endswith(ANY) else one.buc
