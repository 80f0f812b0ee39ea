"""The hand-written files: profiles, places, countries, proportions and the mix.

A profile tells a person and a situation, what the SED says about it, and what an expert who reads
that SED would do. Grammar of its columns:

- `group`: `clear` (an expert can tell), `lacking` (evidence is missing), `inferred` (all is said,
  but the rule or the border is a deduction) or `trap`
- `senders`: countries, or `*`
- `homes`: `[ROLE:]PLACE` joined by `+`; PLACE is a place, a kind of places, or `abroad[:COUNTRY]`;
  ROLE is `contact`, `spouse`, `main` or `deceased`
- `work`: `EMPLOYER@PLACE`
- `named`: `FIELD:[ID]/NAME[@PLACE]` joined by `+`; FIELD is `file` (local case number) or `pin`;
  the ID may be `{cpam}` and so on: the one of the place
- `extra`: words or `word=value`, joined by `+`
- `answer`: what a later SED adds, `home:PLACE` or a naming, then `>` and the institution
- `institution`: ids, `{network}` of the first place in France, `{pole}` of the country of
  residence, or `{named}`; several that are right are separated by a bar
"""

import csv
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

NETWORKS: Final = ("cpam", "caf", "carsat", "msa", "urssaf", "invalidity")
NONE: Final = "-"


@dataclass(frozen=True, slots=True)
class Place:
    """A town in France and the institutions of it, written down by hand."""

    key: str
    town: str
    postcode: str
    kind: str
    institutions: dict[str, str]


@dataclass(frozen=True, slots=True)
class Country:
    """A sending country: how often, where its pensions go in France, and invented names."""

    code: str
    weight: float
    pole: str
    towns: tuple[tuple[str, str], ...]
    families: tuple[str, ...]
    women: tuple[str, ...]
    men: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """One row of `profiles.csv`."""

    name: str
    group: str
    weight: float
    buc: str
    sed: str
    situation: str
    senders: tuple[str, ...]
    homes: tuple[str, ...]
    work: str
    named: tuple[str, ...]
    extra: dict[str, str]
    answer: str
    expected: str
    institution: str
    determinable: str
    answerable: str
    source: str


@dataclass(frozen=True, slots=True)
class Witness:
    """All that is known beforehand."""

    profiles: tuple[Profile, ...]
    places: dict[str, Place]
    kinds: dict[str, tuple[Place, ...]]
    countries: dict[str, Country]
    cases: dict[str, int]
    """BUC to cases of 2023, from Annex 3 of the annual report."""
    mix: dict[str, Any]


@cache
def witness() -> Witness:
    """The files beside this module, read once."""
    places = {row["place"]: _place(row) for row in rows("places.csv")}
    kinds: dict[str, tuple[Place, ...]] = {}
    for place in places.values():
        kinds[place.kind] = (*kinds.get(place.kind, ()), place)
    return Witness(
        profiles=tuple(_profile(row) for row in rows("profiles.csv")),
        places=places,
        kinds=kinds,
        countries={row["country"]: _country(row) for row in rows("countries.csv")},
        cases={row["buc"]: int(row["cases_2023"]) for row in rows("annex3.csv")},
        mix=tomllib.loads(_file("mix.toml")),
    )


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of one of the tables beside this module."""
    yield from csv.DictReader(_file(name).splitlines(), delimiter=";")


def _file(name: str) -> str:
    return files("gateway.simulation").joinpath(name).read_text(encoding="utf-8-sig")


def _place(row: dict[str, str]) -> Place:
    institutions = {network: row[network] for network in NETWORKS}
    return Place(row["place"], row["town"], row["postcode"], row["kind"], institutions)


def _country(row: dict[str, str]) -> Country:
    return Country(
        code=row["country"],
        weight=float(row["weight"]),
        pole=row["pole"],
        towns=tuple(_town(town) for town in row["towns"].split("|")),
        families=tuple(row["families"].split("|")),
        women=tuple(row["women"].split("|")),
        men=tuple(row["men"].split("|")),
    )


def _town(told: str) -> tuple[str, str]:
    """`Name 1234 AB`: the name ends where a postcode begins."""
    words = told.split(" ")
    begin = next(n for n, word in enumerate(words) if n and any(c.isdigit() for c in word))
    return " ".join(words[:begin]), " ".join(words[begin:])


def _profile(row: dict[str, str]) -> Profile:
    words = (word.partition("=") for word in _several(row["extra"]))
    return Profile(
        name=row["profile"],
        group=row["group"],
        weight=float(row["weight"]),
        buc=row["buc"],
        sed=row["sed"],
        situation=row["situation"],
        senders=() if row["senders"] == "*" else tuple(row["senders"].split(",")),
        homes=_several(row["homes"]),
        work="" if row["work"] == NONE else row["work"],
        named=_several(row["named"]),
        extra={key: value for key, _, value in words},
        answer="" if row["answer"] == NONE else row["answer"],
        expected=row["expected"],
        institution="" if row["institution"] == NONE else row["institution"],
        determinable=row["determinable"],
        answerable=row["answerable"],
        source=row["source"],
    )


def _several(told: str) -> tuple[str, ...]:
    return () if told == NONE else tuple(told.split("+"))
