"""What a person decides about a case on the worklist, held to the same promises.

A person may know better than the tables which institution is competent, or what a SED does not
say; he may not send a case back to who gave it up, to ourselves, to an institution that does not
exist on the day, or twice. The bytes handed over are the sender's, and everything of the case
that is on the worklist goes along.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from gateway.core import added, composing, correspondence
from gateway.core.asking import way_of
from gateway.core.case_evidence import known_evidence, of_another
from gateway.core.consequences import Consequences
from gateway.core.deciding import Deciding
from gateway.core.decision import Ask, Decision, Hold, Reject, Transfer, Way, name
from gateway.core.events import Event, EvidenceAdded, TakenUp
from gateway.core.judgement import Judgement
from gateway.core.judging import concluded
from gateway.core.matter import Matter
from gateway.core.states import MessageState
from gateway.core.trace import step
from ir_directory import Certainty

GROUNDS: Final = ("01", "02", "03", "99")
"""Codes of an X011 (CDM 4.4): person unknown, not competent and unable to forward, what is asked
for does not exist, other."""
OTHER: Final = "99"
OBJECTIONS: Final = (
    "not-in-case",
    "not-started",
    "protected",
    "forwarded-already",
    "institution-unusable",
    "own",
    "returned",
    "already-participant",
    "cannot-forward",
    "no-context",
    "unknown-datum",
    "unsayable",
    "nothing-to-ask-with",
    "unknown-ground",
    "sender-left",
    "cannot-reject",
    "unknown-fact",
)
"""Why something that a person asks for is not done."""
_Checks = Sequence[tuple[str, bool]]


# -- to an institution ----------------------------------------------------------------------


def objection(matter: Matter, institution: str) -> str | None:
    """The first reason against the transfer, as a code of `OBJECTIONS`; None when there is none."""
    case = matter.case
    outside = _not_of_case(matter)
    if outside is not None:
        return outside
    return _first(
        (
            ("protected", matter.message.protected or matter.case.protected),
            ("forwarded-already", case.holder is not None),
            ("institution-unusable", not _usable(matter, institution)),
            ("own", matter.is_ours(institution) or matter.case_is_ours),
            ("returned", any(matter.same_body(institution, b) for b in case.returned_by)),
            (
                "already-participant",
                any(matter.same_body(institution, party) for party in case.participants),
            ),
            ("cannot-forward", not _may_forward(matter)),
            ("no-context", not composing.speakable(known_evidence(case))),
        )
    )


def transfer(matter: Matter, institution: str, along: Collection[str]) -> Judgement:
    """The transfer that a person orders; `along` are the case's other messages on the worklist.

    There must be no `objection`.
    """
    deciding = _taken_up(matter, along)
    deciding.trace.append(step("chosen-by-person", institution=institution))
    deciding.certainty = Certainty.CONFIRMED
    decision = Transfer(institution, Certainty.CONFIRMED)
    return _ordered(_concluded(matter, Consequences(deciding), decision), matter)


# -- a question abroad ----------------------------------------------------------------------


def objection_to_asking(matter: Matter, data: Sequence[str], text: str) -> str | None:
    """The first reason against the question; None when there is none."""
    unknown = frozenset(data) - matter.tables.questions.askable
    checks = (
        ("unknown-datum", not data or bool(unknown)),
        ("unsayable", bool(text) and not composing.fits(text)),
    )
    against = _first(checks) or _about_the_case(matter)
    if against is None and matter.has_left(matter.document.parties[0]):
        against = "sender-left"
    if against is not None:
        return against
    way = way_of(matter, known_evidence(matter.case))
    if way is None:
        return "nothing-to-ask-with"
    texts = matter.tables.questions.to(matter.document.parties[0])
    asks = composing.in_words([texts[datum] for datum in data], text)
    reference = correspondence.reference_of(matter, matter.document, way)
    fits = way in {Way.X012, Way.P8000} or composing.room(asks, reference) == len(asks)
    return None if fits else "unsayable"


def ask(
    matter: Matter,
    data: Sequence[str],
    text: str,
    candidates: tuple[str, ...],
    along: Collection[str],
) -> Judgement:
    """The question that a person orders, as the BUC allows; the case goes on with the answer.

    There must be no objection. `text` takes the place of the words of the tables in an H001, and
    stands beside them in an X012; a reminder uses those of the tables.
    """
    deciding = _taken_up(matter, along)
    deciding.trace.extend(step("asked-by-person", datum=datum) for datum in data)
    way = way_of(deciding.matter, deciding.evidence) or Way.H001  # there is one: no objection
    consequences = Consequences(deciding, own_words=text)
    judgement = _concluded(matter, consequences, Ask(tuple(data), way, candidates))
    return _ordered(judgement, matter)


# -- back to the sender ---------------------------------------------------------------------


def objection_to_rejecting(matter: Matter, ground: str, details: str) -> str | None:
    """The first reason against an X011 on the message; None when there is none."""
    message, evidence = matter.message, matter.examined.evidence
    needed = ground == OTHER
    said = composing.fits(details) if details or needed else True
    return _first(
        (
            ("unknown-ground", ground not in GROUNDS),
            ("unsayable", not said or (bool(details) and not needed)),
            ("protected", message.protected or matter.case.protected),
            ("forwarded-already", matter.case.holder is not None),
            ("own", matter.case_is_ours or matter.is_ours(message.sender.id)),
            ("sender-left", matter.has_left(message.sender.id)),
            ("cannot-reject", not _may_reject(matter)),
            ("no-context", not composing.speakable(evidence)),
        )
    )


def reject(matter: Matter, ground: str, details: str) -> Judgement:
    """The X011 that a person orders, to whoever sent the SED. There must be no objection."""
    deciding = Deciding(matter, trace=[step("rejected-by-person", ground=ground)])
    deciding.evidence = matter.examined.evidence
    consequences = Consequences(deciding, own_words=details)
    return _ordered(_concluded(matter, consequences, Reject(ground)), matter)


def _may_reject(matter: Matter) -> bool:
    return _speaks_its_rules(matter) and matter.rules_of_buc.we_may_reject(matter.message.sed)


# -- what a person knows --------------------------------------------------------------------


def objection_to_adding(matter: Matter, fields: Mapping[str, str]) -> str | None:
    """The first reason against the facts; None when there is none."""
    about = known_evidence(matter.case).subject_about
    if added.evidence(fields, about) is None:
        return "unknown-fact"
    return _about_the_case(matter)


def add(matter: Matter, fields: Mapping[str, str], along: Collection[str]) -> Judgement:
    """The case judged again with what a person knows; it may still be for a person.

    There must be no objection.
    """
    about = known_evidence(matter.case).subject_about
    fact = EvidenceAdded(matter.message.message_id, added.evidence(fields, about))
    deciding = _taken_up(matter, along, fact)
    deciding.trace.extend(step("added-by-person", datum=field) for field in fields)
    decision = deciding.decide()
    return _concluded(matter, Consequences(deciding), decision)


# -- shared ---------------------------------------------------------------------------------


def _taken_up(matter: Matter, along: Collection[str], *facts: Event) -> Deciding:
    """The case as the gateway goes on with it: what is on the worklist waits for the decision.

    What is about somebody else stays there.
    """
    case = matter.case
    own = matter.message.message_id
    others = tuple(
        event.message_id
        for event in case.contents.values()
        if event.message_id in along and event.message_id != own and not of_another(case, event)
    )
    deciding = Deciding(matter, evidence=known_evidence(case))
    deciding.believe((*facts, TakenUp(others)))
    return deciding


def _concluded(matter: Matter, consequences: Consequences, decision: Decision) -> Judgement:
    """The judgement; those that wait for an answer now leave the worklist, too."""
    consequences.follow(decision)
    if isinstance(decision, Ask | Hold):
        waiting = consequences.matter.case.waiting
        consequences.moves.extend((m, MessageState.WAITING) for m in waiting)
    return concluded(matter, decision, consequences, None)


def _ordered(judgement: Judgement, matter: Matter) -> Judgement:
    """What follows from a person's own word needs no second yes."""
    document, leaving = matter.document, matter.leaving
    decision = name(judgement.decision) if judgement.decision is not None else ""
    mode = leaving.by_person(decision, document.buc, document.parties[0])
    return replace(judgement, mode=mode)


def _first(checks: _Checks) -> str | None:
    return next((code for code, hinders in checks if hinders), None)


def _not_of_case(matter: Matter) -> str | None:
    """The message, or what starts the case, is not where it must be to go on."""
    if not matter.known:
        return "not-in-case"
    return "not-started" if matter.starter is None else None


def _about_the_case(matter: Matter) -> str | None:
    """Every reason not to go on with the case, wherever it goes."""
    return _not_of_case(matter) or _first(
        (
            ("protected", matter.message.protected or matter.case.protected),
            ("forwarded-already", matter.case.holder is not None),
            ("own", matter.case_is_ours),
            ("cannot-forward", not _speaks_its_rules(matter)),
            ("no-context", not composing.speakable(known_evidence(matter.case))),
        )
    )


def _may_forward(matter: Matter) -> bool:
    return _speaks_its_rules(matter) and matter.rules_of_buc.we_may_send("X007")


def _speaks_its_rules(matter: Matter) -> bool:
    """False in a BUC or CDM that nobody here knows: nothing is written in such a case."""
    document, catalogue = matter.document, matter.tables.catalogue
    return document.buc in catalogue.bucs and document.cdm in catalogue.cdm_versions


def _usable(matter: Matter, institution: str) -> bool:
    """A French institution of this environment, in force on the day of the decision."""
    directory, today = matter.tables.directory, matter.arrival.today
    current = directory.successor_on(institution, today)
    if current is None or current.id != institution:
        return False
    return current.test == matter.policy.test_ids
