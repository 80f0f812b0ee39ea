"""The document of a case holds all that happened to it, and of nothing else."""

import json
from base64 import b64decode

import pytest

from gateway.journal.retention import Kept
from gateway.people.case_record import FORMAT, PARTS, CaseRecord
from tests.pipeline.conftest import House
from tests.pipeline.test_retention import apply
from tests.pipeline.test_timers import DAYS, UNKNOWN, let_go

PROTECTED = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"


async def document(house, case_id, *, bodies=False):
    made = await CaseRecord(house.journal, bodies=bodies).made(case_id, house.clock.now())
    assert made is None or json.loads(json.dumps(made)) == made  # nothing but JSON
    return made


@pytest.fixture
async def lived(house, a_message, person, uid):
    """A case that was asked about, reminded of, answered and sent on; and another one."""
    await house.take(a_message("other"))
    await house.take(a_message("one", case="c", inside=person(town=None), **UNKNOWN))
    await house.send()
    await let_go(house, 34)
    await house.send()
    update = {"case": "c", "action": "Update", "document": "document of one", "version": 2}
    await house.take(a_message("two", inside=person(), **update))
    params = {"case_id": uid("c"), "reason": "to be looked at"}
    await house.operating.do("case-take", params, "claire")
    return uid("c")


async def test_it_holds_all_of_the_case(house, lived, uid):
    made = await document(house, lived)
    assert tuple(made) == PARTS
    assert (made["format"], made["made_at"]) == (FORMAT, house.clock.now().isoformat())
    case = await house.journal.case(lived)
    assert (made["case"]["revision"], made["case"]["state"]) == (case.revision, "taken")
    assert [m["message_id"] for m in made["messages"]] == [uid("one"), uid("two")]
    first = made["messages"][0]
    assert first["digest"] == (await house.journal.explanation(uid("one")))[0]["digest"]
    decided = [len(await house.journal.explanation(uid(name))) for name in ("one", "two")]
    assert [len(m["decisions"]) for m in made["messages"]] == decided
    assert first["decisions"][0]["trace"]
    assert {q["question"] for q in made["questions"]} == {q.id for q in case.questions}
    standings = await house.journal.sendings(lived)
    assert [s["message_id"] for s in made["sendings"]] == [s.message_id for s in standings]
    left = [s for s in made["sendings"] if s["state"] == "handed-over"]
    assert left
    assert all(s["settled_at"] >= s["composed_at"] for s in left)
    assert all(s["kept"] and len(s["digest"]) == 64 for s in made["sendings"])
    assert len(made["timeline"]) == len(await house.journal.timeline(lived))
    told = [h for h in made["timeline"] if h["origin"] == "operator"]
    assert ("claire", "to be looked at") in [(h["who"], h["params"].get("why")) for h in told]
    (release,) = made["releases"]
    assert release["name"] == house.pipeline.desk.tables.release
    assert [a["author"] for a in release["activations"]] == ["test"]
    assert uid("other") not in json.dumps(made)


async def test_bytes_and_a_persons_data_only_when_asked_for(house, lived, uid):
    without = json.dumps(await document(house, lived))
    for said in ("Muster", "base64", "1985-07-15"):
        assert said not in without
    made = await document(house, lived, bodies=True)
    body = b64decode(made["messages"][0]["base64"])
    assert body == await house.journal.body(made["messages"][0]["digest"])
    assert all(b64decode(s["base64"]) for s in made["sendings"])


async def test_what_is_erased_is_said_to_be(journal, judged_with, clock, a_message, uid):
    house = House(journal, judged_with, clock, days=dict.fromkeys(Kept, 7))
    await house.take(a_message("one", case="c"))
    await house.send()
    await house.clock.advance(8 * DAYS)
    await apply(house)
    made = await document(house, uid("c"), bodies=True)
    assert made["case"]["erased"]
    assert [(m["kept"], m["base64"]) for m in made["messages"]] == [(False, None)]
    assert {s["kept"] for s in made["sendings"]} == {False}
    assert len(made["messages"][0]["decisions"]) == 1
    (told,) = [h for h in made["timeline"] if h["what"] == "erased"]
    assert told["who"] == "claire"


async def test_a_case_is_protected_once_one_of_its_messages_says_so(house, a_message, uid):
    await house.take(a_message("one", case="c", flags=PROTECTED))
    assert (await document(house, uid("c")))["case"]["protected"]


async def test_of_an_unknown_case_there_is_none(house, uid):
    assert await document(house, uid("nowhere")) is None
