"""The schemas that a message is held against, compiled on first use, one copy a thread.

Those of an installed official package (`packages`) decide; where there is none, those beside this
module, and for a CDM version that follows another one, what is known of that. No network, ever.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeVar
from xml.sax.saxutils import quoteattr

from lxml import etree

from sed_schemas import Transaction
from sed_schemas.load import FOLDER, SchemasInvalid, following
from sed_schemas.packages import InForce

if TYPE_CHECKING:
    import xmlschema

KEPT: Final = MappingProxyType({"verdict": 64, "explanation": 8})
"""Compiled schemas kept by a thread, the last used ones."""
HEADERS: Final = ("1.1", "1.2")
"""Header versions that have an envelope in `sbdh/`."""
ANY_HEADER: Final = "*"
"""Stands for an envelope that is not looked into."""
_VALUES: Final = "common/values.xsd"
"""What a version that follows another one takes from it."""

_COMPILING: Final = threading.Lock()
"""One at a time: libxml2 sets its types up at the first schema, and two threads that do it at once
leave them broken for the whole process (measured: 2 of 10 processes compiled nothing any more)."""

_SBDH: Final = "http://eessi.dgempl.ec.europa.eu/namespaces/sbdh"
_SEDS: Final = "http://ec.europa.eu/eessi/ns/"
_Compiled = TypeVar("_Compiled")


class SchemaSet:
    """The schemas in force, compiled on first use, one copy a thread.

    Those of an installed official package decide; where there is none, those of this package.

    No two threads share one: libxml2 does not promise that they could. What is kept is bounded,
    and all that has no file shares one entry: nothing that a message names can fill the memory.
    """

    def __init__(self, folder: Path | None = None, official: InForce | None = None) -> None:
        self._folder = (folder or FOLDER).absolute()
        self._official = official or InForce()
        own = _files(self._folder)
        self._followed = _followed(self._folder, own)
        self._files = {
            **own,
            **{key: found.file.absolute() for key, found in self._official.seds.items()},
        }
        self._local = threading.local()

    @property
    def name(self) -> str:
        """What stands in the journal: the packages in force, the last one first, else `profile`."""
        return "+".join(self._official.names) or "profile"

    def source(self, cdm: str, sed: str) -> str | None:
        """`official` or `profile`; None when the envelope alone can be checked."""
        if (cdm, sed) in self._official.seds:
            return "official"
        known = (cdm, sed) in self._files or (cdm, sed) in self._followed
        return "profile" if known else None

    def listed(self) -> Iterator[tuple[str, str, str, Path]]:
        """Every schema of a SED: CDM version, SED, source, file; in that order."""
        for (cdm, sed), file in sorted({**self._followed, **self._files}.items()):
            yield cdm, sed, self.source(cdm, sed) or "", file

    def for_message(self, header_version: str, cdm: str, sed: str) -> etree.XMLSchema:
        """Envelope and SED in one schema; the envelope alone when the SED has none.

        Raises SchemasInvalid for a header version without an envelope, and when a file of the
        package does not compile.
        """
        return self._compiled("verdict", header_version, cdm, sed, self._lxml)

    def of_sed(self, cdm: str, sed: str) -> etree.XMLSchema:
        """The SED in any envelope: tells whether the SED is what breaks `for_message`.

        Raises SchemasInvalid as `for_message` does.
        """
        return self._compiled("verdict", ANY_HEADER, cdm, sed, self._lxml)

    def explanation(self, header_version: str, cdm: str, sed: str) -> "xmlschema.XMLSchema":
        """The same schema for the library that says where and why."""
        return self._compiled("explanation", header_version, cdm, sed, self._xmlschema)

    def of_transaction(self, transaction: Transaction) -> tuple[etree.XMLSchema, ...]:
        """The official schemas of a whole message; none when no package has one for its kind.

        Raises SchemasInvalid as `for_message` does.
        """
        files = self._official.transactions.get(transaction, ())
        return tuple(self._kept("verdict", file, partial(self._of_file, file)) for file in files)

    def transaction_explanation(self, transaction: Transaction) -> "xmlschema.XMLSchema | None":
        """The first of them, for the library that says where and why."""
        for file in self._official.transactions.get(transaction, ()):
            explain = partial(_explaining, file.name, str(file), file.parent)
            return self._kept("explanation", file, explain)
        return None

    def problems(self) -> tuple[str, ...]:
        """What does not compile, a line a file; empty when all is well. Takes about a second."""
        found: dict[str, None] = {}
        one_a_version = {cdm: (cdm, sed) for cdm, sed in self._followed}
        for header_version in HEADERS:
            for cdm, sed in (*self._files, *one_a_version.values()):
                try:
                    self.for_message(header_version, cdm, sed)
                except SchemasInvalid as exc:
                    found[str(exc)] = None
        return tuple(found)

    def _compiled(
        self,
        kind: str,
        header_version: str,
        cdm: str,
        sed: str,
        compile_: Callable[[str, str], _Compiled],
    ) -> _Compiled:
        if header_version not in {*HEADERS, ANY_HEADER}:
            raise SchemasInvalid(f"sbdh/{header_version}.xsd: no such envelope")
        envelope = _envelope(header_version, cdm)
        file = self._files.get((cdm, sed))
        values = None if file is not None else self._followed.get((cdm, sed))
        body: Callable[[], tuple[str, str]] = _any_root
        if file is not None:
            place, body = f"cdm-{cdm}/{sed}.xsd", partial(_one_sed, cdm, sed, file)
        elif values is not None:
            place, body = f"{values.parent.parent.name}/{_VALUES}", partial(_any_sed, values)
        else:
            place = f"sbdh/{envelope}.xsd"
        key = (envelope, file or values)
        return self._kept(kind, key, lambda: compile_(_document(envelope, *body()), place))

    def _kept(self, kind: str, key: object, compile_: Callable[[], _Compiled]) -> _Compiled:
        """What this thread has compiled, the last used ones."""
        kept: dict[object, _Compiled] = self._local.__dict__.setdefault(kind, {})
        compiled = kept.pop(key) if key in kept else compile_()
        kept[key] = compiled  # last: a dict is in order of insertion
        if len(kept) > KEPT[kind]:
            del kept[next(iter(kept))]
        return compiled

    def _lxml(self, document: str, place: str) -> etree.XMLSchema:
        base, text = (self._folder / "document.xsd").as_uri(), document.encode()
        return _verdict(place, lambda: etree.fromstring(text, _parser(), base_url=base))

    def _of_file(self, file: Path) -> etree.XMLSchema:
        return _verdict(file.name, lambda: etree.parse(file, _parser()))

    def _xmlschema(self, document: str, place: str) -> "xmlschema.XMLSchema":
        return _explaining(place, document, self._folder)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(no_network=True, resolve_entities=False)


def _verdict(
    place: str, parsed: Callable[[], "etree._Element | etree._ElementTree"]
) -> etree.XMLSchema:
    try:
        with _COMPILING:
            return etree.XMLSchema(parsed())
    except (etree.LxmlError, OSError) as exc:
        raise SchemasInvalid(f"{place}: {exc}") from exc


def _explaining(place: str, source: str, folder: Path) -> "xmlschema.XMLSchema":
    import xmlschema  # noqa: PLC0415  a tenth of a second that only failures need

    try:
        return xmlschema.XMLSchema(source, base_url=folder.as_uri(), allow="local")
    except xmlschema.XMLSchemaException as exc:
        raise SchemasInvalid(f"{place}: {exc}") from exc


def _files(folder: Path) -> Mapping[tuple[str, str], Path]:
    """(CDM version, SED) -> its schema, for every `cdm-VERSION/SED.xsd`."""
    return MappingProxyType(
        {
            (file.parent.name.removeprefix("cdm-"), file.stem): file
            for file in folder.glob("cdm-*/*.xsd")
        }
    )


def _followed(folder: Path, own: Mapping[tuple[str, str], Path]) -> dict[tuple[str, str], Path]:
    """(CDM version, SED) -> the values that it shares with the version it follows."""
    return {
        (cdm, sed): folder / f"cdm-{followed}" / _VALUES
        for cdm, followed in following(folder).items()
        for version, sed in own
        if version == followed and (cdm, sed) not in own
    }


def _envelope(header_version: str, cdm: str) -> str:
    """The file of the header. What may be attached is known since CDM 4.4 alone."""
    if header_version == "1.2" and cdm in following(FOLDER):
        return "1.2-before-4.4"
    return header_version


def _any_root() -> tuple[str, str]:
    """Any root, unseen."""
    return "", '<xs:any namespace="##other" processContents="skip"/>'


def _any_sed(values: Path) -> tuple[str, str]:
    """Any root and any elements, but a value of that file must be one wherever it stands."""
    load = f"<xs:import schemaLocation={quoteattr(values.as_uri())}/>"
    return load, '<xs:any namespace="##other" processContents="lax"/>'


def _one_sed(cdm: str, sed: str, file: Path) -> tuple[str, str]:
    namespace = f"{_SEDS}{cdm.replace('.', '_')}/{sed}"
    load = f'<xs:import namespace="{namespace}" schemaLocation={quoteattr(file.as_uri())}/>'
    return load, f'<xs:element xmlns:sed="{namespace}" ref="sed:{sed}"/>'


def _document(envelope: str, load: str, place: str) -> str:
    """The root of a message: the header, then exactly one SED.

    Made here because what may stand in the place of the SED depends on the SED.
    """
    include = f'<xs:include schemaLocation="sbdh/{envelope}.xsd"/>'
    header = '<xs:element name="StandardBusinessDocumentHeader" type="sbdh:Header"/>'
    if envelope == ANY_HEADER:
        include, header = "", '<xs:any namespace="##targetNamespace" processContents="skip"/>'
    return (
        f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:sbdh="{_SBDH}"'
        f' targetNamespace="{_SBDH}" elementFormDefault="qualified">'
        f"{include}{load}"
        '<xs:element name="StandardBusinessDocument"><xs:complexType><xs:sequence>'
        f"{header}{place}</xs:sequence></xs:complexType></xs:element></xs:schema>"
    )
