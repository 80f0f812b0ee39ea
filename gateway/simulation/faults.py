"""Messages as they should not be: broken bytes, unknown codes, wrong receivers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gateway.simulation.envelope import Envelope

SET_ASIDE: Final = "set-aside"
BY_A_PERSON: Final = "refer|refuse|set-aside"
"""Readable, but nothing that a machine may decide."""

BROKEN: Final[dict[str, Callable[[Envelope, int], bytes]]] = {
    "not_xml": lambda envelope, number: f"%PDF-1.4 sent by mistake, {number}\n".encode(),
    "truncated": lambda envelope, number: envelope.body()[: 700 + number % 400],
    "doctype": lambda envelope, number: _with_doctype(envelope),
    "empty": lambda envelope, number: b"\n" * number,
    "wrong_encoding": lambda envelope, number: _in_latin(envelope),
    "header_incomplete": lambda envelope, number: _without_set_id(envelope),
}
"""Kind of fault to bytes that are no business message."""

WRONG: Final[dict[str, Callable[[Envelope], Envelope]]] = {
    "unknown_buc": lambda envelope: replace(envelope, buc="S_BUC_99"),
    "unknown_sed": lambda envelope: replace(envelope, sed="S999"),
    "unknown_model": lambda envelope: replace(envelope, cdm="4.9"),
    "not_for_us": lambda envelope: replace(envelope, receivers=("FR:0169100000",)),
    "outside_its_buc": lambda envelope: replace(envelope, buc="S_BUC_19"),
}
"""Kind of fault to a business message that is readable and wrong.

No SED of a profile, horizontal ones included, belongs to S_BUC_19, which knows claims alone.
"""


def expected(kind: str) -> str:
    """What should become of a faulty message."""
    return SET_ASIDE if kind in BROKEN or kind == "not_for_us" else BY_A_PERSON


def _with_doctype(envelope: Envelope) -> bytes:
    head, _, rest = envelope.xml().partition("\n")
    declared = '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    return f"{head}\n{declared}\n{rest}".encode()


def _in_latin(envelope: Envelope) -> bytes:
    """Declared as UTF-8 and written otherwise."""
    accented = envelope.xml().replace("</sbdh:BusinessScope>", "<!-- é --></sbdh:BusinessScope>")
    return accented.encode("latin-1", "replace")


def _without_set_id(envelope: Envelope) -> bytes:
    return envelope.xml().replace(f"<sbdh:SetId>{envelope.set_id}</sbdh:SetId>", "").encode()
