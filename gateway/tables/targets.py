"""Whether every row leads to somebody who exists, for as long as it is valid, and does such work.

A row of `catchments.csv` decides by its network alone: one that names a CAF for the CPAM would send
it the cases of the CPAM.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from gateway.tables.existence import Existence, nobody
from gateway.tables.finding import Finding
from gateway.tables.leading import looked_up
from gateway.tables.periods import period_of
from ir_directory import Catchment, InstitutionRepository
from ir_directory.load import SERVING
from routing_tables import ANY, ByPlace, Fixed, Route, RoutingTable, Target, ToPerson

ROUTES: Final = "routing_tables/routes.csv"
CATCHMENTS: Final = "ir_directory/catchments.csv"
_OVERSEAS: Final = "cgss"
"""Does the work of all of them."""
_STANDS_IN: Final = {
    network: {network, _OVERSEAS} for network in SERVING if network != "invalidity"
} | {"invalidity": {"cpam", "cramif", _OVERSEAS}}
"""Network of a catchment -> the networks of the institutions that may serve it."""


def without_target(
    directory: InstitutionRepository, routes: RoutingTable, lines: Mapping[str, int], today: date
) -> Iterator[Finding]:
    """Rows in force, or to come, whose institution or network is nobody on some day."""
    existence = Existence(directory)
    known = {row.network for row in directory.institutions}
    known |= {row.network for row in directory.catchments}
    members = {network: existence.of_network(network) for network in known}
    for route in {route.rule: route for route in routes.routes}.values():
        line = lines.get(route.rule, 0)
        unknown = [i for i in _named(route.target) if directory.institution(i) is None]
        yield from (_unknown(line, ident) for ident in unknown)
        if isinstance(route.target, Fixed) and not unknown:
            yield from _fixed(existence, route, route.target.institution_id, line, today)
        elif isinstance(route.target, ByPlace):
            for network in route.target.networks:
                if network != ANY and network not in known:
                    yield _no_network(line, network)
            gone = _gone(existence, route, route.target, members, today)
            yield from (_ended(line, network, day, error=error) for network, day, error in gone)


def _named(target: Target) -> tuple[str, ...]:
    """The institutions that a target names by their ids."""
    match target:
        case Fixed():
            return (target.institution_id,)
        case ToPerson():
            return target.candidates
        case ByPlace():
            return ()


def of_another_network(
    directory: InstitutionRepository, lines: Mapping[tuple[str, ...], int], today: date
) -> Iterator[Finding]:
    """Catchments in force, or to come, whose institution is not of a kind that serves them."""
    networks: defaultdict[str, set[str]] = defaultdict(set)
    for one in directory.institutions:
        networks[one.id].add(one.network)
    for row in directory.catchments:
        over = row.valid_to is not None and row.valid_to <= today
        of = networks[row.institution]
        if not over and of.isdisjoint(_STANDS_IN[row.network]):
            line = lines.get((row.network, row.area, row.valid_from.isoformat()), 0)
            yield _other_network(line, row, ", ".join(sorted(of)))


def _fixed(
    existence: Existence, route: Route, ident: str, line: int, today: date
) -> Iterator[Finding]:
    day = existence.nobody_on([ident], period_of(route), today)
    if day is not None:
        yield nobody(ROUTES, line, "target", ident, day, error=True)


def _gone(
    existence: Existence,
    route: Route,
    target: ByPlace,
    members: Mapping[str, list[str]],
    today: date,
) -> Iterator[tuple[str, date, bool]]:
    """Networks that nobody is of any more, since when, and whether the row needs them.

    It does not while another network of the target stands, unless the place is looked up in it.
    """
    networks = [network for network in target.networks if network in members]
    gone = {
        network: day
        for network in networks
        if (day := existence.nobody_on(members[network], period_of(route), today)) is not None
    }
    for network, day in gone.items():
        yield network, day, len(gone) == len(networks) or network == looked_up(route)


def _ended(line: int, network: str, day: date, *, error: bool) -> Finding:
    return Finding(
        ROUTES, line, "target",
        f"on {day} no institution of the network `{network}` exists any more, nor one after"
        " it; end the row, or name in institutions.csv who took over",
        f"le {day}, aucune institution du réseau « {network} » n'existe plus, ni aucune après"
        " elle ; clore la ligne, ou nommer dans institutions.csv qui a pris la suite",
        error,
    )  # fmt: skip


def _unknown(line: int, ident: str) -> Finding:
    return Finding(
        ROUTES, line, "target",
        f"{ident} is not in institutions.csv; correct the id, or add the institution",
        f"{ident} n'est pas dans institutions.csv ; corriger l'identifiant, ou l'ajouter",
    )  # fmt: skip


def _other_network(line: int, row: Catchment, of: str) -> Finding:
    return Finding(
        CATCHMENTS, line, "institution",
        f"{row.institution} is of the network `{of}` and serves no area of `{row.network}`; correct"
        " the id, or the network",
        f"{row.institution} est du réseau « {of} » et ne dessert aucun territoire de"
        f" « {row.network} » ; corriger l'identifiant, ou le réseau",
    )  # fmt: skip


def _no_network(line: int, network: str) -> Finding:
    return Finding(
        ROUTES, line, "target",
        f"no institution is of the network `{network}`; correct the name",
        f"aucune institution n'est du réseau « {network} » ; corriger le nom",
    )  # fmt: skip
