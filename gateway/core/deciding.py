"""The order of the questions: what happens to a message that is for us, and why.

Is it for us, is it whole, do we know it, does it belong to its case, who is competent (design 3).
The answer is a decision; what follows from it is in `consequences`.
"""

from dataclasses import dataclass, field, replace
from typing import Final, assert_never

from gateway.core import asking, composing, correspondence, elsewhere
from gateway.core.administrative import LEAVING
from gateway.core.buc_rules import against_the_buc
from gateway.core.case import BEFORE_GO_LIVE, NOT_STARTED, Question, fold
from gateway.core.case_evidence import Heard, claimant_of, evidence_of
from gateway.core.cdm_versions import out_of_its_time
from gateway.core.competence import competent, missing
from gateway.core.decision import (
    Decision,
    Hold,
    Leave,
    Refer,
    Refuse,
    Transfer,
)
from gateway.core.events import (
    Answered,
    Event,
    PassedOn,
    Promised,
    QuestionFailed,
    Returned,
    Withdrawn,
)
from gateway.core.evidence import CLAIMANT_RESIDENCE, Evidence, identity
from gateway.core.matter import PARIS, STARTS, Matter
from gateway.core.message import CaseAction
from gateway.core.resolution import (
    Own,
    Resolution,
    Resolved,
    Several,
    Undetermined,
)
from gateway.core.states import CaseState
from gateway.core.trace import Step, step
from ir_directory import Certainty

EXCEPTIONS: Final = frozenset({"X050", "X011"})
ANSWERS: Final = frozenset({"H002", "P9000", "X010", "X013"})
_WITH_A_PERSON: Final = frozenset({CaseState.REFERRED, CaseState.TAKEN})
_NAMESPACE: Final = "http://ec.europa.eu/eessi/ns/"


def set_aside_cause(matter: Matter) -> str | None:
    """Why the message is not for us, or not for this environment."""
    message = matter.message
    if "_SUC_" in message.buc:
        return "system-message"
    if matter.us is None:
        return "wrong-direction" if matter.arrival.by_hand else "not-ours"
    if message.test and matter.policy.environment == "production":
        return "wrong-environment"
    return None


def same_content(matter: Matter) -> str | None:
    """The first message with this content, unless it is this very one.

    One that is the first to say that the person is protected is not the same.
    """
    message = matter.message
    if message.protected and not matter.case.protected:
        return None
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
        self._warn()
        return (
            self._breaks_a_fact()
            or self._unknown()
            or self._broken_schema()
            or self._contradicts_its_case()
            or self._begun_before_us()
            or self._speaks_about_the_case()
            or self._in_a_persons_hands()
            or self._speaks_about_ours()
            or self._somebody_else_has_it()
            or self._out_of_turn()
            or self._on_what_was_erased()
            or self._competent()
        )

    def _warn(self) -> None:
        """What is unusual about the message, held against nobody."""
        message = self.matter.message
        self.trace.extend(self.matter.examined.unusual)
        if message.action is CaseAction.START:
            began = message.created_at.astimezone(PARIS).date()
            odd = out_of_its_time(self.matter.policy.activation, message.case_cdm, began)
            self.trace.extend((odd,) if odd is not None else ())

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
        rules = catalogue.bucs[message.buc]
        self.trace.extend(against_the_buc(rules, message))
        if not message.is_administrative and message.sed not in rules.seds:
            return Refer("sed-not-in-buc")
        return None

    def _broken_schema(self) -> Decision | None:
        found = self.matter.examined.verdict
        if found.valid:
            return None
        refers = self.matter.policy.profile_violation == "refer"
        if found.source != "official" and not refers:
            self.trace.append(step("profile-warning", rule=found.rules[0]))
            return None
        source = found.source or "profile"  # an envelope without a SED schema is ours too
        self.trace.append(step("schema-broken", source=source, rule=found.rules[0]))
        return Refuse("schema-violation") if source == "official" else Refer("profile-violation")

    # -- does it belong to its case ---------------------------------------------------------

    def _contradicts_its_case(self) -> Decision | None:
        message, case = self.matter.message, self.matter.case
        if message.protected or case.protected:
            if not self._is_a_stranger(message.sender.id):
                self._settle_questions()
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
        """True for who is in no header of the case so far, or changes another one's document.

        Whose message is part of the case took part when it came, whoever has left since.
        """
        case = self.matter.case
        if self.matter.known:
            return False
        document = case.documents.get(self.matter.message.set_id)
        if document is not None and not self.matter.same_body(sender, document.parties[0]):
            return True
        joined = self.matter.examined.says.joined
        if self._forwarder_unknown() and any(map(self.matter.is_ours, joined)):
            return False  # whoever forwarded the case to us is in no later header of it
        parties = case.participants
        return bool(parties) and not any(self.matter.same_body(sender, p) for p in parties)

    def _about_somebody_else(self) -> bool:
        """Another one than the case is about, but for a claimant of whom we asked."""
        ours = identity(self.matter.examined.evidence.subject)
        parts = [
            document.evidence
            for document in self.matter.case.documents.values()
            if document.evidence is not None
        ]
        first = next((part.subject for part in parts if part.subject is not None), None)
        known = {identity(first)}
        if any(CLAIMANT_RESIDENCE in question.missing for question in self._answered()):
            known.add(identity(claimant_of(parts)))
        return bool(ours) and first is not None and ours not in known

    def _speaks_about_the_case(self) -> Decision | None:
        """What an X SED says is believed before anything else is decided."""
        message, says = self.matter.message, self.matter.examined.says
        if says.withdraws and not self._withdraws_his_own():
            return Refer("stranger")
        if not self.matter.known:
            events = says.events(message.related_set_id, message.sender.id)
            here = self.matter.in_its_case  # what an answer is, it is in a case of our own, too
            self.believe(tuple(e for e in events if here or isinstance(e, Withdrawn)))
        if says.closes and self.matter.case.holder is None:
            return Refer("closed") if self.matter.in_its_case else None
        if self.matter.case.holder is not None or self.matter.case.state in _WITH_A_PERSON:
            return None
        if any(self.matter.is_ours(gone) for gone in says.left):
            return Refer("removed")
        starter = self.matter.starter
        if starter is not None and starter.parties[0] in says.left:
            return Refer("sender-left")
        return None

    def _begun_before_us(self) -> Decision | None:
        """A follow-up of a case that began before the gateway did; a person has it in RINA."""
        matter, case = self.matter, self.matter.case
        if case.holder is not None or not matter.in_its_case:
            return None
        first_day = matter.policy.go_live
        written = matter.message.created_at.astimezone(PARIS).date()
        older = first_day is not None and written < first_day and not matter.started
        if not case.imported and not older:
            return None
        says, message = matter.examined.says, matter.message
        if not matter.known and self._is_the_author(message.related_set_id):
            self.believe(says.events(message.related_set_id, message.sender.id))
        return Refer(BEFORE_GO_LIVE)

    def _in_a_persons_hands(self) -> Decision | None:
        """A person has taken the case; what answers us is looked at when he gives it back."""
        return Refer("taken") if self.matter.case.state is CaseState.TAKEN else None

    def _withdraws_his_own(self) -> bool:
        return self._is_the_author(self.matter.message.related_set_id)

    def _is_the_author(self, set_id: str | None) -> bool:
        """Whether the sender sent that document; one that has not come yet may be his."""
        document = self.matter.case.documents.get(set_id or "")
        sender = self.matter.message.sender.id
        return document is None or self.matter.same_body(sender, document.parties[0])

    def believe(self, events: tuple[Event, ...]) -> None:
        """From here on the case is looked at as these events leave it."""
        if events:
            self.events.extend(events)
            case = self.matter.case
            changed = replace(fold(case, events), revision=case.revision)
            self.matter = replace(self.matter, case=changed)

    def _speaks_about_ours(self) -> Decision | None:
        """X050 and X011 say that something we sent failed; the holder may give the case back."""
        message, case, says = self.matter.message, self.matter.case, self.matter.examined.says
        if says.promises:
            until = says.promised_until.isoformat() if says.promised_until is not None else None
            named = self._named(case.open_questions)
            self.events.extend(Promised(q.id, message.message_id, until) for q in named)
        self._settle_questions()
        new = self._passed_on_to()
        if new is not None:
            self.believe((PassedOn(new, case.holder or ""),))
        elif message.sed in EXCEPTIONS | LEAVING and self._is_the_holder(message.sender.id):
            self.events.append(Returned(case.holder or ""))
            return Refer("returned", (case.holder or "",))
        return Refer("exception-received") if message.sed in EXCEPTIONS else None

    def _settle_questions(self) -> None:
        """What the message answers, or says has failed, waits no longer."""
        message, open_ = self.matter.message, self.matter.case.open_questions
        self.events.extend(Answered(q.id, message.message_id) for q in self._answered())
        if message.sed in EXCEPTIONS:
            self.events.extend(QuestionFailed(q.id) for q in self._named(open_))

    def _passed_on_to(self) -> str | None:
        """The one institution in France, not ourselves, to which the holder forwards the case."""
        message, joined = self.matter.message, self.matter.examined.says.joined
        if message.sed != "X007" or not self._is_the_holder(message.sender.id) or len(joined) != 1:
            return None
        directory, today = self.matter.tables.directory, self.matter.arrival.today
        known = directory.known(joined[0], today)
        if known is None or self.matter.is_ours(known.id) or not known.id.startswith("FR:"):
            return None
        return known.id if known.test == self.matter.policy.test_ids else None

    def _is_the_holder(self, sender: str) -> bool:
        holder = self.matter.case.holder
        return holder is not None and self.matter.same_body(sender, holder)

    def _answered(self) -> tuple[Question, ...]:
        """Open questions that this message answers; a promise to answer is none.

        Nobody needs an answer about a SED that its sender withdraws.
        """
        matter = self.matter
        if matter.examined.says.withdraws:
            undone = matter.message.related_set_id if self._withdraws_his_own() else None
            return tuple(q for q in matter.case.open_questions if q.about_set_id == undone)
        if matter.message.sed not in ANSWERS or matter.examined.says.promises:
            return ()
        return self._named(matter.case.open_questions)

    def _asks_back(self) -> bool:
        """Whether whoever we asked wants to know what is meant: nobody but a person can say.

        By X012 on the question, or by another one in the case that we asked in. Said once: a person
        who gives the case back has seen to it.
        """
        matter, message = self.matter, self.matter.message
        if matter.known or message.sed not in {"X012", "H001"}:
            return False
        if not matter.in_its_case:
            return True
        on_a_document = message.sed == "X012" and message.related_set_id is not None
        return on_a_document and bool(self._named(matter.case.open_questions))

    def _named(self, questions: tuple[Question, ...]) -> tuple[Question, ...]:
        """Those that the message names, or may mean when it names none."""
        message = self.matter.message
        return tuple(
            question
            for question in questions
            if message.case_id == question.own_case
            or message.related_set_id in {None, question.set_id}
            or message.related_set_id in correspondence.reminded_by(question)
        )

    def _somebody_else_has_it(self) -> Decision | None:
        passed_on = any(isinstance(event, PassedOn) for event in self.events)
        return elsewhere.decide(self.matter, self.trace, passed_on=passed_on)

    def _out_of_turn(self) -> Decision | None:
        """In a case that a person has, or before the SED that starts the case."""
        matter = self.matter
        if matter.case.state is CaseState.REFERRED:
            return Refer("case-referred")
        if matter.started:
            return self._until_it_is_known_who_forwarded_it()
        begun = any(e.action in STARTS for e in (*matter.case.contents.values(), matter.received))
        return Refer("withdrawn") if begun else Hold(NOT_STARTED)

    def _until_it_is_known_who_forwarded_it(self) -> Decision | None:
        """A forwarded case waits for the X SED that names us: it must not go back to who had it.

        They come from two senders, so either may be the first.
        """
        if not self._forwarder_unknown():
            return None
        self.trace.append(step("forwarder-unknown"))
        return Hold(NOT_STARTED)

    def _forwarder_unknown(self) -> bool:
        """Whether the case came to us from another one, and nothing has said yet from whom."""
        matter = self.matter
        forwarded = matter.document.action == CaseAction.START_FORWARD.value
        return forwarded and not any(map(matter.is_ours, matter.case.joined))

    def _on_what_was_erased(self) -> Decision | None:
        """What speaks against the answer may be what is gone: half of a case decides nothing."""
        return Refer("erased") if self.matter.case.erased else None

    # -- who is competent -------------------------------------------------------------------

    def _competent(self) -> Decision:
        document = self.matter.document
        asked = frozenset(datum for question in self._answered() for datum in question.missing)
        heard = evidence_of(self.matter, asked)
        self.evidence = heard.evidence
        resolution = competent(self.matter, document, heard.evidence, self.matter.arrival.today)
        told = self._told(heard) - missing(resolution)
        used = {heard.used} if heard.used is not None else set()
        self.trace.extend(step("answer-used", datum=datum) for datum in sorted(told | used))
        self.trace.extend(resolution.trace)
        self.rules = resolution.rules
        answered = self._answers_by(told)
        self.events.extend(Answered(q.id, self.matter.message.message_id) for q in answered)
        return self._after(resolution, told)

    def _told(self, heard: Heard) -> frozenset[str]:
        """What this message tells of the data that were asked for before it came."""
        message = self.matter.message.message_id
        asked = (q.missing for q in self.matter.case.open_questions if message not in q.known)
        return heard.told(frozenset().union(*asked))

    def _answers_by(self, told: frozenset[str]) -> tuple[Question, ...]:
        """Open questions that it answers by what it tells, though it is no reply to them."""
        if self.matter.message.sed in ANSWERS:  # one to something else
            return ()
        questions = self.matter.case.open_questions
        return tuple(q for q in questions if not told.isdisjoint(q.missing))

    def _after(self, resolution: Resolution, told: frozenset[str]) -> Decision:
        match resolution:
            case Resolved():
                return self._resolved(resolution)
            case Own():
                self.certainty = resolution.certainty
                return Refer("own", (resolution.institution,))
            case Several():
                return Refer("several", resolution.candidates)
            case Undetermined():
                return self._undetermined(resolution, told)
            case _:
                assert_never(resolution)

    def _resolved(self, resolution: Resolved) -> Decision:
        self.certainty = resolution.certainty
        target = resolution.institution
        cause = self._hindrance(target, resolution.certainty)
        if cause == "already-participant" and self._may_leave_to(target):
            return Leave(target)
        if cause is not None:
            return Refer(cause, (target,))
        return Transfer(target, resolution.certainty, resolution.accepted)

    def _undetermined(self, resolution: Undetermined, told: frozenset[str]) -> Decision:
        replied = self._answered()
        if replied and self.matter.examined.evidence.prose:
            return Refer("answer-in-prose", resolution.candidates, resolution.missing)
        if self._asks_back():
            return Refer("asked-back", resolution.candidates, resolution.missing)
        answered = (*replied, *self._answers_by(told))
        stay = [q for q in self.matter.case.open_questions if q not in answered]
        if stay and not replied:
            return Hold("question-open")
        # a rest is asked for once more where the answer told something, else a person sees it
        in_part = (q.missing for q in answered if not told.isdisjoint(q.missing))
        rest = frozenset().union(*in_part).difference(*(q.missing for q in stay))
        return asking.question(
            self.matter, self.evidence, resolution, rest, answered=bool(answered)
        )

    def _may_leave_to(self, target: str) -> bool:
        """Where we can tell why; elsewhere a person finds the way.

        One that takes part as what it was before a merger may not be reached there any more.
        """
        matter = self.matter
        by_its_name = any(matter.same_body(target, party) for party in self._parties())
        wanted = by_its_name and matter.policy.leaves(matter.rules_of_buc.code)
        return wanted and correspondence.may_take_leave(matter, matter.document)

    def _hindrance(self, target: str, certainty: Certainty) -> str | None:
        """Every reason not to send the case to the one competent institution."""
        matter = self.matter
        rules = matter.rules_of_buc
        checks = (
            ("own", matter.case_is_ours),
            ("returned", any(self._is_or_became(target, b) for b in matter.case.returned_by)),
            ("several", self._of_several(bulk=rules.bulk)),
            ("inferred", certainty < matter.policy.least_certainty),
            ("no-context", not composing.speakable(self.evidence)),
            ("already-participant", any(self._is_or_became(target, p) for p in self._parties())),
            ("cannot-forward", not rules.we_may_send("X007")),
        )
        return next((cause for cause, hinders in checks if hinders), None)

    def _of_several(self, *, bulk: bool) -> bool:
        return self.evidence.claimed_apart or (self.evidence.several and not bulk)

    def _parties(self) -> frozenset[str]:
        case = self.matter.case
        return frozenset(p.id for p in self.matter.message.parties) - case.left | case.participants

    def _is_or_became(self, target: str, party: str) -> bool:
        """Whether a party is the institution, or has merged into it by the day of the decision."""
        matter = self.matter
        now = matter.tables.directory.successor_on(party, matter.arrival.today)
        merged = now is not None and matter.same_body(target, now.id)
        return merged or matter.same_body(target, party)
