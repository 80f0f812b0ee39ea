"""People hear once of a trouble and once of its end, by real servers, and never too often.

However many workers there are, and when one of them dies, or their journal is away.
"""

import asyncio
import email
import hashlib
import hmac
import json
import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from prometheus_client.parser import text_string_to_metric_families

from gateway.clock import ManualClock
from gateway.config import Notices
from gateway.errors import JournalUnavailable
from gateway.journal.noticing import Remembered
from gateway.journal.rows import Backlog, Counts
from gateway.journal.sqlite import SqliteJournal
from gateway.notices import Notice
from gateway.notices.keeping import NAME, InFile, InJournal
from gateway.notices.ledger import (
    FORGOTTEN,
    MOST_WAITING,
    Ledger,
    Look,
    Rules,
    restored,
    written,
)
from gateway.notices.lookout import Lookout
from gateway.notices.ways import SIGNATURE, ways
from gateway.seen.watching import PARTS, Part, Rates, Sight, State

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
SECRET = "a-secret-of-some-length"


def sight(*reasons, stuck=()):
    """What a look shows when these are the reasons, and these parts are stuck."""
    parts = tuple(Part(n, State.STUCK if n in stuck else State.RUN) for n in PARTS)
    counts = Counts({}, {}, {}, {}, {})
    return Sight(START, reasons, parts, Rates(1.0), (), Backlog(0, None), counts, "r", {})


class Told:
    """A way that keeps what it is given, and can be out of order."""

    def __init__(self):
        self.notices, self.wrong = [], ""

    def __call__(self, notice, _at):
        if not self.wrong:
            self.notices.append(notice)
        return self.wrong

    @property
    def said(self):
        return [(notice.cause, notice.event) for notice in self.notices]


class Door:
    """The real journal, which can be away, or full."""

    def __init__(self, journal):
        self.journal, self.away, self.full = journal, False, False

    async def notices(self):
        self.knock()
        return await self.journal.notices()

    async def remember_notices(self, now):
        self.knock()
        if self.full:
            raise JournalUnavailable
        return await self.journal.remember_notices(now)

    def knock(self):
        if self.away:
            raise JournalUnavailable


@pytest.fixture
async def door(tmp_path):
    journal = await SqliteJournal.open(
        tmp_path / "journal.db", instance="rina-1", environment="test", inline=True
    )
    yield Door(journal)
    await journal.close()


@pytest.fixture
def watch(tmp_path, metrics, door):
    """Makes a watched worker whose state a test sets; all share a journal, and have a folder."""

    class Watched:
        def __init__(self, clock=None, told=None, worker="gw-1", way="webhook", **settings):
            self.clock = clock or ManualClock(START)
            self.told = told or Told()
            self.now = sight()
            limits = Notices(**{"after_seconds": 60, "per_hour": 10, **settings})
            self.path = tmp_path / f"{worker}-{NAME}"
            self.lookout = Lookout(
                self.see,
                {way: self.told},
                self.clock,
                metrics,
                limits,
                own=InFile(self.path),
                shared=InJournal(door, 10),
                worker=worker,
            )

        async def see(self):
            return self.now

        async def passes(self, seconds, *reasons, stuck=(), step=15):
            """So much time, in which this is seen."""
            self.now = sight(*reasons, stuck=stuck)
            await together(seconds, self, step=step)

    return Watched


async def together(seconds, *workers, step=15):
    """So much time, in which each worker sees what it last saw."""
    for _ in range(seconds // step):
        for worker in workers:
            await worker.lookout.turn()
        await workers[0].clock.advance(step)


def counted(metrics, name, **labels):
    text = metrics.exposition()[0].decode()
    samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
    return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


# -- when ------------------------------------------------------------------------------------


async def test_a_trouble_that_lasts_is_told_of_once_and_so_is_its_end(watch):
    one = watch()
    await one.passes(60, "journal-unavailable")
    assert one.told.said == []
    await one.passes(1200, "journal-unavailable")
    assert one.told.said == [("journal-unavailable", "opened")]
    await one.passes(1200)
    assert one.told.said == [("journal-unavailable", "opened"), ("journal-unavailable", "closed")]
    opened, closed = one.told.notices
    assert (opened.since, opened.until) == (START, None)
    assert closed.since == START
    assert closed.until == START + timedelta(seconds=1260 - 15)


async def test_one_that_passes_is_not_told_of(watch):
    one = watch()
    for _ in range(10):
        await one.passes(45, "consumer-gone")
        await one.passes(45)
    assert one.told.said == []


async def test_one_that_flickers_is_one_trouble(watch):
    one = watch()
    await one.passes(120, "consumer-gone")
    for _ in range(10):
        await one.passes(45)
        await one.passes(15, "consumer-gone")
    await one.passes(600)
    assert one.told.said == [("consumer-gone", "opened"), ("consumer-gone", "closed")]


@pytest.mark.parametrize("reason", ["starting", "draining"])
async def test_a_start_and_an_end_are_no_trouble(watch, reason):
    one = watch()
    await one.passes(600, reason)
    assert one.told.said == []


async def test_each_cause_is_told_of_by_itself_and_what_readyz_explains_not_twice(watch):
    one = watch()
    await one.passes(600, "inbound-unreadable", stuck=("intake", "outbox", "journal"))
    assert sorted(one.told.said) == [("inbound-unreadable", "opened"), ("outbox-stuck", "opened")]


async def test_a_stuck_intake_stays_the_same_trouble_when_readyz_turns_red_later(watch):
    one = watch()
    await one.passes(120, stuck=("intake",))
    await one.passes(600, "oldest-message-waits", stuck=("intake",))
    assert one.told.said == [("intake-stuck", "opened"), ("oldest-message-waits", "opened")]


# -- how often -------------------------------------------------------------------------------


async def test_there_is_a_cap_an_hour_and_what_does_not_fit_waits(watch, metrics):
    one = watch(per_hour=2)
    many = ("consumer-gone", "paused", "schemas-invalid")
    await one.passes(1200, *many)
    assert len(one.told.said) == 2
    await one.passes(3600, *many)
    assert sorted(one.told.said) == [(cause, "opened") for cause in sorted(many)]
    assert counted(metrics, "gateway_notices_untold_total") == 0


async def test_what_ends_before_there_is_room_is_counted_and_told_by_the_next_one(watch, metrics):
    one = watch(per_hour=1)
    await one.passes(600, "paused", "consumer-gone", "schemas-invalid")
    told = {one.told.said[0][0]}
    assert len(one.told.said) == 1
    await one.passes(600, *told)
    assert counted(metrics, "gateway_notices_untold_total") == 2
    await one.passes(7200)
    assert [(n.event, n.untold) for n in one.told.notices] == [("opened", 0), ("closed", 2)]


# -- what goes wrong -------------------------------------------------------------------------


async def test_what_was_not_taken_is_tried_again_in_order(watch, metrics):
    one = watch()
    one.told.wrong = "status-503"
    await one.passes(600, "consumer-gone")
    await one.passes(600)
    assert one.told.said == []
    assert counted(metrics, "gateway_notices_total", way="webhook", outcome="failed") > 10
    one.told.wrong = ""
    await one.passes(15)
    assert one.told.said == [("consumer-gone", "opened"), ("consumer-gone", "closed")]
    assert counted(metrics, "gateway_notices_total", way="webhook", outcome="sent") == 2


def test_a_way_that_is_down_for_long_keeps_no_more_than_a_few():
    ledger, rules = Ledger(), Rules(timedelta(minutes=1), 10, ("webhook",))
    since = {"paused": START}
    for hour in range(2 * MOST_WAITING):
        at = START + timedelta(hours=hour)
        seen = since if hour % 2 == 0 else {}
        ledger.turn(Look(at, "gw-1", seen, tuple(seen), START), rules, {})
    waiting = ledger.waiting["webhook"]
    assert len(waiting) == MOST_WAITING
    assert sum(notice.untold for notice in waiting) + ledger.untold < 2 * MOST_WAITING
    assert ledger.untold > 0
    assert restored(written(ledger)) == ledger


async def test_a_way_that_hangs_holds_nothing_up_and_is_not_asked_twice_at_once(watch):
    released, asked = threading.Event(), []

    class Hanging(Told):
        def __call__(self, notice, at):
            asked.append(notice)
            released.wait(60)
            return super().__call__(notice, at)

    one = watch(told=Hanging(), timeout_seconds=0.05)
    await one.passes(600, "consumer-gone")
    assert len(asked) == 1
    released.set()
    await one.passes(15, "consumer-gone")
    assert one.told.said == [("consumer-gone", "opened")]
    await one.passes(60, "consumer-gone")
    assert len(asked) == 1


async def test_a_defect_in_a_way_is_a_failed_attempt(watch, metrics, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda _args: None)

    def broken(_notice, _at):
        raise KeyError("a defect")

    one = watch(told=broken)
    await one.passes(120, "consumer-gone")
    assert counted(metrics, "gateway_notices_total", outcome="failed") > 0


# -- across starts ---------------------------------------------------------------------------


async def test_a_restart_repeats_nothing_and_forgets_nothing(watch):
    one = watch()
    await one.passes(120, "schemas-invalid", "paused")
    again = watch(clock=one.clock, told=one.told)
    await again.passes(30)  # it has not seen everything yet
    await again.passes(600, "paused")
    assert sorted(one.told.said) == [
        ("paused", "opened"),
        ("schemas-invalid", "closed"),
        ("schemas-invalid", "opened"),
    ]


async def test_what_was_not_taken_before_the_end_is_tried_after_the_start(watch):
    one = watch()
    one.told.wrong = "unreachable"
    await one.passes(120, "consumer-gone")
    again = watch(clock=one.clock)
    await again.passes(15, "consumer-gone")
    assert again.told.said == [("consumer-gone", "opened")]


async def test_the_cap_holds_across_starts(watch):
    one = watch(per_hour=1)
    await one.passes(120, "consumer-gone")
    again = watch(clock=one.clock, per_hour=1)
    await again.passes(600, "consumer-gone", "paused")
    assert again.told.said == []


SPOILT = ["{}", "[]", '{"troubles": {"a": 1}}', "\ufffd"]


@pytest.mark.parametrize("content", [*SPOILT, ""])
async def test_a_spoilt_memory_is_begun_anew(watch, door, content):
    one = watch()
    one.path.write_bytes(content.encode())
    assert await door.remember_notices(Remembered(0, content))
    await one.passes(120, "consumer-gone", "journal-unavailable")
    assert sorted(one.told.said) == [
        ("consumer-gone", "opened"),
        ("journal-unavailable", "opened"),
    ]


async def test_a_memory_that_cannot_be_written_keeps_nobody_from_being_told(watch, door):
    one = watch()
    one.path.mkdir()
    door.away = True
    await one.passes(300, "consumer-gone")
    assert one.told.said == [("consumer-gone", "opened")]


async def test_without_a_way_nothing_is_looked_at_or_written(tmp_path, door, metrics):
    async def see():
        pytest.fail("it looked")

    path = tmp_path / NAME
    places = {"own": InFile(path), "shared": InJournal(door, 10), "worker": "gw-1"}
    lookout = Lookout(see, {}, ManualClock(START), metrics, Notices(), **places)
    await lookout.turn()
    assert not path.exists()
    assert await door.notices() == Remembered(0, "")


async def test_a_gateway_that_is_well_writes_nothing(watch, door):
    one = watch()
    await one.passes(600)
    assert await door.notices() == Remembered(0, "")
    assert not one.path.exists()


async def test_what_belongs_to_nobody_any_more_is_forgotten(watch, metrics):
    gone, other = watch(way="mail"), watch(worker="gw-2")
    gone.told.wrong = "unreachable"
    await gone.passes(120, "schemas-invalid")
    await other.clock.advance((gone.clock.now() - START).total_seconds())
    await other.passes(120, "paused")
    await other.clock.advance(FORGOTTEN.total_seconds())
    await other.passes(600)
    assert other.told.said == [("paused", "opened"), ("paused", "closed")]
    assert other.told.notices[-1].untold == 1
    assert counted(metrics, "gateway_notices_untold_total") == 1
    back = watch(clock=other.clock, way="mail")
    await back.passes(180)
    assert back.told.said == []


# -- several workers -------------------------------------------------------------------------


@pytest.fixture
def three(watch):
    """Workers on one journal, and all that they tell in order."""
    told = Told()
    first = watch(told=told)
    others = [watch(clock=first.clock, told=told, worker=f"gw-{n}") for n in (2, 3)]
    return [first, *others], told


async def test_a_trouble_that_all_share_is_told_of_once_and_so_is_its_end(three):
    workers, told = three
    for worker in workers:
        worker.now = sight("paused", stuck=("outbox",))
    await together(600, *workers)
    assert sorted(told.said) == [("outbox-stuck", "opened"), ("paused", "opened")]
    for worker in workers:
        worker.now = sight()
    await together(600, *workers)
    assert sorted(told.said[2:]) == [("outbox-stuck", "closed"), ("paused", "closed")]
    assert {notice.worker for notice in told.notices} == {"gw-1"}


async def test_the_end_is_told_when_nobody_sees_it_any_more_also_by_one_who_never_did(three):
    (one, two, three_), told = three
    one.now = two.now = sight("broker-unreachable")
    await together(300, one, two, three_)
    one.now = sight()
    await together(300, one, two, three_)
    assert told.said == [("broker-unreachable", "opened")]
    await together(300, three_)  # the others have died
    assert told.said == [("broker-unreachable", "opened"), ("broker-unreachable", "closed")]


async def test_the_trouble_of_each_worker_is_its_own_and_names_it(three):
    (one, two, three_), told = three
    one.now = two.now = sight("broker-certificates")
    await together(300, one, two, three_)
    assert [(n.cause, n.worker) for n in told.notices] == [
        ("broker-certificates", "gw-1"),
        ("broker-certificates", "gw-2"),
    ]
    assert len({notice.id for notice in told.notices}) == 2
    one.now = sight()
    await together(300, one, two, three_)
    assert [(n.event, n.worker) for n in told.notices[2:]] == [("closed", "gw-1")]
    await together(600, one, three_)  # who has died has not said that its trouble is over
    assert len(told.notices) == 3


async def test_the_cap_counts_what_any_worker_tells(watch):
    told = Told()
    one = watch(told=told, per_hour=3)
    two = watch(clock=one.clock, told=told, worker="gw-2", per_hour=3)
    one.now = two.now = sight("schemas-invalid", "broker-certificates", "paused")
    await together(1200, one, two)
    assert len(told.notices) == 3
    one.now = two.now = sight()
    await together(3600, one, two)
    assert sum(notice.untold for notice in told.notices) == 2


async def test_what_one_worker_made_and_never_sent_another_one_sends(watch):
    asked, released = threading.Event(), threading.Event()

    def hangs(_notice, _at):
        asked.set()
        released.wait(60)
        return "timed-out"

    one = watch(told=hangs, timeout_seconds=30)
    two = watch(clock=one.clock, worker="gw-2", timeout_seconds=30)
    await one.passes(60, "paused")
    turn = asyncio.ensure_future(one.lookout.turn())
    assert await asyncio.to_thread(asked.wait, 30)
    turn.cancel()  # it dies while it sends
    await two.passes(75, "paused")
    assert two.told.said == []  # the other one might only be slow
    await two.passes(30, "paused")
    assert two.told.said == [("paused", "opened")]
    released.set()


async def test_what_one_worker_cannot_deliver_another_one_does(watch):
    one = watch()
    two = watch(clock=one.clock, worker="gw-2")
    one.told.wrong = "unreachable"
    one.now = two.now = sight("paused")
    await together(120, one, two)
    assert (one.told.said, two.told.said) == ([], [("paused", "opened")])


# -- the journal away ------------------------------------------------------------------------


async def test_that_the_journal_is_away_each_worker_tells_and_each_tells_its_end(three, door):
    workers, told = three
    door.away = True
    for worker in workers:
        worker.now = sight("journal-unavailable")
    await together(600, *workers)
    assert sorted((n.event, n.worker) for n in told.notices) == [
        ("opened", f"gw-{n}") for n in (1, 2, 3)
    ]
    assert workers[0].path.stat().st_mode & 0o777 == 0o600
    door.away = False
    for worker in workers:
        worker.now = sight()
    await together(600, *workers)
    assert sorted((n.event, n.worker) for n in told.notices[3:]) == [
        ("closed", f"gw-{n}") for n in (1, 2, 3)
    ]


async def test_a_restart_while_the_journal_is_away_repeats_and_forgets_nothing(watch, door):
    door.away = True
    one = watch()
    await one.passes(120, "journal-unavailable")
    again = watch(clock=one.clock, told=one.told)
    await again.passes(120, "journal-unavailable")
    door.away = False
    await again.passes(120)
    assert one.told.said == [("journal-unavailable", "opened"), ("journal-unavailable", "closed")]


async def test_what_was_told_of_before_the_journal_went_is_not_told_of_again(three, door):
    workers, told = three
    for worker in workers:
        worker.now = sight("consumer-gone")
    await together(120, *workers)
    door.away = True
    await together(600, *workers)
    door.away = False
    for worker in workers[1:]:
        worker.now = sight()
    await together(30, *reversed(workers))  # who comes back first has not looked for long enough
    assert told.said == [("consumer-gone", "opened")]
    workers[0].now = sight()
    await together(120, *workers)
    assert told.said == [("consumer-gone", "opened"), ("consumer-gone", "closed")]


async def test_what_lasts_while_the_journal_is_away_is_told_of_all_the_same(watch, door):
    door.away = True
    one = watch(per_hour=2)
    await one.passes(300, "journal-unavailable", "broker-unreachable", "paused")
    assert len(one.told.said) == 2
    door.away = False
    await one.passes(600, "consumer-gone")
    assert len(one.told.said) == 2  # the cap counts what was told alone
    await one.passes(3600, "consumer-gone")
    assert len(one.told.said) == 4


async def test_a_journal_that_is_full_is_told_of_at_once_like_any_other_trouble(watch, door):
    door.full = True
    one = watch()
    await one.passes(75, "journal-unavailable")
    assert one.told.said == [("journal-unavailable", "opened")]


# -- by a real webhook -----------------------------------------------------------------------

OPENED = Notice("journal-unavailable", "gw-1:9464", START)
CLOSED = Notice("outbox-stuck", "gw-1:9464", START, START + timedelta(minutes=7), 3)


@contextmanager
def webhook(status=200, **headers):
    """An address that takes a POST; what was posted."""
    posted = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append((dict(self.headers), body))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - named by http.server; what a followed redirection becomes

        def log_message(self, *_words):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", posted
        server.shutdown()
        thread.join()


def deliver(notice, **settings):
    """Deliver it by the one way that is configured."""
    (way,) = ways(Notices(timeout_seconds=5, **settings), "rina-1", "production").values()
    return way(notice, START)


def test_a_webhook_gets_codes_and_words_in_both_languages():
    with webhook() as (url, posted):
        assert deliver(CLOSED, webhook_url=url) == ""
    ((headers, body),) = posted
    assert headers["Content-Type"] == "application/json"
    assert SIGNATURE not in headers
    said = json.loads(body)
    assert said.pop("text") == {
        "en": "Over since 2026-03-02 09:07; it began at 2026-03-02 09:00 (Paris). Outgoing"
        " messages wait, and none leaves. Worker gw-1:9464 saw it first; workers that share it"
        " send no notice of their own. Besides, 3 came and went without a notice: see the log"
        " and the metrics.",
        "fr": "Terminé depuis le 2026-03-02 09:07 ; début le 2026-03-02 09:00 (heure de Paris)."
        " Des envois attendent, et aucun ne part. Vu d'abord par le processus gw-1:9464 ; les"
        " processus qui le partagent n'envoient pas d'avis à eux. En outre, sans avis, incidents"
        " survenus et terminés : 3 ; voir le journal technique et les métriques.",
    }
    assert said == {
        "format": "eessi-gateway-notice-1",
        "id": "outbox-stuck.closed.20260302T080000Z",
        "event": "closed",
        "cause": "outbox-stuck",
        "worker": "gw-1:9464",
        "shared": True,
        "since": "2026-03-02T08:00:00Z",
        "until": "2026-03-02T08:07:00Z",
        "untold": 3,
        "instance": "rina-1",
        "environment": "production",
    }


def test_what_is_posted_is_signed_with_the_secret():
    with webhook() as (url, posted):
        assert deliver(OPENED, webhook_url=url, webhook_secret=SECRET) == ""
    ((headers, body),) = posted
    signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert {k.lower(): v for k, v in headers.items()}[SIGNATURE.lower()] == f"sha256={signed}"


@pytest.mark.parametrize("status", [400, 500, 503])
def test_an_answer_that_is_no_yes_is_no_delivery(status):
    with webhook(status) as (url, _):
        assert deliver(OPENED, webhook_url=url) == f"status-{status}"


def test_a_webhook_that_sends_us_elsewhere_is_not_followed():
    with webhook() as (elsewhere, missed), webhook(302, Location=elsewhere) as (url, _):
        assert deliver(OPENED, webhook_url=url) == "status-302"
    assert missed == []


def test_nobody_at_the_address_is_a_code():
    with webhook() as (url, _):
        pass
    assert deliver(OPENED, webhook_url=url) == "connection-refused"


# -- by a real mail server -------------------------------------------------------------------


class Mailbox:
    """Keeps what a mail server takes; refuses one address."""

    def __init__(self):
        self.letters = []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if address.startswith("nobody@"):
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        self.letters.append(envelope)
        return "250 taken"


@contextmanager
def mail_server(**words):
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port, **words)
    controller.start()
    try:
        yield box, {"smtp_port": port, "mail_from": "eessi@example.org"}
    finally:
        controller.stop()


def test_a_mail_says_it_in_french_and_in_english():
    with mail_server() as (box, at):
        to = ("one@example.org", "two@example.org")
        assert deliver(CLOSED, mail_to=to, **at) == ""
    (letter,) = box.letters
    assert (letter.mail_from, letter.rcpt_tos) == ("eessi@example.org", list(to))
    mail = email.message_from_bytes(letter.content, policy=default)
    assert mail["Subject"] == "EESSI rina-1 (production): outbox-stuck closed"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == START
    assert mail["Message-ID"] == "<outbox-stuck.closed.20260302T080000Z.rina-1@example.org>"
    text = mail.get_content()
    assert text.startswith(
        "Terminé depuis le 2026-03-02 09:07 ; début le 2026-03-02 09:00 (heure de Paris)."
    )
    assert "Outgoing messages wait, and none leaves." in text.splitlines()


def test_a_recipient_who_is_refused_keeps_it_from_nobody_else():
    with mail_server() as (box, at):
        assert deliver(OPENED, mail_to=("nobody@example.org", "one@example.org"), **at) == ""
        assert deliver(OPENED, mail_to=("nobody@example.org",), **at) == "recipients-refused"
    assert [letter.rcpt_tos for letter in box.letters] == [["one@example.org"]]


@pytest.fixture
def encrypted(certificate):
    """What makes a mail server ask for STARTTLS, and then for a login."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    def known(_server, _session, _envelope, _mechanism, data):
        right = (data.login, data.password) == (b"gateway", b"right")
        return AuthResult(success=right, handled=False)

    return {
        "tls_context": context,
        "require_starttls": True,
        "authenticator": known,
        "auth_required": True,
    }


def test_with_starttls_and_a_login(encrypted, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with mail_server(**encrypted) as (box, at):
        to = {"mail_to": ("one@example.org",), "smtp_starttls": True, "smtp_user": "gateway"}
        assert deliver(OPENED, **to, smtp_password="right", **at) == ""
        assert deliver(OPENED, **to, smtp_password="wrong", **at) == "login-refused"
    assert len(box.letters) == 1


def test_a_certificate_that_is_not_trusted_gets_no_mail_and_no_password(encrypted):
    with mail_server(**encrypted) as (box, at):
        to = {"mail_to": ("one@example.org",), "smtp_starttls": True, "smtp_user": "gateway"}
        assert deliver(OPENED, **to, smtp_password="right", **at) == "tls"
    assert box.letters == []


def test_a_server_without_starttls_gets_no_mail_when_it_is_asked_for():
    with mail_server() as (box, at):
        wrong = deliver(OPENED, mail_to=("one@example.org",), smtp_starttls=True, **at)
    assert (wrong, box.letters) == ("not-supported", [])


def test_no_mail_server_is_a_code():
    with mail_server() as (_, at):
        pass
    assert deliver(OPENED, mail_to=("one@example.org",), **at) == "connection-refused"
