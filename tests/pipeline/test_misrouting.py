"""Who could have named the institution, and which field was left out."""

from gateway.journal.rows import FirstDecision
from gateway.reports.misrouting import misrouting


async def test_a_case_that_tells_is_nameable_and_one_that_does_not_names_its_field(
    house, a_message, person
):
    await house.take(
        a_message("one"),
        a_message("two"),
        a_message("three", inside=person(town=None)),
    )
    (row,) = misrouting(await house.journal.first_decisions(None))
    assert (row.country, row.institution, row.buc) == ("DE", "DE:101320043", "S_BUC_24")
    assert (row.cases, row.nameable) == (3, 2)
    assert sum(row.missing.values()) == 1


def test_cases_are_counted_by_sender_and_buc():
    rows = misrouting(
        [
            FirstDecision("a", "DE:1", "S_BUC_24", ("residence",)),
            FirstDecision("b", "DE:1", "S_BUC_24", ()),
            FirstDecision("c", "AT:1", "P_BUC_01", ("town", "residence")),
        ]
    )
    assert [(r.country, r.cases, r.nameable, dict(r.missing)) for r in rows] == [
        ("AT", 1, 0, {"town": 1, "residence": 1}),
        ("DE", 2, 1, {"residence": 1}),
    ]
