"""Open cases are brought in as the beginning of their history: all of a list or none, and once."""

import pytest

from gateway.core.states import CaseState
from gateway.errors import Refused

HEADER = "case_id;buc;our_role;participants;holder"
HOLDER = "FR:0101100000"
OURS = "DE:101320043,FR:CLEISS0000"


@pytest.fixture
def listed(tmp_path, uid):
    def write(*lines):
        path = tmp_path / "cases.csv"
        path.write_text("\n".join((HEADER, *lines, "")), encoding="utf-8")
        return path

    return write


def line(case_id, holder=HOLDER, buc="S_BUC_24"):
    return f"{case_id};{buc};Counterparty;{OURS};{holder}"


async def bring_in(house, path, who="claire"):
    return await house.operating.do("import-cases", {"file": str(path)}, who)


async def test_a_later_sed_of_an_imported_case_goes_to_its_holder(house, listed, uid, a_message):
    path = listed(line(uid("case of one")), line(uid("other"), ""))
    assert await bring_in(house, path) == {"imported": 2, "known": 0, "faults": [], "more": 0}
    told = await house.journal.timeline(uid("case of one"))
    assert [(h.origin, h.what, h.who, h.state) for h in told] == [
        ("operator", "imported", "claire", "forwarded")
    ]
    await house.take(
        a_message("one", action="New"),
        a_message("two", case="other", action="New"),
    )
    rows = {row.case_id: row for row in await house.rows()}
    assert rows[uid("case of one")].decision == "deliver"
    assert rows[uid("other")].cause == "before-go-live"
    assert [s.receiver for s in await house.send()] == [HOLDER]


async def test_the_same_list_again_changes_nothing_and_a_longer_one_adds(house, listed, uid):
    await bring_in(house, listed(line(uid("a"))))
    again = await bring_in(house, listed(line(uid("a")), line(uid("b"))), who="denis")
    assert (again["imported"], again["known"]) == (1, 1)
    assert (await house.journal.case(uid("a"))).revision == 1


async def test_a_case_that_is_known_otherwise_keeps_the_whole_list_out(
    house, listed, uid, a_message
):
    await bring_in(house, listed(line(uid("a"))))
    await house.take(a_message("one"))
    path = listed(line(uid("b")), line(uid("a"), ""), line(uid("case of one")))
    faults = [{"line": 3, "code": "otherwise"}, {"line": 4, "code": "otherwise"}]
    assert (await bring_in(house, path))["faults"] == faults
    path = listed("x", line(uid("a"), ""), "y")
    assert [f["line"] for f in (await bring_in(house, path))["faults"]] == [2, 3, 4]
    assert (await house.journal.case(uid("b"))).revision == 0
    assert (await house.journal.case(uid("a"))).state is CaseState.FORWARDED


async def test_one_bad_line_keeps_the_whole_list_out(house, listed, uid):
    done = await bring_in(house, listed(line(uid("a")), "x"))
    assert (done["imported"], done["faults"]) == (0, [{"line": 3, "code": "columns"}])
    assert (await house.journal.case(uid("a"))).revision == 0


async def test_so_many_faults_are_told_and_no_more(house, listed):
    done = await bring_in(house, listed(*["x"] * 201))
    assert (len(done["faults"]), done["more"]) == (200, 1)


async def test_what_cannot_be_read_or_is_too_large_is_refused(house, tmp_path, monkeypatch):
    with pytest.raises(Refused) as caught:
        await bring_in(house, tmp_path / "nothing.csv")
    assert caught.value.code == "file-unreadable"
    monkeypatch.setattr("gateway.people.open_cases.MOST_BYTES", 3)
    (tmp_path / "large.csv").write_bytes(b"xxxx")
    assert (await bring_in(house, tmp_path / "large.csv"))["faults"] == [
        {"line": 0, "code": "too-big"}
    ]


async def test_a_transfer_by_hand_is_not_called_back_here(house, listed, uid):
    await bring_in(house, listed(line(uid("a"))))
    with pytest.raises(Refused) as caught:
        await house.operating.do("recall", {"case_id": uid("a"), "reason": "wrong"}, "claire")
    assert caught.value.code == "not-transferred"
