"""The half that hands over: published, confirmed by the broker, and only then done.

No loop tries again here: whatever fails or is not heard of stays in the outbox, which sends the
same bytes under the same message id. The line is one of its own: a broker short of memory stops
listening to those who publish, and must go on hearing what is settled.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractMessage

from gateway.clock import Executor
from gateway.config import RabbitMq
from gateway.core.message import INSTITUTION_ID
from gateway.errors import TransportUnavailable
from gateway.journal import Claimed
from gateway.transport.rabbitmq import bodies, line, topology

SIDECAR_BYTES: Final = 100_000
"""Headers travel in one frame, of 128 KiB where nobody asked for less."""
MEDIA: Final = {"xml": "application/xml", "mime": "message/rfc822", "none": "application/json"}
_RINA: Final = "rina"


class RabbitPublisher:
    """Hands over by publishing; what is large over a line of its own, so that none waits for it."""

    def __init__(self, broker: RabbitMq, name: str, executor: Executor) -> None:
        self._broker = broker
        self._executor = executor
        self._small = _Way(broker, f"{name} out")
        self._large = _Way(broker, f"{name} out, large")

    async def publish(self, batch: Sequence[Claimed]) -> Sequence[TransportUnavailable | None]:
        """One result a sending: None when a queue has it on disk."""
        made = await asyncio.gather(*(self._letter(sending) for sending in batch))
        letters = [letter for letter in made if isinstance(letter, line.Letter)]
        way = self._large if any(sending.large for sending in batch) else self._small
        became = iter(await way.published(letters))
        return [next(became) if isinstance(one, line.Letter) else one for one in made]

    async def close(self) -> None:
        """Hang up."""
        await self._small.hang_up()
        await self._large.hang_up()

    async def _letter(self, sending: Claimed) -> line.Letter | TransportUnavailable:
        """What is published of a sending; or why it cannot be."""
        try:
            message = await self._message(sending)
            return line.Letter(topology.OUTBOUND, routing_key(sending), message)
        except TransportUnavailable as error:
            return error

    async def _message(self, sending: Claimed) -> Message:
        """What is published; a body too large for the broker is left in the shared folder.

        Raises:
            TransportUnavailable: `claim-check-unusable`, or the message cannot be made.
        """
        message, folder = message_of(sending), self._broker.claim_check_folder
        if folder is None or len(message.body) <= self._broker.claim_check_bytes:
            return message
        try:
            claim = await self._executor.run(bodies.keep, folder, message.body)
        except OSError:
            raise TransportUnavailable(code="claim-check-unusable") from None
        message.headers.update(claim.headers)
        message.body = b""
        return message


class _Way:
    """A line with one channel, made when it is needed; one batch at a time goes over it."""

    def __init__(self, broker: RabbitMq, name: str) -> None:
        self._broker = broker
        self._name = name
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._shown: set[str] = set()
        """Messages that no queue takes, whose copy stands at the broker."""

    async def published(
        self, letters: Sequence[line.Letter]
    ) -> Sequence[TransportUnavailable | None]:
        """What became of each; a line, or a channel of it, that is of no more use is given up."""
        if not letters:
            return []
        try:
            channel = await self._open_channel()
        except TransportUnavailable as trouble:
            return [trouble] * len(letters)
        results = await line.published(channel, letters, self._broker.publish_timeout_seconds)
        codes = {error.code if error is not None else None for error in results}
        if codes == {line.SILENT}:  # what was written waits for the broker in our memory
            await self.hang_up()
            return results
        for letter, error in zip(letters, results, strict=True):
            if error is None:
                self._shown.discard(letter.message.message_id or "")
            elif error.code == line.UNROUTABLE:
                await self._show(channel, letter.message)
        if line.DECLINED in codes:
            await self._renew(channel)
        return results

    async def hang_up(self) -> None:
        """The next batch has a new line."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            await line.hung_up(connection)

    async def _open_channel(self) -> AbstractChannel:
        """The one channel there is; a lost line is replaced by one attempt."""
        if self._channel is not None and not self._channel.is_closed:
            return self._channel
        await self.hang_up()
        self._connection = await line.connected(self._broker, self._name)
        self._channel = await line.answered(line.channel_of(self._connection, confirms=True))
        return self._channel

    async def _renew(self, channel: AbstractChannel) -> None:
        """Have another channel on the same line.

        A queue without a leader declines all that comes over the channel that first met it so,
        also once it has one again (RabbitMQ 3.10).
        """
        self._channel = None
        await line.hung_up(channel)
        if self._connection is not None:
            made = line.channel_of(self._connection, confirms=True)
            with contextlib.suppress(TransportUnavailable):  # the next attempt has a new line
                self._channel = await line.answered(made)

    async def _show(self, channel: AbstractChannel, message: AbstractMessage) -> None:
        """Leave one copy for whoever operates the broker; the sending itself is in the outbox."""
        ident = message.message_id or ""
        if ident in self._shown:
            return
        letter = line.Letter(topology.UNROUTABLE, "", message)
        seconds = self._broker.publish_timeout_seconds
        [error] = await line.published(channel, [letter], seconds)
        if error is None:
            self._shown.add(ident)


def routing_key(sending: Claimed) -> str:
    """Where the exchange takes it.

    Raises:
        TransportUnavailable: it goes nowhere that can be named.
    """
    if sending.destination == _RINA:
        return _RINA
    if INSTITUTION_ID.fullmatch(sending.destination) is None:
        raise TransportUnavailable(code="not-a-destination")
    return f"institution.{sending.destination}"


def message_of(sending: Claimed) -> Message:
    """The same bytes, id and headers whenever it is asked for.

    Raises:
        TransportUnavailable: its sidecar is larger than the headers may be.
    """
    headers = {
        "eessi-case-id": sending.case_id,
        "eessi-kind": sending.kind,
        "eessi-media": sending.media,
        "eessi-receiver": sending.receiver,
        "eessi-sha256": sending.digest,
    }
    if sending.trace is not None:
        headers["traceparent"] = str(sending.trace)
    body = sending.body
    if sending.media == "none":
        body = sending.sidecar or b""
    elif sending.sidecar is not None:
        if len(sending.sidecar) > SIDECAR_BYTES:
            raise TransportUnavailable(code="sidecar-too-big")
        headers["eessi-sidecar"] = sending.sidecar.decode("utf-8")
    return Message(
        body,
        headers={**headers},
        content_type=MEDIA[sending.media],
        message_id=sending.message_id,
        type=sending.kind,
        app_id="eessi-gateway",
        delivery_mode=DeliveryMode.PERSISTENT,
    )
