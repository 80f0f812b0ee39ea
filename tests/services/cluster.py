"""A PostgreSQL cluster of the tests' own, which speaks TLS."""

import itertools
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg

from gateway.bench import private_database
from gateway.bench.private_broker import LOOPBACK
from gateway.bench.private_database import USER

__all__ = ["PASSWORD", "USER", "Cluster", "Standby", "absent"]

PASSWORD = "only-on-loopback"
_WORDS = {
    "no-postgres": "PostgreSQL is not installed: `make setup-services` installs it",
    "no-setpriv": "PostgreSQL does not run as root, and there is no setpriv",
}


def absent():
    """Why there can be no cluster here; None when there can."""
    code = private_database.absent()
    return None if code is None else _WORDS[code]


class Cluster(private_database.Cluster):
    """One cluster, which can be killed and started again."""

    def __init__(self):
        # not in the folder of the test run: that one is closed to the account it runs as
        home = Path(tempfile.mkdtemp(prefix="eessi-postgres-"))
        self.certificate = _certified(home)
        settings = {
            "fsync": "off",  # what the system was given survives a SIGKILL
            "ssl": "on",
            "ssl_cert_file": str(self.certificate),
            "ssl_key_file": str(self.certificate.with_suffix(".key")),
        }
        super().__init__(home, password=PASSWORD, settings=settings)
        self._copies = itertools.count(1)

    def database(self, like=None):
        """A new database, as the configuration names it: empty, or as another one is."""
        if like is None:
            return super().database()
        name = f"copy_{next(self._copies)}"
        with self.connected("postgres") as db:
            db.execute(f"CREATE DATABASE {name} TEMPLATE {like.database}")
        return like.model_copy(update={"database": name})

    def stop(self, how):
        """Shut it down as an operator does: `fast` ends all sessions, `immediate` ends at once."""
        assert self._process.pid in self.processes()
        self._process.send_signal({"fast": signal.SIGINT, "immediate": signal.SIGQUIT}[how])
        self._process.wait(private_database.START_SECONDS)

    def end(self):
        """Kill it, and leave nothing."""
        self.kill()
        shutil.rmtree(self.home)


class Standby(Cluster):
    """A copy that follows another cluster, at the same port of another address."""

    address = "127.0.0.2"

    def __init__(self, primary):
        super().__init__()
        shutil.rmtree(self._data)
        self.port = primary.port
        self._settings["listen_addresses"] = self.address
        where = f"host={LOOPBACK} port={primary.port} user={USER} password={PASSWORD}"
        self._run("pg_basebackup", f"--pgdata={self._data}", "-R", "-c", "fast", "-d", where)

    def connected(self, database, **how):
        """A line to it, each statement for itself."""
        there = {"host": self.address, "port": self.port, "user": USER, "password": PASSWORD}
        return psycopg.connect(**there, dbname=database, autocommit=True, **how)


def _certified(home):
    """A certificate for this machine, signed by itself."""
    made, key = home / "server.crt", home / "server.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "30", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", key, "-out", made),
        ],
        check=True,
        capture_output=True,
    )
    key.chmod(0o600)
    return made
