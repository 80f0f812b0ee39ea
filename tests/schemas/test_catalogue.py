"""What each BUC allows, against the counts of the reference and against damage."""

import csv
import shutil
from collections import Counter
from dataclasses import FrozenInstanceError

import pytest

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


def way_of_asking(rules):
    if rules.asks_by_p8000:
        return "P8000"
    if rules.x012_on:
        return "X012, else H001" if rules.may_ask_by_h001 else "X012"
    if rules.may_ask_by_h001:
        return "H001"
    return "X009" if rules.may_remind else "nothing"


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
    assert {code for code, rules in known.bucs.items() if not rules.may_forward} == {
        "AW_BUC_05",
        "AW_BUC_15",
        "AW_BUC_23",
        "S_BUC_19",
        "S_BUC_21",
        "S_BUC_22",
        "S_BUC_23",
    }


def test_we_may_leave_nine_bucs_and_remind_in_76(known):
    leave = {code for code, rules in known.bucs.items() if rules.may_leave}
    assert leave == {
        *(f"P_BUC_{n}" for n in ("01", "02", "03", "04", "08", "10")),
        "FB_BUC_01",
        "H_BUC_05",
        "LA_BUC_06",
    }
    assert all(known.bucs[code].multilateral for code in leave)
    assert sum(rules.may_remind for rules in known.bucs.values()) == 76


def test_a_buc_holds_its_horizontal_seds_where_it_allows_them(known):
    assert {"S040", "S041", "H001", "H002"} == known.bucs["S_BUC_24"].seds
    assert "H001" not in known.bucs["P_BUC_01"].seds
    assert {"H020", "H021", "H070", "H120", "H121", "P8000"} <= known.bucs["P_BUC_01"].seds
    assert known.bucs["UB_BUC_01"].x012_on == {"U001", "U001CB", "U003", "U005"}
    assert known.bucs["UB_BUC_01"].may_ask_by_h001


def test_every_buc_is_started_by_a_sed_of_its_own(known):
    for rules in known.bucs.values():
        assert rules.starters, rules.code
        assert rules.starters | rules.x012_on | rules.x011_on <= rules.seds <= known.seds


def test_x_seds_are_known_and_in_no_buc(known):
    administrative = {sed for sed in known.seds if sed.startswith("X")}
    assert administrative == {*(f"X{n:03}" for n in range(1, 14)), "X050", "X100"}
    assert not any(rules.seds & administrative for rules in known.bucs.values())


def test_four_cdm_versions_are_known(known):
    assert known.cdm_versions == {"4.1", "4.2", "4.3", "4.4"}


def test_nobody_can_change_the_catalogue(known):
    with pytest.raises(TypeError):
        known.bucs["P_BUC_01"] = None
    with pytest.raises(FrozenInstanceError):
        known.bucs["P_BUC_01"].may_forward = False


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("buc_rules.csv", "S_BUC_24;no", "S_BUC_24;perhaps", "perhaps"),
        ("buc_rules.csv", "S040;H001,", "S044;S999,", "S_BUC_24: S044, S999"),
        ("buc_rules.csv", ";x011_on", ";x0", "x011_on"),
        ("buc_rules.csv", ";;\nS_BUC_18a;", "\nS_BUC_18a;", "S_BUC_18"),
        ("buc_rules.csv", "S_BUC_24;", "S_BUC_23;", "S_BUC_23: twice"),
        ("seds.csv", "sed;sector", "SED;sector", "no column sed"),
        ("cdm_versions.csv", "cdm", "version", "no column cdm"),
        ("seds.csv", "S040;S;business", "S999;S;business", "S040"),
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
    assert len({row[0] for row in rows}) == len(rows)


@pytest.mark.reference
def test_the_catalogue_says_what_the_reference_says(known, reference):
    with (reference / "catalogue" / "buc_xsed_matrix.tsv").open(encoding="utf-8") as file:
        matrix = {row["code"]: row for row in csv.DictReader(file, delimiter="\t")}
    with (reference / "catalogue" / "bucs.tsv").open(encoding="utf-8") as file:
        bucs = {row["code"]: row for row in csv.DictReader(file, delimiter="\t")}
    assert matrix.keys() == known.bucs.keys()
    for code, row in matrix.items():
        rules = known.bucs[code]
        assert rules.may_forward == (row["CP_X007"] == "Y"), code
        assert rules.may_remind == (row["CP_X009"] == "Y"), code
        assert rules.may_leave == (row["CP_X006"] == "Y"), code
        assert rules.multilateral == (row["multi_or_bilateral"] == "ML"), code
        assert rules.x012_on == set(row["CP_X012_on"].replace("-", "").split(",")) - {""}, code
        assert rules.x011_on == set(row["CP_X011_on"].replace("-", "").split(",")) - {""}, code
        seds = f"{bucs[code]['sed_types']} {bucs[code]['horizontal_seds_allowed']}"
        assert rules.seds == set(seds.split()), code
        assert rules.starters == set(bucs[code]["starter_seds"].split()), code


@pytest.mark.reference
def test_every_buc_of_annex_3_is_known(known, reference):
    with (reference / "seed" / "annex3.tsv").open(encoding="utf-8") as file:
        volumes = [row["canonical_code"] for row in csv.DictReader(file, delimiter="\t")]
    assert len(volumes) > 40
    assert set(volumes) <= known.bucs.keys()
