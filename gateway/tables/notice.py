"""The note on substantial changes of the directory that decision E2 asks of the IR SPOC.

Decision E2 of the Administrative Commission (OJ C 187, 10.7.2010, p. 5) has changes of a
substantial nature notified at least one calendar month before they take effect. E8 has replaced it;
its text was not at hand, so the period is configuration (`tables.notice_months`). What is taken as
substantial: identification code, official name, address, competences and whether they are exchanged
by EESSI (`eessi_ready`), opening, closure, merger. An address that stands in one of the two
directories alone is not known to have changed: the note says how many are not known in both.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from gateway.tables.finding import some
from gateway.tables.pages import page
from ir_directory import Competence, Institution, InstitutionRepository, in_force

WHAT: Final = (
    "code", "name", "address", "opening", "closure", "merger", "competence-gained",
    "competence-lost", "ready-gained", "ready-lost",
)  # fmt: skip
"""Kinds of substantial change, in the order of the note."""
_MOST_DAYS: Final = 12
"""Other days that a note names."""
_Handled = tuple[str, str]
"""BUC (or all of a sector) and role."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One substantial change."""

    what: str
    """One of `WHAT`."""
    institution: str
    """Its identification code from then on; before then, when it is no more."""
    name: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """All substantial changes that take effect on a day."""

    effective: date
    deadline: date
    """The last day on which they can be notified in time."""
    late: bool
    entries: tuple[Entry, ...]
    unaddressed: int = 0
    """Institutions of both days whose address is not known in both."""
    elsewhen: tuple[date, ...] = ()
    """Other days, from today on, on which substantial changes take effect: another note."""


def notice(
    before: InstitutionRepository,
    after: InstitutionRepository,
    effective: date,
    today: date,
    months: int,
) -> Notice:
    """Compare the directory of the day before, as it was, with that of the day, as it will be."""
    entries = sorted(
        _entries(before, after, effective),
        key=lambda entry: (WHAT.index(entry.what), entry.institution),
    )
    deadline = _months_before(effective, months)
    unaddressed = _unaddressed(before, after, effective)
    elsewhen = tuple(
        day
        for day in sorted(_days(before, after) - {effective})
        if day >= today and any(_entries(before, after, day))
    )
    return Notice(effective, deadline, today > deadline, tuple(entries), unaddressed, elsewhen)


def _entries(
    before: InstitutionRepository, after: InstitutionRepository, effective: date
) -> Iterator[Entry]:
    yield from _institutions(before, after, effective)
    yield from _competences(before, after, effective)


def _days(before: InstitutionRepository, after: InstitutionRepository) -> set[date]:
    """The days on which rows that only one of the two has begin or end."""
    old: set[Institution | Competence] = {*before.institutions, *before.competences}
    new: set[Institution | Competence] = {*after.institutions, *after.competences}
    rows = old ^ new
    return {day for row in rows for day in (row.valid_from, row.valid_to) if day is not None}


def _unaddressed(
    before: InstitutionRepository, after: InstitutionRepository, effective: date
) -> int:
    old, new = _both_days(before, after, effective)
    return sum(not (old[code].address and new[code].address) for code in old.keys() & new.keys())


def _both_days(
    before: InstitutionRepository, after: InstitutionRepository, effective: date
) -> tuple[dict[str, Institution], dict[str, Institution]]:
    """Id -> institution, on the day before and on the day."""
    return _standing(before, effective - timedelta(days=1)), _standing(after, effective)


def _institutions(
    before: InstitutionRepository, after: InstitutionRepository, effective: date
) -> Iterator[Entry]:
    old, new = _both_days(before, after, effective)
    gone: dict[str, list[str]] = defaultdict(list)
    for code in old.keys() - new.keys():
        gone[old[code].body].append(code)
    yield from _there(old, new, gone)
    for code in (code for codes in gone.values() for code in codes):
        heir = _heir(after, old[code], new, effective)
        if heir is not None:
            yield Entry("merger", code, old[code].name, code, heir.id)
        else:
            yield Entry("closure", code, old[code].name)


def _there(
    old: Mapping[str, Institution], new: Mapping[str, Institution], gone: dict[str, list[str]]
) -> Iterator[Entry]:
    """What is new about those that stand; a code that took the place of another is gone no more."""
    known = {one.body for one in old.values()}
    for code, one in new.items():
        if code in old:
            yield from _other(old[code], one)
        elif gone.get(one.body):
            yield Entry("code", code, one.name, gone[one.body].pop(), code)
        elif one.body not in known:
            yield Entry("opening", code, one.name)
        else:  # one more code of a body that stands
            yield Entry("code", code, one.name, "", code)


def _other(was: Institution, one: Institution) -> Iterator[Entry]:
    """What is another under the same code."""
    if was.name != one.name:
        yield Entry("name", one.id, one.name, was.name, one.name)
    if was.address and one.address and was.address != one.address:
        yield Entry("address", one.id, one.name, was.address, one.address)


def _heir(
    after: InstitutionRepository, one: Institution, new: Mapping[str, Institution], effective: date
) -> Institution | None:
    """An institution of the body that takes over, by the row that ended."""
    body = _successor(after, one.id, effective)
    return next((heir for heir in new.values() if heir.body == body != one.body), None)


def _successor(directory: InstitutionRepository, code: str, effective: date) -> str:
    """The body that the rows of an id name as taking over."""
    ended = [
        one
        for one in directory.institutions
        if one.id == code and one.valid_to is not None and one.valid_to <= effective
    ]
    return max(ended, key=lambda one: one.valid_to or effective).successor if ended else ""


def _competences(
    before: InstitutionRepository, after: InstitutionRepository, effective: date
) -> Iterator[Entry]:
    """BUCs that come and go, and those that are exchanged by EESSI from then on, or no more."""
    yesterday = effective - timedelta(days=1)
    was, will = _handled(before, yesterday), _handled(after, effective)
    for code, one in _standing(after, effective).items():
        ready: dict[bool, set[_Handled]] = {True: set(), False: set()}
        for key in will[code] | was[code]:
            old = before.competence(code, *key, yesterday)
            new = after.competence(code, *key, effective)
            if old is not None and new is not None and old.eessi_ready != new.eessi_ready:
                ready[new.eessi_ready].add(key)
        both = ready[True] | ready[False]
        for what, keys in (
            ("competence-gained", will[code] - was[code] - both),
            ("competence-lost", was[code] - will[code] - both),
            ("ready-gained", ready[True]),
            ("ready-lost", ready[False]),
        ):
            if keys:
                told = ", ".join(f"{buc} ({role})" for buc, role in sorted(keys))
                gains = what.endswith("-gained")
                yield Entry(what, code, one.name, "" if gains else told, told if gains else "")


def _standing(directory: InstitutionRepository, on: date) -> dict[str, Institution]:
    """Id -> institution, of those that the Institution Repository knows in production."""
    return {
        one.id: one
        for one in directory.institutions
        if one.id and not one.test and in_force(one, on)
    }


def _handled(directory: InstitutionRepository, on: date) -> Mapping[str, set[_Handled]]:
    found: dict[str, set[_Handled]] = defaultdict(set)
    for one in directory.competences:
        if in_force(one, on):
            found[one.institution].add((one.buc, one.role))
    return found


def _months_before(day: date, months: int) -> date:
    """So many calendar months earlier; the last day of a month that is too short."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


# -- in words -------------------------------------------------------------------------------

_WORDS: Final = {
    "en": {
        "title": "Institution Repository, France: substantial changes from {day} on",
        "intro": "Note of the IR SPOC under decision E2 of the Administrative Commission"
        " (replaced by E8).",
        "unaddressed": "Institutions whose address these tables do not hold: {unaddressed}. If one"
        " of them moves, add it by hand.",
        "in-time": "To be notified by {deadline} at the latest.",
        "late": "TOO LATE: it had to be notified by {deadline}. Choose a later day, or say why.",
        "none": "No substantial change takes effect on this day.",
        "elsewhen": "Other changes of these tables take effect on other days, with a note of their"
        " own each: {elsewhen}.",
        "heads": ("change", "identification code", "name", "before", "after"),
        "code": "identification code",
        "name": "official name",
        "address": "address",
        "opening": "new institution",
        "closure": "closure",
        "merger": "merger",
        "competence-gained": "competences gained",
        "competence-lost": "competences lost",
        "ready-gained": "exchanged by EESSI from then on",
        "ready-lost": "no longer exchanged by EESSI",
    },
    "fr": {
        "title": "Répertoire des institutions, France : changements substantiels au {day}",
        "intro": "Note de l'IR SPOC au titre de la décision E2 de la commission administrative"
        " (remplacée par E8).",
        "unaddressed": "Institutions dont ces tables ne contiennent pas l'adresse : {unaddressed}."
        " Si l'une d'elles déménage, l'ajouter à la main.",
        "in-time": "À notifier au plus tard le {deadline}.",
        "late": "TROP TARD : à notifier avant le {deadline}. Choisir une date ultérieure, ou dire"
        " pourquoi.",
        "none": "Aucun changement substantiel ne prend effet ce jour-là.",
        "elsewhen": "D'autres changements de ces tables prennent effet à d'autres dates, avec"
        " chacune sa note : {elsewhen}.",
        "heads": ("changement", "code d'identification", "nom", "avant", "après"),
        "code": "code d'identification",
        "name": "dénomination officielle",
        "address": "adresse",
        "opening": "nouvelle institution",
        "closure": "fermeture",
        "merger": "fusion",
        "competence-gained": "compétences acquises",
        "competence-lost": "compétences retirées",
        "ready-gained": "désormais échangées par EESSI",
        "ready-lost": "plus échangées par EESSI",
    },
}


def in_html(noted: Notice, lang: str) -> str:
    """The note as a page that can be mailed."""
    title, paragraphs, heads, rows = _laid_out(noted, lang)
    return page(lang, title, paragraphs, heads, ((cells, False) for cells in rows))


def in_markdown(noted: Notice, lang: str) -> str:
    """The note as Markdown."""
    title, paragraphs, heads, rows = _laid_out(noted, lang)
    lines = [f"# {title}", "", *(line for one in paragraphs for line in (one, ""))]
    if rows:
        lines += [_row(heads), _row(["---"] * len(heads)), *map(_row, rows), ""]
    return "\n".join(lines)


def _row(cells: "tuple[str, ...] | list[str]") -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _laid_out(
    noted: Notice, lang: str
) -> tuple[str, list[str], tuple[str, ...], list[tuple[str, ...]]]:
    words = _WORDS["fr" if lang == "fr" else "en"]
    values = {"day": noted.effective.isoformat(), "deadline": noted.deadline.isoformat()}
    values["unaddressed"] = str(noted.unaddressed)
    paragraphs = [str(words["intro"]), str(words["late" if noted.late else "in-time"])]
    if not noted.entries:
        paragraphs = [str(words["none"])]
    if noted.elsewhen:
        paragraphs.append(str(words["elsewhen"]))
        values["elsewhen"] = some([day.isoformat() for day in noted.elsewhen], _MOST_DAYS)
    if noted.unaddressed:
        paragraphs.append(str(words["unaddressed"]))
    rows: list[tuple[str, ...]] = [
        (str(words[one.what]), one.institution, one.name, one.before, one.after)
        for one in noted.entries
    ]
    texts = [paragraph.format_map(values) for paragraph in paragraphs]
    return str(words["title"]).format_map(values), texts, tuple(words["heads"]), rows
