"""Whether a broker or a database would begin a session with us: asked in its own protocol.

No login is needed and none is tried: the server says enough before it wants to know who we are. An
open port alone would not do, for it stays open while a database starts or a broker is stuck.
"""

import asyncio
import ssl
import struct
from typing import Final

_AMQP: Final = b"AMQP\x00\x00\x09\x01"
_START: Final = struct.pack("!HH", 10, 10)
"""Class and method of Connection.Start (AMQP 0-9-1, 1.4.2.1)."""
_METHOD_FRAME: Final = 1
_SSL_REQUEST: Final = struct.pack("!II", 8, 80_877_103)
_SAID: Final = b"user\x00eessi-gateway-probe\x00database\x00postgres\x00\x00"
_STARTUP: Final = struct.pack("!II", 8 + len(_SAID), 196_608) + _SAID
"""Version 3.0 of the protocol (PostgreSQL, 55.7); nobody of that name needs to be there."""
_MOST: Final = 8192
_NOT_LET_IN: Final = b"28"
"""Class of SQLSTATE: it would begin a session, with somebody else."""


async def amqp(host: str, port: int) -> str:
    """Empty when the broker offers to begin a connection, else a code."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(_AMQP)
        await writer.drain()
        head = await reader.readexactly(11)
    except asyncio.IncompleteReadError:
        return "no-amqp"
    finally:
        writer.close()
    return "" if head[0] == _METHOD_FRAME and head[7:] == _START else "no-amqp"


async def sql(host: str, port: int) -> str:
    """Empty when PostgreSQL asks who we are, or would not let us in; else a code."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(_SSL_REQUEST)
        await writer.drain()
        if await reader.readexactly(1) == b"S":
            await writer.start_tls(_whoever())
        writer.write(_STARTUP)
        await writer.drain()
        kind, length = struct.unpack("!cI", await reader.readexactly(5))
        if kind == b"R":
            return ""
        text = await reader.readexactly(min(length - 4, _MOST)) if kind == b"E" else b""
    except (asyncio.IncompleteReadError, struct.error):
        return "no-sql"
    finally:
        writer.close()
    state = next((field[1:] for field in text.split(b"\x00") if field[:1] == b"C"), b"")
    if not state.isalnum():
        return "no-sql"
    return "" if state.startswith(_NOT_LET_IN) else f"sqlstate-{state.decode('ascii')}"


def _whoever() -> ssl.SSLContext:
    """TLS with whoever answers: nothing is confided to him, and his word is believed of nothing."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
