"""The template of a P8000, whose tree is not public: read, and held against the schemas in force.

What the package carries is inferred, and says so; a corrected copy takes its place by
`policy.pension_template` (reference: `ways to ask`, P_BUC_01, 02, 03, 05, 10).
"""

from pathlib import Path
from typing import Final

from lxml import etree

from gateway.config import Config
from gateway.core import composing
from gateway.core.judging import Examined, examine
from gateway.core.reading import Limits
from gateway.core.validation import Schemas
from gateway.errors import Refused
from gateway.specimens import ASKS, SOMEBODY, THEM, letterhead

PACKAGED: Final = Path(__file__).parent.parent / "sed_schemas" / "templates" / "P8000.xml"
LARGEST: Final = 64 * 1024


def template(config: Config) -> str | None:
    """What stands inside a P8000, with `$person` and `$questions`; None when none is written.

    Raises:
        Refused: it cannot be read, is no P8000, or leaves out what is asked.
    """
    if config.policy.pension_question != "p8000":
        return None
    return read(config.policy.pension_template or PACKAGED)


def read(path: Path) -> str:
    """What stands inside a template.

    Raises:
        Refused: it cannot be read, is no P8000, or leaves out what is asked.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST)
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
        )
        root = etree.fromstring(content, parser)
    except (OSError, etree.XMLSyntaxError):
        raise _refused(path, "cannot be read as XML", "illisible comme XML") from None
    if root.tag != "P8000" or root.getroottree().docinfo.doctype:
        raise _refused(path, "its root is not P8000", "sa racine n'est pas P8000")
    inside = "".join(etree.tostring(child, encoding="unicode", with_tail=False) for child in root)
    if "$questions" not in inside or "$person" not in inside:
        why = "it lacks $person or $questions", "$person ou $questions y manque"
        raise _refused(path, *why)
    return inside


def held(config: Config, inside: str, schemas: Schemas, cdm: str) -> None:
    """See that what is written from the template is valid under the schemas in force.

    Raises:
        Refused: it is not.
    """
    head = letterhead(cdm, "P_BUC_01")
    written = composing.pension_request(head, SOMEBODY, ASKS, inside, THEM)
    examined = examine(written.body or b"", Limits(), schemas)
    if not isinstance(examined, Examined) or not examined.verdict.valid:
        path = config.policy.pension_template or PACKAGED
        raise _refused(
            path,
            f"what it makes breaks the schema of P8000 in force (CDM {cdm})",
            f"ce qu'il produit enfreint le schéma de P8000 en vigueur (CDM {cdm})",
        )


def _refused(path: Path, english: str, french: str) -> Refused:
    return Refused(
        f"policy.pension_template {path}: {english}; correct it, or set"
        ' policy.pension_question = "own-case".',
        french=f"policy.pension_template {path} : {french} ; le corriger, ou mettre"
        ' policy.pension_question = "own-case".',
        code="pension-template",
    )
