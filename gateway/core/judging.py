"""Judging one message: bytes, case and tables in, a judgement out.

`examine` is the half that needs only the bytes and may run anywhere; `judge` is the half that
needs the case. The order of the questions in `_Judging.decide` is the order of the design: is it
for us, is it whole, do we know it, does it belong to its case, who is competent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.core import composing
from gateway.core.case import (
    Answered,
    Asked,
    Case,
    Event,
    Forwarded,
    MessageReceived,
    OpenQuestion,
    QuestionFailed,
    Referred,
    Returned,
    Waits,
    fold,
    received,
)
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
from gateway.core.evidence import AddressKind, Evidence, extract
from gateway.core.judgement import Judgement
from gateway.core.message import BusinessMessage, CaseAction, Malformed, Role
from gateway.core.outgoing import Outgoing, new_id
from gateway.core.reading import Limits, read
from gateway.core.resolution import Resolution, Resolved, Subject, Undetermined, resolve
from gateway.core.states import CaseState, MessageState
from gateway.core.tables import Tables
from gateway.core.trace import Step, step
from gateway.core.validation import Schemas, Verdict, verdict
from ir_directory import Certainty
from sed_schemas import BucRules

PARIS: Final = ZoneInfo("Europe/Paris")
EXCEPTIONS: Final = frozenset({"X050", "X011"})
LEAVING: Final = frozenset({"X006", "X007"})
ANSWERS: Final = frozenset({"H002", "X010", "X013"})
_NAMESPACE: Final = "http://ec.europa.eu/eessi/ns/"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the installation has decided beforehand (`gateway.config`)."""

    instance: str
    environment: str
    own_institutions: tuple[str, ...]
    least_certainty: Certainty
    profile_violation: str = "refer"
    ask_by_own_case: bool = False
    transfer_grace: timedelta = timedelta(hours=24)
    notice_only: frozenset[str] = frozenset()
    """Institutions that get the sidecar alone."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """When and how a message came, and when it is judged."""

    received_at: datetime
    decided_at: datetime
    addressee: str | None = None
    attempt: int = 0

    @property
    def reference_date(self) -> date:
        """The day of receipt in Europe/Paris: rows valid on it decide."""
        return self.received_at.astimezone(PARIS).date()


@dataclass(frozen=True, slots=True)
class Examined:
    """What the bytes alone tell."""

    message: BusinessMessage
    evidence: Evidence
    verdict: Verdict
    media: str
    """`xml` or `mime`."""


def examine(body: bytes, limits: Limits, schemas: Schemas) -> Examined | Malformed:
    """Read, validate and extract the evidence. Pure; safe in any thread."""
    document = read(body, limits)
    if isinstance(document, Malformed):
        return document
    message = document.message
    return Examined(
        message,
        extract(document.sed),
        verdict(document.xml, message.header_version, message.cdm, message.sed, schemas),
        "xml" if document.xml is body else "mime",
    )


def judge(
    examined: Examined | Malformed,
    case: Case | None,
    tables: Tables,
    policy: Policy,
    arrival: Arrival,
) -> Judgement:
    """The whole decision. `case` is None for malformed bytes only."""
    if isinstance(examined, Malformed) or case is None:
        digest = examined.digest if isinstance(examined, Malformed) else examined.message.digest
        code = examined.code if isinstance(examined, Malformed) else "internal-error"
        return set_aside(digest, digest, None, code, tables, arrival)
    return _Judging(examined, case, tables, policy, arrival).judgement()


def set_aside(
    message_id: str,
    digest: str,
    message: BusinessMessage | None,
    cause: str,
    tables: Tables,
    arrival: Arrival,
) -> Judgement:
    """Quarantine: outside any case, so that nothing there depends on it."""
    return Judgement(
        message_id=message_id,
        digest=digest,
        message=message,
        decision=SetAside(cause),
        state=MessageState.QUARANTINED,
        case_id=None,
        revision=0,
        release=tables.release,
        reference_date=arrival.reference_date,
    )


_STATES: Final[dict[str, MessageState]] = {
    "transfer": MessageState.RECORDED,
    "deliver": MessageState.RECORDED,
    "leave": MessageState.REFERRED,
    "ask": MessageState.WAITING,
    "hold": MessageState.WAITING,
    "refuse": MessageState.REFUSED,
    "refer": MessageState.REFERRED,
    "set-aside": MessageState.QUARANTINED,
}


@dataclass(slots=True)
class _Judging:
    """One judgement under way; consequences gather here until it is a value."""

    examined: Examined
    case: Case
    tables: Tables
    policy: Policy
    arrival: Arrival
    trace: list[Step] = field(default_factory=list)
    rules: tuple[str, ...] = ()
    events: list[Event] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)
    moves: list[tuple[str, MessageState]] = field(default_factory=list)
    certainty: Certainty | None = None
    own_case: str | None = None

    # -- the judgement ----------------------------------------------------------------------

    def judgement(self) -> Judgement:
        message = self.examined.message
        aside = self._for_us()
        if aside is not None:
            return set_aside(
                message.message_id, message.digest, message, aside.cause, self.tables, self.arrival
            )
        same = self._same_content()
        if same is not None:
            self.trace.append(step("content-known", message=same))
            return self._value(None, MessageState.ABSORBED, same)
        decision = self.decide()
        self._consequences(decision)
        return self._value(decision, _STATES[name(decision)], None)

    def _value(
        self, decision: Decision | None, state: MessageState, same_as: str | None
    ) -> Judgement:
        candidates: tuple[str, ...] = ()
        missing: tuple[str, ...] = ()
        if isinstance(decision, Ask | Refer):
            candidates, missing = decision.candidates, decision.missing
        message = self.examined.message
        return Judgement(
            message_id=message.message_id,
            digest=message.digest,
            message=message,
            decision=decision,
            state=state,
            case_id=self.case.case_id,
            revision=self.case.revision,
            release=self.tables.release,
            reference_date=self.arrival.reference_date,
            candidates=candidates,
            missing=missing,
            certainty=self.certainty,
            trace=tuple(self.trace),
            rules=self.rules,
            events=tuple(self.events),
            outgoing=tuple(self.outgoing),
            same_as=same_as,
            moves=tuple(self.moves),
            own_case=self.own_case,
            violations=self.examined.verdict.rules,
        )

    def decide(self) -> Decision:
        """The one place that says what happens to a message that is for us and new."""
        return (
            self._breaks_a_fact()
            or self._unknown()
            or self._broken_schema()
            or self._contradicts_its_case()
            or self._speaks_about_ours()
            or self._of_a_forwarded_case()
            or self._out_of_turn()
            or self._competent()
        )

    # -- is it for us, and do we know it ----------------------------------------------------

    @property
    def _us(self) -> str | None:
        """Which of our own institutions takes part: the addressee, else the first receiver."""
        own = self.policy.own_institutions
        receivers = [p.id for p in self.examined.message.receivers]
        if self.arrival.addressee in own and self.arrival.addressee in receivers:
            return self.arrival.addressee
        return next((ident for ident in receivers if ident in own), None)

    @property
    def _our_role(self) -> str:
        us = self._us
        roles = [p.role.value for p in self.examined.message.receivers if p.id == us]
        return roles[0] if roles else Role.COUNTERPARTY.value

    def _for_us(self) -> SetAside | None:
        message = self.examined.message
        if "_SUC_" in message.buc:
            return SetAside("system-message")
        if self._us is None:
            return SetAside("not-ours")
        if message.test and self.policy.environment == "production":
            return SetAside("wrong-environment")
        return None

    def _same_content(self) -> str | None:
        """The first message with this content, unless it is this very one."""
        message = self.examined.message
        known = self.case.contents.get((message.set_id, message.version))
        if known is None or known.message_id == message.message_id:
            return None
        return known.message_id if known.payload_digest == message.payload_digest else None

    # -- is it whole ------------------------------------------------------------------------

    def _breaks_a_fact(self) -> Decision | None:
        message = self.examined.message
        namespace, _, root = message.root.removeprefix("{").rpartition("}")
        if root != message.sed:
            return Refuse("type-mismatch")
        if namespace != f"{_NAMESPACE}{message.cdm.replace('.', '_')}/{message.sed}":
            return Refuse("namespace-mismatch")
        if message.cdm != message.case_cdm:
            return Refuse("cdm-mismatch")
        in_its_case = message.case_id == self.case.case_id
        if in_its_case and self.case.cdm and message.case_cdm != self.case.cdm:
            return Refuse("cdm-mismatch")
        return None

    def _unknown(self) -> Decision | None:
        message, catalogue = self.examined.message, self.tables.catalogue
        if message.cdm not in catalogue.cdm_versions:
            return Refer("unknown-cdm")
        if message.buc not in catalogue.bucs:
            return Refer("unknown-buc")
        if message.sed not in catalogue.seds:
            return Refer("unknown-sed")
        if not message.is_administrative and message.sed not in catalogue.bucs[message.buc].seds:
            return Refer("sed-not-in-buc")
        return None

    def _broken_schema(self) -> Decision | None:
        found = self.examined.verdict
        if found.valid:
            return None
        if found.source == "official":
            return Refuse("schema-violation")
        if self.policy.profile_violation == "refer":
            return Refer("profile-violation")
        self.trace.append(step("profile-warning", rule=found.rules[0]))
        return None

    # -- does it belong to its case ---------------------------------------------------------

    def _contradicts_its_case(self) -> Decision | None:
        message = self.examined.message
        if message.protected:
            return Refer("protected")
        known = self.case.contents.get((message.set_id, message.version))
        if known is not None and known.message_id != message.message_id:
            return Refer("other-content")
        if self._about_somebody_else():
            return Refer("other-person")
        return None

    def _about_somebody_else(self) -> bool:
        ours = self.examined.evidence.subject
        first = next(
            (d.evidence.subject for d in self.case.documents.values() if d.evidence is not None),
            None,
        )
        if ours is None or first is None:
            return False
        return _identity(ours) != _identity(first)

    def _speaks_about_ours(self) -> Decision | None:
        """X050 and X011 say that something we sent failed; X006 and X007 that somebody left."""
        message = self.examined.message
        if message.sed in EXCEPTIONS:
            for question in self.case.open_questions:
                if message.related_set_id in {None, question.set_id}:
                    self.events.append(QuestionFailed(question.id))
            if message.sender.id == self.case.holder:
                self.events.append(Returned(message.sender.id))
                return Refer("returned", (message.sender.id,))
            return Refer("exception-received")
        if message.sed in LEAVING and message.sender.id == self.case.holder:
            self.events.append(Returned(message.sender.id))
            return Refer("returned", (message.sender.id,))
        return None

    def _of_a_forwarded_case(self) -> Decision | None:
        case, message = self.case, self.examined.message
        if case.state is not CaseState.FORWARDED or case.holder is None:
            return None
        end = case.forwarded_at
        if end is not None and message.created_at > end + self.policy.transfer_grace:
            return Refer("forwarded-late", (case.holder,))
        holder = self.tables.directory.successor_on(case.holder, self._today)
        if holder is None or not holder.id:
            return Refer("no-holder", (case.holder,))
        return Deliver(holder.id)

    def _out_of_turn(self) -> Decision | None:
        case, message = self.case, self.examined.message
        if case.state is CaseState.REFERRED:
            return Refer("case-referred")
        if not case.documents and not self._starts():
            return Refer("out-of-order")
        if not message.is_administrative or message.sed in ANSWERS:
            return None
        if message.sed == "X008" or case.state is not CaseState.ASKED:
            return Refer("x-sed")
        return Hold("question-open")

    def _starts(self) -> bool:
        message = self.examined.message
        return message.action in {CaseAction.START, CaseAction.START_FORWARD}

    # -- who is competent -------------------------------------------------------------------

    @property
    def _today(self) -> date:
        return self.arrival.decided_at.astimezone(PARIS).date()

    @property
    def _document(self) -> MessageReceived:
        """The document that the case is decided on: its first one."""
        return next(iter(self.case.documents.values()), self._received)

    @property
    def _received(self) -> MessageReceived:
        return received(
            self.examined.message,
            self._us or "",
            self._our_role,
            self.examined.media,
            self.arrival.reference_date,
            self.examined.evidence,
        )

    @property
    def _rules_of_buc(self) -> BucRules:
        return self.tables.catalogue.bucs[self._document.buc]

    def _competent(self) -> Decision:
        document = self._document
        evidence = self._evidence()
        resolution = resolve(
            Subject(
                buc=document.buc,
                sed=document.sed,
                role=document.our_role,
                evidence=evidence,
                received_on=date.fromisoformat(document.received_on),
                decided_on=self._today,
                test_ids=self.policy.environment in {"test", "acceptance"},
            ),
            self.tables,
        )
        self.trace.extend(resolution.trace)
        self.rules = resolution.rules
        return self._after(resolution, evidence)

    def _evidence(self) -> Evidence:
        """Of all documents of the case, this one at its version; an answer for what was asked."""
        message = self.examined.message
        earlier = [
            document.evidence
            for set_id, document in self.case.documents.items()
            if document.evidence is not None
            and set_id != message.set_id
            and not document.sed.startswith("X")
        ]
        own = self.examined.evidence
        asked = {datum for question in self._answered() for datum in question.missing}
        if asked & composing.ADDRESS_DATA and _has_residence(own):
            self.trace.append(step("answer-used", datum="residence"))
            earlier = [_without_residence(e) for e in earlier]
        if message.is_administrative:
            return _merged(earlier)
        return _merged([*earlier, own])

    def _answered(self) -> tuple[OpenQuestion, ...]:
        """Open questions that this message answers."""
        message = self.examined.message
        if message.sed not in ANSWERS:
            return ()
        return tuple(
            question
            for question in self.case.open_questions
            if message.case_id == question.own_case
            or message.related_set_id in {None, question.set_id}
        )

    def _after(self, resolution: Resolution, evidence: Evidence) -> Decision:
        answered = self._answered()
        for question in answered:
            self.events.append(Answered(question.id, self.examined.message.message_id))
        if isinstance(resolution, Resolved):
            self.certainty = resolution.certainty
            return self._to(resolution, evidence)
        if answered:
            cause = "answer-in-prose" if self.examined.evidence.prose else "still-missing"
            return Refer(cause, resolution.candidates, resolution.missing)
        if self.case.state is CaseState.ASKED:
            return Hold("question-open")
        return self._question(resolution, evidence)

    def _to(self, resolution: Resolved, evidence: Evidence) -> Decision:
        """One institution: every reason not to send the case there, then the transfer."""
        target = resolution.institution
        cause = self._hindrance(target, resolution.certainty, evidence)
        return Refer(cause, (target,)) if cause else Transfer(target, resolution.certainty)

    def _hindrance(self, target: str, certainty: Certainty, evidence: Evidence) -> str | None:
        checks = (
            ("own", target in self.policy.own_institutions or self._case_is_ours()),
            ("returned", target in self.case.returned_by),
            ("already-participant", self._takes_part(target)),
            ("inferred", certainty < self.policy.least_certainty),
            ("cannot-forward", not self._rules_of_buc.may_forward),
            ("no-context", not composing.speakable(evidence)),
        )
        return next((cause for cause, hinders in checks if hinders), None)

    def _case_is_ours(self) -> bool:
        return self._document.our_role == Role.CASE_OWNER.value

    def _takes_part(self, target: str) -> bool:
        """Compared by body: an institution may have several ids."""
        directory = self.tables.directory
        parties = {p.id for p in self.examined.message.parties} | self.case.participants
        known = directory.institution(target)
        bodies = {i.body for ident in parties if (i := directory.institution(ident)) is not None}
        return target in parties or (known is not None and known.body in bodies)

    def _question(self, resolution: Undetermined, evidence: Evidence) -> Decision:
        missing = tuple(d for d in resolution.missing if d in self.tables.questions)
        reason = resolution.reason if resolution.reason != "missing" else "undetermined"
        if not missing:
            return Refer(reason, resolution.candidates, resolution.missing)
        if not composing.speakable(evidence):
            return Refer("no-context", resolution.candidates, missing)
        way = self._way()
        if way is None:
            return Refer("nothing-to-ask-with", resolution.candidates, missing)
        return Ask(missing, way, resolution.candidates)

    def _way(self) -> Way | None:
        """The BUC's own way of asking (reference: ways to ask, BUC by BUC)."""
        rules, document = self._rules_of_buc, self._document
        if self.examined.message.sender.country == "FR" or self._case_is_ours():
            return None
        if document.sed in rules.x012_on:
            return Way.X012
        if rules.may_ask_by_h001:
            return Way.H001
        if rules.asks_by_p8000 or self.policy.ask_by_own_case:
            return Way.OWN_CASE
        return None

    # -- consequences -----------------------------------------------------------------------

    def _consequences(self, decision: Decision) -> None:
        message_id = self.examined.message.message_id
        self.events.insert(0, self._received)
        match decision:
            case Transfer():
                self._forward(decision)
            case Deliver():
                self._deliver((self._received,), decision.institution, None, decision)
            case Ask():
                self.events.append(Waits(message_id))
                self._ask(decision)
            case Hold():
                self.events.append(Waits(message_id))
            case Refer("out-of-order"):
                self.events.append(Waits(message_id))
            case Refer() | Leave():
                cause = decision.cause if isinstance(decision, Refer) else "already-participant"
                self.events.append(Referred(message_id, cause))
            case Refuse() | SetAside():
                pass

    def _letterhead(self) -> composing.Letterhead:
        document, message = self._document, self.examined.message
        directory = self.tables.directory
        us = directory.institution(document.us)
        participants = self.case.participants | set(document.parties)
        others = tuple(
            (ident, (Role.CASE_OWNER if ident == document.owner else Role.COUNTERPARTY).value)
            for ident in (*document.parties, *sorted(participants - set(document.parties)))
            if ident != document.us and ident not in self.policy.own_institutions
        )
        return composing.Letterhead(
            cause=message.message_id,
            us=document.us,
            us_name=us.name if us is not None else document.us,
            our_role=document.our_role,
            case_id=self.case.case_id,
            buc=document.buc,
            cdm=document.cdm,
            others=others,
            at=self.arrival.decided_at,
            protected=message.protected,
            test=message.test,
        )

    def _forward(self, decision: Transfer) -> None:
        institution = self.tables.directory.institution(decision.institution)
        title = institution.name if institution is not None else decision.institution
        copies = composing.forward(
            self._letterhead(), self._evidence_silently(), decision.institution, title
        )
        self.outgoing.extend(copies)
        theirs = next(c for c in copies if c.receiver == decision.institution)
        set_id = new_id(self.examined.message.message_id, decision.institution, "x007-document")
        self.events.append(Forwarded(decision.institution, theirs.message_id, set_id))
        earlier = [e for m in self.case.waiting if (e := self.case.received(m)) is not None]
        self.moves.extend((e.message_id, MessageState.RECORDED) for e in earlier)
        self._deliver(
            (*earlier, self._received), decision.institution, theirs.message_id, decision
        )

    def _evidence_silently(self) -> Evidence:
        """The merged evidence again, without a second line in the trace."""
        kept = list(self.trace)
        try:
            return self._evidence()
        finally:
            self.trace[:] = kept

    def _deliver(
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
                    self._sidecar(event, institution, decision),
                    after=after,
                    notice=institution in self.policy.notice_only,
                )
            )

    def _sidecar(
        self, event: MessageReceived, institution: str, decision: Decision
    ) -> dict[str, Any]:
        """What the receiver learns beside the bytes: codes and ids, in stable names."""
        x007 = next((e.x007 for e in self.events if isinstance(e, Forwarded)), self.case.x007)
        return {
            "format": "eessi-gateway/hand-over/1",
            "instance": self.policy.instance,
            "environment": self.policy.environment,
            "institution": institution,
            "decision": name(decision),
            "certainty": self.certainty.code if self.certainty is not None else None,
            "message_id": event.message_id,
            "case_id": self.case.case_id,
            "buc": event.buc,
            "sed": event.sed,
            "set_id": event.set_id,
            "document_version": event.version,
            "sha256": event.body,
            "x007_message_id": x007,
            "received_on": event.received_on,
            "decided_at": self.arrival.decided_at.isoformat(),
            "release": self.tables.release,
            "rules": list(self.rules),
            "trace": [{"code": s.code, "params": dict(s.params)} for s in self.trace],
        }

    def _ask(self, decision: Ask) -> None:
        head, evidence = self._letterhead(), self._evidence_silently()
        about, asked = self._document, self.examined.message.sender.id
        texts = [self.tables.questions[datum] for datum in decision.missing]
        match decision.way:
            case Way.X012:
                question = composing.clarification(head, evidence, texts, about, asked)
            case Way.H001:
                question = composing.request(head, evidence, texts, decision.missing, asked)
            case Way.OWN_CASE:
                head = self._own_case(head, asked)
                question = composing.request(
                    head,
                    evidence,
                    texts,
                    decision.missing,
                    asked,
                    reference=f"{self.case.case_id} {about.buc}:",
                )
        self.outgoing.append(question)
        set_id = new_id(head.cause, asked, f"{question.kind.value}-document")
        self.events.append(
            Asked(
                question.message_id,
                decision.way.value,
                decision.missing,
                set_id,
                about.set_id,
                self.own_case,
            )
        )

    def _own_case(self, head: composing.Letterhead, asked: str) -> composing.Letterhead:
        self.own_case = new_id(self.case.case_id, asked, "own-case")
        return composing.Letterhead(
            cause=head.cause,
            us=head.us,
            us_name=head.us_name,
            our_role=Role.CASE_OWNER.value,
            case_id=self.own_case,
            buc=composing.OWN_CASE_BUC,
            cdm=head.cdm,
            others=((asked, Role.COUNTERPARTY.value),),
            at=head.at,
            test=head.test,
        )


# -- evidence of several documents --------------------------------------------------------------


def _identity(person: Any) -> tuple[str, str, date]:
    return (person.family_name.casefold(), person.forename.casefold(), person.date_birth)


def _has_residence(evidence: Evidence) -> bool:
    return any(a.kind is AddressKind.RESIDENCE for a in evidence.addresses)


def _without_residence(evidence: Evidence) -> Evidence:
    return _with_addresses(
        evidence, (a for a in evidence.addresses if a.kind is not AddressKind.RESIDENCE)
    )


def _with_addresses(evidence: Evidence, addresses: Iterable[Any]) -> Evidence:
    return Evidence(
        subject=evidence.subject,
        subject_about=evidence.subject_about,
        employer=evidence.employer,
        addresses=tuple(addresses),
        pins=evidence.pins,
        named=evidence.named,
        populations=evidence.populations,
        prose=evidence.prose,
    )


def _merged(parts: Sequence[Evidence]) -> Evidence:
    """All facts together; the subject is that of the first document that has one."""
    if len(parts) == 1:
        return parts[0]
    first = next((e for e in parts if e.subject is not None), parts[0] if parts else Evidence())
    return Evidence(
        subject=first.subject,
        subject_about=first.subject_about,
        employer=next((e.employer for e in parts if e.employer is not None), None),
        addresses=tuple(dict.fromkeys(a for e in parts for a in e.addresses)),
        pins=tuple(dict.fromkeys(p for e in parts for p in e.pins)),
        named=tuple(dict.fromkeys(n for e in parts for n in e.named)),
        populations=frozenset(p for e in parts for p in e.populations),
        prose=any(e.prose for e in parts),
    )


def state_after(case: Case, judgement: Judgement) -> Case:
    """The case as it is once the judgement is recorded."""
    return fold(case, judgement.events)
