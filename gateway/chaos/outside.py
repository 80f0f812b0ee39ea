"""What is around the gateway in a simulation: a source that repeats itself, and a far side.

The source is a queue of a broker: what is not acknowledged when a line is lost comes again, what
was sent twice comes twice. The far side keeps what arrives, and its partners answer.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

from gateway.core.judging import Examined, examine
from gateway.core.reading import Limits
from gateway.journal import Claimed
from gateway.life import ANSWERS
from gateway.simulation.cases import Case, Drawing, Step
from gateway.simulation.envelope import Envelope
from gateway.simulation.partners import Partner
from gateway.simulation.profiles import Witness

SPREAD: Final = timedelta(minutes=20)
"""Within this time all cases begin."""
MISSING: Final = 0.5
"""Share of cases that lack something: what is asked has more to go wrong."""
_UPDATE: Final = Step("update", 0.0, "deliver", "")
_COPIES: Final = (1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 5)
_ASKING: Final = frozenset({"h001", "p8000", "x012"})


@dataclass(frozen=True, slots=True, eq=False)
class Post:
    """One distinct message."""

    label: str
    case_id: str
    """Empty when the bytes cannot be read."""
    body: bytes
    addressee: str
    digest: str


@dataclass(slots=True, eq=False)
class Copy:
    """One copy of it that the source must get rid of."""

    post: Post
    ready: float
    """Seconds of the simulation from which on it is offered."""


class Names:
    """Short names of cases and messages, for the log of steps."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._count: Counter[str] = Counter()

    def give(self, what: str, ident: str) -> str:
        """A name for a new one; the same for one that has it."""
        if ident not in self._given:
            self._given[ident] = f"{what}{self._count[what]}"
            self._count[what] += 1
        return self._given[ident]

    def of(self, ident: str | None) -> str:
        """The name, or the beginning of the id."""
        return self._given.get(ident, ident[:8]) if ident else "-"


@dataclass(slots=True)
class Source:
    """A queue with copies of messages."""

    waiting: list[Copy] = field(default_factory=list)
    out: list[Copy] = field(default_factory=list)
    settled: dict[str, Post] = field(default_factory=dict)
    """By digest: what the gateway said that it has."""
    line: int = 0
    """Number of the line; what belongs to an earlier one counts no more."""

    def ready(self, now: float) -> list[Copy]:
        """What can be given out."""
        return [copy for copy in self.waiting if copy.ready <= now]

    def give(self, copy: Copy) -> None:
        """It is on its way to the gateway."""
        self.waiting.remove(copy)
        self.out.append(copy)

    def done(self, copy: Copy) -> None:
        """The gateway has it."""
        self.out.remove(copy)
        self.settled[copy.post.digest] = copy.post

    def back(self, copy: Copy) -> None:
        """To be given out again."""
        self.out.remove(copy)
        self.waiting.insert(0, copy)

    def drop(self) -> None:
        """The line is lost: what is out comes again."""
        self.line += 1
        self.waiting[:0] = self.out
        self.out.clear()


class Outside:
    """Everybody whom the gateway deals with."""

    def __init__(self, rng: Random, witness: Witness, names: Names, limits: Limits) -> None:
        self.source = Source()
        self.names = names
        self.told: dict[str, tuple[Case, Partner]] = {}
        self.documents: dict[str, tuple[str, str, int]] = {}
        """Message id -> case, document and version, of what was posted and can be read."""
        self.posted = 0
        self._rng = rng
        self._witness = witness
        self._limits = limits
        self._handed: set[str] = set()

    def post(self, seed: int, messages: int, begin: datetime) -> None:
        """Post what comes of itself: whole cases, until there are so many messages."""
        drawing = Drawing(self._witness, seed, MISSING)
        number = 0
        while self.posted < messages:
            start = begin + self._rng.random() * SPREAD
            case = self._busy(drawing.case(number, start))
            number += 1
            if self._dull(case):
                continue
            self.told[case.case_id] = (case, Partner(case, self._witness.mix["partners"]))
            self.names.give("c", case.case_id)
            after = (start - begin).total_seconds()
            for body in self._of_itself(case):
                self._mail(body, case.receivers[0], after)
                after += self._rng.choice((0.0, 0.0, 0.0, 5.0, 600.0, 90_000.0))

    def _busy(self, case: Case) -> Case:
        """The case, at times with updates of its first SED that come at once."""
        first, *later = case.steps
        updates = (_UPDATE,) * self._rng.choice((0, 1, 1, 2))
        return replace(case, steps=(first, *updates, *later))

    def _dull(self, case: Case) -> bool:
        """Whether to leave out a case of one message about which nobody is asked."""
        alone = len(case.steps) == 1 and case.profile.group != "lacking"
        return alone and self._rng.random() < 0.7

    def _of_itself(self, case: Case) -> Iterator[bytes]:
        for position, step in enumerate(case.steps):
            if position == 0 or step.kind not in ANSWERS or step.expected == "deliver":
                yield case.made(position).body

    def _mail(self, body: bytes, addressee: str, after: float) -> None:
        """One message: at times several copies, each when it pleases."""
        digest = hashlib.sha256(body).hexdigest()
        self.posted += 1
        read = examine(body, self._limits, None)
        ident, case_id = digest, ""
        if isinstance(read, Examined):
            message = read.message
            ident, case_id = message.message_id, message.case_id
            self.documents[ident] = (case_id, message.set_id, message.version)
        post = Post(self.names.give("m", ident), case_id, body, addressee, digest)
        for _ in range(self._rng.choice(_COPIES)):
            late = self._rng.choice((0.0, 0.0, 0.0, 3.0, 300.0, 100_000.0)) * self._rng.random()
            self.source.waiting.append(Copy(post, after + late))

    def got(self, sending: Claimed, now: datetime, elapsed: float) -> None:
        """Something arrived for the first time; whoever gets it may answer."""
        if sending.case_id not in self.told:
            return
        case, partner = self.told[sending.case_id]
        answers: Iterator[tuple[datetime, Envelope]] = iter(())
        if sending.kind in _ASKING:
            answers = partner.asked(sending.body, now)
        elif sending.kind == "reminder":
            answers = partner.reminded(now)
        elif sending.kind == "hand-over" and sending.case_id not in self._handed:
            self._handed.add(sending.case_id)
            answers = partner.returned(sending.receiver, now)
        for when, envelope in answers:
            self._mail(envelope.body(), case.receivers[0], elapsed + (when - now).total_seconds())
