"""Status files: recorded whole, or kept aside whole with a report; silence is noticed."""

import os
import re
from datetime import timedelta

import pytest

from gateway.clock import InlineExecutor
from gateway.errors import TransportUnavailable
from gateway.relay import Pace, Relay
from gateway.statuses import Statuses
from gateway.transport.folder import FolderStatuses

HEADER = "message_id;receiver;status;time;reason"


class Post:
    """A house with a folder of statuses."""

    def __init__(self, house, folder, awaited):
        self.house = house
        self.folder = folder
        self.statuses = Statuses(
            house.journal,
            (FolderStatuses(folder, InlineExecutor()),),
            house.clock,
            house.metrics,
            poll_seconds=1.0,
            awaited=awaited,
        )

    def put(self, name, *lines):
        path = self.folder / name
        path.write_text("\n".join((HEADER, *lines, "")), encoding="utf-8")
        return path

    def line(self, sending, status, reason="", receiver=None):
        at = self.house.clock.now().isoformat()
        return ";".join((sending.message_id, receiver or sending.receiver, status, at, reason))

    def rejected(self):
        aside = self.folder / "rejected"
        return sorted(path.name for path in aside.iterdir()) if aside.is_dir() else []


@pytest.fixture
def post(house, tmp_path):
    folder = tmp_path / "status"
    folder.mkdir()
    after = timedelta(hours=24)
    args = (house.journal, house.transport, house.clock, house.metrics, Pace())
    house.relay = Relay(*args, status_after=after)
    return Post(house, folder, awaited=True)


@pytest.fixture
async def sent(house, post, a_message):
    await house.take(a_message())
    return await house.send()


def counted(house, kind, state):
    return house.metrics._registry.get_sample_value(
        "gateway_sendings_total", {"kind": kind, "state": state}
    )


async def test_a_good_file_is_recorded_and_removed(house, post, sent):
    path = post.put("a.csv", *(post.line(s, "DELIVERED") for s in sent))
    assert await post.statuses.turn() == 1
    assert not path.exists()
    assert (await house.journal.counts()).sendings == {"delivered": len(sent)}
    assert counted(house, "hand-over", "delivered") == 1
    assert counted(house, "hand-over", "handed-over") == 1


async def test_a_file_with_a_bad_line_is_kept_aside_with_a_report(house, post, sent):
    path = post.put("a.csv", post.line(sent[0], "DELIVERED"), post.line(sent[1], "LOST"), "x")
    whole = path.read_bytes()
    assert await post.statuses.turn() == 1
    assert post.rejected() == ["a.csv", "a.report.txt"]
    assert (post.folder / "rejected" / "a.csv").read_bytes() == whole
    report = (post.folder / "rejected" / "a.report.txt").read_text(encoding="utf-8").splitlines()
    assert [line.partition(": ")[0] for line in report] == ["a.csv:3"] * 2 + ["a.csv:4"] * 2
    assert "SENT, DELIVERED or ERROR" in report[0]
    assert "doit être" in report[1]
    assert (await house.journal.counts()).sendings == {"handed-over": len(sent)}


async def test_a_second_rejected_file_of_that_name_does_not_take_the_place_of_the_first(post):
    post.put("a.csv", "x")
    await post.statuses.turn()
    post.put("a.csv", "y")
    await post.statuses.turn()
    kept = [name for name in post.rejected() if name.endswith(".csv")]
    assert len(kept) == 2
    assert len(post.rejected()) == 4


async def test_a_message_that_nobody_handed_over_is_a_bad_line(post, sent):
    other = post.line(sent[0], "SENT").replace(sent[0].message_id[:8], "00000000")
    post.put("a.csv", other, post.line(sent[1], "SENT", receiver="SI:1"), "x")
    await post.statuses.turn()
    report = (post.folder / "rejected" / "a.report.txt").read_text(encoding="utf-8")
    assert "a.csv:2: Nothing was handed over under this message_id." in report
    assert "a.csv:3: This message was handed over for another receiver." in report
    assert "a.csv:4: Five cells are expected" in report  # each fault of the file at once
    assert "SI:1" not in report


async def test_a_file_over_the_cap_is_not_loaded(post):
    (post.folder / "a.csv").write_bytes(b"x" * (2 * 1024 * 1024 + 1))
    await post.statuses.turn()
    assert post.rejected() == ["a.csv", "a.report.txt"]


async def test_a_name_that_is_too_long_or_no_text_is_kept_under_another(post):
    post.put("a" * 251 + ".csv", "x")
    (post.folder / os.fsdecode(b"\xff.csv")).write_text("x")
    assert await post.statuses.turn() == 2
    kept = [name for name in post.rejected() if name.endswith(".csv")]
    assert len(kept) == 2
    assert all(re.fullmatch(r"[0-9a-f]{32}\.csv", name) for name in kept)


async def test_a_file_that_cannot_be_moved_holds_up_no_other(house, post, sent):
    post.put("a.csv", "x")
    (post.folder / "rejected").write_text("in the way")
    good = post.put("b.csv", *(post.line(s, "SENT") for s in sent))
    with pytest.raises(TransportUnavailable):
        await post.statuses.turn()
    assert not good.exists()
    assert (await house.journal.counts()).sendings == {"sent": len(sent)}


async def test_what_is_under_way_or_no_file_is_left_alone(post, sent, tmp_path):
    (tmp_path / "elsewhere").write_text("secret")
    (post.folder / "link.csv").symlink_to(tmp_path / "elsewhere")
    (post.folder / "folder.csv").mkdir()
    for name in (".a.csv", "a.csv.tmp", "a.txt"):
        post.put(name, "x")
    assert await post.statuses.turn() == 0
    assert post.rejected() == []


async def test_a_status_that_comes_too_early_waits_in_its_file(house, post, a_message):
    await house.take(a_message())
    claims = await house.journal.claim(1, house.clock.now(), 0.0)
    path = post.put("a.csv", post.line(claims[0], "SENT"))
    assert await post.statuses.turn() == 0
    assert path.exists()
    await house.send()
    assert await post.statuses.turn() == 1
    assert not path.exists()


async def test_silence_is_told_after_its_time_and_forgotten_when_a_status_comes(house, post, sent):
    await house.clock.advance(24 * 3600 - 1)
    await post.statuses.turn()
    assert (await house.journal.counts()).worklist == {}
    await house.clock.advance(1)
    await post.statuses.turn()
    assert (await house.journal.counts()).worklist == {"no-status": 1}
    post.put("late.csv", *(post.line(s, "DELIVERED") for s in sent))
    await post.statuses.turn()
    assert (await house.journal.counts()).worklist == {}


async def test_where_nobody_speaks_silence_is_nothing(house, tmp_path, a_message):
    quiet = Post(house, tmp_path / "none", awaited=False)
    await house.take(a_message())
    await house.send()
    await house.clock.advance(48 * 3600)
    assert await quiet.statuses.turn() == 0  # there is no folder either
    assert (await house.journal.counts()).worklist == {}
