"""A PostgreSQL cluster of our own: its folder, its port, on loopback, and nobody else's.

For `bench relay`, and for the tests; a gateway at work never starts one. PostgreSQL refuses to run
as root; then it runs as an account that owns nothing else. Before any signal a process must prove
that it is ours: its command line names our folder, or it works in it.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import psycopg
from pydantic import SecretStr

from gateway.bench.private_broker import LOOPBACK, begun, ended_by_sigterm, free_ports
from gateway.config import Postgres
from gateway.errors import Unreachable

USER: Final = "gateway"
START_SECONDS: Final = 60.0
_VERSIONS: Final = Path("/usr/lib/postgresql")
"""Where Debian has them, a folder a version."""
_ACCOUNTS: Final = ("postgres", "nobody")
_ENVIRONMENT: Final = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}


@contextlib.contextmanager
def private_database() -> Iterator["Cluster"]:
    """A cluster that is there as long as it is needed; also SIGTERM ends it.

    Raises:
        Unreachable: it does not come up.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(ended_by_sigterm())
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eessi-postgres-")))
        cluster = Cluster(home, password=secrets.token_urlsafe(16))
        stack.callback(cluster.kill)
        cluster.start()
        yield cluster


def absent() -> str | None:
    """Why there can be no cluster here, as a code; None when there can.

    `no-postgres`: it is not installed; `no-setpriv`: it does not run as root, and nothing is there
    to become somebody else.
    """
    if _programs() is None:
        return "no-postgres"
    return "no-setpriv" if os.geteuid() == 0 and shutil.which("setpriv") is None else None


def _programs() -> Path | None:
    """The folder of its programs; the newest where there are several."""
    found = sorted(_VERSIONS.glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    there = shutil.which("initdb")
    return Path(there).resolve().parent if there else None


class Cluster:
    """One cluster, which can be killed and started again.

    Attributes:
        home: its folder; everything in it belongs to the account that it runs as.
        port: where it listens.
    """

    def __init__(
        self, home: Path, *, password: str, settings: Mapping[str, str] | None = None
    ) -> None:
        """Make it, empty. The account needs a way to `home`: a temporary folder of the system.

        Raises:
            Unreachable: it cannot be made.
        """
        self.home = home
        self._data = home / "data"
        [self.port] = free_ports(1)
        self._password = password
        self._settings = settings or {}
        self._programs = _programs() or Path("/")
        self._databases = 0
        self._process: subprocess.Popen[bytes] | None = None
        secret = home / "secret"
        secret.write_text(password, encoding="ascii")
        secret.chmod(0o600)
        self._as = _somebody_else(home) if os.geteuid() == 0 else []
        login = (f"--username={USER}", f"--pwfile={secret}", "--auth=scram-sha-256")
        self._run("initdb", f"--pgdata={self._data}", *login, "--encoding=UTF8", "--locale=C.UTF-8")
        secret.unlink()

    def start(self) -> None:
        """Start it and wait until somebody can log in.

        Raises:
            Unreachable: it does not come up.
        """
        settings = {
            "listen_addresses": LOOPBACK,
            "unix_socket_directories": "",
            "max_connections": "60",
            **self._settings,
        }
        given = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        words = [str(self._programs / "postgres"), "-D", str(self._data), "-p", str(self.port)]
        self._process = begun([*self._as, *words, *given], _ENVIRONMENT, self.home / "out")
        end = time.perf_counter() + START_SECONDS
        while not self._greets():
            if self._process.poll() is not None or time.perf_counter() > end:
                raise _failed()
            time.sleep(0.05)  # noqa: TID251 - a process of the system: it lives in real time

    def kill(self) -> None:
        """SIGKILL, as when the machine loses its power.

        Raises:
            Unreachable: it does not end.
        """
        if self._process is None:
            return
        if self._process.poll() is None and self._process.pid in self.processes():
            self._process.kill()
        self._process.wait()
        end = time.perf_counter() + START_SECONDS
        while self.processes():  # those that are left notice by themselves
            if time.perf_counter() > end:
                raise _failed()
            time.sleep(0.05)  # noqa: TID251 - as above

    def database(self) -> Postgres:
        """A new, empty database, as the configuration names it."""
        self._databases += 1
        name = f"journal_{self._databases}"
        with self.connected("postgres") as db:
            db.execute(f"CREATE DATABASE {name} TEMPLATE template0 LOCALE 'C.UTF-8'")
        return Postgres(
            port=self.port, database=name, user=USER, password=SecretStr(self._password)
        )

    def connected(self, database: str, **how: Any) -> psycopg.Connection[Any]:
        """A line to it, each statement for itself."""
        return psycopg.connect(
            host=LOOPBACK,
            port=self.port,
            dbname=database,
            user=USER,
            password=self._password,
            autocommit=True,
            **how,
        )

    def processes(self) -> list[int]:
        """Those that work in our folder: the server's, and what it started."""
        return [int(entry.name) for entry in Path("/proc").iterdir() if self._named(entry)]

    def _run(self, program: str, *words: str) -> None:
        try:
            subprocess.run(  # noqa: S603 - a program of the system, with words of ours
                [*self._as, str(self._programs / program), *words],
                check=True,
                capture_output=True,
                timeout=START_SECONDS,
                env=_ENVIRONMENT,
                cwd="/",
            )
        except (OSError, subprocess.SubprocessError):
            raise _failed() from None

    def _named(self, entry: Path) -> bool:
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            return False
        with contextlib.suppress(OSError):
            line = (entry / "cmdline").read_bytes()
            return os.fsencode(self._data) in line or (entry / "cwd").resolve() == self._data
        return False

    def _greets(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError), self.connected("postgres"):
            return True
        return False


def _somebody_else(home: Path) -> list[str]:
    """What to write before a command so that it runs as who owns nothing else; the folder is his.

    Raises:
        Unreachable: there is nobody.
    """
    accounts = [one for one in pwd.getpwall() if one.pw_name in _ACCOUNTS]
    if not accounts:
        raise _failed()
    account = min(accounts, key=lambda one: _ACCOUNTS.index(one.pw_name))
    for path in (home, *home.iterdir()):
        os.chown(path, account.pw_uid, account.pw_gid)
    ids = (f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups")
    return ["setpriv", *ids, "--no-new-privs"]


def _failed() -> Unreachable:
    return Unreachable(
        "PostgreSQL does not come up on this machine, or does not end; try again, or leave it out"
        " (--no-postgres).",
        french="PostgreSQL ne démarre pas sur cette machine, ou ne s'arrête pas ; réessayer, ou"
        " s'en passer (--no-postgres).",
        code="database-not-started",
    )
