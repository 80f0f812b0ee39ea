"""Cases from before the gateway, inside one transaction of the writer: all of a list or nothing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from gateway.core.events import Imported
from gateway.journal import Known, history
from gateway.journal.codec import codes, event_of
from gateway.journal.history import Scope
from gateway.journal.page import Page


def import_cases(
    page: Page, scope: Scope, cases: Mapping[str, Imported], at: datetime, *, look: bool
) -> Mapping[str, Known]:
    """Begin the history of each case; what the journal knew of them. Nothing if one is another."""
    page.touch(cases)
    rows = page.execute("first_events", (codes(cases),)).fetchall()
    known = {case_id: _known(cases[case_id], kind, text) for case_id, kind, text in rows}
    if not look and Known.OTHERWISE not in known.values():
        revisions = history.revisions(page, cases)
        for case_id, event in cases.items():
            if case_id not in known:
                history.append(page, scope, case_id, revisions[case_id] or 0, (event,), at=at)
        page.flush()
    return known


def _known(event: Imported, kind: str, text: str) -> Known:
    first = event_of(kind, text, None)
    same = isinstance(first, Imported) and replace(first, who=event.who) == event
    return Known.SAME if same else Known.OTHERWISE
