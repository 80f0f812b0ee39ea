"""A line between a gateway and its broker that can be cut, refused, or swallow what is said."""

import asyncio
import contextlib
import socket
import struct
import threading

_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: what is closed is reset."""


class Line:
    """A relay of TCP in a thread of its own; its methods return when it is so."""

    def __init__(self, port):
        self._to = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = None
        self._writers = set()
        self._tasks = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self.taken = 0
        """Connections that were accepted."""
        self.port = 0
        self.accept()

    def accept(self):
        """Take connections, at the same port as before."""
        self._do(self._listen())

    def refuse(self):
        """Take no connections any more, and reset those there are."""
        self._do(self._close())

    def cut(self):
        """Reset every connection there is."""
        self._do(self._reset())

    def swallow(self, *, everything):
        """Let nothing through any more, and say nothing about it; or again let through."""
        self._loop.call_soon_threadsafe(self._flows.clear if everything else self._flows.set)

    def end(self):
        """Close everything."""
        self._flows.set()
        self._do(self._close())
        self._do(self._gone())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self):
        self._server = await asyncio.start_server(self._taken, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self):
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._reset()

    async def _reset(self):
        for writer in self._writers:
            with contextlib.suppress(OSError):  # closed already
                end = writer.get_extra_info("socket")
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            writer.transport.abort()
        self._writers.clear()

    async def _gone(self):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _taken(self, reader, writer):
        self.taken += 1
        there, out = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers |= {writer, out}
        for source, sink in ((reader, out), (there, writer)):
            task = asyncio.ensure_future(self._pour(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pour(self, source, sink):
        with contextlib.suppress(OSError):
            while said := await source.read(65536):
                await self._flows.wait()
                sink.write(said)
                await sink.drain()
        sink.close()
