"""What became due in a case, inside one transaction of the writer; and when it is due next."""

from datetime import datetime
from typing import Final

from gateway.core.deadlines import Development
from gateway.errors import JournalConflict
from gateway.journal import history, outbox
from gateway.journal.codec import microseconds
from gateway.journal.history import Scope
from gateway.journal.page import Page

NO_MESSAGE: Final = ""
"""What a reminder is about: no message of the case is done when it is sent."""


def develop(
    page: Page, scope: Scope, development: Development, at: datetime, *, observed: bool, who: str
) -> None:
    """Write a development; nothing is written when the case or the release has moved on.

    Raises:
        JournalConflict: look at the case again.
    """
    case_id = development.case_id
    referred = [message_id for message_id, _ in development.referrals]
    page.touch((case_id, *referred))
    row = page.look("standing", ("", case_id, microseconds(at)))
    revision, sendings, release = row[3] or 0, row[4] or 0, row[5]
    if revision != development.revision:
        raise JournalConflict
    if release != development.release:
        raise JournalConflict(code="release-changed")
    page.add("add_body", [(o.digest, o.body) for o in development.outgoing if o.body is not None])
    outbox.enqueue(
        page,
        scope,
        outbox.Post(case_id, NO_MESSAGE, development.outgoing, at, observed=observed),
        sendings,
    )
    for message_id, referral in development.referrals:
        outbox.refer(page, message_id, referral, at, who)
    if development.events:
        history.append(page, scope, case_id, revision, development.events, at=at)
    set_due(page, scope, case_id, development.due)


def set_due(page: Page, scope: Scope, case_id: str, due: datetime | None) -> None:
    """When the case is due next; None when it is not."""
    if due is None:
        page.execute("clear_due", (case_id,))
    else:
        row = (case_id, scope.instance, scope.environment, microseconds(due))
        page.execute("set_due", row)
