"""How institutions abroad answer what the gateway asks: late, in prose, in part, or never.

A partner knows its case, reads what it gets, and answers about whom it was asked; it knows nothing
of the gateway. The mix is that of `mix.toml`; what one does is drawn from the seed, the case and
the number of the question.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from lxml import etree

from gateway.simulation.cases import Case
from gateway.simulation.envelope import Envelope
from gateway.simulation.facts import seeded

_S: Final = "{http://eessi.dgempl.ec.europa.eu/namespaces/sbdh}"
MANNERS: Final = ("clean", "promise", "part", "misplaced", "prose", "never")
CLEAN: Final = frozenset({"clean", "promise"})
_NAMED: Final = ("familyName", "forename", "dateBirth")
LATEST: Final = 75
"""Days after which nobody answers any more."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What a partner reads of a message that it gets."""

    sed: str
    case_id: str
    buc: str
    set_id: str
    sender: str
    about: tuple[str, ...]
    """Names and birth of the person that it is about, as far as it says so."""


def letter(body: bytes) -> Letter:
    """Read a message of the gateway."""
    document = etree.fromstring(body)
    head = document.find(f"{_S}StandardBusinessDocumentHeader")

    def said(path: str) -> str:
        steps = "/".join(_S + step for step in path.split("/"))
        return (head.findtext(steps) or "") if head is not None else ""

    return Letter(
        sed=said("DocumentIdentification/Type"),
        case_id=said("BusinessScope/CaseId/InstanceIdentifier"),
        buc=said("BusinessScope/CaseId/BusinessServiceName").partition(":")[0],
        set_id=said("BusinessScope/SetId"),
        sender=said("Sender/Identifier"),
        about=tuple(document.findtext(f".//{name}") or "" for name in _NAMED),
    )


class Partner:
    """The institution that started a case, and everybody else it takes to answer in it."""

    def __init__(self, case: Case, mix: dict[str, Any]) -> None:
        self.case = case
        self.manner = "silent"
        """How the last question was answered: a key of the mix, or `silent` before any."""
        self._mix = mix
        self._questions = 0
        self._written = 0
        self._promised: tuple[Letter, datetime] | None = None

    @property
    def clean(self) -> bool:
        """Whether the first question is answered in the right field, in full."""
        return self.case.answered is not None and self._manner(0) in CLEAN

    def asked(self, body: bytes, at: datetime) -> Iterator[tuple[datetime, Envelope]]:
        """What comes of a question, and when."""
        read = letter(body)
        self.manner = self._manner(self._questions)
        self._questions += 1
        rng = seeded(f"{self.case.key}:answer:{self._questions}")
        when = at + timedelta(days=rng.uniform(2, LATEST))
        again = read.sed == "X012" or rng.random() < self._mix["again"]
        match self.manner:
            case "promise":
                self._promised = (read, at + timedelta(days=LATEST))
            case "clean":
                yield when, self._clean(read, when, again=again)
            case "part" | "misplaced" | "prose":
                yield when, self._to(read, self.manner, when)

    def reminded(self, at: datetime) -> Iterator[tuple[datetime, Envelope]]:
        """What comes of a reminder: a promise, and later what was promised."""
        if self._promised is None:
            return
        (read, when), self._promised = self._promised, None
        soon = at + timedelta(days=1)
        days = max(1, round((when - soon) / timedelta(days=1)))
        yield soon, self._to(read, "promise", soon, within=str(days))
        yield when, self._clean(read, when, again=read.sed == "X012")

    def returned(self, holder: str, at: datetime) -> Iterator[tuple[datetime, Envelope]]:
        """The institution that got the case gives it back, now and then."""
        rng = seeded(f"{self.case.key}:returned")
        if rng.random() < self._mix["returned"]:
            when = at + timedelta(days=rng.uniform(2, 20))
            given = self._beside("return", when, leaver=holder)
            yield when, replace(given, sender=holder, receivers=self.case.receivers)

    # -- one answer -------------------------------------------------------------------------

    def _manner(self, question: int) -> str:
        rng = seeded(f"{self.case.key}:manner:{question}")
        manners = {k: self._mix[k] for k in MANNERS}
        return rng.choices(list(manners), weights=list(manners.values()))[0]

    def _clean(self, read: Letter, at: datetime, *, again: bool) -> Envelope:
        """What was asked for in its field: by H002, or by the SED again.

        Who is asked about a SED (X012) sends that SED again (AD_BUC_08): H002 replies to H001.
        """
        return self._beside("updated", at) if again else self._to(read, "coded", at)

    def _to(self, read: Letter, kind: str, at: datetime, **extra: str) -> Envelope:
        """A reply in the case in which one was asked, with the question named."""
        other = self.case.facts.second
        names = (other.family_name, other.forename, other.born.isoformat())
        of = "second" if read.about == names else "first"
        reply = self._beside(kind, at, of=of, **extra)
        return replace(reply, case_id=read.case_id, buc=read.buc, related_set_id=read.set_id)

    def _beside(self, kind: str, at: datetime, **extra: str) -> Envelope:
        self._written += 1
        return self.case.beside(kind, self._written, at, **extra)
