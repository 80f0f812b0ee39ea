"""One of each kind of message that leaves in our name, about a person who does not exist.

Other schemas, and another template, are held against them before anything real is written.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Final

from gateway.core import composing
from gateway.core.composing import Rejected
from gateway.core.events import MessageReceived
from gateway.core.evidence import Evidence, Person
from gateway.core.letter import Letterhead
from gateway.core.outgoing import Outgoing
from routing_tables import QuestionText

THEM: Final = "DE:SIMS01"
SOMEBODY: Final = Evidence(subject=Person("Probe", "Ada", date(1980, 5, 17), "02"))
ASKS: Final = (QuestionText("Address", "Residence", "Where does the person live?"),)
_TARGET: Final = "FR:0101100000"


def letterhead(cdm: str, buc: str = "S_BUC_24") -> Letterhead:
    """To one institution abroad, in a case that there is not."""
    return Letterhead(
        cause="specimen",
        us="FR:CLEISS0000",
        us_name="Cleiss",
        our_role="Counterparty",
        case_id="00000000-0000-4000-8000-000000000000",
        buc=buc,
        cdm=cdm,
        others=((THEM, "CaseOwner"),),
        at=datetime(2026, 1, 5, 9, tzinfo=UTC),
    )


def written(cdm: str, pension_template: str) -> Iterator[Outgoing]:
    """All that can leave in a case of that CDM version."""
    head = letterhead(cdm)
    about = MessageReceived(
        *("m", "U001", "Start", head.case_id, 1, "", None, head.buc, cdm, head.us),
        *("Counterparty", (THEM, head.us), THEM, "2026-01-05", "", "xml"),
    )
    rejected = Rejected("m", "U001", head.case_id, THEM, head.at.date())
    yield composing.forward(head, SOMEBODY, _TARGET, "Caisse")[0]
    yield composing.withdraw_forwarding(head, SOMEBODY, head.case_id, head.at.date())[0]
    yield composing.reject(head, SOMEBODY, rejected, "02", "")
    yield composing.exception(head, about, "02")
    yield composing.step_back(head, SOMEBODY, _TARGET)[0]
    yield composing.note(head, SOMEBODY, "Note", _TARGET, THEM)
    yield composing.clarification(head, SOMEBODY, ASKS, about, THEM)
    yield composing.request(head, SOMEBODY, ASKS, ("residence",), THEM)
    yield composing.pension_request(head, SOMEBODY, ASKS, pension_template, THEM)
    yield composing.remind(head, SOMEBODY, ASKS, head.case_id, THEM)
