"""What is read although it is unusual: said as a warning, and held against nobody.

Sources disagree about these points, or real systems are known to differ (SBDH 1.1 and 1.2).
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from gateway.core.cdm_versions import header_version
from gateway.core.reading import SBDH, Document
from gateway.core.trace import Step, step

MOST: Final = 5
"""Warnings of a message."""
_COUNTRIES: Final = re.compile(
    "AT|BE|BG|CH|CY|CZ|DE|DK|EE|EL|ES|EU|FI|FR|HR|HU|IE|IS|IT|LI|LT|LU|LV|MT|NL|NO|PL|PT|RO|SE|SI"
    "|SK|UK"
)
"""Those of EESSI; `EU` is the central node."""
_ID: Final = re.compile(r"[A-Za-z0-9]{4,10}")
_ZONE: Final = re.compile(r"(Z|[+-]\d{2}:\d{2})\s*$")
_NUMBER: Final = re.compile(r"\d{1,2}")
_CREATED: Final = (
    f"{{{SBDH}}}StandardBusinessDocumentHeader/{{{SBDH}}}DocumentIdentification"
    f"/{{{SBDH}}}CreationDateAndTime"
)


def unusual(document: Document) -> tuple[Step, ...]:
    """The first warnings about a message that was read."""
    return tuple(islice(_warnings(document), MOST))


def _warnings(document: Document) -> Iterator[Step]:
    message, sed = document.message, document.sed
    if message.header_version != header_version(message.cdm):
        yield step("header-unusual", header=message.header_version, cdm=message.cdm)
    if _ZONE.search(sed.getroottree().getroot().findtext(_CREATED) or "") is None:
        yield step("time-without-zone")
    numbers = [sed.get(name) for name in ("sedGVer", "sedVer")]
    if None not in numbers:
        stated = ".".join(n if n and _NUMBER.fullmatch(n) else "?" for n in numbers)
        if stated != message.cdm:
            yield step("sed-version-unusual", stated=stated, cdm=message.cdm)
    for ident in dict.fromkeys(party.id for party in message.parties):
        country, _, name = ident.partition(":")
        if _COUNTRIES.fullmatch(country) is None or _ID.fullmatch(name) is None:
            yield step("party-id-unusual", institution=ident)
