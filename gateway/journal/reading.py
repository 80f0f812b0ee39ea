"""Looking into the journal, on one read-only connection; nothing here writes or waits."""

import json
import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from gateway.core.case import Case, fold
from gateway.core.states import MessageState, QuestionState
from gateway.errors import JournalUnavailable
from gateway.journal import (
    Backlog,
    Counts,
    FirstDecision,
    Happening,
    Past,
    PastMessage,
    QuestionRow,
    Release,
    Row,
    SchemasInForce,
    TableRelease,
    history,
)
from gateway.journal.codec import codes, codes_of, event_of, instant, microseconds
from gateway.journal.statements import SQL

CASES_KEPT: Final = 1024
"""Folded cases kept in memory, the latest used."""
_TOLD_ELSEWHERE: Final = frozenset({"message-received", "waits", "referred"})
"""Events that a timeline shows as what they came from: a receipt or a decision."""
_SQL_ROW: Final = (
    "message_id",
    "received_at",
    "state",
    "candidates",
    "missing",
    "protected",
    "position",
)


class Reading:
    """The questions of `JournalReader`, answered from one connection."""

    def __init__(self, db: sqlite3.Connection) -> None:
        db.row_factory = sqlite3.Row
        self._db = db
        self._cases: OrderedDict[str, Case] = OrderedDict()

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def _rows(self, name: str, params: Any = ()) -> list[sqlite3.Row]:
        return self._db.execute(SQL[name], params).fetchall()

    # -- cases ------------------------------------------------------------------------------

    def case(self, case_id: str) -> Case:
        """The case with this id; see `cases`."""
        (case,) = self.cases((case_id,))
        if isinstance(case, Exception):
            raise case
        return case

    def cases(self, case_ids: Sequence[str]) -> list[Case | Exception]:
        """These cases, each folded on from where it was last seen.

        What is kept may be older than what is written, never other: the writer compares the
        revision.
        """
        return [
            self._case(case_id, revision)
            for case_id, revision in self._rows("case_revisions", (codes(case_ids),))
        ]

    def _case(self, found: str, revision: int | None) -> Case | JournalUnavailable:
        case = self._cases.get(found) or Case(found)
        if revision is not None and revision != case.revision:
            case = fold(case, self._events(found, case.revision, revision))
            if case.revision != revision:
                return JournalUnavailable(code="history-has-gaps")
            self._cases[found] = case
            if len(self._cases) > CASES_KEPT:
                self._cases.popitem(last=False)
        if found in self._cases:
            self._cases.move_to_end(found)
        return case

    def _events(self, case_id: str, after: int, until: int) -> Iterable[Any]:
        return history.events(self._db, case_id, after, until)

    # -- messages ---------------------------------------------------------------------------

    def body(self, digest: str) -> bytes | None:
        """The bytes, unless they were never here or are erased."""
        rows = self._rows("body", (digest,))
        return rows[0][0] if rows else None

    def message(self, message_id: str) -> Row | None:
        """One message."""
        rows = self._rows("message", (message_id,))
        return _row(rows[0]) if rows else None

    def messages(
        self,
        states: Sequence[MessageState],
        case_id: str | None,
        limit: int,
        after: str | None,
    ) -> Sequence[Row]:
        """A page of messages in order of receipt (then of recording)."""
        params = {"states": codes(states), "case_id": case_id, "limit": limit, **self._from(after)}
        name = "messages_in_states" if states else "messages"
        rows = self._rows("messages_of_case" if case_id is not None else name, params)
        return [_row(row) for row in rows]

    def first_decisions(self, since: datetime | None) -> tuple[FirstDecision, ...]:
        """Transfers and questions as they were first decided."""
        begin = microseconds(since) if since is not None else 0
        return tuple(
            FirstDecision(case_id, sender, buc, codes_of(missing))
            for case_id, sender, buc, missing in self._rows("first_decisions", (begin,))
        )

    def past(self, after: str | None, limit: int) -> tuple[Past, ...]:
        """A page of cases with everything that happened in them."""
        return tuple(
            Past(
                case_id,
                tuple(self._events(case_id, 0, 2**62)),
                tuple(
                    PastMessage(message_id, instant(received_at), addressee, body)
                    for message_id, received_at, addressee, body in self._rows(
                        "past_messages", (case_id,)
                    )
                ),
            )
            for (case_id,) in self._rows("past_cases", (after or "", limit))
        )

    def decided_by(
        self, release: str | None, rule: str | None, limit: int, after: str | None
    ) -> Sequence[Row]:
        """A page of messages that a release, or a row of it, decided."""
        params = {"release": release, "rule": rule, "limit": limit, **self._from(after)}
        return [_row(row) for row in self._rows("messages_decided_by", params)]

    def _from(self, after: str | None) -> dict[str, int]:
        """Where a page begins: behind that message."""
        received = self._rows("receipt", (after,)) if after is not None else []
        return {
            "received_at": received[0][0] if received else -(2**63),
            "position": received[0][1] if received else 0,
        }

    def explanation(self, message_id: str) -> Sequence[Mapping[str, Any]]:
        """Every decision, the first one first."""
        return [_explained(row) for row in self._rows("explanation", (message_id,))]

    # -- timeline ---------------------------------------------------------------------------

    def timeline(self, ident: str) -> Sequence[Happening]:
        """Receipts, decisions, events, sendings and deeds of a message or case, by time."""
        row = self.message(ident)
        case_id = (
            row.case_id
            if row is not None
            else self._rows("case_revisions", (codes((ident,)),))[0][0]
        )
        of = {"message_id": ident, "case_id": case_id}
        happenings = [
            *(_received(r) for r in self._rows("timeline_received", of)),
            *(_decided(r) for r in self._rows("timeline_decided", of)),
            *self._history(case_id),
            *(_sending(r) for r in self._rows("timeline_sendings", (case_id,))),
            *(_deed(r) for r in self._rows("timeline_deeds", of)),
        ]
        return sorted(happenings, key=lambda happening: happening.at)

    def _history(self, case_id: str | None) -> Iterable[Happening]:
        case = Case(case_id or "")
        for at, kind, content in self._rows("timeline_history", (case_id,)):
            case = fold(case, (event_of(kind, content, None),))
            if kind not in _TOLD_ELSEWHERE:
                params = json.loads(content)
                if kind == "forward-confirmed":
                    params["at"] = instant(params["at"]).isoformat()
                yield Happening(instant(at), "gateway", kind, case.state.value, "gateway", params)

    # -- numbers ----------------------------------------------------------------------------

    def backlog(self, now: datetime) -> Backlog:
        """What is still to be sent."""
        [(unsent, oldest, cases)] = self._rows("backlog", (microseconds(now),))
        return Backlog(unsent, instant(oldest) if oldest is not None else None, cases)

    def questions(self, every: bool, limit: int) -> Sequence[QuestionRow]:
        """Questions abroad, the first asked first."""
        rows = self._rows("questions", {"every": every, "limit": limit})
        return [_question(row) for row in rows]

    def due_cases(self, now: datetime, limit: int) -> Sequence[str]:
        """Cases in which something is due, the longest due first."""
        return [row[0] for row in self._rows("due_cases", (microseconds(now), limit))]

    def counts(self) -> Counts:
        """How much there is of what."""
        causes = [tuple(row) for row in self._rows("count_causes")]
        return Counts(
            messages=dict(map(tuple, self._rows("count_messages"))),
            sendings=dict(map(tuple, self._rows("count_sendings"))),
            worklist=_sum(c for c in causes if c[0] != MessageState.QUARANTINED),
            quarantine=_sum(c for c in causes if c[0] == MessageState.QUARANTINED),
            questions_open=self._rows("count_questions")[0][0],
        )

    def by_buc(self) -> Mapping[str, Mapping[str, int]]:
        """BUC -> outcome -> number."""
        numbers: dict[str, dict[str, int]] = {}
        for buc, outcome, count in self._rows("cases_by_buc"):
            of_buc = numbers.setdefault(buc, {"received": 0})
            of_buc[outcome] = count
            of_buc["received"] += count
        for buc, count in self._rows("set_aside_by_buc"):
            numbers.setdefault(buc, {"received": 0})["set_aside"] = count
        return numbers

    def release(self, at: datetime) -> Release | None:
        """The tables in force at that instant."""
        return next(map(_release, self._rows("release", (microseconds(at),))), None)

    def releases(self) -> tuple[Release, ...]:
        """Every activation, in order."""
        return tuple(map(_release, self._rows("releases")))

    def table_releases(self) -> tuple[TableRelease, ...]:
        """Every release that was made."""
        return tuple(map(_table_release, self._rows("table_releases")))

    def schemas_in_force(self) -> tuple[SchemasInForce, ...]:
        """The schema sets that were in force, in order."""
        rows = self._rows("schemas_in_force")
        return tuple(SchemasInForce(name, instant(since), who) for name, since, who in rows)


def _release(row: sqlite3.Row) -> Release:
    known = dict(row) | {"since": instant(row["since"]), "at_once": bool(row["at_once"])}
    return Release(**known)


def _table_release(row: sqlite3.Row) -> TableRelease:
    approved = row["approved_at"]
    return TableRelease(
        name=row["name"],
        digest=row["digest"],
        base=row["base"],
        author=row["author"],
        released_at=instant(row["released_at"]),
        approver=row["approver"],
        approved_at=instant(approved) if approved is not None else None,
    )


def _sum(causes: Iterable[tuple[str, str, int]]) -> Mapping[str, int]:
    numbers: dict[str, int] = {}
    for _, cause, number in causes:
        numbers[cause] = numbers.get(cause, 0) + number
    return numbers


def _row(row: sqlite3.Row) -> Row:
    plain = {key: row[key] for key in row.keys() if key not in _SQL_ROW}  # noqa: SIM118 - a Row
    return Row(
        message_id=row["message_id"],
        received_at=instant(row["received_at"]),
        state=MessageState(row["state"]),
        candidates=codes_of(row["candidates"]),
        missing=codes_of(row["missing"]),
        protected=bool(row["protected"]),
        **plain,
    )


def _explained(row: sqlite3.Row) -> Mapping[str, Any]:
    content = json.loads(row["content"])
    kept = (
        "attempt",
        "decision",
        "cause",
        "institution",
        "state",
        "certainty",
        "release",
        "schemas",
    )
    lists = ("candidates", "missing", "trace", "rules", "violations")
    return {
        **{key: row[key] for key in kept},
        **{key: tuple(json.loads(row[key])) for key in lists},
        "way": content.get("way"),
        "reference_date": row["reference_date"],
        "decided_at": instant(row["decided_at"]),
        "who": row["who"],
        "digest": row["digest"],
        "same_as": row["same_as"],
    }


def _received(row: sqlite3.Row) -> Happening:
    params = _given(row, "message_id", "source", "addressee", "buc", "sed", "sender", "digest")
    return Happening(
        instant(row["received_at"]), "inbound", "message-received", "received", "gateway", params
    )


def _decided(row: sqlite3.Row) -> Happening:
    said = ("message_id", "cause", "institution", "certainty", "release", "schemas", "same_as")
    params = _given(row, *said)
    for key in ("candidates", "missing", "rules"):
        params[key] = list(codes_of(row[key]))
    who = row["who"]
    origin = "gateway" if who == "gateway" else "operator"
    what = row["decision"] or "content-known"
    return Happening(instant(row["decided_at"]), origin, what, row["state"], who, params)


def _sending(row: sqlite3.Row) -> Happening:
    params = _given(row, "message_id", "object", "receiver", "destination", "attempts", "error")
    return Happening(instant(row["at"]), "outbound", row["kind"], row["state"], "gateway", params)


def _deed(row: sqlite3.Row) -> Happening:
    params = _given(row, "message_id", "reason")
    return Happening(instant(row["at"]), "operator", row["what"], row["state"], row["who"], params)


def _given(row: sqlite3.Row, *keys: str) -> dict[str, Any]:
    return {key: row[key] for key in keys if row[key] is not None}


_SETTLED: Final = {
    None: QuestionState.OPEN,
    "answered": QuestionState.ANSWERED,
    "question-failed": QuestionState.FAILED,
    "expired": QuestionState.EXPIRED,
    "forwarded": QuestionState.OVERTAKEN,
    "stepped-back": QuestionState.OVERTAKEN,
}
"""Kind of the event that settled a question -> how it stands."""


def _question(row: Sequence[Any]) -> QuestionRow:
    case_id, content, at, settled, reminders, due = row
    asked = json.loads(content)
    state = _SETTLED[settled]
    return QuestionRow(
        question=asked["question"],
        case_id=case_id,
        asked=asked.get("asked", ""),
        way=asked["way"],
        missing=tuple(asked["missing"]),
        asked_at=instant(at),
        state=state,
        reminders=reminders,
        due=instant(due) if due is not None and state is QuestionState.OPEN else None,
    )
