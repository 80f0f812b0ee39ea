"""The page `ops/states.md` draws what `gateway.core.states` says, no more and no less."""

import re
from pathlib import Path

import pytest

from gateway.core import states
from gateway.core.case import Case, Question
from gateway.core.consequences import STATES as STATE_OF_A_DECISION

PAGE = Path(__file__).parents[2] / "ops" / "states.md"
MACHINES = {
    "Message": (states.MessageState, states.MESSAGE),
    "Case": (states.CaseState, states.CASE),
    "Question": (states.QuestionState, states.QUESTION),
    "Sending": (states.SendingState, states.SENDING),
}
OUTSIDE = "[*]"
ARROW = re.compile(r"\s+(\[\*\]|[a-z-]+) --> (\[\*\]|[a-z-]+)")


def section(title: str) -> str:
    """The text under one heading of the page, up to the next."""
    page = PAGE.read_text(encoding="utf-8")
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def arrows(title: str) -> list[tuple[str, str]]:
    """Every arrow of a drawing; a line in the drawing that is none is a mistake."""
    drawing = section(title).partition("```mermaid\nstateDiagram-v2\n")[2].partition("\n```")[0]
    found = [ARROW.fullmatch(line) for line in drawing.splitlines()]
    assert all(found), f"{title}: a line that is no arrow"
    return [(match[1], match[2]) for match in found if match]


def begins(title: str) -> set[str]:
    """The states in which something can begin, as drawn."""
    return {to for origin, to in arrows(title) if origin == OUTSIDE}


def rows(title: str) -> list[list[str]]:
    """The rows of the table under a heading, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("| `")]
    return [[cell.strip(" `") for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_page_has_these_machines_and_no_other():
    page = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == list(MACHINES)
    assert page.count("```mermaid") == len(MACHINES)


@pytest.mark.parametrize("title", MACHINES)
def test_every_state_has_its_row_in_both_languages(title):
    kind, _ = MACHINES[title]
    table = rows(title)
    assert sorted(row[0] for row in table) == sorted(kind)
    for row in table:
        assert len(row) == 3, row[0]
        assert all(len(cell) > 5 for cell in row[1:]), f"{row[0]}: says nothing"


@pytest.mark.parametrize("title", MACHINES)
def test_the_drawing_has_the_transitions_of_the_code(title):
    _, machine = MACHINES[title]
    drawn = [pair for pair in arrows(title) if OUTSIDE not in pair]
    assert len(drawn) == len(set(drawn)), "an arrow is drawn twice"
    assert set(drawn) == {(str(one), str(other)) for one in machine for other in machine[one]}


@pytest.mark.parametrize("title", MACHINES)
def test_the_table_of_the_code_has_a_line_for_each_state(title):
    kind, machine = MACHINES[title]
    assert set(machine) == set(kind)


@pytest.mark.parametrize("title", MACHINES)
def test_the_drawing_ends_where_nothing_follows(title):
    _, machine = MACHINES[title]
    ends = {origin for origin, to in arrows(title) if to == OUTSIDE}
    assert ends == {str(state) for state in machine if not machine[state]}


@pytest.mark.parametrize("title", MACHINES)
def test_every_state_can_be_reached(title):
    _, machine = MACHINES[title]
    reached, to_see = set(), list(begins(title))
    while to_see:
        state = to_see.pop()
        if state not in reached:
            reached.add(state)
            to_see.extend(str(follower) for follower in machine[type(next(iter(machine)))(state)])
    assert reached == {str(state) for state in machine}


def test_messages_begin_in_the_states_that_decisions_lead_to():
    absorbed = states.MessageState.ABSORBED  # no decision: the content is known
    assert begins("Message") == {str(s) for s in (*STATE_OF_A_DECISION.values(), absorbed)}


def test_cases_and_questions_begin_as_their_values_do():
    question = Question("id", "x012", (), "set", "about", None)
    assert begins("Case") == {str(Case("id").state)}
    assert begins("Question") == {str(question.state)}
