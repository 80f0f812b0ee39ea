"""Messages through RabbitMQ: quorum queues, confirms, and the same bytes again when in doubt.

In (`arriving`): queue `eessi.inbound`. The broker is told that a message is done with once the
journal has it; what it hears nothing of it gives out again, and the journal knows it.

What became of what left (`statuses`): queue `eessi.status`, each message as a file of statuses.

Out (`leaving`): exchange `eessi.outbound` by routing key, `institution.<id>` or `rina`. A sending
counts as handed over when a queue has it durably. One that no queue takes comes back: it stays in
the outbox, and a copy stands in `eessi.unroutable` for whoever operates the broker.

Bodies that are too large for the broker (`bodies`) go by a folder that both sides share. What comes
in and cannot be used (`dead`) stands in `eessi.dead`, as a copy with a report.

Lines to the broker (`line`) are plain ones, made anew where they are needed: a failed publisher
is tried again by the outbox, a failed consumer (`session`) by the pipeline. What must be there
(`topology`) is looked at, and made by `eessi-gateway broker apply` alone.
"""

from gateway.transport.rabbitmq.arriving import RabbitConsumer
from gateway.transport.rabbitmq.leaving import RabbitPublisher
from gateway.transport.rabbitmq.line import opened
from gateway.transport.rabbitmq.statuses import RabbitStatuses
from gateway.transport.rabbitmq.topology import check

__all__ = ["RabbitConsumer", "RabbitPublisher", "RabbitStatuses", "check", "opened"]
