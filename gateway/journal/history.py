"""The history of a case, written and read: the sequence numbers are given where it is locked."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.core.case import Event, MessageReceived
from gateway.journal.codec import KINDS, event_of, event_text, evidence_text, microseconds
from gateway.journal.statements import SQL


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose journal it is: on every row of a message or a case."""

    instance: str
    environment: str


def revision(db: sqlite3.Connection, case_id: str) -> int:
    """The number of events of a case."""
    return int(db.execute(SQL["revision"], (case_id,)).fetchone()[0] or 0)


def append(
    db: sqlite3.Connection,
    scope: Scope,
    case_id: str,
    after: int,
    events: Sequence[Event],
    *,
    at: datetime,
) -> None:
    """Add events to the history of a case that stands at revision `after`."""
    when, instance, environment = microseconds(at), scope.instance, scope.environment
    rows = [
        (case_id, seq, instance, environment, when, KINDS[type(event)], event_text(event))
        for seq, event in enumerate(events, after + 1)
    ]
    db.executemany(SQL["add_history"], rows)
    personal = [
        (case_id, seq, instance, environment, evidence_text(event.evidence))
        for seq, event in enumerate(events, after + 1)
        if isinstance(event, MessageReceived) and event.evidence is not None
    ]
    if personal:
        db.executemany(SQL["add_evidence"], personal)


def events(db: sqlite3.Connection, case_id: str, after: int, until: int) -> Iterable[Event]:
    """Events of a case above revision `after`, up to `until`."""
    rows = db.execute(SQL["history"], (case_id, after, until))
    return [event_of(kind, content, evidence) for kind, content, evidence in rows]
