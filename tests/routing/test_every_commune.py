"""Every French commune on every date of 2019 to 2030: the place decides, or it is asked for.

Between two days on which a row begins or ends nothing changes, so these days stand for all.
"""

from datetime import date, timedelta

import pytest

from gateway.core.evidence import About, Address, AddressKind, Evidence
from gateway.core.resolution import Resolved, resolve
from gateway.core.subject import Subject
from gateway.loading import tables

FIRST, LAST = date(2019, 1, 1), date(2030, 12, 31)
STARTS = {"S_BUC_24": "S040", "P_BUC_01": "P2000", "FB_BUC_01": "F001", "UB_BUC_01": "U001"}


@pytest.fixture(scope="module")
def baseline():
    return tables()


def days(known):
    """The first day, and each later one on which some row of the tables begins or ends."""
    directory = known.directory
    rows = (
        *directory.institutions,
        *directory.catchments,
        *directory.communes,
        *directory.competences,
        *known.routes.routes,
    )
    found = {FIRST}
    for row in rows:
        found |= {row.valid_from, row.valid_to or FIRST}
    return sorted(day for day in found if FIRST <= day <= LAST)


def answer(known, buc, commune, on):
    postcode = next(iter(commune.postcodes), None)  # one that merged has none any more
    home = Address(About.INSURED, AddressKind.RESIDENCE, "FR", postcode, commune.name)
    subject = Subject(buc, STARTS[buc], "Counterparty", Evidence(addresses=(home,)), on, on)
    return resolve(subject, known)


def is_told_or_asked(known, buc, commune, on):
    found = answer(known, buc, commune, on)
    if not isinstance(found, Resolved):
        return bool(found.missing)
    target = known.directory.successor_on(found.institution, on)
    return target is not None and target.id == found.institution and not target.test


def test_each_commune_on_one_of_the_days(baseline):
    """All communes, each on another day: what the long test does on all of them."""
    on = days(baseline)
    wrong = [
        (commune.insee, day)
        for number, commune in enumerate(baseline.directory.communes)
        for day in (on[number % len(on)],)
        if not is_told_or_asked(baseline, "S_BUC_24", commune, day)
    ]
    assert wrong == []


@pytest.mark.long
@pytest.mark.parametrize("buc", STARTS)
def test_every_commune_on_every_day(baseline, buc):
    wrong = [
        (commune.insee, day)
        for day in days(baseline)
        for commune in baseline.directory.communes
        if not is_told_or_asked(baseline, buc, commune, day)
    ]
    assert wrong == []


def test_a_day_on_which_nothing_begins_is_like_the_one_before(baseline):
    change = set(days(baseline))
    quiet = [
        day
        for day in (FIRST + timedelta(days=n) for n in range(1, (LAST - FIRST).days, 97))
        if day not in change
    ]
    communes = baseline.directory.communes[::997]
    for day in quiet:
        last = max(one for one in change if one < day)
        for commune in communes:
            then, now = (answer(baseline, "P_BUC_01", commune, on) for on in (last, day))
            assert type(then) is type(now)
            assert then.rules == now.rules
