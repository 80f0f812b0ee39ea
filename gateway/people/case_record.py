"""Everything that is known of a case, as one document: for an audit, long after the fact.

Names and codes are those of the other listings. Bytes, and with them a person's data, are part of
it only when they are asked for.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from gateway.core.case import Case
from gateway.core.message import spelled
from gateway.journal import JournalReader
from gateway.journal.rows import Row, SendingRow

FORMAT: Final = "eessi-gateway-case/1"
EVERY: Final = 1_000_000
PARTS: Final = (
    *("format", "made_at", "case", "messages", "questions", "sendings"),
    *("timeline", "releases", "schemas"),
)
_OF_CASE: Final = (
    *("case_id", "revision", "buc", "cdm", "us", "our_role", "state", "participants", "left"),
    *("closed", "imported", "holder", "x007", "forwarded_at", "returned_by", "recalls"),
    *("protected", "erased"),
)


class CaseRecord:
    """A case as the journal tells it."""

    def __init__(self, journal: JournalReader, *, bodies: bool) -> None:
        """`bodies`: with the bytes that were received and sent."""
        self._journal = journal
        self._bodies = bodies

    async def made(self, case_id: str, at: datetime) -> dict[str, Any] | None:
        """The document, with `PARTS` as its keys; None when nothing is known of the case."""
        case = await self._journal.case(spelled(case_id))
        rows = await self._journal.messages(case_id=case.case_id, limit=EVERY)
        if not rows and not case.revision:
            return None
        messages = [await self._message(row) for row in rows]
        decisions = [decision for message in messages for decision in message["decisions"]]
        named = (case.case_id,)
        sendings = await self._journal.outgoing(named=named, limit=EVERY)
        questions = await self._journal.questions(every=True, limit=EVERY)
        protected = case.protected or any(row.protected for row in rows)
        told = (
            *(FORMAT, at, _case(case) | {"protected": protected}, messages),
            [asdict(question) for question in questions if question.case_id == case.case_id],
            [await self._sending(sending) for sending in sendings],
            [asdict(happening) for happening in await self._journal.timeline(case.case_id)],
            await self._releases({decision["release"] for decision in decisions}),
            await self._schemas({decision["schemas"] for decision in decisions}),
        )
        document: dict[str, Any] = _plain(dict(zip(PARTS, told, strict=True)))
        return document

    async def _message(self, row: Row) -> dict[str, Any]:
        decisions = await self._journal.explanation(row.message_id)
        latest = decisions[-1]
        shared = ("digest", "same_as")
        return {
            **asdict(row),
            **{key: latest[key] for key in shared},
            **await self._bytes(latest["digest"]),
            "decisions": [
                {key: value for key, value in decision.items() if key not in shared}
                for decision in decisions
            ],
        }

    async def _sending(self, row: SendingRow) -> dict[str, Any]:
        return {**asdict(row), **await self._bytes(row.digest)}

    async def _bytes(self, digest: str) -> dict[str, Any]:
        """Whether the bytes are kept still, and what they are when that is asked for."""
        body = await self._journal.body(digest)
        told: dict[str, Any] = {"kept": body is not None}
        if self._bodies:
            told["base64"] = b64encode(body).decode() if body is not None else None
        return told

    async def _releases(self, names: set[str]) -> Sequence[Mapping[str, Any]]:
        """The releases of the tables that were decided on: who made them, since when in force."""
        made = {release.name: release for release in await self._journal.table_releases()}
        activations = await self._journal.releases()
        return [
            {
                "name": name,
                "made": asdict(made[name]) if name in made else None,
                "activations": [asdict(one) for one in activations if one.name == name],
            }
            for name in sorted(names)
        ]

    async def _schemas(self, names: set[str]) -> Sequence[Mapping[str, Any]]:
        sets = await self._journal.schemas_in_force()
        return [asdict(one) for one in sets if one.name in names]


def _case(case: Case) -> dict[str, Any]:
    return {key: getattr(case, key) for key in _OF_CASE}


def _plain(value: Any) -> Any:
    """The same as JSON knows it: times in ISO 8601, sets as sorted lists."""
    match value:
        case datetime():
            return value.isoformat()
        case Mapping():
            return {key: _plain(inner) for key, inner in value.items()}
        case frozenset():
            return sorted(value)
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case _:
            return value
