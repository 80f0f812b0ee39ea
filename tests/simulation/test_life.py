"""A virtual year: the same for a seed, with partners who answer as people do, and no wrong one."""

import asyncio
import csv
import dataclasses
import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import Settings
from gateway.cli.simulating import simulate
from gateway.config import load
from gateway.life import POLICIES, Life, keeps_to_its_schema, live
from gateway.loading import desk
from gateway.pension_question import PACKAGED, read
from gateway.simulation import year as write
from gateway.simulation.cases import Drawing
from gateway.simulation.partners import MANNERS, Partner, letter
from gateway.simulation.profiles import witness
from gateway.simulation.traffic import BEGIN, END
from gateway.specimens import written

COUNT = 120


@pytest.fixture(scope="module", params=["default", "confirmed"])
def year(request):
    return asyncio.run(live(5, COUNT, request.param))


def test_no_case_goes_wrong_and_nothing_is_lost(year):
    assert (year.cases, year.wrong, year.lost, year.invalid) == (COUNT, [], [], [])


def test_nearly_all_that_can_be_settled_is_settled(year):
    assert year.expected > COUNT / 2
    assert year.settled_rate >= 0.98
    assert year.cleanly_settled >= 0.98 * year.answered > 0
    assert year.transferred + year.by_person >= COUNT * 0.95


def test_the_partners_are_no_machines(year):
    assert year.unclean >= 0.4 * year.asked_cases
    assert year.reminders > 0
    assert year.worklist["expired"] > 0
    assert year.worklist["answer-in-prose"] > 0
    assert 1.0 <= year.data_per_asked_case <= 1.3


def test_what_a_person_has_after_all_is_told_beside_what_was_settled(year):
    assert 0 < year.settled_then_by_person < year.by_person
    assert year.settled - year.settled_then_by_person + year.by_person <= COUNT
    assert 0 < year.cleanly_settled <= year.answered
    assert year.cleanly_settled <= year.settled - (year.determinable - year.by_person)


def test_the_sums_agree(year):
    for key, total in (
        ("cases", year.cases),
        ("transferred", year.transferred),
        ("expected", year.expected),
        ("settled", year.settled),
    ):
        assert sum(seen[key] for seen in year.by_buc.values()) == total


async def test_the_same_seed_lives_the_same_year():
    first, again = [await live(7, 30, "default") for _ in range(2)]
    assert dataclasses.asdict(first) == dataclasses.asdict(again)
    assert dataclasses.asdict(await live(8, 30, "default")) != dataclasses.asdict(first)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_no_year_of_a_thousand_cases_goes_wrong(seed, policy):
    year = await live(seed, 1000, policy)
    assert (year.cases, year.wrong, year.lost, year.invalid) == (1000, [], [], [])
    assert year.expected > 500
    assert year.settled_rate >= 0.98
    assert year.cleanly_settled >= 0.98 * year.answered > 0
    assert year.unclean >= 0.4 * year.asked_cases
    assert year.by_person <= sum(year.worklist.values())


def test_the_denominators_are_those_of_the_truth_file(year, tmp_path):
    write(tmp_path, seed=5, count=COUNT, missing=0.25, silent=0.0, begin=BEGIN, end=END)
    with (tmp_path / "truth.csv").open(encoding="utf-8", newline="") as file:
        first = {}
        for row in csv.DictReader(file, delimiter=";"):
            if row["expected"] != "absorb" and not row["profile"].startswith("fault-"):
                first.setdefault(row["case_id"], row)
    known = list(first.values())
    determinable = [row for row in known if row["determinable"] == "yes"]
    answerable = [r for r in known if r["answerable"] == "yes" and r not in determinable]
    assert (year.determinable, year.answerable) == (len(determinable), len(answerable))
    answers = {profile.name for profile in witness().profiles if profile.answer}
    unwritten = [row for row in answerable if row["profile"] not in answers]
    assert year.unwritten == len(unwritten)
    assert year.answered <= year.answerable - year.unwritten


# -- the command ----------------------------------------------------------------------------

KEYS = (
    *("cases", "determinable", "answerable", "settled", "settled_rate", "by_person", "wrong"),
    *("lost", "worklist", "questions", "data_per_asked_case", "reminders"),
    *("unwritten", "answered", "settled_then_by_person", "cleanly_settled"),
)


def command(*words):
    settings = Settings(Path("var"), None, "en")
    return CliRunner().invoke(simulate, ["life", *words], obj=settings, standalone_mode=False)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_command_tells_the_year_in_stable_names(policy):
    done = command("--seed", "5", "--count", "30", "--policy", policy, "--json")
    assert (done.exception, done.return_value) == (None, 0)
    [line] = done.stdout.splitlines()
    told, year = json.loads(line), asyncio.run(live(5, 30, policy))
    assert set(KEYS) <= told.keys()
    assert (told["cases"], told["wrong"], told["lost"], told["invalid"]) == (30, 0, 0, 0)
    for key in KEYS:
        lived = getattr(year, key)
        match told[key]:
            case float() as rate:
                assert rate == pytest.approx(lived, abs=0.001)
            case dict() as causes:
                assert causes == dict(lived)
            case number:
                assert number == (len(lived) if isinstance(lived, list) else lived)


@pytest.mark.parametrize("broken", ["wrong", "lost", "invalid"])
@pytest.mark.parametrize("json_", [(), ("--json",)])
def test_the_command_fails_when_a_promise_is_broken(monkeypatch, broken, json_):
    asked = []

    async def lived(*words):
        asked.append(words)
        return Life(cases=1, **{broken: ["one"]})

    monkeypatch.setattr("gateway.life.live", lived)
    done = command("--seed", "7", *json_)
    assert (done.exception, done.return_value) == (None, 1)
    assert asked == [(7, 1000, "default")]


def test_the_report_stands_beside_what_was_done_by_hand():
    done = command("--seed", "5", "--count", "30")
    assert (done.exception, done.return_value) == (None, 0)
    assert "by hand: 75.6 % in 2023, 98 % in 2022" in done.stdout
    assert "Wrong 0, lost 0, invalid SEDs sent 0." in done.stdout
    [head, *lines] = done.stdout.splitlines()
    assert head.split() == ["BUC", "cases", "transferred", "expected", "settled"]
    buc = Counter(line.split()[0] for line in lines if "_BUC_" in line)
    assert max(buc.values()) == 1


def test_a_sed_for_which_there_is_no_schema_is_not_valid(tmp_path):
    judged_with = desk(load(None, tmp_path))

    class NoSchemas:
        name = "none"
        source = for_message = lambda *_: None
        of_transaction = lambda *_: ()  # noqa: E731

    without = dataclasses.replace(judged_with, schemas=NoSchemas())
    for out in written("4.4", read(PACKAGED)):
        assert keeps_to_its_schema(out.body, judged_with)
        assert not keeps_to_its_schema(out.body, without)
        assert not keeps_to_its_schema(out.body.replace(b"sedGVer=", b"other="), judged_with)
    assert not keeps_to_its_schema(b"<", judged_with)


# -- the partners ---------------------------------------------------------------------------

QUESTION = b"""<x:StandardBusinessDocument
  xmlns:x="http://eessi.dgempl.ec.europa.eu/namespaces/sbdh"><x:StandardBusinessDocumentHeader>
  <x:Sender><x:Identifier>FR:US</x:Identifier></x:Sender>
  <x:DocumentIdentification><x:Type>H001</x:Type></x:DocumentIdentification><x:BusinessScope>
  <x:CaseId><x:InstanceIdentifier>own</x:InstanceIdentifier>
  <x:BusinessServiceName>H_BUC_01:4.4</x:BusinessServiceName></x:CaseId><x:SetId>q</x:SetId>
  </x:BusinessScope></x:StandardBusinessDocumentHeader></x:StandardBusinessDocument>"""


@pytest.fixture
def lacking():
    """Cases that lack something that an answer can tell."""
    drawing = Drawing(witness(), 3, 0.25)
    cases = (drawing.case(number, BEGIN) for number in range(2000))
    return [case for case in cases if case.answered is not None][:200]


def test_a_letter_is_read():
    read = letter(QUESTION)
    assert (read.sed, read.case_id, read.buc, read.set_id) == ("H001", "own", "H_BUC_01", "q")
    assert read.sender == "FR:US"


def only(manner):
    return {**dict.fromkeys(MANNERS, 0.0), manner: 1.0, "again": 0.0, "returned": 1.0}


@pytest.mark.parametrize("manner", ["clean", "part", "misplaced", "prose"])
def test_an_answer_comes_where_it_was_asked_for(lacking, manner):
    for case in lacking[:20]:
        [(when, reply)] = Partner(case, only(manner)).asked(QUESTION, BEGIN)
        assert when > BEGIN
        assert (reply.sed, reply.case_id, reply.buc) == ("H002", "own", "H_BUC_01")
        assert reply.related_set_id == "q"
        assert ("theFollowingInformation" in reply.content) == (manner == "prose")


def test_who_never_answers_never_does(lacking):
    partner = Partner(lacking[0], only("never"))
    assert list(partner.asked(QUESTION, BEGIN)) == []
    assert list(partner.reminded(BEGIN)) == []
    assert not partner.clean


def test_a_promise_is_kept_once(lacking):
    partner = Partner(lacking[0], only("promise"))
    assert list(partner.asked(QUESTION, BEGIN)) == []
    (soon, promise), (when, reply) = partner.reminded(BEGIN)
    assert (promise.sed, reply.sed) == ("X010", "H002")
    assert soon < when
    assert list(partner.reminded(BEGIN)) == []
    assert partner.clean


CLARIFICATION = QUESTION.replace(b"H001", b"X012")


def test_who_is_asked_about_a_sed_sends_that_sed_again(lacking):
    """At once or as promised: H002 replies to H001 alone."""
    case = lacking[0]
    [(_, at_once)] = Partner(case, only("clean")).asked(CLARIFICATION, BEGIN)
    partner = Partner(case, only("promise"))
    assert list(partner.asked(CLARIFICATION, BEGIN)) == []
    (_, promise), (_, promised) = partner.reminded(BEGIN)
    assert promise.sed == "X010"
    for again in (at_once, promised):
        assert (again.sed, again.action, again.set_id) == (case.profile.sed, "Update", case.set_id)


def test_the_sed_again_is_an_answer_too(lacking):
    [(_, again)] = Partner(lacking[0], {**only("clean"), "again": 1.0}).asked(QUESTION, BEGIN)
    case = lacking[0]
    assert (again.action, again.case_id, again.set_id) == ("Update", case.case_id, case.set_id)
    assert again.version > case.version


def test_a_case_is_given_back_by_who_has_it(lacking):
    [(when, given)] = Partner(lacking[0], only("clean")).returned("FR:0101100000", BEGIN)
    assert (given.sed, given.sender) == ("X006", "FR:0101100000")
    assert "FR:0101100000" in given.content
    assert when > BEGIN
