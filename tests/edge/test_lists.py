"""What a person is told of a list that was refused."""

import pytest

from gateway.cli.showing import nothing_taken


@pytest.mark.parametrize(
    ("more", "english", "french"),
    [
        (0, "Nothing was taken in.", "Rien n'a été repris."),
        (1, "1 more fault is not shown.", "1 autre faute n'est pas montrée."),
        (7, "7 more faults are not shown.", "7 autres fautes ne sont pas montrées."),
    ],
)
def test_faults_that_are_not_shown_are_counted_where_there_are_any(more, english, french):
    told = nothing_taken(more)
    assert told[0].endswith(english)
    assert told[1].endswith(french)
    assert ("shown" in told[0]) == bool(more)
