"""A wrong transfer called back: what has not left is withdrawn, what the BUC allows is composed.

No BUC known today lets a counterparty withdraw its X007, and X006 removes ourselves alone
(`sed_schemas/buc_seds.csv`): what has left can be undone by the institution that has the case,
which is told so; a person sees to it. Source: AD_BUC_05, AD_BUC_06.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from gateway.core import composing, correspondence
from gateway.core.case_evidence import known_evidence
from gateway.core.deadlines import Development
from gateway.core.decision import Refer
from gateway.core.events import MessageReceived, Recalled, Referred
from gateway.core.matter import PARIS, Situation
from gateway.core.outgoing import Outgoing, SendingKind, Standing, new_id
from gateway.core.sidecar import describe
from gateway.core.states import CaseState

IN_TIME: Final = "recalled"
TOO_LATE: Final = "recalled-too-late"


OBSTACLES: Final = ("no-reason", "not-transferred", "recalled-already", "sending-under-way")
"""Why a recall is refused, as codes."""


def not_to_recall(situation: Situation, sendings: Sequence[Standing]) -> str | None:
    """The first of `OBSTACLES` that the case itself shows; None when there is none."""
    case = situation.case
    ours = case.holder is not None and any(_of_the_transfer(s, case.holder) for s in sendings)
    if not ours or case.state is CaseState.LEFT or situation.starter is None:
        return "not-transferred"
    return "recalled-already" if case.recalls and case.holder in case.returned_by else None


def recall(
    situation: Situation, sendings: Sequence[Standing], who: str, why: str, at: datetime
) -> Development:
    """What a recall does to the case; there must be nothing `not_to_recall`."""
    case, holder = situation.case, situation.case.holder or ""
    transfer = [s for s in sendings if _of_the_transfer(s, holder)]
    in_time = not any(s.left for s in transfer)
    outgoing = () if in_time else _taking_back(situation, transfer, at)
    undone = in_time or any(o.kind is SendingKind.X008 for o in outgoing)
    cause = IN_TIME if undone else TOO_LATE
    messages = dict.fromkeys(s.about for s in transfer)
    return Development(
        case_id=case.case_id,
        revision=case.revision,
        release=situation.tables.release,
        events=(
            Recalled(holder, who, why, in_time),
            *(Referred(message_id, cause) for message_id in messages),
        ),
        outgoing=outgoing,
        mode=situation.leaving.by_person("transfer", case.buc, _sender(situation)),
        referrals=tuple((message_id, Refer(cause)) for message_id in messages),
        withdrawals=tuple(s.message_id for s in transfer if s.unsent),
        about=next(iter(messages), ""),
    )


def _sender(situation: Situation) -> str:
    return situation.starter.parties[0] if situation.starter is not None else ""


def _of_the_transfer(sending: Standing, holder: str) -> bool:
    """The X007 to everybody, and what was handed to the institution."""
    if sending.kind == SendingKind.X007:
        return sending.object == holder
    return sending.kind == SendingKind.HAND_OVER and sending.receiver == holder


def _taking_back(
    situation: Situation, transfer: Sequence[Standing], at: datetime
) -> tuple[Outgoing, ...]:
    """X008 on the X007 where the BUC lets us; in any case a word to the institution that has it."""
    case, about = situation.case, situation.starter
    if about is None or not any(s.left and s.receiver == case.holder for s in transfer):
        return ()
    cause = new_id(case.case_id, case.holder or "", "recall", case.recalls)
    return (*_withdrawn(situation, about, cause, at), _notice(situation, about, cause, at))


def _withdrawn(
    situation: Situation, about: MessageReceived, cause: str, at: datetime
) -> tuple[Outgoing, ...]:
    case, evidence = situation.case, known_evidence(situation.case)
    forwarded = case.forwarded_at
    may = situation.rules_of(about).we_may_withdraw("X007") and composing.speakable(evidence)
    if not may or case.x007_set_id is None or forwarded is None:
        return ()
    head = correspondence.letterhead(situation, about, cause, at)
    issued = forwarded.astimezone(PARIS).date()
    return composing.withdraw_forwarding(head, evidence, case.x007_set_id, issued)


def _notice(situation: Situation, about: MessageReceived, cause: str, at: datetime) -> Outgoing:
    case, holder = situation.case, situation.case.holder or ""
    sidecar = describe(situation, about, holder, "recall", at, x007=case.x007)
    return composing.call_back(cause, case.x007 or "", holder, about.body, sidecar)
