"""Which event loop the daemon runs on: Python's own, or uvloop where speed counts (ADR 0023)."""

import asyncio
from typing import Literal

from gateway.errors import Unreachable

EventLoop = Literal["asyncio", "uvloop"]


def runner(name: EventLoop) -> asyncio.Runner:
    """What runs a coroutine on that loop, and cleans up behind it.

    Raises:
        Unreachable: the package was installed without its extra for uvloop.
    """
    if name == "asyncio":
        return asyncio.Runner()
    try:
        import uvloop  # noqa: PLC0415 - of an extra
    except ModuleNotFoundError:
        raise Unreachable(
            'workers.event_loop = "uvloop" needs the extra of that name: install'
            " eessi-gateway[uvloop].",
            french='workers.event_loop = "uvloop" demande l\'extra de ce nom : installer'
            " eessi-gateway[uvloop].",
            code="extra-missing",
        ) from None
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)
