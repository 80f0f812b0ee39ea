"""A bare relay: consume, publish with confirm, acknowledge. Nothing can be faster on aio-pika."""

import asyncio
import os

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

from gateway.bench.rivals import AMQP, IN, OUT, PREFETCH


async def relay(url: str) -> None:
    """Until it is ended."""
    async with await aio_pika.connect(url) as connection:
        source, target = await connection.channel(publisher_confirms=False), connection.channel()
        await target.initialize()
        await source.set_qos(prefetch_count=PREFETCH)

        async def pass_on(message: AbstractIncomingMessage) -> None:
            copy = aio_pika.Message(message.body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await target.default_exchange.publish(copy, OUT)
            await message.ack()

        await (await source.get_queue(IN, ensure=False)).consume(pass_on)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(relay(os.environ[AMQP]))
