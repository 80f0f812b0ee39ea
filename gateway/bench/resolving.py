"""How long one resolution takes, on the release in force and on a directory of another size.

The cases are real addresses of the release's own communes and institutions named by it, in the
BUCs that decide by place, by name and by rule. Nothing is written and no daemon is needed.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from random import Random
from typing import Final

from gateway.core.evidence import About, Address, AddressKind, Evidence, Named, Where
from gateway.core.resolution import resolve
from gateway.core.subject import Subject
from gateway.core.tables import Tables
from gateway.loading import tables
from ir_directory import Certainty, Institution, InstitutionRepository

DAY: Final = date(2026, 6, 1)
BUCS: Final = (
    *("S_BUC_24", "S_BUC_06", "S_BUC_01", "P_BUC_01", "P_BUC_05", "FB_BUC_01"),
    *("AW_BUC_01b", "LA_BUC_02", "R_BUC_05", "UB_BUC_01"),
)
SUBJECTS: Final = 5000
NAMED_SHARE: Final = 0.3
LARGE: Final = 100_000
TURNS: Final = 5


@dataclass(frozen=True, slots=True)
class Resolving:
    """Microseconds a resolution, the best of several turns; seconds to load the release."""

    us_700: float
    us_100k: float
    load_s: float


def measure() -> Resolving:
    """Load the release, resolve the same cases on it and on one of 100,000 institutions."""
    began = time.perf_counter()
    small = tables()
    load_s = time.perf_counter() - began
    subjects = _subjects(small)
    us_700 = _microseconds(subjects, small)
    large = replace(small, directory=_grown(small.directory))
    return Resolving(us_700, _microseconds(subjects, large), load_s)


def _microseconds(subjects: Sequence[Subject], release: Tables) -> float:
    best = float("inf")
    for _ in range(TURNS):
        began = time.perf_counter()
        for subject in subjects:
            resolve(subject, release)
        best = min(best, time.perf_counter() - began)
    return best / len(subjects) * 1e6


def _subjects(release: Tables) -> list[Subject]:
    rng = Random(1)  # noqa: S311 - cases to be timed, nothing secret
    communes = [row for row in release.directory.communes if row.postcodes]
    ids = [row.id for row in release.directory.institutions if row.id and row.valid_to is None]
    made = []
    for _ in range(SUBJECTS):
        home = rng.choice(communes)
        named: tuple[Named, ...] = ()
        if rng.random() < NAMED_SHARE:
            named = (Named(About.INSURED, Where.PIN, "FR", rng.choice(ids), None),)
        address = Address(About.INSURED, AddressKind.RESIDENCE, "FR", home.postcodes[0], home.name)
        evidence = Evidence(addresses=(address,), named=named)
        made.append(Subject(rng.choice(BUCS), "X", "Counterparty", evidence, DAY, DAY))
    return made


def _grown(directory: InstitutionRepository) -> InstitutionRepository:
    """The same directory among institutions that nobody names, up to 100,000."""
    others = tuple(
        Institution(
            id=f"FR:ZZ{number:08d}",
            body=f"other-{number}",
            name=f"Other institution {number}",
            acronym=f"OTHER {number}",
            network="special",
            scheme="general",
            liaison_body=False,
            test=False,
            certainty=Certainty.SOLID,
            valid_from=date(2019, 1, 1),
        )
        for number in range(LARGE - len(directory.institutions))
    )
    return InstitutionRepository(
        (*directory.institutions, *others),
        directory.competences,
        directory.catchments,
        directory.communes,
        directory.partners,
    )
