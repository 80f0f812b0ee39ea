"""A message's violations with path, rule and sentence, for `validate`; not on the hot path."""

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from gateway.clock import SystemClock
from gateway.core.buc_rules import against_the_buc
from gateway.core.message import BusinessMessage, Malformed
from gateway.core.reading import Document, Limits, hardened_parser, read
from gateway.core.unusual import unusual
from gateway.core.validation import Schemas, Verdict, explain, of_document, transactions
from gateway.wording import sentence, told
from sed_schemas import Catalogue
from sed_schemas.load import SchemasInvalid

if TYPE_CHECKING:
    from xmlschema import XMLSchema

EXPLAIN_SECONDS: Final = 2.0
EXPLAIN_BYTES: Final = 1024 * 1024
"""Larger documents are judged, not explained."""


def validated(
    body: bytes, limits: Limits, schemas: Schemas, catalogue: Catalogue, lang: str
) -> dict[str, Any]:
    """`valid`, `cdm`, `sed`, `schema`, `count`, the first violations and warnings, stable names."""
    document = read(body, limits)
    if isinstance(document, Malformed):
        text = sentence(lang, "cause", document.code)
        problem = {"path": "/", "code": document.code, "params": {}, "text": text}
        return _result(valid=False, violations=[problem], count=1)
    message = document.message
    found = of_document(document, schemas)
    violations: list[dict[str, Any]] = []
    rules = catalogue.bucs.get(message.buc)
    of_buc = against_the_buc(rules, message) if rules is not None else ()
    warnings = told(lang, (*unusual(document), *of_buc))
    if not found.valid:
        with contextlib.suppress(SchemasInvalid):  # one library takes it, the other does not
            violations = _explained(document, _schema(message, found, schemas), lang)
        violations = violations or [
            {"path": "/", "code": rule, "params": {}, "text": sentence(lang, "violation", rule)}
            for rule in found.rules
        ]
    return _result(
        valid=found.valid,
        cdm=message.cdm,
        sed=message.sed,
        schema=found.source,
        violations=violations,
        count=found.count,
        warnings=warnings,
    )


def _result(
    *,
    valid: bool,
    violations: list[dict[str, Any]],
    count: int,
    cdm: str | None = None,
    sed: str | None = None,
    schema: str | None = None,
    warnings: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    return {
        "valid": valid,
        "cdm": cdm,
        "sed": sed,
        "schema": schema,
        "violations": violations,
        "count": count,
        "warnings": list(warnings),
    }


def _schema(message: BusinessMessage, found: Verdict, schemas: Schemas) -> "XMLSchema":
    """The one that says where and why."""
    if found.transaction:
        known = map(schemas.transaction_explanation, transactions(message))
        return next(schema for schema in known if schema is not None)
    return schemas.explanation(message.header_version, message.cdm, message.sed)


def _explained(document: Document, schema: "XMLSchema", lang: str) -> list[dict[str, Any]]:
    if len(document.xml) > EXPLAIN_BYTES:
        return []
    clock = SystemClock()
    end = clock.monotonic() + EXPLAIN_SECONDS
    root: etree._Element = etree.fromstring(document.xml, hardened_parser())
    return [
        {
            "path": violation.path,
            "code": violation.code,
            "params": {"element": violation.element},
            "text": sentence(lang, "violation", violation.code, {"element": violation.element}),
        }
        for violation in explain(root, schema, lambda: clock.monotonic() > end)
    ]
