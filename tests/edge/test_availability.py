"""States of parts and services over time: they add up, and redundancy never makes it worse."""

import json
import os
import string
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from gateway.annual import bounds
from gateway.annual.published import annex4
from gateway.availability import (
    CHAIN,
    MARK,
    REDUNDANT,
    SEEN,
    Figures,
    Kind,
    Period,
    Span,
    State,
    combined,
    figures,
    heartbeats,
    lines,
    service_hours,
    tracks,
    within,
)  # fmt: skip
from gateway.availability.reading import HEADER, observations
from gateway.availability.showing import brief, document, minutes, percent, rows
from gateway.cli import cli
from gateway.journal.observing import Maintenance, Run, Seen
from gateway.wording.availability import TEXTS

REPOSITORY = Path(__file__).parents[2]
BEGIN, END = bounds(2026)
YEAR = END - BEGIN
HOUR = timedelta(hours=1)
UP, DOWN, MAINTENANCE, UNSEEN = State.UP, State.DOWN, State.MAINTENANCE, State.NOT_OBSERVED


def at(hours):
    return BEGIN + hours * HOUR


def track(*spans):
    return [Span(at(begin), at(end), state) for begin, end, state in spans]


@st.composite
def tracks_of_a_year(draw):
    """Spans in order that do not overlap, some reaching beyond the year."""
    edges = sorted(draw(st.sets(st.integers(-50, 9000), min_size=0, max_size=14)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return track(*((a, b, draw(st.sampled_from(list(State)))) for a, b in pairs))


@given(st.lists(tracks_of_a_year(), max_size=4), st.sampled_from([SEEN, REDUNDANT, CHAIN]))
def test_the_states_add_up_to_the_year(parts, order):
    whole = combined(parts, order, BEGIN, END)
    assert figures(whole).total == YEAR
    assert [s.begin for s in whole[1:]] == [s.end for s in whole[:-1]]
    windows = service_hours("08:00-18:00", BEGIN, END)
    inside = figures(within(whole, windows))
    assert inside.total == sum((b - a for a, b in windows), timedelta(0))


@given(st.lists(tracks_of_a_year(), min_size=1, max_size=4))
def test_a_service_is_never_less_available_than_its_best_part(parts):
    known = {f"p{n}": [one] for n, one in enumerate(parts)}
    period = Period(BEGIN, END, service_hours("08:00-18:00", BEGIN, END))
    found = lines(known, {"service": tuple(known)}, period)
    for choose in (lambda line: line.whole, lambda line: line.in_hours):
        (service,) = (choose(line) for line in found if line.kind is Kind.SERVICE)
        each = [choose(line) for line in found if line.kind is Kind.COMPONENT]
        assert len(each) == len(parts)
        for share in ("availability", "of_observed"):
            best = [s for s in (getattr(one, share) for one in each) if s is not None]
            if best:
                assert (getattr(service, share) or 0) >= max(best)
        assert service.up >= max(one.up for one in each)


@given(st.lists(tracks_of_a_year(), min_size=1, max_size=4))
def test_the_whole_is_up_only_while_each_part_is(parts):
    whole = figures(combined(parts, CHAIN, BEGIN, END))
    assert whole.up <= min(figures(combined([p], SEEN, BEGIN, END)).up for p in parts)


def test_silence_is_not_up_and_a_bad_word_outweighs_a_good_one():
    seen = combined(
        [track((0, 10, UP)), track((8, 12, DOWN)), track((9, 10, MAINTENANCE))], SEEN, at(0), at(24)
    )
    assert [(s.end - at(0), s.state) for s in seen] == [
        (8 * HOUR, UP),
        (9 * HOUR, DOWN),
        (10 * HOUR, MAINTENANCE),
        (12 * HOUR, DOWN),
        (24 * HOUR, UNSEEN),
    ]
    counted = figures(seen)
    assert (counted.up, counted.down, counted.maintenance) == (8 * HOUR, 3 * HOUR, HOUR)
    assert (counted.denominator, counted.availability) == (23 * HOUR, Fraction(8, 23))
    assert counted.of_observed == Fraction(8, 11)
    assert counted.longest == Span(at(10), at(12), DOWN)


def test_two_that_stand_in_for_each_other():
    one, other = track((0, 10, UP), (10, 12, DOWN)), track((0, 9, DOWN), (9, 11, UP))
    service = combined([one, other], REDUNDANT, at(0), at(12))
    assert [s.state for s in service] == [UP, UNSEEN]
    assert service[1].begin == at(11)
    assert figures([]).availability is None


def test_a_pause_of_the_heart_is_down_and_the_time_before_the_first_beat_unseen():
    runs = [(at(2), at(5)), (at(6), at(7))]
    whole = combined([heartbeats(runs, at(10))], SEEN, at(0), at(10))
    assert [(s.begin, s.state) for s in whole] == [
        *((at(0), UNSEEN), (at(2), UP), (at(5), DOWN), (at(6), UP), (at(7), DOWN)),
    ]
    still = heartbeats([(at(2), at(5))], at(5) + timedelta(seconds=20))
    assert {span.state for span in still} == {UP}
    once = combined([heartbeats([(at(2), at(2))], at(10))], SEEN, at(0), at(10))
    assert [(s.begin, s.state) for s in once] == [(at(0), UNSEEN), (at(2), DOWN)]
    assert heartbeats([], at(10)) == []


def test_service_hours_are_those_of_working_days_in_paris():
    begin = datetime(2026, 3, 27, 16, tzinfo=UTC)  # Friday, 17:00; the clocks change on Sunday
    windows = service_hours("08:00-18:00", begin, begin + timedelta(days=11))
    assert windows[0] == (begin, datetime(2026, 3, 27, 17, tzinfo=UTC))
    assert windows[1][0] == datetime(2026, 3, 30, 6, tzinfo=UTC)
    assert [w[0].astimezone(begin.tzinfo).day for w in windows] == [27, 30, 31, 1, 2, 3, 7]


def test_the_mark_is_not_reached_by_rounding():
    assert percent(Fraction(99979, 100000)) == 99.97
    assert percent(MARK) == 99.98
    assert minutes(timedelta(seconds=90)) == 1.5


@pytest.fixture
def seen():
    return Seen(
        (
            Run("rina-1", "gateway", at(0), at(8000), True),
            Run("rina-1", "nagios", at(100), at(102), False),
            Run("rina-2", "nagios", at(0), at(8760), True),
        ),
        (Maintenance("vpn", at(10), at(20), "claire", "new one", at(15)),),
        ((at(1), at(8760)),),
    )


def test_a_year_line_by_line(seen):
    period = Period(BEGIN, END, service_hours("08:00-18:00", BEGIN, END))
    known = tracks(seen, END, ("vpn",))
    found = lines(known, {"RINA": ("rina-1", "rina-2", "rina-3")}, period)
    shown = {(r["kind"], r["name"]): r for r in rows(found) if r["hours"] == "24x7"}
    assert list(shown) == [
        *(("service", "RINA"), ("component", "gateway"), ("component", "rina-1")),
        *(("component", "rina-2"), ("component", "rina-3"), ("component", "vpn")),
        ("composite", "*"),
    ]
    rina = shown["component", "rina-1"]
    assert (rina["up_minutes"], rina["down_minutes"]) == (7998 * 60, 120)
    assert (rina["longest_outage_minutes"], rina["meets_mark"]) == (120, False)
    assert rina["longest_outage_from"] == "2026-01-05T04:00:00+01:00"
    assert shown["service", "RINA"]["availability"] == 100.0
    assert shown["component", "rina-3"]["not_observed_minutes"] == 8760 * 60
    assert shown["component", "vpn"]["denominator_minutes"] == 8750 * 60
    assert shown["composite", "*"]["up_minutes"] == 0
    assert shown["composite", "*"]["parts"] == ["RINA", "gateway", "vpn"]


@pytest.mark.parametrize(
    ("lang", "said"), [("en", "declared after it had begun"), ("fr", "déclarée après son début")]
)
def test_the_page_says_what_was_declared_late(seen, lang, said):
    period = Period(BEGIN, END, ())
    found = lines(tracks(seen, END, ("vpn",)), {}, period)
    page = document(2026, found, period, "08:00-18:00", seen.maintenance, lang)
    assert said in page.notes[-1]
    (late,) = [one for one in seen.maintenance if one.declared_at > one.begin]
    assert late.why not in page.notes[-1]
    assert late.who not in page.notes[-1]
    assert len(page.parts[0].rows) == len(found)


def test_maintenance_of_a_part_that_nobody_saw_makes_no_part_and_is_told(seen):
    """`brokker`: a line of its own in a published table, and a composite that is never up."""
    period = Period(BEGIN, END, ())
    found = lines(tracks(seen, END), {}, period)
    assert "vpn" not in {line.name for line in found} | set(found[-1].parts)
    page = document(2026, found, period, "08:00-18:00", seen.maintenance, "fr")
    assert "La maintenance de vpn" in page.notes[-1]
    assert "ne compte nulle part" in page.notes[-1]


def test_what_others_saw_is_read_strictly():
    body = "\n".join(
        (
            HEADER,
            "rina;2026-01-01T00:00:00+01:00;2026-01-02T00:00:00Z;up;nagios",
            "rina;2026-01-01T12:00:00Z;2026-01-03T00:00:00Z;down;nagios",
            "rina;2026-01-01T12:00:00Z;2026-01-03T00:00:00Z;down;zabbix",
            "rina;2026-01-01T12:00:00;2026-01-03T00:00:00Z;down;x",
            "rina;2026-01-01T12:00:00Z;later;down;x",
            "rina;2026-01-03T12:00:00Z;2026-01-03T00:00:00Z;down;x",
            "rina;2026-01-03T12:00:00Z;2036-01-03T00:00:00Z;down;x",
            "rina;2026-02-03T12:00:00Z;2026-02-04T00:00:00Z;maintenance;x",
            "rina;2026-02-03T12:00:00Z;2026-02-04T00:00:00Z;up;gateway",
            ";2026-02-03T12:00:00Z;2026-02-04T00:00:00Z;up;x",
            "rina",
        )
    ).encode()
    found, wrong = observations(body, datetime(2026, 6, 1, tzinfo=UTC))
    assert [number for number, _ in found] == [2, 3, 4]
    assert sorted((bad.number, bad.code) for bad in wrong) == [
        *((3, "overlaps"), (5, "from"), (6, "until"), (7, "order"), (8, "future"), (9, "state")),
        *((10, "monitor"), (11, "component"), (12, "columns")),
    ]
    assert found[0][1].at == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert {f"line-{bad.code}" for bad in wrong} <= set(TEXTS)
    assert observations(b"\xff", END)[1][0].code == "not-utf-8"


def test_both_languages_have_the_same_parameters():
    for english, french in TEXTS.values():
        fields = [{n for _, n, _, _ in string.Formatter().parse(t) if n} for t in (english, french)]
        assert fields[0] == fields[1]


def test_nothing_seen_is_no_figure():
    assert Figures().availability is None
    assert lines({}, {}, Period(BEGIN, END, ())) == []


# -- as published ---------------------------------------------------------------------------


def run(*words):
    return CliRunner().invoke(cli, ["report", "availability", *map(str, words)])


def test_a_published_table_is_printed_as_it_is(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("service\tavailability_2023_percent\nVPN\t96.20\nDNS\t99.98\n", "utf-8")
    shown = run("--from", path).output
    assert "| VPN | 96.20 % | under |" in shown
    assert "| DNS | 99.98 % | met |" in shown
    assert "1 of 2 are under the mark" in shown
    found = [json.loads(line) for line in run("--from", path, "--json").output.splitlines()]
    assert [one["meets_mark"] for one in found] == [False, True]
    path.write_text("service\tavailability_2023_percent\nVPN\tmuch\n", "utf-8")
    assert "line 2: no percentage" in str(run("--from", path).exception)
    assert run().exit_code == 2


@pytest.mark.reference
def test_annex_4_is_reproduced_and_wholly_under_its_mark():
    root = Path(os.environ.get("EESSI_REFERENCE", REPOSITORY.parent / "shared" / "reference"))
    if not root.is_dir():
        pytest.skip(f"no reference folder: {root}; set EESSI_REFERENCE")
    table = annex4(root / "seed" / "annex4.tsv")
    report = (root / "seed" / "cleiss-rapport-activite-2023.md").read_text("utf-8")
    assert len(table) == 33
    for name, rate in table:
        assert f"{name} {rate}%" in report
    shown = run("--from", root / "seed" / "annex4.tsv").output
    assert "33 of 33 are under the mark of 99.98 %." in shown


def test_the_report_tells_an_outage_of_seconds_and_in_it_the_states_add_up():
    """So its minutes are told to the thousandth, in rows and on the page."""
    stop = at(1) + timedelta(seconds=3, milliseconds=600)
    runs = (
        Run("rina-1", "gateway", BEGIN, at(1), True),
        Run("rina-1", "gateway", at(1), stop, False),
        Run("rina-1", "gateway", stop, END, True),
    )
    period = Period(BEGIN, END, service_hours("08:00-18:00", BEGIN, END))
    found = lines(tracks(Seen(runs, (), ()), END), {}, period)
    one = next(r for r in rows(found) if (r["name"], r["hours"]) == ("rina-1", "24x7"))
    times = [one[f"{state}_minutes"] for state in ("up", "down", "maintenance", "not_observed")]
    assert times == [8760 * 60 - 0.06, 0.06, 0, 0]
    page = "\n".join(
        " ".join(row) for row in document(2026, found, period, "", (), "en").parts[0].rows
    )
    assert " 0.06 " in page


def test_the_status_page_rounds_no_outage_away():
    of = Figures(
        up=timedelta(days=29, minutes=1439),
        down=timedelta(milliseconds=60),
        not_observed=timedelta(minutes=43_199, seconds=59, milliseconds=940),
    )
    assert brief(of, "fr")[3:] == ("1", "0", "43\u202f200")
    assert brief(of, "en")[3:] == ("1", "0", "43,200")
