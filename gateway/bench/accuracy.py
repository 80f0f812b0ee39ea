"""The gateway held against the truth of made-up traffic: what went where, and what went wrong.

The truth (`truth.csv`) was written by the traffic maker, which knows nothing of our tables. A
case counts as transferred when a message of it was transferred to an institution that the truth
names; every hand-over to any other is a wrong transfer, whatever rule led there.
"""

import asyncio
import csv
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.bench.daemon import message_files, run_daemon
from gateway.journal import JournalReader
from gateway.journal.rows import Row
from gateway.journal.sqlite import SqliteReader

HANDED_OVER: Final = frozenset({"transfer", "deliver"})
PAGE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Truth:
    """What the traffic maker expects of one message."""

    message_id: str
    case_id: str
    expected: frozenset[str]
    institutions: frozenset[str]
    determinable: bool
    profile: str


@dataclass(frozen=True, slots=True)
class Miss:
    """A message that went another way than expected."""

    profile: str
    expected: str
    decision: str
    cause: str
    institution: str
    message_id: str
    assumed: bool = False
    """The general scheme was assumed, because nothing told the scheme."""


@dataclass(slots=True)
class Accuracy:
    """The result, in counts."""

    messages: int = 0
    cases: int = 0
    determinable: int = 0
    transferred: int = 0
    """Determinable cases that were transferred to the right institution."""
    wrong: list[Miss] = field(default_factory=list)
    """Hand-overs to an institution that the truth does not name."""
    lost: list[str] = field(default_factory=list)
    """Messages without a row in the journal."""
    undecided: list[str] = field(default_factory=list)
    """Messages with neither a decision nor an earlier message that they repeat."""
    unexpected: list[Miss] = field(default_factory=list)
    decisions: Counter[str] = field(default_factory=Counter)
    by_buc: dict[str, Counter[str]] = field(default_factory=dict)
    """BUC -> `expected > decision` -> messages; a wrong hand-over is `wrong`."""
    questions: int = 0
    items: int = 0
    """Data that the questions asked for."""
    asked_cases: int = 0
    settled_cases: int = 0
    """Cases that asked and were transferred afterwards."""
    rounds: int = 0
    """Questions of the settled cases, up to the transfer."""

    @property
    def wrong_by_assumption(self) -> int:
        """Wrong hand-overs where the general scheme was assumed."""
        return sum(miss.assumed for miss in self.wrong)

    @property
    def items_per_asked_case(self) -> float:
        """Data asked for in a case that asked anything."""
        return self.items / self.asked_cases if self.asked_cases else 0.0

    @property
    def rounds_per_settled_case(self) -> float:
        """Questions that a case took which was settled by an answer."""
        return self.rounds / self.settled_cases if self.settled_cases else 0.0

    @property
    def rate(self) -> float:
        """Share of the determinable cases that were transferred."""
        return self.transferred / self.determinable if self.determinable else 1.0


def measure(*folders: Path) -> tuple[Accuracy, ...]:
    """Run one daemon over the messages of all folders, in a state folder of its own, and compare.

    Each folder is compared with its own truth; one after another they come in.
    """
    with tempfile.TemporaryDirectory(prefix="eessi-accuracy-") as temporary:
        state = Path(temporary, "state")
        inbound = state / "inbound"
        inbound.mkdir(parents=True)
        for number, folder in enumerate(folders):
            for path in (folder / "messages").iterdir():
                shutil.copy(path, inbound / f"{number:04}-{path.name}")
        run_daemon(state, sum(1 for _ in message_files(inbound)))
        rows, assumed = asyncio.run(_rows(state / "journal.db"))
    return tuple(compare(read(folder / "truth.csv"), rows, assumed) for folder in folders)


def read(path: Path) -> list[Truth]:
    """The truth, in the order of the file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [
            Truth(
                message_id=row["message_id"],
                case_id=row["case_id"],
                expected=frozenset(row["expected"].split("|")),
                institutions=frozenset(row["institution"].split("|")) - {""},
                determinable=row["determinable"] == "yes",
                profile=row["profile"],
            )
            for row in csv.DictReader(file, delimiter=";")
        ]


def compare(
    truths: Sequence[Truth], rows: Mapping[str, Row], assumed: frozenset[str] = frozenset()
) -> Accuracy:
    """Each message against its truth, then each case; `assumed`: cases that an assumption sent."""
    result = Accuracy(messages=len(truths))
    cases: defaultdict[str, list[Truth]] = defaultdict(list)
    for truth in truths:
        cases[truth.case_id].append(truth)
        row = rows.get(truth.message_id)
        if row is None:
            result.lost.append(truth.message_id)
        else:
            _message(result, truth, row, assumed=truth.case_id in assumed)
    for case in cases.values():
        _case(result, case, rows)
    return result


def _message(result: Accuracy, truth: Truth, row: Row, *, assumed: bool) -> None:
    decision = row.decision or row.state.value
    result.decisions[decision] += 1
    if row.decision is None and row.state.value != "absorbed":
        result.undecided.append(truth.message_id)
    miss = Miss(
        truth.profile,
        "|".join(sorted(truth.expected)),
        decision,
        row.cause or "",
        row.institution or "",
        truth.message_id,
        assumed,
    )
    if decision in HANDED_OVER and row.institution not in truth.institutions:
        result.wrong.append(miss)
        decision = "wrong"
    elif decision not in truth.expected:
        result.unexpected.append(miss)
    seen = result.by_buc.setdefault(row.buc or "-", Counter())
    seen[f"{miss.expected} > {decision}"] += 1


def _case(result: Accuracy, case: Iterable[Truth], rows: Mapping[str, Row]) -> None:
    messages = list(case)
    result.cases += 1
    _asked(result, [row for truth in messages if (row := rows.get(truth.message_id))])
    if not any(truth.determinable for truth in messages):
        return
    result.determinable += 1
    found = [(truth, rows.get(truth.message_id)) for truth in messages]
    result.transferred += any(
        row is not None and row.decision == "transfer" and row.institution in truth.institutions
        for truth, row in found
    )


def _asked(result: Accuracy, rows: Sequence[Row]) -> None:
    """The questions of one case, in the order of its messages."""
    asked = [number for number, row in enumerate(rows) if row.decision == "ask"]
    if not asked:
        return
    result.asked_cases += 1
    result.questions += len(asked)
    result.items += sum(len(rows[number].missing) for number in asked)
    after = [n for n, row in enumerate(rows) if row.decision == "transfer" and n > asked[0]]
    if after:
        result.settled_cases += 1
        result.rounds += sum(number < after[0] for number in asked)


async def rows_of(journal: JournalReader) -> dict[str, Row]:
    """Every message of a journal, by its id."""
    rows: dict[str, Row] = {}
    page: Sequence[Row] = await journal.messages(limit=PAGE)
    while page:
        rows.update((row.message_id, row) for row in page)
        page = await journal.messages(limit=PAGE, after=page[-1].message_id)
    return rows


async def _rows(path: Path) -> tuple[dict[str, Row], frozenset[str]]:
    """Every message, and the cases that were transferred because a scheme was assumed."""
    async with SqliteReader.opened(path) as journal:
        rows = await rows_of(journal)
        assumed = set()
        for row in rows.values():
            if row.decision == "transfer" and row.case_id is not None:
                told = await journal.explanation(row.message_id)
                if any(step["code"] == "assumed-general" for one in told for step in one["trace"]):
                    assumed.add(row.case_id)
    return rows, frozenset(assumed)
