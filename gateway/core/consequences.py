"""A decision to its consequences: what is added to the case, what leaves, what moves along.

Everything here is composed and nothing is done; the journal records it in one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, assert_never

from gateway.core import composing, correspondence
from gateway.core.deciding import Deciding
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
    name,
)
from gateway.core.events import (
    Event,
    Forwarded,
    MessageReceived,
    Referred,
    SteppedBack,
    Waits,
)
from gateway.core.letter import Letterhead
from gateway.core.matter import PARIS, Matter
from gateway.core.outgoing import Outgoing, new_id
from gateway.core.sidecar import describe
from gateway.core.states import CaseState, MessageState

STATES: Final[dict[str, MessageState]] = {
    "transfer": MessageState.RECORDED,
    "deliver": MessageState.RECORDED,
    "leave": MessageState.RECORDED,
    "ask": MessageState.WAITING,
    "hold": MessageState.WAITING,
    "refuse": MessageState.REFUSED,
    "refer": MessageState.REFERRED,
    "reject": MessageState.RECORDED,
    "note": MessageState.DONE,
    "set-aside": MessageState.QUARANTINED,
}
"""Name of a decision -> where its message stands once it is recorded."""


@dataclass(slots=True)
class Consequences:
    """What follows from one decision."""

    deciding: Deciding
    events: list[Event] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)
    moves: list[tuple[str, MessageState]] = field(default_factory=list)
    own_case: str | None = None
    own_words: str = ""
    """What a person says in a question or an X011."""

    @property
    def matter(self) -> Matter:
        """The message in its case, as it was decided."""
        return self.deciding.matter

    def follow(self, decision: Decision) -> None:
        """Gather what the decision entails; a refused message leaves no trace in its case."""
        match decision:
            case Refuse() | SetAside() | Note():
                return
            case Transfer():
                self._received()
                self._forward(decision, self._in_order(self._take_along()))
            case Deliver():
                self._received()
                case = self.matter.case
                after = case.x007 if case.forwarded_at is None else None
                self._hand_over((self.matter.received,), decision.institution, after, decision)
            case Leave():
                self._received()
                self._step_back(decision)
            case Ask() | Hold():
                self._wait(decision)
            case Refer():
                self._refer(decision)
            case Reject():
                self._reject(decision)
            case _:
                assert_never(decision)

    def note(self, events: Sequence[Event]) -> None:
        """What we sent by hand; when it gave the case away, nothing of it waits with us."""
        self.deciding.events.extend(events)
        self._received()
        if any(isinstance(e, Forwarded | SteppedBack) for e in self.deciding.events):
            self._take_along()

    def _received(self) -> None:
        received = () if self.matter.known else (self.matter.received,)
        self.events.extend((*received, *self.deciding.events))

    def _refer(self, decision: Refer) -> None:
        """A person has the whole case: what waited waits no longer."""
        case = self.matter.case
        if decision.cause != "stranger":  # who it names takes no part in the case
            self._received()
        self.events.append(Referred(self.matter.message.message_id, decision.cause))
        if case.state is not CaseState.REFERRED:
            waiting = (m for m in case.waiting if m not in case.told)
            self.moves.extend((m, MessageState.REFERRED) for m in waiting)

    # -- somebody else has it ---------------------------------------------------------------

    def _in_order(self, along: Sequence[MessageReceived]) -> list[MessageReceived]:
        """The message and those that go along, as they came."""
        order = {e.message_id: n for n, e in enumerate(self.matter.case.contents.values())}
        messages = (*along, self.matter.received)
        return sorted(messages, key=lambda e: order.get(e.message_id, len(order)))

    def _forward(self, decision: Transfer, messages: Sequence[MessageReceived]) -> None:
        head, target = self._letterhead(), decision.institution
        title = self.matter.called(target, head.at)
        copies = composing.forward(head, self.deciding.evidence, target, title)
        self.outgoing.extend(copies)
        theirs = next(copy for copy in copies if copy.receiver == target)
        set_id = new_id(head.cause, target, "x007-document")
        decided = self.matter.arrival.decided_at
        self.events.append(Forwarded(target, theirs.message_id, set_id, at=decided))
        valid = [e for e in messages if e.set_id not in self.matter.case.withdrawn]
        self._hand_over(valid, target, theirs.message_id, decision)

    def _step_back(self, decision: Leave) -> None:
        """The institution has its own copy of everything: only our going is to be told."""
        case = self.matter.case
        if case.state is CaseState.LEFT:
            return
        head, evidence = self._letterhead(), self.deciding.evidence
        matter = self.matter
        gone = correspondence.leave(matter, matter.document, head, evidence, decision.institution)
        self.outgoing.extend(gone)
        self.events.append(SteppedBack(decision.institution))
        self._take_along()

    def _take_along(self) -> list[MessageReceived]:
        """What waited is decided with this message."""
        case = self.matter.case
        earlier = [e for m in case.waiting if (e := case.received(m)) is not None]
        self.moves.extend((e.message_id, MessageState.RECORDED) for e in earlier)
        return earlier

    def _letterhead(self, *, again: bool = False) -> Letterhead:
        """In the name of this message; after a recall what is written has other ids.

        `again` where the same may be said once more when the message is decided again.
        """
        matter, cause = self.matter, self.matter.message.message_id
        if matter.case.recalls:
            cause = f"{cause}/{matter.case.recalls}"
        if again and matter.arrival.attempt:
            cause = f"{cause}/again-{matter.arrival.attempt}"
        return correspondence.letterhead(
            matter,
            matter.document,
            cause,
            matter.arrival.decided_at,
            matter.received.parties,
        )

    def _hand_over(
        self,
        messages: Sequence[MessageReceived],
        institution: str,
        after: str | None,
        decision: Decision,
    ) -> None:
        for event in messages:
            self.outgoing.append(
                composing.hand_over(
                    event,
                    institution,
                    self.sidecar(event, institution, decision),
                    after=after,
                    notice=self.matter.policy.notice_only(institution),
                )
            )

    def sidecar(
        self, event: MessageReceived, institution: str, decision: Decision
    ) -> dict[str, Any]:
        """What the receiver learns beside the bytes: codes and ids, in stable names."""
        deciding = self.deciding
        forwards = (e.x007 for e in self.events if isinstance(e, Forwarded))
        return describe(
            self.matter,
            event,
            institution,
            name(decision),
            self.matter.arrival.decided_at,
            x007=next(forwards, self.matter.case.x007),
            certainty=deciding.certainty,
            rules=deciding.rules,
            trace=deciding.trace,
        )

    # -- back to the sender ---------------------------------------------------------------------

    def _reject(self, decision: Reject) -> None:
        """X011 on the SED, to whoever sent it; in the case nothing else changes."""
        head, evidence = self._letterhead(again=True), self.deciding.evidence
        message = self.matter.message
        rejected = composing.Rejected(
            message.message_id,
            message.sed,
            message.set_id,
            message.sender.id,
            message.created_at.astimezone(PARIS).date(),
        )
        written = composing.reject(head, evidence, rejected, decision.code, self.own_words)
        self.outgoing.append(written)

    # -- waiting --------------------------------------------------------------------------------

    def _wait(self, decision: Ask | Hold) -> None:
        matter = self.matter
        self._received()
        self.events.append(Waits(matter.message.message_id, matter.arrival.decided_at))
        if isinstance(decision, Ask):
            self._ask(decision)

    # -- the question -----------------------------------------------------------------------

    def _ask(self, decision: Ask) -> None:
        """Asked is whoever sent the SED that is asked about."""
        written, asked = correspondence.question(
            self.matter,
            self.matter.document,
            self._letterhead(again=True),
            self.deciding.evidence,
            decision.missing,
            decision.way,
            self.own_words,
        )
        self.outgoing.append(written)
        self.events.append(asked)
        self.own_case = asked.own_case
