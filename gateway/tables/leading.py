"""Where the routes lead by place: networks whose institution is looked up by area, and when."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from gateway.tables.periods import Period, joined, period_of
from routing_tables import ByPlace, Route

_AREAS = {
    "residence": ("french", "country"),
    "home": ("french",),
    "work": ("french",),
    "employer": ("french",),
    "country": ("country",),
}
"""Place of a target -> kinds of areas in which the institution is looked up; by name: none."""


def looked_up(route: Route) -> str | None:
    """The network whose institution the row looks up by place; None when it looks up none.

    Of several networks it is the first; a target such as `network:*@named` takes whom the SED
    names.
    """
    target = route.target
    return target.networks[0] if isinstance(target, ByPlace) and target.place in _AREAS else None


def looks_up(route: Route, area: str) -> bool:
    """Whether the row looks up areas of this kind (`dep:31`, `insee:59350`, `country:DE`)."""
    target = route.target
    return isinstance(target, ByPlace) and _kind(area) in _AREAS.get(target.place, ())


def days_by_network(routes: Iterable[Route], area: str) -> Mapping[str, list[Period]]:
    """Network to the days on which some row looks up areas of this kind in it."""
    found: defaultdict[str, list[Period]] = defaultdict(list)
    for route in routes:
        network = looked_up(route)
        if network is not None and looks_up(route, area):
            found[network].append(period_of(route))
    return {network: joined(periods) for network, periods in found.items()}


def _kind(area: str) -> str:
    return "country" if area.startswith("country:") else "french"
