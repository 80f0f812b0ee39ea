"""The real pipeline, relay and timers in a bad world, and the rules that hold all the same.

A seed draws everything: who may go on next, what arrives twice or late, which line breaks, which
publish is refused or never heard of, when the process dies, when the clock is set, when other
tables come into force. After every step the rules are looked at (`rules`). The same seed takes
the same steps, so one that fails fails again.
"""

import asyncio
import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from gateway.chaos.process import Parts
from gateway.chaos.quiet import QuietLoop
from gateway.chaos.world import World
from gateway.config import load
from gateway.loading import desk
from gateway.pipeline import Desk

MESSAGES: Final = 40
"""Distinct messages that come of themselves; answers come on top."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one seed."""

    seed: int
    steps: Sequence[str]
    broken: Sequence[str]
    """Rules that do not hold, with names; empty when all hold."""
    messages: int
    kills: int
    arrived: int
    """Distinct messages at the far side."""

    @property
    def digest(self) -> str:
        """SHA-256 of the log of steps."""
        return hashlib.sha256("\n".join(self.steps).encode()).hexdigest()


def run(seed: int, messages: int = MESSAGES, parts: Parts | None = None) -> Outcome:
    """Live through one seed; outside of any event loop."""
    with (
        tempfile.TemporaryDirectory(prefix="eessi-chaos-", dir=_in_memory()) as folder,
        asyncio.Runner(loop_factory=QuietLoop) as runner,
    ):
        world = World(seed, messages, _ground(), parts or Parts(), Path(folder))
        runner.run(world.live())
    return Outcome(
        seed,
        tuple(world.steps),
        tuple(dict.fromkeys(world.rules.broken)),
        world.outside.posted,
        world.kills,
        len(world.rules.arrived_bytes),
    )


def runs(seeds: Iterable[int], messages: int, parts: Parts | None = None) -> Iterator[Outcome]:
    """One after another, until one fails; that one is the last."""
    for seed in seeds:
        outcome = run(seed, messages, parts)
        yield outcome
        if outcome.broken:
            return


def _in_memory() -> Path | None:
    """A folder whose files are in memory: there a commit costs no disk, and is one all the same."""
    place = Path("/dev/shm")  # noqa: S108 - a folder with a name of its own is made in it
    return place if place.is_dir() else None


@cache
def _ground() -> Desk:
    """The tables and schemas of the package under the demo's policy; nothing changes them."""
    with tempfile.TemporaryDirectory(prefix="eessi-chaos-") as folder:
        return desk(load(None, Path(folder)))
