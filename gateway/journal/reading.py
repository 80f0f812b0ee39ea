"""Looking into the journal, on one read-only connection; nothing here writes or waits."""

import json
from collections import Counter as Tally
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.core.case import Case, fold
from gateway.core.message import spelled
from gateway.core.outgoing import Standing
from gateway.core.states import ON_WORKLIST, MessageState, QuestionState, SendingState
from gateway.errors import JournalUnavailable
from gateway.journal import accounts, erasing, history, noticing, observing
from gateway.journal.accounts import CaseAccount, ClosedMonth
from gateway.journal.codec import codes, codes_of, event_of, evidence_of, instant, microseconds
from gateway.journal.engine import Connection, Line
from gateway.journal.pausing import Pause, Reach
from gateway.journal.retention import Before, Erasure, Found
from gateway.journal.rows import (
    Backlog,
    Counts,
    Facts,
    FirstDecision,
    Happening,
    Past,
    PastMessage,
    QuestionRow,
    Release,
    Repeat,
    Row,
    SchemasInForce,
    Search,
    SendingRow,
    ServiceKind,
    ServiceStep,
    TableRelease,
    Task,
    TransferMade,
    worklist_cause,
)

_EARLIEST: Final = -(2**63)
_LATEST: Final = 2**63 - 1
EVENTS_KEPT: Final = 32_000
"""Events in the folded cases that are kept in memory, the latest used; some 2 KiB each."""
_TOLD_ELSEWHERE: Final = frozenset({"message-received", "waits", "referred", "dealt-with"})
"""Events that a timeline shows as what they came from: a receipt, a decision or a deed."""
_SQL_ROW: Final = (
    "message_id",
    "received_at",
    "state",
    "candidates",
    "missing",
    "protected",
    "position",
    "assignee",
    "assigned_by",
    "assigned_at",
)


class Reading:
    """The questions of `JournalReader`, answered from one connection."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._cases: OrderedDict[str, Case] = OrderedDict()
        self._events_kept = 0

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def _rows(self, name: str, params: Any = ()) -> list[Line]:
        return self._db.run(name, params).fetchall()

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
            before = case.revision
            case = fold(case, self._events(found, before, revision))
            if case.revision != revision:
                return JournalUnavailable(code="history-has-gaps")
            self._cases[found] = case
            self._events_kept += revision - before
        if found in self._cases:
            self._cases.move_to_end(found)
        while self._events_kept > EVENTS_KEPT:
            _, oldest = self._cases.popitem(last=False)
            self._events_kept -= oldest.revision
        return case

    def _events(self, case_id: str, after: int, until: int) -> Iterable[Any]:
        return history.events(self._db, case_id, after, until)

    def sendings(self, case_id: str) -> tuple[Standing, ...]:
        """The sendings of a case, in order."""
        return tuple(
            Standing(message_id, kind, named, receiver, about, SendingState(state))
            for message_id, kind, named, receiver, about, state in self._rows(
                "sendings_of_case", (case_id,)
            )
        )

    # -- messages ---------------------------------------------------------------------------

    def body(self, digest: str) -> bytes | None:
        """The bytes, unless they were never here or are erased."""
        rows = self._rows("body", (digest,))
        return self._whole(digest, *rows[0]) if rows else None

    def _whole(self, digest: str, stored: bytes | None, pieces: int | None) -> bytes | None:
        """The bytes, put together; None also when they are erased while we look."""
        if not pieces:
            return stored
        found = [piece for (piece,) in self._db.run("pieces", (digest,))]
        return b"".join(found) if len(found) == pieces else None

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

    def repeats(self, begin: datetime, end: datetime) -> tuple[Repeat, ...]:
        """What came more than once."""
        params = {"begin": microseconds(begin), "end": microseconds(end)}
        found = [
            Repeat(message_id, instant(at), case_id, buc, sed, sender, bool(protected), *rest)
            for name in ("repeats", "delivered_again")
            for message_id, at, case_id, buc, sed, sender, protected, *rest in self._rows(
                name, params
            )
        ]
        return tuple(sorted(found, key=lambda repeat: repeat.received_at))

    def first_decisions(self, since: datetime | None) -> tuple[FirstDecision, ...]:
        """Of each case its first decision, where that named the institution or a datum."""
        begin = microseconds(since) if since is not None else 0
        return tuple(
            FirstDecision(case_id, sender, buc, codes_of(missing))
            for case_id, sender, buc, missing in self._rows("first_decisions", (begin,))
        )

    def transfers(self, since: datetime | None) -> tuple[TransferMade, ...]:
        """Transfers that were decided, and whether they came back."""
        begin = microseconds(since) if since is not None else 0
        return tuple(
            TransferMade(buc, institution, codes_of(rules), *map(bool, facts))
            for buc, institution, rules, *facts in self._rows("transfers", (begin,))
        )

    def service_steps(self, after: datetime | None, until: datetime) -> tuple[ServiceStep, ...]:
        """What happened with partners in that time."""
        begin = microseconds(after) if after is not None else 0
        rows = self._rows("service_steps", (begin, microseconds(until)))
        return tuple(_service_step(*row) for row in rows)

    def accounts(self, begin: datetime, end: datetime) -> tuple[CaseAccount, ...]:
        """What became of the cases of that time."""
        return accounts.accounts(self._db, begin, end)

    def first_receipt(self) -> datetime | None:
        """When the journal begins."""
        return accounts.first_receipt(self._db)

    def closed_months(self, year: int) -> tuple[ClosedMonth, ...]:
        """Frozen figures of a year."""
        return accounts.closed_months(self._db, year)

    def seen(self, begin: datetime, end: datetime, looks_from: datetime | None) -> observing.Seen:
        """What was seen of the parts around the gateway."""
        return observing.seen(self._db, begin, end, looks_from or begin)

    def past(self, after: str | None, limit: int) -> tuple[Past, ...]:
        """A page of cases with everything that happened in them."""
        return tuple(
            Past(
                case_id,
                tuple(self._events(case_id, 0, 2**62)),
                tuple(
                    PastMessage(message_id, instant(received_at), addressee, self._whole(*body))
                    for message_id, received_at, addressee, *body in self._rows(
                        "past_messages", (case_id,)
                    )
                ),
            )
            for (case_id,) in self._rows("past_cases", (after or "", limit))
        )

    def facts(self, after: tuple[str, int], limit: int) -> tuple[Facts, ...]:
        """A page of what was said about persons."""
        params = {"case_id": after[0], "seq": after[1], "limit": limit}
        return tuple(
            Facts(
                case_id,
                seq,
                json.loads(content)["message_id"],
                evidence_of(evidence) if evidence is not None else None,
            )
            for case_id, seq, content, evidence in self._rows("facts", params)
        )

    def decided_by(
        self, release: str | None, rule: str | None, limit: int, after: str | None
    ) -> Sequence[Row]:
        """A page of messages that a release, or a row of it, decided."""
        params = {"release": release, "rule": rule, "limit": limit, **self._from(after)}
        return [_row(row) for row in self._rows("messages_decided_by", params)]

    def tasks(self, message_id: str | None, limit: int) -> Sequence[Task]:
        """What waits for a person, oldest first."""
        params = {"states": codes(ON_WORKLIST), "message_id": message_id, "limit": limit}
        return [_task(row) for row in self._rows("tasks", params)]

    def find(self, text: str, limit: int) -> Sequence[Row]:
        """Messages of the case that this id or number means."""
        params = {"ident": spelled(text), "text": text.strip(), "limit": limit}
        return [_row(row) for row in self._rows("messages_found", params)]

    def search(self, wanted: Search, limit: int, after: str | None) -> Sequence[Row]:
        """A page of messages that are as wanted."""
        begin = microseconds(wanted.begin) if wanted.begin is not None else _EARLIEST
        end = microseconds(wanted.end) if wanted.end is not None else _LATEST
        params: dict[str, Any] = {"sed": wanted.sed, "end": end, "limit": limit}
        if wanted.institution is not None:
            name = "messages_of_institution"
            decided = self._rows("decided", (after,)) if after is not None else []
            moment, message_id = max([(begin, ""), *map(tuple, decided)])
            params |= {"institution": wanted.institution}
            params |= {"decided_at": moment, "message_id": message_id}
        else:
            name = "messages_received" if wanted.sed is None else "messages_of_sed"
            place = self._from(after)
            late = place["received_at"] >= begin
            params |= place if late else {"received_at": begin, "position": 0}
        return [_row(row) for row in self._rows(name, params)]

    def _from(self, after: str | None) -> dict[str, int]:
        """Where a page begins: behind that message."""
        received = self._rows("receipt", (after,)) if after is not None else []
        return {
            "received_at": received[0][0] if received else _EARLIEST,
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
            *(_delivered_again(r) for r in self._rows("timeline_delivered_again", of)),
            *(_decided(r) for r in self._rows("timeline_decided", of)),
            *self._history(case_id),
            *(_sending(r) for r in self._rows("timeline_sendings", (case_id,))),
            *(_delivery(r) for r in self._rows("timeline_deliveries", (case_id,))),
            *(_deed(r) for r in self._rows("timeline_deeds", of)),
            *(_case_deed(r) for r in self._rows("timeline_case_deeds", (case_id,))),
        ]
        return sorted(happenings, key=lambda happening: happening.at)

    def _history(self, case_id: str | None) -> Iterable[Happening]:
        case = Case(case_id or "")
        for at, kind, content in self._rows("timeline_history", (case_id,)):
            case = fold(case, (event_of(kind, content, None),))
            if kind not in _TOLD_ELSEWHERE:
                params = json.loads(content)
                if kind in {"forward-confirmed", "spoken"}:
                    params["at"] = instant(params["at"]).isoformat()
                who = params.pop("by") if kind == "erased" else params.get("who", "gateway")
                if who == "gateway":  # what only a person says is left out
                    params = {k: v for k, v in params.items() if k not in {"who", "why"}}
                origin = "gateway" if who == "gateway" else "operator"
                yield Happening(instant(at), origin, kind, case.state.value, who, params)

    # -- numbers ----------------------------------------------------------------------------

    def backlog(self, now: datetime) -> Backlog:
        """What is still to be sent."""
        [row] = self._rows("backlog", (microseconds(now),))
        unsent, oldest, cases, held, proposed, first = row
        return Backlog(unsent, _instant(oldest), cases, held, proposed, _instant(first))

    def questions(self, every: bool, question: str | None, limit: int) -> Sequence[QuestionRow]:
        """Questions abroad, the first asked first."""
        params = {"every": every, "question": question, "limit": limit}
        return [_question(row) for row in self._rows("questions", params)]

    def due_cases(self, now: datetime, limit: int) -> Sequence[str]:
        """Cases in which something is due, the longest due first."""
        return [row[0] for row in self._rows("due_cases", (microseconds(now), limit))]

    def outgoing(
        self, states: Sequence[SendingState], named: Sequence[str], limit: int
    ) -> tuple[SendingRow, ...]:
        """Outgoing messages in the order in which they were composed."""
        params = {"states": codes(states), "named": codes(named), "limit": limit}
        return tuple(map(_sending_row, self._rows("outgoing", params)))

    def pauses(self, every: bool) -> tuple[Pause, ...]:
        """Pauses in the order they began."""
        return tuple(map(_pause, self._rows("pauses", {"every": every})))

    def counts(self) -> Counts:
        """How much there is of what."""
        worklist, quarantine = Tally[str](), Tally[str]()
        first = None
        for state, decision, cause, count, since in self._rows("count_causes"):
            if state == MessageState.QUARANTINED:
                quarantine[cause] += count
            else:
                worklist[worklist_cause(decision, cause)] += count
                first = since if first is None else min(first, since)
        return Counts(
            messages=dict(map(tuple, self._rows("count_messages"))),
            sendings=dict(map(tuple, self._rows("count_sendings"))),
            worklist=worklist,
            quarantine=quarantine,
            questions=dict(map(tuple, self._rows("count_questions"))),
            worklist_oldest=_instant(first),
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

    def old_cases(self, before: Before, after: str, limit: int) -> Found:
        """What of some cases is old."""
        return erasing.old_cases(self._rows, before, after, limit)

    def old_messages(self, before: Before, after: str, limit: int) -> Found:
        """What of some messages out of quarantine is old."""
        return erasing.old_messages(self._rows, before, after, limit)

    def erasures(self) -> tuple[Erasure, ...]:
        """What was erased so far."""
        return erasing.erasures(self._rows)

    def notices(self) -> noticing.Remembered:
        """What is remembered of notices."""
        return noticing.remembered(self._db)

    def schemas_in_force(self) -> tuple[SchemasInForce, ...]:
        """The schema sets that were in force, in order."""
        rows = self._rows("schemas_in_force")
        return tuple(SchemasInForce(name, instant(since), who) for name, since, who in rows)


_SERVICE: Final = {
    "forward-confirmed": ServiceKind.TRANSFER,
    "asked": ServiceKind.QUESTION,
    "answered": ServiceKind.ANSWER,
    "reminded": ServiceKind.REMINDER,
}
"""Kind of event -> what it is to a partner."""


def _service_step(
    kind: str, sender: str | None, asked: str | None, took: int | None
) -> ServiceStep:
    service = _SERVICE[kind]
    theirs = service in {ServiceKind.ANSWER, ServiceKind.REMINDER}
    partner = (asked if theirs else None) or sender or ""
    passed = timedelta(microseconds=took) if took is not None and took >= 0 else None
    return ServiceStep(service, partner.partition(":")[0], passed)


def _release(row: Line) -> Release:
    known = dict(row) | {"since": instant(row["since"]), "at_once": bool(row["at_once"])}
    return Release(**known)


def _pause(row: Line) -> Pause:
    known = dict(row) | {"reach": Reach(row["reach"]), "since": instant(row["since"])}
    return Pause(**known | {"until": _instant(row["until"])})


def _sending_row(row: Line) -> SendingRow:
    told = {
        "state": SendingState(row["state"]),
        "composed_at": instant(row["composed_at"]),
        "settled_at": _instant(row["settled_at"]),
    }
    shown = {"held": bool(row["held"]), "protected": bool(row["protected"])}
    return SendingRow(**dict(row) | told | shown)


def _instant(at: int | None) -> datetime | None:
    return instant(at) if at is not None else None


def _table_release(row: Line) -> TableRelease:
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


def _row(row: Line) -> Row:
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


def _task(row: Line) -> Task:
    at = row["assigned_at"]
    given = at is not None and row["assignee"] is not None
    return Task(
        _row(row),
        row["assignee"],
        row["assigned_by"] if given else None,
        instant(at) if given else None,
    )


def _explained(row: Line) -> Mapping[str, Any]:
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


def _received(row: Line) -> Happening:
    params = _given(row, "message_id", "source", "addressee", "buc", "sed", "sender", "digest")
    return Happening(
        instant(row["received_at"]), "inbound", "message-received", "received", "gateway", params
    )


def _delivered_again(row: Line) -> Happening:
    params = _given(row, "message_id", "digest")
    at = instant(row["received_at"])
    return Happening(at, "inbound", "delivered-again", "absorbed", "gateway", params)


def _decided(row: Line) -> Happening:
    said = ("message_id", "cause", "institution", "certainty", "release", "schemas", "same_as")
    params = _given(row, *said)
    for key in ("candidates", "missing", "rules"):
        params[key] = list(codes_of(row[key]))
    who = row["who"]
    origin = "gateway" if who == "gateway" else "operator"
    what = row["decision"] or "content-known"
    return Happening(instant(row["decided_at"]), origin, what, row["state"], who, params)


def _sending(row: Line) -> Happening:
    params = _given(row, "message_id", "object", "receiver", "destination", "attempts", "error")
    return Happening(instant(row["at"]), "outbound", row["kind"], row["state"], "gateway", params)


def _delivery(row: Line) -> Happening:
    params = _given(row, "message_id", "receiver", "reason", "source")
    return Happening(instant(row["at"]), "outbound", row["kind"], row["state"], "gateway", params)


def _deed(row: Line) -> Happening:
    params = _given(row, "message_id", "reason", "assignee")
    return Happening(instant(row["at"]), "operator", row["what"], row["state"], row["who"], params)


def _case_deed(row: Line) -> Happening:
    params = {key: row[key] for key in ("object", "reason") if row[key]}
    return Happening(instant(row["at"]), "operator", row["what"], row["state"], row["who"], params)


def _given(row: Line, *keys: str) -> dict[str, Any]:
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


def _question(row: Line) -> QuestionRow:
    case_id, content, at, settled, reminders, due, sending, protected = row
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
        sending=SendingState(sending) if sending is not None else None,
        due=instant(due) if due is not None and state is QuestionState.OPEN else None,
        protected=bool(protected),
    )
