"""Whether every row of the routes leads to somebody who exists, for as long as it is valid."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from gateway.tables.existence import Existence, nobody
from gateway.tables.finding import Finding
from gateway.tables.leading import looked_up
from gateway.tables.periods import period_of
from ir_directory import InstitutionRepository
from routing_tables import ANY, ByPlace, Fixed, Route, RoutingTable

ROUTES: Final = "routing_tables/routes.csv"


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
        if isinstance(route.target, Fixed):
            if directory.institution(route.target.institution_id) is None:
                yield _unknown(line, route.target.institution_id)
            else:
                yield from _fixed(existence, route, route.target.institution_id, line, today)
        elif isinstance(route.target, ByPlace):
            for network in route.target.networks:
                if network != ANY and network not in known:
                    yield _no_network(line, network)
            gone = _gone(existence, route, route.target, members, today)
            yield from (_ended(line, network, day, error=error) for network, day, error in gone)


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


def _no_network(line: int, network: str) -> Finding:
    return Finding(
        ROUTES, line, "target",
        f"no institution is of the network `{network}`; correct the name",
        f"aucune institution n'est du réseau « {network} » ; corriger le nom",
    )  # fmt: skip
