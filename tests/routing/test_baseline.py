"""The baseline as a whole: nothing is left out, and nothing in it points to nowhere."""

import csv
import os
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest

from gateway.core.composing import OWN_CASE_BUC, _request_text, room
from gateway.core.evidence import About
from gateway.core.naming import NO_SCHEME, NOT_COMPETENT
from gateway.core.subject import HOUSEHOLD
from ir_directory import Certainty
from ir_directory import load as directory_load
from routing_tables import ASKABLE, ByPlace, Fixed, RouteQuery
from routing_tables.load import (
    BASELINE,
    DATA,
    LONG,
    NETWORKS,
    PERSONS,
    REMINDER_COLUMNS,
    ROUTE_COLUMNS,
    SCHEMES,
    load,
    questions,
    reminders,
)
from sed_schemas import OWNER
from sed_schemas import load as schemas_load

TODAY = date(2026, 6, 1)
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def routes():
    return load()


@pytest.fixture(scope="module")
def directory():
    return directory_load.load()


@pytest.fixture(scope="module")
def bucs():
    return sorted(schemas_load.catalogue().bucs)


@pytest.fixture(scope="module")
def reference_folder():
    folder = Path(os.environ.get("EESSI_REFERENCE", REPOSITORY.parent / "shared" / "reference"))
    if not (folder / "seed" / "annex3.tsv").is_file():
        pytest.skip(f"no reference folder: {folder}; set EESSI_REFERENCE")
    return folder


def ask(routes, buc, scheme=None, on=TODAY, **more):
    facts = {"population": None, "residence": None, **more}
    return routes.match(RouteQuery(buc, "X", scheme, role="Counterparty", **facts), on)


def test_every_buc_of_the_catalogue_has_a_row_that_applies_without_a_scheme(routes, bucs):
    """By assumption or whatever the scheme: only then can a bare SED be judged at all."""
    assert len(bucs) == 99
    assert [buc for buc in bucs if ask(routes, buc).route is None] == []


@pytest.mark.reference
def test_every_buc_of_annex_3_and_of_applicable_legislation_has_a_row(routes, reference_folder):
    annex = reference_folder / "seed" / "annex3.tsv"
    with annex.open(encoding="utf-8") as lines:
        named = {row["canonical_code"] for row in csv.DictReader(lines, delimiter="\t")}
    assert len(named) > 40
    named |= {f"LA_BUC_0{number}" for number in range(1, 7)}
    assert {buc for buc in named if ask(routes, buc).route is None} == set()


def test_a_row_is_for_a_buc_that_exists(routes, bucs):
    assert {r.buc for r in routes.routes if not r.buc.endswith("*")} <= set(bucs)


def test_every_target_is_an_institution_in_force_that_is_no_test(routes, directory):
    for row in routes.routes:
        if isinstance(row.target, Fixed) and row.valid_to is None:
            found = directory.successor_on(row.target.institution_id, max(TODAY, row.valid_from))
            assert found is not None, row.rule
            assert found.id == row.target.institution_id, row.rule
            assert not found.test, row.rule


def test_every_network_of_a_target_has_members_and_catchments_where_they_are_looked_up(
    routes, directory
):
    served = {row.network for row in directory.catchments}
    for row in routes.routes:
        if isinstance(row.target, ByPlace) and row.target.network != "*":
            assert all(directory.members(network) for network in row.target.networks), row.rule
            if row.target.place != "named":
                assert row.target.networks[0] in served, row.rule


def test_the_codes_of_the_loader_are_those_of_the_directory_and_the_core(directory):
    theirs = {row.scheme for row in directory.institutions} - NO_SCHEME
    assert theirs == SCHEMES
    networks = {row.network for row in directory.institutions} | {
        row.network for row in directory.catchments
    }
    assert networks >= NETWORKS
    assert not NETWORKS & NOT_COMPETENT
    assert {about.value for about in About} - {"other"} | {"*", HOUSEHOLD} == PERSONS


def test_an_assumption_is_never_more_than_likely(routes):
    assert {r.certainty for r in routes.routes if r.assumed} == {
        Certainty.LIKELY, Certainty.INFERRED,
    }  # fmt: skip


def test_where_the_general_scheme_is_assumed_it_goes_where_the_general_scheme_goes(routes):
    assumed = [r for r in routes.routes if r.assumed]
    assert len(assumed) > 50
    for row in assumed:
        population = "self-employed" if "self-employed" in row.population else None
        day = row.valid_from
        known = ask(routes, row.buc, "general", on=day, population=population)
        assert known.route is not None, row.rule
        assert (known.route.target, known.route.person) == (row.target, row.person), row.rule
        assert row.certainty <= known.route.certainty, row.rule


def test_taking_a_buc_out_of_the_assumption_makes_the_scheme_be_asked_for(tmp_path):
    text = (BASELINE / "routes.csv").read_text(encoding="utf-8-sig").splitlines()
    changed = [
        line.replace("S_BUC_24", "S_BUC_14") if line.startswith("S-ASSUMED;") else line
        for line in text
    ]
    changed = [line.replace("S_BUC_14,S_BUC_14a", "S_BUC_14a") for line in changed]
    (tmp_path / "routes.csv").write_text("\n".join(changed), encoding="utf-8")
    found = ask(load(tmp_path), "S_BUC_24")
    assert (found.route, found.missing) == (None, {"scheme"})


@pytest.mark.parametrize("buc", ["S_BUC_01", "S_BUC_02", "S_BUC_04"])
def test_whoever_is_insured_here_and_lives_abroad_goes_only_where_the_sed_says(routes, buc):
    targets = {r.target for r in routes.routes if r.buc == buc}
    assert {target.place for target in targets} == {"named"}


def test_recovery_and_horizontal_bucs_are_never_decided_by_a_place(routes):
    for row in routes.routes:
        if row.buc.startswith(("R_", "H_")) and isinstance(row.target, ByPlace):
            assert row.target.place == "named" or row.certainty is Certainty.INFERRED, row.rule


def test_every_row_says_where_it_comes_from(routes):
    assert all(row.basis for row in routes.routes)


# -- questions and reminders --------------------------------------------------------------------


COUNTRIES = {
    "en": "SE", "fr": "BE", "de": "AT", "es": "ES", "it": "IT", "nl": "NL", "pl": "PL", "pt": "PT",
    "ro": "RO",
}  # fmt: skip
"""Language of a text -> a country that is written to in it."""


def test_everything_that_can_be_missing_can_be_asked_for():
    assert questions().askable == DATA


@pytest.mark.parametrize("lang", COUNTRIES)
def test_every_language_has_a_text_of_its_own_for_everything(lang):
    english, theirs = questions().to("SE:1"), questions().to(f"{COUNTRIES[lang]}:1")
    same = [d for d in DATA if theirs[d].text == english[d].text]
    assert same == ([] if lang != "en" else list(DATA))


@pytest.mark.parametrize("lang", COUNTRIES)
def test_every_pair_that_is_asked_fits_into_the_field_of_h001(lang):
    reference = f"{'0' * 36} AW_BUC_01a:"
    known = questions().to(f"{COUNTRIES[lang]}:1")
    texts = list(known.values())
    for pair in combinations([known[datum] for datum in ASKABLE], 2):
        assert room(pair, "") == 2
    for text in texts:
        assert text.text in _request_text([text], reference)
    assert len(reference) + 1 + LONG <= 255
    assert OWN_CASE_BUC == "H_BUC_01"


@pytest.mark.parametrize("lang", COUNTRIES)
def test_every_language_has_a_note_that_names_the_competent_institution(lang):
    there = f"{COUNTRIES[lang]}:1"
    said = questions().note(there, "Caisse (FR:1)")
    assert "Caisse (FR:1)" in said
    assert (said == questions().note("SE:1", "Caisse (FR:1)")) == (lang == "en")
    assert "takes-part" not in questions().askable


def test_questions_are_whole_sentences_that_any_eessi_system_can_show():
    for question in questions().to("SE:1").values():
        assert question.text.isascii()
    for country in COUNTRIES.values():
        for question in questions().to(f"{country}:1").values():
            assert question.text.rstrip()[-1] in ".?"


def sections():
    with (BASELINE / "sections.csv").open(encoding="utf-8-sig") as lines:
        for row in csv.DictReader(lines, delimiter=";"):
            for sed in row["sed"].split(","):
                yield sed, row["datum"], row["section"].split(", ")


def test_the_sections_are_of_seds_on_which_we_may_ask():
    """Those that start a case, by X012: else nobody ever sees the row."""
    bucs = schemas_load.catalogue().bucs.values()
    asked = {
        sed
        for buc in bucs
        for sed, rules in buc.seds.items()
        if buc.we_may_clarify(sed) and "Start" in rules.sent.get(OWNER, ())
    }
    assert {sed for sed, _, _ in sections()} <= asked


@pytest.mark.reference
def test_the_sections_are_those_of_the_seds(reference_folder):
    with (reference_folder / "cdm-4.4" / "sed-trees.tsv").open(encoding="utf-8") as lines:
        known = {(row["sed"], row["path"]) for row in csv.DictReader(lines, delimiter="\t")}
    said = {(sed, name) for sed, _, names in sections() for name in names}
    assert said - known == set()
    # every starter of a route whose tree is public, and on which an X012 may be sent
    assert {sed for sed, _ in said} == {
        *("A001", "A003", "A008", "H003", "H004", "H005", "H010", "H011", "H061"),
        *("R001", "R005", "R008", "R010", "R012", "R015", "R017"),
    }


def test_three_reminders_by_default():
    assert [(r.number, r.days) for r in reminders() if (r.country, r.buc) == ("*", "*")] == [
        (1, 30), (2, 30), (3, 15),
    ]  # fmt: skip


# -- the page for maintainers -------------------------------------------------------------------


@pytest.mark.parametrize("half", [0, 1])
def test_the_page_for_maintainers_explains_every_column_in_both_languages(half):
    page = (BASELINE / "README.md").read_text(encoding="utf-8").split("\n---\n")[half]
    for column in (*ROUTE_COLUMNS, *REMINDER_COLUMNS):
        assert f"`{column}`" in page, column
    for certainty in Certainty:
        assert f"`{certainty.code}`" in page


def test_the_page_for_maintainers_names_every_code():
    page = (BASELINE / "README.md").read_text(encoding="utf-8")
    words = set(page.replace("`", " ").replace("@", " ").replace("/", " ").split())
    assert SCHEMES | NETWORKS | DATA | (PERSONS - {"*"}) <= words
