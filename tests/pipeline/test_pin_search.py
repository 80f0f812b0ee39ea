"""A person's number is found in every case that holds it, and what cannot be searched is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.evidence import About, Evidence, Pin
from gateway.people import pin_search
from gateway.people.pin_search import Number, holding
from tests.pipeline.conftest import House
from tests.pipeline.test_retention import WEEK, apply
from tests.pipeline.test_timers import DAYS

NIR = "295109912611193"
PROTECTED = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"


def with_pin(inside, number=NIR, country="FR"):
    """The inside of a SED with a number of its person."""
    told = (
        "<PINPersonInEachInstitution><PersonalIdentificationNumber>"
        f"<country><value>{country}</value></country>"
        f"<personalIdentificationNumber>{number}</personalIdentificationNumber>"
        "<sector><value>06</value></sector>"
        "</PersonalIdentificationNumber></PINPersonInEachInstitution></PersonIdentification>"
    )
    return inside.replace("</PersonIdentification>", told)


def pins(*numbers, country="FR", about=About.INSURED):
    return Evidence(pins=tuple(Pin(about, country, number) for number in numbers))


@pytest.mark.parametrize(
    "held", [NIR, "2 95 10 99 126 111 93", "2951099126111", "295-1099-126-111"]
)
@pytest.mark.parametrize(
    "typed", [NIR, "2951099126111\n", "295.10.99.126.111.93", " 2951099126111"]
)
def test_it_is_found_with_and_without_key_blanks_dots_and_dashes(typed, held):
    assert Number(typed).is_in(pins("1", held))


def test_whoever_s_number_it_is():
    child = Evidence(others=(pins("DE 1"), Evidence(others=(pins(NIR, about=About.OTHER),))))
    assert Number(NIR).is_in(child)
    assert not Number(NIR).is_in(pins("255081416802538"))
    assert not Number(NIR).is_in(Evidence())


def test_only_a_french_number_has_a_key_that_can_be_left_out():
    assert Number(NIR).is_in(pins(NIR, country="BE"))
    assert not Number(NIR).is_in(pins(NIR[:13], country="RO"))
    assert Number("12345678-Z").is_in(pins("12345678z", country="ES"))
    assert not Number("12345678").is_in(pins("12345678z", country="ES"))


def test_a_slip_is_seen_by_the_key():
    assert Number(NIR[:14] + "4").slipped
    assert not any(Number(typed).slipped for typed in (NIR, NIR[:13], "TEST-FR-0001"))


@given(st.text(max_size=30))
def test_a_number_shows_itself_to_nobody(text):
    try:
        number = Number(f"{text}7777777")
    except ValueError as error:
        number = error
    assert "7777777" not in f"{number!r}{number}"
    with pytest.raises(ValueError, match=r"^no number$"):
        Number(" .-/")


async def ids(house, number, uid):
    found = await holding(house.journal, Number(number))
    return found, [(row.message_id, row.protected) for row in found.rows]


@pytest.fixture
def keeping(journal, judged_with, clock, tmp_path):
    """A house that keeps everything for a week."""
    return House(journal, judged_with, clock, state=tmp_path, days=WEEK)


@pytest.mark.parametrize("page", [1, 500])
async def test_all_cases_are_searched_and_what_cannot_be_is_counted(
    keeping, a_message, person, uid, monkeypatch, page
):
    monkeypatch.setattr(pin_search, "PAGE", page)
    house, inside = keeping, with_pin(person())
    await house.take(a_message("old", case="o", inside=inside))
    await house.send()
    await house.clock.advance(8 * DAYS)
    assert (await apply(house))[0]["evidence"] == 1

    again = {"document": "document of one", "inside": inside}
    update = {"document": "document of late", "action": "Update", "version": 2}
    await house.take(
        a_message("one", case="c", inside=inside),
        a_message("copy", case="c", **again),
        a_message("nobody", case="n", inside=person()),
        a_message("other", case="x", inside=with_pin(person(), "255081416802538")),
        a_message("late", case="p", inside=with_pin(person(), NIR[:13])),
        a_message("after", case="p", flags=PROTECTED, **update),
        b"no message",
    )
    found, shown = await ids(house, "2 95 10 99 126 111 93", uid)
    assert sorted(shown) == sorted([(uid("one"), False), (uid("copy"), False), (uid("late"), True)])
    assert (found.erased, found.unread) == (1, 1)
    assert found.cases == {uid("c"): False, uid("p"): True}

    found, shown = await ids(house, "180017512345678", uid)
    assert (shown, found.erased, found.unread) == ([], 1, 1)
