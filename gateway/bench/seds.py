"""The messages that measurements at a broker are made with: SEDs of made-up cases."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid5

from gateway.simulation.envelope import Attachment, Envelope

HOLDER: Final = "FR:0101100000"
"""The institution that all of these cases are transferred to."""
US: Final = "FR:CLEISS0000"
MESSAGE_BYTES: Final = 5 * 1024
_SENDER: Final = "DE:SIMB01"
_AT: Final = datetime(2026, 6, 1, 9, tzinfo=UTC)
_NAMES: Final = UUID("3c1f2a50-0000-4000-8000-000000000003")
_PERSON: Final = (
    "<Person><PersonIdentification><familyName>Muster</familyName><forename>Erika</forename>"
    "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex></PersonIdentification></Person>"
    "<AddressPerson><Address><town>Bourg-en-Bresse</town><postalCode>01000</postalCode>"
    "<country><value>FR</value></country></Address></AddressPerson><Request><PeriodConcerned>"
    "<FixedPeriod><startDate>2024-01-01</startDate><endDate>2024-12-31</endDate></FixedPeriod>"
    "</PeriodConcerned></Request>"
)


def sed(case: int, version: int, *, size: int = MESSAGE_BYTES, attachment: bytes = b"") -> bytes:
    """A SED of a case: its first (1), or a later version of it; brought to at least `size` bytes.

    The first has the case transferred, a later one is delivered to whom it was transferred to.
    """
    envelope = Envelope(
        message_id=message_id(case, version),
        case_id=_name(f"case {case}"),
        set_id=_name(f"document {case}"),
        buc="S_BUC_24",
        sed="S040",
        cdm="4.4",
        action="Start" if version == 1 else "Update",
        version=version,
        created_at=_AT,
        sender=_SENDER,
        receivers=(US,),
        content=_PERSON,
        attachments=(Attachment(_name(f"attachment {case}"), "scan.pdf", attachment),)
        if attachment
        else (),
    )
    body = envelope.body()
    if attachment:
        return body
    return body + b"<!--" + b" " * max(size - len(body) - 7, 0) + b"-->"


def message_id(case: int, version: int) -> str:
    """The id of that message."""
    return _name(f"message {case} {version}")


def _name(text: str) -> str:
    return str(uuid5(_NAMES, text))
