"""What a person makes of an entry of the worklist, once, with who and why.

A transfer, a question, a rejection or a fact that is added is judged and recorded like a decision
of the gateway; the other outcomes say that nothing is to leave from here, and close the entry.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.clock import Clock
from gateway.core import by_person
from gateway.core.decision import UNSURE, cause, institution, name
from gateway.core.judgement import Judgement
from gateway.core.judging import Arrival, examine
from gateway.core.matter import Matter
from gateway.core.message import Malformed
from gateway.core.states import ON_WORKLIST, MessageState, SendingState
from gateway.errors import Refused
from gateway.journal import Closing, Entry, Journal
from gateway.journal.rows import Row
from gateway.pipeline import Pipeline
from gateway.relay import Relay
from gateway.wording import sentence

DEEDS: Final = ("assign", "resolve", "resolve-all")
CLOSING: Final = ("keep", "handled", "duplicate")
"""It is ours; done in RINA; the same as another one."""
JUDGED: Final = ("transfer", "ask", "reject", "evidence")
"""To an institution; a question abroad; X011 to the sender; judged again with what one knows."""
OUTCOMES: Final = (*JUDGED, *CLOSING)
MOST: Final = 2000
"""Entries that are closed together."""
_NAME: Final = re.compile(r"\w[\w.@ -]{0,63}")


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What a person says about an entry: looked at, and not written yet."""

    row: Row
    outcome: str
    act: Entry | Closing

    def answer(self) -> dict[str, Any]:
        """What becomes of it, in stable names."""
        answer: dict[str, Any] = {"message_id": self.row.message_id, "outcome": self.outcome}
        if isinstance(self.act, Closing):
            return answer | {"state": MessageState.DONE.value}
        judgement = self.act.judgement
        if judgement.decision is not None:
            answer["decision"] = name(judgement.decision)
            answer["institution"] = institution(judgement.decision)
        return answer | {"state": judgement.state.value}


class Worklist:
    """The outcomes of entries, on a running or a resting gateway."""

    def __init__(self, journal: Journal, pipeline: Pipeline, relay: Relay, clock: Clock) -> None:
        self._journal = journal
        self._pipeline = pipeline
        self._relay = relay
        self._clock = clock

    async def do(self, deed: str, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        """One of `DEEDS`.

        Raises:
            Refused: see each.
        """
        match deed:
            case "assign":
                return await self.assign(params, who)
            case "resolve-all":
                return await self.resolve_all(params, who)
            case _:
                return await self.resolve(params, who)

    async def resolve(self, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        """Close an entry.

        Raises:
            Refused: it is not on the worklist (any more), there is no reason, or what was asked
                for would break a promise; nothing was changed.
        """
        prepared = await self._prepared(params, who)
        await self._journal.settle([prepared.act])
        self._relay.wake()
        return prepared.answer()

    async def resolve_all(self, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        """Close several entries, all or none; those that cannot be are named, each with its reason.

        `try` looks and changes nothing.
        """
        asked_for = [dict(entry) for entry in params.get("entries", ())]
        prepared, refused = [], []
        for entry in asked_for[:MOST]:
            try:
                prepared.append(await self._prepared(entry, who))
            except Refused as error:
                refused.append(_refusal(str(entry.get("message_id", "")), error))
        refused += [
            _refusal(one.row.message_id, _beside_another(one.row.message_id))
            for one in _one_decision_a_case(prepared)
        ]
        if not refused and not params.get("try"):
            await self._journal.settle([one.act for one in prepared])
            self._relay.wake()
        return {"done": [one.answer() for one in prepared], "refused": refused}

    async def _prepared(self, params: Mapping[str, Any], who: str) -> "_Prepared":
        """What a person says about an entry, ready to be written."""
        message_id, outcome = str(params.get("message_id", "")), str(params.get("outcome", ""))
        reason = str(params.get("reason", "")).strip()
        if outcome not in OUTCOMES:
            raise Refused(
                f"{outcome[:40]}: no such outcome.",
                french=f"{outcome[:40]} : issue inconnue.",
                code="unknown-outcome",
            )
        if not reason:
            raise Refused(
                "Say why (--why): the reason is kept with the decision.",
                french="Dire pourquoi (--why) : le motif est gardé avec la décision.",
                code="no-reason",
            )
        row = await self._journal.message(message_id)
        if row is None or row.state not in ON_WORKLIST:
            raise _not_there(message_id)
        if outcome in JUDGED:
            return await self._judged(row, outcome, params, who, reason)
        if await self._waits_for_a_word(row):
            raise _still_to_leave(message_id)
        return _Prepared(row, outcome, Closing(message_id, outcome, who, reason, self._clock.now()))

    async def _waits_for_a_word(self, row: Row) -> bool:
        """Whether something that leaves for the message waits for a person's yes or no."""
        if row.case_id is None:
            return False
        states = (SendingState.PROPOSED,)
        waits = await self._journal.outgoing(states=states, named=[row.case_id])
        return any(sending.about == row.message_id for sending in waits)

    async def assign(self, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        """Give an entry to somebody, or to nobody.

        Raises:
            Refused: it is not on the worklist (any more), or that is no name.
        """
        message_id, assignee = str(params.get("message_id", "")), str(params.get("assignee", ""))
        if assignee and _NAME.fullmatch(assignee) is None:
            raise Refused(
                "Not a name: letters, digits, dots, dashes and spaces, 64 at most.",
                french="Nom refusé : lettres, chiffres, points, tirets, espaces ; 64 au plus.",
                code="not-a-name",
            )
        at = self._clock.now()
        if not await self._journal.assign(message_id, assignee or None, who=who, at=at):
            raise _not_there(message_id)
        return {"message_id": message_id, "assignee": assignee or None}

    async def _judged(
        self, row: Row, outcome: str, params: Mapping[str, Any], who: str, reason: str
    ) -> "_Prepared":
        """Judge the case as the person says, against what the journal holds now."""
        explained = await self._journal.explanation(row.message_id)
        matter = await self._matter(row, len(explained), str(explained[-1]["digest"]))
        others = await self._journal.messages(states=(MessageState.REFERRED,), case_id=row.case_id)
        along = frozenset(other.message_id for other in others) - {row.message_id}
        if outcome == "evidence":
            _unless_unsure(row, others)
        judgement = _judgement(matter, row, outcome, params, along)
        decision = judgement.decision
        if decision is None or judgement.state in ON_WORKLIST:
            raise _still(row.message_id, cause(decision) if decision is not None else None)
        entry = Entry(
            judgement,
            b"",
            row.source,
            None,
            row.received_at,
            matter.arrival.decided_at,
            attempt=matter.arrival.attempt,
            who=who,
            reason=reason,
        )
        return _Prepared(row, outcome, entry)

    async def _matter(self, row: Row, attempt: int, digest: str) -> Matter:
        """The message in its case, read from the bytes that the journal kept."""
        body, desk = await self._journal.body(digest), self._pipeline.desk
        examined = examine(body, desk.limits, desk.schemas) if body is not None else None
        if examined is None or isinstance(examined, Malformed):
            raise Refused(
                f"{row.message_id}: its bytes are not in the journal; handle it in RINA.",
                french=f"{row.message_id} : ses octets ne sont pas au journal ; traiter dans RINA.",
                code="no-body",
            )
        case = await self._journal.case(examined.message.case_id)
        arrival = Arrival(row.received_at, self._clock.now(), None, attempt)
        return Matter(case, desk.tables, desk.policy, examined, arrival)


def _one_decision_a_case(prepared: Sequence[_Prepared]) -> list[_Prepared]:
    """Those that cannot be written beside another one: it decides about the whole case."""
    by_case: dict[str, list[_Prepared]] = {}
    for one in prepared:
        by_case.setdefault(one.row.case_id or one.row.message_id, []).append(one)
    return [
        one
        for theirs in by_case.values()
        if any(isinstance(other.act, Entry) for other in theirs)
        for one in theirs[1:]
    ]


def _refusal(message_id: str, error: Refused) -> dict[str, Any]:
    text = {"en": error.english, "fr": error.french}
    return {"message_id": message_id, "code": error.code, "text": text}


def _beside_another(message_id: str) -> Refused:
    return Refused(
        f"{message_id}: another line decides about the same case; keep one of them.",
        french=f"{message_id} : une autre ligne décide du même dossier ; n'en garder qu'une.",
        code="same-case",
    )


def _judgement(
    matter: Matter, row: Row, outcome: str, params: Mapping[str, Any], along: frozenset[str]
) -> Judgement:
    """What the person asks for, judged.

    Raises:
        Refused: it would break a promise, or cannot be said.
    """
    text = str(params.get("text", "")).strip()
    match outcome:
        case "transfer":
            target = str(params.get("institution", ""))
            _unless(matter, by_person.objection(matter, target), target)
            return by_person.transfer(matter, target, along)
        case "ask":
            data = tuple(dict.fromkeys(map(str, params.get("data", ()))))
            _unless(matter, by_person.objection_to_asking(matter, data, text))
            return by_person.ask(matter, data, text, row.candidates, along)
        case "reject":
            ground = str(params.get("ground", ""))
            _unless(matter, by_person.objection_to_rejecting(matter, ground, text))
            return by_person.reject(matter, ground, text)
        case _:
            facts = {str(k): str(v) for k, v in dict(params.get("facts", {})).items()}
            _unless(matter, by_person.objection_to_adding(matter, facts))
            return by_person.add(matter, facts, along)


def _not_there(message_id: str) -> Refused:
    return Refused(
        f"{message_id[:64]}: not on the worklist (any more); see `eessi-gateway worklist list`.",
        french=(
            f"{message_id[:64]} : pas (ou plus) sur la liste de travail ; "
            "voir `eessi-gateway worklist list`."
        ),
        code="not-on-worklist",
    )


def _still_to_leave(message_id: str) -> Refused:
    return Refused(
        f"{message_id}: something of it waits to leave: say yes or no first"
        " (`eessi-gateway sending confirm|withdraw`).",
        french=f"{message_id} : un envoi attend un oui ou un non : répondre d'abord"
        " (`eessi-gateway sending confirm|withdraw`).",
        code="still-to-leave",
    )


def _still(message_id: str, why: str | None) -> Refused:
    english, french = (sentence(lang, "cause", why or "") for lang in ("en", "fr"))
    return Refused(
        f"{message_id}: with this it would still be for a person; nothing was changed. {english}",
        french=f"{message_id} : resterait à décider par une personne ; rien n'a changé. {french}",
        code="still-undecided",
    )


def _unless_unsure(row: Row, others: Sequence[Row]) -> None:
    """Go on, unless another SED of the case on the worklist may be read wrongly.

    Raises:
        Refused: there is one, and what it says would count.
    """
    for other in others:
        if other.cause in UNSURE and other.message_id != row.message_id:
            raise _still(other.message_id, other.cause)


def _unless(matter: Matter, why: str | None, target: str = "") -> None:
    """Go on, unless there is an objection.

    Raises:
        Refused: there is.
    """
    if why is None:
        return
    message_id, named = matter.message.message_id, f" ({target[:40]})" if target else ""
    english, french = (sentence(lang, "objection", why) for lang in ("en", "fr"))
    raise Refused(
        f"{message_id}{named}: nothing was done. {english}",
        french=f"{message_id}{named} : rien n'a été fait. {french}",
        code=why,
    )
