"""A virtual year: the same for a seed, with partners who answer as people do, and no wrong one."""

import asyncio
import dataclasses

import pytest

from gateway.life import live
from gateway.simulation.cases import Drawing
from gateway.simulation.partners import MANNERS, Partner, letter
from gateway.simulation.profiles import witness
from gateway.simulation.traffic import BEGIN

COUNT = 120


@pytest.fixture(scope="module", params=["default", "confirmed"])
def year(request):
    return asyncio.run(live(5, COUNT, request.param))


def test_no_case_goes_wrong_and_nothing_is_lost(year):
    assert (year.cases, year.wrong, year.lost, year.invalid) == (COUNT, [], [], [])


def test_nearly_all_that_can_be_settled_is_settled(year):
    assert year.expected > COUNT / 2
    assert year.settled_rate >= 0.98
    assert year.transferred + year.by_person >= COUNT * 0.95


def test_the_partners_are_no_machines(year):
    assert year.unclean >= 0.4 * year.asked_cases
    assert year.reminders > 0
    assert year.worklist["expired"] > 0
    assert year.worklist["answer-in-prose"] > 0
    assert 1.0 <= year.data_per_asked_case <= 1.3


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
