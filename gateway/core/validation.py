"""Document and schema to a verdict, and the verdict to an explanation.

The verdict comes from a parser that carries the schema: it is linear in the number of errors,
where `XMLSchema.validate` is quadratic. The explanation (path and rule) costs a hundred times
more and runs under a deadline, for documents that failed only. Neither ever holds a value of the
document: a value can be a person's number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Protocol

from lxml import etree

from gateway.core.message import BusinessMessage
from gateway.core.reading import Document, hardened_parser
from sed_schemas import Transaction

if TYPE_CHECKING:
    import xmlschema

MOST: Final = 20
"""Violations told; the count goes on."""


class Schemas(Protocol):
    """Compiled schemas, one copy a thread (`sed_schemas.schema_set.SchemaSet`)."""

    @property
    def name(self) -> str:
        """Tells this set from any other: `profile`, or the official packages in force."""

    def source(self, cdm: str, sed: str) -> str | None:
        """`profile`, `official`, or None when there is no schema for the SED."""

    def for_message(self, header_version: str, cdm: str, sed: str) -> etree.XMLSchema | None:
        """Envelope and SED in one schema; the envelope alone when the SED has none."""

    def of_sed(self, cdm: str, sed: str) -> etree.XMLSchema:
        """The SED in any envelope; asked for with an official schema alone."""

    def of_transaction(self, transaction: Transaction) -> Sequence[etree.XMLSchema]:
        """Official schemas of the whole message; it keeps to one of them, where there are any."""

    def transaction_explanation(self, transaction: Transaction) -> "xmlschema.XMLSchema | None":
        """The first of them, for `explain`."""

    def explanation(self, header_version: str, cdm: str, sed: str) -> "xmlschema.XMLSchema":
        """The same as `for_message`, for `explain`."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a document keeps to its schema."""

    source: str | None
    """Whose schema decided: `profile`, `official`, or None (envelope alone)."""
    rules: tuple[str, ...] = ()
    """Names of the rules broken, the first `MOST`; empty when valid."""
    count: int = 0
    transaction: bool = False
    """True when a transaction schema is broken: the SED alone keeps to its own."""

    @property
    def valid(self) -> bool:
        """True when nothing is broken."""
        return not self.rules


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule broken at one place, without the value that broke it."""

    path: str
    code: str
    """The schema component, such as `enumeration` or `sequence`."""
    element: str


def of_document(document: Document, schemas: Schemas) -> Verdict:
    """The verdict on a message: on its SED, then, where an official one is there, on the whole.

    A transaction schema decides on the envelope, too: what ours says of it counts no more.
    """
    message = document.message
    found = verdict(document.xml, message.header_version, message.cdm, message.sed, schemas)
    if found.source == "official" and not found.valid:
        return found
    whole = [
        _broken(document.xml, schema)
        for transaction in transactions(message)
        for schema in schemas.of_transaction(transaction)
    ]
    if not whole:
        return found
    if not all(rules for rules, _ in whole):
        return Verdict("official")
    rules, count = whole[0]
    return Verdict("official", rules, count, transaction=True)


def transactions(message: BusinessMessage) -> tuple[Transaction, ...]:
    """What the message may be called by: one a role among its receivers."""
    return tuple(
        Transaction(
            message.buc,
            message.case_cdm,
            message.sender.role.value,
            role,
            message.action.value,
            message.sed,
        )
        for role in dict.fromkeys(party.role.value for party in message.receivers)
    )


def verdict(xml: bytes, header_version: str, cdm: str, sed: str, schemas: Schemas) -> Verdict:
    """Check an envelope with its SED, at parse time.

    The envelope's schema is always ours. A message that breaks it, with a SED that keeps to the
    official schema, breaks the profile and nothing else.
    """
    source = schemas.source(cdm, sed)
    schema = schemas.for_message(header_version, cdm, sed)
    if schema is None:
        return Verdict(source)
    rules, count = _broken(xml, schema)
    if rules and source == "official" and not _broken(xml, schemas.of_sed(cdm, sed))[0]:
        source = "profile"
    return Verdict(source, rules, count)


def _broken(xml: bytes, schema: etree.XMLSchema) -> tuple[tuple[str, ...], int]:
    """Names of the first rules broken, and how many are."""
    parser = hardened_parser(schema)
    try:
        etree.fromstring(xml, parser)
    except etree.XMLSyntaxError:
        # never exc.error_log: it holds the messages of documents read before in this thread
        log = parser.error_log
        rules = tuple(entry.type_name for entry in islice(log, MOST))
        return rules or ("SCHEMAV_UNKNOWN",), max(len(log), 1)
    return (), 0


def explain(
    root: etree._Element, explaining: "xmlschema.XMLSchema", out_of_time: Callable[[], bool]
) -> tuple[Violation, ...]:
    """Where a document breaks which rule; stops when `out_of_time` says so."""
    schema: Any = explaining  # typed for ElementTree, not lxml
    errors = schema.iter_errors(root, validation_hook=lambda _e, _x: out_of_time())
    return tuple(
        Violation(
            error.path or "/",
            type(error.validator).__name__,
            etree.QName(error.elem).localname if error.elem is not None else "",
        )
        for error in islice(errors, MOST)
    )
