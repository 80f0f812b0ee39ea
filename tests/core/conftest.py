"""A small world to judge in: ten institutions, ten BUCs, one route each."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.core.case import Case, fold
from gateway.core.deadlines import come_due
from gateway.core.decision import cause, institution, name
from gateway.core.events import ForwardConfirmed, Protected
from gateway.core.judging import Arrival, Policy, examine, judge
from gateway.core.matter import Situation
from gateway.core.reading import Limits
from gateway.core.tables import Tables
from gateway.core.validation import Verdict
from ir_directory import Catchment, Certainty, Commune, Institution, InstitutionRepository
from routing_tables import (
    EVERY,
    ByPlace,
    Fixed,
    Questions,
    QuestionText,
    ReminderRow,
    Reminders,
    Route,
    RoutingTable,
)
from sed_schemas import ACTIONS, COUNTERPARTY, OWNER, BucRules, Catalogue, SedRules

SINCE = date(2019, 1, 1)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
US = "FR:CLEISS0000"
US_TOO = "FR:CLEISS0001"


def _institution(ident, body=None, network="cpam", **more):
    given = {
        "name": f"Institution {ident}",
        "acronym": "",
        "scheme": "general",
        "liaison_body": False,
        "test": False,
        "certainty": Certainty.SOLID,
        "valid_from": SINCE,
        **more,
    }
    return Institution(id=f"FR:{ident}", body=body or ident.lower(), network=network, **given)


INSTITUTIONS = (
    _institution("CPAM01"),
    _institution("CPAM01B", "cpam01"),
    _institution("CPAM69", certainty=Certainty.LIKELY),
    _institution("CNSE", network="national"),
    _institution("ENDS", valid_to=date(2026, 3, 4), successor="cpam69"),
    _institution("GONE", valid_to=date(2026, 3, 4)),
    _institution("TEST1", test=True),
    _institution("CLEISS0000", "cleiss", "liaison", scheme="all", liaison_body=True),
    _institution("CLEISS0001", "cleiss", "liaison", scheme="all", liaison_body=True),
)
CATCHMENTS = tuple(
    Catchment("cpam", area, f"FR:{ident}", Certainty.SOLID, SINCE)
    for area, ident in (
        ("dep:01", "CPAM01"),
        ("dep:69", "CPAM69"),
        ("dep:59", "GONE"),
        ("dep:62", "ENDS"),
        ("dep:75", "TEST1"),
        ("dep:13", "CLEISS0001"),
        ("insee:38001", "CPAM01"),
        ("insee:38002", "CPAM69"),
    )
)
COMMUNES = tuple(
    Commune(insee, town, (postcode,), SINCE)
    for insee, town, postcode in (
        ("01053", "Bourg-en-Bresse", "01000"),
        ("69381", "Lyon", "69001"),
        ("59350", "Lille", "59000"),
        ("62041", "Arras", "62000"),
        ("75101", "Paris", "75001"),
        ("13201", "Marseille", "13001"),
        ("38001", "Un", "38000"),
        ("38002", "Deux", "38000"),
    )
)


def _route(rule, buc, target, certainty=Certainty.SOLID, person="*"):
    anything = dict.fromkeys(("sed", "scheme", "population", "residence", "role"), EVERY)
    return Route(
        rule=rule,
        buc=buc,
        target=target,
        person=person,
        certainty=certainty,
        valid_from=SINCE,
        valid_to=None,
        basis="",
        note="",
        **anything,
    )


HOME = ByPlace("cpam", "residence")
ROUTES = (
    _route("S", "S_BUC_24", HOME),
    _route("S72", "S_BUC_01a", HOME),
    _route("UB", "UB_BUC_01", HOME),
    _route("UB2", "UB_BUC_02", HOME),
    _route("P", "P_BUC_01", HOME),
    _route("SURVIVOR", "P_BUC_02", HOME, person="claimant"),
    _route("LA", "LA_BUC_04", HOME),
    _route("CLAIMS", "S_BUC_19", Fixed("FR:CNSE")),
    _route("BULK", "UB_BUC_04", Fixed("FR:CNSE")),
)


def _buc(code, seds, we_send="X007", x012_on="", **more):
    """All SEDs come from the owner, as anything; we send what is named."""
    names = [*seds.split(), *(sed for sed in we_send.split() if sed not in seds.split())]
    rules = {
        sed: SedRules(
            {
                OWNER: frozenset(ACTIONS),
                **({COUNTERPARTY: frozenset({"New"})} if sed in we_send.split() else {}),
            },
            clarified_by=frozenset({COUNTERPARTY} if sed in x012_on.split() else ()),
        )
        for sed in names
    }
    return BucRules(code, rules, **more)


BUCS = (
    _buc("S_BUC_24", "S040 S041 H001 H002", "X007 H001"),
    _buc("S_BUC_01a", "S072 H001 H002", "X007 H001"),
    _buc("UB_BUC_01", "U001 U002 H001 H002", "X007 H001", x012_on="U001"),
    _buc("UB_BUC_02", "U002 H001 H002", "X007 H001 X009"),
    _buc("P_BUC_01", "P2000 P4000 P9000 H001 H002", "X007 P8000 X006"),
    _buc("P_BUC_02", "P2100 H001 H002", "X007 H001"),
    _buc("LA_BUC_04", "A009"),
    _buc("S_BUC_19", "S080", "", bulk=True),
    _buc("UB_BUC_04", "U020", bulk=True),
    _buc("H_BUC_01", "H001 H002"),
)
SEDS = frozenset().union(*(set(b.seds) for b in BUCS)) | {
    f"X{n:03}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 50, 100)
}
QUESTIONS = {
    "residence": QuestionText("Address", "Residence", "Where does the person live?"),
    "town": QuestionText("Address", "Town", "In which town does the person live?"),
    "claimant-residence": QuestionText("Claimant", "Residence", "Where does the survivor live?"),
}
TABLES = Tables(
    "r1",
    "0",
    InstitutionRepository(INSTITUTIONS, (), CATCHMENTS, COMMUNES),
    RoutingTable(ROUTES),
    Catalogue(frozenset({"4.3", "4.4"}), {b.code: b for b in BUCS}, SEDS),
    Questions({"en": QUESTIONS}),
    Reminders(
        ReminderRow(country, buc, number, days)
        for country, buc, number, days in (
            ("*", "*", 1, 30),
            ("*", "*", 2, 15),
            ("DE", "*", 1, 20),
            ("DE", "P_BUC_*", 1, 10),
        )
    ),
)
POLICY = Policy("i", "demo", (US, US_TOO), Certainty.LIKELY)


class NoSchemas:
    """Every SED is valid, by nobody's schema."""

    name = "none"

    def source(self, cdm, sed):
        return None

    def for_message(self, header_version, cdm, sed):
        return None

    def of_transaction(self, transaction):
        return ()


class Desk:
    """Judges messages of one case, one after another, and keeps its history."""

    def __init__(self, a_message, uid):
        self.a_message, self.uid = a_message, uid
        self.case = Case(uid("c"))
        self.policy, self.tables = POLICY, TABLES
        self.now = NOON
        self.verdict = None
        self.addressee = None
        self.by_hand = False
        self.judged = []

    def take(self, message="one", **written):
        """Judge a message of the case and record it; its judgement."""
        judgement = self.judge(message, **written)
        protected = [Protected(judgement.message_id)] if judgement.protects else []
        self.case = fold(self.case, [*judgement.events, *protected])  # as the journal writes it
        self.judged.append(judgement)
        return judgement

    def judge(self, message="one", *, flags="", **written):
        """Judge a message of the case as it stands."""
        return self.judge_body(self.a_message(message, **{"case": "c", **written}, flags=flags))

    def judge_body(self, body):
        """Judge these bytes as a message of the case, or of a case of our own about it."""
        examined = examine(body, Limits(), NoSchemas())
        if self.verdict is not None:
            examined = replace(examined, verdict=self.verdict)
        arrival = Arrival(NOON, self.now, self.addressee, by_hand=self.by_hand)
        return judge(examined, self.case, self.tables, self.policy, arrival)

    @property
    def situation(self):
        """The case as it stands."""
        return Situation(self.case, self.tables, self.policy)

    def come_due(self):
        """Let become due what is due now, and record it; the development."""
        development = come_due(self.situation, self.now)
        self.case = fold(self.case, development.events)
        return development

    def confirm(self, at=NOON):
        """The X007 to the new participant was confirmed."""
        self.case = fold(self.case, [ForwardConfirmed(self.case.holder, at)])

    def policy_of(self, **changes):
        """Another policy."""
        self.policy = replace(self.policy, **changes)
        return self

    def buc(self, code, **sent):
        """From now on a BUC lets these SEDs be sent so: `S040={OWNER: {"Start"}}`."""
        known = self.tables.catalogue
        changed = {sed: SedRules(by) for sed, by in sent.items()}
        rules = replace(known.bucs[code], seds={**known.bucs[code].seds, **changed})
        catalogue = replace(known, bucs={**known.bucs, code: rules})
        self.tables = replace(self.tables, catalogue=catalogue)
        return self

    def schema(self, source="profile"):
        """From now on SEDs are invalid, by such a schema."""
        self.verdict = Verdict(source, ("SCHEMAV_ELEMENT_CONTENT",), 1)
        return self

    def later(self, **delta):
        """Time goes on."""
        self.now += timedelta(**delta)
        return self


def said(judgement):
    """The decision as (name, cause or institution)."""
    decision = judgement.decision
    if decision is None:
        return ("absorbed", None)
    return (name(decision), cause(decision) or institution(decision))


@pytest.fixture
def desk(a_message, uid):
    """A desk with an empty case."""
    return Desk(a_message, uid)


@pytest.fixture
def desks(a_message, uid):
    """Makes desks."""
    return lambda: Desk(a_message, uid)


@pytest.fixture(name="said")
def said_():
    """`said(judgement)`: the decision as (name, cause or institution)."""
    return said
