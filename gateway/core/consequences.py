"""A decision to its consequences: what is added to the case, what leaves, what moves along.

Everything here is composed and nothing is done; the journal records it in one transaction.
"""

from collections.abc import Collection, Sequence
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
    Refer,
    Refuse,
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
from gateway.core.matter import Matter
from gateway.core.outgoing import Outgoing, new_id
from gateway.core.states import CaseState, MessageState

STATES: Final[dict[str, MessageState]] = {
    "transfer": MessageState.RECORDED,
    "deliver": MessageState.RECORDED,
    "leave": MessageState.RECORDED,
    "ask": MessageState.WAITING,
    "hold": MessageState.WAITING,
    "refuse": MessageState.REFUSED,
    "refer": MessageState.REFERRED,
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

    @property
    def matter(self) -> Matter:
        """The message in its case, as it was decided."""
        return self.deciding.matter

    def follow(self, decision: Decision) -> None:
        """Gather what the decision entails; a refused message leaves no trace in its case."""
        match decision:
            case Refuse() | SetAside():
                return
            case Transfer():
                self._received()
                self._forward(decision, (*self._take_along(), self.matter.received))
            case Deliver():
                self._received()
                case = self.matter.case
                after = case.x007 if case.forwarded_at is None else None
                self._hand_over((self.matter.received,), decision.institution, after, decision)
            case Leave():
                self._received()
                self._step_back(decision)
            case Ask() | Hold():
                self._received()
                self.events.append(
                    Waits(self.matter.message.message_id, self.matter.arrival.decided_at)
                )
                if isinstance(decision, Ask):
                    self._ask(decision)
            case Refer():
                self._refer(decision)
            case _:
                assert_never(decision)

    def _received(self) -> None:
        self.events.extend((self.matter.received, *self.deciding.events))

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

    def transfer(self, decision: Transfer, along: Collection[str]) -> None:
        """The transfer that a person orders, of a message that is in its case already."""
        own = self.matter.message.message_id
        contents = self.matter.case.contents.values()
        messages = [e for e in contents if e.message_id == own or e.message_id in along]
        self.moves.extend((e.message_id, MessageState.RECORDED) for e in messages)
        self.moves.remove((own, MessageState.RECORDED))
        self._forward(decision, messages)

    def _forward(self, decision: Transfer, messages: Sequence[MessageReceived]) -> None:
        cause, target = self.matter.message.message_id, decision.institution
        institution = self.matter.tables.directory.institution(target)
        title = institution.name if institution is not None else target
        copies = composing.forward(self._letterhead(), self.deciding.evidence, target, title)
        self.outgoing.extend(copies)
        theirs = next(copy for copy in copies if copy.receiver == target)
        self.events.append(
            Forwarded(target, theirs.message_id, new_id(cause, target, "x007-document"))
        )
        valid = [e for e in messages if e.set_id not in self.matter.case.withdrawn]
        self._hand_over(valid, target, theirs.message_id, decision)

    def _step_back(self, decision: Leave) -> None:
        """The institution has its own copy of everything: only our going is to be told."""
        case = self.matter.case
        if case.state is CaseState.LEFT:
            return
        head, evidence = self._letterhead(), self.deciding.evidence
        self.outgoing.extend(composing.step_back(head, evidence, decision.institution))
        self.events.append(SteppedBack(decision.institution))
        self._take_along()

    def _take_along(self) -> list[MessageReceived]:
        """What waited is decided with this message."""
        case = self.matter.case
        earlier = [e for m in case.waiting if (e := case.received(m)) is not None]
        self.moves.extend((e.message_id, MessageState.RECORDED) for e in earlier)
        return earlier

    def _letterhead(self) -> composing.Letterhead:
        matter = self.matter
        return correspondence.letterhead(
            matter,
            matter.document,
            matter.message.message_id,
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
        matter, deciding = self.matter, self.deciding
        forwards = (e.x007 for e in self.events if isinstance(e, Forwarded))
        return {
            "format": "eessi-gateway/hand-over/1",
            "instance": matter.policy.instance,
            "environment": matter.policy.environment,
            "institution": institution,
            "decision": name(decision),
            "certainty": deciding.certainty.code if deciding.certainty is not None else None,
            "message_id": event.message_id,
            "case_id": matter.case.case_id,
            "buc": event.buc,
            "sed": event.sed,
            "set_id": event.set_id,
            "document_version": event.version,
            "sha256": event.body,
            "x007_message_id": next(forwards, matter.case.x007),
            "received_on": event.received_on,
            "decided_at": matter.arrival.decided_at.isoformat(),
            "release": matter.tables.release,
            "rules": list(deciding.rules),
            "trace": [{"code": s.code, "params": dict(s.params)} for s in deciding.trace],
        }

    # -- the question -----------------------------------------------------------------------

    def _ask(self, decision: Ask) -> None:
        """Asked is whoever sent the SED that is asked about."""
        written, asked = correspondence.question(
            self.matter,
            self.matter.document,
            self._letterhead(),
            self.deciding.evidence,
            decision.missing,
            decision.way,
        )
        self.outgoing.append(written)
        self.events.append(asked)
        self.own_case = asked.own_case
