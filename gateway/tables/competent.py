"""Whether the directory knows of whom the routes lead to that they take such cases."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from gateway.tables.finding import Finding, some
from ir_directory import InstitutionRepository, in_force
from routing_tables import ANY, ByPlace, Fixed, Route, RoutingTable
from sed_schemas.load import catalogue

_ROUTES = "routing_tables/routes.csv"
_COMPETENCES = "ir_directory/competences.csv"
_ROLES = ("CaseOwner", "Counterparty")
_MOST_NAMED = 4


def unlisted(
    directory: InstitutionRepository,
    routes: RoutingTable,
    lines: Mapping[str, int],
    today: date,
    told: Collection[tuple[str, str]] = (),
) -> Iterator[Finding]:
    """Targets of rows in force without a row in `competences.csv` for what is sent to them.

    A row with a target of its own is told by its line; of a network, how many are without. `told`:
    institutions with a BUC of which more is told already.
    """
    valid = [route for route in routes.routes if route.valid(today)]
    rows: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for route, ident in _fixed(valid):
        missing = directory.institution(ident) and not _takes(directory, ident, route, today)
        if missing and (ident, route.buc) not in told:
            rows[route.rule, ident].add(route.buc)
    for (rule, ident), bucs in rows.items():
        yield _of_row(lines.get(rule, 0), ident, sorted(bucs))
    networks: defaultdict[str, set[Route]] = defaultdict(set)
    for route, network in _by_place(valid):
        networks[network].add(route)
    for network, those in sorted(networks.items()):
        yield from _of_network(directory, network, those, today)


def _fixed(routes: Sequence[Route]) -> Iterator[tuple[Route, str]]:
    for route in routes:
        if isinstance(route.target, Fixed):
            yield route, route.target.institution_id


def _by_place(routes: Sequence[Route]) -> Iterator[tuple[Route, str]]:
    for route in routes:
        if isinstance(route.target, ByPlace):
            yield from ((route, network) for network in route.target.networks if network != ANY)


def _takes(directory: InstitutionRepository, ident: str, route: Route, today: date) -> bool:
    """Whether the institution is known to take the BUC, in a role that the row allows for us."""
    roles = _ROLES if ANY in route.role else sorted(route.role)
    return all(
        any(directory.competence(ident, buc, role, today) for role in roles)
        for buc in _each(route.buc)
    )


def _each(buc: str) -> list[str]:
    """A BUC, or all of its sector."""
    sector = buc.removesuffix("*")
    return [buc] if sector == buc else [b for b in catalogue().bucs if b.startswith(sector)]


def _of_row(line: int, ident: str, bucs: list[str]) -> Finding:
    these = some(bucs, _MOST_NAMED)
    return Finding(
        _ROUTES, line, "target",
        f"no row of competences.csv says that {ident} takes {these}; confirm it",
        f"aucune ligne de competences.csv ne dit que {ident} traite {these} ; à confirmer",
        error=False,
    )  # fmt: skip


def _of_network(
    directory: InstitutionRepository, network: str, those: set[Route], today: date
) -> Iterator[Finding]:
    bodies = directory.members(network)
    idents = {
        row.id
        for row in directory.institutions
        if row.id and row.body in bodies and not row.test and in_force(row, today)
    }
    without = {i for i in idents if not all(_takes(directory, i, r, today) for r in those)}
    if not without:
        return
    these = some(sorted(without), _MOST_NAMED)
    bucs = len({route.buc for route in those})
    yield Finding(
        _COMPETENCES, 0, "institution",
        f"network `{network}`: without a row for each BUC that leads there ({bucs} in all):"
        f" {len(without)} of {len(idents)} ({these}); a SYN001 of the IR tells",
        f"réseau « {network} » : sans ligne pour chaque BUC qui y mène ({bucs} en tout) :"
        f" {len(without)} sur {len(idents)} ({these}) ; un SYN001 de l'IR le dira",
        error=False,
    )  # fmt: skip
