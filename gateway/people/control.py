"""The control socket: the only way to write while the daemon runs.

`STATE/control.sock`, readable by its owner alone. One JSON object a line each way:
`{"deed": "release", "params": {...}}` -> `{"ok": true, ...}` or
`{"ok": false, "code": ..., "text": {"en": ..., "fr": ...}}`. Who asks is what the kernel says
about the peer (SO_PEERCRED), never what the peer says about itself.
"""

import asyncio
import contextlib
import json
import os
import pwd
import socket
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import GatewayError, Refused, StateLocked, Unreachable
from gateway.log import logger

if TYPE_CHECKING:
    from gateway.people.operating import Operating  # who only asks needs nothing of what is asked

NAME: Final = "control.sock"
_LONGEST: Final = 4 * 1024 * 1024
_ANSWER_SECONDS: Final = 30.0
_NOBODY_LOGGED_IN: Final = 2**32 - 1


class ControlServer:
    """Listens on the socket and does what is asked."""

    def __init__(self, path: Path, operating: "Operating") -> None:
        self._path = path
        self._operating = operating
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; a socket left over by a dead daemon is replaced (we hold the state lock)."""
        self._path.unlink(missing_ok=True)
        with _short(self._path) as path:
            self._server = await asyncio.start_unix_server(self._serve, path=path, limit=_LONGEST)
        self._path.chmod(0o600)

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        who = _peer(writer)
        with contextlib.suppress(ConnectionError, ValueError):
            while line := await reader.readline():
                writer.write(json.dumps(await self._answer(line, who)).encode() + b"\n")
                await writer.drain()
        writer.close()

    async def _answer(self, line: bytes, who: str) -> dict[str, Any]:
        try:
            asked = json.loads(line)
            deed, params = str(asked["deed"]), dict(asked.get("params", {}))
        except (ValueError, KeyError, TypeError):
            return {"ok": False, "code": "not-a-deed", "text": {"en": "Not a deed.", "fr": "?"}}
        try:
            done = await self._operating.do(deed, params, who)
        except GatewayError as error:
            text = {"en": error.english, "fr": error.french}
            return {"ok": False, "code": error.code, "text": text}
        except OSError as error:  # a file that was named, and that our account cannot use
            return _unusable(error)
        logger().info("deed-done", state=deed)
        return {"ok": True, **done}


def _unusable(error: OSError) -> dict[str, Any]:
    english = f"{error.filename}: the gateway's account cannot use it ({error.strerror})."
    french = f"{error.filename} : inutilisable pour le compte de la passerelle ({error.strerror})."
    return {"ok": False, "code": "file-unusable", "text": {"en": english, "fr": french}}


def ask(path: Path, deed: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Ask the running daemon; used by commands.

    Raises:
        Unreachable: no daemon answers on this socket.
        Refused: it said no.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_ANSWER_SECONDS)
        try:
            with _short(path) as short:
                connection.connect(short)
            connection.sendall(json.dumps({"deed": deed, "params": params}).encode() + b"\n")
            answer = json.loads(connection.makefile("rb").readline())
        except (OSError, ValueError):
            raise Unreachable(
                f"No gateway answers on {path}: is it running?",
                french=f"Aucune passerelle ne répond sur {path} : fonctionne-t-elle ?",
                code="no-daemon",
            ) from None
    if not answer.pop("ok"):
        text = answer["text"]
        raise Refused(text["en"], french=text["fr"], code=answer["code"])
    return dict(answer)


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """Another path to the same socket, for the kernel takes at most 107 bytes.

    Raises:
        OSError: its folder is not there.
    """
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def running(path: Path) -> bool:
    """Whether a daemon answers on the socket."""
    try:
        ask(path, "ping", {})
    except (Unreachable, Refused, StateLocked):
        return False
    return True


def _peer(writer: asyncio.StreamWriter) -> str:
    """Account of the process at the other end; behind `sudo`, the one that logged in."""
    connection = writer.get_extra_info("socket")
    credentials = connection.getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
    )
    pid, uid, _ = struct.unpack("3i", credentials)
    return account(pid, uid)


def account(pid: int, uid: int) -> str:
    """The account a process was logged in with (`loginuid`, kept by the kernel), else `uid`.

    Only the kernel's word counts: `sudo` tells who asked in variables that anybody can set.
    """
    try:
        logged_in = int(Path(f"/proc/{pid}/loginuid").read_text(encoding="ascii"))
    except (OSError, ValueError):
        logged_in = _NOBODY_LOGGED_IN
    return name_of(uid if logged_in == _NOBODY_LOGGED_IN else logged_in)


def name_of(uid: int) -> str:
    """The name of an account; its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
