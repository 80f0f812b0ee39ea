"""What became due in a case, inside one transaction of the writer; and when it is due next."""

from datetime import datetime

from gateway.core.deadlines import Development
from gateway.core.states import MESSAGE, SENDING, MessageState, SendingState
from gateway.errors import JournalConflict
from gateway.journal import follow, history, outbox
from gateway.journal.codec import codes, microseconds
from gateway.journal.engine import About
from gateway.journal.history import Scope
from gateway.journal.page import Page


def about(development: Development) -> About:
    """What is looked at and changed to write a development."""
    referred = (message_id for message_id, _ in development.referrals)
    return About(frozenset((development.case_id, *referred, *development.answered)))


def develop(page: Page, scope: Scope, development: Development, at: datetime, *, who: str) -> None:
    """Write a development; nothing is written when the case or the release has moved on.

    Raises:
        JournalConflict: look at the case again.
    """
    case_id = development.case_id
    page.touch(about(development).keys)
    row = page.look("standing", ("", case_id, microseconds(at)))
    revision, sendings, release = row[3] or 0, row[4] or 0, row[5]
    if revision != development.revision:
        raise JournalConflict
    if release != development.release:
        raise JournalConflict(code="release-changed")
    _withdraw(page, development, at)
    page.add("add_body", [(o.digest, o.body) for o in development.outgoing if o.body is not None])
    post = outbox.Post(
        case_id,
        development.about,
        development.outgoing,
        at,
        development.mode,
        development.events,
    )
    outbox.enqueue(page, scope, post, sendings)
    for message_id, referral in development.referrals:
        outbox.refer(page, message_id, referral, at, who)
    for message_id in development.answered:
        state, _ = outbox.standing(page, message_id)
        page.execute("move_message", (message_id, follow(MESSAGE, state, MessageState.RECORDED)))
        outbox.finish(page, [message_id])
    if development.events:
        history.append(page, scope, case_id, revision, development.events, at=at)
    set_due(page, scope, case_id, development.due)


def _withdraw(page: Page, development: Development, at: datetime) -> None:
    """Take back what has not left; one that has, or is on its way out just now, is a conflict."""
    if not development.withdrawals:
        return
    state = follow(SENDING, SendingState.DUE, SendingState.WITHDRAWN)
    for unsent in (SendingState.PROPOSED, SendingState.WAITING):
        follow(SENDING, unsent, SendingState.WITHDRAWN)
    row = (codes(development.withdrawals), microseconds(at), state)
    if page.execute("take_back", row).rowcount != len(development.withdrawals):
        raise JournalConflict(code="sending-under-way")


def set_due(page: Page, scope: Scope, case_id: str, due: datetime | None) -> None:
    """When the case is due next; None when it is not."""
    if due is None:
        page.execute("clear_due", (case_id,))
    else:
        row = (case_id, scope.instance, scope.environment, microseconds(due))
        page.execute("set_due", row)
