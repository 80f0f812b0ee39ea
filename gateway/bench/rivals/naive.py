"""What one would write: a FastStream handler, lxml, one SQLite insert a message; no decision."""

import asyncio
import os
import sqlite3
import sys
from pathlib import Path

from faststream import FastStream
from faststream.rabbit import Channel, RabbitBroker, RabbitQueue
from lxml import etree

from gateway.bench.rivals import AMQP, IN, OUT, PREFETCH


def relay(url: str, folder: Path) -> FastStream:
    """The program, ready to run."""
    broker = RabbitBroker(url, default_channel=Channel(prefetch_count=PREFETCH))
    database = sqlite3.connect(folder / "naive.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE message (id TEXT PRIMARY KEY, sed TEXT, body BLOB)")

    @broker.subscriber(RabbitQueue(IN, declare=False))
    async def pass_on(body: bytes) -> None:
        root = etree.fromstring(body)
        row = (root.findtext(".//{*}InstanceIdentifier"), root.findtext(".//{*}Type"), body)
        database.execute("INSERT INTO message VALUES (?, ?, ?)", row)
        await broker.publish(body, OUT, persist=True)

    return FastStream(broker)


if __name__ == "__main__":
    asyncio.run(relay(os.environ[AMQP], Path(sys.argv[1])).run())
