"""Events, evidence, decisions and steps as compact JSON and back: the journal's only format.

Keys are the names of the fields, so a field that is added later with a default can still be read
from an old row. Times are microseconds since 1970 in UTC. The evidence of a message (personal
data) is never part of the event's own text: it has a text of its own, which can be erased.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from gateway.core.decision import (
    Ask,
    Decision,
    Deliver,
    Hold,
    Leave,
    Note,
    Refer,
    Refuse,
    Reject,
    SetAside,
    Transfer,
)
from gateway.core.events import (
    Answered,
    Asked,
    Closed,
    DealtWith,
    Erased,
    Event,
    EvidenceAdded,
    Excepted,
    Expired,
    ForwardConfirmed,
    Forwarded,
    GivenBack,
    Imported,
    MessageReceived,
    ParticipantsChanged,
    PassedOn,
    Promised,
    Protected,
    QuestionFailed,
    Recalled,
    Referred,
    Reminded,
    Reopened,
    Returned,
    Spoken,
    SteppedBack,
    Taken,
    TakenUp,
    Waits,
    Withdrawn,
)
from gateway.core.evidence import (
    About,
    Address,
    AddressKind,
    Claims,
    Evidence,
    Named,
    Organisation,
    Person,
    Pin,
    Stated,
    StatedKind,
    Where,
)
from gateway.core.trace import Step

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

KINDS: Final[Mapping[type[Event], str]] = {
    MessageReceived: "message-received",
    Imported: "imported",
    Protected: "protected",
    Waits: "waits",
    Referred: "referred",
    EvidenceAdded: "evidence-added",
    TakenUp: "taken-up",
    Taken: "taken",
    GivenBack: "given-back",
    DealtWith: "dealt-with",
    Excepted: "excepted",
    Asked: "asked",
    Answered: "answered",
    QuestionFailed: "question-failed",
    Reminded: "reminded",
    Spoken: "spoken",
    Promised: "promised",
    Expired: "expired",
    Forwarded: "forwarded",
    ForwardConfirmed: "forward-confirmed",
    Returned: "returned",
    PassedOn: "passed-on",
    Recalled: "recalled",
    SteppedBack: "stepped-back",
    ParticipantsChanged: "participants-changed",
    Withdrawn: "withdrawn",
    Closed: "closed",
    Reopened: "reopened",
    Erased: "erased",
}
"""The name of each kind of event in the journal."""

_text: Final[Callable[[Any], str]] = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), check_circular=False
).encode


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 in UTC; exact, unlike `timestamp()`."""
    return (at - _EPOCH) // _MICROSECOND


def instant(microseconds: int) -> datetime:
    """The time in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def codes(values: Iterable[str]) -> str:
    """A list of codes or ids."""
    values = tuple(values)
    return _text(values) if values else "[]"


def pairs(values: Iterable[tuple[str, str]]) -> str:
    """A list of pairs of ids, as a parameter of a statement."""
    return _text(tuple(values))


def codes_of(text: str) -> tuple[str, ...]:
    """The list of codes or ids in a text of `codes`."""
    return tuple(json.loads(text))


# -- events ---------------------------------------------------------------------------------

_FIELDS: Final = {
    kind: tuple(f.name for f in fields(kind) if f.name != "evidence") for kind in KINDS
}
WITH_EVIDENCE: Final = (MessageReceived, EvidenceAdded)
"""Kinds of event whose evidence has a text of its own."""
_INSTANTS: Final = {
    Waits: "since",
    Asked: "at",
    Reminded: "at",
    Spoken: "at",
    Forwarded: "at",
    ForwardConfirmed: "at",
}
"""Kinds of event with a time of their own, and its field."""
_OF_KIND: Final = {text: kind for kind, text in KINDS.items()}


def event_text(event: Event) -> str:
    """The event without its evidence."""
    kind = type(event)
    content = {key: getattr(event, key) for key in _FIELDS[kind]}
    at = content.get(_INSTANTS.get(kind, ""))
    if at is not None:
        content[_INSTANTS[kind]] = microseconds(at)
    return _text(content)


def event_of(kind: str, text: str, evidence: str | None) -> Event:
    """The event of that kind.

    Raises:
        KeyError, TypeError, ValueError: written by a later version, or damaged.
    """
    values, made = _values(text), _OF_KIND[kind]
    if made in WITH_EVIDENCE:
        found = evidence_of(evidence) if evidence is not None else None
        return made(**values, evidence=found)
    at = values.get(_INSTANTS.get(made, ""))
    if at is not None:
        values[_INSTANTS[made]] = instant(at)
    return made(**values)


def _values(text: str) -> dict[str, Any]:
    """Fields by name; lists are tuples in all our values."""
    values: dict[str, Any] = json.loads(text)
    return {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}


# -- evidence -------------------------------------------------------------------------------


def evidence_text(evidence: Evidence) -> str:
    """All of the evidence; what is empty is left out."""
    return _text(_evidence_values(evidence))


def _evidence_values(evidence: Evidence) -> dict[str, Any]:
    whole = {
        "subject": _person_values(evidence.subject),
        "nameless": evidence.nameless,
        "claims": evidence.claims and (evidence.claims.request, evidence.claims.number),
        "claimant": _person_values(evidence.claimant),
        "subject_about": evidence.subject_about,
        "employers": [(e.about, e.name, e.numbers, e.element) for e in evidence.employers],
        "addresses": [
            (a.about, a.kind, a.country, a.postcode, a.town, a.element) for a in evidence.addresses
        ],
        "pins": [(p.about, p.country, p.number, p.element) for p in evidence.pins],
        "named": [(n.about, n.where, n.country, n.id, n.name, n.element) for n in evidence.named],
        "populations": sorted(evidence.populations),
        "crew": evidence.crew,
        "stated": [(s.kind, s.about, s.value, s.element) for s in evidence.stated],
        "claimed_apart": evidence.claimed_apart,
        "several": evidence.several,
        "others": [_evidence_values(other) for other in evidence.others],
        "prose": evidence.prose,
    }
    return {key: value for key, value in whole.items() if value}


def evidence_of(text: str) -> Evidence:
    """The evidence in a text of `evidence_text`."""
    return _evidence(json.loads(text))


def _evidence(whole: Mapping[str, Any]) -> Evidence:
    return Evidence(
        subject=_person(whole.get("subject")),
        claimant=_person(whole.get("claimant")),
        subject_about=About(whole["subject_about"]),
        employers=tuple(map(_organisation, _employers(whole))),
        addresses=tuple(
            Address(About(about), AddressKind(kind), *rest)
            for about, kind, *rest in whole.get("addresses", ())
        ),
        pins=tuple(Pin(About(about), *rest) for about, *rest in whole.get("pins", ())),
        named=tuple(
            Named(About(about), Where(where), *rest)
            for about, where, *rest in whole.get("named", ())
        ),
        populations=frozenset(whole.get("populations", ())),
        crew=whole.get("crew", False),
        stated=tuple(
            Stated(StatedKind(kind), About(about), *rest)
            for kind, about, *rest in whole.get("stated", ())
        ),
        nameless=whole.get("nameless", False),
        claims=Claims(*whole["claims"]) if "claims" in whole else None,
        claimed_apart=whole.get("claimed_apart", False),
        several=whole.get("several", False),
        others=tuple(_evidence(other) for other in whole.get("others", ())),
        prose=whole.get("prose", False),
    )


def _person_values(person: Person | None) -> tuple[str, ...] | None:
    if person is None:
        return None
    return (person.family_name, person.forename, person.date_birth.isoformat(), person.sex)


def _person(values: list[str] | None) -> Person | None:
    if values is None:
        return None
    family_name, forename, born, sex = values
    return Person(family_name, forename, date.fromisoformat(born), sex)


def _employers(whole: Mapping[str, Any]) -> Iterable[list[Any]]:
    """All of them; what was written before only the first one was kept holds that one."""
    if "employer" in whole:
        return [whole["employer"]]
    kept: list[list[Any]] = whole.get("employers", [])
    return kept


def _organisation(values: list[Any]) -> Organisation:
    about, title, numbers, *element = values
    return Organisation(
        About(about), title, tuple((kind, number) for kind, number in numbers), *element
    )


# -- decisions and their reasons ------------------------------------------------------------


def decision_text(decision: Decision) -> str:
    """What a decision says beside its name."""
    match decision:
        case Transfer():
            content = {"institution": decision.institution, "certainty": decision.certainty.code}
            accepted = {"accepted": decision.accepted} if decision.accepted else {}
            return _text(content | accepted)
        case Deliver() | Leave():
            return _text({"institution": decision.institution})
        case Ask():
            return _text(
                {
                    "missing": decision.missing,
                    "way": decision.way,
                    "candidates": decision.candidates,
                }
            )
        case Hold() | Refuse() | SetAside():
            return _text({"cause": decision.cause})
        case Reject() | Note():
            return _text({"code": decision.code} if isinstance(decision, Reject) else {})
        case Refer():
            return _text(
                {
                    "cause": decision.cause,
                    "candidates": decision.candidates,
                    "missing": decision.missing,
                }
            )


def steps_text(steps: Iterable[Step]) -> str:
    """A trace: codes with their parameters."""
    return _text([{"code": s.code, "params": dict(s.params)} for s in steps])
