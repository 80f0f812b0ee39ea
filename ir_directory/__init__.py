"""The Institution Repository as values: who exists, where, since when, how sure that is.

Pure and immutable: rows go in once, every look-up is by dictionary. Reading the files is
`ir_directory.load`. A row is valid from `valid_from` (inclusive) to `valid_to` (exclusive; None
means open). Nothing here guesses: what is not one institution comes back as several or as none.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from typing import Any, Final, NamedTuple, Protocol, TypeVar


class Certainty(IntEnum):
    """How far a row may be trusted; a decision has the lowest of all rows it used."""

    INFERRED = 0
    """Deduced: a person must confirm."""
    LIKELY = 1
    """One public source."""
    SOLID = 2
    """Legislation, or several sources."""
    CONFIRMED = 3
    """Confirmed by the institution itself or by a synchronisation (SYN001)."""

    code: str
    """The code in files, traces and `--json`."""

    def __init__(self, _value: int) -> None:
        self.code = self.name.lower()

    @classmethod
    def of(cls, code: str) -> "Certainty":
        """The certainty with that code; ValueError when there is none."""
        try:
            return _CERTAINTIES[code]
        except KeyError:
            raise ValueError(code) from None


_CERTAINTIES: Final = {certainty.code: certainty for certainty in Certainty}


@dataclass(frozen=True, slots=True)
class Institution:
    """One id of a body under one name, for as long as both hold."""

    id: str
    """As in the Institution Repository (`FR:0101100000`); empty: can be named, never a target."""
    body: str
    """The organisation; several ids may be one body (an agricultural fund has one a department)."""
    name: str
    acronym: str
    """Short and other names, `|` between them."""
    network: str
    scheme: str
    """The persons it serves; `all`, `other` or empty says nothing about a person."""
    liaison_body: bool
    test: bool
    """Of a test or acceptance environment."""
    certainty: Certainty
    valid_from: date
    valid_to: date | None = None
    successor: str = ""
    """Body that took over when the row ended; empty when none, or when several did."""
    source: str = ""
    address: str = ""
    """Its postal address in one line, for notices; empty: not known. Nothing is decided by it."""


SYNCHRONISED: Final = "SYN001 "
"""In the source of a competence that a synchronisation with the IR told, before its day."""


@dataclass(frozen=True, slots=True)
class Competence:
    """A BUC that an institution handles in a role."""

    institution: str
    buc: str
    """A BUC (`S_BUC_01a`) or all of a sector (`P_BUC_*`)."""
    role: str
    """As in the message header: `CaseOwner`, `Counterparty`."""
    eessi_ready: bool
    certainty: Certainty
    valid_from: date
    valid_to: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Catchment:
    """The one institution of a network that serves an area."""

    network: str
    area: str
    """`dep:59`, `insee:59350` or `country:DE` (claimants who live there)."""
    institution: str
    certainty: Certainty
    valid_from: date
    valid_to: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Commune:
    """A French municipality and its postcodes."""

    insee: str
    name: str
    postcodes: tuple[str, ...]
    valid_from: date
    valid_to: date | None = None
    former_names: tuple[str, ...] = ()
    """Names of municipalities merged into it: people go on writing them."""


@dataclass(frozen=True, slots=True)
class Partner:
    """An institution abroad and a BUC it can receive, as a SYN001 says it."""

    institution: str
    country: str
    name: str
    buc: str
    role: str
    eessi_ready: bool
    valid_from: date
    valid_to: date | None = None
    source: str = ""


class Located(NamedTuple):
    """Which institutions an address leaves possible."""

    candidates: tuple[str, ...]
    """Ids, sorted; exactly one only when the address decides."""
    areas: tuple[str, ...]
    """Areas of the rows used, sorted."""
    certainty: Certainty
    """The lowest of the rows used, and less where the address is in doubt; `INFERRED` when there
    was none."""
    if_sure: Certainty | None = None
    """Of an address in doubt: what its rows would be worth if it were right; `CONFIRMED` where they
    may be others altogether. None: the address is in no doubt."""


_NOWHERE: Final = Located((), (), Certainty.INFERRED)
_LETTERS: Final = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})
_FRENCH_POSTCODE: Final = re.compile(r"(?:FR?[ -]*)?(\d{2}) ?(\d{3})")
_WORD: Final = re.compile(r"[^\W_]+")
_DISTRICT: Final = frozenset({"arrondissement", "arr", "ardt"})
_TOWN_WORDS: Final = {"st": "saint", "ste": "sainte"}


def _french_postcode(text: str) -> str | None:
    """The five digits, however they are written (`F-01 000`); None when it is no French one."""
    if len(text) == 5 and text.isascii() and text.isdigit():
        return text
    form = _FRENCH_POSTCODE.fullmatch(text.strip().upper())
    return form[1] + form[2] if form is not None else None


def normalised(text: str) -> str:
    """A name without case, accents, punctuation and spaces."""
    return "".join(_words(text))


def normalised_town(text: str) -> str:
    """The same for a town: `ST BRIEUC CEDEX 1` is `Saint-Brieuc`, `PARIS 12E ARR.` is `Paris`."""
    words = _words(text)
    if len(words) == 1:
        return _TOWN_WORDS.get(words[0], words[0]) if words[0] != "cedex" else ""
    if "cedex" in words:
        words = words[: words.index("cedex")]
    if any(word[0].isdigit() for word in words[1:]):
        words = [word for word in words if word not in _DISTRICT and not word[0].isdigit()]
    return "".join(_TOWN_WORDS.get(word, word) for word in words)


def is_business(town: str | None) -> bool:
    """Whether it is a town of business post (CEDEX): that of an office, where nobody lives."""
    return town is not None and "cedex" in town.casefold() and "cedex" in _words(town)


def _words(text: str) -> list[str]:
    text = text.casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_LETTERS))
        text = "".join(c for c in text if not unicodedata.combining(c))
    return _WORD.findall(text)


def department_of(insee: str) -> str:
    """The department of a municipality: `59350` -> `59`, `2A004` -> `2A`, `97105` -> `971`."""
    return insee[:3] if insee[:2] in {"97", "98"} else insee[:2]


_CORSICA: Final = {"200": "2A", "201": "2A"}
_ISLANDS: Final = {"97133": "977", "97150": "978"}


def department_by_rule(postcode: str) -> str:
    """The department that a postcode's first digits point to (18 postcodes break the rule)."""
    if postcode in _ISLANDS:
        return _ISLANDS[postcode]
    if postcode.startswith("20"):
        return _CORSICA.get(postcode[:3], "2B")
    return department_of(postcode)


class _Dated(Protocol):
    @property
    def valid_from(self) -> date: ...
    @property
    def valid_to(self) -> date | None: ...


_Row = TypeVar("_Row", bound=_Dated)
_Indexed = TypeVar("_Indexed")


def in_force(row: _Dated, on: date) -> bool:
    """Whether the row holds on that day."""
    return row.valid_from <= on and (row.valid_to is None or on < row.valid_to)


def _index(
    rows: Iterable[_Indexed],
    keys: Callable[[_Indexed], Iterable[str]],
    order: Callable[[_Indexed], Any],
) -> dict[str, tuple[_Indexed, ...]]:
    """Key -> its rows, in an order that does not depend on that of the files."""
    gathered: dict[str, list[_Indexed]] = {}
    for row in rows:
        for key in keys(row):
            gathered.setdefault(key, []).append(row)
    return {
        key: tuple(found) if len(found) == 1 else tuple(sorted(found, key=order))
        for key, found in gathered.items()
    }


def _first(rows: Sequence[_Row], on: date) -> _Row | None:
    """The first row in force; of what the loader keeps to one a key and day, the only one."""
    for row in rows:
        if in_force(row, on):
            return row
    return None


def _names(row: Institution) -> Iterator[str]:
    yield from dict.fromkeys(
        key for name in (row.name, *row.acronym.split("|")) if (key := normalised(name))
    )


def _towns(row: Commune) -> Iterator[str]:
    yield from dict.fromkeys(normalised_town(name) for name in (row.name, *row.former_names))


@dataclass(frozen=True, slots=True, eq=False)
class InstitutionRepository:
    """All rows of a release, indexed once. Look-ups never scan."""

    institutions: Sequence[Institution] = ()
    competences: Sequence[Competence] = ()
    catchments: Sequence[Catchment] = ()
    communes: Sequence[Commune] = ()
    partners: Sequence[Partner] = ()

    _by_id: Mapping[str, tuple[Institution, ...]] = field(init=False, repr=False)
    _by_body: Mapping[str, tuple[Institution, ...]] = field(init=False, repr=False)
    _by_name: Mapping[str, tuple[Institution, ...]] = field(init=False, repr=False)
    _members: Mapping[str, frozenset[str]] = field(init=False, repr=False)
    _belongs: Mapping[str, tuple[Institution | Catchment, ...]] = field(init=False, repr=False)
    """`network body` -> the rows that say so."""
    _competences: Mapping[str, tuple[Competence, ...]] = field(init=False, repr=False)
    _synchronised: Mapping[str, tuple[Competence, ...]] = field(init=False, repr=False)
    _partners: Mapping[str, tuple[Partner, ...]] = field(init=False, repr=False)
    _catchments: Mapping[str, tuple[Catchment, ...]] = field(init=False, repr=False)
    _within: Mapping[str, tuple[Catchment, ...]] = field(init=False, repr=False)
    """`network department` -> its rows by municipality."""
    _by_postcode: Mapping[str, tuple[Commune, ...]] = field(init=False, repr=False)
    _by_town: Mapping[str, tuple[Commune, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("institutions", "competences", "catchments", "communes", "partners"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name, index in (
            *self._indexes_of_institutions(),
            *self._indexes_of_rows(),
            *self._indexes_of_communes(),
        ):
            object.__setattr__(self, name, index)

    def _indexes_of_institutions(self) -> Iterator[tuple[str, object]]:
        rows = self.institutions
        yield "_by_id", _index(rows, lambda r: (r.id,) if r.id else (), _institution_order)
        yield "_by_body", _index(rows, lambda r: (r.body,), _institution_order)
        yield "_by_name", _index(rows, _names, _institution_order)
        said = tuple(self._memberships())
        members: dict[str, set[str]] = {}
        belongs: dict[str, list[Institution | Catchment]] = {}
        for body, row in said:
            members.setdefault(row.network, set()).add(body)
            belongs.setdefault(f"{row.network} {body}", []).append(row)
        yield "_members", {network: frozenset(found) for network, found in members.items()}
        yield "_belongs", {key: tuple(found) for key, found in belongs.items()}

    def _memberships(self) -> Iterator[tuple[str, Institution | Catchment]]:
        """Each row that says of a body of which network it is, with that body."""
        bodies = {row.id: row.body for row in self.institutions if row.id}
        for row in self.institutions:
            yield row.body, row
        for served in self.catchments:
            if served.institution in bodies:
                yield bodies[served.institution], served

    def _indexes_of_rows(self) -> Iterator[tuple[str, object]]:
        yield (
            "_competences",
            _index(
                self.competences,
                lambda r: (f"{r.institution} {r.buc} {r.role}",),
                lambda r: (r.valid_from, r.certainty, r.eessi_ready),
            ),
        )
        yield (
            "_synchronised",
            _index(
                (r for r in self.competences if SYNCHRONISED in r.source),
                lambda r: (r.institution,),
                lambda r: (r.valid_from, r.buc, r.role),
            ),
        )
        yield (
            "_catchments",
            _index(
                self.catchments,
                lambda r: (f"{r.network} {r.area}",),
                lambda r: (r.valid_from, r.institution),
            ),
        )
        yield (
            "_partners",
            _index(self.partners, lambda r: (r.institution,), lambda r: (r.buc, r.valid_from)),
        )
        yield (
            "_within",
            _index(
                (r for r in self.catchments if r.area.startswith("insee:")),
                lambda r: (f"{r.network} {department_of(r.area[6:])}",),
                lambda r: (r.area, r.valid_from, r.institution),
            ),
        )

    def _indexes_of_communes(self) -> Iterator[tuple[str, object]]:
        def order(row: Commune) -> tuple[str, date]:
            return (row.insee, row.valid_from)

        yield "_by_postcode", _index(self.communes, lambda r: r.postcodes, order)
        yield "_by_town", _index(self.communes, _towns, order)

    # -- institutions -----------------------------------------------------------------------

    def institution(self, ident: str) -> Institution | None:
        """The latest row of that id, in force or not; None when the id is unknown."""
        rows = self._by_id.get(ident)
        return rows[-1] if rows else None

    def known(self, ident: str, on: date) -> Institution | None:
        """The latest row of that id that has begun by that day, ended or not."""
        rows = self._by_id.get(ident, ())
        return next((row for row in reversed(rows) if row.valid_from <= on), None)

    def named(self, name: str, on: date) -> Sequence[Institution]:
        """All that bear exactly this name or short name, or bore it before that day.

        One row an id, the latest; sorted by body and id. Several bodies with one name, and
        several ids of one body, all come back: which one is meant the name does not say.
        """
        found: dict[str, Institution] = {}
        for row in self._by_name.get(normalised(name), ()):
            if row.valid_from <= on:
                found[row.id or f"body {row.body}"] = row
        return tuple(sorted(found.values(), key=lambda r: (r.body, r.id)))

    def successor_on(self, ident: str, on: date) -> Institution | None:
        """Itself when in force on that day, else the successor that is, else None.

        None, too, when the successor has several ids on that day: none of them is *the* one.
        """
        rows = self._by_id.get(ident, ())
        if len(rows) == 1 and in_force(rows[0], on):
            return rows[0]
        seen: set[str] = set()
        while True:
            current = {row.id: row for row in rows if row.id and in_force(row, on)}
            if current:
                return current.popitem()[1] if len(current) == 1 else None
            ended = [row for row in rows if row.valid_to is not None and row.valid_to <= on]
            successor = max(ended, key=_ended).successor if ended else ""
            if not successor or successor in seen:
                return None
            seen.add(successor)
            rows = self._by_body.get(successor, ())

    def members(self, network: str) -> frozenset[str]:
        """Bodies that are, were or will be of the network: by their own row, or because a
        catchment of it names them.
        """
        return self._members.get(network, frozenset())

    def belongs(self, body: str, network: str, on: date) -> bool:
        """Whether the body is of the network on that day."""
        return _first(self._belongs.get(f"{network} {body}", ()), on) is not None

    def competence(self, institution: str, buc: str, role: str, on: date) -> Competence | None:
        """The row for this BUC, else the one for its whole sector, in force on that day."""
        row = _first(self._competences.get(f"{institution} {buc} {role}", ()), on)
        if row is not None:
            return row
        sector = f"{buc.partition('_')[0]}_BUC_*"
        return _first(self._competences.get(f"{institution} {sector} {role}", ()), on)

    def synchronised(self, institution: str, on: date) -> bool:
        """Whether the IR has told what an institution handles: all of it, as it always does."""
        return _first(self._synchronised.get(institution, ()), on) is not None

    def cannot_receive(self, institution: str, buc: str, role: str, on: date) -> bool:
        """True when the IR says that an institution abroad takes no part in a BUC in that role.

        It names all that an institution handles, so one of which it says something, but not this,
        cannot; one of which it says nothing may.
        """
        said = [row for row in self._partners.get(institution, ()) if in_force(row, on)]
        keys = {buc, f"{buc.partition('_')[0]}_BUC_*"}
        return bool(said) and not any(
            row.eessi_ready and row.role == role and row.buc in keys for row in said
        )

    # -- places -----------------------------------------------------------------------------

    def catchment(
        self,
        network: str,
        *,
        insee: str | None = None,
        department: str | None = None,
        country: str | None = None,
        on: date,
    ) -> Catchment | None:
        """The row of the narrowest area given that has one on that day."""
        areas = (("insee", insee), ("dep", department), ("country", country))
        for kind, code in areas:
            row = _first(self._catchments.get(f"{network} {kind}:{code}", ()), on) if code else None
            if row is not None:
                return row
        return None

    def area_candidates(self, network: str, postcode: str, town: str | None, on: date) -> Located:
        """The institutions of the network that a French address leaves possible.

        Postcode and town decide together: only for a town of that postcode the certainty is that
        of the rows. A business postcode (CEDEX), which no municipality has, is `LIKELY` when the
        town lies in its department. Everything else is a proposal, `INFERRED`: a postcode alone,
        or beside a town of elsewhere (01000 may be any place abroad, miscoded FR). These addresses
        are in doubt. Neither postcode nor town of here is no French address at all.
        """
        code = _french_postcode(postcode)
        if code is None:
            return _NOWHERE
        name = normalised_town(town or "")
        named = [row for row in self._by_town.get(name, ()) if in_force(row, on)]
        there = [row for row in named if code in row.postcodes]
        if there:
            return self._of_communes(network, there, on)
        known = [row for row in self._by_postcode.get(code, ()) if in_force(row, on)]
        if known:
            located = self._of_communes(network, known, on)
            return self._proposed(_doubted(located, name), network, named, on)
        department, cedex = department_by_rule(code), is_business(town)
        around = [row for row in named if department_of(row.insee) == department]
        if cedex and around:
            located = self._of_communes(network, around, on)
            return _at_most(_doubted(located, ""), Certainty.LIKELY)
        if name and not named and not cedex:
            return _NOWHERE
        located = self._of_department(network, department, on)
        return self._proposed(_doubted(located, name), network, named, on)

    def _serving(self, network: str, insee: str, on: date) -> Catchment | None:
        return self.catchment(network, insee=insee, department=department_of(insee), on=on)

    def _of_communes(self, network: str, communes: Sequence[Commune], on: date) -> Located:
        rows = [self._serving(network, commune.insee, on) for commune in communes]
        served = [row for row in rows if row is not None]
        located = _located(served)
        if len(served) < len(rows) and len(located.candidates) == 1:
            return _NOWHERE  # a neighbour's institution does not decide for who has none
        return located

    def _of_department(self, network: str, department: str, on: date) -> Located:
        """All of a department: for postcodes that no municipality has."""
        rows = [row for row in self._within.get(f"{network} {department}", ()) if in_force(row, on)]
        whole = self.catchment(network, department=department, on=on)
        located = _located([*rows, whole] if whole is not None else rows)
        areas = (f"dep:{department}",) if located.candidates else ()
        return Located(located.candidates, areas, located.certainty)

    def _proposed(
        self, located: Located, network: str, elsewhere: Sequence[Commune], on: date
    ) -> Located:
        """Never a decision; a town that can be none of the candidates' adds its own."""
        rows = [self._serving(network, row.insee, on) for row in elsewhere]
        others = [row for row in rows if row is not None]
        if len(located.candidates) != 1 or any(
            row.institution in located.candidates for row in others
        ):
            return _at_most(located, Certainty.INFERRED)
        return Located(
            tuple(sorted({*located.candidates, *(row.institution for row in others)})),
            tuple(sorted({*located.areas, *(row.area for row in others)})),
            Certainty.INFERRED,
            located.if_sure,
        )


def _doubted(located: Located, town: str) -> Located:
    """The institutions of a postcode alone, or beside a town that is not of it.

    The first has a town that was not said; the second may be anywhere.
    """
    if not located.candidates:
        return located
    return located._replace(if_sure=Certainty.CONFIRMED if town else located.certainty)


def _at_most(located: Located, certainty: Certainty) -> Located:
    return located._replace(certainty=min(located.certainty, certainty))


def _institution_order(row: Institution) -> tuple[date, str, str, date, str]:
    return (row.valid_from, row.body, row.id, row.valid_to or date.max, row.name)


def _ended(row: Institution) -> tuple[date, str, str]:
    return (row.valid_to or date.max, row.body, row.successor)


def _located(rows: Sequence[Catchment]) -> Located:
    if not rows:
        return _NOWHERE
    if len(rows) == 1:
        return Located((rows[0].institution,), (rows[0].area,), rows[0].certainty)
    return Located(
        tuple(sorted({row.institution for row in rows})),
        tuple(sorted({row.area for row in rows})),
        min(row.certainty for row in rows),
    )
