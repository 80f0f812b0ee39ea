"""Erasing what is older than its period: looked for while reading, looked at again when writing.

Only what is at rest is touched (`gateway.core.at_rest`), and whether it is so is told by the very
transaction that erases. Rows, digests, decisions and their traces stay.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from gateway.core.at_rest import Standstill, unfinished
from gateway.core.case import Case, fold
from gateway.core.events import Erased
from gateway.core.states import MessageState, SendingState
from gateway.journal import history
from gateway.journal.codec import codes, event_of, instant, microseconds
from gateway.journal.history import Scope
from gateway.journal.page import Page
from gateway.journal.recording import Deed, note
from gateway.journal.retention import (
    Amount,
    Amounts,
    Before,
    Erasing,
    Erasure,
    Found,
    Gone,
    Kept,
    Old,
    added,
)

DEED: Final = "erase"
Ask = Callable[[str, Any], Sequence[Any]]
"""A statement by name and its parameters, to its rows."""
_Piece = tuple[str, int]
"""What can be erased by itself, such as a digest, and how many bytes it is."""

_PIECES: Final = {
    Kept.BODIES: "old_bodies",
    Kept.EVIDENCE: "old_evidence",
    Kept.OUTBOUND: "old_outbound",
}
"""Of a case: class -> statement that lists what there is of it."""


# -- what is old ----------------------------------------------------------------------------


def old_cases(ask: Ask, before: Before, after: str, limit: int) -> Found:
    """Look at so many cases after that id."""
    ids = [case_id for (case_id,) in ask("past_cases", (after, limit))]
    old: list[Old] = []
    reasons: dict[str, int] = {}
    for case_id in ids:
        pieces = _old_pieces(ask, case_id, before)
        if not pieces:
            continue
        why = _unfinished(ask, case_id)
        if why is not None:
            reasons[why] = reasons.get(why, 0) + 1
        else:
            old.append(Old(case_id, instant(_last(ask, case_id)), _amounts(pieces)))
    return Found(tuple(old), reasons, ids[-1] if len(ids) == limit else None)


def old_messages(ask: Ask, before: Before, after: str, limit: int) -> Found:
    """Look at so many messages out of quarantine after that id."""
    rows = ask("old_discarded", {"named": "[]", "after": after, "limit": limit})
    return Found(
        tuple(
            Old(message_id, instant(last), {Kept.QUARANTINE: Amount(1, size)})
            for message_id, _, size, last in rows
            if _is_old(last, before, Kept.QUARANTINE)
        ),
        next=rows[-1][0] if len(rows) == limit else None,
    )


def _is_old(last: int, before: Before, kind: Kept) -> bool:
    return kind in before and last < microseconds(before[kind])


def _last(ask: Ask, case_id: str) -> int:
    """When the last thing happened in a case; that something was erased is none."""
    return int(ask("last_of_case", {"case_id": case_id})[0][0])


def _old_pieces(ask: Ask, case_id: str, before: Before) -> Mapping[Kept, Sequence[_Piece]]:
    """Class -> what there is of it in the case, where it is older than its period."""
    last = _last(ask, case_id)
    kinds = [kind for kind in _PIECES if _is_old(last, before, kind)]
    found = {kind: ask(_PIECES[kind], {"case_id": case_id}) for kind in kinds}
    return {kind: [(key, size) for key, size in rows] for kind, rows in found.items() if rows}


def _amounts(pieces: Mapping[Kept, Sequence[_Piece]]) -> Amounts:
    return {kind: Amount(len(rows), sum(size for _, size in rows)) for kind, rows in pieces.items()}


def _unfinished(ask: Ask, case_id: str) -> str | None:
    """Why the case is not at rest; None when it is."""
    of = {"case_id": case_id}
    sendings = ask("sendings_at_rest", of)
    return unfinished(
        Standstill(
            case=fold(Case(case_id), _events(ask, case_id)),
            messages=[MessageState(state) for (state,) in ask("states_of_case", of)],
            sendings=[SendingState(state) for state, _ in sendings],
            unheard=any(unheard for _, unheard in sendings),
            timer=bool(ask("timer_of_case", of)),
        )
    )


def _events(ask: Ask, case_id: str) -> Iterable[Any]:
    """The history without what the SEDs say: how a case stands does not hang on it."""
    rows = ask("timeline_history", (case_id,))
    return [event_of(kind, content, None) for _, kind, content in rows]


# -- erasing it -----------------------------------------------------------------------------


def erase(page: Page, scope: Scope, erasing: Erasing) -> Gone:
    """Erase what is still old now, and write down by whom, why and how much."""
    total: Amounts = {}
    for case_id in erasing.cases:
        total = added(total, _erase_case(page, scope, case_id, erasing))
    total = added(total, _erase_messages(page, scope, erasing))
    if not total:
        return Gone(erasing.run, {})
    run = _run(page, erasing)
    for kind, amount in total.items():
        at, before = microseconds(erasing.at), microseconds(erasing.before[kind])
        whose = (run, kind, scope.instance, scope.environment, at, at, before)
        row = (*whose, erasing.who, erasing.why, amount.items, amount.bytes)
        page.execute("add_erasure", row)
    return Gone(run, total)


def _run(page: Page, erasing: Erasing) -> int:
    """The run that goes on, when it is this person's for this reason; else a new one."""
    row = (erasing.run, erasing.who, erasing.why)
    known = page.execute("erasure_of", row).fetchone()
    return int((known or page.execute("next_erasure", ()).fetchone())[0])


def _asking(page: Page) -> Ask:
    return lambda name, params: page.execute(name, params).fetchall()


def _erase_case(page: Page, scope: Scope, case_id: str, erasing: Erasing) -> Amounts:
    """Erase what is old in a case; nothing when it is at rest no more."""
    ask = _asking(page)
    pieces = _old_pieces(ask, case_id, erasing.before)
    if not pieces or _unfinished(ask, case_id) is not None:
        return {}
    if Kept.BODIES in pieces:
        _erase_bodies(page, (key for key, _ in pieces[Kept.BODIES]))
    if Kept.OUTBOUND in pieces:
        page.execute("erase_outbound", {"case_id": case_id})
        page.execute("erase_sidecars", (case_id,))
    if Kept.EVIDENCE in pieces:
        page.execute("erase_evidence", (case_id,))
    revision = history.revisions(page, (case_id,))[case_id] or 0
    event = Erased(tuple(pieces), erasing.who, erasing.why)
    page.touch((case_id,))
    history.append(page, scope, case_id, revision, (event,), at=erasing.at)
    return _amounts(pieces)


def _erase_messages(page: Page, scope: Scope, erasing: Erasing) -> Amounts:
    """Erase the bytes of messages that a person took out of quarantine."""
    if not erasing.messages:
        return {}
    params = {"named": codes(erasing.messages), "after": "", "limit": len(erasing.messages)}
    found = [
        row
        for row in page.execute("old_discarded", params).fetchall()
        if _is_old(row[3], erasing.before, Kept.QUARANTINE)
    ]
    if not found:
        return {}
    _erase_bodies(page, (digest for _, digest, _, _ in found))
    state, who, why = MessageState.DISCARDED, erasing.who, erasing.why
    for message_id, *_ in found:
        note(page, scope, Deed(message_id, DEED, state, who, why, erasing.at))
    return {Kept.QUARANTINE: Amount(len(found), sum(size for _, _, size, _ in found))}


def _erase_bodies(page: Page, digests: Iterable[str]) -> None:
    named = (codes(digests),)
    page.execute("erase_bodies", named)
    page.execute("erase_pieces", named)


def erasures(ask: Ask) -> tuple[Erasure, ...]:
    """What was erased so far, the first run first."""
    return tuple(
        Erasure(
            run,
            Kept(kind),
            instant(began_at),
            instant(until),
            instant(before),
            who,
            why,
            Amount(items, size),
        )
        for run, kind, began_at, until, before, who, why, items, size in ask("erasures", ())
    )
