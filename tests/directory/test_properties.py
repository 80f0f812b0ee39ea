"""What holds for any rows: their order is nothing, and rows of other days are not there."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ir_directory import Certainty, InstitutionRepository
from tests.directory.conftest import (
    DAY,
    a_catchment,
    a_commune,
    a_competence,
    an_institution,
)

IDS = ("FR:1", "FR:2", "FR:3")
BODIES = ("one", "two", "three")
NETWORKS = ("cpam", "msa")
PLACES = (("01001", "01000"), ("01002", "01000"), ("02001", "01000"), ("02002", "02000"))
TOWNS = ("Aix", "Bourg", "Caen")
ROLES = ("CaseOwner", "Counterparty")

some = st.sampled_from
FIRST, LAST = date(2018, 1, 1), date(2026, 12, 31)
days = st.dates(FIRST, LAST)
today = st.tuples(st.dates(FIRST, DAY), st.none() | st.dates(DAY + timedelta(1), LAST))


def _ended(start, length):
    end = DAY - timedelta(start)
    return end - timedelta(length), end


past = st.builds(_ended, st.integers(0, 900), st.integers(1, 900))
future = st.builds(lambda gap: (DAY + timedelta(gap), None), st.integers(1, 900))


def spanning(period):
    return {"valid_from": period[0], "valid_to": period[1]}


def _named(n, name, period, successor):
    ended = period[1] is not None
    return an_institution(
        IDS[n], BODIES[n], name, successor=successor if ended else "", **spanning(period)
    )


def institutions(periods):
    return st.builds(_named, st.integers(0, 2), some(TOWNS), periods, st.just("") | some(BODIES))


def catchments(periods):
    areas = [f"insee:{insee}" for insee, _ in PLACES] + ["dep:01", "dep:02", "country:DE"]
    return st.builds(
        lambda area, ident, network, certainty, p: a_catchment(
            area, ident, network, certainty, **spanning(p)
        ),
        some(areas),
        some(IDS),
        some(NETWORKS),
        some(Certainty),
        periods,
    )


def communes(periods):
    return st.builds(
        lambda place, name, p: a_commune(place[0], name, place[1], **spanning(p)),
        some(PLACES),
        some(TOWNS),
        periods,
    )


def competences(periods):
    return st.builds(
        lambda ident, buc, role, p: a_competence(ident, buc, role, **spanning(p)),
        some(IDS),
        some(("S_BUC_01", "S_BUC_*")),
        some(ROLES),
        periods,
    )


def tables(periods):
    """(institutions, competences, catchments, communes), one row a key."""
    return st.tuples(
        st.lists(institutions(periods), max_size=3, unique_by=lambda r: r.id),
        st.lists(
            competences(periods), max_size=4, unique_by=lambda r: (r.institution, r.buc, r.role)
        ),
        st.lists(catchments(periods), max_size=9, unique_by=lambda r: (r.network, r.area)),
        st.lists(communes(periods), max_size=4, unique_by=lambda r: r.insee),
    )


def answers(repository):
    """Everything that can be asked on the day, except what has no day."""
    found = [repository.named(name, DAY) for name in TOWNS]
    found += [repository.successor_on(ident, DAY) for ident in IDS]
    for network in NETWORKS:
        for postcode in ("01000", "02000", "01999", "02999"):
            found += [
                repository.area_candidates(network, postcode, town, DAY) for town in (None, *TOWNS)
            ]
        for insee, _ in PLACES:
            found.append(repository.catchment(network, insee=insee, department=insee[:2], on=DAY))
        found.append(repository.catchment(network, country="DE", on=DAY))
    for ident in IDS:
        for role in ROLES:
            found += [
                repository.competence(ident, buc, role, DAY) for buc in ("S_BUC_01", "S_BUC_02")
            ]
    return found


@given(tables(today), tables(past), tables(future), st.randoms(use_true_random=False))
def test_the_order_of_rows_is_nothing(now, then, later, rng):
    rows = [[*a, *b, *c] for a, b, c in zip(now, then, later, strict=True)]
    sorted_out = InstitutionRepository(*rows)
    shuffled = InstitutionRepository(*(rng.sample(table, len(table)) for table in rows))
    assert answers(shuffled) == answers(sorted_out)
    for ident in IDS:
        assert shuffled.institution(ident) == sorted_out.institution(ident)


@given(tables(today), tables(future))
def test_rows_of_the_future_are_not_there(rows, others):
    more = [table + added for table, added in zip(rows, others, strict=True)]
    assert answers(InstitutionRepository(*more)) == answers(InstitutionRepository(*rows))


@given(tables(today), tables(past))
def test_rows_of_the_past_are_not_there_for_places(rows, others):
    """Institutions aside: old names lead on, on purpose."""
    more = [rows[0], *(table + added for table, added in zip(rows[1:], others[1:], strict=True))]
    assert answers(InstitutionRepository(*more)) == answers(InstitutionRepository(*rows))


@given(tables(today), tables(past))
def test_an_institution_in_force_stays_itself_whatever_it_was_called(rows, others):
    now = InstitutionRepository(rows[0])
    then = InstitutionRepository(rows[0] + others[0])
    for row in rows[0]:
        assert then.successor_on(row.id, DAY) == now.successor_on(row.id, DAY) == row


@given(tables(today))
def test_one_candidate_is_the_answer_for_every_town_it_can_be(rows):
    """A postcode alone never decides otherwise than one of its towns would."""
    repository = InstitutionRepository(*rows)
    for network in NETWORKS:
        decided = repository.area_candidates(network, "01000", None, DAY).candidates
        here = [row for row in rows[3] if "01000" in row.postcodes]
        if len(decided) == 1 and here:
            for row in here:
                serving = repository.catchment(
                    network, insee=row.insee, department=row.insee[:2], on=DAY
                )
                assert serving is not None
                assert (serving.institution,) == decided
