"""A release from the draft to the decisions and back: who may, what is refused, when it decides."""

import asyncio
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from gateway.cli import cli
from gateway.clock import InlineExecutor
from gateway.errors import GatewayError, Refused, TablesInvalid
from gateway.loading import tables
from gateway.releasing import DEEDS, accepted, put_in_force
from gateway.tables import golden, shelf
from gateway.tables.drafting import draft
from ir_directory.problems import Problem
from routing_tables import release
from tests.pipeline.conftest import House

REFERS = "S-TEST;S_BUC_24;S040;*;assumed-general;*;*;*;refer;solid;2019-01-01;;test;"
"""Narrower than the assumption: from then on such a case goes to a person."""


@pytest.fixture
def folder(tmp_path):
    draft(tmp_path / "draft", "2026-04")
    add(tmp_path / "draft", REFERS)
    return tmp_path / "draft"


def add(folder, row):
    """A row more, in a release without the golden cases that would not let it pass."""
    cases = (folder / golden.FILE).read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [case for case in cases if ";S_BUC_24;" not in case and ";S_BUC_05;" not in case]
    (folder / golden.FILE).write_text("".join(kept), encoding="utf-8")
    path = folder / "routing_tables" / "routes.csv"
    path.write_text(path.read_text(encoding="utf-8") + row + "\n", encoding="utf-8")


@pytest.fixture
def by(house):
    """A deed by somebody: `await by("ada", "tables-release", folder=...)`."""

    async def _do(who, deed, **params):
        return await house.operating.do(deed, params, who)

    return _do


@pytest.fixture
async def approved(house, folder, by):
    shelf.keep_baseline(house.state)
    await by("ada", "tables-release", folder=str(folder))
    await by("eve", "tables-approve", name="2026-04")
    return "2026-04"


async def refused(doing):
    """Its code."""
    with pytest.raises(GatewayError) as caught:
        await doing
    assert caught.value.french != caught.value.english
    return caught.value.code


def unconfirmed(house):
    """The gauge of a roll-back that waits for a second person."""
    text = house.metrics.exposition()[0].decode()
    [line] = [x for x in text.splitlines() if x.startswith("gateway_rollback_unconfirmed")]
    return float(line.rpartition(" ")[2])


async def decided(house, a_message, name):
    await house.take(a_message(name))
    rows = {row.message_id: row for row in await house.rows()}
    return [row.decision for row in rows.values()][-1]


async def test_a_release_decides_from_its_activation_on_and_no_longer_after_the_way_back(
    house, by, approved, a_message
):
    before = house.pipeline.desk.tables.release
    assert await decided(house, a_message, "one") == "transfer"
    await by("eve", "tables-activate", name=approved)
    assert await decided(house, a_message, "two") == "refer"
    await house.clock.advance(1)
    done = await by("bob", "tables-rollback", reason="wrong row")
    assert done["name"] == before
    assert await decided(house, a_message, "three") == "transfer"
    kinds = [(a.name, a.kind, a.asked_by, a.reason) for a in await house.journal.releases()]
    assert kinds[1:] == [
        ("2026-04", "activated", "eve", ""),
        (before, "rolled-back", "bob", "wrong row"),
    ]
    releases = {
        row.message_id: (await house.journal.explanation(row.message_id))[0]["release"]
        for row in await house.rows()
    }
    assert list(releases.values()) == [before, "2026-04", before]


async def test_an_activation_takes_effect_at_its_midnight_without_a_restart(
    house, by, approved, a_message
):
    done = await by("eve", "tables-activate", name=approved, on="2026-03-04")
    assert datetime.fromisoformat(done["since"]) == datetime(2026, 3, 3, 23, tzinfo=UTC)
    assert await decided(house, a_message, "one") == "transfer"
    await house.clock.advance(36 * 3600)  # 2026-03-03 22:00 UTC
    assert await decided(house, a_message, "two") == "transfer"
    await house.clock.advance(3600)
    assert await decided(house, a_message, "three") == "refer"
    assert house.pipeline.desk.tables.release == approved


async def test_the_way_back_holds_when_the_clock_is_set_back(
    house, by, approved, a_message, monkeypatch
):
    before, now = house.pipeline.desk.tables.release, house.clock.now()
    await by("eve", "tables-activate", name=approved)
    for hours in (2, 4):
        monkeypatch.setattr(house.clock, "now", lambda back=hours: now - timedelta(hours=back))
        if hours == 2:
            await by("bob", "tables-rollback", reason="x")
    assert await decided(house, a_message, "one") == "transfer"
    assert house.pipeline.desk.tables.release == before


async def test_an_activation_to_come_can_be_taken_back(house, by, approved, a_message):
    await by("eve", "tables-activate", name=approved, on="2026-03-04")
    await by("ada", "tables-cancel", name=approved)
    await house.clock.advance(40 * 3600)
    assert await decided(house, a_message, "one") == "transfer"
    assert await refused(by("ada", "tables-cancel", name=approved)) == "nothing-to-cancel"


@pytest.mark.parametrize(
    ("on", "code"),
    [("2026-03-02", "day-is-past"), ("tomorrow", "bad-day"), ("2025-01-01", "day-is-past")],
)
async def test_a_day_is_one_to_come(by, approved, on, code):
    assert await refused(by("eve", "tables-activate", name=approved, on=on)) == code


async def test_four_eyes_see_a_release_and_a_way_back(house, folder, by):
    shelf.keep_baseline(house.state)
    await by("ada", "tables-release", folder=str(folder))
    assert await refused(by("eve", "tables-activate", name="2026-04")) == "not-approved"
    assert await refused(by("ada", "tables-approve", name="2026-04")) == "same-person"
    await by("eve", "tables-approve", name="2026-04")
    assert await refused(by("bob", "tables-approve", name="2026-04")) == "approved-already"
    await by("ada", "tables-activate", name="2026-04")
    await house.clock.advance(1)
    await by("ada", "tables-rollback", reason="x")
    assert unconfirmed(house) == 1
    assert await refused(by("ada", "tables-confirm")) == "same-person"
    assert unconfirmed(house) == 1
    assert (await by("bob", "tables-confirm"))["confirmed_by"] == "bob"
    assert unconfirmed(house) == 0
    assert await refused(by("bob", "tables-confirm")) == "nothing-to-confirm"


async def test_there_is_no_way_back_from_the_first_release(by):
    assert await refused(by("ada", "tables-rollback", reason="x")) == "nothing-before"


@pytest.mark.parametrize("deed", ["tables-approve", "tables-activate"])
async def test_what_nobody_made_can_neither_be_approved_nor_activated(by, deed):
    assert await refused(by("ada", deed, name="../../etc")) == "no-such-release"


async def test_a_draft_with_an_error_is_not_released(house, folder, by):
    add(folder, "S-BAD;S_BUC_24;S040;*;*;*;*;*;refer;sure;2019-01-01;;test;")
    assert await refused(by("ada", "tables-release", folder=str(folder))) == "tables-invalid"
    assert not (house.state / "releases").exists()


async def test_what_is_no_draft_is_refused(folder, by, tmp_path):
    assert await refused(by("ada", "tables-release", folder=str(tmp_path / "no"))) == "no-tables"
    (folder / release.MANIFEST).unlink()
    assert await refused(by("ada", "tables-release", folder=str(folder))) == "no-manifest"


async def test_no_row_is_deleted_and_no_golden_case_lost(house, folder, by):
    shelf.keep_baseline(house.state)
    routes = folder / "routing_tables" / "routes.csv"
    whole = routes.read_text(encoding="utf-8")
    lines = whole.splitlines(keepends=True)
    routes.write_text(
        "".join(x for x in lines if not x.startswith("LA-ASSUMED-BEFORE;")), encoding="utf-8"
    )
    assert await refused(by("ada", "tables-release", folder=str(folder))) == "rows-deleted"
    routes.write_text(whole, encoding="utf-8")
    (folder / golden.FILE).unlink()
    assert await refused(by("ada", "tables-release", folder=str(folder))) == "golden-lost"


async def test_a_release_that_would_undo_another_does_not_begin(house, folder, by, tmp_path):
    shelf.keep_baseline(house.state)
    other = tmp_path / "other"
    draft(other, "2026-05")  # from the baseline, too
    add(other, REFERS.replace("S-TEST", "S-ANOTHER").replace("S_BUC_24;S040", "S_BUC_05;S044"))
    for place, name in ((folder, "2026-04"), (other, "2026-05")):
        await by("ada", "tables-release", folder=str(place))
        await by("eve", "tables-approve", name=name)
    await by("eve", "tables-activate", name="2026-04")
    assert await refused(by("eve", "tables-activate", name="2026-05")) == "base-moved"
    later = by("eve", "tables-activate", name="2026-05", on="2027-01-01")
    assert await refused(later) == "base-moved"


async def test_a_second_way_back_leads_further_back_not_forward(house, folder, by, tmp_path):
    """What was rolled back is never rolled back to."""
    shelf.keep_baseline(house.state)
    next_one = tmp_path / "next"
    for place, name in ((folder, "2026-04"), (next_one, "2026-05")):
        if place is next_one:
            draft(next_one, "2026-05", shelf.find(house.state, "2026-04"))
            add(next_one, REFERS.replace("S-TEST", "S-NEXT").replace("S_BUC_24", "S_BUC_05"))
        await by("ada", "tables-release", folder=str(place))
        await by("eve", "tables-approve", name=name)
        await by("eve", "tables-activate", name=name)
        await house.clock.advance(10)
    back = []
    for _ in range(2):
        back.append((await by("eve", "tables-rollback", reason="x"))["name"])
        await house.clock.advance(10)
    assert back == ["2026-04", "2026-baseline"]
    assert await refused(by("eve", "tables-rollback", reason="x")) == "nothing-before"
    await by("eve", "tables-activate", name="2026-04")
    await house.clock.advance(10)
    assert (await by("eve", "tables-rollback", reason="x"))["name"] == "2026-baseline"


async def test_a_way_back_names_what_is_still_to_begin(house, by, approved):
    await by("eve", "tables-activate", name=approved)
    await house.clock.advance(10)
    await by("eve", "tables-activate", name=approved, on="2026-04-01")
    assert (await by("eve", "tables-rollback", reason="x"))["to_come"] == [approved]


async def test_who_releases_the_same_again_is_told_whose_it_is(folder, by):
    await by("ada", "tables-release", folder=str(folder))
    assert (await by("eve", "tables-release", folder=str(folder)))["author"] == "ada"
    assert (await by("eve", "tables-approve", name="2026-04"))["approver"] == "eve"


async def test_a_name_stands_for_one_content_for_ever(house, folder, by):
    first = await by("ada", "tables-release", folder=str(folder))
    assert await by("ada", "tables-release", folder=str(folder)) == first
    add(folder, REFERS.replace("S-TEST", "S-TEST-2").replace("S_BUC_24;S040", "S_BUC_05;S044"))
    assert await refused(by("ada", "tables-release", folder=str(folder))) == "name-taken"
    assert shelf.find(house.state, "2026-04", first["digest"]).name == "2026-04"


async def test_what_others_changed_meanwhile_is_not_lost(house, folder, by, approved, tmp_path):
    other = tmp_path / "other"
    draft(other, "2026-05")  # from the baseline, too
    add(other, REFERS.replace("S-TEST", "S-ANOTHER").replace("S_BUC_24;S040", "S_BUC_05;S044"))
    await by("eve", "tables-activate", name=approved)
    assert await refused(by("bob", "tables-release", folder=str(other))) == "base-moved"
    add(other, REFERS)  # taken over
    done = await by("bob", "tables-release", folder=str(other))
    assert done["base"] == approved


async def test_a_release_that_was_changed_on_disk_is_not_used(house, by, approved):
    file = house.state / "releases" / approved / "routing_tables" / "routes.csv"
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(TablesInvalid):
        await by("eve", "tables-activate", name=approved)
    release.rewrite(file.parents[1])  # whoever writes the manifest anew cannot sign it
    with pytest.raises((TablesInvalid, Refused)):
        await by("eve", "tables-activate", name=approved)
    assert len(await house.journal.releases()) == 1


async def test_nothing_is_lost_while_the_tables_in_force_cannot_be_read(
    house, by, approved, a_message
):
    await by("eve", "tables-activate", name=approved, on="2026-03-04")
    manifest = house.state / "releases" / approved / "SIGNATURE"
    signature = manifest.read_text()
    manifest.write_text("0" * 64)
    await house.clock.advance(40 * 3600)
    taking = asyncio.create_task(house.take(a_message("one")))
    while house.intake.trouble is None:
        await house.clock.advance(0.1)
    assert await house.rows() == []
    assert house.intake.trouble == "tables-invalid"
    manifest.write_text(signature)
    await house.clock.advance(2)
    await taking
    assert [row.decision for row in await house.rows()] == ["refer"]


async def test_an_old_release_can_still_be_read(house, by, approved):
    assert tables(house.state, approved).release == approved
    baseline = release.load()
    assert tables(house.state, baseline.name).digest == baseline.digest


def test_the_key_and_the_releases_are_for_their_owner_alone(tmp_path):
    made = shelf.keep(release.ROOT, tmp_path, "2026-04", "x")
    for path in tmp_path.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert shelf.keep(release.ROOT, tmp_path, "2026-04", "x") == made
    for name in ("", ".", "..", "../x", "a/b", "a b", "-a"):
        with pytest.raises(Refused):
            shelf.keep(release.ROOT, tmp_path, name, "x")


async def test_every_deed_is_known(by):
    for deed in DEEDS:
        assert await refused(by("ada", deed, folder="/none")) != "unknown-deed"


async def test_a_release_on_which_a_golden_case_fails_is_not_activated(
    house, by, approved, monkeypatch
):
    problem = Problem("routing_tables/golden.csv", 2, "expected", "wrong.", "faux.")
    monkeypatch.setattr("gateway.releasing.golden.problems", lambda _root, _tables: (problem,))
    assert await refused(by("eve", "tables-activate", name=approved)) == "golden-case"
    assert len(await house.journal.releases()) == 1


# -- personal signatures ------------------------------------------------------------------------


@pytest.fixture
def signed(house, tmp_path):
    """`signed("eve", content)`: a signature by the key of somebody who may sign."""
    allowed = tmp_path / "allowed"
    lines = []
    for who in ("eve", "bob"):
        key = tmp_path / who
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", who, "-f", str(key)], check=True
        )
        lines.append(f'{who} namespaces="eessi-tables" {key.with_suffix(".pub").read_text()}')
    allowed.write_text("".join(lines), encoding="utf-8")
    house.releases._signers = allowed

    def _sign(who, content, namespace="eessi-tables"):
        return subprocess.run(
            ["ssh-keygen", "-Y", "sign", "-n", namespace, "-f", str(tmp_path / who)],
            input=content,
            capture_output=True,
            check=True,
        ).stdout.decode()

    return _sign


async def test_an_approval_needs_the_signature_of_the_one_who_asks(house, folder, by, signed):
    await by("ada", "tables-release", folder=str(folder))
    place = house.state / "releases" / "2026-04"
    manifest = (place / release.MANIFEST).read_bytes()

    async def code(who, signature):
        return await refused(by(who, "tables-approve", name="2026-04", signature=signature))

    assert await code("eve", None) == "not-signed"
    assert await code("eve", "no signature") == "bad-signature"
    assert await code("eve", signed("eve", manifest + b" ")) == "bad-signature"
    assert await code("eve", signed("eve", manifest, "other")) == "bad-signature"
    assert await code("eve", signed("bob", manifest)) == "other-signer"
    right = signed("eve", manifest)
    await by("eve", "tables-approve", name="2026-04", signature=right)
    assert (place / "eve.sig").read_text(encoding="utf-8") == right
    await by("ada", "tables-activate", name="2026-04")
    assert (await house.journal.release(house.clock.now())).name == "2026-04"


async def test_without_the_file_of_keys_nobody_approves(house, folder, by, tmp_path):
    house.releases._signers = tmp_path / "no"
    await by("ada", "tables-release", folder=str(folder))
    asked = by("eve", "tables-approve", name="2026-04", signature="x")
    assert await refused(asked) == "signers-unreadable"


async def test_without_ssh_keygen_nobody_approves(house, folder, by, signed, monkeypatch):
    await by("ada", "tables-release", folder=str(folder))
    monkeypatch.setenv("PATH", "/nowhere")
    asked = by("eve", "tables-approve", name="2026-04", signature="x")
    assert await refused(asked) == "no-ssh-keygen"


def test_a_file_of_other_bytes_is_no_signature_and_no_crash(tmp_path):
    path = tmp_path / "s.sig"
    path.write_bytes(b"\xff\xfe\x00")
    words = ["--state", tmp_path / "s", "tables", "approve", "2027-01", "--signature", path]
    done = CliRunner().invoke(cli, [str(word) for word in words], standalone_mode=False)
    assert isinstance(done.exception, Refused)
    assert done.exception.code == "no-such-release"


# -- an example in production -------------------------------------------------------------------


@pytest.fixture
def real(journal, strict, clock, tmp_path):
    """A gateway in production on the tables of the package, where all leaves by itself."""
    return House(journal, strict(environment="production"), clock, state=tmp_path)


@pytest.fixture
def accept(real):
    async def _accept(who="ada", name="2026-baseline", reason="ids compared, ticket 7"):
        said = {"name": name, "reason": reason}
        return await real.operating.do("tables-accept", said, who)

    return _accept


def unaccepted(house):
    """The gauge of an example that nobody has accepted."""
    text = house.metrics.exposition()[0].decode()
    [line] = [x for x in text.splitlines() if x.startswith("gateway_tables_unaccepted")]
    return float(line.rpartition(" ")[2])


async def test_an_example_moves_nothing_in_production_until_one_person_says_yes(
    real, accept, a_message
):
    assert await decided(real, a_message, "one") == "transfer"
    assert await real.send() == []
    await real.releases.refresh()
    assert real.releases.notes() == ("tables-example",)
    assert (unaccepted(real), (await real.watch.see()).unaccepted) == (1, True)
    assert (await accept())["accepted_by"] == "ada"
    assert real.releases.notes() == ()
    assert (unaccepted(real), (await real.watch.see()).unaccepted) == (0, False)
    assert await real.send() == []  # what waits was asked of a person, and is his
    await real.take(a_message("two", case="d"))
    assert await real.send() != []
    *_, yes = await real.journal.releases()
    assert (yes.kind, yes.asked_by, yes.reason) == ("accepted", "ada", "ids compared, ticket 7")
    assert (yes.name, yes.digest) == (
        real.pipeline.desk.tables.release,
        real.pipeline.desk.tables.digest,
    )


async def test_a_yes_names_what_is_in_force_and_says_why_and_is_said_once(real, accept, house):
    assert await refused(accept(name="2027-01")) == "not-in-force"
    assert await refused(accept(reason=" ")) == "no-reason"
    assert len(await real.journal.releases()) == 1
    await accept()
    assert await refused(accept("eve")) == "not-to-accept"
    said = {"name": "2026-baseline", "reason": "x"}
    assert await refused(house.operating.do("tables-accept", said, "ada")) == "not-to-accept"
    assert len(await real.journal.releases()) == 2


async def test_another_worker_learns_of_a_yes(real, accept, journal, strict, clock, tmp_path):
    other = House(journal, strict(environment="production"), clock, state=tmp_path)
    await other.releases.refresh()
    assert other.releases.notes() == ("tables-example",)
    await accept()
    await other.releases.refresh()
    assert other.releases.notes() == ()


async def test_a_release_of_ones_own_needs_no_yes_and_the_way_back_does(
    real, accept, approved, a_message
):
    """The rows of the draft are kept by `house`, which works on the same journal."""
    await real.operating.do("tables-activate", {"name": approved}, "eve")
    assert not real.pipeline.desk.tables.example
    assert real.releases.notes() == ()
    assert await refused(accept(name=approved)) == "not-to-accept"
    await real.clock.advance(1)
    await real.operating.do("tables-rollback", {"reason": "wrong row"}, "bob")
    assert real.releases.notes() == ("tables-example",)
    await accept()
    assert real.releases.notes() == ()


async def test_a_newer_package_waits_for_a_yes_of_its_own(
    real, accept, journal, clock, monkeypatch, tmp_path
):
    await accept()
    await clock.advance(1)
    await put_in_force(journal, tmp_path, InlineExecutor(), clock)
    assert len(await journal.releases()) == 2  # the same package: nothing has changed
    newer = replace(release.load(), digest="f" * 64)
    monkeypatch.setattr("gateway.releasing.tables_release.load", lambda: newer)
    monkeypatch.setattr("gateway.releasing.shelf.keep_baseline", lambda _state: newer)
    await put_in_force(journal, tmp_path, InlineExecutor(), clock)
    *_, now = await journal.releases()
    assert (now.kind, now.digest) == ("baseline", newer.digest)
    known = accepted(await journal.releases())
    assert newer.digest not in known
    assert real.pipeline.desk.tables.digest in known
