"""The schema of SYN001, the message in which the central node sends the institution repository.

Not a SED of a case, so not in the catalogue: it is for whoever imports a repository, once a day at
most. `ir/SYN001.xsd` serves all CDM versions, which differ in the namespace alone as far as is
known.
"""

from typing import TYPE_CHECKING, Final

from lxml import etree

from sed_schemas.load import FOLDER, SchemasInvalid
from sed_schemas.schema_set import HEADERS, SchemaSet

if TYPE_CHECKING:
    import xmlschema

SED: Final = "SYN001"
VERSIONS: Final = ("4.1", "4.2", "4.3", "4.4")
"""CDM versions with a namespace in `ir/`."""

_SBDH: Final = "http://eessi.dgempl.ec.europa.eu/namespaces/sbdh"
_SEDS: Final = "http://ec.europa.eu/eessi/ns/"


def for_message(header_version: str, cdm: str) -> etree.XMLSchema:
    """Envelope and SYN001 in one schema, for the thread that asks and no other.

    Raises SchemasInvalid for a header or CDM version without a schema.
    """
    document = _document(header_version, cdm)
    # The first schema of a process must not be compiled by two threads at once (load.py), so that
    # one is left to load.py.
    SchemaSet().for_message(header_version, cdm, "")
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    base = (FOLDER / "document.xsd").as_uri()
    try:
        return etree.XMLSchema(etree.fromstring(document.encode(), parser, base_url=base))
    except etree.LxmlError as exc:
        raise SchemasInvalid(f"ir/{cdm}.xsd: {exc}") from exc


def explanation(header_version: str, cdm: str) -> "xmlschema.XMLSchema":
    """The same schema for the library that says where and why. Raises as `for_message`."""
    import xmlschema  # noqa: PLC0415  a tenth of a second that only failures need

    document = _document(header_version, cdm)
    try:
        return xmlschema.XMLSchema(document, base_url=FOLDER.as_uri(), allow="local")
    except xmlschema.XMLSchemaException as exc:
        raise SchemasInvalid(f"ir/{cdm}.xsd: {exc}") from exc


def _document(header_version: str, cdm: str) -> str:
    """The root of the message: the header, then SYN001."""
    if header_version not in HEADERS:
        raise SchemasInvalid(f"sbdh/{header_version}.xsd: no such envelope")
    if cdm not in VERSIONS:
        raise SchemasInvalid(f"ir/{cdm}.xsd: no such version of {SED}")
    namespace = f"{_SEDS}{cdm.replace('.', '_')}/{SED}"
    return (
        f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:sbdh="{_SBDH}"'
        f' xmlns:sed="{namespace}" targetNamespace="{_SBDH}" elementFormDefault="qualified">'
        f'<xs:include schemaLocation="sbdh/{header_version}.xsd"/>'
        f'<xs:import namespace="{namespace}" schemaLocation="ir/{cdm}.xsd"/>'
        '<xs:element name="StandardBusinessDocument"><xs:complexType><xs:sequence>'
        '<xs:element name="StandardBusinessDocumentHeader" type="sbdh:Header"/>'
        f'<xs:element ref="sed:{SED}"/>'
        "</xs:sequence></xs:complexType></xs:element></xs:schema>"
    )
