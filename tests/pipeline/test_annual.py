"""A year lived by a gateway, counted by hand and by the report."""

import asyncio
import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from gateway.annual import bounds, count, year_of
from gateway.cli import cli
from gateway.clock import ManualClock
from gateway.core.delivery import Status
from gateway.core.leaving import Leaving, Mode
from gateway.core.states import SendingState
from gateway.errors import Refused
from gateway.journal.accounts import ClosedMonth
from tests.core.test_life import CONTEXT
from tests.pipeline.conftest import House
from tests.pipeline.test_taking import BY_HAND

TARGET = "FR:0101100000"
TEST = "<sbdh:TestCase>true</sbdh:TestCase>"
HOUR = 3600


@pytest.fixture
def clock():
    """Half past eleven at night in Paris, the year ends in half an hour."""
    return ManualClock(datetime(2025, 12, 31, 22, 30, tzinfo=UTC))


@pytest.fixture
async def lived(house: House, a_message, person, uid, tmp_path):
    """One case of 2025; of 2026 five that count, two of LA, one test, one from before."""
    await house.take(a_message("old"))
    await house.send()
    await house.clock.advance(HOUR)  # half past midnight in Paris; in UTC it is 2025 still
    await house.take(a_message("new"))  # 1: transferred, delivered, without a person
    for sending in await house.send():
        said = Status(
            sending.message_id, sending.receiver, SendingState.DELIVERED, house.clock.now(), "", 1
        )
        await house.journal.note_statuses([said], "a.csv", house.clock.now())
    again = a_message("again", case="case of new", document="document of new")
    await house.take(again)  # the same content once more: absorbed
    await house.clock.advance(40 * 24 * HOUR)  # February
    await house.take(a_message("wrong"))  # 2: called back, and stays with a person
    row = await house.journal.message(uid("wrong"))
    await house.operating.do("recall", {"case_id": row.case_id, "reason": "no"}, "claire")
    pl = {"sender": ("PL:1", "CaseOwner")}
    await house.take(a_message("open", inside=person(town=None), **pl))  # 3: asked and reminded
    await house.send()
    await house.take(a_message("follow", action="New", **pl))  # 4: waits for its first SED
    await house.take(a_message("p", buc="P_BUC_01", sed="P2000", inside=""))  # 5: with a person
    await house.take(
        a_message("la1", buc="LA_BUC_01", sed="A001", inside=""),
        a_message("la2", buc="LA_BUC_01", sed="A001", inside=""),
        a_message("test", flags=TEST),
        b"no message at all",
    )
    path = tmp_path / "cases.csv"
    line = f"{uid('case of before')};S_BUC_24;Counterparty;DE:101320043,FR:CLEISS0000;{TARGET}"
    path.write_text(f"case_id;buc;our_role;participants;holder\n{line}\n", encoding="utf-8")
    await house.operating.do("import-cases", {"file": str(path)}, "claire")
    await house.take(a_message("before", action="New"))
    await house.clock.advance(35 * 24 * HOUR)  # March
    while await house.timers.turn():
        pass
    await house.send()
    return house


async def figures(house, year=2026):
    accounts = await house.journal.accounts(*bounds(year))
    return year_of(year, accounts, await house.journal.closed_months(year))


async def test_the_figures_are_those_counted_by_hand(lived):
    found = dict((await figures(lived)).figures)

    def cells(table, measure):
        return {k: n for (t, k, m), n in found.items() if (t, m) == (table, measure) and n}

    assert cells("buc", "received") == {"S_BUC_24": 4, "P_BUC_01": 1}
    assert cells("buc", "transferred") == {"S_BUC_24": 1}
    assert cells("buc", "unattended") == cells("buc", "delivered") == {"S_BUC_24": 1}
    assert cells("buc", "came_back") == {"S_BUC_24": 1}
    assert cells("buc", "person") == {"S_BUC_24": 2, "P_BUC_01": 1}
    assert cells("buc", "asked") == {"S_BUC_24": 1}
    assert cells("country", "received") == {"DE": 3, "PL": 2}
    assert cells("country", "questions") == {"PL": 1}
    assert cells("country", "reminders") == {"PL": 1}
    assert cells("institution", "transferred") == {TARGET: 1}
    assert cells("legislation", "received") == {"LA_BUC_01": 2}
    assert cells("apart", "cases") == {"test": 1, "imported": 1}
    assert cells("cause", "cases")["recalled"] == 1
    assert cells("cause", "cases")["out-of-order"] == 1


async def test_the_year_begins_at_midnight_in_paris(lived):
    before = (await figures(lived, 2025)).figures
    assert before["buc", "S_BUC_24", "transferred"] == 1
    assert await lived.journal.first_receipt() == datetime(2025, 12, 31, 22, 30, tzinfo=UTC)
    assert (await figures(lived, 2027)).figures == {}


async def test_a_closed_month_stays_and_what_changes_is_a_correction(lived, a_message, person):
    answer = await lived.operating.do("close-month", {"month": "2026-02"}, "claire")
    assert answer == {"month": "2026-02", "cases": 6}
    (closed,) = await lived.journal.closed_months(2026)
    assert (closed.month, closed.who) == ("2026-02", "claire")
    assert (await figures(lived)).corrections == ()
    before = (await figures(lived)).figures
    await lived.take(
        a_message("open2", case="case of open", document="document of open", version=2,
                  sender=("PL:1", "CaseOwner"), action="Update")
    )  # fmt: skip
    after = await figures(lived)
    assert after.figures == before
    changed = {(c.table, c.measure): (c.closed, c.now) for c in after.corrections}
    assert changed["buc", "transferred"] == (0, 1)
    assert changed["buc", "asked"] == (1, 0)


@pytest.mark.parametrize(
    ("month", "code"),
    [("2026-03", "month-not-over"), ("2026-13", "not-a-month"), ("", "not-a-month")],
)
async def test_a_month_that_cannot_be_closed(lived, month, code):
    with pytest.raises(Refused) as caught:
        await lived.operating.do("close-month", {"month": month}, "claire")
    assert caught.value.code == code


async def test_a_month_is_closed_once(lived):
    month = ClosedMonth("2026-01", lived.clock.now(), "claire", {("buc", "P", "received"): 1})
    assert await lived.journal.close_month(month)
    assert not await lived.journal.close_month(month)
    assert await lived.journal.closed_months(2026) == (month,)
    with pytest.raises(Refused) as caught:
        await lived.operating.do("close-month", {"month": "2026-01"}, "denis")
    assert caught.value.code == "closed-already"


async def test_what_came_back_and_went_elsewhere_is_transferred_once(house, a_message, uid):
    await house.take(a_message("one"))
    row = await house.journal.message(uid("one"))
    await house.operating.do("recall", {"case_id": row.case_id, "reason": "no"}, "claire")
    to = {"message_id": row.message_id, "outcome": "transfer", "institution": "FR:0102100000",
          "reason": "yes"}  # fmt: skip
    await house.operating.do("resolve", to, "claire")
    end = house.clock.now() + timedelta(days=1)
    (one,) = await house.journal.accounts(datetime(2025, 1, 1, tzinfo=UTC), end)
    assert (one.holder, one.came_back, one.person) == ("FR:0102100000", True, True)
    cells = count([one])
    assert cells["buc", "S_BUC_24", "transferred"] == cells["buc", "S_BUC_24", "received"] == 1


async def test_what_did_not_leave_is_no_transfer_and_no_question(
    observing_house, a_message, person
):
    house = observing_house
    await house.take(a_message("one"), a_message("two", inside=person(town=None)))
    cells = (await figures(house, 2025)).figures
    assert cells["buc", "S_BUC_24", "observed"] == 1
    assert cells.get(("buc", "S_BUC_24", "transferred"), 0) == 0
    assert cells["country", "DE", "questions"] == 0
    ours = {
        "sender": ("FR:CLEISS0000", "Counterparty"),
        "receivers": (("DE:101320043", "CaseOwner"),),
    }
    by_hand = {"case": "case of one", "sed": "X007", "action": "New", "document": "x"}
    await house.take(a_message("x7", **by_hand, inside=BY_HAND, **ours), by_hand=True)
    cells = (await figures(house, 2025)).figures
    assert cells["buc", "S_BUC_24", "transferred"] == 1
    assert cells["buc", "S_BUC_24", "unattended"] == 0


async def test_what_waits_for_a_yes_is_no_transfer_yet(house, strict, a_message):
    house.pipeline.desk = strict(leaving=Leaving(Mode.CONFIRM))
    await house.take(a_message("one"))
    cells = (await figures(house, 2025)).figures
    assert cells["buc", "S_BUC_24", "other"] == 1
    names = [row.message_id for row in await house.journal.outgoing()]
    done = {"sendings": names, "reason": "looked at it"}
    await house.operating.do("sending-confirm", done, "claire")
    cells = (await figures(house, 2025)).figures
    assert (cells["buc", "S_BUC_24", "transferred"], cells["buc", "S_BUC_24", "unattended"]) == (
        1,
        0,
    )


async def test_a_duplicate_is_counted_with_the_case_that_it_repeats(house, a_message, uid):
    await house.take(
        a_message("one", buc="P_BUC_01", sed="P2000", inside=""),
        a_message("two", buc="P_BUC_01", sed="P2000", inside=""),
    )
    said = {"message_id": uid("two"), "outcome": "duplicate", "reason": "see the other"}
    await house.operating.do("resolve", said, "claire")
    cells = (await figures(house, 2025)).figures
    assert cells["buc", "P_BUC_01", "received"] == 1
    assert cells["apart", "duplicate", "cases"] == 1


async def test_a_case_that_was_closed_and_reopened_is_counted_once(house, a_message):
    await house.take(a_message("one"))
    await house.send()
    case_id = (await house.rows())[0].case_id
    close = "<InformationAboutClose><closeDate>2026-01-02</closeDate></InformationAboutClose>"
    again = (
        "<DecisionReopenCase><decisionReopenCaseIndicator><value>1</value>"
        "</decisionReopenCaseIndicator></DecisionReopenCase>"
    )
    states = []
    for sed, inside in (("X001", CONTEXT + close), ("X004", CONTEXT + again)):
        more = {"case": "case of one", "document": sed, "action": "New", "inside": inside}
        await house.take(a_message(sed, sed=sed, root=sed, **more))
        states.append((await house.journal.case(case_id)).closed)
    assert states == [True, False]
    await house.take(a_message("again", case="case of one", document="later", action="New"))
    assert len({row.case_id for row in await house.rows()}) == 1
    cells = (await figures(house, 2025)).figures
    assert cells["buc", "S_BUC_24", "received"] == cells["buc", "S_BUC_24", "transferred"] == 1
    assert cells["institution", TARGET, "transferred"] == 1


def run(house, *words):
    done = CliRunner().invoke(cli, ["--state", str(house.state), "report", "annual", *words])
    assert done.exit_code == 0, done.output
    return done.output


async def test_the_report_as_rows(lived):
    said = await asyncio.to_thread(run, lived, "--year", "2026", "--compare", "2025", "--json")
    rows = [json.loads(line) for line in said.splitlines()]
    assert rows == [
        {"buc": "S_BUC_24", "received": 4, "transferred": 1, "previous": 1, "trend": "="},
        {"buc": "P_BUC_01", "received": 1, "transferred": 0, "previous": 0, "trend": "="},
        {"buc": "LA_BUC_01", "received": 2, "transferred": 0, "previous": 0, "trend": "="},
    ]
    alone = await asyncio.to_thread(run, lived, "--year", "2026", "--json")
    assert json.loads(alone.splitlines()[0])["trend"] is None


async def test_a_year_of_which_nothing_was_counted_is_no_zero_to_compare_with(lived):
    said = await asyncio.to_thread(run, lived, "--year", "2026", "--compare", "2024", "--json")
    assert {(row["previous"], row["trend"]) for row in map(json.loads, said.splitlines())} == {
        (None, None)
    }
    words = ("--lang", "fr", "--year", "2026", "--compare", "2024")
    shown = await asyncio.to_thread(run, lived, *words)
    assert "ne contient rien de l'année de comparaison" in shown
    assert "comparaison incomplète" not in shown
    assert "↗" not in shown


async def test_the_report_as_pages_in_both_languages(lived, tmp_path):
    english = await asyncio.to_thread(run, lived, "--year", "2026", "--compare", "2025")
    assert "| transferred / received | 1 | 20.0 % |" in english
    assert "| settled without a person | 1 | 20.0 % |" in english
    assert "| sickness (S) | 4 | 1 | 25.0 % |" in english
    assert "does not hold the whole year compared with" in english
    given = tmp_path / "given.tsv"
    given.write_text("figure\tvalue\tsource\nratio\t37 %\treport 2023\n", encoding="utf-8")
    words = ("--lang", "fr", "--year", "2026", "--given", str(given), "--out", str(tmp_path / "o"))
    said = await asyncio.to_thread(run, lived, *words)
    assert "fichiers" in said
    french = (tmp_path / "o" / "annual-2026.md").read_text("utf-8")
    assert "| ratio | 37 % | report 2023 |" in french
    assert "| maladie (S) | 4 | 1 | 25,0 % |" in french
    page = (tmp_path / "o" / "annual-2026.html").read_text("utf-8")
    assert page.count("<svg") == 3
    assert page.count("<table") > page.count("<svg")


async def test_the_open_data_leave_out_small_counts(lived, tmp_path):
    await asyncio.to_thread(run, lived, "--year", "2026", "--out", str(tmp_path / "o"))
    data = tmp_path / "o" / "open-data"
    heads = {}
    for path in data.iterdir():
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig")), delimiter=";"))
        heads[path.stem.removesuffix("-2026")] = rows
    assert heads["buc"][0]["received"] == "4"
    for name in ("country", "institution", "cause", "buc-country"):
        assert {row["suppressed"] for row in heads[name]} == {"1"}, name
    assert {row["received"] for row in heads["buc-country"]} == {""}
    columns = {row["column"] for row in heads.pop("dictionary")}
    assert {column for rows in heads.values() for row in rows for column in row} == columns
