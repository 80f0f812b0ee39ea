"""What an institution learns beside the bytes that are handed to it: codes and ids, stable names.

`ops/interfaces.md` explains every key; a test compares the two.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from gateway.core.events import MessageReceived
from gateway.core.matter import Situation
from gateway.core.trace import Step
from ir_directory import Certainty

FORMAT: Final = "eessi-gateway/hand-over/1"


def describe(
    situation: Situation,
    event: MessageReceived,
    institution: str,
    decision: str,
    at: datetime,
    *,
    x007: str | None,
    certainty: Certainty | None = None,
    rules: Sequence[str] = (),
    trace: Sequence[Step] = (),
) -> dict[str, Any]:
    """The sidecar of one message for one institution."""
    return {
        "format": FORMAT,
        "instance": situation.policy.instance,
        "environment": situation.policy.environment,
        "institution": institution,
        "decision": decision,
        "certainty": certainty.code if certainty is not None else None,
        "message_id": event.message_id,
        "case_id": situation.case.case_id,
        "buc": event.buc,
        "sed": event.sed,
        "set_id": event.set_id,
        "document_version": event.version,
        "sha256": event.body,
        "x007_message_id": x007,
        "received_on": event.received_on,
        "decided_at": at.isoformat(),
        "release": situation.tables.release,
        "rules": list(rules),
        "trace": [{"code": s.code, "params": dict(s.params)} for s in trace],
    }
