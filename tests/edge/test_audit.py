"""A line of the audit log is whole, durable, at the end, and for its owner alone; or an error."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from gateway.audit import NAME, entry, note
from gateway.errors import Unreachable

AT = datetime(2026, 3, 2, 8, 0, 0, 123_456, tzinfo=UTC)


def line(ident="c"):
    return entry(
        AT,
        who="claire",
        account="root",
        command="case facts",
        ident=ident,
        protected=False,
        shown=True,
    )


def lines(folder):
    return [json.loads(text) for text in (folder / NAME).read_text().splitlines()]


def test_each_view_is_a_line_at_the_end(tmp_path):
    note(tmp_path, line("one"))
    note(tmp_path, line("two\nthree"))
    assert [one["id"] for one in lines(tmp_path)] == ["one", "two\nthree"]
    assert lines(tmp_path)[0] == {
        "at": "2026-03-02T08:00:00.123Z",
        "who": "claire",
        "account": "root",
        "command": "case facts",
        "id": "one",
        "protected": False,
        "shown": True,
    }
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_after_a_rotation_a_new_one_is_begun(tmp_path):
    note(tmp_path, line("one"))
    (tmp_path / NAME).rename(tmp_path / "audit.log-20260302")
    note(tmp_path, line("two"))
    assert [one["id"] for one in lines(tmp_path)] == ["two"]


def test_half_a_line_spoils_no_other(tmp_path):
    (tmp_path / NAME).write_text('{"at": "20')
    note(tmp_path, line("one"))
    assert (tmp_path / NAME).read_text().splitlines()[0] == '{"at": "20'
    assert json.loads((tmp_path / NAME).read_text().splitlines()[1])["id"] == "one"


def test_many_at_once_lose_nothing(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: note(tmp_path, line(str(number))), range(200)))
    assert {one["id"] for one in lines(tmp_path)} == {str(number) for number in range(200)}


def refused(folder):
    with pytest.raises(Unreachable) as caught:
        note(folder, line())
    assert (caught.value.code, caught.value.exit_code) == ("audit-unwritable", 3)
    assert caught.value.english != caught.value.french


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").touch()
    (tmp_path / NAME).symlink_to(tmp_path / "elsewhere")
    refused(tmp_path)
    assert (tmp_path / "elsewhere").read_bytes() == b""


def test_what_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / NAME).mkdir()
    refused(tmp_path)
    refused(tmp_path / "nowhere")


def test_half_a_write_is_an_error(tmp_path, monkeypatch):
    whole = os.write
    monkeypatch.setattr(os, "write", lambda opened, text: whole(opened, text[:10]))
    refused(tmp_path)
