"""What each BUC allows, against the counts of the reference and against damage."""

import csv
import re
import shutil
from collections import Counter
from dataclasses import FrozenInstanceError

import pytest

from sed_schemas import COUNTERPARTY, EVERYWHERE, OWNER
from sed_schemas.load import FOLDER, SchemasInvalid, catalogue


@pytest.fixture(scope="module")
def known():
    return catalogue()


@pytest.fixture
def copy(tmp_path):
    """The three tables in a folder of their own, to be damaged."""
    for file in FOLDER.glob("*.csv"):
        shutil.copy(file, tmp_path)
    return tmp_path


CREATES = re.compile(r"(?:create|reactivate):.*>DOC_CREATE(?:_REPLY)?:(\w+)")
BY_ROLE = {"X008": "withdrawn_by", "X011": "rejected_by", "X012": "clarified_by"}
IN_4_1_ALONE = {("H_BUC_06", COUNTERPARTY, "X005")}


def way_of_asking(rules):
    h001 = rules.we_may_send("H001")
    if rules.we_may_send("P8000"):
        return "P8000"
    if any(map(rules.we_may_clarify, rules.seds)):
        return "X012, else H001" if h001 else "X012"
    if h001:
        return "H001"
    return "X009" if rules.we_may_send("X009") else "nothing"


def business(rules):
    return {sed for sed in rules.seds if not sed.startswith("X")}


def test_the_ways_of_asking_are_counted_as_in_the_reference(known):
    assert Counter(way_of_asking(rules) for rules in known.bucs.values()) == {
        "H001": 43,
        "X012, else H001": 28,
        "P8000": 5,
        "X009": 7,
        "X012": 4,
        "nothing": 12,
    }


def test_a_case_can_be_forwarded_in_all_bucs_but_seven(known):
    assert len(known.bucs) == 99
    assert {code for code, rules in known.bucs.items() if not rules.we_may_send("X007")} == {
        "AW_BUC_05",
        "AW_BUC_15",
        "AW_BUC_23",
        "S_BUC_19",
        "S_BUC_21",
        "S_BUC_22",
        "S_BUC_23",
    }


def test_we_may_leave_nine_bucs_and_remind_in_76(known):
    leave = {code for code, rules in known.bucs.items() if rules.we_may_send("X006")}
    assert leave == {
        *(f"P_BUC_{n}" for n in ("01", "02", "03", "04", "08", "10")),
        "FB_BUC_01",
        "H_BUC_05",
        "LA_BUC_06",
    }
    assert all(known.bucs[code].multilateral for code in leave)
    assert sum(rules.we_may_send("X009") for rules in known.bucs.values()) == 76


def test_a_buc_holds_its_horizontal_seds_where_it_allows_them(known):
    assert business(known.bucs["S_BUC_24"]) == {"S040", "S041", "H001", "H002"}
    pensions = known.bucs["P_BUC_01"].seds
    assert "H001" not in pensions
    assert {"H020", "H021", "H070", "H120", "H121", "P8000"} <= pensions.keys()
    asked_about = known.bucs["UB_BUC_01"]
    assert set(filter(asked_about.we_may_clarify, asked_about.seds)) == {
        "U001",
        "U001CB",
        "U003",
        "U005",
    }


def test_every_buc_is_started_by_a_sed_of_its_own(known):
    for rules in known.bucs.values():
        assert rules.starters, rules.code
        assert rules.seds.keys() <= known.seds
        assert rules.starters <= business(rules)


def test_a_sed_comes_from_a_role_as_an_action(known):
    rules = known.bucs["S_BUC_24"]
    assert rules.seds["S040"].sent == {OWNER: {"Start"}}
    assert rules.seds["S041"].sent == {COUNTERPARTY: {"New"}}
    both = {"New", "Update"}
    assert rules.seds["H001"].sent == {OWNER: both, COUNTERPARTY: both}
    assert not rules.we_may_send("S040")
    assert not rules.we_may_send("A001")
    assert not rules.we_may_clarify("A001")
    assert known.bucs["LA_BUC_03"].seds["A008"].rejected_by == {COUNTERPARTY}


def test_x_seds_that_no_buc_lists_are_those_that_may_come_everywhere(known):
    administrative = {sed for sed in known.seds if sed.startswith("X")}
    assert administrative == {*(f"X{n:03}" for n in range(1, 14)), "X050", "X100"}
    listed = {sed for rules in known.bucs.values() for sed in rules.seds if sed.startswith("X")}
    assert listed | EVERYWHERE == administrative
    assert listed.isdisjoint(EVERYWHERE)


def test_four_cdm_versions_are_known(known):
    assert known.cdm_versions == {"4.1", "4.2", "4.3", "4.4"}


def test_nobody_can_change_the_catalogue(known):
    with pytest.raises(TypeError):
        known.bucs["P_BUC_01"] = None
    with pytest.raises(FrozenInstanceError):
        known.bucs["P_BUC_01"].bulk = True


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("bucs.csv", "S_BUC_24;no", "S_BUC_24;perhaps", "bucs.csv: S_BUC_24: no perhaps"),
        ("bucs.csv", "S_BUC_24;", "S_BUC_23;", "S_BUC_23: twice"),
        ("bucs.csv", "S_BUC_24;no;no\n", "", "S_BUC_24: missing"),
        ("bucs.csv", "S_BUC_24;no", "S_BUC_25;no", "S_BUC_25: no S_BUC_25"),
        ("buc_seds.csv", "S_BUC_24;S040;Start", "S_BUC_24;S040;New", "S_BUC_24: no SED starts"),
        ("buc_seds.csv", "S_BUC_24;S040", "S_BUC_24;S999", "S_BUC_24 S999: no such SED"),
        ("buc_seds.csv", "S_BUC_24;S041", "S_BUC_24;S040", "S_BUC_24 S040: twice"),
        ("buc_seds.csv", "S_BUC_24;S040;Start", "S_BUC_24;S040;Begin", "Begin: none of Start"),
        ("buc_seds.csv", "S_BUC_24;S040;Start", "S_BUC_24;S040;", "S_BUC_24 S040: nobody"),
        ("buc_seds.csv", ";x012", ";x0", "no x012"),
        ("seds.csv", "sed;sector", "SED;sector", "no column sed"),
        ("cdm_versions.csv", "cdm", "version", "no column cdm"),
        ("seds.csv", "S040;S;business", "S999;S;business", "S040: no such SED"),
    ],
)
def test_a_damaged_table_is_refused_with_its_place(copy, file, old, new, said):
    text = (copy / file).read_text(encoding="utf-8-sig")
    assert old in text
    (copy / file).write_text(text.replace(old, new), encoding="utf-8-sig")
    with pytest.raises(SchemasInvalid, match=said):
        catalogue(copy)


def test_a_missing_or_unreadable_table_is_refused(copy):
    (copy / "seds.csv").write_bytes(b"sed;sector\n\xff\xfe;x\n")
    with pytest.raises(SchemasInvalid, match=r"seds\.csv"):
        catalogue(copy)
    (copy / "seds.csv").unlink()
    with pytest.raises(SchemasInvalid, match=r"seds\.csv"):
        catalogue(copy)


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.csv")), ids=lambda f: f.name)
def test_the_tables_are_what_excel_opens(file):
    raw = file.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(raw.decode("utf-8-sig").splitlines(), delimiter=";"))
    assert len({len(row) for row in rows}) == 1
    key = 2 if file.name == "buc_seds.csv" else 1
    assert len({tuple(row[:key]) for row in rows}) == len(rows)


@pytest.mark.reference
def test_the_catalogue_says_what_the_reference_says(known, reference):
    with (reference / "catalogue" / "buc_xsed_matrix.tsv").open(encoding="utf-8") as file:
        matrix = {row["code"]: row for row in csv.DictReader(file, delimiter="\t")}
    with (reference / "catalogue" / "bucs.tsv").open(encoding="utf-8") as file:
        bucs = {row["code"]: row for row in csv.DictReader(file, delimiter="\t")}
    assert matrix.keys() == known.bucs.keys()
    for code, row in matrix.items():
        rules = known.bucs[code]
        assert rules.multilateral == (row["multi_or_bilateral"] == "ML"), code
        assert business(rules) == set(
            f"{bucs[code]['sed_types']} {bucs[code]['horizontal_seds_allowed']}".split()
        ), code
        assert rules.starters == set(bucs[code]["starter_seds"].split()), code
        for role, column in ((OWNER, "CO"), (COUNTERPARTY, "CP")):
            sends = {sed for sed, rule in rules.seds.items() if role in rule.sent}
            for sed in ("X005", "X006", "X007", "X009", "X010"):
                told = row[f"{column}_{sed}"] == "Y" or (code, role, sed) in IN_4_1_ALONE
                assert (sed in sends) == told, (code, role, sed)
            for sed in ("X001", "X002"):  # 4.4 lets more of them than 4.2 did
                told = row[f"cdm44_X_{'case_owner' if role == OWNER else role}_sends"].split()
                assert (sed in sends) == (row[f"{column}_{sed}"] == "Y" or sed in told), (code, sed)
            for sed, name in BY_ROLE.items():
                on = {about for about, rule in rules.seds.items() if role in getattr(rule, name)}
                assert on == set(row[f"{column}_{sed}_on"].replace("-", "").split(",")) - {""}


@pytest.mark.reference
def test_a_sed_comes_as_the_rules_of_the_versions_let_it(known, reference):
    """Each SED that a role may create or starts with, and `Update` where it has versions."""
    sends, updates, starts = set(), set(), set()
    with (reference / "cdm-4.4" / "buc-rules-4.1-4.2.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            role = {"PO": OWNER, "CP": COUNTERPARTY}[row["role"]]
            key = (row["buc"], row["sed"], role)
            params = row["params"].split(";")
            updates |= {key} if "hasMultipleVersions=true" in params else set()
            if "isStarter=true" in params and role == OWNER:
                starts.add(key)
            for trigger in row["triggers"].split(" , "):
                create = CREATES.fullmatch(trigger.strip())
                if create:
                    sends.add((row["buc"], create[1], role))
    for code, rules in known.bucs.items():
        for sed, rule in rules.seds.items():
            for role in (OWNER, COUNTERPARTY):
                key = (code, sed, role)
                expected = {"Start"} if key in starts else {"New"} if key in sends else set()
                expected |= {"Update"} if expected and key in updates else set()
                if sed not in {"X001", "X002"}:
                    assert rule.sent.get(role, set()) == expected, key


@pytest.mark.reference
def test_every_buc_of_annex_3_is_known(known, reference):
    with (reference / "seed" / "annex3.tsv").open(encoding="utf-8") as file:
        volumes = [row["canonical_code"] for row in csv.DictReader(file, delimiter="\t")]
    assert len(volumes) > 40
    assert set(volumes) <= known.bucs.keys()
