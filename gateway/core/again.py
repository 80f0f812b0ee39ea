"""A case judged again: what waited or a person had, message by message, in the order it came in.

All of it is known to the case already, so the first one is judged on everything that ever came.
What follows is recorded in one piece, or not at all.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gateway.core.case import fold
from gateway.core.deadlines import Development, next_due
from gateway.core.decision import UNSURE, Refer, Refuse, cause
from gateway.core.events import Answered, Event, Referred, Taken, TakenUp
from gateway.core.judgement import Judgement
from gateway.core.judging import Arrival, Examined, decide, judge
from gateway.core.matter import Situation
from gateway.core.states import MESSAGE, MessageState

OBJECTIONS: Final = (
    "no-reason",
    "no-case",
    "taken-already",
    "not-taken",
    "no-question",
    "settled-already",
)
"""Why a case or a question stays as it is."""
_MAY_BECOME: Final = MESSAGE[MessageState.REFERRED] | {MessageState.REFERRED}


def judge_again(
    situation: Situation, first: Sequence[Event], messages: Sequence[tuple[Examined, Arrival]]
) -> tuple[Judgement, ...]:
    """What becomes of these messages that wait or are on the worklist, after these events.

    One that would be set aside or refused today is left out: it stays where it is. One whose facts
    must not count comes first: a person has the case then, and nothing is decided on them.
    """
    tables, policy = situation.tables, situation.policy
    revision, before = situation.case.revision, tuple(first)
    case = fold(situation.case, first)
    judgements: list[Judgement] = []
    for examined, arrival in _unsure_first(replace(situation, case=case), messages):
        judgement = judge(examined, case, tables, policy, arrival)
        if isinstance(judgement.decision, Refuse):
            stays = Referred(judgement.message_id, judgement.decision.cause)
            case, before = fold(case, (stays,)), (*before, stays)
        if judgement.state not in _MAY_BECOME:
            continue
        case = fold(case, judgement.events)
        events = (*before, *judgement.events)
        judgements.append(replace(judgement, revision=revision, events=events))
        revision, before = case.revision, ()
    if judgements:  # what was due in the case may not be any more
        due = next_due(Situation(case, tables, policy))
        judgements[-1] = replace(judgements[-1], due=due, times=True)
    return tuple(judgements)


def _unsure_first(
    situation: Situation, messages: Sequence[tuple[Examined, Arrival]]
) -> list[tuple[Examined, Arrival]]:
    """In order, but for those whose facts must not count, while nobody has the case."""
    return sorted(messages, key=lambda one: not _is_unsure(situation, *one))


def _is_unsure(situation: Situation, examined: Examined, arrival: Arrival) -> bool:
    case, message = situation.case, examined.message
    if case.holder is not None:
        return False
    if message.case_id == case.case_id and message.buc != case.buc:
        return True
    decision, _ = decide(examined, case, situation.tables, situation.policy, arrival)
    return isinstance(decision, Refuse) or (decision is not None and cause(decision) in UNSURE)


def answered(
    situation: Situation,
    answer: Answered,
    messages: Sequence[tuple[Examined, Arrival]],
) -> tuple[Judgement, ...]:
    """What becomes of the messages that waited for an answer that came by telephone or post.

    One that would be set aside today waits on, and goes along with the others.
    """
    judgements = judge_again(situation, (answer, TakenUp(())), messages)
    judged = {judgement.message_id for judgement in judgements}
    left = tuple(m for m in situation.case.waiting if m not in judged)
    if not left:
        return judgements
    others = [(seen, at) for seen, at in messages if seen.message.message_id in judged]
    return judge_again(situation, (answer, TakenUp(left)), others)


def alone(situation: Situation, events: Sequence[Event]) -> Development:
    """The events by themselves, where no message is judged; and when the case is due next."""
    case = situation.case
    after = Situation(fold(case, events), situation.tables, situation.policy)
    return Development(
        case_id=case.case_id,
        revision=case.revision,
        release=situation.tables.release,
        events=tuple(events),
        due=next_due(after),
    )


def take(situation: Situation, who: str, why: str) -> Development:
    """The case in a person's hands: nothing is due any more, and what waits is on his list."""
    case = situation.case
    waiting = tuple(message_id for message_id in case.waiting if message_id not in case.told)
    told = tuple(Referred(message_id, "taken") for message_id in waiting)
    events: tuple[Event, ...] = (Taken(who, why), *told)
    referrals = tuple((message_id, Refer("taken")) for message_id in waiting)
    return replace(alone(situation, events), referrals=referrals)
