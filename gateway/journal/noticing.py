"""What is remembered of notices where all workers find it: their own text, under a revision."""

from dataclasses import dataclass
from typing import Final

from gateway.journal.engine import About, Connection
from gateway.journal.page import Page

ABOUT: Final = About(frozenset({"notices"}))


@dataclass(frozen=True, slots=True)
class Remembered:
    """The text as it stands."""

    revision: int
    """0: nothing was ever written."""
    content: str


def remembered(db: Connection) -> Remembered:
    """What stands now."""
    row = db.run("notices").fetchone()
    return Remembered(0, "") if row is None else Remembered(*row)


def remember(page: Page, now: Remembered) -> bool:
    """Write what follows on that revision; False, and nothing, when another one has come since."""
    name = "begin_notices" if now.revision == 0 else "change_notices"
    row = {"revision": now.revision, "content": now.content}
    return page.execute(name, row).rowcount == 1
