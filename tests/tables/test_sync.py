"""An IR synchronisation message into a draft."""

import csv
from datetime import date

import pytest

from gateway.errors import Refused
from gateway.tables.checking import check
from gateway.tables.comparing import compare
from gateway.tables.drafting import draft
from gateway.tables.synchronising import Reopened, repository, synchronise
from ir_directory.load import load
from routing_tables.release import ROOT
from tests.tables.syn001 import competence, institution, place, syn001

DAY = date(2027, 1, 1)
AIN = "FR:0101100000"
NAME = "Caisse primaire d'assurance maladie de l'Ain"


@pytest.fixture
def message(a_message):
    """SYN001 with these institutions."""
    return lambda *institutions: a_message("sync", **syn001(*institutions))


def rows(folder, table, **wanted):
    with (folder / "ir_directory" / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
        found = csv.DictReader(file, delimiter=";")
        return [r for r in found if all(r[key] == value for key, value in wanted.items())]


def name_of(ident):
    (row,) = rows(ROOT, "institutions", id=ident)
    return row["name"]


def test_an_id_that_the_ir_knows_is_confirmed_and_a_new_name_begins(message, folder):
    same = institution(AIN, name_of(AIN).replace("&", "&amp;"))
    other = institution("FR:0175100000", "CPAM de Paris")
    done = synchronise(repository(message(same, other)), folder, DAY)
    assert (done.renamed, AIN in done.gone) == (["FR:0175100000"], False)
    assert {r["certainty"] for r in rows(folder, "institutions", id=AIN)} == {"confirmed"}
    old, new = rows(folder, "institutions", id="FR:0175100000")
    assert (old["valid_to"], new["valid_from"]) == ("2027-01-01", "2027-01-01")
    assert (new["name"], new["body"], new["network"]) == ("CPAM de Paris", old["body"], "cpam")
    assert ("FR:0169100000" in done.local, done.gone) == (True, [])  # no message ever named it
    assert rows(folder, "institutions", id="FR:0169100000")[0]["valid_to"] == ""
    assert not [f for f in check(folder, DAY) if f.error]


def test_a_name_like_a_formula_is_kept_as_a_text_and_is_no_new_name_the_next_day(message, folder):
    body = message(institution(AIN, "=1+1"))
    assert synchronise(repository(body), folder, DAY).renamed == [AIN]
    assert [row["name"] for row in rows(folder, "institutions", id=AIN)] == [NAME, "'=1+1"]
    assert not [f for f in check(folder, DAY) if f.error]
    assert load(folder / "ir_directory").institution(AIN).name == "=1+1"
    assert synchronise(repository(body), folder, date(2027, 2, 1)).renamed == []


def test_an_address_is_filled_in_once_and_begins_anew_when_it_is_another(message, folder):
    def said(*places):
        return repository(message(institution(AIN, NAME, places="".join(places))))

    path = folder / "ir_directory" / "institutions.csv"
    before = path.read_bytes()
    synchronise(said(), folder, DAY)
    assert b"address" not in before + path.read_bytes()  # a table without one stays as it is
    visitors, post = place("2 quai", "01001", "Bourg", "true"), place("1 rue X", "01000", "Bourg")
    done = synchronise(said(visitors, post), folder, DAY)
    assert (done.moved, done.renamed) == ([], [])
    (row,) = rows(folder, "institutions", id=AIN)
    assert (row["address"], row["valid_to"]) == ("1 rue X, 01000 Bourg", "")
    assert synchronise(said(), folder, DAY).moved == []  # that it is not said takes nothing away
    done = synchronise(said(visitors), folder, DAY)
    assert (done.moved, done.renamed) == ([AIN], [])
    old, new = rows(folder, "institutions", id=AIN)
    assert (old["address"], old["valid_to"]) == ("1 rue X, 01000 Bourg", "2027-01-01")
    assert (new["address"], new["valid_from"]) == ("2 quai, 01001 Bourg", "2027-01-01")
    synchronise(said(post), folder, DAY)  # corrected on the same day
    assert [row["address"] for row in rows(folder, "institutions", id=AIN)] == [old["address"]] * 2
    assert not [f for f in check(folder, DAY) if f.error]
    (ended, begun) = (c for c in compare(ROOT, folder) if AIN in c.key)
    assert ("address", "", old["address"]) in ended.changes
    assert begun.what == "added"


def test_one_that_was_confirmed_and_is_not_named_any_more_is_told_of(message, folder):
    paris = institution("FR:0175100000", name_of("FR:0175100000").replace("&", "&amp;"))
    both = message(institution(AIN, name_of(AIN).replace("&", "&amp;")), paris)
    synchronise(repository(both), folder, DAY)
    done = synchronise(repository(message(paris)), folder, DAY)
    assert (done.gone, AIN in done.local) == ([AIN], False)
    assert rows(folder, "institutions", id=AIN)[0]["valid_to"] == ""


@pytest.mark.parametrize("until", ["2026-06-01", "2028-01-01"])
def test_one_that_the_ir_ends_is_ended_and_never_confirmed(message, folder, until):
    one = institution(AIN, name_of(AIN).replace("&", "&amp;"), until=until)
    done = synchronise(repository(message(one)), folder, DAY)
    assert (done.ended, done.confirmed) == ([AIN], [])
    (row,) = rows(folder, "institutions", id=AIN)
    assert (row["valid_to"], row["certainty"] == "confirmed") == (until, False)


def test_competences_are_gained_lost_and_change(message, folder):
    path = folder / "ir_directory" / "competences.csv"
    ours = [
        f"{AIN};S_BUC_24;Counterparty;yes;likely;2019-07-01;;t",
        f"{AIN};S_BUC_05;Counterparty;yes;likely;2019-07-01;;t",
        f"{AIN};S_BUC_06;Counterparty;no;likely;2019-07-01;;t",
        f"{AIN};P_BUC_*;Counterparty;yes;likely;2019-07-01;;t",
    ]
    head = path.read_text(encoding="utf-8").splitlines()[0]
    path.write_text("\n".join([head, *ours]) + "\n", encoding="utf-8")
    said = institution(
        AIN,
        "x",
        competence("S_BUC_24"),
        competence("S_BUC_06"),
        competence("S_BUC_01a", "CaseOwner"),
        competence("S_BUC_02", until="2020-01-01"),
        competence("SYNC_SUC_01"),
    )
    done = synchronise(repository(message(said)), folder, DAY)
    assert done.gained == [f"{AIN} S_BUC_01a CaseOwner", f"{AIN} S_BUC_06 Counterparty"]
    assert done.lost == [f"{AIN} S_BUC_05 Counterparty", f"{AIN} S_BUC_06 Counterparty"]
    found = {
        (r["buc"], r["eessi_ready"], r["certainty"], r["valid_from"], r["valid_to"])
        for r in rows(folder, "competences")
    }
    assert found == {
        ("S_BUC_24", "yes", "confirmed", "2019-07-01", ""),
        ("S_BUC_05", "yes", "likely", "2019-07-01", "2027-01-01"),
        ("S_BUC_06", "no", "likely", "2019-07-01", "2027-01-01"),
        ("S_BUC_06", "yes", "confirmed", "2027-01-01", ""),
        ("S_BUC_01a", "yes", "confirmed", "2015-01-01", ""),
        ("P_BUC_*", "yes", "likely", "2019-07-01", ""),
    }


def test_a_competence_that_the_ir_ends_while_routes_lead_there_is_an_error(message, folder):
    path = folder / "ir_directory" / "competences.csv"
    ours = f"{AIN};S_BUC_24;Counterparty;yes;likely;2019-07-01;;t\n"
    path.write_text(path.read_text(encoding="utf-8") + ours, encoding="utf-8")
    assert not [f for f in check(folder, DAY) if f.error]
    other = institution(AIN, name_of(AIN).replace("&", "&amp;"), competence("S_BUC_05"))
    done = synchronise(repository(message(other)), folder, DAY)
    assert done.lost == [f"{AIN} S_BUC_24 Counterparty"]
    [told] = [f for f in check(folder, DAY) if f.error]
    assert (told.file, told.column) == ("ir_directory/competences.csv", "valid_to")
    assert path.read_text(encoding="utf-8").splitlines()[told.line - 1].startswith(ours[:30])
    assert f"{AIN} does not take S_BUC_24 as Counterparty from {DAY} on" in told.english
    assert "S-GENERAL (line " in told.english


@pytest.mark.parametrize("since", ["2010-07-01", "2015-01-01", "2019-07-01"])
def test_a_competence_that_the_ir_has_is_confirmed_from_its_first_day_there_on(
    message, folder, tmp_path, since
):
    path = folder / "ir_directory" / "competences.csv"
    head = path.read_text(encoding="utf-8").splitlines()[0]
    ours = [f"{AIN};{buc};Counterparty;yes;likely;{since};;list" for buc in ("S_BUC_24", "P_BUC_*")]
    path.write_text("\n".join([head, *ours]) + "\n", encoding="utf-8")
    draft(tmp_path / "base", "base")
    (tmp_path / "base" / "ir_directory" / "competences.csv").write_bytes(path.read_bytes())
    done = synchronise(
        repository(message(institution(AIN, "x", competence("S_BUC_24")))), folder, DAY
    )
    assert (done.certain, done.lost) == ([f"{AIN} S_BUC_24 Counterparty"], [])
    split = since < "2015-01-01"
    before = [("likely", since, "2015-01-01", "list")] if split else []
    found = [
        (r["certainty"], r["valid_from"], r["valid_to"], r["source"])
        for r in rows(folder, "competences", buc="S_BUC_24")
    ]
    now = ("confirmed", max(since, "2015-01-01"), "", "list; SYN001 2027-01-01")
    assert found == [*before, now]
    assert rows(folder, "competences", buc="P_BUC_*")[0]["certainty"] == "likely"
    shown = [c for c in compare(tmp_path / "base", folder) if "S_BUC_24" in str(c)]
    assert [c.what for c in shown] == (["ended", "added"] if split else ["changed"])
    assert split or "confirmed" in str(shown[0])


def test_institutions_abroad_are_partners_and_end_when_they_are_gone(message, folder):
    one = institution("DE:101320043", "Krankenkasse", competence("S_BUC_24", "CaseOwner"))
    two = institution("PL:PL002", "ZUS", competence("P_BUC_01", ready="false"))
    done = synchronise(repository(message(one, two)), folder, DAY)
    assert (done.partners, done.new) == (2, [])
    assert {
        (r["institution"], r["country"], r["name"], r["buc"], r["eessi_ready"])
        for r in rows(folder, "partners")
    } == {
        ("DE:101320043", "DE", "Krankenkasse", "S_BUC_24", "yes"),
        ("PL:PL002", "PL", "ZUS", "P_BUC_01", "no"),
    }
    synchronise(repository(message(two)), folder, date(2027, 2, 1))
    (gone,) = rows(folder, "partners", institution="DE:101320043")
    assert gone["valid_to"] == "2027-02-01"
    assert not [f for f in check(folder, DAY) if f.error]
    assert (done.lost, done.gained) == ([], [])
    assert rows(folder, "competences") == rows(ROOT, "competences")  # it names nobody in France


def test_a_competence_that_ends_on_a_day_to_come_holds_until_then(message, folder):
    """Here and abroad; a day that is put off, or taken back, goes on from there."""
    path = folder / "ir_directory" / "competences.csv"
    head = path.read_text(encoding="utf-8").splitlines()[0]
    ours = f"{AIN};S_BUC_24;Counterparty;yes;likely;2019-07-01;;list"
    path.write_text(f"{head}\n{ours}\n", encoding="utf-8")
    label = name_of(AIN).replace("&", "&amp;")

    def said(until, day=DAY):
        handled = competence("S_BUC_24", until=until)
        both = institution(AIN, label, handled), institution("DE:101320043", "Kasse", handled)
        done = synchronise(repository(message(*both)), folder, day)
        load(folder / "ir_directory")  # nothing overlaps
        found = [
            [(r["valid_from"], r["valid_to"]) for r in rows(folder, table, buc="S_BUC_24")]
            for table in ("competences", "partners")
        ]
        assert done.gained == []
        told = [(one.what, one.key, one.ours, one.theirs, one.drafted) for one in done.reopened]
        return done.lost, told, *found

    key, begun = f"{AIN} S_BUC_24 Counterparty", ("2019-07-01", "2028-01-01")
    abroad = ("2015-01-01", "2028-01-01")
    assert said("2028-01-01") == ([key], [], [begun], [abroad])
    assert said("2028-01-01", date(2027, 2, 1)) == ([], [], [begun], [abroad])
    later = ("2028-01-01", "2029-01-01")
    assert said("2029-01-01") == (
        *([], [("put-off", key, "2028-01-01", "2029-01-01", True)]),
        *([begun, later], [abroad, later]),
    )
    still = ("2029-01-01", "")
    assert said("2200-01-01") == (
        *([], [("taken-back", key, "2029-01-01", "", True)]),
        *([begun, later, still], [abroad, later, still]),
    )
    assert said("2200-01-01", date(2027, 2, 1))[1] == []


@pytest.mark.parametrize(
    ("competences", "end"),
    [((), "2027-01-01"), (("2027-06-01",), "2027-06-01"), (("2026-06-01",), "2027-01-01")],
)
def test_a_competence_that_ends_sooner_than_we_knew_ends_then(message, folder, competences, end):
    path = folder / "ir_directory" / "competences.csv"
    head = path.read_text(encoding="utf-8").splitlines()[0]
    ours = f"{AIN};S_BUC_24;Counterparty;yes;likely;2019-07-01;2028-01-01;list"
    path.write_text(f"{head}\n{ours}\n", encoding="utf-8")
    handled = [competence("S_BUC_24", until=until) for until in competences]
    done = synchronise(repository(message(institution(AIN, "x", *handled))), folder, DAY)
    assert (done.lost, done.gained, done.reopened) == ([f"{AIN} S_BUC_24 Counterparty"], [], [])
    assert [row["valid_to"] for row in rows(folder, "competences")] == [end]


def test_a_competence_that_is_ready_again_is_gained_and_not_reopened(message, folder):
    path = folder / "ir_directory" / "competences.csv"
    head = path.read_text(encoding="utf-8").splitlines()[0]
    ours = f"{AIN};S_BUC_24;Counterparty;no;likely;2019-07-01;2020-01-01;list"
    path.write_text(f"{head}\n{ours}\n", encoding="utf-8")
    one = institution(AIN, "x", competence("S_BUC_24"))
    done = synchronise(repository(message(one)), folder, DAY)
    assert (done.gained, done.reopened) == ([f"{AIN} S_BUC_24 Counterparty"], [])


@pytest.mark.parametrize(("until", "now"), [("2029-01-01", "2029-01-01"), ("2200-01-01", "")])
def test_an_end_that_the_ir_puts_off_or_takes_back_is_told_and_drafted(message, folder, until, now):
    label = name_of(AIN).replace("&", "&amp;")
    synchronise(repository(message(institution(AIN, label, until="2028-01-01"))), folder, DAY)
    said = repository(message(institution(AIN, label, until=until)))
    done = synchronise(said, folder, date(2027, 2, 1))
    what = "put-off" if now else "taken-back"
    assert done.reopened == [Reopened(what, AIN, "2028-01-01", now, drafted=True)]
    assert (done.ended, done.confirmed) == ([], [])
    ended, goes_on = rows(folder, "institutions", id=AIN)
    assert (ended["valid_to"], goes_on["valid_from"], goes_on["valid_to"]) == (
        *("2028-01-01", "2028-01-01"),
        now,
    )
    assert (goes_on["certainty"], goes_on["source"]) == ("confirmed", "SYN001 2027-02-01")
    assert (goes_on["body"], goes_on["name"]) == (ended["body"], ended["name"])
    directory = load(folder / "ir_directory")  # nothing overlaps
    assert directory.successor_on(AIN, date(2028, 6, 1)).id == AIN
    kept = (folder / "ir_directory" / "institutions.csv").read_bytes()
    again = synchronise(said, folder, date(2027, 3, 1))
    assert (again.reopened, again.ended) == ([], [])
    assert (folder / "ir_directory" / "institutions.csv").read_bytes() == kept


@pytest.mark.parametrize(
    ("ours", "successor"), [("2026-06-01", ""), ("2027-01-01", ""), ("2028-01-01", "cpam-69")]
)
def test_who_is_no_more_or_has_a_successor_is_left_to_a_person(message, folder, ours, successor):
    path = folder / "ir_directory" / "institutions.csv"
    text = path.read_text(encoding="utf-8-sig")
    (row,) = (line for line in text.splitlines() if line.startswith(AIN))
    cells = row.split(";")
    cells[10:12] = [ours, successor]
    path.write_text(text.replace(row, ";".join(cells)), encoding="utf-8-sig")
    before = path.read_bytes()
    said = repository(message(institution(AIN, name_of(AIN).replace("&", "&amp;"))))
    done = synchronise(said, folder, DAY)
    assert done.reopened == [Reopened("taken-back", AIN, ours, "", drafted=False)]
    assert path.read_bytes() == before


def test_an_institution_that_ends_sooner_than_we_knew_ends_then(message, folder):
    label = name_of(AIN).replace("&", "&amp;")
    synchronise(repository(message(institution(AIN, label, until="2028-01-01"))), folder, DAY)
    sooner = message(institution(AIN, label, until="2027-06-01"))
    done = synchronise(repository(sooner), folder, date(2027, 2, 1))
    assert (done.ended, done.reopened) == ([AIN], [])
    assert [row["valid_to"] for row in rows(folder, "institutions", id=AIN)] == ["2027-06-01"]


def test_what_is_new_in_france_is_for_a_person(message, folder):
    said = [
        institution("FR:9999900000", "Nouvelle caisse", competence("S_BUC_24")),
        institution("FR:8888800000", "Ancienne caisse", until="2020-01-01"),
    ]
    done = synchronise(repository(message(*said)), folder, DAY)
    assert done.new == ["FR:9999900000"]
    assert rows(folder, "institutions", id="FR:9999900000") == []
    assert done.gained == []


def test_the_same_message_twice_changes_nothing_more(message, folder):
    body = message(institution(AIN, "CPAM 01", competence("S_BUC_24")))
    synchronise(repository(body), folder, DAY)
    before = {p: p.read_bytes() for p in (folder / "ir_directory").glob("*.csv")}
    done = synchronise(repository(body), folder, date(2027, 2, 1))
    assert (done.renamed, done.gained, done.lost, done.confirmed) == ([], [], [], [])
    assert done.certain == []
    assert before == {p: p.read_bytes() for p in (folder / "ir_directory").glob("*.csv")}


def test_what_is_no_valid_syn001_is_refused(message, a_message):
    for body in (b"no", a_message("x"), message("<Institution/>")):
        with pytest.raises(Refused):
            repository(body)
