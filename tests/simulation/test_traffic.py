"""Made-up traffic: repeatable, in proportion, complete, and blind to what it tests."""

import csv
import hashlib
import json
import subprocess
import sys
import tracemalloc
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from lxml import etree

from gateway.errors import Refused
from gateway.simulation import faults, year
from gateway.simulation.cases import Case, Drawing, Step
from gateway.simulation.facts import Making, nir, seeded
from gateway.simulation.profiles import rows, witness
from gateway.simulation.seds import content

CASES = 1500
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SBDH = "{http://eessi.dgempl.ec.europa.eu/namespaces/sbdh}"
GROUPS = {"clear", "lacking", "inferred", "trap"}
EXPECTED = {"transfer", "ask", "refer", "leave"}
NETWORKS = {"cpam", "caf", "carsat", "msa", "urssaf", "invalidity", "pole", "named"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("year")
    return folder, year(folder, seed=1, count=CASES)


@pytest.fixture(scope="module")
def truth(made):
    return told(made[0])


def told(folder):
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def files(folder):
    return [p for p in sorted((folder / "messages").iterdir()) if p.suffix != ".json"]


def digest(folder):
    found = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        found.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return found.hexdigest()


def document(body):
    """The XML of a message's bytes, or None."""
    begin, end = body.find(b"<?xml"), body.rfind(b"</sbdh:StandardBusinessDocument>")
    if begin < 0 or end < 0 or b"<!DOCTYPE" in body:
        return None
    try:
        return etree.fromstring(body[begin : end + 32])
    except etree.XMLSyntaxError:
        return None


def message_id(body):
    root = document(body)
    if root is None or root.find(f".//{SBDH}SetId") is None:
        return hashlib.sha256(body).hexdigest()
    return root.findtext(f".//{SBDH}DocumentIdentification/{SBDH}InstanceIdentifier")


# -- the run --------------------------------------------------------------------------------


def test_the_same_seed_writes_the_same_bytes(made, tmp_path):
    year(tmp_path / "again", seed=1, count=CASES)
    assert digest(tmp_path / "again") == digest(made[0])


def test_another_seed_writes_others(tmp_path):
    for seed in (1, 2):
        year(tmp_path / str(seed), seed=seed, count=20)
    assert digest(tmp_path / "1") != digest(tmp_path / "2")


def test_the_truth_has_each_message_once(made, truth):
    ids = Counter(message_id(path.read_bytes()) for path in files(made[0]))
    assert {row["message_id"] for row in truth} == set(ids)
    assert len(truth) == len(ids) == made[1].messages
    again = sum(ids.values()) - len(ids)
    assert 0 < again == made[1].files - made[1].messages


def test_case_ids_of_the_truth_are_those_of_the_headers(made, truth):
    cases = {row["message_id"]: row["case_id"] for row in truth}
    for path in files(made[0]):
        ident = message_id(path.read_bytes())
        if len(ident) == 64:
            assert cases[ident] == ""
            continue
        root = document(path.read_bytes())
        assert cases[ident] == root.findtext(f".//{SBDH}CaseId/{SBDH}InstanceIdentifier")


def test_messages_come_in_order_within_the_period(made):
    times, created = [], []
    for path in files(made[0]):
        meta = json.loads(path.with_name(path.name + ".meta.json").read_text())
        times.append(datetime.fromisoformat(meta["received_at"]))
        assert meta["addressee"].startswith("FR:CLEISS000")
        root = document(path.read_bytes())
        if root is not None:
            created.append((root.findtext(f".//{SBDH}CreationDateAndTime"), times[-1]))
    assert times == sorted(set(times))
    assert datetime(2026, 1, 1, tzinfo=UTC) <= times[0]
    assert times[-1] < datetime(2027, 1, 1, tzinfo=UTC)
    assert all(datetime.fromisoformat(at) < received for at, received in created)


def test_a_follow_up_comes_after_its_start(made):
    seen = {}
    for path in files(made[0]):
        root = document(path.read_bytes())
        if root is None or root.find(f".//{SBDH}SetId") is None:
            continue
        case = root.findtext(f".//{SBDH}CaseId/{SBDH}InstanceIdentifier")
        action = root.findtext(f".//{SBDH}CaseAction")
        version = int(root.findtext(f".//{SBDH}DocumentVersion"))
        if action == "Update":
            assert version > seen[case]
        elif action == "Start":
            seen.setdefault(case, version)
        else:
            assert case in seen
    assert {1, 2, 3, 4} <= set(seen.values())


def test_bucs_are_near_annex_3():
    known, drawing = witness(), Drawing(witness(), 5, 0.25)
    drawn = Counter(drawing.case(n, START).profile.buc for n in range(6000))
    annex = {buc: n for buc, n in drawn.items() if not buc.startswith("LA_")}
    total, cases = sum(annex.values()), sum(known.cases.values())
    assert 0.01 < 1 - total / 6000 < 0.035
    big = {buc: n * total / cases for buc, n in known.cases.items() if n * total / cases >= 5}
    chi_square = sum((annex[buc] - due) ** 2 / due for buc, due in big.items())
    assert chi_square < 2.2 * len(big)


@pytest.mark.parametrize("missing", [0.0, 0.25, 0.5])
def test_a_share_lacks_what_is_needed(missing):
    drawing = Drawing(witness(), 5, missing)
    lacking = sum(drawing.case(n, START).profile.group == "lacking" for n in range(3000))
    forced = 3 if missing == 0 else 0
    assert abs(lacking / 3000 - missing) < 0.03
    assert lacking <= forced or missing


def test_all_kinds_of_the_mix_appear():
    known, drawing = witness(), Drawing(witness(), 9, 0.25)
    cases = [drawing.case(n, START) for n in range(6000)]
    kinds = Counter(step.kind for case in cases for step in case.steps)
    assert set(known.mix["noise"]) <= set(kinds)
    assert {"update", "withdrawal", "reminder", "request", "updated", "coded", "prose"} <= set(
        kinds
    )
    models = Counter(case.cdm for case in cases)
    assert set(models) == {"4.1", "4.2", "4.3", "4.4"}
    assert 0.72 < models["4.4"] / 6000 < 0.82
    assert {case.facts.sender for case in cases} == set(known.countries)
    assert 0.08 < sum(case.attached for case in cases) / 6000 < 0.18


@pytest.mark.long
def test_memory_stays_flat(tmp_path):
    """Messages that are kept would be some 15 MB; the interpreter's table of file names may grow
    by 2 MB at any time."""
    peaks = []
    for count in (150, 3000):
        tracemalloc.start()
        year(tmp_path / str(count), seed=3, count=count)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 5_000_000


def test_a_folder_with_traffic_is_refused(made):
    with pytest.raises(Refused) as refused:
        year(made[0], seed=1, count=1)
    assert refused.value.code == "folder-unusable"


def test_an_empty_period_is_refused(tmp_path):
    with pytest.raises(Refused) as refused:
        year(tmp_path, seed=1, count=1, begin=START, end=START)
    assert refused.value.code == "period-empty"


def test_a_month_keeps_to_its_days(tmp_path):
    year(tmp_path, seed=1, count=60, begin=START, end=START + timedelta(days=30))
    metas = [json.loads(p.read_text()) for p in (tmp_path / "messages").glob("*.json")]
    days = {datetime.fromisoformat(m["received_at"]).date() for m in metas}
    assert date(2026, 3, 2) <= min(days)
    assert max(days) < date(2026, 4, 2)


def test_nothing_of_what_it_tests_is_imported():
    watched = ("gateway.core", "ir_directory", "routing_tables", "sed_schemas")
    code = (
        "import sys, gateway.simulation as s, pathlib, tempfile\n"
        "s.year(pathlib.Path(tempfile.mkdtemp()), seed=1, count=5)\n"
        f"print([m for m in sys.modules if m.startswith({watched!r})])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_the_command_says_what_it_wrote(tmp_path):
    command = [sys.executable, "-m", "gateway", "--lang", "fr", "simulate", "year"]
    options = ["--seed", "4", "--count", "10", "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [*command, *options], capture_output=True, text=True, check=True, timeout=60
    )
    assert "10 dossiers" in done.stdout
    assert len(told(tmp_path / "out")) >= 9


def test_broken_bytes_are_no_business_message_and_never_the_same_twice():
    for kind, broken in faults.BROKEN.items():
        known = witness()
        spoilt = {broken(drawn(known, known.profiles[n], n)._stranger(0), n + 1) for n in range(20)}
        assert len(spoilt) == 20, kind
        assert all(len(message_id(body)) == 64 for body in spoilt), kind


# -- the profiles ---------------------------------------------------------------------------


def test_there_are_two_hundred_profiles_with_all_columns():
    table = list(rows("profiles.csv"))
    assert len(table) >= 200
    assert len({row["profile"] for row in table}) == len(table)
    for row in table:
        assert None not in row, row
        assert all(row.values()), row
        assert row["group"] in GROUPS
        assert set(row["expected"].split("|")) <= EXPECTED
        assert {row["determinable"], row["answerable"]} <= {"yes", "no"}


def test_every_buc_of_annex_3_has_profiles():
    known = witness()
    bucs = {profile.buc for profile in known.profiles}
    assert len(known.cases) == 50
    assert set(known.cases) <= bucs
    assert len([buc for buc in bucs if buc.startswith("LA_")]) >= 3


def test_what_is_clear_is_determinable_and_names_one_way():
    for profile in witness().profiles:
        if profile.group == "clear":
            assert profile.expected == "transfer", profile.name
            assert profile.determinable == "yes", profile.name
        if profile.group == "lacking":
            assert profile.expected == "ask|refer", profile.name
            assert profile.determinable == "no", profile.name
        if profile.expected == "transfer":
            assert profile.institution, profile.name
            assert profile.determinable == "yes", profile.name


def test_words_in_braces_and_places_are_known():
    known = witness()
    for profile in known.profiles:
        for word in profile.institution.split("|"):
            assert not word.startswith("{") or word.strip("{}") in NETWORKS, profile.name
        assert set(profile.senders) <= set(known.countries), profile.name


def test_thirty_one_countries():
    known = witness()
    assert len(known.countries) == 31
    assert {"EL", "UK"} <= set(known.countries)
    assert not {"GR", "GB", "FR"} & set(known.countries)


def test_every_profile_and_each_of_its_answers_can_be_written():
    known = witness()
    for number, profile in enumerate(known.profiles):
        case = drawn(known, profile, number)
        for position in range(len(case.steps)):
            made = case.made(position)
            root = document(made.body)
            assert root is not None, (profile.name, case.steps[position].kind)
            assert root.findtext(f".//{SBDH}Type") in made.name
        if profile.group == "clear":
            ids = case.steps[0].institution.split("|")
            assert all(len(ident) == 13 and ident.startswith("FR:") for ident in ids), profile.name


def drawn(known, profile, number):
    """A case of this very profile with one step of each kind that it can have."""
    senders = profile.senders or tuple(known.countries)
    rng = seeded(f"test:{number}")
    country = known.countries[rng.choice(senders)]
    making = Making(rng, known, country, START.date())
    facts = making.facts(profile, f"{country.code}:SIM01")
    institution = making.institution(profile.institution)
    kinds = ["start", "update", "withdrawal", "reminder", "request", "prose"]
    answered = making.answered(facts, profile.answer) if profile.answer else None
    if profile.answer:
        assert making.institution(profile.answer.partition(">")[2]), profile.name
        assert content(profile.sed, answered) != content(profile.sed, facts), profile.name
        kinds += ["updated", "coded"]
    return Case(
        key=f"test:{number}",
        number=number,
        profile=profile,
        facts=facts,
        answered=answered,
        cdm=profile.extra.get("cdm", "4.4"),
        case_id="00000000-0000-4000-8000-000000000000",
        set_id="00000000-0000-4000-8000-000000000001",
        receivers=("FR:CLEISS0000",),
        version=1,
        attached=False,
        start=START,
        steps=tuple(
            Step(kind, n * 60, profile.expected, institution) for n, kind in enumerate(kinds)
        ),
    )


def test_a_french_number_has_a_valid_key_and_no_real_department():
    for n in range(50):
        number = nir(seeded(str(n)), date(1961, 5, 1), woman=bool(n % 2))
        assert len(number) == 15
        assert number[5:7] == "00"
        assert (int(number[:13]) + int(number[13:])) % 97 == 0


def test_the_truth_says_nothing_about_what_is_not_there(truth):
    for row in truth:
        assert row["expected"]
        assert row["source"]
        if "transfer" in row["expected"].split("|"):
            assert row["institution"], row
        if row["profile"].startswith("fault-"):
            assert (row["determinable"], row["institution"]) == ("no", "")
