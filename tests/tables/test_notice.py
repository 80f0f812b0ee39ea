"""The note of the IR SPOC: what is substantial, and until when it must be said."""

from dataclasses import replace
from datetime import date

import pytest

from gateway.tables.notice import WHAT, in_html, in_markdown, notice
from ir_directory import Certainty, Competence, Institution, InstitutionRepository

DAY = date(2027, 1, 1)
SINCE = date(2019, 1, 1)
ONE = Institution(
    *("FR:0101100000", "cpam-01", "CPAM de l'Ain", "", "cpam", "general"),
    liaison_body=False,
    test=False,
    certainty=Certainty.SOLID,
    valid_from=SINCE,
    address="1 rue, 01000 Bourg",
)
TWO = replace(ONE, id="FR:0202100000", body="cpam-02", name="CPAM de l'Aisne")
HANDLES = Competence("FR:0101100000", "S_BUC_24", "Counterparty", True, Certainty.SOLID, SINCE)


def told(before, after, was=(), will=()):
    noted = notice(
        InstitutionRepository(before, was),
        InstitutionRepository(after, will),
        DAY,
        date(2026, 11, 1),
        1,
    )
    return [(e.what, e.institution, e.before, e.after) for e in noted.entries]


def ended(one, **more):
    return replace(one, valid_to=DAY, **more)


def begun(one, **more):
    return replace(one, valid_from=DAY, **more)


def test_nothing_changes_when_nothing_takes_effect_on_the_day():
    later = replace(ONE, name="Another", valid_from=date(2027, 2, 1))
    until = replace(ONE, valid_to=date(2027, 2, 1))
    assert told([ONE, TWO], [until, later, TWO]) == []
    assert told([ONE], [ONE]) == []


@pytest.mark.parametrize(
    ("after", "entry"),
    [
        (
            [ended(ONE), begun(ONE, name="CPAM 01")],
            ("name", "FR:0101100000", "CPAM de l'Ain", "CPAM 01"),
        ),
        (
            [ended(ONE), begun(ONE, address="2 quai, 01000 Bourg")],
            ("address", "FR:0101100000", "1 rue, 01000 Bourg", "2 quai, 01000 Bourg"),
        ),
        (
            [ended(ONE), begun(ONE, id="FR:0101900000")],
            ("code", "FR:0101900000", "FR:0101100000", "FR:0101900000"),
        ),
        (
            [ended(ONE, successor="cpam-02")],
            ("merger", "FR:0101100000", "FR:0101100000", "FR:0202100000"),
        ),
        ([ended(ONE)], ("closure", "FR:0101100000", "", "")),
        ([ended(ONE, successor="nobody")], ("closure", "FR:0101100000", "", "")),
        (
            [ONE, begun(ONE, id="FR:0303100000", body="cpam-03")],
            ("opening", "FR:0303100000", "", ""),
        ),
    ],
)
def test_what_becomes_of_an_institution_is_told(after, entry):
    assert told([ONE, TWO], [*after, TWO]) == [entry]


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_an_address_that_is_not_known_on_both_days_has_not_changed_and_is_counted(lang):
    without = replace(ONE, address="")
    for before, after in ((without, ONE), (ONE, without), (without, without)):
        assert told([before, TWO], [after, TWO]) == []
        noted = notice(
            InstitutionRepository([before, TWO]), InstitutionRepository([after, TWO]), DAY, DAY, 1
        )
        assert noted.unaddressed == 1
        said = "l'adresse : 1." if lang == "fr" else "do not hold: 1."
        assert said in in_markdown(noted, lang)
    both = InstitutionRepository([ONE, TWO])
    word = "adresse" if lang == "fr" else "address"
    assert word not in in_markdown(notice(both, both, DAY, DAY, 1), lang)


def test_a_second_code_of_a_body_is_told_and_a_test_id_is_nothing_new():
    second = begun(ONE, id="FR:0101200000")
    test = begun(ONE, id="FR:TEST1", body="test", test=True)
    unnamed = begun(ONE, id="", body="unnamed")
    assert told([ONE], [ONE, second, test, unnamed]) == [("code", second.id, "", second.id)]


def test_competences_are_gained_and_lost_together():
    more = replace(HANDLES, buc="S_BUC_05", valid_from=DAY)
    other = replace(HANDLES, buc="S_BUC_06", valid_from=DAY)
    assert told([ONE], [ONE], [HANDLES], [replace(HANDLES, valid_to=DAY), more, other]) == [
        (
            "competence-gained",
            "FR:0101100000",
            "",
            "S_BUC_05 (Counterparty), S_BUC_06 (Counterparty)",
        ),
        ("competence-lost", "FR:0101100000", "S_BUC_24 (Counterparty)", ""),
    ]


@pytest.mark.parametrize(
    ("effective", "months", "deadline"),
    [
        (date(2027, 1, 1), 1, date(2026, 12, 1)),
        (date(2027, 3, 31), 1, date(2027, 2, 28)),
        (date(2027, 1, 15), 0, date(2027, 1, 15)),
        (date(2027, 1, 15), 3, date(2026, 10, 15)),
    ],
)
def test_the_deadline_is_so_many_calendar_months_before(effective, months, deadline):
    nothing = InstitutionRepository()
    noted = notice(nothing, nothing, effective, deadline, months)
    assert (noted.deadline, noted.late) == (deadline, False)
    after = date.fromordinal(deadline.toordinal() + 1)
    assert notice(nothing, nothing, effective, after, months).late


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_note_is_written_in_both_languages_and_escaped(lang):
    hostile = begun(ONE, id="FR:0303100000", body="x", name="<b>|Caisse")
    noted = notice(InstitutionRepository([ONE]), InstitutionRepository([ONE, hostile]), DAY, DAY, 1)
    page, text = in_html(noted, lang), in_markdown(noted, lang)
    assert f'lang="{lang}"' in page
    assert "&lt;b&gt;|Caisse" in page
    assert "<b>/Caisse" in text
    assert ("TROP TARD" if lang == "fr" else "TOO LATE") in text
    assert "2026-12-01" in page
    empty = replace(noted, entries=())
    assert "FR:" not in in_markdown(empty, lang)


def test_every_kind_has_words_in_both_languages():
    for lang in ("en", "fr"):
        for what in WHAT:
            noted = notice(
                InstitutionRepository(), InstitutionRepository([begun(ONE)]), DAY, DAY, 1
            )
            entry = replace(noted.entries[0], what=what)
            assert in_markdown(replace(noted, entries=(entry,)), lang)


@pytest.mark.parametrize(("ready", "what"), [(True, "ready-lost"), (False, "ready-gained")])
def test_a_competence_that_is_exchanged_by_eessi_no_more_or_from_then_on_is_told(ready, what):
    was = replace(HANDLES, eessi_ready=ready)
    will = [replace(was, valid_to=DAY), replace(was, eessi_ready=not ready, valid_from=DAY)]
    buc = "S_BUC_24 (Counterparty)"
    told_of = ("", buc) if what == "ready-gained" else (buc, "")
    assert told([ONE], [ONE], [was], will) == [(what, "FR:0101100000", *told_of)]
    assert told([ONE], [ONE], [was], [was]) == []


def test_a_row_for_one_buc_beside_that_of_its_sector_is_told_by_what_it_changes():
    """The BUC was handled before, by the row of the sector: nothing is gained."""
    sector = replace(HANDLES, buc="S_BUC_*")
    same = replace(HANDLES, valid_from=DAY)
    other = replace(same, eessi_ready=False)
    buc = "S_BUC_24 (Counterparty)"
    assert told([ONE], [ONE], [sector], [sector, other]) == [
        ("ready-lost", "FR:0101100000", buc, "")
    ]
    ended = replace(other, valid_from=SINCE, valid_to=DAY)
    assert told([ONE], [ONE], [sector, ended], [sector, ended]) == [
        ("ready-gained", "FR:0101100000", "", buc)
    ]
    assert told([ONE], [ONE], [sector], [sector, same]) == [
        ("competence-gained", "FR:0101100000", "", buc)
    ]


@pytest.mark.parametrize(
    ("lang", "said"), [("fr", "| plus échangées par EESSI |"), ("en", "| no longer exchanged by")]
)
def test_what_is_exchanged_no_more_is_said_in_words(lang, said):
    ended = [replace(HANDLES, valid_to=DAY), replace(HANDLES, eessi_ready=False, valid_from=DAY)]
    noted = notice(
        InstitutionRepository([ONE], [HANDLES]), InstitutionRepository([ONE], ended), DAY, DAY, 1
    )
    assert said in in_markdown(noted, lang)


def test_a_note_of_a_wrong_day_names_the_days_on_which_something_changes():
    """A slip in `--date` looked as if nothing had to be notified."""
    march, past = date(2027, 3, 1), date(2026, 3, 1)
    before = InstitutionRepository([ONE, TWO], [replace(HANDLES, valid_to=past)])
    after = InstitutionRepository(
        [ended(ONE), begun(ONE, name="CPAM 01"), replace(TWO, valid_to=march)], [HANDLES]
    )
    said = {}
    for day in (date(2026, 12, 15), DAY):
        noted = notice(before, after, day, date(2026, 11, 1), 1)
        assert (len(noted.entries), noted.elsewhen[-1]) == (1 + (day == DAY), march)
        said[day] = in_markdown(noted, "fr")
    assert (
        "prennent effet à d'autres dates, avec chacune sa note : 2027-01-01, 2027-03-01."
        in (said[date(2026, 12, 15)])
    )
    assert "sa note : 2027-03-01." in said[DAY]
    assert str(past) not in said[DAY]
    alone = notice(before, before, DAY, date(2026, 11, 1), 1)
    assert alone.elsewhen == ()
    assert "other days" not in in_html(alone, "en")
