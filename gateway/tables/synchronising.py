"""An IR synchronisation message (SYN001) into a draft: what the Institution Repository says today.

The message knows ids, names, addresses, validity and competences; it knows neither network nor
scheme. So a French institution that is new is told of and added by hand, one that the message does
not name any more is told of and never ended by a machine, and competences by sector (`P_BUC_*`)
stay: they are ours. An end of ours that the message puts off or takes back is told, and the draft
goes on from there, unless the end of an institution has passed or its row names a successor: then a
person decides. Institutions abroad and what they can receive become `partners.csv`.
Source: SYNC_SUC_01, CDM 4.2 (one public message).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from lxml import etree

from gateway.core.message import Malformed
from gateway.core.reading import Limits, hardened_parser, read
from gateway.errors import Refused
from gateway.tables import keeping
from sed_schemas import synchronisation

MOST_BYTES: Final = 100 * 1024 * 1024
"""Of a message: 3,400 institutions with 40 competences each are about half of it."""
INSTITUTIONS: Final = "ir_directory/institutions.csv"
COMPETENCES: Final = "ir_directory/competences.csv"
PARTNERS: Final = "ir_directory/partners.csv"
_FRANCE: Final = "FR"
_CONFIRMED: Final = "confirmed"
_ADDRESS: Final = "address"
"""A column that a table may lack (`ir_directory.load.OPTIONAL`)."""
_FOREVER: Final = "2199-01-01"
"""An end from then on is none."""
_OPEN: Final = "9999-12-31"
"""Stands for no end where ends are compared."""
_BUC: Final = re.compile(r"[A-Z]{1,2}_BUC_\d\d[a-z]?")
_YES: Final = frozenset({"true", "1"})
_ROLES: Final = frozenset({"CaseOwner", "Counterparty"})

Key = tuple[str, str, str]
"""Institution, BUC, role."""


@dataclass(frozen=True, slots=True)
class Known:
    """An institution as the message names it."""

    id: str
    country: str
    name: str
    since: str
    until: str
    """ISO days; `until` is empty when it is open."""
    address: str
    """The postal one, in one line; empty when the message has none."""


@dataclass(frozen=True, slots=True)
class Handled:
    """A BUC that an institution handles in a role."""

    ready: str
    since: str
    until: str


@dataclass(slots=True)
class Repository:
    """What a message says."""

    institutions: dict[str, Known] = field(default_factory=dict)
    competences: dict[Key, Handled] = field(default_factory=dict)


ENDS: Final = ("put-off", "taken-back")
"""What a message does to an end of ours."""


@dataclass(frozen=True, slots=True)
class Reopened:
    """An end of ours that the message puts off or takes back."""

    what: str
    """One of `ENDS`."""
    key: str
    """Institution; of a competence with BUC and role."""
    ours: str
    """The day on which our row ends."""
    theirs: str
    """The day that the message says; empty when it is taken back."""
    drafted: bool
    """Whether the draft goes on from there; False: it is for a person."""


@dataclass(slots=True)
class Synchronised:
    """What became of the tables, by id; the draft holds it."""

    renamed: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    """Another address than the one that we had."""
    confirmed: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    """Not in our directory: to be added by hand, network and scheme are not in the message."""
    gone: list[str] = field(default_factory=list)
    """Confirmed once, and not in the message any more: to be looked at, and ended by hand."""
    local: list[str] = field(default_factory=list)
    """Our own additions: no message has ever named them."""
    ended: list[str] = field(default_factory=list)
    """Those of ours of which the message says a last day: our row ends on it."""
    reopened: list[Reopened] = field(default_factory=list)
    """Ends of ours that the message puts off or takes back."""
    certain: list[str] = field(default_factory=list)
    """Competences of ours that the message confirms."""
    gained: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    partners: int = 0


def repository(body: bytes, name: str = synchronisation.SED) -> Repository:
    """Read a message, once it keeps to its schema; `name` is what an error calls it.

    Raises:
        Refused: it is no SYN001, or not a valid one.
    """
    document = read(body, Limits(MOST_BYTES, MOST_BYTES))
    if isinstance(document, Malformed) or document.message.sed != synchronisation.SED:
        raise Refused(
            f"{name}: not an IR synchronisation message (SYN001); give its XML as the IR sent it.",
            french=f"{name} : pas un message de synchronisation de l'IR (SYN001) ; donner le XML"
            " tel que l'IR l'a envoyé.",
            code="not-a-syn001",
        )
    message = document.message
    schema = synchronisation.for_message(message.header_version, message.cdm)
    parser = hardened_parser(schema)
    try:
        etree.fromstring(document.xml, parser)
    except etree.XMLSyntaxError:
        line = parser.error_log[0].line if len(parser.error_log) else 0
        raise Refused(
            f"{name}, line {line}: it does not keep to its schema; nothing was changed.",
            french=f"{name}, ligne {line} : non conforme à son schéma ; rien n'a changé.",
            code="syn001-invalid",
        ) from None
    return _repository(document.sed)


def _repository(sed: etree._Element) -> Repository:
    found = Repository()
    for one in sed.iterfind("IRSync/InstitutionRepository/Institutions/Institution"):
        ident = _text(one, "officialID")
        name, (since, until) = _in_french(one, "Name"), _period(one)
        known = Known(ident, _text(one, "countryCode/value"), name, since, until, _address(one))
        found.institutions[ident] = known
        for may in one.iterfind("Competences/Competence"):
            buc, role = _text(may, "BUCType/name"), _text(may, "applicationRole")
            if _BUC.fullmatch(buc) and role in _ROLES:
                ready = "yes" if _text(may, "isEESSIReady") in _YES else "no"
                found.competences[ident, buc, role] = Handled(ready, *_period(may))
    return found


def _address(one: etree._Element) -> str:
    """Where one writes to it: `Street, 01000 Town`; that of its visitors when there is no other."""
    found = list(one.iterfind("PostalAddresses/PostalAddress"))
    found.sort(key=lambda place: _text(place, "isVisitorAddress") in _YES)
    if not found:
        return ""
    town = f"{_text(found[0], 'zIPCode')} {_in_french(found[0], 'Town')}".strip()
    return ", ".join(filter(None, (_in_french(found[0], "Street"), town)))


def _in_french(one: etree._Element, what: str) -> str:
    """The text in French, else the first one."""
    texts = {
        _text(told, "languageCode").upper(): _text(told, "text")
        for told in one.iterfind(f"{what}/Translation")
    }
    return texts.get(_FRANCE) or next(iter(texts.values()), "")


def _period(one: etree._Element) -> tuple[str, str]:
    until = _text(one, "ValidityPeriod/end")[:10]
    return _text(one, "ValidityPeriod/start")[:10], "" if until >= _FOREVER else until


def _text(one: etree._Element, path: str) -> str:
    return " ".join((one.findtext(path) or "").split())


# -- into the tables ------------------------------------------------------------------------


def synchronise(said: Repository, folder: Path, on: date) -> Synchronised:
    """Bring a draft up to the message; what changes begins on that day.

    Raises:
        OSError: the draft cannot be read or written.
    """
    done, day = Synchronised(), on.isoformat()
    institutions = keeping.rows(folder / INSTITUTIONS)
    ours = {row["id"] for row in institutions if row["id"]}
    rows = list(_institutions(institutions, said, done, day))
    columns = keeping.header(folder / INSTITUTIONS)
    if any(row.get(_ADDRESS) for row in rows):
        columns = list(dict.fromkeys((*columns, _ADDRESS)))
    keeping.write(folder / INSTITUTIONS, columns, rows)
    french = {key: one for key, one in said.competences.items() if key[0] in ours}
    known = keeping.rows(folder / COMPETENCES)
    competences = _merged(known, french, ours & said.institutions.keys(), day)
    for became in competences:
        told = " ".join(_key(became.row))
        if became.what == "reopened":
            done.reopened.append(_reopened(told, became.ours, became.row["valid_to"], drafted=True))
        told_of = {"gained": done.gained, "lost": done.lost, "certain": done.certain}
        told_of.get(became.what, []).append(told)
    keeping.write(
        folder / COMPETENCES,
        keeping.header(folder / COMPETENCES),
        ({**o.row, "certainty": o.row.get("certainty") or _CONFIRMED} for o in competences),
    )
    _partners(said, folder, day, done)
    done.new = sorted(
        one.id
        for one in said.institutions.values()
        if one.country == _FRANCE and one.id not in ours and (not one.until or one.until > day)
    )
    return done


def _institutions(
    rows: list[dict[str, str]], said: Repository, done: Synchronised, day: str
) -> Iterator[dict[str, str]]:
    last = {row["id"]: row for row in sorted(rows, key=lambda row: row["valid_from"])}
    for row in rows:
        known = said.institutions.get(row["id"])
        if not row["id"] or row["environment"] != "production":
            yield row
        elif row["valid_to"]:
            yield from _of_ended(row, known if row is last[row["id"]] else None, done, day)
        elif known is None:
            (done.gone if row["certainty"] == _CONFIRMED else done.local).append(row["id"])
            yield row
        elif known.until:
            done.ended.append(row["id"])
            yield {**row, "valid_to": max(known.until, row["valid_from"])}
        else:
            yield from _as_said(row, known, done, day)


def _of_ended(
    row: dict[str, str], known: Known | None, done: Synchronised, day: str
) -> Iterator[dict[str, str]]:
    """A row that ends: earlier when the message says so, and another one after it when later.

    An institution that is no more, or has a successor, stays so: a message may well be behind.
    """
    ours = row["valid_to"]
    if known is not None and known.until and known.until < ours and day < ours:
        done.ended.append(row["id"])
        yield {**row, "valid_to": max(known.until, row["valid_from"])}
        return
    yield row
    if known is not None and (known.until or _OPEN) > max(ours, known.since):
        drafted = ours > day and not row["successor"]
        done.reopened.append(_reopened(row["id"], ours, known.until, drafted=drafted))
        if drafted:
            new = {"valid_from": max(ours, known.since), "valid_to": known.until}
            yield {**row, **new, "certainty": _CONFIRMED, "source": f"SYN001 {day}"}


def _reopened(key: str, ours: str, theirs: str, *, drafted: bool) -> Reopened:
    put_off, taken_back = ENDS
    return Reopened(put_off if theirs else taken_back, key, ours, theirs, drafted)


def _as_said(
    row: dict[str, str], known: Known, done: Synchronised, day: str
) -> Iterator[dict[str, str]]:
    """The row, or a new one from the day on; an address that we did not have is filled in."""
    before = row.get(_ADDRESS, "")
    now = {"name": known.name or row["name"], _ADDRESS: known.address or before}
    renamed, moved = now["name"] != row["name"], bool(before) and now[_ADDRESS] != before
    for changed, told in ((renamed, done.renamed), (moved, done.moved)):
        if changed:
            told.append(row["id"])
    if not (renamed or moved):
        if row["certainty"] != _CONFIRMED:
            done.confirmed.append(row["id"])
        yield {**row, **now, "certainty": _CONFIRMED}
        return
    if row["valid_from"] < day:
        yield {**row, "valid_to": day}
    new = {"valid_from": max(day, row["valid_from"]), "source": f"SYN001 {day}"}
    yield {**row, **now, **new, "certainty": _CONFIRMED}


def _partners(said: Repository, folder: Path, day: str, done: Synchronised) -> None:
    abroad = {one.id: one for one in said.institutions.values() if one.country != _FRANCE}
    handled = {key: one for key, one in said.competences.items() if key[0] in abroad}
    rows = [one.row for one in _merged(keeping.rows(folder / PARTNERS), handled, None, day)]
    for row in rows:
        known = abroad.get(row["institution"])
        if known is not None:
            row |= {"country": known.country, "name": known.name}
    done.partners = len({key[0] for key in handled})
    keeping.write(folder / PARTNERS, keeping.header(folder / PARTNERS), rows)


class _Became(NamedTuple):
    """What became of a row."""

    what: str
    """`kept`, `certain`, `gained`, `lost`, `reopened`."""
    row: dict[str, str]
    ours: str = ""
    """Of one that is reopened: where our row ends."""


def _merged(
    rows: list[dict[str, str]],
    handled: Mapping[Key, Handled],
    only: Collection[str] | None,
    day: str,
) -> list[_Became]:
    """Rows as they must be, each with what became of it.

    Of the institutions in `only` (None: of all) rows that the message does not have are ended, and
    those of which it says a day to come end on that; those of a whole sector stay.
    """
    found: list[_Became] = []
    ends: dict[Key, str] = {}
    ended: dict[Key, dict[str, str]] = {}
    for row in rows:
        key = _key(row)
        now = handled.get(key)
        unsaid = only is not None and row["institution"] not in only
        until = row["valid_to"] or _OPEN
        end = "" if unsaid or row["buc"].endswith("*") else _end(row, now, day)
        if end and max(row["valid_from"], end) < until:
            became = [_Became("lost", {**row, "valid_to": max(row["valid_from"], end)})]
        elif row["valid_to"]:
            became = [_Became("kept", row)]
            ended[key] = max(row, ended.get(key, row), key=lambda one: one["valid_to"])
        else:
            became = list(_standing(row, now, day))
        found.extend(became)
        ends[key] = max(ends.get(key, ""), *(one.row["valid_to"] or _OPEN for one in became))
    return [*found, *_gained(handled, ends, ended, day)]


def _end(row: Mapping[str, str], now: Handled | None, day: str) -> str:
    """The day on which a row ends because of the message; empty when it goes on."""
    if now is None or now.ready != row["eessi_ready"]:
        return day
    return max(now.until, day) if now.until else ""


def _key(row: Mapping[str, str]) -> Key:
    return row["institution"], row["buc"], row["role"]


def _gained(
    handled: Mapping[Key, Handled],
    ends: Mapping[Key, str],
    ended: Mapping[Key, Mapping[str, str]],
    day: str,
) -> Iterator[_Became]:
    """What the message has from where our rows of the same key end.

    `ends` says where that is, `ended` which row ended there before the message came.
    """
    for key, one in sorted(handled.items()):
        until = one.until or _OPEN
        since = max(one.since, day, ends[key]) if key in ends else one.since
        if until > max(since, day):
            institution, buc, role = key
            row = {"institution": institution, "buc": buc, "role": role, "eessi_ready": one.ready}
            row |= {"valid_from": since, "valid_to": one.until, "source": f"SYN001 {day}"}
            was = ended.get(key)
            if was and was["valid_to"] == ends[key] and was["eessi_ready"] == one.ready:
                yield _Became("reopened", row, ends[key])
            else:
                yield _Became("gained", row)


def _standing(row: dict[str, str], now: Handled | None, day: str) -> Iterator[_Became]:
    """A row that goes on: confirmed from the day on since when the message has it."""
    if now is None or now.until or row.get("certainty", _CONFIRMED) == _CONFIRMED:
        yield _Became("kept", row)
        return
    if now.since > row["valid_from"]:
        yield _Became("kept", {**row, "valid_to": now.since})
    since = max(now.since, row["valid_from"])
    source = "; ".join(part for part in (row["source"], f"SYN001 {day}") if part)
    new = {"certainty": _CONFIRMED, "valid_from": since, "source": source}
    yield _Became("certain", {**row, **new})
