"""A real browser shows the status page, and its policy keeps nothing of it back."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import urllib.request
import zlib
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib import resources
from pathlib import Path

import pytest

from gateway.availability import Period, lines, tracks
from gateway.availability.standing import Standings
from gateway.config import Http, load
from gateway.daemon import CAUSES_SHOWN
from gateway.journal.observing import Maintenance, Run, Seen
from gateway.journal.rows import Backlog, Counts
from gateway.metrics import Metrics
from gateway.seen.endpoint import Endpoint
from gateway.seen.status_page import StatusPage
from gateway.seen.watching import PARTS, SLOTS, Part, Rates, Sight, State
from gateway.tables.comparing import compare, in_html
from routing_tables.release import ROOT

pytestmark = pytest.mark.program
CHROMIUM = shutil.which("chromium")
STATES = (State.RUN, State.SLOW, State.STUCK, State.PAUSED, State.IDLE)
"""Of the parts: each colour of the page."""
LOOK = """<script>
axe.run(document, {resultTypes: ["violations"]}).then(found => {
  const told = document.createElement("script");
  told.type = "application/json";
  told.id = "axe";
  told.textContent = JSON.stringify({
    barriers: Object.fromEntries(
      found.violations.map(one => [one.id, one.nodes.map(node => node.target.join(" "))])
    ),
    looked: found.passes.map(one => one.id),
  });
  document.body.append(told);
});
</script>"""
"""Has axe-core look at the page, by all its rules, and leaves what it found in it."""


COUNT = """<p id="fetched"></p><script>addEventListener("load", () => {
  const count = performance.getEntriesByType("resource").length;
  document.getElementById("fetched").textContent = count;
});</script>"""
"""Has the page say how many resources were asked for to show it."""

DAY = (31, 28, 44, 52, 47, 61, 58, 40, 36, 49, 55, 42)
"""Messages in five minutes of an ordinary hour, as the picture in `ops/` shows them."""


def sight(clock, states, received):
    """A look at a gateway whose parts are so."""
    slots = tuple(Rates(300.0, n, 9 * n // 10, 0, 0.002 + 0.0001 * n) for n in received)
    waiting = [0 if state is State.IDLE else 3 for state in states]
    return Sight(
        at=clock.now(),
        reasons=(),
        parts=tuple(map(Part, PARTS, states, waiting, [12.0 if n else None for n in waiting])),
        rates=slots[-1],
        slots=slots,
        backlog=Backlog(3, clock.now()),
        counts=Counts({}, {}, {"several": 12, "own": 3}, {"not-xml": 1}, {"DE": 7}),
        release="2026-baseline",
        pauses={"all": 0},
    )


def standings(clock):
    """Availability with each state in it."""
    now, year = clock.now(), timedelta(days=200)
    runs = (
        Run("rina-1", "gateway", now - year, now - timedelta(hours=3), up=True),
        Run("rina-1", "gateway", now - timedelta(hours=3), now, up=False),
        Run("rina-2", "gateway", now - year, now, up=True),
    )
    vpn = Maintenance("vpn", now - timedelta(hours=1), now, "", "", now)
    seen = Seen(runs, (vpn,), ((now - year, now),))
    known = tracks(seen, now, ("backup",))
    figures = lines(
        known, {"RINA": ("rina-1", "rina-2")}, Period(now - timedelta(days=30), now, ())
    )
    return Standings(now, figures, figures)


@asynccontextmanager
async def served(shown, folder, standing=None):
    """The address of a status page that shows this."""

    async def see():
        return shown

    async def none():
        return ()

    page = StatusPage(see, lambda: standing, load(None, folder))
    metrics = Metrics(instance="i", environment="demo", sending="observe", causes=CAUSES_SHOWN)
    endpoint = Endpoint(Http(port=0), metrics, none, none, page)
    await endpoint.start()
    try:
        yield endpoint.url
    finally:
        await endpoint.stop()


@pytest.fixture
async def address(tmp_path, clock):
    """Where a status page is served that has each colour."""
    shown = sight(clock, STATES, [10 * n for n in range(SLOTS)])
    async with served(shown, tmp_path, standings(clock)) as url:
        yield url


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: make setup-services")
@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_chromium_shows_the_page_and_complains_of_nothing(address, browse, lang):
    done = await browse(f"{address}/?lang={lang}", "--dump-dom")
    assert f'<html lang="{lang}">' in done.stdout
    assert done.stdout.count("<svg") == 2
    assert "<tbody>" in done.stdout
    assert "CONSOLE" not in done.stderr  # where it says what a policy has refused


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: make setup-services")
@pytest.mark.parametrize(
    ("words", "barriers"),
    [
        ("lang=fr", set()),
        ("lang=en", set()),
        ("lang=fr&refresh=1", {"meta-refresh"}),  # a person has asked for it, and can end it
    ],
)
async def test_axe_finds_no_barrier_on_the_page(address, browse, tmp_path, words, barriers):
    found = await _barriers(await _fetched(f"{address}/?{words}"), browse, tmp_path)
    assert set(found["barriers"]) == barriers, found["barriers"]
    assert {"color-contrast", "document-title", "html-has-lang"} <= set(found["looked"])


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: make setup-services")
async def test_axe_would_find_one(address, browse, tmp_path):
    page = await _fetched(f"{address}/?lang=fr")
    spoilt = page.replace('<html lang="fr">', "<html>").replace(
        ".l2{color:", ".l2,h1{color:#eee;x:"
    )
    found = await _barriers(spoilt, browse, tmp_path)
    assert {"html-has-lang", "color-contrast"} <= set(found["barriers"])


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: make setup-services")
async def test_chromium_draws_it(browse, clock, tmp_path, picture):
    states = (State.RUN, State.RUN, State.RUN, State.RUN, State.IDLE)
    words = (f"--screenshot={picture}", "--window-size=1000,2460", "--hide-scrollbars")
    async with served(sight(clock, states, DAY), tmp_path, standings(clock)) as url:
        await browse(f"{url}/?lang=fr", *words)
    drawn = _colours(await asyncio.to_thread(picture.read_bytes))
    assert {"e3f7e8", "0f4a26", "00398a", "c0491f"} <= drawn  # the words' box; both rows of bars


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: make setup-services")
async def test_the_page_of_a_difference_asks_for_nothing(browse, tmp_path):
    shutil.copytree(ROOT / "routing_tables", tmp_path / "base" / "routing_tables")
    changes = compare(tmp_path / "base", tmp_path / "none")  # every row is gone
    page = in_html("2026-baseline", "2027-01", changes, "fr")
    asked, shown = await _asked_for(page, browse, tmp_path)
    assert asked == 0
    assert shown.count("<tr") == len(changes) + 1
    assert "<h1>2026-baseline → 2027-01</h1>" in shown
    image = '<img src="http://127.0.0.1:9/x.png" alt="">'  # it would be noticed
    assert (await _asked_for(page.replace("</h1>", f"</h1>{image}"), browse, tmp_path))[0] == 1


async def _asked_for(page, browse, folder):
    """How many things the browser fetches besides the page, and what it shows."""
    file = folder / "page.html"
    file.write_text(page.replace("</body>", f"{COUNT}</body>"), encoding="utf-8")
    done = await browse(file.as_uri(), "--dump-dom", "--host-resolver-rules=MAP * ~NOTFOUND")
    said = re.search(r'id="fetched">(\d+)<', done.stdout)
    assert said is not None, done.stderr[-2000:]
    return int(said[1]), done.stdout


@pytest.fixture
def picture(tmp_path):
    """Where the picture goes: `make picture` keeps it."""
    kept = Path(os.environ.get("EESSI_PICTURE") or tmp_path / "page.png")
    kept.unlink(missing_ok=True)
    return kept


def _colours(png):
    """Every colour of a picture of three bytes a pixel (PNG, section 9: what a filter says)."""
    chunks, at = {}, 8
    while at < len(png):
        size = int.from_bytes(png[at : at + 4])
        chunks.setdefault(png[at + 4 : at + 8], []).append(png[at + 8 : at + 8 + size])
        at += size + 12
    [head] = chunks[b"IHDR"]
    assert head[8:] == bytes((8, 2, 0, 0, 0))  # 8 bits, RGB, not interlaced
    width, data = 3 * int.from_bytes(head[:4]), zlib.decompress(b"".join(chunks[b"IDAT"]))
    found, above = set(), bytearray(width)
    for start in range(0, len(data), width + 1):
        line = bytearray(data[start + 1 : start + 1 + width])
        _unfiltered(data[start], line, above)
        found |= {line[n : n + 3].hex() for n in range(0, width, 3)}
        above = line
    return found


def _unfiltered(kind, line, above):
    for n in range(len(line) if kind else 0):
        left, corner = (line[n - 3], above[n - 3]) if n > 2 else (0, 0)
        up = above[n]
        near = min((left, up, corner), key=lambda one: abs(left + up - corner - one))
        line[n] = (line[n] + (left, up, (left + up) // 2, near)[kind - 1]) & 0xFF


async def _fetched(address):
    """A page as it is served."""
    answer = await asyncio.to_thread(urllib.request.urlopen, address)
    with answer:
        return answer.read().decode()


async def _barriers(page, browse, folder):
    """What axe-core finds in a page: rule -> the elements that break it; and where it looked.

    The page is opened from a file, for its own policy lets no script run.
    """
    axe = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    file = folder / "page.html"
    file.write_text(page.replace("</body>", f"<script>{axe}</script>{LOOK}</body>"), "utf-8")
    done = await browse(file.as_uri(), "--dump-dom", "--virtual-time-budget=30000")
    said = re.search(r'<script type="application/json" id="axe">(.+?)</script>', done.stdout)
    assert said is not None, done.stderr[-2000:]
    return json.loads(said[1])


@pytest.fixture
def browse(tmp_path):
    """Opens a page in a browser without a window; the page is ours, so no sandbox is needed."""

    async def opened(url, *words):
        line = [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *(f"--user-data-dir={tmp_path / 'profile'}", "--disable-dev-shm-usage"),
            *("--enable-logging=stderr", "--log-level=0", "--no-proxy-server", *words, url),
        ]
        return await asyncio.to_thread(
            subprocess.run, line, capture_output=True, text=True, timeout=90, check=False
        )

    return opened
