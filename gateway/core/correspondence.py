"""Writing in a case: in whose name, to whom, and about which document.

`composing` makes the bytes; this says what stands on them, for a decision as for a reminder.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Final

from gateway.core import composing
from gateway.core.case import Question
from gateway.core.decision import Way
from gateway.core.events import Asked, MessageReceived
from gateway.core.evidence import Evidence
from gateway.core.letter import Letterhead
from gateway.core.matter import Situation
from gateway.core.message import Role
from gateway.core.outgoing import Outgoing, new_id

_REMINDS: Final = ("x009", "x012", "h001", "p8000")
"""What a reminder may be, as its SetId is made from it."""


def letterhead(
    situation: Situation,
    document: MessageReceived,
    cause: str,
    at: datetime,
    parties: Collection[str] = (),
) -> Letterhead:
    """To everybody who takes part in the case of the document, `parties` included.

    `cause` is what the ids of all that is written are made from.
    """
    later = ({*situation.case.participants, *parties}) - set(document.parties)
    owner = situation.case.owner or document.owner
    others = tuple(
        (ident, (Role.CASE_OWNER if ident == owner else Role.COUNTERPARTY).value)
        for ident in (*document.parties, *sorted(later))
        if ident != document.us
        and ident not in situation.policy.own_institutions
        and ident not in situation.case.left
    )
    return Letterhead(
        cause=cause,
        us=document.us,
        us_name=situation.called(document.us, at),
        our_role=document.our_role,
        case_id=situation.case.case_id,
        buc=document.buc,
        cdm=document.cdm,
        others=others,
        at=at,
        test=document.test,
    )


def question(
    situation: Situation,
    about: MessageReceived,
    head: Letterhead,
    evidence: Evidence,
    missing: tuple[str, ...],
    way: Way,
    own_words: str = "",
) -> tuple[Outgoing, Asked]:
    """A question to whoever sent the SED that it is about, in the tables' words or a person's."""
    asked, own_case = about.parties[0], None
    texts = situation.tables.questions.to(asked, about.sed)
    asks = [texts[datum] for datum in missing]
    if way is Way.OWN_CASE:
        before = sum(q.own_case is not None for q in situation.case.questions)
        own_case = new_id(situation.case.case_id, asked, "own-case", before)
        head = _in_own_case(head, own_case, asked)
    if way is Way.X012:
        written = composing.clarification(head, evidence, asks, about, asked, own_words)
    elif way is Way.P8000:
        said = composing.in_words(asks, own_words)
        written = composing.pension_request(head, evidence, said, situation.template, asked)
    else:
        reference = reference_of(situation, about, way)
        said = composing.in_words(asks, own_words)
        written = composing.request(head, evidence, said, missing, asked, reference)
    event = Asked(
        written.message_id,
        way.value,
        missing,
        new_id(head.cause, asked, f"{written.kind.value}-document"),
        about.set_id,
        own_case,
        asked,
        head.at,
    )
    return written, event


def may_take_leave(situation: Situation, about: MessageReceived) -> bool:
    """Whether we can tell that the competent institution takes part: by X006, else by H001."""
    if situation.rules_of(about).we_may_send("X006"):
        return True
    sender, texts = about.parties[0], situation.tables.questions
    noted = texts.note(sender, "") is not None and not sender.startswith("FR:")
    return noted and situation.rules_of(about).we_may_send("H001")


def leave(
    situation: Situation,
    about: MessageReceived,
    head: Letterhead,
    evidence: Evidence,
    institution: str,
) -> tuple[Outgoing, ...]:
    """X006 on ourselves to all, where the BUC lets us; else a note to the sender (H001)."""
    if situation.rules_of(about).we_may_send("X006"):
        return composing.step_back(head, evidence, institution)
    name = situation.called(institution, head.at)
    competent = institution if name == institution else f"{name} ({institution})"
    text = situation.tables.questions.note(about.parties[0], competent) or competent
    return (composing.note(head, evidence, text, institution, about.parties[0]),)


def reminder(
    situation: Situation,
    about: MessageReceived,
    open_question: Question,
    number: int,
    evidence: Evidence,
    at: datetime,
) -> Outgoing:
    """The n-th reminder: X009 where the BUC lets us send it, else the question once more."""
    cause = f"{open_question.id}/{number}"
    head = letterhead(situation, about, cause, at)
    asked = open_question.asked or about.parties[0]
    texts = situation.tables.questions.to(asked, about.sed)
    asks = [texts[datum] for datum in open_question.missing if datum in texts]
    may_remind = situation.rules_of(about).we_may_send("X009")
    if open_question.own_case is not None:
        head = _in_own_case(head, open_question.own_case, asked)
        evidence = composing.as_asked(evidence, _first_asked_for(situation, open_question))
        may_remind = True  # the owner of an H_BUC_01 may send X009
    if may_remind:
        written = composing.remind(head, evidence, asks, open_question.set_id, asked)
    elif open_question.way == Way.X012.value:
        written = composing.clarification(head, evidence, asks, about, asked)
    elif open_question.way == Way.P8000.value:
        written = composing.pension_request(head, evidence, asks, situation.template, asked)
    else:
        written = composing.request(head, evidence, asks, open_question.missing, asked)
    return composing.as_reminder(written, cause, after=open_question.id)


def _first_asked_for(situation: Situation, question: Question) -> tuple[str, ...]:
    """All that the question asked for, what has been told since included."""
    asked = (q.missing for q in situation.case.questions if q.id == question.id)
    return next(asked, question.missing)


def reminded_by(question: Question) -> frozenset[str]:
    """SetIds of the reminders of a question that we have written: an answer may name one."""
    return frozenset(
        new_id(f"{question.id}/{number}", question.asked, f"{kind}-document")
        for number in range(1, question.reminders + 1)
        for kind in _REMINDS
    )


def reference_of(situation: Situation, about: MessageReceived, way: Way) -> str:
    """How a question names the case that it is about: needed in a case of our own alone."""
    if way is not Way.OWN_CASE:
        return ""
    return composing.case_reference(situation.case.case_id, about.buc)


def _in_own_case(head: Letterhead, own_case: str, asked: str) -> Letterhead:
    return replace(
        head,
        our_role=Role.CASE_OWNER.value,
        case_id=own_case,
        buc=composing.OWN_CASE_BUC,
        others=((asked, Role.COUNTERPARTY.value),),
    )
