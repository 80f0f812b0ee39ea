"""A decision to its consequences: what is added to the case, what leaves, what moves along.

Everything here is composed and nothing is done; the journal records it in one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, assert_never

from gateway.core import composing
from gateway.core.case import Asked, Event, Forwarded, MessageReceived, Referred, Waits
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
    Way,
    name,
)
from gateway.core.matter import STARTS, Matter
from gateway.core.message import Role
from gateway.core.outgoing import Outgoing, new_id
from gateway.core.states import CaseState, MessageState

STATES: Final[dict[str, MessageState]] = {
    "transfer": MessageState.RECORDED,
    "deliver": MessageState.RECORDED,
    "leave": MessageState.REFERRED,
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

    matter: Matter
    deciding: Deciding
    events: list[Event] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)
    moves: list[tuple[str, MessageState]] = field(default_factory=list)
    own_case: str | None = None

    def follow(self, decision: Decision) -> None:
        """Gather what the decision entails; a refused message leaves no trace in its case."""
        message_id = self.matter.message.message_id
        match decision:
            case Refuse() | SetAside():
                return
            case Transfer():
                self._received()
                self._forward(decision)
            case Deliver():
                self._received()
                case = self.matter.case
                after = case.x007 if case.forwarded_at is None else None
                self._hand_over((self.matter.received,), decision.institution, after, decision)
            case Ask():
                self._received()
                self.events.append(Waits(message_id))
                self._ask(decision)
            case Hold() | Refer("out-of-order"):
                self._received()
                self.events.append(Waits(message_id))
            case Refer() | Leave():
                if decision != Refer("stranger"):  # who it names takes no part in the case
                    self._received()
                cause = decision.cause if isinstance(decision, Refer) else "already-participant"
                self.events.append(Referred(message_id, cause))
                self._release_waiting()
            case _:
                assert_never(decision)

    def _received(self) -> None:
        self.events.extend((self.matter.received, *self.deciding.events))

    def _release_waiting(self) -> None:
        """What waited for an answer waits no longer: a person has the whole case.

        What came before the SED that starts the case is on the worklist already.
        """
        case, begun = self.matter.case, False
        if case.state is not CaseState.ASKED:
            return
        for event in case.contents.values():
            begun = begun or event.action in STARTS
            if begun and event.message_id in case.waiting:
                self.moves.append((event.message_id, MessageState.REFERRED))

    # -- the transfer -----------------------------------------------------------------------

    def _forward(self, decision: Transfer) -> None:
        cause, target = self.matter.message.message_id, decision.institution
        institution = self.matter.tables.directory.institution(target)
        title = institution.name if institution is not None else target
        copies = composing.forward(self._letterhead(), self.deciding.evidence, target, title)
        self.outgoing.extend(copies)
        theirs = next(copy for copy in copies if copy.receiver == target)
        self.events.append(
            Forwarded(target, theirs.message_id, new_id(cause, target, "x007-document"))
        )
        case = self.matter.case
        earlier = [e for m in case.waiting if (e := case.received(m)) is not None]
        self.moves.extend((e.message_id, MessageState.RECORDED) for e in earlier)
        self._hand_over((*earlier, self.matter.received), target, theirs.message_id, decision)

    def _letterhead(self) -> composing.Letterhead:
        matter, document = self.matter, self.matter.document
        us = matter.tables.directory.institution(document.us)
        later = (matter.case.participants | set(matter.received.parties)) - set(document.parties)
        others = tuple(
            (ident, (Role.CASE_OWNER if ident == document.owner else Role.COUNTERPARTY).value)
            for ident in (*document.parties, *sorted(later))
            if ident != document.us and ident not in matter.policy.own_institutions
        )
        return composing.Letterhead(
            cause=matter.message.message_id,
            us=document.us,
            us_name=us.name if us is not None else document.us,
            our_role=document.our_role,
            case_id=matter.case.case_id,
            buc=document.buc,
            cdm=document.cdm,
            others=others,
            at=matter.arrival.decided_at,
            test=matter.message.test,
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
        head, evidence, about = self._letterhead(), self.deciding.evidence, self.matter.document
        asked = about.parties[0]
        texts = [self.matter.tables.questions[datum] for datum in decision.missing]
        reference = ""
        if decision.way is Way.OWN_CASE:
            reference = composing.case_reference(self.matter.case.case_id, about.buc)
            head = self._own_letterhead(head, asked)
        if decision.way is Way.X012:
            question = composing.clarification(head, evidence, texts, about, asked)
        else:
            question = composing.request(head, evidence, texts, decision.missing, asked, reference)
        self.outgoing.append(question)
        self.events.append(
            Asked(
                question.message_id,
                decision.way.value,
                decision.missing,
                new_id(head.cause, asked, f"{question.kind.value}-document"),
                about.set_id,
                self.own_case,
            )
        )

    def _own_letterhead(self, head: composing.Letterhead, asked: str) -> composing.Letterhead:
        self.own_case = new_id(self.matter.case.case_id, asked, "own-case")
        return replace(
            head,
            our_role=Role.CASE_OWNER.value,
            case_id=self.own_case,
            buc=composing.OWN_CASE_BUC,
            others=((asked, Role.COUNTERPARTY.value),),
        )
