"""A year of traffic: files in order of receipt, and the truth about each message.

Cases are drawn one after the other and forgotten; of what is still to come only the time is kept,
so that a large year needs no more memory than a small one. The same seed writes the same bytes.
"""

import csv
import hashlib
import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from gateway.errors import Refused
from gateway.simulation.cases import Case, Drawing, Made, Step
from gateway.simulation.facts import seeded
from gateway.simulation.profiles import witness

BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
END: Final = datetime(2027, 1, 1, tzinfo=UTC)
OFFICE_HOURS: Final = (6, 18)
COLUMNS: Final = (
    *("message_id", "case_id", "expected", "institution"),
    *("determinable", "answerable", "profile", "source"),
)
FAULT_SOURCE: Final = "design 3"


@dataclass(slots=True)
class Summary:
    """What was written."""

    cases: int = 0
    lacking: int = 0
    """Cases whose first SED lacks what is needed."""
    files: int = 0
    messages: int = 0
    """Lines of the truth: the same bytes twice are one message."""


def year(
    folder: Path,
    *,
    seed: int,
    count: int,
    missing: float = 0.25,
    silent: float = 0.0,
    begin: datetime = BEGIN,
    end: datetime = END,
) -> Summary:
    """Write `count` cases into `folder/messages`, and `folder/truth.csv`.

    Messages that would come after `end` are left out. `missing` is the share of cases that lack
    what is needed; the most that is possible is the share of BUCs that can lack something.
    `silent` is the share of cases, of those where nothing names an institution and the place
    decides, whose person belongs to another scheme though the SED gives no sign of it.

    Raises:
        Refused: the folder holds traffic already or cannot be written, or the period is empty.
    """
    if begin >= end:
        raise Refused(
            f"The period is empty: {begin:%Y-%m-%d} is not before {end:%Y-%m-%d}.",
            french=f"Période vide : {begin:%Y-%m-%d} n'est pas avant {end:%Y-%m-%d}.",
            code="period-empty",
        )
    try:
        return _write(folder, Drawing(witness(), seed, missing, silent), seed, count, (begin, end))
    except OSError as error:
        raise Refused(
            f"{folder}: cannot be written ({error.strerror}); give a new folder.",
            french=f"{folder} : écriture impossible ({error.strerror}) ;"
            " donnez un nouveau dossier.",
            code="folder-unusable",
        ) from None


def _write(
    folder: Path, drawing: Drawing, seed: int, count: int, period: tuple[datetime, datetime]
) -> Summary:
    messages = folder / "messages"
    messages.mkdir(parents=True)
    summary = Summary()
    with (folder / "truth.csv").open("x", encoding="utf-8", newline="") as file:
        truth = csv.writer(file, delimiter=";", lineterminator="\n")
        truth.writerow(COLUMNS)
        for at, case, position in _in_order(drawing, seed, count, period):
            made, step = case.made(position), case.steps[position]
            if position == 0:
                summary.cases += 1
                summary.lacking += case.profile.group == "lacking"
            if step.expected:
                truth.writerow(_line(case, step, made))
                summary.messages += 1
            summary.files += 1
            _put(messages, f"{summary.files:06d}-{made.name}{made.ending}", made, at)
    return summary


def _line(case: Case, step: Step, made: Made) -> tuple[Any, ...]:
    """One line of the truth; later messages have what was true of their case's first."""
    profile = case.profile
    fault = made.case_id != case.case_id
    return (
        made.message_id or hashlib.sha256(made.body).hexdigest(),
        made.case_id,
        step.expected,
        step.institution,
        "no" if fault else profile.determinable,
        "no" if fault else profile.answerable,
        f"fault-{step.kind}" if fault else profile.name,
        FAULT_SOURCE if fault else profile.source,
    )


def _put(folder: Path, name: str, made: Made, at: datetime) -> None:
    received = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    meta = {"received_at": received, "addressee": made.addressee}
    (folder / f"{name}.meta.json").write_text(json.dumps(meta) + "\n", encoding="utf-8")
    (folder / name).write_bytes(made.body)


def _in_order(
    drawing: Drawing, seed: int, count: int, period: tuple[datetime, datetime]
) -> Iterator[tuple[datetime, Case, int]]:
    """Each message with its time of receipt, in order; times never repeat."""
    later: list[tuple[datetime, int, int]] = []
    last = period[0] - timedelta(days=1)
    for number, start in enumerate(starts(seed, count, period)):
        case = drawing.case(number, start)
        for position, step in enumerate(case.steps):
            due = start + timedelta(minutes=step.minutes)
            if due < period[1]:
                heapq.heappush(later, (due, number, position))
        following = start if number + 1 < count else period[1]
        while later and later[0][0] <= following:
            due, owner, position = heapq.heappop(later)
            last = max(due, last + timedelta(milliseconds=1))
            yield last, _again(drawing, seed, count, period, case, owner), position


def _again(
    drawing: Drawing,
    seed: int,
    count: int,
    period: tuple[datetime, datetime],
    current: Case,
    number: int,
) -> Case:
    if number == current.number:
        return current
    return drawing.case(number, _start(seed, number, count, _days(period)))


def starts(seed: int, count: int, period: tuple[datetime, datetime]) -> Iterator[datetime]:
    """When each case begins."""
    days = _days(period)
    return (_start(seed, number, count, days) for number in range(count))


def _start(seed: int, number: int, count: int, days: tuple[datetime, ...]) -> datetime:
    """Cases are spread evenly over the office hours of the working days."""
    share = (number + seeded(f"{seed}:{number}:start").random()) / count
    whole, part = divmod(share * len(days), 1)
    first, last = OFFICE_HOURS
    return days[int(whole)] + timedelta(hours=first + (last - first) * part)


def _days(period: tuple[datetime, datetime]) -> tuple[datetime, ...]:
    """Working days of the period; all of its days when there is none among them."""
    begin, end = period
    days = [begin + timedelta(days=n) for n in range(max(1, (end - begin).days))]
    return tuple(day for day in days if day.weekday() < 5) or tuple(days)
