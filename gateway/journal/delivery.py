"""What the far side says of what was handed over, inside one transaction of the writer.

The statuses of one file are written together or not at all, and once: what is known already
changes nothing. What failed, and what nobody says anything of, goes to a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from gateway.core.decision import Refer
from gateway.core.delivery import Status
from gateway.core.states import MESSAGE, SENDING, MessageState, SendingState
from gateway.journal import Noted, Said, follow, outbox
from gateway.journal.codec import codes, microseconds
from gateway.journal.history import Scope
from gateway.journal.page import Page

NOT_DELIVERED: Final = "not-delivered"
NO_STATUS: Final = "no-status"
_UNSENT: Final = frozenset({SendingState.PROPOSED, SendingState.DUE, SendingState.WAITING})
_NEVER: Final = frozenset({SendingState.WITHDRAWN, SendingState.OBSERVED})
_FINE: Final = frozenset({Said.NEW, Said.KNOWN})


@dataclass(frozen=True, slots=True)
class _Sending:
    """A sending that a status is about."""

    left: outbox.Left
    state: SendingState
    busy: bool
    """Something that goes after it is on its way out just now."""
    failed_at: int | None = None
    """When it failed, as somebody said; it may have been delivered after that."""


def note(
    page: Page,
    scope: Scope,
    statuses: Sequence[Status],
    source: str,
    at: datetime,
    *,
    look: bool,
) -> Sequence[Noted]:
    """Write what these statuses say; nothing when any of them cannot be, or to look alone.

    They take effect in their order: a file may say of one sending first SENT, then DELIVERED.
    """
    sendings = _sendings(page, statuses, at)
    noted = []
    for status in statuses:
        sending = sendings.get(status.message_id)
        said = _said(sending, status)
        if said is Said.NEW and sending is not None:
            sendings[status.message_id] = replace(sending, state=status.state)
        noted.append(Noted(said, sending.left.kind if sending is not None else ""))
    if not look and all(item.said in _FINE for item in noted):
        for status, item in zip(statuses, noted, strict=True):
            if item.said is Said.NEW:
                _write(page, scope, sendings[status.message_id].left, status, source, at)
    return noted


def _sendings(page: Page, statuses: Sequence[Status], at: datetime) -> dict[str, _Sending]:
    named = codes({status.message_id for status in statuses})
    rows = page.execute("sendings_named", (named, microseconds(at))).fetchall()
    return {
        row[0]: _Sending(outbox.Left(*row[:5]), SendingState(row[5]), bool(row[6]), row[7])
        for row in rows
    }


def _said(sending: _Sending | None, status: Status) -> Said:
    """What a status is worth against what stands in the journal."""
    if sending is None or sending.state in _NEVER:
        return Said.UNKNOWN
    if sending.left.receiver != status.receiver:
        return Said.OTHER_RECEIVER
    if sending.state in _UNSENT or (sending.busy and status.state is SendingState.FAILED):
        return Said.TOO_EARLY
    if status.state in SENDING[sending.state]:
        return Said.NEW
    contradicts = status.state is SendingState.FAILED and sending.state is SendingState.DELIVERED
    again = microseconds(status.at) == sending.failed_at
    return Said.CONTRADICTS if contradicts and not again else Said.KNOWN


def _write(
    page: Page, scope: Scope, left: outbox.Left, status: Status, source: str, at: datetime
) -> None:
    page.execute("set_status", (left.message_id, status.state))
    page.execute(
        "add_delivery",
        (
            left.message_id,
            status.state,
            microseconds(status.at),
            scope.instance,
            scope.environment,
            microseconds(at),
            status.reason,
            source,
        ),
    )
    if status.state is SendingState.FAILED:
        outbox.give_up(page, scope, left, NOT_DELIVERED, at, status.reason or NOT_DELIVERED)
        return
    done = follow(MESSAGE, MessageState.REFERRED, MessageState.DONE)
    page.execute("end_silence", (left.about, done, NO_STATUS))


def refer_silent(page: Page, now: datetime, limit: int) -> Sequence[str]:
    """Show a person what was handed over and not heard of since; ids of these sendings."""
    rows = page.execute("silent", (microseconds(now), limit)).fetchall()
    for message_id, about, receiver in rows:
        page.execute("silence_told", (message_id,))
        outbox.refer(page, about, Refer(NO_STATUS, (receiver,)), now, "gateway")
    return [row[0] for row in rows]
