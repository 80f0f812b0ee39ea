"""`kill -9` of the real daemon at every step of the path, on both journals.

A step is a call of a port, before it or behind it (`dying`). Three days are lived in peace first:
what came and what became of it is kept, and every step that was taken is noted. Then, for each of
these steps, the gateway lives the day again from its beginning, dies there, and lives once more:
it must end where the day in peace ended, and nothing may have left under one id with two bodies.
"""

import asyncio
import json
import multiprocessing
import os
import re
import shutil
import signal
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway import opening
from gateway.config import Postgres
from gateway.journal import LARGE
from gateway.transport.folder.arriving import META
from tests.conftest import an_s040, make_message
from tests.services.cluster import PASSWORD, USER
from tests.services.dying import MOST, STEPS, Life, live

pytestmark = [pytest.mark.program, pytest.mark.long, pytest.mark.timeout(900)]
PATIENCE = 90.0
"""Seconds until a life that does not end counts as stuck."""
DAYS = (
    datetime(2026, 3, 3, 9, tzinfo=UTC),
    datetime(2026, 3, 3, 12, tzinfo=UTC),
    datetime(2026, 4, 12, 9, tzinfo=UTC),
)
LATER = timedelta(minutes=10)
"""When the next life begins: what the dead one had claimed is nobody's by then, and no transfer has
been held up for so long (`leaving.STANDSTILL`) that a later SED puts it in doubt."""
RECORDED = 5
"""Messages recorded on the first day before it dies, where a step is taken after that, too."""
FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["tests.services.dying_loaded"])

_PERSON = "a person asks for it, over the control socket or by a command; no message comes by"
_READ = "only commands and reports read it"
_RETAINED = "retention is a command"
NEVER = {
    "journal": {
        _PERSON: (
            *(
                "add_table_release",
                "approve_table_release",
                "assign",
                "cancel_activation",
                "confirm",
            ),
            *("confirm_activation", "discard", "import_cases", "maintain", "observe"),
            *("pause", "resume", "settle", "take_back", "withdraw_maintenance"),
        ),
        _READ: (
            *("accounts", "by_buc", "closed_months", "decided_by", "explanation"),
            *("facts", "find", "first_decisions", "first_receipt", "message", "messages"),
            *("outgoing", "past", "questions", "repeats", "schemas_in_force", "search"),
            *("sendings", "table_releases", "tasks", "timeline", "transfers"),
        ),
        _RETAINED: ("erase", "erasures", "old_cases", "old_messages", "reclaim"),
        "it only reads, for a metric, in lives longer than these": ("service_steps",),
        "a month is closed by the report of a year": ("close_month",),
        "only where something is probed": ("probed",),
        "only where people are told of troubles": ("notices", "remember_notices"),
        "nothing in the gateway gives up a sending by itself": ("withdraw",),
    },
    "connection": {_RETAINED: ("reclaim",)},
}
"""Port -> why -> what is never asked of it on the path of a message."""


@dataclass(frozen=True)
class Place:
    """A state folder, with a database where the journal is one."""

    state: Path
    server: Postgres | None = None

    @property
    def env(self):
        if self.server is None:
            return {}
        return {
            "EESSI_GATEWAY_JOURNAL": "postgres",
            "EESSI_GATEWAY_POSTGRES__PORT": str(self.server.port),
            "EESSI_GATEWAY_POSTGRES__DATABASE": self.server.database,
            "EESSI_GATEWAY_POSTGRES__USER": USER,
            "EESSI_GATEWAY_POSTGRES__PASSWORD": PASSWORD,
        }

    def lived(self, day, **how):
        """The exit code of one life here."""
        life = Life(self.state, how.pop("start", DAYS[day]), self.env, **how)
        process = FORKED.Process(target=live, args=(life,))
        process.start()
        process.join(PATIENCE)
        stuck = process.is_alive()
        if stuck:
            process.kill()
            process.join()
        assert not stuck, (life, (self.state / "log").read_text()[-3000:])
        return process.exitcode

    def published(self):
        """Message id -> the digests of what was given to the publisher under it."""
        found = defaultdict(set)
        for line in (self.state / "published").read_text().splitlines():
            ident, digest = line.split()
            found[ident].add(digest)
        return found


@pytest.fixture(params=["sqlite", "postgres"])
def place(request, tmp_path):
    """Makes a place: an empty one, or one like another."""
    cluster = request.getfixturevalue("cluster") if request.param == "postgres" else None

    def make(title, like=None):
        state = tmp_path / title
        if like is None:
            state.mkdir()
            return Place(state, cluster.database() if cluster else None)
        shutil.copytree(like.state, state, ignore=shutil.ignore_patterns("*.sock"))
        return Place(state, cluster.database(like=like.server) if cluster else None)

    return make


def arrives(state, day, number, body):
    """A file, with its time of receipt."""
    path = state / "inbound" / f"{number}.xml"
    path.write_bytes(body)
    at = DAYS[day].timestamp() - 60 + int(number)
    os.utime(path, (at, at))


def morning(state):
    """The first day: what is transferred, asked about, follows, repeats, is large or no message."""
    nowhere = an_s040(town=None)
    bodies = {
        "01": make_message("t1"),
        "02": make_message("q1", inside=nowhere),
        "03": make_message("t2"),
        "04": b"<!DOCTYPE x><x/>",
        "05": make_message("q2", inside=nowhere),
        "06": make_message("f1", case="case of t1", action="New"),
        "07": make_message("t2"),
        "08": make_message("oversize", inside="x" * MOST),
        "09": make_message("t3"),
        "10": make_message("q3", inside=nowhere),
        "11": make_message("large") + b"<!--" + b" " * LARGE + b"-->",
    }
    inbound = state / "inbound"
    inbound.mkdir()
    for number, body in bodies.items():
        arrives(state, 0, number, body)
    (inbound / "09.meta.json").write_text(json.dumps({"addressee": "FR:CLEISS0000"}))


def noon(state):
    """Some hours later: an answer, and what institutions say of what they were handed."""
    answer = make_message("a1", case="case of q1", sed="H002", action="New", inside=ANSWER)
    arrives(state, 1, "12", answer)
    said = [json.loads(p.read_text()) for p in sorted(state.glob("outbound/FR-*/*.json"))]
    folder = state / "inbound" / "status"
    folder.mkdir()
    head, at = "message_id;receiver;status;time;reason", "2026-03-03T11:00:00+01:00"
    line = f"{said[0]['hand_over_id']};{said[0]['institution']}"
    (folder / "1.csv").write_text(f"{head}\n{line};SENT;{at};\n")
    (folder / "2.csv").write_text(f"{head}\n{line};NONSENSE;{at};\n")


def evening(state):
    """Weeks later: questions are reminded of, and who was to say something has been silent."""
    arrives(state, 2, "13", make_message("t4"))


ANSWER = (
    "<ReplyRequestForInformation><Person><PersonIdentification><PersonIdentification>"
    "<familyName>Muster</familyName><forename>Erika</forename>"
    "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex>"
    "</PersonIdentification></PersonIdentification><AddressPerson><AddressPerson>"
    "<typeAddress><value>01</value></typeAddress><Address><town>Bourg-en-Bresse</town>"
    "<postalCode>01000</postalCode><country><value>FR</value></country></Address>"
    "</AddressPerson></AddressPerson></Person></ReplyRequestForInformation>"
)
COMES = (morning, noon, evening)
INSTANT = re.compile(r"datetime\.datetime\([^()]*(?:\([^()]*\))?[^()]*\)")


async def facts(place):
    """All that the journal says, without when; and the bytes of the messages."""
    async with opening.reader(place.state, place.server) as journal:
        rows = await journal.messages()
        return {
            "messages": list(rows),
            "decisions": {
                row.message_id: [
                    [d[k] for k in ("attempt", "decision", "cause", "institution", "state")]
                    for d in await journal.explanation(row.message_id)
                ]
                for row in rows
            },
            "sendings": sorted(
                (s.message_id, s.case_id, s.kind, s.object, s.receiver, s.about, s.state)
                for s in await journal.outgoing()
            ),
            "questions": [
                (q.question, q.case_id, q.missing, q.state, q.reminders, q.sending)
                for q in await journal.questions(every=True)
            ],
            "past": {
                past.case_id: (
                    # whether a hand-over is confirmed before the next SED comes is chance
                    sorted(INSTANT.sub("-", repr(event)) for event in past.events),
                    [(one.message_id, one.body) for one in past.messages],
                )
                for past in await journal.past(None, 1000)
            },
            "tasks": [task.row for task in await journal.tasks()],
        }


def left(place):
    """What stands in the folders: names, and the bytes where they hold no time of composing."""
    found = {}
    for path in (place.state / "outbound").rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            told = path.read_bytes()
            if path.suffix == ".json":
                told = {k: v for k, v in json.loads(told).items() if k != "decided_at"}
            elif path.parent.name == "rina":
                told = len(told)
            found[str(path.relative_to(place.state))] = told
    for folder in ("oversize", "inbound"):
        for path in (place.state / folder).rglob("*"):
            # a sidecar that a death left alone is nothing: its message went first
            if path.is_file() and not path.name.endswith(META):
                found[str(path.relative_to(place.state))] = path.read_bytes()
    return found


def end(place):
    """What must be the same however often it died."""
    return {**asyncio.run(facts(place)), "left": left(place)}


@dataclass(frozen=True)
class Day:
    """A day as it was lived in peace."""

    number: int
    began: Place
    ended: dict
    taken: frozenset
    late: frozenset


def in_peace(make):
    """The days one after another."""
    place = make("peace")
    for number, comes in enumerate(COMES):
        comes(place.state)
        began = make(f"began{number}", like=place)
        recorded = 0 if number else RECORDED
        assert place.lived(number, recorded=recorded, refused=number == 0) == 0
        steps = json.loads((place.state / "steps").read_text())
        yield Day(number, began, end(place), frozenset(steps["taken"]), frozenset(steps["late"]))


def differing(found, wanted):
    """Where two differ: the least part of them that does."""
    match found, wanted:
        case dict(), dict() if found.keys() == wanted.keys():
            return {k: differing(found[k], wanted[k]) for k in found if found[k] != wanted[k]}
        case (list(), list()) | (tuple(), tuple()) if len(found) == len(wanted):
            pairs = zip(found, wanted, strict=True)
            return [differing(one, other) for one, other in pairs if one != other]
    return found, "and not", wanted


def died(make, day, step):
    """Where it died at that step, and the exit code; None where it did not.

    Whether a step is taken, and whether it is once enough was recorded, is chance where threads
    must meet for it: it has some days to come, and on the last of them it counts from the start.
    """
    late = day.number == 0 and step in day.late
    for time, recorded in enumerate((RECORDED, RECORDED, 0) if late else (0, 0, 0)):
        place = make(f"{day.number} {step} {time}", like=day.began)
        code = place.lived(day.number, ends_at=step, recorded=recorded, refused=day.number == 0)
        died_at = place.state / "died-at"
        if code == -signal.SIGKILL and died_at.is_file() and died_at.read_text() == step:
            return place, code
        if code:
            break
    return None, code


def dies(make, day, step):
    """The day once more, with a death at that step; what is wrong then, or nothing."""
    place, code = died(make, day, step)
    if place is None:
        return f"{step}: it did not die there ({code})"
    code = place.lived(day.number, start=DAYS[day.number] + LATER)
    if code:
        return f"{step}: the next life ended with {code}"
    found = end(place)
    wrong = [
        f"{step}: {what}: {differing(found[what], day.ended[what])}"
        for what in found
        if found[what] != day.ended[what]
    ]
    wrong += [f"{step}: two bodies of {i}" for i, ds in place.published().items() if len(ds) > 1]
    if not wrong:
        shutil.rmtree(place.state)
    return "; ".join(wrong)


def test_it_dies_at_every_step_and_ends_where_it_would_have(place):
    days = tuple(in_peace(place))
    taken = {step: day for day in reversed(days) for step in day.taken}
    never = {
        f"{side} {port}.{method}"
        for port, reasons in NEVER.items()
        for methods in reasons.values()
        for method in methods
        for side in ("before", "behind")
    }
    assert set(taken) | never == set(STEPS)
    assert set(taken) & never == set()
    with ThreadPoolExecutor(3) as pool:
        wrong = pool.map(lambda step: dies(place, taken[step], step), sorted(taken))
        assert [one for one in wrong if one] == []
