"""A status file is read as a whole: every line is right, or nothing of it is believed."""

from datetime import UTC, datetime

import pytest

from gateway.core.delivery import HEADER, MOST_LINES, Status, statuses_of
from gateway.core.states import SendingState
from gateway.core.strict_lines import BadLine

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ID = "0a8f5f1e-5f4d-5b0a-9d1f-0123456789ab"
GOOD = (ID, "FR:0101100000", "DELIVERED", "2026-03-02T12:30:00+01:00", "")


def file(*lines, header=HEADER):
    return "\n".join((header, *(";".join(line) for line in lines), "")).encode()


def changed(position, value):
    return tuple(value if n == position else cell for n, cell in enumerate(GOOD))


def test_each_line_is_one_status():
    error = (ID, "DE:1", "ERROR", "2026-03-02T10:00:00Z", "EBMS:0202")
    (first, second), bad = statuses_of(file(GOOD, error), NOW)
    assert bad == ()
    at = datetime(2026, 3, 2, 11, 30, tzinfo=UTC)
    assert first == Status(ID, "FR:0101100000", SendingState.DELIVERED, at, "", 2)
    assert (second.state, second.reason, second.line) == (SendingState.FAILED, "EBMS:0202", 3)


def test_an_id_may_be_spelled_as_rina_does():
    (status,), _ = statuses_of(file(changed(0, ID.replace("-", "").upper())), NOW)
    assert status.message_id == ID


def test_a_mark_of_order_carriage_returns_and_blank_lines_do_no_harm():
    body = b"\xef\xbb\xbf" + file(GOOD).replace(b"\n", b"\r\n") + b"\r\n"
    assert len(statuses_of(body, NOW)[0]) == 1
    assert statuses_of(file(), NOW) == ((), ())


@pytest.mark.parametrize(
    ("position", "value", "code"),
    [
        (0, ID[:-1], "message-id"),
        (0, "../x", "message-id"),
        (1, "", "receiver"),
        (2, "delivered", "status"),
        (3, "2026-03-02T12:00:00", "time"),
        (3, "yesterday", "time"),
        (3, "2026-03-03T12:00:01Z", "time"),
        (3, "1999-12-31T23:59:59Z", "time"),
        (4, "Mr Smith has moved", "reason"),
        (4, "185027512345612", "reason"),
        (4, "x" * 65, "reason"),
    ],
)
def test_one_bad_cell_is_named(position, value, code):
    good, bad = statuses_of(file(GOOD, changed(position, value), GOOD), NOW)
    assert (len(good), bad) == (2, (BadLine(3, code),))


def test_every_bad_line_is_told():
    bad = file(("a", "b"), GOOD, changed(2, "?"), (*GOOD, ""))
    assert set(statuses_of(bad, NOW)[1]) == {
        BadLine(2, "columns"),
        BadLine(4, "status"),
        BadLine(5, "columns"),
    }


@pytest.mark.parametrize(
    ("body", "bad"),
    [
        (b"", BadLine(1, "header")),
        (file(GOOD, header="message_id,receiver"), BadLine(1, "header")),
        (file(GOOD) + b"\xff", BadLine(0, "not-utf-8")),
        (file(*[GOOD] * (MOST_LINES + 1)), BadLine(0, "too-many-lines")),
    ],
)
def test_what_is_no_such_file_is_refused_as_a_whole(body, bad):
    assert statuses_of(body, NOW) == ((), (bad,))
