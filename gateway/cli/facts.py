"""The facts found in SEDs, in a line each: whose they are and where, and what they say if asked."""

from collections.abc import Iterator
from typing import Final

import click

from gateway.core.evidence import Address, Evidence
from gateway.core.extracting import words
from gateway.core.reading import Document, Limits, read

Fact = dict[str, str]
NAMES: Final = ("fact", "about", "kind", "country", "element", "value")
ERASED: Final = dict(zip(NAMES, ("erased", "", "evidence", "", "", ""), strict=True))
"""Stands, for programs, instead of what was said and is kept no longer."""


def facts(evidence: Evidence) -> list[Fact]:
    """What was found, about whom and in which element, in stable names; with its values."""
    return [fact for one in (evidence, *evidence.others) for fact in _of(one)]


def in_words(body: bytes) -> list[Fact]:
    """What a message that was read before says in words, which nothing decides on."""
    document = read(body, Limits(len(body), len(body)))
    said = words(document.sed) if isinstance(document, Document) else ()
    return [_fact("words", "", "prose", "", element, text) for element, text in said]


def without_values(found: list[Fact]) -> list[Fact]:
    """The same without what they say, which is personal data."""
    return [{name: text for name, text in fact.items() if name != "value"} for fact in found]


def show(fact: Fact) -> None:
    """One fact, for people."""
    whose = ", ".join(text for text in (fact["about"], fact["country"]) if text)
    kind = f"{fact['kind']} ({whose})" if whose else fact["kind"]
    value = f" = {fact['value']}" if fact.get("value") else ""
    click.echo(f"    < {kind}: {fact['element']}{value}")


def _of(evidence: Evidence) -> Iterator[Fact]:
    for a in evidence.addresses:
        yield _fact("address", a.about, a.kind, a.country, a.element, _place(a))
    for p in evidence.pins:
        yield _fact("number", p.about, "pin", p.country, p.element, p.number)
    for n in evidence.named:
        named = " ".join(text for text in (n.id, n.name) if text)
        yield _fact("institution", n.about, n.where, n.country, n.element, named)
    for e in evidence.employers:
        known_as = " ".join((e.name, *(number for _, number in e.numbers))).strip()
        yield _fact("employer", e.about, "organisation", "", e.element, known_as)
    for s in evidence.stated:
        yield _fact("statement", s.about, s.kind, "", s.element, s.value)


def _place(address: Address) -> str:
    return " ".join(text for text in (address.postcode, address.town) if text)


def _fact(fact: str, about: str, kind: str, country: str, element: str, value: str) -> Fact:
    return dict(zip(NAMES, (fact, about, kind, country, element, value), strict=True))
