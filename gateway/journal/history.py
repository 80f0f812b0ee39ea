"""The history of a case, written and read: the sequence numbers are given where it is locked."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.core.events import Event
from gateway.journal.codec import (
    KINDS,
    WITH_EVIDENCE,
    codes,
    event_of,
    event_text,
    evidence_text,
    microseconds,
)
from gateway.journal.engine import Connection
from gateway.journal.page import Page


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose journal it is: on every row of a message or a case."""

    instance: str
    environment: str


def revisions(page: Page, case_ids: Iterable[str]) -> dict[str, int]:
    """The number of events of each of these cases."""
    found = page.execute("revisions", (codes(case_ids),)).fetchone()[0]
    numbers: dict[str, int] = json.loads(found or "{}")
    return numbers


def append(
    page: Page,
    scope: Scope,
    case_id: str,
    after: int,
    events: Sequence[Event],
    *,
    at: datetime,
) -> None:
    """Add events to the history of a case that stands at revision `after`."""
    when, instance, environment = microseconds(at), scope.instance, scope.environment
    page.add(
        "add_history",
        (
            (case_id, seq, instance, environment, when, KINDS[type(event)], event_text(event))
            for seq, event in enumerate(events, after + 1)
        ),
    )
    page.add(
        "add_evidence",
        (
            (case_id, seq, instance, environment, evidence_text(event.evidence))
            for seq, event in enumerate(events, after + 1)
            if isinstance(event, WITH_EVIDENCE) and event.evidence is not None
        ),
    )


def events(db: Connection, case_id: str, after: int, until: int) -> Iterable[Event]:
    """Events of a case above revision `after`, up to `until`."""
    rows = db.run("history", (case_id, after, until))
    return [event_of(kind, content, evidence) for kind, content, evidence in rows]
