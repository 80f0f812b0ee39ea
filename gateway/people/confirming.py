"""What waits to leave until a person says yes, or that he does not want to leave at all.

What was only observed is let go by the same word, piece by piece: a change of `sending` sends
nothing that was written before.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.clock import Clock
from gateway.core.leaving import objection
from gateway.core.outgoing import SendingKind
from gateway.core.states import SendingState
from gateway.errors import Refused
from gateway.journal import Choice, Journal, Word
from gateway.journal.rows import SendingRow
from gateway.log import logger
from gateway.people.recall import Recalls
from gateway.pipeline import Pipeline
from gateway.relay import Relay
from gateway.wording import sentence

DEEDS: Final = ("sending-confirm", "sending-withdraw")
MOST: Final = 1000
"""Sendings confirmed by one word."""
_WAITS: Final = frozenset({SendingState.PROPOSED, SendingState.OBSERVED})
_UNSENT: Final = frozenset({SendingState.PROPOSED, SendingState.DUE, SendingState.WAITING})


class Confirming:
    """The words that people have for what is in the outbox."""

    def __init__(
        self,
        journal: Journal,
        pipeline: Pipeline,
        relay: Relay,
        clock: Clock,
        recalls: Recalls,
    ) -> None:
        self._journal = journal
        self._pipeline = pipeline
        self._relay = relay
        self._clock = clock
        self._recalls = recalls

    async def do(self, deed: str, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        """Yes or no.

        Raises:
            Refused: it does not wait (any more), the case has moved on, or there is no reason.
            JournalConflict: it moved on meanwhile; nothing was changed.
        """
        why = str(params.get("reason", "")).strip()
        if not why:
            raise Refused(
                "Say why (--why): the reason is kept with the sending.",
                french="Dire pourquoi (--why) : le motif est gardé avec l'envoi.",
                code="no-reason",
            )
        word = Word(who, why, self._clock.now())
        if deed == "sending-withdraw":
            return await self._withdraw(str(params.get("sending", "")), word)
        names = [str(name) for name in params.get("sendings", ())]
        return await self._confirm(names, word, protected=bool(params.get("protected")))

    async def _confirm(
        self, names: Sequence[str], word: Word, *, protected: bool
    ) -> dict[str, Any]:
        """Yes; `protected` where he knows that the person may be."""
        rows = await self._rows(names)
        by_case: dict[str, list[SendingRow]] = defaultdict(list)
        for row in rows:
            by_case[row.case_id].append(row)
        choices = [
            await self._choice(case_id, chosen, protected=protected)
            for case_id, chosen in by_case.items()
        ]
        await self._journal.confirm(choices, word)
        logger().info("sendings-confirmed", count=len(rows))
        self._relay.wake()
        return {"confirmed": [row.message_id for row in rows]}

    async def _rows(self, names: Sequence[str]) -> Sequence[SendingRow]:
        """What is meant; a case stands for all of it that waits for a yes.

        Raises:
            Refused: one of them is nothing that waits for a person.
        """
        found = await self._journal.outgoing(named=names, limit=MOST) if names else ()
        waiting = [row for row in found if _meant(row, names)]
        known = {row.message_id for row in waiting} | {row.case_id for row in waiting}
        unknown = next((name for name in names if name not in known), None)
        if unknown is not None or not names:
            raise _refused(unknown or "?", "not-to-confirm")
        return waiting

    async def _choice(self, case_id: str, rows: Sequence[SendingRow], *, protected: bool) -> Choice:
        """The choice against the case as it is now.

        Raises:
            Refused: what was right when it was written is not any more.
        """
        case = await self._journal.case(case_id)
        chosen = {row.message_id for row in rows}
        every = await self._journal.outgoing(named=[case_id])
        stays = {r.message_id for r in every if r.state is SendingState.OBSERVED} - chosen
        for row in rows:
            leaving = self._pipeline.desk.policy.leaving
            why = objection(leaving, case, row.kind, row.object, protected=protected)
            if row.after in stays:
                why = "after-observed"
            if why is not None:
                raise _refused(row.message_id, why)
        return Choice(case_id, case.revision, tuple(row.message_id for row in rows))

    async def _withdraw(self, name: str, word: Word) -> dict[str, Any]:
        found = await self._journal.outgoing(named=[name])
        row = next((row for row in found if row.message_id == name), None)
        if row is None or row.state not in _UNSENT:
            raise _refused(name, "not-to-withdraw")
        if row.kind == SendingKind.X007:
            return await self._call_back(row, word)
        case = await self._journal.case(row.case_id)
        await self._journal.take_back(Choice(row.case_id, case.revision, (name,)), word)
        logger().warning("sending-withdrawn", message_id=name, case_id=row.case_id)
        return {"sending": name, "state": SendingState.WITHDRAWN.value}

    async def _call_back(self, row: SendingRow, word: Word) -> dict[str, Any]:
        """No X007 of a transfer leaves unless all of them do: it is called back as a whole.

        Raises:
            Refused: a part of it has left; then calling it back writes to others, and is asked for
                by its name.
        """
        for other in await self._journal.outgoing(named=[row.case_id]):
            same = other.kind == row.kind and other.object == row.object
            if same and other.state not in _UNSENT:
                raise _refused(row.message_id, "partly-left")
        await self._recalls.recall({"case_id": row.case_id, "reason": word.why}, word.who)
        logger().warning("sending-withdrawn", message_id=row.message_id, case_id=row.case_id)
        return {"sending": row.message_id, "state": SendingState.WITHDRAWN.value}


def _meant(row: SendingRow, names: Sequence[str]) -> bool:
    """Named itself, or of a case that is named and waiting for a yes."""
    if row.message_id in names:
        return row.state in _WAITS
    return row.state is SendingState.PROPOSED


def _refused(name: str, code: str) -> Refused:
    english, french = (sentence(lang, "sending-objection", code) for lang in ("en", "fr"))
    return Refused(f"{name[:64]}: {english}", french=f"{name[:64]} : {french}", code=code)
