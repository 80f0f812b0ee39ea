"""What lies on the table when one message is judged: message, case, tables, policy, moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from gateway.core.administrative import NOTHING, Administrative
from gateway.core.case import Case
from gateway.core.events import MessageReceived, received
from gateway.core.evidence import Evidence
from gateway.core.leaving import Leaving, Mode
from gateway.core.message import BusinessMessage, CaseAction, Role
from gateway.core.tables import Tables
from gateway.core.trace import Step
from gateway.core.validation import Verdict
from ir_directory import Certainty
from sed_schemas import BucRules

PARIS: Final = ZoneInfo("Europe/Paris")
STARTS: Final = frozenset({CaseAction.START.value, CaseAction.START_FORWARD.value})


@dataclass(frozen=True, slots=True)
class Policy:
    """What the installation has decided beforehand (`gateway.config`)."""

    instance: str
    environment: str
    own_institutions: tuple[str, ...]
    least_certainty: Certainty
    accepted_rules: frozenset[str] = frozenset()
    """Rules that count as likely where the table says inferred."""
    profile_violation: str = "refer"
    ask_by_own_case: bool = False
    pension_template: str | None = None
    """What a P8000 is made from; None: an own case asks where P8000 would."""
    transfer_grace: timedelta = timedelta(hours=24)
    hand_over: str = "copy"
    """`copy` (bytes and sidecar) or `notice` (the sidecar alone)."""
    hand_over_by_institution: Mapping[str, str] = field(default_factory=dict)
    """The same for single institutions."""

    assumed_general: bool = True
    """Rows that assume the general scheme decide; else the scheme is asked for."""
    assumed_general_by_buc: Mapping[str, bool] = field(default_factory=dict)
    """The same for single BUCs."""
    already_participant: str = "leave"
    """`leave` or `refer`, when the competent institution takes part in the case already."""
    already_participant_by_buc: Mapping[str, str] = field(default_factory=dict)
    """The same for single BUCs."""
    excepts: bool = False
    """We send X050 ourselves: there is no RINA beside us that does."""
    valid_nir: str = "ask"
    """`ask` abroad, or `refer` to who may look in the national registers, with a NIR at hand."""
    activation: Mapping[str, date] = field(default_factory=dict)
    """From which day on new cases begin in which CDM version; empty where nobody said."""
    leaving: Leaving = field(default_factory=Leaving)
    """Whether what is written leaves by itself; a case asks its `Situation`."""
    accepted: frozenset[str] = frozenset()
    """Digests of releases that are examples, and that a person has accepted all the same."""
    hold: timedelta = timedelta(hours=24)
    """How long a message waits for what must come before it, until a person is told."""
    go_live: date | None = None
    """The first day of the gateway: cases may have begun before it; None: nobody said."""

    @property
    def test_ids(self) -> bool:
        """Whether the institutions of this environment are those of the tests."""
        return self.environment in {"test", "acceptance"}

    def waits_for(self, tables: Tables) -> bool:
        """True while a person is to accept the tables: in production an example moves nothing."""
        real = self.environment == "production"
        return real and tables.example and tables.digest not in self.accepted

    def assumes(self, buc: str) -> bool:
        """True where the general scheme is assumed when nothing tells another one."""
        return self.assumed_general_by_buc.get(buc, self.assumed_general)

    def leaves(self, buc: str) -> bool:
        """True where we step back from a case that the competent institution takes part in."""
        return self.already_participant_by_buc.get(buc, self.already_participant) == "leave"

    def notice_only(self, institution: str) -> bool:
        """True for an institution that gets the sidecar alone."""
        return self.hand_over_by_institution.get(institution, self.hand_over) == "notice"


@dataclass(frozen=True, slots=True)
class Arrival:
    """When and how a message came, and when it is judged."""

    received_at: datetime
    decided_at: datetime
    addressee: str | None = None
    attempt: int = 0
    by_hand: bool = False
    """We sent it ourselves, by hand, in RINA."""

    @property
    def reference_date(self) -> date:
        """The day of receipt in Europe/Paris: rows valid on it decide."""
        return self.received_at.astimezone(PARIS).date()

    @property
    def today(self) -> date:
        """The day of the decision in Europe/Paris: the target must exist on it."""
        return self.decided_at.astimezone(PARIS).date()


@dataclass(frozen=True, slots=True)
class Examined:
    """What the bytes alone tell."""

    message: BusinessMessage
    evidence: Evidence
    verdict: Verdict
    media: str
    """`xml` or `mime`."""
    says: Administrative = NOTHING
    """What an X SED says about the case."""
    schemas: str = ""
    """Name of the schema set that the verdict is by."""
    unusual: tuple[Step, ...] = ()
    """Warnings about what was read although it is unusual."""


@dataclass(frozen=True)
class Situation:
    """A case on the table, with the tables and the policy that it is looked at with."""

    case: Case
    tables: Tables
    policy: Policy

    @property
    def leaving(self) -> Leaving:
        """Whether what is written leaves by itself: not by tables that nobody has accepted."""
        leaving = self.policy.leaving
        return (
            replace(leaving, most=Mode.CONFIRM) if self.policy.waits_for(self.tables) else leaving
        )

    @cached_property
    def starter(self) -> MessageReceived | None:
        """The SED that started the case, at its highest version; None before it came.

        One that its sender withdrew starts nothing; another one may have come in its stead.
        """
        for event in self.case.contents.values():
            if event.action in STARTS and event.set_id not in self.case.withdrawn:
                return self.case.documents[event.set_id]
        return None

    @property
    def template(self) -> str:
        """What a P8000 is made from."""
        return self.policy.pension_template or ""

    def rules_of(self, document: MessageReceived) -> BucRules:
        """What the BUC of a document allows us."""
        return self.tables.catalogue.bucs[document.buc]

    def called(self, institution: str, at: datetime) -> str:
        """The name that it bears then, as the tables have it; its id where they have none."""
        known = self.tables.directory.known(institution, at.astimezone(PARIS).date())
        return known.name if known is not None else institution

    def same_body(self, one: str, other: str) -> bool:
        """Compared by body: an institution may have several ids."""
        if one == other:
            return True
        known, against = (self.tables.directory.institution(i) for i in (one, other))
        return known is not None and against is not None and known.body == against.body

    def has_left(self, party: str) -> bool:
        """Nothing that is written in the case reaches it any more."""
        return any(self.same_body(party, gone) for gone in self.case.left)

    def is_ours(self, institution: str) -> bool:
        """Whether it is one of our own institutions."""
        return any(self.same_body(institution, own) for own in self.policy.own_institutions)


@dataclass(frozen=True)
class Matter(Situation):
    """One message in its case, with all that it is judged on."""

    examined: Examined
    arrival: Arrival

    @property
    def message(self) -> BusinessMessage:
        """The message."""
        return self.examined.message

    @property
    def in_its_case(self) -> bool:
        """False for an answer in a case of our own that asks about this one."""
        return self.message.case_id == self.case.case_id

    @cached_property
    def us(self) -> str | None:
        """Which of our own institutions takes part: the addressee, else the first receiver.

        Of what we sent by hand: the sender.
        """
        own = self.policy.own_institutions
        if self.arrival.by_hand:
            return self.message.sender.id if self.message.sender.id in own else None
        receivers = [party.id for party in self.message.receivers]
        if self.arrival.addressee in own and self.arrival.addressee in receivers:
            return self.arrival.addressee
        return next((ident for ident in receivers if ident in own), None)

    @cached_property
    def received(self) -> MessageReceived:
        """The event that this message was recorded; what we say ourselves is no evidence."""
        us = self.us or ""
        parties = self.message.parties if self.arrival.by_hand else self.message.receivers
        roles = [party.role.value for party in parties if party.id == us]
        event = received(
            self.message,
            us,
            roles[0] if roles else Role.COUNTERPARTY.value,
            self.examined.media,
            self.arrival.reference_date,
            self.examined.evidence,
        )
        return replace(event, evidence=None) if self.arrival.by_hand else event

    @cached_property
    def document(self) -> MessageReceived:
        """What the case is decided on: the SED that started it, as far as it was known before."""
        return self.starter or self.received

    @property
    def known(self) -> bool:
        """Whether this very message is in its case already: it is decided again."""
        return self.case.received(self.message.message_id) is not None

    @property
    def started(self) -> bool:
        """Whether the SED that starts the case has come, this one included."""
        message = self.message
        starts = message.action.value in STARTS and message.set_id not in self.case.withdrawn
        return starts or self.starter is not None

    @property
    def rules_of_buc(self) -> BucRules:
        """What the BUC of the case allows us."""
        return self.rules_of(self.document)

    @property
    def case_is_ours(self) -> bool:
        """Whether we are its owner."""
        return self.document.our_role == Role.CASE_OWNER.value
