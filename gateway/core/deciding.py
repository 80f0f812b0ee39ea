"""The order of the questions: what happens to a message that is for us, and why.

Is it for us, is it whole, do we know it, does it belong to its case, who is competent (design 3).
The answer is a decision; what follows from it is in `consequences`.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from gateway.core import composing
from gateway.core.case import Answered, Event, OpenQuestion, QuestionFailed, Returned
from gateway.core.case_evidence import evidence_of
from gateway.core.decision import (
    Ask,
    Decision,
    Deliver,
    Hold,
    Refer,
    Refuse,
    Transfer,
    Way,
)
from gateway.core.evidence import Evidence, identity
from gateway.core.matter import Matter
from gateway.core.resolution import Resolution, Resolved, Undetermined, resolve
from gateway.core.states import CaseState
from gateway.core.subject import Subject
from gateway.core.trace import Step, step
from ir_directory import Certainty

EXCEPTIONS: Final = frozenset({"X050", "X011"})
LEAVING: Final = frozenset({"X006", "X007", "X100"})
ANSWERS: Final = frozenset({"H002", "X010", "X013"})
_NAMESPACE: Final = "http://ec.europa.eu/eessi/ns/"


def set_aside_cause(matter: Matter) -> str | None:
    """Why the message is not for us, or not for this environment."""
    message = matter.message
    if "_SUC_" in message.buc:
        return "system-message"
    if matter.us is None:
        return "not-ours"
    if message.test and matter.policy.environment == "production":
        return "wrong-environment"
    return None


def same_content(matter: Matter) -> str | None:
    """The first message with this content, unless it is this very one."""
    message = matter.message
    known = matter.case.contents.get((message.set_id, message.version))
    if known is None or known.message_id == message.message_id:
        return None
    return known.message_id if known.payload_digest == message.payload_digest else None


@dataclass(slots=True)
class Deciding:
    """One decision under way; reasons and facts about the case gather here."""

    matter: Matter
    trace: list[Step] = field(default_factory=list)
    rules: tuple[str, ...] = ()
    events: list[Event] = field(default_factory=list)
    """What the message says about our questions and about who has the case."""
    certainty: Certainty | None = None
    evidence: Evidence = field(default_factory=Evidence)
    """What the case was resolved on."""

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

    # -- is it whole, and do we know it -----------------------------------------------------

    def _breaks_a_fact(self) -> Decision | None:
        message, case = self.matter.message, self.matter.case
        namespace, _, root = message.root.removeprefix("{").rpartition("}")
        if root != message.sed:
            return Refuse("type-mismatch")
        if namespace != f"{_NAMESPACE}{message.cdm.replace('.', '_')}/{message.sed}":
            return Refuse("namespace-mismatch")
        of_case = case.cdm if self.matter.in_its_case and case.cdm else message.case_cdm
        if len({message.cdm, message.case_cdm, of_case}) > 1:
            return Refuse("cdm-mismatch")
        return None

    def _unknown(self) -> Decision | None:
        message, catalogue = self.matter.message, self.matter.tables.catalogue
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
        found = self.matter.examined.verdict
        if found.valid:
            return None
        if found.source == "official":
            return Refuse("schema-violation")
        if self.matter.policy.profile_violation == "refer":
            return Refer("profile-violation")
        self.trace.append(step("profile-warning", rule=found.rules[0]))
        return None

    # -- does it belong to its case ---------------------------------------------------------

    def _contradicts_its_case(self) -> Decision | None:
        message, case = self.matter.message, self.matter.case
        if message.protected:
            return Refer("protected")
        if message.sender.id in self.matter.policy.own_institutions:
            return Refer("own")
        if self._is_a_stranger(message.sender.id):
            return Refer("stranger")
        known = case.contents.get((message.set_id, message.version))
        if known is not None and known.message_id != message.message_id:
            return Refer("other-content")
        if self.matter.in_its_case and case.buc and message.buc != case.buc:
            return Refer("conflict")
        return Refer("other-person") if self._about_somebody_else() else None

    def _is_a_stranger(self, sender: str) -> bool:
        """True for who is in no header of the case so far, or changes another one's document."""
        case = self.matter.case
        document = case.documents.get(self.matter.message.set_id)
        if document is not None and not self.matter.same_body(sender, document.parties[0]):
            return True
        parties = case.participants
        return bool(parties) and not any(self.matter.same_body(sender, p) for p in parties)

    def _about_somebody_else(self) -> bool:
        ours = self.matter.examined.evidence.subject
        subjects = (
            document.evidence.subject
            for document in self.matter.case.documents.values()
            if document.evidence is not None and document.evidence.subject is not None
        )
        first = next(subjects, None)
        return ours is not None and first is not None and identity(ours) != identity(first)

    def _speaks_about_ours(self) -> Decision | None:
        """X050 and X011 say that something we sent failed; X006, X007, X100 that somebody left."""
        message, case = self.matter.message, self.matter.case
        for question in self._answered():
            self.events.append(Answered(question.id, message.message_id))
        if message.sed not in EXCEPTIONS | LEAVING:
            return None
        if message.sed in EXCEPTIONS:
            self.events.extend(QuestionFailed(q.id) for q in self._named(case.open_questions))
        if case.holder is not None and self.matter.same_body(message.sender.id, case.holder):
            self.events.append(Returned(case.holder))
            return Refer("returned", (case.holder,))
        return Refer("exception-received" if message.sed in EXCEPTIONS else "x-sed")

    def _answered(self) -> tuple[OpenQuestion, ...]:
        """Open questions that this message answers."""
        if self.matter.message.sed not in ANSWERS:
            return ()
        return self._named(self.matter.case.open_questions)

    def _named(self, questions: tuple[OpenQuestion, ...]) -> tuple[OpenQuestion, ...]:
        """Those that the message names, or may mean when it names none."""
        message = self.matter.message
        return tuple(
            question
            for question in questions
            if message.case_id == question.own_case
            or message.related_set_id in {None, question.set_id}
        )

    def _of_a_forwarded_case(self) -> Decision | None:
        case, message = self.matter.case, self.matter.message
        if case.state is not CaseState.FORWARDED or case.holder is None:
            return None
        end = case.forwarded_at
        late = end is not None and message.created_at > end + self.matter.policy.transfer_grace
        if late and self.matter.in_its_case:  # the answer in a case of our own reaches nobody else
            return Refer("forwarded-late", (case.holder,))
        directory, today = self.matter.tables.directory, self.matter.arrival.today
        holder = directory.successor_on(case.holder, today)
        if holder is None or not holder.id:
            return Refer("no-holder", (case.holder,))
        return Deliver(holder.id)

    def _out_of_turn(self) -> Decision | None:
        """A SED before the one that starts its case, or in a case that a person has."""
        matter = self.matter
        if matter.case.state is CaseState.REFERRED:
            return Refer("case-referred")
        if matter.message.is_administrative and not self._answered():
            return Refer("x-sed")
        return None if matter.started else Refer("out-of-order")

    # -- who is competent -------------------------------------------------------------------

    def _competent(self) -> Decision:
        document = self.matter.document
        asked = frozenset(datum for question in self._answered() for datum in question.missing)
        self.evidence, used = evidence_of(self.matter, asked)
        if used is not None:
            self.trace.append(step("answer-used", datum=used))
        resolution = resolve(
            Subject(
                buc=document.buc,
                sed=document.sed,
                role=document.our_role,
                evidence=self.evidence,
                received_on=date.fromisoformat(document.received_on),
                decided_on=self.matter.arrival.today,
                test_ids=self.matter.policy.environment in {"test", "acceptance"},
            ),
            self.matter.tables,
        )
        self.trace.extend(resolution.trace)
        self.rules = resolution.rules
        return self._after(resolution)

    def _after(self, resolution: Resolution) -> Decision:
        if isinstance(resolution, Resolved):
            self.certainty = resolution.certainty
            target = resolution.institution
            cause = self._hindrance(target, resolution.certainty)
            return Refer(cause, (target,)) if cause else Transfer(target, resolution.certainty)
        if self._answered():
            cause = "answer-in-prose" if self.matter.examined.evidence.prose else "still-missing"
            return Refer(cause, resolution.candidates, resolution.missing)
        if self.matter.case.open_questions:
            return Hold("question-open")
        return self._question(resolution)

    def _hindrance(self, target: str, certainty: Certainty) -> str | None:
        """Every reason not to send the case to the one competent institution."""
        matter = self.matter
        rules = matter.rules_of_buc
        ours = any(matter.same_body(target, own) for own in matter.policy.own_institutions)
        checks = (
            ("own", ours or matter.case_is_ours),
            ("returned", any(matter.same_body(target, b) for b in matter.case.returned_by)),
            ("already-participant", self._takes_part(target)),
            ("several", self.evidence.several and not rules.bulk),
            ("inferred", certainty < matter.policy.least_certainty),
            ("cannot-forward", not rules.may_forward),
            ("no-context", not composing.speakable(self.evidence)),
        )
        return next((cause for cause, hinders in checks if hinders), None)

    def _takes_part(self, target: str) -> bool:
        parties = {p.id for p in self.matter.message.parties} | self.matter.case.participants
        return any(self.matter.same_body(target, party) for party in parties)

    def _question(self, resolution: Undetermined) -> Decision:
        missing = tuple(d for d in resolution.missing if d in self.matter.tables.questions)
        reason = resolution.reason if resolution.reason != "missing" else "undetermined"
        if self.evidence.several:
            return Refer("several", resolution.candidates, resolution.missing)
        if not missing:
            return Refer(reason, resolution.candidates, resolution.missing)
        if not composing.speakable(self.evidence):
            return Refer("no-context", resolution.candidates, missing)
        way = self._way()
        sayable = self._sayable(way, missing)
        if way is None or not sayable:
            return Refer("nothing-to-ask-with", resolution.candidates, missing)
        return Ask(sayable, way, resolution.candidates)

    def _way(self) -> Way | None:
        """The BUC's own way of asking (reference: ways to ask, BUC by BUC)."""
        rules, document = self.matter.rules_of_buc, self.matter.document
        if document.parties[0].startswith("FR:") or self.matter.case_is_ours:
            return None
        if document.sed in rules.x012_on:
            return Way.X012
        if rules.may_ask_by_h001:
            return Way.H001
        if rules.asks_by_p8000 or self.matter.policy.ask_by_own_case:
            return Way.OWN_CASE
        return None

    def _sayable(self, way: Way | None, missing: tuple[str, ...]) -> tuple[str, ...]:
        """As many data as the question has room for: no more is said to have been asked."""
        if way is Way.X012:
            return missing
        reference = self.matter.case.case_id if way is Way.OWN_CASE else ""
        texts = [self.matter.tables.questions[datum] for datum in missing]
        reference = composing.case_reference(reference, self.matter.document.buc)
        return missing[: composing.room(texts, reference)]
