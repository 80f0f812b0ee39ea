"""What depends on the CDM version of a case: its header, what is new in it, and when it begins.

A case keeps the version it began with, so several are live at once; from its activation day on, new
cases begin in the next one. The days are configuration: the Commission's are not public.
"""

from collections.abc import Mapping, Set
from datetime import date

from gateway.core.trace import Step, step


def since(cdm: str, major: int, minor: int) -> bool:
    """Whether a version is that one or a later one."""
    return _order(cdm) >= (major, minor)


def header_version(cdm: str) -> str:
    """The header that goes with a version: 1.2 for 4.3 and up, 1.1 below."""
    return "1.2" if since(cdm, 4, 3) else "1.1"


def out_of_its_time(activation: Mapping[str, date], cdm: str, day: date) -> Step | None:
    """A case that began on `day` in a version not begun yet, or when a later one had."""
    begins = activation.get(cdm)
    if begins is not None and day < begins:
        return step("cdm-before-its-time", cdm=cdm, date=begins.isoformat())
    later = max((v for v, on in activation.items() if on <= day), key=_order, default=cdm)
    if _order(later) > _order(cdm):
        return step("cdm-after-its-time", cdm=cdm, now=later, date=activation[later].isoformat())
    return None


def switches(
    activation: Mapping[str, date], known: Set[str], today: date, warn_days: int
) -> tuple[Step, ...]:
    """What is to be said today of versions that begin soon or began lately, earliest first.

    `known` are the versions of the catalogue: a switch to another one needs a new release of the
    gateway, or all new cases will be for a person.
    """
    said = []
    for cdm, on in sorted(activation.items(), key=lambda item: item[1]):
        days = (on - today).days
        if cdm not in known and days <= warn_days:
            said.append(step("cdm-switch-unprepared", cdm=cdm, date=on.isoformat()))
        elif 0 < days <= warn_days:
            said.append(step("cdm-switch-ahead", cdm=cdm, date=on.isoformat(), days=str(days)))
        elif -warn_days <= days <= 0:
            said.append(step("cdm-switch-done", cdm=cdm, date=on.isoformat()))
    return tuple(said)


def _order(cdm: str) -> tuple[int, ...]:
    return tuple(map(int, cdm.split(".")))
