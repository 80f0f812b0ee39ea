"""Until when the certificates are good that the configuration names.

`ssl` tells that of authorities alone, so the one field is read here (X.509: RFC 5280, 4.1).
"""

import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gateway.config import Config

USES: Final = ("http", "broker", "broker-authority", "database", "database-authority")
"""What a certificate is for: ours at the door, with a broker, with a database; whom we trust."""
_END: Final = "-----END CERTIFICATE-----"
_VERSION, _UTC_TIME, _SHORT_YEAR = 0xA0, 0x17, 50
_LONG: Final = 0x80


def expiries(config: Config) -> dict[str, datetime]:
    """Use -> the first instant at which it is not good any more; none where none can be read.

    Of what is ours that of the first certificate of the file, of whom we trust the last one.
    """
    found = {}
    for use, path in _named(config).items():
        try:
            ends = list(_ends(path.read_text(encoding="ascii")))
        except (OSError, ValueError, IndexError):  # who uses it says so
            continue
        if ends:
            found[use] = max(ends) if use.endswith("authority") else ends[0]
    return found


def _named(config: Config) -> Mapping[str, Path]:
    broker, database = config.rabbitmq, config.postgres
    named = {"http": config.http.tls_certificate}
    if config.transport == "rabbitmq":
        named |= {"broker": broker.tls_certificate, "broker-authority": broker.tls_authority}
    if config.journal == "postgres":
        named |= {
            "database": database.tls_certificate,
            "database-authority": database.tls_authority,
        }
    return {use: path for use, path in named.items() if path is not None}


def _ends(text: str) -> Iterator[datetime]:
    """When each certificate of a PEM file ends."""
    for piece in text.split(_END)[:-1]:
        begin = piece.index("-----BEGIN CERTIFICATE-----")
        yield _end(ssl.PEM_cert_to_DER_cert(piece[begin:] + _END + "\n"))


def _end(der: bytes) -> datetime:
    _, inside, _ = _item(der, 0)
    _, at, _ = _item(der, inside)
    tag, _, after = _item(der, at)
    at = after if tag == _VERSION else at
    for _ in ("serial number", "signature", "issuer"):
        _, _, at = _item(der, at)
    _, since, _ = _item(der, at)
    _, _, until = _item(der, since)
    tag, begin, end = _item(der, until)
    text = der[begin:end].decode("ascii").removesuffix("Z")
    if tag == _UTC_TIME:
        text = ("20" if int(text[:2]) < _SHORT_YEAR else "19") + text
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _item(der: bytes, at: int) -> tuple[int, int, int]:
    """Tag of an element, where its content begins, and where it ends (X.690, 8.1)."""
    size, begin = der[at + 1], at + 2
    if size >= _LONG:
        digits = size - _LONG
        size = int.from_bytes(der[begin : begin + digits])
        begin += digits
    if begin + size > len(der):
        raise ValueError("cut off")
    return der[at], begin, begin + size
