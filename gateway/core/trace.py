"""One step of an explanation: a code with typed parameters, never a sentence.

Sentences are made at the edge (`gateway.wording`). Parameters that can hold personal data are
named in `PERSONAL`; they never enter a log line, a metric or an error.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

PERSONAL: Final = frozenset({"name", "town", "postcode", "number"})
"""Parameter names whose values can identify a person."""

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})

CODES: Final[Mapping[str, frozenset[str]]] = {
    "residence-known": frozenset({"country", "person"}),
    "institution-named": frozenset({"institution", "place"}),
    "institution-named-unknown": frozenset({"place"}),
    "institution-named-ended": frozenset({"institution", "successor"}),
    "institution-named-test": frozenset({"institution"}),
    "named-with-other-country": frozenset({"institution", "country"}),
    "scheme-known": frozenset({"scheme"}),
    "assumed-general": frozenset({"rule"}),
    "assumed-general-off": frozenset({"rule", "buc"}),
    "crew": frozenset(),
    "route-matched": frozenset({"rule", "buc", "certainty"}),
    "rule-accepted": frozenset({"rule"}),
    "route-missing": frozenset({"buc"}),
    "area-matched": frozenset({"network", "area", "institution", "certainty"}),
    "area-ambiguous": frozenset({"network", "area", "count"}),
    "area-unknown": frozenset({"network"}),
    "address-in-doubt": frozenset(),
    "confirmed-by-name": frozenset({"institution"}),
    "contradicted-by-name": frozenset({"institution", "named"}),
    "successor": frozenset({"institution", "successor"}),
    "institution-ended": frozenset({"institution"}),
    "institution-certainty": frozenset({"institution", "certainty"}),
    "competence-denied": frozenset({"institution", "buc"}),
    "competence-not-told": frozenset({"institution", "buc"}),
    "competence-listed": frozenset({"institution", "buc", "certainty"}),
    "resolved-by-rule": frozenset({"buc", "institution", "label", "rule", "since"}),
    "resolved-by-place": frozenset(
        {"buc", "datum", "institution", "label", "rule", "since", "area"}
    ),
    "competence-unlisted": frozenset({"institution", "buc"}),
    "datum-missing": frozenset({"datum"}),
    "profile-warning": frozenset({"rule"}),
    "schema-broken": frozenset({"source", "rule"}),
    "party-id-unusual": frozenset({"institution"}),
    "sed-outside-buc": frozenset({"buc", "sed"}),
    "sender-outside-buc": frozenset({"buc", "sed", "role"}),
    "action-outside-buc": frozenset({"buc", "sed", "action", "allowed"}),
    "header-unusual": frozenset({"header", "cdm"}),
    "sed-version-unusual": frozenset({"stated", "cdm"}),
    "time-without-zone": frozenset(),
    "cdm-before-its-time": frozenset({"cdm", "date"}),
    "cdm-after-its-time": frozenset({"cdm", "now", "date"}),
    "cdm-switch-ahead": frozenset({"cdm", "date", "days"}),
    "cdm-switch-unprepared": frozenset({"cdm", "date"}),
    "cdm-switch-done": frozenset({"cdm", "date"}),
    "answer-used": frozenset({"datum"}),
    "chosen-by-person": frozenset({"institution"}),
    "added-by-person": frozenset({"datum"}),
    "asked-by-person": frozenset({"datum"}),
    "rejected-by-person": frozenset({"ground"}),
    "content-known": frozenset({"message"}),
    "forwarder-unknown": frozenset(),
    "tables-example": frozenset({"release"}),
}
"""Every code with its parameters; a test holds the wordings to this table."""


class Step(NamedTuple):
    """Why something was decided: one code of `CODES` with its parameters."""

    code: str
    params: Mapping[str, str] = NOTHING


def step(code: str, **params: str) -> Step:
    """A step whose code and parameters are checked against `CODES`.

    Raises:
        KeyError: the code is not on the page, or its parameters are others (a bug).
    """
    if params.keys() != CODES[code]:
        raise KeyError(f"{code}: {sorted(params)} instead of {sorted(CODES[code])}")
    return Step(code, params)
