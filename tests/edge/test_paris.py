"""People type and read the time in Paris; an hour of summer is one, too."""

from datetime import UTC, datetime

import click
import pytest
from click.testing import CliRunner

from gateway.cli.paris import DATE, DAY, InParis, clock, date_of


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        ("2026-03-02T12:00:00.123456+00:00", "2026-03-02 13:00:00"),
        ("2026-07-31T23:30:59+00:00", "2026-08-01 01:30:59"),
        ("2026-12-31T23:00:00Z", "2027-01-01 00:00:00"),
    ],
)
def test_an_instant_is_shown_in_paris(told, seen):
    assert clock(told) == seen
    assert clock(told, minutes=True) == seen[:16]
    assert date_of(told) == seen[:10]


@pytest.mark.parametrize(
    ("kind", "typed", "meant"),
    [
        (DAY, "2026-01-05", datetime(2026, 1, 4, 23, tzinfo=UTC)),
        (DAY, "2026-07-05", datetime(2026, 7, 4, 22, tzinfo=UTC)),
        (InParis(["%Y-%m-%dT%H:%M"]), "2026-07-05T18:30", datetime(2026, 7, 5, 16, 30, tzinfo=UTC)),
    ],
)
def test_what_is_typed_is_meant_in_paris(kind, typed, meant):
    @click.command()
    @click.option("--at", type=kind)
    def command(at):
        assert at == meant

    done = CliRunner().invoke(command, ["--at", typed], catch_exceptions=False)
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("typed", ["0001-01-01", "0026-03-05", "9999-12-31"])
@pytest.mark.parametrize("kind", [DAY, DATE])
def test_a_day_that_cannot_be_reckoned_with_is_a_slip(kind, typed):
    """`report duplicates --day 0001-01-01` ended with a traceback."""

    @click.command()
    @click.option("--at", type=kind)
    def command(at):
        raise AssertionError(at)

    done = CliRunner().invoke(command, ["--at", typed])
    assert (done.exit_code, "not in the range 1990-9998" in done.output) == (2, True)
