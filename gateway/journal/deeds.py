"""What people did to a case, a question or a sending of it: who, when and why stay."""

from gateway.journal import Word
from gateway.journal.codec import microseconds
from gateway.journal.history import Scope
from gateway.journal.page import Page


def note(
    page: Page, scope: Scope, case_id: str, what: str, word: Word, *, about: str = "", state: str
) -> None:
    """Keep what a person did to a case; `about`: to a question or a sending of it."""
    row = {
        "case_id": case_id,
        "instance": scope.instance,
        "environment": scope.environment,
        "at": microseconds(word.at),
        "what": what,
        "object": about,
        "state": state,
        "who": word.who,
        "reason": word.why,
    }
    page.execute("add_case_deed", row)
