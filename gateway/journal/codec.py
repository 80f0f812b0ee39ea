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
    NAMES,
    Ask,
    Decision,
    Deliver,
    Hold,
    Leave,
    Refer,
    Refuse,
    SetAside,
    Transfer,
    Way,
    name,
)
from gateway.core.events import (
    Answered,
    Asked,
    Closed,
    Event,
    Expired,
    ForwardConfirmed,
    Forwarded,
    MessageReceived,
    ParticipantsChanged,
    Promised,
    QuestionFailed,
    Referred,
    Reminded,
    Reopened,
    Returned,
    SteppedBack,
    Waits,
    Withdrawn,
)
from gateway.core.evidence import (
    About,
    Address,
    AddressKind,
    Evidence,
    Named,
    Organisation,
    Person,
    Pin,
    Where,
)
from gateway.core.trace import Step
from ir_directory import Certainty

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

KINDS: Final[Mapping[type[Event], str]] = {
    MessageReceived: "message-received",
    Waits: "waits",
    Referred: "referred",
    Asked: "asked",
    Answered: "answered",
    QuestionFailed: "question-failed",
    Reminded: "reminded",
    Promised: "promised",
    Expired: "expired",
    Forwarded: "forwarded",
    ForwardConfirmed: "forward-confirmed",
    Returned: "returned",
    SteppedBack: "stepped-back",
    ParticipantsChanged: "participants-changed",
    Withdrawn: "withdrawn",
    Closed: "closed",
    Reopened: "reopened",
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
_INSTANTS: Final = {
    Waits: "since",
    Asked: "at",
    Reminded: "at",
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
    if made is MessageReceived:
        found = evidence_of(evidence) if evidence is not None else None
        return MessageReceived(**values, evidence=found)
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
    subject, employer = evidence.subject, evidence.employer
    whole = {
        "subject": subject
        and (subject.family_name, subject.forename, subject.date_birth.isoformat(), subject.sex),
        "subject_about": evidence.subject_about,
        "employer": employer and (employer.about, employer.name, employer.numbers),
        "addresses": [(a.about, a.kind, a.country, a.postcode, a.town) for a in evidence.addresses],
        "pins": [(p.about, p.country, p.number) for p in evidence.pins],
        "named": [(n.about, n.where, n.country, n.id, n.name) for n in evidence.named],
        "populations": sorted(evidence.populations),
        "several": evidence.several,
        "prose": evidence.prose,
    }
    return _text({key: value for key, value in whole.items() if value})


def evidence_of(text: str) -> Evidence:
    """The evidence in a text of `evidence_text`."""
    whole: dict[str, Any] = json.loads(text)
    return Evidence(
        subject=_person(whole.get("subject")),
        subject_about=About(whole["subject_about"]),
        employer=_organisation(whole.get("employer")),
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
        several=whole.get("several", False),
        prose=whole.get("prose", False),
    )


def _person(values: list[str] | None) -> Person | None:
    if values is None:
        return None
    family_name, forename, born, sex = values
    return Person(family_name, forename, date.fromisoformat(born), sex)


def _organisation(values: list[Any] | None) -> Organisation | None:
    if values is None:
        return None
    about, title, numbers = values
    return Organisation(About(about), title, tuple((kind, number) for kind, number in numbers))


# -- decisions and their reasons ------------------------------------------------------------

_DECISIONS: Final = {text: kind for kind, text in NAMES.items()}


def decision_text(decision: Decision) -> str:
    """What a decision says beside its name."""
    match decision:
        case Transfer():
            content = {"institution": decision.institution, "certainty": decision.certainty.code}
            return _text(content)
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
        case Refer():
            return _text(
                {
                    "cause": decision.cause,
                    "candidates": decision.candidates,
                    "missing": decision.missing,
                }
            )


def decision_of(named: str, text: str) -> Decision:
    """The decision of that name."""
    values = _values(text)
    kind = _DECISIONS[named]
    if kind is Transfer:
        return Transfer(values["institution"], Certainty.of(values["certainty"]))
    if kind is Ask:
        return Ask(values["missing"], Way(values["way"]), values["candidates"])
    made = kind(**values)
    if name(made) != named:
        raise ValueError(named)
    return made


def steps_text(steps: Iterable[Step]) -> str:
    """A trace: codes with their parameters."""
    return _text([{"code": s.code, "params": dict(s.params)} for s in steps])


def steps_of(text: str) -> tuple[Step, ...]:
    """The trace in a text of `steps_text`."""
    return tuple(Step(item["code"], item["params"]) for item in json.loads(text))
