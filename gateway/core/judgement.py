"""What judging one message yields, and what the journal records in one transaction."""

from dataclasses import dataclass
from datetime import date, datetime

from gateway.core.decision import Decision
from gateway.core.events import Event
from gateway.core.leaving import Mode
from gateway.core.message import BusinessMessage
from gateway.core.outgoing import Outgoing
from gateway.core.states import MessageState
from gateway.core.trace import Step
from ir_directory import Certainty


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision with its reasons and its consequences. Nothing of it has happened yet."""

    message_id: str
    """InstanceIdentifier; the SHA-256 of the bytes when they are no business message."""
    digest: str
    message: BusinessMessage | None
    decision: Decision | None
    """None when the content is known already: the message is linked to the first one."""
    state: MessageState
    case_id: str | None
    """The case it is recorded in: for an answer in a case of our own, the case asked about."""
    revision: int
    """Of the case, as it was judged; recording fails when the case has moved on."""
    release: str
    """Of the tables, as it was judged on."""
    reference_date: date
    candidates: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    certainty: Certainty | None = None
    trace: tuple[Step, ...] = ()
    rules: tuple[str, ...] = ()
    """Rows used: rule names and areas."""
    events: tuple[Event, ...] = ()
    """What is added to the history of the case."""
    protects: str = ""
    """The case whose person is protected, says a message that becomes no part of it."""
    outgoing: tuple[Outgoing, ...] = ()
    mode: Mode = Mode.AUTOMATIC
    """How it leaves."""
    same_as: str | None = None
    """First message with this content."""
    moves: tuple[tuple[str, MessageState], ...] = ()
    """Earlier messages that this decision takes along, with their new state."""
    own_case: str | None = None
    """International case id of an H_BUC_01 of ours that asks about this case."""
    due: datetime | None = None
    """When something is due in the case if nothing comes (`deadlines`)."""
    times: bool = False
    """Whether `due` takes the place of what the journal has; it does not change otherwise."""
    violations: tuple[str, ...] = ()
    """Rule names of schema violations; never a value of the document."""
    schemas: str = ""
    """Name of the schema set it was held against; empty where it was not."""
