"""The status page: one look at the gateway as HTML, to read in any browser, and nothing to click.

Self-contained: no script, no image, no font from elsewhere; its one style sheet is allowed by its
digest. Each chart has its table beside it, a colour never says anything alone, and the page only
renews itself for those who ask for it (RGAA 1.1, 3.1, 5.6, 8.3, 12.7, 13.1).
"""

import base64
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from lxml import etree
from lxml.builder import E

from gateway import __version__
from gateway.availability import State
from gateway.availability.showing import BRIEF, brief, named
from gateway.availability.standing import Standings
from gateway.config import Config
from gateway.core.matter import PARIS
from gateway.releasing import UNACCEPTED
from gateway.seen.watching import LEVELS, SLOT_SECONDS, Part, Rates, Sight
from gateway.wording import sentence
from gateway.wording.availability import said
from gateway.wording.numbers import duration, number

STYLE: Final = """\
:root{color-scheme:light}
body{font:1rem/1.5 system-ui,sans-serif;color:#161616;background:#fff;margin:0}
header,main,footer{max-width:64rem;margin:0 auto;padding:0 1rem}
a{color:#00398a}
a:focus{outline:3px solid #00398a;outline-offset:2px}
.skip{position:absolute;left:-999rem}
.skip:focus{position:static}
nav ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:1rem}
table{border-collapse:collapse;margin:0 0 1rem}
caption{text-align:left;font-weight:bold;padding:.25rem 0}
th,td{border:1px solid #6a6a6a;padding:.25rem .6rem;text-align:left;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}
.chart{display:flex;flex-wrap:wrap;gap:1.5rem;align-items:flex-start}
svg{max-width:100%;height:auto;border:1px solid #6a6a6a}
.l0,.l1,.l2{display:inline-block;padding:0 .5rem;font-weight:bold;border:2px solid}
.l0{color:#0f4a26;background:#e3f7e8}
.l1{color:#5c3300;background:#fff1d6}
.l2{color:#8a0014;background:#ffe5e7}
.a{fill:#00398a}
.b{fill:#c0491f}
.t{font-size:12px;fill:#161616}
"""
STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
REFRESH_SECONDS: Final = 30
_STANDING: Final[Mapping[State, int]] = {
    State.UP: 0,
    State.MAINTENANCE: 1,
    State.NOT_OBSERVED: 1,
    State.DOWN: 2,
}
"""How a part stands -> level, as `watching.LEVELS` counts."""
READY: Final = ("ready", "ready-warning", "ready-stuck")
"""What is said of a gateway that is ready, by the level of its worst part."""
_WIDTH, _HEIGHT, _BASE = 480, 180, 150
_Say = Callable[[str], str]
_Node = etree._Element  # noqa: SLF001 - the name that lxml's own stubs give to an element


class StatusPage:
    """Makes the page.

    Args:
        see: the look that it shows.
        standings: the availability that it shows; None until it has been counted.
        config: what is said of the gateway beside it.
    """

    def __init__(
        self,
        see: Callable[[], Awaitable[Sight]],
        standings: Callable[[], Standings | None],
        config: Config,
    ) -> None:
        self._see = see
        self._standings = standings
        self._config = config

    async def __call__(self, lang: str, *, refresh: bool) -> str:
        """The page in `fr` or `en`; with `refresh` it renews itself."""
        sight = await self._see()

        def say(code: str) -> str:
            return sentence(lang, "page", code)

        page = E.html(
            _head(say, refresh=refresh),
            E.body(
                E.a(say("skip"), {"class": "skip"}, href="#content"),
                _header(say, sight, lang, refresh=refresh),
                E.main(
                    _overall(say, sight, lang),
                    _parts(say, sight.parts, lang),
                    _last_hour(say, sight, lang),
                    _availability(say, self._standings(), lang),
                    _people(say, sight, lang),
                    self._settings(say, sight),
                    id="content",
                ),
            ),
            lang=lang,
        )
        return etree.tostring(page, encoding="unicode", method="html", doctype="<!DOCTYPE html>")

    def _settings(self, say: _Say, sight: Sight) -> _Node:
        config = self._config
        held = [f"{say(f'reach:{reach}')} ({n})" for reach, n in sight.pauses.items() if n]
        rows = (
            (say("release"), sight.release),
            (say("sending"), config.sending),
            (say("pauses"), ", ".join(held) or say("nothing")),
            (say("environment"), config.environment),
            (say("instance"), config.instance),
            (say("version"), __version__),
        )
        table = _table(say("settings"), (say("figure"), say("value")), rows)
        return _section("settings", say, table)


def _head(say: _Say, *, refresh: bool) -> _Node:
    head = E.head(
        E.meta(charset="utf-8"),
        E.meta(name="viewport", content="width=device-width, initial-scale=1"),
        E.title(say("title")),
        E.style(STYLE),
    )
    if refresh:
        head.append(E.meta({"http-equiv": "refresh", "content": str(REFRESH_SECONDS)}))
    return head


def _header(say: _Say, sight: Sight, lang: str, *, refresh: bool) -> _Node:
    other = "en" if lang == "fr" else "fr"
    again, turned = (f"?lang={lang}&refresh=1", f"?lang={lang}")
    return E.header(
        E.h1(say("title")),
        E.p(f"{say('as-of')} ", E.time(_clock(sight.at, "%Y-%m-%d %H:%M:%S"))),
        E.nav(
            E.ul(
                E.li(E.a(say("refresh"), href=again if refresh else turned)),
                E.li(
                    E.a(
                        say("refresh-off" if refresh else "refresh-on"),
                        href=turned if refresh else again,
                    )
                ),
                E.li(E.a(say("other-language"), href=f"?lang={other}", lang=other)),
            ),
            {"aria-label": say("navigation")},
        ),
    )


def _overall(say: _Say, sight: Sight, lang: str) -> _Node:
    worst = max(int(sight.unaccepted), *(LEVELS[part.state] for part in sight.parts))
    if sight.reasons:
        lines = [
            _light(say("not-ready"), max(worst, 1 if sight.reasons == ("paused",) else 2)),
            E.p(say("reasons")),
            E.ul(*[E.li(E.code(reason)) for reason in sight.reasons]),
        ]
    else:
        lines = [_light(say(READY[worst]), worst)]
        if sight.stuck:
            told = [E.li(E.code(code), " ", sentence(lang, "reason", code)) for code in sight.stuck]
            lines.append(E.ul(*told))
    if sight.unaccepted:
        lines.append(E.p(E.code(UNACCEPTED), " ", sentence(lang, "doctor", UNACCEPTED)))
    return _section("overall", say, *[line if line.tag != "span" else E.p(line) for line in lines])


def _parts(say: _Say, parts: Iterable[Part], lang: str) -> _Node:
    heads = (say("part"), say("state"), say("meaning"), say("waiting"), say("oldest"))
    rows = [
        (
            say(f"part:{part.name}"),
            _light(say(f"state:{part.state}"), LEVELS[part.state]),
            sentence(lang, "part-state", part.state),
            "" if part.waiting is None else _figure(lang, part.waiting),
            "" if part.oldest_seconds is None else duration(lang, part.oldest_seconds),
        )
        for part in parts
    ]
    return _section("parts", say, _table(say("parts"), heads, rows))


def _last_hour(say: _Say, sight: Sight, lang: str) -> _Node:
    ends = [
        (sight.at - timedelta(seconds=SLOT_SECONDS) * n).astimezone(PARIS).strftime("%H:%M")
        for n in range(len(sight.slots) - 1, -1, -1)
    ]
    received, sent = [s.received for s in sight.slots], [s.sent for s in sight.slots]
    flow = _table(
        say("throughput"),
        (say("until"), say("received"), say("sent"), say("failed")),
        [
            (end, *(_figure(lang, n) for n in (slot.received, slot.sent, slot.failed)))
            for end, slot in zip(ends, sight.slots, strict=True)
        ],
    )
    pace = _table(
        say("latency"),
        (say("until"), say("mean")),
        [(end, _milliseconds(slot, lang)) for end, slot in zip(ends, sight.slots, strict=True)],
    )
    means = [1000 * (slot.mean_seconds or 0.0) for slot in sight.slots]
    bars = {say("received"): received, say("sent"): sent}
    return _section(
        "last-hour",
        say,
        E.div(_chart("flow", say("throughput"), bars, ends), flow, {"class": "chart"}),
        E.div(_chart("pace", say("latency"), {say("mean"): means}, ends), pace, {"class": "chart"}),
    )


def _availability(say: _Say, found: Standings | None, lang: str) -> _Node:
    if found is None:
        return _section("availability", say, E.p(say("availability-unknown")))
    heads = tuple(said(lang, code) for code in BRIEF)
    rolling = [
        (
            named(line, lang),
            _light(say(f"standing:{line.now}"), _STANDING[line.now]),
            *brief(line.whole, lang),
        )
        for line in found.rolling
    ]
    year = [(named(line, lang), *brief(line.whole, lang)) for line in found.year]
    name = said(lang, "name")
    return _section(
        "availability",
        say,
        E.p(said(lang, "rule")),
        E.p(f"{say('counted-at')} ", E.time(_clock(found.at, "%Y-%m-%d %H:%M:%S"))),
        _table(say("rolling"), (name, say("now"), *heads), rolling),
        _table(say("year"), (name, *heads), year),
    )


def _people(say: _Say, sight: Sight, lang: str) -> _Node:
    heads = (say("cause"), say("meaning"), say("number"))
    tables = []
    for name, numbers in (
        ("worklist", sight.counts.worklist),
        ("quarantine", sight.counts.quarantine),
    ):
        rows = [
            (E.code(cause), sentence(lang, "cause", cause), _figure(lang, count))
            for cause, count in sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))
        ]
        total = (say("total"), "", _figure(lang, sum(numbers.values())))
        tables.append(_table(say(name), heads, [*rows, total]))
    backlog = sight.backlog
    first = sight.counts.worklist_oldest
    figures = (
        (
            say("worklist-oldest"),
            say("nothing") if first is None else duration(lang, (sight.at - first).total_seconds()),
        ),
        (say("questions"), _figure(lang, sight.counts.questions_open)),
        (say("proposed"), _figure(lang, backlog.proposed)),
        (say("held"), _figure(lang, backlog.held)),
    )
    tables.append(_table(say("other-figures"), (say("figure"), say("number")), figures))
    return _section("people", say, *tables)


def _section(code: str, say: _Say, *content: _Node) -> _Node:
    return E.section(E.h2(say(code), id=code), *content, {"aria-labelledby": code})


def _light(text: str, level: int) -> _Node:
    return E.span(text, {"class": f"l{level}"})


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> _Node:
    return E.table(
        E.caption(caption),
        E.thead(E.tr(*[E.th(head, scope="col") for head in heads])),
        E.tbody(*[_row(cells) for cells in rows]),
    )


def _row(cells: Sequence[object]) -> _Node:
    first, *others = cells
    return E.tr(_cell(E.th, first, {"scope": "row"}), *[_cell(E.td, c, {}) for c in others])


def _cell(make: Callable[..., _Node], content: object, attributes: Mapping[str, str]) -> _Node:
    if isinstance(content, _Node):
        return make(content, attributes)
    right = {"class": "n"} if isinstance(content, _Figure) else {}
    return make(str(content), {**attributes, **right})


def _chart(
    name: str, title: str, series: Mapping[str, Sequence[float]], ends: Sequence[str]
) -> _Node:
    """Bars, one group a stretch of time; what they show stands in the table beside it."""
    most = max((value for values in series.values() for value in values), default=0) or 1
    step = (_WIDTH - 50) / max(len(ends), 1)
    width = step * 0.8 / len(series)
    bars = [
        _bar(40 + step * slot + width * row, width, _BASE * 0.85 * value / most, "ab"[row])
        for row, values in enumerate(series.values())
        for slot, value in enumerate(values)
    ]
    legend = [
        E.text(label, {"class": "t", "x": str(150 + 140 * row), "y": "14"})
        for row, label in enumerate(series)
    ]
    keys = [_square(136 + 140 * row, "ab"[row]) for row in range(len(series))]
    return E.svg(
        E.title(title, id=f"chart-{name}"),
        *bars,
        *keys,
        *legend,
        E.text(f"{most:.0f}", {"class": "t", "x": "4", "y": "30"}),
        E.text("0", {"class": "t", "x": "4", "y": str(_BASE)}),
        *[
            E.text(ends[at], {"class": "t", "x": f"{40 + step * at:.0f}", "y": str(_HEIGHT - 12)})
            for at in range(0, len(ends), 3)
        ],
        {
            "role": "img",
            "aria-labelledby": f"chart-{name}",
            "viewBox": f"0 0 {_WIDTH} {_HEIGHT}",
            "width": str(_WIDTH),
            "height": str(_HEIGHT),
        },
    )


def _bar(x: float, width: float, height: float, series: str) -> _Node:
    return E.rect(
        {
            "class": series,
            "x": f"{x:.1f}",
            "y": f"{_BASE - height:.1f}",
            "width": f"{width:.1f}",
            "height": f"{height:.1f}",
        }
    )


def _square(x: int, series: str) -> _Node:
    return E.rect({"class": series, "x": str(x), "y": "5", "width": "10", "height": "10"})


class _Figure(str):
    """A number as people write it; it stands at the right of its cell."""

    __slots__ = ()


def _figure(lang: str, value: float, decimals: int = 0) -> _Figure:
    return _Figure(number(lang, value, decimals))


def _milliseconds(slot: Rates, lang: str) -> str:
    return "" if slot.mean_seconds is None else _figure(lang, 1000 * slot.mean_seconds, 1)


def _clock(at: datetime, pattern: str) -> str:
    return at.astimezone(PARIS).strftime(pattern)
