"""The status page can be read by anybody, in both languages, and names no case and nobody."""

import base64
import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from gateway.availability import Period, lines, tracks
from gateway.availability.standing import Standings
from gateway.config import load
from gateway.journal.observing import Maintenance, Run, Seen
from gateway.journal.rows import Backlog, Counts
from gateway.seen.status_page import STYLE, STYLE_HASH, StatusPage
from gateway.seen.watching import LEVELS, PARTS, SLOTS, Part, Rates, Sight, State
from gateway.wording import sentence

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
FIRST = NOW - timedelta(days=3, hours=2)
VOID = {"meta", "br", "img", "link", "input", "hr"}


def sight(state=State.RUN, reasons=(), worklist=None):
    """A look with something in everything."""
    slots = tuple(Rates(300.0, 10 * n, 9 * n, n % 2, 0.012 * n or None) for n in range(SLOTS))
    return Sight(
        at=NOW,
        reasons=reasons,
        parts=tuple(Part(name, state, 3, 75.0) for name in PARTS),
        rates=slots[-1],
        slots=slots,
        backlog=Backlog(3, NOW, 1, 2, 1, NOW),
        counts=Counts(
            {}, {}, worklist or {"several": 2, "own": 1}, {"not-xml": 4}, {"DE": 4, "PL": 3}, FIRST
        ),
        release="2026-baseline",
        pauses={"all": 0, "institution": 1},
    )


@pytest.fixture
def render(tmp_path):
    """The page of a look: `await render("fr", sight())`."""

    async def made(lang="en", seen=None, *, refresh=False, stands=None):
        async def see():
            return seen or sight()

        page = StatusPage(see, lambda: stands, load(None, tmp_path))
        return await page(lang, refresh=refresh)

    return made


class Tree(HTMLParser):
    """Every tag as it is opened, with its text; fails on one that is closed out of turn."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.texts = [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append((self.open[-1], data.strip()))

    def all(self, *names):
        return [(tag, attrs, within) for tag, attrs, within in self.tags if tag in names]


@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_it_is_nested_as_html_wants_and_says_its_language(render, lang):
    page = await render(lang)
    tree = Tree(page)
    assert page.startswith("<!DOCTYPE html>")
    assert tree.open == []
    assert tree.tags[0][:2] == ("html", {"lang": lang})
    assert not {tag for tag, *_ in tree.tags} & {"script", "img", "link", "iframe", "form"}
    identifiers = [attrs["id"] for _, attrs, _ in tree.tags if "id" in attrs]
    assert len(identifiers) == len(set(identifiers))
    for _, attrs, _ in tree.tags:
        named = attrs.get("aria-labelledby")
        assert named is None or named in identifiers
        assert not any(key.startswith("on") or key == "style" for key in attrs)


@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_it_has_landmarks_headings_in_order_and_a_way_past_the_navigation(render, lang):
    tree = Tree(await render(lang))
    assert [len(tree.all(name)) for name in ("header", "nav", "main", "h1")] == [1, 1, 1, 1]
    assert [tag for tag, *_ in tree.all("h1", "h2", "h3")] == ["h1"] + ["h2"] * 6
    first = tree.all("a")[0][1]
    assert first == {"class": "skip", "href": "#content"}
    assert tree.all("main")[0][1]["id"] == "content"


@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_each_chart_has_a_name_and_its_table_beside_it(render, lang):
    tree = Tree(await render(lang))
    charts = tree.all("svg")
    assert len(charts) == 2
    for _, attrs, within in charts:
        assert attrs["role"] == "img"
        assert attrs["aria-labelledby"]
        assert within[-1] == "div"
    beside = [within for tag, _, within in tree.tags if tag == "table" and within[-1] == "div"]
    assert len(beside) == 2
    captions = [text for tag, text in tree.texts if tag == "caption"]
    titles = [text for tag, text in tree.texts if tag == "title"][1:]
    assert titles == captions[1:3]
    assert all("scope" in attrs for _, attrs, _ in tree.all("th"))


async def test_the_numbers_of_the_charts_stand_in_their_tables(render):
    page = await render("en")
    last = '<th scope="row">10:30</th><td class="n">110</td><td class="n">99</td>'
    assert last in page
    assert '<td class="n">132.0</td>' in page


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_a_state_is_a_word_and_never_a_colour_alone(render, lang, state):
    tree = Tree(await render(lang, sight(state)))
    lights = [text for tag, text in tree.texts if tag == "span"]
    assert len(lights) == 1 + len(PARTS)
    assert all(lights)
    assert len({attrs["class"] for _, attrs, _ in tree.all("span")[1:]}) == 1
    assert f"l{LEVELS[state]}" in {attrs["class"] for _, attrs, _ in tree.all("span")}


@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_the_words_say_what_the_colour_says(render, lang):
    """A green readiness beside a part that is not well is neither praised nor called red."""
    said = {}
    for state in (State.RUN, State.LAG, State.STUCK):
        tree = Tree(await render(lang, sight(state)))
        said[state] = next(text for tag, text in tree.texts if tag == "span")
    assert said == {
        State.RUN: sentence(lang, "page", "ready"),
        State.LAG: sentence(lang, "page", "ready-warning"),
        State.STUCK: sentence(lang, "page", "ready-stuck"),
    }
    assert len(set(said.values())) == 3


async def test_what_is_stuck_beside_a_green_readiness_is_named(render):
    page = await render("en", sight(State.STUCK))
    assert "<code>outbox-stuck</code> Outgoing messages wait, and none leaves." in page
    assert "<code>intake-stuck</code>" in page
    assert "-stuck" not in await render("en", sight(State.LAG))


@pytest.mark.parametrize(("lang", "said"), [("fr", "sont un exemple"), ("en", "are an example")])
async def test_an_example_that_nobody_accepted_is_said(render, lang, said):
    for reasons in ((), ("journal-unavailable",)):
        waits = replace(sight(reasons=reasons), unaccepted=True)
        page = await render(lang, waits)
        assert "<code>tables-example</code> " in page
        assert said in page
        assert (sentence(lang, "page", "ready-warning") in page) is (not reasons)
    assert "tables-example" not in await render(lang, sight())


async def test_red_comes_with_the_reasons(render):
    page = await render("en", sight(State.STUCK, ("journal-unavailable",)))
    assert "Not ready" in page
    assert "<code>journal-unavailable</code>" in page
    assert "Ready:" not in page


@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_it_tells_what_waits_for_people_and_what_is_in_force(render, lang):
    page = await render(lang)
    for said in (
        "several",
        "not-xml",
        "2026-baseline",
        "automatic",
        ">7<",
        "institution (1)",
        ">3 j 2 h<" if lang == "fr" else ">3 d 2 h<",
    ):
        assert said in page


HOUR = timedelta(hours=1)
SERVICES = {"Applications nationales RINA": ("rina-1", "rina-2")}


def standings():
    """Two parts that stand in for each other, one of them down now; one that nobody looks at."""
    day = NOW - 24 * HOUR
    runs = (
        Run("rina-1", "gateway", day, NOW - HOUR, up=True),
        Run("rina-1", "gateway", NOW - HOUR, NOW, up=False),
        Run("rina-2", "gateway", day, NOW, up=True),
        Run("vpn", "gateway", day, NOW, up=True),
    )
    vpn = Maintenance("vpn", NOW - 2 * HOUR, NOW + HOUR, "me", "the reason why", day)
    seen = Seen(runs, (vpn,), ((day, NOW - timedelta(seconds=3)),))
    known = tracks(seen, NOW, ("rina-1", "rina-2", "vpn", "file"))
    rolling, year = (
        lines(known, SERVICES, Period(begin, NOW, ()))
        for begin in (day - 24 * HOUR, datetime(2025, 12, 31, 23, tzinfo=UTC))
    )
    return Standings(NOW, rolling, year)


def table(page, caption):
    """The rows of a table as texts: the first cell -> the others."""
    [body] = re.findall(rf"<caption>{caption}</caption>.*?<tbody>(.*?)</tbody>", page, re.DOTALL)
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in body.split("</tr>")[:-1]]
    texts = [[re.sub(r"<[^>]+>", "", cell) for cell in row] for row in rows]
    return {row[0]: row[1:] for row in texts}


@pytest.mark.parametrize(
    ("lang", "shown"), [("fr", ["12,0", "1\u202f200,0"]), ("en", ["12.0", "1,200.0"])]
)
async def test_numbers_are_written_as_in_each_language(render, lang, shown):
    slots = (Rates(300.0, 1, 1, 0, 0.012), Rates(300.0, 1, 1, 0, 1.2))
    page = await render(lang, replace(sight(), slots=slots))
    rows = table(page, re.escape(sentence(lang, "page", "latency")))
    assert [cells for (cells,) in rows.values()] == shown


@pytest.mark.parametrize(("lang", "shown"), [("fr", "12\u202f034"), ("en", "12,034")])
async def test_thousands_are_set_apart_wherever_something_is_counted(render, lang, shown):
    many = 12_034
    seen = replace(
        sight(worklist={"several": many}),
        parts=tuple(Part(name, State.RUN, many) for name in PARTS),
        slots=(Rates(300.0, many, many, many),),
        backlog=Backlog(many, NOW, many, many, many),
    )
    page = await render(lang, seen)
    assert page.count(f'<td class="n">{shown}</td>') == len(PARTS) + 3 + 2 + 2
    assert str(many) not in re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)


async def test_the_availability_of_each_part_and_service_is_told_with_what_nobody_saw(render):
    page = await render("en", stands=standings())
    month, year = table(page, "The last 30 days"), table(page, "This year so far")
    service = "Applications nationales RINA (service: rina-1, rina-2)"
    everything = "composite: all of Applications nationales RINA, file, the gateway itself, vpn"
    assert list(month) == list(year)
    parts = ("file", "the gateway itself", "rina-1", "rina-2", "vpn")
    assert list(month) == [service, *parts, everything]
    assert month[service] == ["up", "50.00 %", "under", "100.00 %", "0", "0", "1,440"]
    assert month["rina-1"] == ["down", "47.91 %", "under", "95.83 %", "60", "0", "1,440"]
    assert month["vpn"] == [
        "under maintenance",
        "47.82 %",
        "under",
        "100.00 %",
        "0",
        "120",
        "1,440",
    ]
    assert month["file"] == ["not observed", "0.00 %", "under", "-", "0", "0", "2,880"]
    assert month["the gateway itself"][0] == "up"
    assert year["rina-2"] == ["22.53 %", "under", "100.00 %", "0", "0", "4,950"]
    assert "the reason why" not in page
    assert '<span class="l2">down</span>' in page


async def test_the_availability_is_told_in_french(render):
    page = await render("fr", stands=standings())
    month = table(page, "Les 30 derniers jours")
    assert month["la passerelle elle-même"][:2] == ["en marche", "50,00 %"]
    assert month["rina-1"] == [
        "en panne",
        "47,91 %",
        "en dessous",
        "95,83 %",
        "60",
        "0",
        "1\u202f440",
    ]
    assert "n'est pas compté en marche" in page


async def test_until_the_availability_has_been_counted_the_page_says_so(render):
    page = await render("en")
    assert "It is being counted" in page
    assert "The last 30 days" not in page


async def test_it_names_no_case_no_institution_and_lets_nothing_through_as_markup(render):
    page = await render("en", sight(worklist={"<b>&": 1}))
    assert "<b>" not in page
    assert "&lt;b&gt;&amp;" in page
    assert not re.search(r"\b[A-Z]{2}:[0-9A-Z]{4,}", page)
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", page)


async def test_it_renews_itself_only_for_those_who_ask_and_can_be_stopped(render):
    still, moving = await render("fr"), await render("fr", refresh=True)
    assert "http-equiv" not in still
    assert 'href="?lang=fr&amp;refresh=1"' in still
    assert '<meta http-equiv="refresh" content="30">' in moving
    assert "Ne plus actualiser" in moving


async def test_the_style_is_the_one_that_the_policy_lets_through(render):
    [style] = re.findall(r"<style>(.*?)</style>", await render(), re.DOTALL)
    assert style == STYLE
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() == STYLE_HASH


def test_text_stands_out_from_its_ground():
    def light(colour):
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    pairs = re.findall(r"\.l\d\{color:(#\w{6});background:(#\w{6})\}", STYLE)
    pairs += [("#161616", "#ffffff"), ("#00398a", "#ffffff")]
    assert len(pairs) == 5
    for ink, ground in pairs:
        dark, bright = sorted((light(ink), light(ground)))
        assert (bright + 0.05) / (dark + 0.05) >= 4.5, ink
    for bars in re.findall(r"\.[ab]\{fill:(#\w{6})\}", STYLE):
        assert 1.05 / (light(bars) + 0.05) >= 3, bars
