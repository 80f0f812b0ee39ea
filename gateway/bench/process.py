"""A program under measurement: started, held still and let go on, looked at from outside, ended.

Every wait for it has an end: what has not ended some seconds after SIGTERM is killed.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gateway.errors import Refused

STOP_SECONDS: Final = 10.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Measured:
    """One process of ours.

    Attributes:
        name: what it is called where it goes wrong.
        pid: its id.
        killed: it did not end by itself when it was asked to.
    """

    def __init__(self, name: str, process: subprocess.Popen[bytes]) -> None:
        self.name = name
        self.pid = process.pid
        self.killed = False
        self._process = process

    def check(self) -> None:
        """Return when it is at work.

        Raises:
            Refused: it has ended.
        """
        code = self._process.poll()
        if code is not None:
            raise Refused(
                f"{self.name} ended with {code} while it was measured.",
                french=f"{self.name} s'est arrêté (code {code}) pendant la mesure.",
                code="bench-ended",
            )

    def hold(self) -> None:
        """Let it stand still; the world goes on."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def tell(self, number: signal.Signals) -> None:
        """Tell it something."""
        self._process.send_signal(number)

    def cpu_seconds(self) -> float:
        """CPU that it has used, all its threads."""
        return cpu_seconds(self.pid)

    def rss_mb(self) -> float:
        """Its resident memory in MB."""
        said = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii")
        return int(said.split()[1]) * _PAGE / 1e6

    def open_files(self) -> int:
        """File descriptors that it has open."""
        return sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir())

    def end(self) -> None:
        """SIGTERM, and SIGKILL where that is not heeded."""
        self._process.terminate()
        self.go_on()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.killed = True
            self._process.kill()
            self._process.wait()


@contextmanager
def started(name: str, words: Sequence[str], environment: Mapping[str, str]) -> Iterator[Measured]:
    """A module of ours (`-m`) in a process of its own, which has ended on the way out."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and package
        [sys.executable, "-m", *words],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    measured = Measured(name, process)
    try:
        yield measured
    finally:
        measured.end()


def cpu_seconds(pid: int) -> float:
    """CPU that a process has used, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def has_room(folder: str, needed: int) -> None:
    """Return if so many bytes find room in the (temporary) folder.

    Raises:
        Refused: they do not.
    """
    if shutil.disk_usage(folder).free < needed:
        gb = round(needed / 1e9, 1)
        raise Refused(
            f"{gb} GB are needed in the temporary folder (TMPDIR); give it room, or fewer"
            " --messages.",
            french=f"Il faut {gb} Go dans le dossier temporaire (TMPDIR) ; y faire de la place, ou"
            " moins de --messages.",
            code="no-room",
        )
