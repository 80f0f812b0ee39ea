"""Large bodies, in pieces: each in a transaction of its own, so that none holds up other writes.

The pieces are written first, under the digest of the whole. The message is recorded when all of
them are there, and only then do they count: a body that is cut short is never read. Pieces that
belong to nothing are left behind by a process that died; the next one finds them, or drops them
when it opens the journal.
"""

from collections.abc import Iterator
from typing import Final

from gateway.errors import JournalConflict
from gateway.journal import LARGE, Entry
from gateway.journal.page import Page

PIECE: Final = 512 * 1024
"""Bytes of a piece, but for the last one."""


def number_of(body: bytes) -> int:
    """Into how many pieces it is cut; 0 for one that is kept whole."""
    return -(-len(body) // PIECE) if len(body) >= LARGE else 0


def cut(body: bytes) -> Iterator[tuple[int, memoryview]]:
    """The pieces with their numbers; nothing is copied."""
    whole = memoryview(body)
    for number, begin in enumerate(range(0, len(body), PIECE)):
        yield number, whole[begin : begin + PIECE]


def missing(page: Page, entry: Entry) -> bool:
    """Whether pieces of its body are still to be written; not for what will not be recorded."""
    judgement = entry.judgement
    if not entry.attempt and page.look("message_standing", (judgement.message_id,)) is not None:
        return False
    kept, there = _standing(page, judgement.digest)
    return not kept and there != number_of(entry.body)


def add(page: Page, row: tuple[str, int, memoryview]) -> None:
    """Write one piece, by the digest of the whole and its number, unless it is there.

    The log is moved on each time: of the whole of it that would take as long as many transactions.
    """
    page.touch(row[:1])
    page.add("add_piece", [row])
    page.much = True


def keep(page: Page, digest: str, body: bytes) -> None:
    """From now on the pieces count.

    Raises:
        JournalConflict: one is missing, since somebody took them for left behind; write them again.
    """
    kept, there = _standing(page, digest)
    if kept:
        return
    if there != number_of(body):
        raise JournalConflict(code="body-in-pieces")
    page.add("add_large_body", [(digest, there)])


def _standing(page: Page, digest: str) -> tuple[bool, int]:
    """Whether the body is kept already; and how many pieces of it are there."""
    kept, there = page.look("standing_of_body", (digest,))
    return bool(kept), there
