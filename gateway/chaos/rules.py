"""What must hold after every step, whatever happened: looked up in what is committed.

A rule that is broken is a code with names; the seed and the log of steps tell the rest.
"""

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from gateway.chaos.outside import Names, Outside, Post
from gateway.core.case import Case, fold
from gateway.core.deadlines import Development
from gateway.core.states import CASE, QuestionState
from gateway.journal import Claimed, Entry, history
from gateway.journal.codec import KINDS, event_text, microseconds
from gateway.journal.sqlite import SqliteConnection

RULES: Final = (
    "settled-not-recorded",
    "recorded-lost",
    "left-unwritten",
    "other-bytes",
    "no-decision-names-it",
    "two-institutions",
    "wrong-institution",
    "second-x007",
    "document-twice",
    "before-its-x007",
    "out-of-order",
    "marked-not-arrived",
    "asked-after-answer",
    "judged-on-another-revision",
    "judged-on-another-release",
    "history-has-gaps",
    "case-state-not-allowed",
    "case-not-its-history",
    "message-state-not-its-outbox",
    "broke-the-gateway",
    "part-ended",
    "never-at-rest",
)
"""Every code, in the order of ops/interfaces.md."""
_ASKING: Final = frozenset({"h001", "p8000", "x012", "reminder"})
_MOVING: Final = frozenset({"record", "develop"})
"""Calls by which a case moves on."""
_MAY_ASK: Final = frozenset({QuestionState.OPEN, QuestionState.EXPIRED})
"""States of a question that, or a reminder of which, may still leave, however late."""
_UNFINISHED: Final = """
SELECT message_id FROM message AS m
 WHERE m.state = 'recorded' AND NOT EXISTS (
       SELECT 1 FROM sending AS s WHERE s.about = m.message_id
          AND s.state IN ('proposed', 'due', 'waiting'))
    OR m.state = 'done' AND EXISTS (
       SELECT 1 FROM sending AS s WHERE s.about = m.message_id
          AND s.state IN ('proposed', 'due', 'waiting'))
"""
_OPEN_BEFORE: Final = """
SELECT 1 FROM sending AS e
 WHERE e.case_id = ? AND e.destination = ? AND e.seq < ? AND e.state IN ('due', 'waiting')
"""
_INSTITUTIONS: Final = """
SELECT d.institution FROM decision AS d JOIN message AS m USING (message_id)
 WHERE m.case_id = ? AND d.institution IS NOT NULL
"""
_IN_FORCE: Final = """
SELECT name FROM release WHERE (at_once OR since <= ?) AND cancelled_by IS NULL
 ORDER BY since DESC, number DESC LIMIT 1
"""


class Rules:
    """Looks on, on a connection of its own, and remembers what arrived."""

    def __init__(self, names: Names, outside: Outside) -> None:
        self.broken: list[str] = []
        self.arrived_bytes: dict[str, str] = {}
        """Message id -> SHA-256 of what arrived under it first."""
        self.handed: defaultdict[str, set[str]] = defaultdict(set)
        """Case -> institutions that got it."""
        self.together: frozenset[str] = frozenset()
        """The calls that were let through in this step."""
        self._names = names
        self._outside = outside
        self._latest: dict[tuple[str, str], int] = {}
        self._x007: dict[str, set[str]] = defaultdict(set)
        self._documents: dict[tuple[str, ...], str] = {}
        self._looked_at: dict[str, Case] = {}
        self._version = 0
        self._db: sqlite3.Connection

    def look_at(self, path: Path) -> None:
        """The journal to look at."""
        self._db = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)

    def close(self) -> None:
        """Look no more."""
        self._db.close()

    def breaks(self, rule: str, *about: str) -> None:
        """A rule is broken."""
        names = (self._names.of(one) if len(one) > 20 else one for one in about)
        self.broken.append(" ".join((rule, *names)))

    def rows(self, sql: str, *params: Any) -> list[Any]:
        """Rows of a statement on what is committed."""
        return self._db.execute(sql, params).fetchall()

    # -- at the ports -----------------------------------------------------------------------

    def settled(self, post: Post) -> None:
        """The source is told that the gateway has it."""
        if not self.rows("SELECT 1 FROM message WHERE digest = ?", post.digest):
            self.breaks("settled-not-recorded", post.label)

    def recorded(self, entry: Entry) -> None:
        """What was judged stands right behind what it was judged on."""
        judgement = entry.judgement
        self._stands(judgement.case_id, judgement.revision, judgement.events)
        in_force = self.rows(_IN_FORCE, microseconds(entry.decided_at))
        if judgement.decision is not None and in_force[0][0] != judgement.release:
            self.breaks("judged-on-another-release", judgement.message_id)

    def developed(self, development: Development) -> None:
        """The same of what became due."""
        self._stands(development.case_id, development.revision, development.events)

    def _stands(self, case_id: str | None, revision: int, events: Sequence[Any]) -> None:
        if not events or case_id is None:
            return
        first = [(KINDS[type(events[0])], event_text(events[0]))]
        sql = "SELECT kind, content FROM history WHERE case_id = ? AND seq = ?"
        if self.rows(sql, case_id, revision + 1) != first:
            self.breaks("judged-on-another-revision", case_id)

    def claimed(self, claims: Sequence[Claimed]) -> None:
        """What is about to leave: nobody is asked or reminded of what is answered.

        When a case moved on in the same step, nobody can tell which came first.
        """
        if not self.together.isdisjoint(_MOVING):
            return
        for claim in claims:
            if claim.kind not in _ASKING:
                continue
            question = claim.object.partition("/")[0]
            case = self._folded(claim.case_id)
            states = {q.id: q.state for q in case.questions}
            if states.get(question) not in _MAY_ASK:
                self.breaks("asked-after-answer", claim.case_id)

    def arrived(self, sending: Claimed) -> bool:
        """Something is at the far side; whether for the first time."""
        known = self.arrived_bytes.get(sending.message_id)
        if known is not None:
            if known != sending.digest:
                self.breaks("other-bytes", sending.message_id)
            return False
        self.arrived_bytes[sending.message_id] = sending.digest
        self._written(sending)
        if sending.kind == "hand-over":
            self._hand_over(sending)
        if sending.kind == "x007":
            self._x007[sending.case_id].add(sending.object)
            if len(self._x007[sending.case_id]) > 1:
                self.breaks("second-x007", sending.case_id)
        self._once(sending)
        return True

    def _written(self, sending: Claimed) -> None:
        """It was in the journal before, with these bytes, and after what goes before it."""
        sql = "SELECT seq, digest, kind FROM sending WHERE message_id = ?"
        found = self.rows(sql, sending.message_id)
        if not found:
            self.breaks("left-unwritten", sending.message_id)
            return
        seq, digest, _ = found[0]
        own = hashlib.sha256(sending.body).hexdigest()
        if digest != sending.digest or (sending.media != "none" and own != digest):
            self.breaks("other-bytes", sending.message_id)
        line = (sending.case_id, sending.destination)
        if seq < self._latest.get(line, 0) or self.rows(_OPEN_BEFORE, *line, seq):
            self.breaks("out-of-order", sending.case_id)
        self._latest[line] = max(seq, self._latest.get(line, 0))

    def _hand_over(self, sending: Claimed) -> None:
        case_id, receiver = sending.case_id, sending.receiver
        if receiver not in {row[0] for row in self.rows(_INSTITUTIONS, case_id)}:
            self.breaks("no-decision-names-it", case_id, receiver)
        self.handed[case_id].add(receiver)
        if len(self.handed[case_id]) > 1:
            self.breaks("two-institutions", case_id)
        told = self._outside.told.get(case_id)
        if told is not None and receiver not in told[0].competent:
            self.breaks("wrong-institution", case_id, receiver)
        sql = (
            "SELECT message_id FROM sending"
            " WHERE case_id = ? AND kind = 'x007' AND object = receiver AND receiver = ?"
        )
        for (x007,) in self.rows(sql, case_id, receiver):
            if x007 not in self.arrived_bytes:
                self.breaks("before-its-x007", case_id)

    def _once(self, sending: Claimed) -> None:
        """A document version is handed over, an X007 or a question sent, under one id."""
        what: tuple[str, ...] = (sending.case_id, sending.kind, sending.object, sending.receiver)
        rule = "second-x007" if sending.kind == "x007" else "document-twice"
        if sending.kind == "hand-over":
            document = self._outside.documents.get(sending.object, (sending.object,))
            what = (*map(str, document), sending.receiver)
        if self._documents.setdefault(what, sending.message_id) != sending.message_id:
            self.breaks(rule, sending.case_id)

    # -- after each step --------------------------------------------------------------------

    def check(self) -> None:
        """What must hold of the journal as it stands, if anything was written since."""
        ((version,),) = self.rows("PRAGMA data_version")
        if version == self._version:
            return
        self._version = version
        handed = self.rows("SELECT message_id FROM sending WHERE state = 'handed-over'")
        for (message_id,) in handed:
            if message_id not in self.arrived_bytes:
                self.breaks("marked-not-arrived", message_id)
        for (message_id,) in self.rows(_UNFINISHED):
            self.breaks("message-state-not-its-outbox", message_id)
        broke = "SELECT message_id FROM decision WHERE cause = 'internal-error'"
        for (message_id,) in self.rows(broke):
            self.breaks("broke-the-gateway", message_id)

    def check_histories(self) -> None:
        """What must hold of every case, and of everything that was settled."""
        held = {row[0] for row in self.rows("SELECT digest FROM message")}
        for digest, post in self._outside.source.settled.items():
            if digest not in held:
                self.breaks("recorded-lost", post.label)
        for case_id, most, count in self.rows(
            "SELECT case_id, max(seq), count(*) FROM history GROUP BY case_id"
        ):
            if most != count:
                self.breaks("history-has-gaps", case_id)
            self._moves_as_allowed(case_id, most)

    def compare(self, cases: Mapping[str, Case]) -> None:
        """The cases as the gateway sees them are the folds of their histories."""
        for case_id, seen in cases.items():
            if seen != self._folded(case_id):
                self.breaks("case-not-its-history", case_id)

    def _moves_as_allowed(self, case_id: str, revision: int) -> None:
        """Fold on from where the case was last looked at."""
        case = self._looked_at.get(case_id) or Case(case_id)
        for event in history.events(SqliteConnection(self._db), case_id, case.revision, revision):
            after = fold(case, (event,))
            if after.state is not case.state and after.state not in CASE[case.state]:
                self.breaks("case-state-not-allowed", case_id, f"{case.state}-{after.state}")
            case = after
        self._looked_at[case_id] = case

    def _folded(self, case_id: str) -> Case:
        """From its first event on."""
        return fold(Case(case_id), history.events(SqliteConnection(self._db), case_id, 0, 1 << 30))
