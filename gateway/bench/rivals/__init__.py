"""What the gateway is measured against by `bench relay`: each a program of its own, from queue to
queue. Nothing of the gateway uses them.
"""

from typing import Final

IN: Final = "bench.in"
OUT: Final = "bench.out"
PREFETCH: Final = 200
AMQP: Final = "EESSI_BENCH_AMQP"
"""In the environment: the address of the broker, which may hold a password."""
