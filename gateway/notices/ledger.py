"""What people were told of and what they are still to be told: the rules, without clock or file.

One ledger stands in the journal, where all workers find it. What lasts and was told of once is told
of by nobody else, whoever sees it; it is over when nobody has seen it for as long as it takes to be
told of, so that one that flickers is one trouble. There is a cap an hour for all notices: what does
not fit waits; a trouble that ends while it waits is not told of, but counted, and the next notice
says how many there were. A notice that was made stays here until somebody has delivered it.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.notices import SHARED, Notice, kept, read

MOST_WAITING: Final = 50
"""Notices that wait for one way; of more, old ones are let go and counted as untold."""
GONE: Final = timedelta(seconds=45)
"""Not seen for so long, a trouble that nobody was told of has ended."""
FORGOTTEN: Final = timedelta(days=7)
"""The trouble of a worker that never came back, and a notice that nobody ever took, go then."""
_HOUR: Final = timedelta(hours=1)


@dataclass(slots=True)
class Trouble:
    """One that lasts: people were told of it, or it waits for room."""

    cause: str
    worker: str
    """Who saw it first."""
    since: datetime
    last: datetime
    """When somebody saw it last."""
    told: bool = False


@dataclass(frozen=True, slots=True)
class Carrier:
    """Who is delivering what waits for a way; nobody else does until then."""

    worker: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """What one worker saw in one look.

    Attributes:
        lasting: cause -> since when, of what has lasted until now long enough to be told of.
        seen: all causes that it saw.
        watching: since when it has looked at this ledger without a break.
    """

    at: datetime
    worker: str
    lasting: Mapping[str, datetime]
    seen: Collection[str]
    watching: datetime


@dataclass(frozen=True, slots=True)
class Rules:
    """How long until a trouble is told of and is over, how many notices an hour, by which ways."""

    after: timedelta
    per_hour: int
    ways: Sequence[str]


@dataclass(slots=True)
class Ledger:
    """What is remembered.

    Attributes:
        issued: id of a notice -> when it was made, of the last hour.
        untold: troubles that came and went, and of which nothing was said.
        waiting: way -> notices that it has not delivered yet, in order.
        carriers: way -> who delivers them just now.
    """

    troubles: dict[str, Trouble] = field(default_factory=dict)
    issued: dict[str, datetime] = field(default_factory=dict)
    untold: int = 0
    waiting: dict[str, list[Notice]] = field(default_factory=dict)
    carriers: dict[str, Carrier] = field(default_factory=dict)

    def turn(self, look: Look, rules: Rules, besides: Mapping[str, datetime]) -> Sequence[Notice]:
        """Note what was seen; the notices that are due, as far as the cap lets us.

        Args:
            besides: notices that count against the cap, too, and are not in this ledger.
        """
        self._see(look)
        self._forget(look.at)
        self.issued = _of_the_hour(self.issued, look.at)
        room = rules.per_hour - len(_of_the_hour({**besides, **self.issued}, look.at))
        made: list[Notice] = []
        for key, trouble in sorted(self.troubles.items(), key=lambda item: item[1].since):
            due = self._over(key, trouble, look, rules) if trouble.told else True
            if due and len(made) < room:
                made.append(self._tell(key, trouble, look.at, rules.ways))
        return made

    def told(self, cause: str, worker: str) -> bool:
        """Whether people know of this, and it lasts."""
        trouble = self.troubles.get(key_of(cause, worker))
        return trouble is not None and trouble.told

    def take(self, way: str, worker: str, at: datetime, until: datetime) -> Notice | None:
        """The next notice for a way, which nobody else delivers until then."""
        carrier = self.carriers.get(way)
        busy = carrier is not None and carrier.worker != worker and carrier.until > at
        if busy or not self.waiting.get(way):
            return None
        self.carriers[way] = Carrier(worker, until)
        return self.waiting[way][0]

    def settle(self, way: str, worker: str, notice: Notice, *, delivered: bool) -> None:
        """It was delivered, or somebody else may try."""
        if way in self.carriers and self.carriers[way].worker == worker:
            del self.carriers[way]
        if delivered:
            left = self.waiting.get(way, [])
            self.waiting[way] = [one for one in left if one.id != notice.id]

    def _see(self, look: Look) -> None:
        for cause in look.seen:
            key = key_of(cause, look.worker)
            if key in self.troubles:
                self.troubles[key].last = max(self.troubles[key].last, look.at)
            elif cause in look.lasting:
                since = look.lasting[cause]
                self.troubles[key] = Trouble(cause, look.worker, since, look.at)

    def _forget(self, now: datetime) -> None:
        """What went while it waited for room; what belongs to nobody any more."""
        for key, trouble in list(self.troubles.items()):
            if trouble.told:
                gone = trouble.cause not in SHARED and now - trouble.last >= FORGOTTEN
            else:
                gone = now - trouble.last >= GONE
                self.untold += gone
            if gone:
                del self.troubles[key]
        for way, waiting in self.waiting.items():
            fresh = [one for one in waiting if now - (one.until or one.since) < FORGOTTEN]
            self.untold += len(waiting) - len(fresh)
            self.waiting[way] = fresh

    def _over(self, key: str, trouble: Trouble, look: Look, rules: Rules) -> bool:
        """Nobody has seen it for long, and who says so has looked for as long."""
        ours = trouble.cause in SHARED or trouble.worker == look.worker
        seen = any(key_of(cause, look.worker) == key for cause in look.seen)
        quiet = look.at - max(trouble.last, look.watching)
        return ours and not seen and quiet >= rules.after

    def _tell(self, key: str, trouble: Trouble, at: datetime, ways: Sequence[str]) -> Notice:
        until = trouble.last if trouble.told else None
        notice = Notice(trouble.cause, trouble.worker, trouble.since, until, self.untold)
        self.untold = 0
        self.issued[notice.id] = at
        for way in ways:
            waiting = self.waiting.setdefault(way, [])
            waiting.append(notice)
            if len(waiting) > MOST_WAITING:
                del waiting[1]  # the first may be under way
                self.untold += 1
        if trouble.told:
            del self.troubles[key]
        else:
            trouble.told = True
        return notice


def _of_the_hour(issued: Mapping[str, datetime], now: datetime) -> dict[str, datetime]:
    """Those of the last hour, whichever clock they were made by."""
    return {ident: at for ident, at in issued.items() if abs(now - at) < _HOUR}


def key_of(cause: str, worker: str) -> str:
    """Under which a trouble stands: one for all workers, or one for each."""
    return cause if cause in SHARED else f"{cause} {worker}"


def written(ledger: Ledger) -> str:
    """As it is remembered."""
    fields = asdict(ledger)
    fields["waiting"] = {way: [kept(one) for one in ones] for way, ones in ledger.waiting.items()}
    return json.dumps(fields, indent=1, default=datetime.isoformat)


def restored(content: str | bytes) -> Ledger:
    """The way back from `written`.

    Raises:
        ValueError: it is not what was written.
    """
    fields = json.loads(content)
    try:
        return _ledger(fields)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not what was written") from error


def _ledger(fields: Mapping[str, Any]) -> Ledger:
    return Ledger(
        troubles={
            key: Trouble(**{**of, "since": _at(of["since"]), "last": _at(of["last"])})
            for key, of in fields["troubles"].items()
        },
        issued={ident: _at(at) for ident, at in fields["issued"].items()},
        untold=int(fields["untold"]),
        waiting={way: [read(one) for one in ones] for way, ones in fields["waiting"].items()},
        carriers={
            way: Carrier(of["worker"], _at(of["until"])) for way, of in fields["carriers"].items()
        },
    )


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
