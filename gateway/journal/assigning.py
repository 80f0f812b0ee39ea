"""Who has an entry of the worklist in hand, inside one transaction of the writer."""

from datetime import datetime

from gateway.core.states import ON_WORKLIST
from gateway.journal import recording
from gateway.journal.history import Scope
from gateway.journal.page import Page


def assign(
    page: Page, scope: Scope, message_id: str, assignee: str | None, *, who: str, at: datetime
) -> bool:
    """Give an entry of the worklist to somebody, or to nobody; who did it stays."""
    state = recording.standing_in(page, message_id, ON_WORKLIST)
    if state is None:
        return False
    deed = recording.Deed(message_id, "assign", state, who, "", at, assignee)
    recording.note(page, scope, deed)
    return True
