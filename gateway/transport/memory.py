"""Messages in memory: for tests, and for deciding again what was received before."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from gateway.errors import TransportUnavailable
from gateway.journal import Claimed
from gateway.transport import Inbound, Received, Settlement

_Item = tuple[bytes, str, str | None, datetime, str | None, bool]
"""Body, source, addressee, time of receipt, RINA's number, whether we sent it."""


class MemoryTransport:
    """Consumer and publisher in one; `fail` makes publishing to a destination fail."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[_Item] = asyncio.Queue()
        self.settled: list[tuple[str, Settlement]] = []
        self.published: list[Claimed] = []
        self.fail: set[str] = set()

    def put(
        self,
        body: bytes,
        received_at: datetime,
        *,
        source: str = "",
        addressee: str | None = None,
        rina_number: str | None = None,
        by_hand: bool = False,
    ) -> None:
        """Let a message arrive."""
        self._queue.put_nowait((body, source, addressee, received_at, rina_number, by_hand))

    async def receive(self) -> AsyncIterator[Received]:
        """Messages in the order of `put`."""
        while True:
            item = await self._queue.get()

            async def settle(settlement: Settlement, item: _Item = item) -> None:
                self.settled.append((item[1], settlement))
                if settlement is Settlement.RETRY:
                    self._queue.put_nowait(item)

            body, source, addressee, received_at, number, by_hand = item
            yield Received(
                body, source, addressee, received_at, settle, by_hand, rina_number=number
            )

    async def inbound(self) -> Inbound:
        """How many wait."""
        return Inbound(self._queue.qsize(), None)

    async def publish(self, batch: Sequence[Claimed]) -> Sequence[TransportUnavailable | None]:
        """Keep what is sent, but for destinations that fail."""
        results: list[TransportUnavailable | None] = []
        for sending in batch:
            if sending.destination in self.fail:
                results.append(TransportUnavailable(code="destination-down"))
            else:
                self.published.append(sending)
                results.append(None)
        return results
