"""Valid documents made from a schema, and the same documents with one rule broken.

Made from the declarations as `xmlschema` reads them; what each mutant breaks is worked out here
from the declaration alone, so that both libraries can be asked whether they refuse it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from xmlschema.validators import XsdElement, XsdGroup

DEEPEST = 7
"""Optional elements below this depth are left out, so that documents stay small."""
SHAPES = {
    "EESSIEHICType": "80250000000000000000",
    "EESSIIBANType": "XX00TEST0000000000",
    "EESSIBICSWIFTType": "TESTXX2A",
    "EESSIYearType": "2024",
    "EESSIPercentageType": "12.5",
    "EESSIAmountType": "1840.50",
    "EESSIEmailType": "probe@example.org",
    "EESSITelephoneNumberStringType": "+33 1 23456789",
}
"""Texts for the types that have a pattern."""
BASES = {"string": "x", "date": "2024-02-29", "int": "7", "double": "7.25"}
SIGNATURE = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:Any/></ds:Signature>'


@dataclass
class Node:
    """An element of a document with the declaration that it was made from."""

    tag: str
    declared: Any
    kids: list[Node] = field(default_factory=list)
    text: str = ""
    space: str = ""
    """The namespace, of a root."""
    attributes: str = ""
    last: str = ""
    """XML behind the children."""

    def xml(self) -> str:
        """The element as text."""
        inside = self.text + "".join(kid.xml() for kid in self.kids) + self.last
        prefix, space = ("q:", f' xmlns:q="{self.space}"') if self.space else ("", "")
        return f"<{prefix}{self.tag}{space}{self.attributes}>{inside}</{prefix}{self.tag}>"

    def walk(self) -> Iterator[Node]:
        """This element and all below it."""
        yield self
        for kid in self.kids:
            yield from kid.walk()


def whole(declared: XsdElement, rng: Random, share: float = 0.5) -> Node:
    """A valid document: each optional element is there with the chance `share`."""
    root = _element(declared, rng, share, 0)
    root.space = declared.target_namespace
    return root


def _element(declared: XsdElement, rng: Random, share: float, depth: int) -> Node:
    node = Node(declared.local_name, declared)
    kind = declared.type
    if kind.is_complex() and not kind.has_simple_content():
        node.kids = list(_group(kind.content, rng, share, depth))
    else:
        node.text = _text(kind, rng)
    return node


def _group(group: XsdGroup, rng: Random, share: float, depth: int) -> Iterator[Node]:
    parts = [part for part in group if isinstance(part, XsdElement | XsdGroup)]
    if group.model == "choice":
        parts = [rng.choice(parts)] if parts else []
    for part in parts:
        for _ in range(_times(part, rng, share, depth)):
            if isinstance(part, XsdGroup):
                yield from _group(part, rng, share, depth)
            else:
                yield _element(part, rng, share, depth + 1)


def _times(part: Any, rng: Random, share: float, depth: int) -> int:
    least, most = part.min_occurs, part.max_occurs
    if least == 0 and (depth >= DEEPEST or rng.random() >= share):
        return 0
    more = most is None and depth < DEEPEST and rng.random() < share / 2
    return max(least, 1) + more


def _text(kind: Any, rng: Random) -> str:
    if kind.enumeration:
        return rng.choice(kind.enumeration)
    if kind.local_name in SHAPES:
        return SHAPES[kind.local_name]
    text = BASES[_base(kind)]
    if _base(kind) == "string" and kind.max_length is not None:
        return text * rng.choice((1, kind.max_length))
    return text


def _base(kind: Any) -> str:
    """The built-in type below a simple type."""
    while kind.local_name not in BASES:
        kind = kind.base_type
    return kind.local_name


# -- one rule broken ----------------------------------------------------------------------------


@dataclass
class Mutant:
    """A document with one rule broken."""

    rule: str
    """Its family, then the names where there are any: `order: b before a`."""
    place: str
    make: Callable[[], Callable[[], None]]
    """Breaks the document; what comes back mends it."""

    def xml(self, root: Node) -> str:
        """The broken document; `root` is whole again afterwards."""
        mend = self.make()
        text = root.xml()
        mend()
        return text


def mutants(root: Node) -> Iterator[Mutant]:
    """Every mutant of a document; of an element whose content is unknown, only its place."""
    yield _set(root, "last", "after the signature", SIGNATURE + "<strange/>")
    yield _set(root, "last", "two signatures", SIGNATURE * 2)
    for node in root.walk():
        kind = node.declared.type
        if node is not root:
            yield _set(node, "space", "qualified", root.space)
        if kind.local_name == "anyType":
            continue
        if node is not root:
            yield _set(node, "attributes", "strange attribute", ' strange="1"')
        if kind.is_complex() and not kind.has_simple_content():
            yield _set(node, "text", "text between elements", "text")
            yield _kids(node, "strange element", [*node.kids, Node("strange", None)])
            yield from _structure(node, kind.content)
        else:
            yield from _values(node, kind)


def _structure(node: Node, content: XsdGroup) -> Iterator[Mutant]:
    """Mutants of the children: one missing, one too many, two in the wrong order."""
    direct = _direct(content)
    for at, kid in enumerate(node.kids):
        name = kid.tag
        rest = [k for k in node.kids if k is not kid]
        last = all(k.tag != name for k in rest)
        if last and direct.get(name) is not None and _needed(content, name):
            yield _kids(node, f"missing: {name}", rest)
        if direct.get(name) == 1 or kid.declared.max_occurs == 1:
            yield _kids(node, f"twice: {name}", [*node.kids[: at + 1], *node.kids[at:]])
        after = node.kids[at + 1] if at + 1 < len(node.kids) else None
        if after is not None and name in direct and after.tag in direct and after.tag != name:
            swapped = [*node.kids[:at], after, kid, *node.kids[at + 2 :]]
            yield _kids(node, f"order: {after.tag} before {name}", swapped)
    for choice in _choices(content):
        yield from _other_arms(node, choice)


def _direct(content: XsdGroup) -> dict[str, int | None]:
    """Elements that stand directly in a sequence that comes once: how often at most."""
    if content.model != "sequence" or content.max_occurs != 1:
        return {}
    return {p.local_name: p.max_occurs for p in content if isinstance(p, XsdElement)}


def _needed(content: XsdGroup, name: str) -> bool:
    part = next(p for p in content if isinstance(p, XsdElement) and p.local_name == name)
    return content.min_occurs > 0 and part.min_occurs > 0


def _choices(content: XsdGroup) -> Iterator[XsdGroup]:
    """Choices of single elements, of which one instance holds one."""
    for group in (content, *(part for part in content if isinstance(part, XsdGroup))):
        if (
            group.model == "choice"
            and group.max_occurs == 1
            and content.max_occurs == 1
            and all(isinstance(part, XsdElement) for part in group)
        ):
            yield group


def _other_arms(node: Node, choice: XsdGroup) -> Iterator[Mutant]:
    arms = {part.local_name: part for part in choice}
    taken = [kid for kid in node.kids if kid.tag in arms]
    if not taken:
        return
    rest = [kid for kid in node.kids if kid.tag not in arms]
    needed = choice.min_occurs > 0 and all(part.min_occurs > 0 for part in choice)
    if needed:
        yield _kids(node, f"none: {', '.join(arms)}", rest)
    at = node.kids.index(taken[-1]) + 1
    for name, part in arms.items():
        if name != taken[0].tag:
            other = _element(part, Random(0), 0.0, 0)
            more = [*node.kids[:at], other, *node.kids[at:]]
            yield _kids(node, f"both: {name} beside {taken[0].tag}", more)


def _values(node: Node, kind: Any) -> Iterator[Mutant]:
    """Mutants of a plain value."""
    yield _kids(node, "element in a plain value", [Node("strange", None)])
    if kind.enumeration:
        yield _set(node, "text", "unknown code", "77x")
        return
    base = _base(kind)
    if base != "string":
        yield _set(node, "text", f"no {base}", "x")
        yield _set(node, "text", f"empty {base}", "")
    if base == "date":
        yield _set(node, "text", "date of no calendar", "2023-02-29")
    if kind.local_name in SHAPES:
        yield _set(node, "text", "wrong shape", "§")
    if base == "string" and kind.max_length is not None:
        yield _set(node, "text", "too long", "x" * (kind.max_length + 1))
    if base == "string" and kind.min_length:
        yield _set(node, "text", "empty", "")


def _set(node: Node, name: str, rule: str, value: str) -> Mutant:
    return _changed(node, name, rule, value)


def _kids(node: Node, rule: str, kids: list[Node]) -> Mutant:
    return _changed(node, "kids", rule, kids)


def _changed(node: Node, name: str, rule: str, value: object) -> Mutant:
    def make() -> Callable[[], None]:
        before = getattr(node, name)
        setattr(node, name, value)
        return lambda: setattr(node, name, before)

    return Mutant(rule, node.tag, make)
