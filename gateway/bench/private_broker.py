"""A RabbitMQ node of our own: its folders, its ports, on loopback, and nobody else's.

For measurements, and for the tests; a gateway at work never starts one. Before any signal a
process must prove that it is ours: it is our child, or the name of our node stands in its
environment. A pid alone proves nothing.
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from gateway.errors import Unreachable

PROGRAMS: Final = Path("/usr/lib/rabbitmq/bin")
"""Where Debian has them; those in /usr/sbin become the user `rabbitmq`."""
START_SECONDS: Final = 90.0
LOOPBACK: Final = "127.0.0.1"
USER: Final = "gateway"


@contextlib.contextmanager
def private_broker() -> Iterator[str]:
    """The address of a node that is there as long as it is needed; also SIGTERM ends it.

    Raises:
        Unreachable: RabbitMQ is not installed, or does not come up.
    """
    if not installed():
        raise Unreachable(
            "There is no RabbitMQ here: give --amqp URL, or install it"
            " (apt-get install rabbitmq-server).",
            french="Pas de RabbitMQ ici : donner --amqp URL, ou l'installer"
            " (apt-get install rabbitmq-server).",
            code="no-broker",
        )
    with contextlib.ExitStack() as stack:
        stack.enter_context(ended_by_sigterm())
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eessi-broker-")))
        mapper = Mapper(home)
        stack.callback(mapper.end)
        password = secrets.token_urlsafe(16)
        node = Node(home, mapper, password=password)
        stack.callback(node.kill)
        node.start()
        yield f"amqp://{USER}:{password}@{node.address}:{node.port}/"


def installed() -> bool:
    """There can be a node on this machine."""
    return (PROGRAMS / "rabbitmq-server").exists() and shutil.which("epmd") is not None


class Mapper:
    """The port mapper (epmd) of nodes of ours alone, on loopback; its nodes share a cookie.

    Raises:
        Unreachable: it does not come up.
    """

    def __init__(self, home: Path) -> None:
        [self._port] = free_ports(1)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),  # the cookie is made there
            "LANG": "C.UTF-8",
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(self._port),
        }
        words = [shutil.which("epmd") or "epmd", "-address", LOOPBACK, "-port", str(self._port)]
        self._process = begun(words, self.environment, home / "epmd.out")
        try:
            _wait("epmd", self._process, lambda: _connects(self._port))
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """Its nodes are ended before."""
        self._process.kill()
        self._process.wait()


class Node:
    """One node, which can be killed and started again.

    Attributes:
        home: its folder.
        address, port: where it listens.
        name: what Erlang calls it.
    """

    def __init__(
        self,
        home: Path,
        mapper: Mapper,
        *,
        password: str,
        address: str = LOOPBACK,
        port: int | None = None,
        settings: Sequence[str] = (),
    ) -> None:
        self.home = home
        self.address = address
        free, self._distribution = free_ports(2)
        self.port = port or free
        self.name = f"eessi{os.getpid()}x{self._distribution}@localhost"
        self._process: subprocess.Popen[bytes] | None = None
        (home / "rabbitmq.conf").write_text(
            f"listeners.tcp.default = {address}:{self.port}\n"
            f"default_user = {USER}\ndefault_pass = {password}\n"
            "loopback_users = none\ndisk_free_limit.absolute = 1MB\nlog.console = false\n"
            "vm_memory_high_watermark.absolute = 1GB\n" + "".join(f"{one}\n" for one in settings),
            encoding="ascii",
        )
        (home / "plugins").write_text("[].\n", encoding="ascii")
        self.environment = {
            **mapper.environment,
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_NODE_IP_ADDRESS": address,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_PID_FILE": str(home / "pid"),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(home / "none.conf"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(home / "generated"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }

    def start(self) -> None:
        """Start it and wait until somebody can log in.

        Raises:
            Unreachable: it does not come up.
        """
        self.begin()
        self.wait()

    def begin(self) -> None:
        """Start it."""
        words = [str(PROGRAMS / "rabbitmq-server")]
        self._process = begun(words, self.environment, self.home / "out")

    def wait(self) -> None:
        """Return when somebody can log in.

        Raises:
            Unreachable: it does not come up.
        """
        if self._process is not None:
            _wait("RabbitMQ", self._process, self.greets)

    def kill(self) -> None:
        """SIGKILL, as when the machine loses its power.

        Raises:
            Unreachable: it cannot be killed.
        """
        end = time.perf_counter() + START_SECONDS
        while ours := self._ours():
            if time.perf_counter() > end:
                raise _failed("RabbitMQ")
            for pid in ours:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)  # noqa: TID251 - a process of the system: it lives in real time
        if self._process is not None:
            self._process.wait()

    def greets(self) -> bool:
        """It answers the first bytes of AMQP."""
        try:
            with socket.create_connection((self.address, self.port), 1.0) as line:
                line.settimeout(5.0)
                line.sendall(b"AMQP\x00\x00\x09\x01")
                return bool(line.recv(1))
        except OSError:
            return False

    def _ours(self) -> list[int]:
        """The processes that carry the name of our node in their environment."""
        mark = f"RABBITMQ_NODENAME={self.name}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if mark in (entry / "environ").read_bytes().split(b"\0"):
                        found.append(int(entry.name))
        return found


def free_ports(number: int) -> list[int]:
    """Ports that nobody has just now, at any address of this machine."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("", 0))
        return [one.getsockname()[1] for one in sockets]


def begun(words: Sequence[str], environment: dict[str, str], out: Path) -> subprocess.Popen[bytes]:
    """A process that Ctrl-C does not reach, in no folder of ours: its end is ours to make."""
    with out.open("ab") as said:
        return subprocess.Popen(  # noqa: S603 - a program of the system, with words of ours
            words,
            env=environment,
            stdout=said,
            stderr=said,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )


def _wait(what: str, process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> None:
    end = time.perf_counter() + START_SECONDS
    while not ready():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            raise _failed(what)
        if time.perf_counter() > end:
            raise _failed(what)


def _failed(what: str) -> Unreachable:
    return Unreachable(
        f"{what} does not come up on this machine, or does not end; try again, or give --amqp URL.",
        french=f"{what} ne démarre pas sur cette machine, ou ne s'arrête pas ; réessayer, ou donner"
        " --amqp URL.",
        code="broker-not-started",
    )


def _connects(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), 1.0):
            return True
    except OSError:
        return False


@contextlib.contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """What is open is closed on SIGTERM, too."""

    def end(number: int, _frame: Any) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
