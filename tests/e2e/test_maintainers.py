"""What the maintainers of the tables ask by commands, as they ask it: text, JSON, pages, codes."""

import csv
import json
import shutil
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from tests.tables.syn001 import competence, institution, place, syn001

AIN = "FR:0101100000"
NAME = "Caisse primaire d'assurance maladie de l'Ain"
ALONE = {"EESSI_GATEWAY_TABLES__FOUR_EYES": "false"}


@pytest.fixture
def lived(daemon, a_message, person):
    """A state folder: three cases of S_BUC_24, two of one sender; one lacks the town."""
    gateway = daemon("--until-idle")
    gateway.put("1.xml", a_message("told"))
    gateway.put("2.xml", a_message("asked", inside=person(town=None)))
    other = (("AT:1100", "CaseOwner"),)
    gateway.put("3.xml", a_message("other", sender=other[0]))
    assert gateway.join() == 0
    return gateway.state


@pytest.fixture
def draft(command, tmp_path):
    """A draft of the baseline."""
    made = command(tmp_path / "state", "tables", "draft", tmp_path / "draft", "--as", "2027-01")
    assert made.returncode == 0, made.stderr
    return tmp_path / "draft"


def change(folder, table, edit):
    """Each row of a table to the rows that `edit` makes of it."""
    path = folder / "ir_directory" / f"{table}.csv"
    with path.open(encoding="utf-8-sig", newline="") as lines:
        read = csv.DictReader(lines, delimiter=";")
        rows = [new for row in read for new in edit(row)]
    with path.open("w", encoding="utf-8-sig", newline="") as lines:
        writer = csv.DictWriter(lines, read.fieldnames, delimiter=";", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def renamed(day, name="CPAM 01"):
    """The CPAM of the Ain under another name from that day on."""

    def edit(row):
        if row["id"] != AIN:
            return [row]
        return [{**row, "valid_to": day}, {**row, "name": name, "valid_from": day}]

    return edit


# -- report misrouting ------------------------------------------------------------------------


def test_misrouting_is_told_by_sender_and_buc_with_the_field_that_was_missing(lived, listed):
    rows = listed(lived, "report", "misrouting")
    assert [(r["institution"], r["cases"], r["nameable"]) for r in rows] == [
        ("AT:1100", 1, 1),
        ("DE:101320043", 2, 1),
    ]
    assert rows[0]["country"] == "AT"
    assert (rows[1]["buc"], rows[1]["missing"]) == ("S_BUC_24", {"residence": 1})
    (row,) = listed(lived, "report", "misrouting", "--country", "DE")
    assert row == rows[1]
    assert listed(lived, "report", "misrouting", "--country", "de") == [rows[1]]
    assert listed(lived, "report", "misrouting", "--since", "2999-01-01") == []


@pytest.mark.parametrize(
    ("lang", "line"),
    [
        ("en", "1 of 2 nameable at once; the place of residence: 1"),
        ("fr", "1 sur 2 désignables d'emblée ; le lieu de résidence : 1"),
    ],
)
def test_misrouting_in_words_is_the_list_for_a_partner(lived, command, lang, line):
    told = command(lived, "--lang", lang, "report", "misrouting", "--country", "DE")
    assert (told.returncode, told.stderr) == (0, "")
    (said,) = told.stdout.splitlines()
    assert said.split() == ["DE", "DE:101320043", "S_BUC_24", *line.split()]


@pytest.mark.parametrize("country", ["GR", "xx"])
def test_a_country_that_eessi_does_not_know_is_no_empty_list(lived, command, country):
    told = command(lived, "--lang", "fr", "report", "misrouting", "--country", country)
    assert (told.returncode, told.stdout) == (1, "")
    assert "la Grèce est EL" in told.stderr


def test_without_a_journal_there_is_no_misrouting(command, tmp_path):
    told = command(tmp_path / "none", "report", "misrouting")
    assert (told.returncode, told.stdout, told.stderr.count("\n")) == (3, "", 1)


# -- journal list --release --rule --------------------------------------------------------------


def test_every_case_that_a_row_decided_is_listed(lived, listed, command, uid):
    def cases(*words):
        return {row["case_id"] for row in listed(lived, "journal", "list", *words)}

    three = {uid(f"case of {name}") for name in ("told", "asked", "other")}
    two = three - {uid("case of asked")}  # no place was found for it
    assert cases("--release", "2026-baseline") == three
    assert cases("--rule", "S-ASSUMED") == three
    assert cases("--release", "2026-baseline", "--rule", "S-ASSUMED") == three
    assert cases("--release", "2026-baseline", "--rule", "cpam:dep:01") == two
    assert cases("--release", "2027-01", "--rule", "S-ASSUMED") == set()
    assert cases("--release", "2026-baseline", "--rule", "P-03") == set()
    text = command(lived, "journal", "list", "--release", "2026-baseline", "--rule", "cpam:dep:01")
    assert text.returncode == 0
    assert [uid(name) in text.stdout for name in ("told", "other", "asked")] == [True, True, False]
    first = listed(lived, "journal", "list", "--rule", "S-ASSUMED", "--limit", "1")
    rest = cases("--rule", "S-ASSUMED", "--after", first[0]["message_id"])
    words = ("journal", "list", "--rule", "S-ASSUMED", "--limit")
    cut, whole = (command(lived, *words, number) for number in ("1", "3"))
    assert cut.stderr == f"there are more: --after {first[0]['message_id']}\n"
    assert (cut.stdout.count("\n"), whole.stdout.count("\n"), whole.stderr) == (1, 3, "")
    assert rest == three - {first[0]["case_id"]}
    slip = command(lived, "--lang", "fr", "journal", "list", "--rule", "S-ASUMED")
    assert (slip.returncode, slip.stdout) == (0, "")
    assert slip.stderr.startswith("S-ASUMED : n'a décidé aucun message")
    last = command(lived, *words, "3").stdout.splitlines()[-1].split()[2]
    assert command(lived, *words, "3", "--after", last).stderr == ""
    both = command(lived, "journal", "list", "--rule", "S-ASSUMED", "--case", uid("case of told"))
    assert both.returncode == 2


# -- tables sync --------------------------------------------------------------------------------


NEW = [f"FR:999990000{number}" for number in range(7)]


@pytest.fixture
def synchronisation(a_message, tmp_path):
    """A file with a SYN001: a new name and address, new institutions, a partner, a formula."""
    file = tmp_path / "SYN001.xml"
    said = syn001(
        institution(AIN, "CPAM 01", competence("S_BUC_24"), places=place("1 rue", "01000", "B")),
        institution("FR:0175100000", "=1+1"),
        *(institution(ident, "Nouvelle caisse") for ident in NEW),
        institution("DE:101320043", "Kasse", competence("S_BUC_24", "CaseOwner")),
    )
    file.write_bytes(a_message("sync", **said))
    return file


def test_a_synchronisation_makes_a_draft_that_checks_and_shows_its_difference(
    command, listed, synchronisation, tmp_path
):
    state, folder = tmp_path / "state", tmp_path / "2027-01"
    words = ("tables", "sync", synchronisation, "--into", folder, "--date", "2027-01-01")
    (done,) = listed(state, *words)
    assert (done["renamed"], done["new"]) == ([AIN, "FR:0175100000"], NEW)
    assert (done["partners"], done["gained"]) == (1, [f"{AIN} S_BUC_24 Counterparty"])
    assert "FR:0169100000" in done["local"]
    checked = command(state, "tables", "check", folder)
    assert checked.returncode == 0, checked.stdout
    changes = listed(state, "tables", "diff", "baseline", folder)
    ours = [c for c in changes if c["file"].endswith("/institutions.csv") and AIN in c["key"]]
    assert [c["what"] for c in ours] == ["ended", "added"]
    kept = (folder / "ir_directory" / "institutions.csv").read_text(encoding="utf-8-sig")
    assert ";'=1+1;" in kept
    assert ";=1+1" not in kept
    assert "1 rue, 01000 B" in kept
    again = command(state, "--lang", "fr", *words)
    assert (again.returncode, again.stderr) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in again.stdout.splitlines()[:-1])
    assert (lines["renommées"], lines["nouvelles"]) == ("0", f"7: {', '.join(NEW)}")
    assert "à décider à la main" in again.stdout


@pytest.mark.parametrize(
    ("lang", "head", "off", "back"),
    [
        (
            *("en", "reopened      2"),
            f"  {AIN}: end put off by the IR (2098-01-01 -> 2099-01-01)",
            (
                "  FR:0175100000: end taken back by the IR (2020-01-01); not in the draft, yours"
                " to decide"
            ),
        ),
        (
            *("fr", "rouvertes     2"),
            f"  {AIN} : fin reportée par l'IR (2098-01-01 -> 2099-01-01)",
            (
                "  FR:0175100000 : fin retirée par l'IR (2020-01-01) ; pas dans le brouillon, à"
                " décider à la main"
            ),
        ),
    ],
)
def test_an_end_that_is_put_off_or_taken_back_is_told_in_words_and_in_json(
    command, listed, a_message, draft, tmp_path, lang, head, off, back
):
    ends = {AIN: "2098-01-01", "FR:0175100000": "2020-01-01"}
    change(draft, "institutions", lambda row: [{**row, "valid_to": ends.get(row["id"], "")}])
    file, words = tmp_path / "SYN001.xml", ("tables", "sync", tmp_path / "SYN001.xml", "--into")
    said = (institution(AIN, NAME, until="2099-01-01"), institution("FR:0175100000", "CPAM"))
    file.write_bytes(a_message("sync", **syn001(*said)))
    shutil.copytree(draft, tmp_path / "other")
    told = command(tmp_path / "state", "--lang", lang, *words, draft)
    lines = told.stdout.splitlines()
    at = lines.index(head)
    assert lines[at + 1 : at + 3] == [off, back]
    (done,) = listed(tmp_path / "state", *words, tmp_path / "other")
    assert done["reopened"] == [
        {"what": "put-off", "key": AIN, "ours": "2098-01-01", "theirs": "2099-01-01",
         "drafted": True},
        {"what": "taken-back", "key": "FR:0175100000", "ours": "2020-01-01", "theirs": "",
         "drafted": False},
    ]  # fmt: skip
    changes = listed(tmp_path / "state", "tables", "diff", "baseline", draft)
    assert [c["what"] for c in changes if c["key"].startswith(AIN)] == ["ended", "added"]


def test_what_is_no_synchronisation_changes_nothing(command, a_message, tmp_path, draft):
    file = tmp_path / "x.xml"
    for body in (b"no", a_message("one"), a_message("x", **syn001("<Institution/>"))):
        file.write_bytes(body)
        told = command(tmp_path / "state", "tables", "sync", file, "--into", draft)
        assert (told.returncode, told.stdout, told.stderr.count("\n")) == (1, "", 1)
        assert str(file) in told.stderr
    new = tmp_path / "new"
    assert command(tmp_path / "state", "tables", "sync", file, "--into", new).returncode == 1
    assert not new.exists()
    gone = command(tmp_path / "state", "tables", "sync", tmp_path / "none", "--into", draft)
    assert gone.returncode == 3
    assert command(tmp_path / "state", "tables", "diff", "baseline", draft).stdout == "0 changes.\n"


# -- tables notice ------------------------------------------------------------------------------


@pytest.fixture
def notice(command, draft, tmp_path):
    """`notice(day, ...)`: the note on the draft, of what takes effect on that day."""

    def told(day, *words, lang="fr", env=None):
        words = ("tables", "notice", "baseline", draft, "--date", day, *words)
        return command(tmp_path / "state", "--lang", lang, *words, env=env)

    return told


def test_a_notice_in_time_ends_with_0_and_one_too_late_with_1(notice, draft, tmp_path):
    change(draft, "institutions", renamed("2999-03-01"))
    page = tmp_path / "note.html"
    told = notice("2999-03-01", "--html", page)
    assert told.returncode == 0, told.stderr
    assert "À notifier au plus tard le 2999-02-01." in told.stdout
    assert f"| dénomination officielle | {AIN} | CPAM 01 | {NAME} | CPAM 01 |" in told.stdout
    assert "2999-02-01" in page.read_text(encoding="utf-8")
    (entry,) = map(json.loads, notice("2999-03-01", "--json").stdout.splitlines())
    assert (entry["what"], entry["institution"], entry["after"]) == ("name", AIN, "CPAM 01")
    nothing = notice("2020-03-01")
    assert (nothing.returncode, AIN in nothing.stdout) == (0, False)  # nothing begins, nothing late


@pytest.mark.parametrize(("lang", "word"), [("fr", "TROP TARD"), ("en", "TOO LATE")])
def test_a_day_that_is_too_close_is_said_and_is_exit_1(notice, draft, lang, word):
    change(draft, "institutions", renamed("2020-03-01"))
    told = notice("2020-03-01", lang=lang)
    assert (told.returncode, told.stderr) == (1, "")
    assert word in told.stdout
    assert "2020-02-01" in told.stdout
    assert notice("2020-03-01", "--json").returncode == 1


def test_how_many_months_a_notice_takes_is_configuration(notice, draft):
    day = (datetime.now(UTC).date() + timedelta(days=100)).isoformat()
    change(draft, "institutions", renamed(day))
    for months, code in ((None, 0), ("0", 0), ("2", 0), ("5", 1), ("12", 1)):
        env = {} if months is None else {"EESSI_GATEWAY_TABLES__NOTICE_MONTHS": months}
        assert notice(day, env=env).returncode == code, months
    assert notice(day, env={"EESSI_GATEWAY_TABLES__NOTICE_MONTHS": "13"}).returncode == 1
    assert "À notifier" not in notice(day, env={"EESSI_GATEWAY_TABLES__NOTICE_MONTHS": "12"}).stdout


def test_the_months_stand_in_the_file_of_the_configuration(command, draft, tmp_path):
    change(draft, "institutions", renamed("2999-03-01"))
    config = tmp_path / "gateway.toml"
    config.write_text("[tables]\nnotice_months = 3\n", encoding="utf-8")
    words = ("tables", "notice", "baseline", draft, "--date", "2999-03-01")
    told = command(tmp_path / "state", "--config", config, *words)
    assert (told.returncode, "2998-12-01" in told.stdout) == (0, True), told.stderr


# -- tables diff --html -------------------------------------------------------------------------


class Page(HTMLParser):
    """A page read strictly: every element is closed where it must be; what it would fetch."""

    VOID = frozenset({"meta", "br", "hr", "img", "link", "input"})
    FETCHES = frozenset({"src", "href", "srcset", "data", "action", "background", "poster"})

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.fetched, self.cells, self.style = [], [], [], [], ""
        self.declared = None
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_decl(self, decl):
        self.declared = decl

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.fetched += [value for name, value in attrs if name in self.FETCHES]
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "td":
            self.cells[-1] += data
        if self.open and self.open[-1] == "style":
            self.style += data


@pytest.mark.parametrize(("lang", "word"), [("fr", "close"), ("en", "ended")])
def test_the_page_of_a_difference_is_whole_in_itself(command, draft, tmp_path, lang, word):
    change(draft, "institutions", renamed("2027-01-01", '<script src="http://x/">&"é'))
    file = tmp_path / "diff.html"
    words = ("tables", "diff", "baseline", draft, "--html", file)
    done = command(tmp_path / "state", "--lang", lang, *words)
    assert done.returncode == 0, done.stderr
    page = Page(file.read_text(encoding="utf-8"))
    assert page.declared == "DOCTYPE html"
    names = [tag for tag, _ in page.tags]
    assert names[:3] == ["html", "head", "meta"]
    assert (page.tags[0][1], page.tags[2][1]) == ({"lang": lang}, {"charset": "utf-8"})
    assert {names.count(one) for one in ("title", "h1", "table", "thead", "tbody")} == {1}
    assert not {"script", "link", "img", "iframe", "object", "base", "form"} & set(names)
    assert page.fetched == []
    assert "url(" not in page.style
    assert "@import" not in page.style
    rows = [page.cells[at : at + 6] for at in range(0, len(page.cells), 6)]
    assert [row[0] for row in rows] == ["ir_directory/institutions.csv"] * 2
    ended = next(row for row in rows if row[2] == word)
    assert ended[3:] == ["valid_to", "", "2027-01-01"]
