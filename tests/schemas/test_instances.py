"""What a schema allows passes in both libraries, and each of its rules is held by both.

The documents come from the schemas themselves (`instances.py`): whether the schemas are right is
for the hand-written samples (`test_golden.py`) and the reference (`test_trees.py`) to say.
"""

from random import Random

import pytest
import xmlschema
from lxml import etree

from sed_schemas.load import FOLDER
from tests.schemas.instances import SIGNATURE, Node, mutants, whole

NS = "http://ec.europa.eu/eessi/ns/4_4/"
FILES = sorted((FOLDER / "cdm-4.4").glob("*.xsd"))
KNOWN = [file.stem for file in FILES if "\n  Lax:" not in file.read_text(encoding="utf-8")]
BLOCK_RULES = {"missing", "too long", "empty", "unknown code", "no date", "wrong shape"}
"""Those whose breach a lax SED cannot heal by taking the rest for something unknown."""
LAX = [file.stem for file in FILES if file.stem not in KNOWN]


@pytest.fixture(scope="module")
def libraries():
    """All SEDs in one schema: `(xmlschema, libxml2)`."""
    imports = "".join(
        f'<xs:import namespace="{NS}{file.stem}" schemaLocation="{file.as_uri()}"/>'
        for file in FILES
    )
    text = (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:test:all">'
        f"{imports}</xs:schema>"
    )
    return xmlschema.XMLSchema(text, allow="local"), etree.XMLSchema(etree.fromstring(text))


@pytest.fixture(scope="module")
def passes(libraries):
    explains, decides = libraries

    def _passes(xml):
        tree = etree.fromstring(xml)
        return decides.validate(tree), explains.is_valid(tree)

    return _passes


@pytest.fixture(scope="module")
def declared(libraries):
    return lambda sed: libraries[0].maps.elements[f"{{{NS}{sed}}}{sed}"]


def broken(root, rng, most):
    """At most so many mutants of each family of rules."""
    families = {}
    for mutant in mutants(root):
        families.setdefault(mutant.rule.partition(":")[0], []).append(mutant)
    for found in families.values():
        yield from rng.sample(found, min(most, len(found)))


def check(root, rng, passes, most):
    assert passes(root.xml()) == (True, True), root.xml()
    root.last = SIGNATURE
    assert passes(root.xml()) == (True, True)
    root.last = ""
    count = 0
    for mutant in broken(root, rng, most):
        count += 1
        xml = mutant.xml(root)
        assert passes(xml) == (False, False), (mutant.rule, mutant.place, xml)
    assert count > 10


@pytest.mark.parametrize("sed", KNOWN)
def test_what_a_strict_schema_allows_passes_and_what_it_forbids_does_not(sed, declared, passes):
    for seed, share in ((f"{sed} 1", 0.3), (f"{sed} 2", 0.8)):
        rng = Random(seed)
        check(whole(declared(sed), rng, share), rng, passes, 2)


@pytest.mark.parametrize("sed", KNOWN)
def test_what_must_be_there_is_enough(sed, declared, passes):
    """And without any one of its elements it is not."""
    rng = Random(sed)
    root = whole(declared(sed), rng, 0.0)
    assert passes(root.xml()) == (True, True)
    for mutant in mutants(root):
        if mutant.rule.startswith(("missing:", "none:")):
            xml = mutant.xml(root)
            assert passes(xml) == (False, False), (mutant.rule, mutant.place)


@pytest.mark.long
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("sed", KNOWN)
def test_every_rule_of_a_strict_schema_is_held(sed, declared, passes):
    for seed in range(10):
        rng = Random(f"{sed} long {seed}")
        check(whole(declared(sed), rng, (seed + 1) / 10), rng, passes, 10_000)


def test_a_block_of_a_lax_sed_is_whole_or_refused(libraries, passes):
    blocks = [e for name, e in libraries[0].maps.elements.items() if not name.startswith("{")]
    assert len(blocks) == 31
    for sed in (LAX[0], LAX[-1]):
        for block in blocks:
            rng = Random(f"{sed} {block.name}")
            for share in (0.3, 0.9):
                inside = whole(block, rng, share)
                root = Node(sed, None, [Node("Wrapper", None, [inside])], space=f"{NS}{sed}")
                assert passes(root.xml()) == (True, True), root.xml()
                for mutant in mutants(inside):
                    if mutant.rule.partition(":")[0] in BLOCK_RULES:
                        xml = mutant.xml(root)
                        assert passes(xml) == (False, False), (mutant.rule, xml)


def test_every_family_of_rules_is_among_the_mutants(declared):
    found = set()
    for sed in ("A001", "H001", "H120", "R028", "S080", "S114"):
        for seed in range(5):
            root = whole(declared(sed), Random(f"{sed} {seed}"), 0.9)
            found |= {mutant.rule.partition(":")[0] for mutant in mutants(root)}
    assert found == {
        "after the signature",
        "two signatures",
        "strange attribute",
        "strange element",
        "qualified",
        "text between elements",
        "element in a plain value",
        "missing",
        "twice",
        "order",
        "none",
        "both",
        "unknown code",
        "wrong shape",
        "too long",
        "empty",
        "no date",
        "empty date",
        "date of no calendar",
        "no double",
        "empty double",
        "no int",
        "empty int",
    }


def test_the_two_kinds_of_schema_are_all():
    assert len(KNOWN) == 148
    assert len(LAX) == 125
