"""What became of what was handed over: statuses in, and a person told of what fails or is silent.

A status file (or a message that is one) is recorded as a whole or rejected as a whole, with a
report that says what is wrong in which line. Statuses are taken while the gateway is paused as
well: they send nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from gateway.clock import Clock
from gateway.core.delivery import Status, statuses_of
from gateway.core.states import SendingState
from gateway.core.strict_lines import BadLine
from gateway.errors import JournalUnavailable, TransportUnavailable
from gateway.journal import Journal, Noted, Said
from gateway.log import logger
from gateway.metrics import Metrics
from gateway.transport import StatusFile, StatusSource
from gateway.wording import sentence

AT_ONCE: Final = 100
"""Silent sendings that a person is told of in one turn."""
LINES_LOGGED: Final = 20
"""Bad lines of one file that the log names; its report names them all."""
_WRONG: Final = frozenset({Said.UNKNOWN, Said.OTHER_RECEIVER, Said.CONTRADICTS})


class Statuses:
    """Takes statuses, and notices where none came."""

    def __init__(
        self,
        journal: Journal,
        sources: Sequence[StatusSource],
        clock: Clock,
        metrics: Metrics,
        *,
        poll_seconds: float,
        awaited: bool,
    ) -> None:
        self._journal = journal
        self._sources = sources
        self._clock = clock
        self._metrics = metrics
        self._poll_seconds = poll_seconds
        self._awaited = awaited
        self._trouble: str | None = None

    async def run(self) -> None:
        """Look until cancelled; again at once while there is something to deal with."""
        while True:
            if not await self._look():
                await self._clock.sleep(self._poll_seconds)

    async def _look(self) -> int:
        """One turn; what cannot be used now is said once, and tried again."""
        try:
            dealt_with = await self.turn()
            self._trouble = None
        except (JournalUnavailable, TransportUnavailable) as error:
            if error.code != self._trouble:
                logger().warning("statuses-stopped", error_code=error.code)
            self._trouble = error.code
            return 0
        return dealt_with

    async def turn(self) -> int:
        """One look; how many files were dealt with. One that cannot be moved holds up no other.

        Raises:
            TransportUnavailable: a source cannot be read, or one of the files not be moved.
        """
        dealt_with, stuck = 0, None
        for source in self._sources:
            try:
                dealt_with += await self._look_at(source)
            except TransportUnavailable as error:
                stuck = error
        if self._awaited:
            for message_id in await self._journal.refer_silent(self._clock.now(), AT_ONCE):
                logger().warning("status-missing", message_id=message_id)
        if stuck is not None:
            raise stuck
        return dealt_with

    async def _look_at(self, source: StatusSource) -> int:
        """How many files of one source were dealt with."""
        dealt_with, stuck = 0, None
        for file in await source.status_files():
            try:
                dealt_with += await self._take(source, file)
            except TransportUnavailable as error:
                stuck = error
        if stuck is not None:
            raise stuck
        return dealt_with

    async def _take(self, source: StatusSource, file: StatusFile) -> bool:
        """Record or reject one file; False for one that comes too early, and stays."""
        now = self._clock.now()
        statuses, bad = _read(file, now)
        noted = await self._journal.note_statuses(statuses, file.source, now, look=bool(bad))
        unfit = (
            BadLine(status.line, item.said.value)
            for status, item in zip(statuses, noted, strict=True)
            if item.said in _WRONG
        )
        wrong = sorted((*bad, *unfit), key=lambda item: item.number)
        if wrong:
            await self._reject(source, file, wrong)
            return True
        if any(item.said is Said.TOO_EARLY for item in noted):
            return False
        await source.done(file.name)
        self._tell(file, statuses, noted)
        return True

    async def _reject(
        self, source: StatusSource, file: StatusFile, wrong: Sequence[BadLine]
    ) -> None:
        await source.reject(file.name, report(file.source, wrong))
        self._metrics.status_file("rejected")
        logger().error("status-file-rejected", path=file.source, count=len(wrong))
        for bad in wrong[:LINES_LOGGED]:
            logger().error(
                "status-line-rejected", path=file.source, line=bad.number, error_code=bad.code
            )

    def _tell(self, file: StatusFile, statuses: Sequence[Status], noted: Sequence[Noted]) -> None:
        new = [(s, n) for s, n in zip(statuses, noted, strict=True) if n.said is Said.NEW]
        for status, item in new:
            self._metrics.sending(item.kind, status.state.value)
            if status.state is SendingState.FAILED:
                logger().warning("delivery-failed", message_id=status.message_id)
        self._metrics.status_file("recorded")
        logger().info("status-file-recorded", path=file.source, count=len(new))


def _read(file: StatusFile, now: datetime) -> tuple[tuple[Status, ...], tuple[BadLine, ...]]:
    return ((), (BadLine(0, "too-big"),)) if file.body is None else statuses_of(file.body, now)


def report(name: str, wrong: Sequence[BadLine]) -> str:
    """What is wrong in which line, one line each, in both languages; never a value of the file."""
    lines = [
        f"{name}:{bad.number}: {sentence(lang, 'status-line', bad.code)}"
        for bad in wrong
        for lang in ("en", "fr")
    ]
    return "\n".join((*lines, ""))
