"""The EESSI gateway.

Read `pipeline.py` first (one message, top to bottom), then `core/decision.py` (what can
happen to it), then `daemon.py` (how everything is put together).
"""

__version__ = "0.1.0"
