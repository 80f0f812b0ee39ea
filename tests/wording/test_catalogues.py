"""Every code has its sentence in both languages, and every sentence its code."""

import inspect
import re
import string
from dataclasses import fields
from importlib import resources

import pytest
from lxml import etree

from gateway import availability, freezing, statuses
from gateway import releasing as releasing_of
from gateway.cli import releasing, retaining
from gateway.cli.asking import question_shown
from gateway.cli.showing import SHOWN
from gateway.cli.status import LINES
from gateway.core import again, at_rest, delivery, leaving, strict_lines
from gateway.core import open_cases as core_cases
from gateway.core.by_person import GROUNDS, OBJECTIONS
from gateway.core.decision import CAUSES, NAMES
from gateway.core.evidence import About, Where
from gateway.core.reading import MALFORMED
from gateway.core.recalling import OBSTACLES
from gateway.core.states import CaseState, MessageState, QuestionState, SendingState
from gateway.core.subject import HOUSEHOLD
from gateway.core.trace import CODES, PERSONAL
from gateway.journal import Said
from gateway.journal.pausing import Reach
from gateway.journal.retention import Kept
from gateway.journal.rows import ALONG
from gateway.metrics import REASONS
from gateway.notices.lookout import QUIET
from gateway.people import open_cases
from gateway.reports.repeats import Kind
from gateway.seen import doctor, status_page
from gateway.seen.watching import PARTS, STUCK, State
from gateway.tables.impact import WHAT
from gateway.tables.synchronising import ENDS, Synchronised
from gateway.wording import OTHER, english, french, sentence
from ir_directory import Certainty
from sed_schemas import COUNTERPARTY, OWNER

CATALOGUES = {"en": english.CATALOGUE, "fr": french.CATALOGUE}
MISSING = {
    "residence", "town", "claimant-residence", "institution", "scheme", "population",
    "work", "employer", "country",
}  # fmt: skip
NETWORKS = {"cpam", "caf", "carsat", "msa", "urssaf", "invalidity"}
"""Networks that have catchments; the only ones that a route can point to by place."""
SCHEMES = {
    "general", "agricultural", "rail", "ratp", "ieg", "mines", "seafarers", "clergy", "military",
    "notaries", "banque-de-france", "civil-service-state", "civil-service-local",
    "state-workers", "liberal", "lawyers", "assembly", "senate", "opera",
    "cese", "civil-service", "port-strasbourg", "seita",
}  # fmt: skip
PERSONS = {about.value for about in About} - {About.OTHER.value} | {"*", HOUSEHOLD}
VALUES = {
    "certainty": {certainty.name.lower() for certainty in Certainty},
    "person": PERSONS,
    "place": {where.value for where in Where},
    "network": NETWORKS,
    "datum": MISSING,
    "scheme": SCHEMES,
    "successor": {""},
    "role": {OWNER, COUNTERPARTY},
    "element": {""},
    "ground": set(GROUNDS),
}
"""Parameter -> its values that are codes."""


SAID = {
    "opened": {"since"},
    "closed": {"since", "until"},
    "untold": {"count"},
    "one": {"worker"},
    "all": {"worker"},
    "look": set(),
}
"""What a notice says -> its parameters."""


def release_codes():
    """Every reason why a draft or a release stays as it is."""
    text = inspect.getsource(freezing) + inspect.getsource(releasing_of)
    return set(re.findall(r'\brefused\("([a-z-]+)"', text))


def line_codes(*modules):
    """Every code of a bad line that these modules and the reader of lines can give."""
    text = "".join(inspect.getsource(module) for module in (strict_lines, *modules))
    return set(re.findall(r'BadLine\(\w+, "([a-z0-9-]+)"\)', text)) | set(
        re.findall(r'^        \("([a-z-]+)", ', text, re.MULTILINE)
    )


def page_codes():
    """Every label of the status page."""
    text = inspect.getsource(status_page)
    literal = re.findall(r"""(?:say\(|_section\(\s*)["']([a-z-]+)["']""", text)
    chosen = re.findall(r'say\("([a-z-]+)" if \w+ else "([a-z-]+)"\)', text)
    return {
        *literal,
        *(code for pair in chosen for code in pair),
        *(f"part:{part}" for part in PARTS),
        *(f"state:{state}" for state in State),
        *(f"reach:{reach}" for reach in Reach),
        *(f"standing:{state}" for state in availability.State),
        *status_page.READY,
        *("worklist", "quarantine"),
    }


def label_codes():
    """Every field that commands show to people with a label."""
    question = re.findall(r'^        "([a-z_]+)": ', inspect.getsource(question_shown), re.M)
    state = inspect.getsource(releasing)
    return {
        *(*LINES, "pause", "True", "False"),
        *SHOWN,
        *question,
        *("in-force", "was", "to-come", "approved", "released"),
        *{"messages", "erased", "asked-newly", *WHAT} - {"asked"},
        *(field.name for field in fields(Synchronised)),
        *(*ENDS, "not-drafted"),
        *(f"kept:{kind}" for kind in Kept),
        *(f"repeat:{part}" for part in (*Kind, "times", "again", "first", "handed-over")),
        *re.findall(r"_label\(lang, ['\"]([a-z-]+)['\"]\)", inspect.getsource(retaining)),
    } | set(re.findall(r'"state": "([a-z-]+)"', state))


CODES_OF = {
    "decision": set(NAMES.values()),
    "cause": {c for causes in CAUSES.values() for c in causes} | set(MALFORMED) | {ALONG},
    "trace": set(CODES),
    "message-state": {state.value for state in MessageState},
    "case-state": {state.value for state in CaseState},
    "question-state": {state.value for state in QuestionState},
    "sending-state": {state.value for state in SendingState},
    "status-line": line_codes(delivery, statuses)
    | {said.value for said in Said if said not in {Said.NEW, Said.KNOWN, Said.TOO_EARLY}},
    "case-line": line_codes(core_cases, open_cases) | {"twice"},
    "missing": MISSING,
    "objection": set(OBJECTIONS),
    "recall": set(OBSTACLES),
    "sending-objection": set(leaving.OBJECTIONS),
    "case-objection": set(again.OBJECTIONS),
    "part-state": {state.value for state in State},
    "page": page_codes(),
    "label": label_codes(),
    "doctor": set(doctor.WARNINGS),
    "release-objection": release_codes(),
    "unfinished": set(at_rest.REASONS),
    "reason": set(REASONS) - QUIET | {*STUCK, OTHER},
    "notice": set(SAID),
    "value": {f"{name}:{value}" for name, values in VALUES.items() for value in values},
}
"""Kind -> every code that the package can say. `violation` is compared with the libraries."""


def placeholders(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def allowed(kind, code):
    """The parameters that come with a code."""
    if kind == "trace":
        return set(CODES[code])
    if kind == "notice":
        return SAID[code]
    if kind == "violation" and code == OTHER:
        return {"code"}
    if kind == "violation" and not code.startswith("SCHEMAV_"):
        return {"element"}
    if kind == "release-objection" and code != "nothing-to-confirm":
        return {"what"}
    return set()


every = pytest.mark.parametrize(
    ("lang", "kind", "code"),
    [
        (lang, kind, code)
        for lang, catalogue in CATALOGUES.items()
        for kind, wordings in catalogue.items()
        for code in wordings
    ],
)


@pytest.mark.parametrize("lang", CATALOGUES)
def test_a_catalogue_has_the_kinds_of_the_package_and_no_other(lang):
    assert set(CATALOGUES[lang]) == {*CODES_OF, "violation"}


@pytest.mark.parametrize("lang", CATALOGUES)
@pytest.mark.parametrize("kind", CODES_OF)
def test_no_code_is_without_wording_and_no_wording_without_code(lang, kind):
    assert set(CATALOGUES[lang][kind]) == CODES_OF[kind]


def test_both_languages_word_the_same_violations():
    assert set(english.CATALOGUE["violation"]) == set(french.CATALOGUE["violation"])


@every
def test_a_sentence_uses_exactly_the_parameters_of_its_code(lang, kind, code):
    assert placeholders(CATALOGUES[lang][kind][code]) == allowed(kind, code)


@every
def test_a_wording_is_one_tidy_line(lang, kind, code):
    template = CATALOGUES[lang][kind][code]
    assert template == " ".join(template.split())
    assert kind in {"value", "page", "label"} or (
        template.endswith(".") and template[0] in "{" + template[0].upper()
    )


def test_no_sentence_shows_what_can_be_personal():
    shown = {
        name
        for catalogue in CATALOGUES.values()
        for wordings in catalogue.values()
        for template in wordings.values()
        for name in placeholders(template)
    }
    assert shown.isdisjoint(PERSONAL)


@every
def test_a_sentence_is_complete_with_the_parameters_of_its_code(lang, kind, code):
    params = {name: f"<{name}>" for name in allowed(kind, code)}
    text = sentence(lang, kind, code, params)
    assert "{" not in text
    assert "?" not in text
    assert not text.startswith("[")


def test_the_languages_differ_but_for_proper_names():
    same = {
        (kind, code)
        for kind, wordings in english.CATALOGUE.items()
        for code, template in wordings.items()
        if template == french.CATALOGUE[kind][code]
    }
    assert same == {
        ("value", "network:msa"),
        ("value", "scheme:banque-de-france"),
        ("value", "scheme:mines"),
    }


@pytest.mark.parametrize(
    ("table", "column", "known", "unsaid"),
    [
        ("institutions.csv", "scheme", SCHEMES, {"", "all", "other"}),
        ("catchments.csv", "network", NETWORKS, set()),
    ],
)
def test_what_the_tables_can_make_a_trace_say_has_words(table, column, known, unsaid):
    file = resources.files("ir_directory") / table
    head, *lines = file.read_text(encoding="utf-8-sig").splitlines()
    position = head.split(";").index(column)
    found = {line.split(";")[position].strip('"') for line in lines if line}
    assert found - unsaid <= known


def test_every_schemav_wording_is_a_rule_of_libxml2():
    ours = {c for c in english.CATALOGUE["violation"] if c.startswith("SCHEMAV_")}
    assert ours - {"SCHEMAV_UNKNOWN"} <= set(dir(etree.ErrorTypes))
