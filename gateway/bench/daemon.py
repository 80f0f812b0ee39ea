"""How fast the gateway is on this machine: the real daemon, in a process of its own, is timed.

Nothing is stubbed: files in, journal with FULL synchronisation, files out. Figures are for
comparing on one machine; they are printed with the machine and the versions they belong to.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from gateway.metrics import versions
from gateway.simulation import year

MESSAGE_BYTES: Final = 5 * 1024
END: Final = datetime(2026, 11, 1, tzinfo=UTC)
"""Last day of the made-up traffic: fixed, so that every run measures the same messages."""
STARTS: Final = 5
_GATEWAY: Final = (sys.executable, "-m", "gateway")
_ENVIRONMENT: Final = {
    "EESSI_GATEWAY_HTTP__PORT": "0",
    "EESSI_GATEWAY_INBOUND__POLL_SECONDS": "0.05",
    "EESSI_GATEWAY_INBOUND__OLDEST_WAITING_SECONDS": "86400",
}


@dataclass(frozen=True, slots=True)
class Throughput:
    """One run of the daemon over a number of messages."""

    messages: int
    bytes_median: int
    seconds: float
    """From ready to the last message recorded."""
    drained_seconds: float
    """From ready to the last outgoing message confirmed."""
    sent: int
    rss_mb: tuple[float, ...]
    """Resident memory after each tenth of the messages, in MB."""
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Messages a second, from file to durable journal."""
        return self.messages / self.seconds

    @property
    def drained_rate(self) -> float:
        """Messages a second, until everything they caused has left."""
        return self.messages / self.drained_seconds


@dataclass(slots=True)
class Watched:
    """A daemon at work, as its log tells it."""

    recorded: int = 0
    started_at: datetime | None = None
    recorded_at: datetime | None = None
    drained_at: datetime | None = None
    rss: list[float] = field(default_factory=list)


def throughput(count: int, *, pad_to: int = MESSAGE_BYTES) -> Throughput:
    """Run the daemon until idle over `count` cases of the made-up year.

    Raises:
        RuntimeError: the daemon ended with an error.
    """
    with tempfile.TemporaryDirectory(prefix="eessi-bench-") as folder:
        state, made = Path(folder, "state"), Path(folder, "made")
        year(made, seed=1, count=count, begin=END - timedelta(days=365), end=END)
        sizes = [
            arrive(path, state / "inbound", pad_to) for path in message_files(made / "messages")
        ]
        watched, cpu = run_daemon(state, len(sizes))
        sent = sum(1 for _ in (state / "outbound").rglob("*.*"))
        if watched.started_at is None or watched.recorded_at is None or watched.drained_at is None:
            raise RuntimeError("the daemon recorded nothing")
        return Throughput(
            messages=len(sizes),
            bytes_median=int(statistics.median(sizes)),
            seconds=(watched.recorded_at - watched.started_at).total_seconds(),
            drained_seconds=(watched.drained_at - watched.started_at).total_seconds(),
            sent=sent,
            rss_mb=tuple(watched.rss),
            cpu_seconds=cpu,
        )


def message_files(folder: Path) -> Iterator[Path]:
    """Message files of a folder in order of name, without their sidecars."""
    return (path for path in sorted(folder.iterdir()) if not path.name.endswith(".json"))


def arrive(path: Path, inbound: Path, pad_to: int) -> int:
    """Put a message into the inbound folder, brought to at least `pad_to` bytes; its size."""
    inbound.mkdir(parents=True, exist_ok=True)
    body = path.read_bytes()
    if path.suffix == ".xml" and body.rstrip().endswith(b">") and len(body) < pad_to:
        body += b"<!--" + b" " * max(pad_to - len(body) - 7, 0) + b"-->"
    (inbound / path.name).write_bytes(body)
    return len(body)


def run_daemon(state: Path, total: int) -> tuple[Watched, float]:
    """The daemon over what is in its inbound folder; what its log said and the CPU it took."""
    before = os.times()
    with subprocess.Popen(  # noqa: S603 - our own interpreter and package
        [*_GATEWAY, "--state", str(state), "run", "--until-idle"],
        stderr=subprocess.PIPE,
        env={**os.environ, **_ENVIRONMENT},
    ) as process:
        watched = Watched()
        for line in process.stderr or ():
            if not line.startswith(b"{"):
                raise RuntimeError(line.decode(errors="replace").strip())
            _see(watched, json.loads(line), process.pid, total)
    if process.returncode:
        raise RuntimeError(f"the daemon ended with {process.returncode}")
    after = os.times()
    cpu = after.children_user + after.children_system
    return watched, cpu - before.children_user - before.children_system


def _see(watched: Watched, line: Mapping[str, Any], pid: int, total: int) -> None:
    at = datetime.fromisoformat(line["@timestamp"])
    match line["event.action"]:
        case "started":
            watched.started_at = at
        case "message-recorded":
            watched.recorded_at = at
            watched.recorded += 1
            if watched.recorded % max(total // 10, 1) == 0:
                watched.rss.append(_rss(pid))
        case "batch-sent":
            watched.drained_at = at


def _rss(pid: int) -> float:
    """Resident memory of a process in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def startup(starts: int = STARTS) -> tuple[float, ...]:
    """Seconds from the start of the process to ready, on an empty state folder."""
    return tuple(_started() for _ in range(starts))


def _started() -> float:
    with tempfile.TemporaryDirectory(prefix="eessi-bench-") as folder:
        began = time.perf_counter()
        with subprocess.Popen(  # noqa: S603 - our own interpreter and package
            [*_GATEWAY, "--state", folder, "run"],
            stderr=subprocess.PIPE,
            env={**os.environ, **_ENVIRONMENT},
        ) as process:
            for line in process.stderr or ():
                if json.loads(line)["event.action"] == "started":
                    break
            took = time.perf_counter() - began
            process.terminate()
        return took


def version(runs: int = STARTS) -> tuple[float, ...]:
    """Seconds that `eessi-gateway --version` takes."""
    return tuple(_timed([*_GATEWAY, "--version"]) for _ in range(runs))


def _timed(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own package
    return time.perf_counter() - began


def machine() -> dict[str, str]:
    """What the figures belong to."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "processor": model,
        "cores": str(os.cpu_count()),
        "system": platform.platform(terse=True),
        **versions(),
    }
