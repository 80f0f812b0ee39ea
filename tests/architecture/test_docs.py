"""What is written down is what the code does: commands, interfaces, decisions, links."""

import ast
import inspect
import json
import re
import shlex
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

import gateway
from gateway.annual import Annual, Year
from gateway.audit import entry
from gateway.availability import Period, lines
from gateway.availability.showing import rows
from gateway.cli import Settings, cli
from gateway.cli.annual import counted_rows
from gateway.cli.asking import question_shown
from gateway.cli.duplicates import COUNTED
from gateway.cli.duplicates import shown as duplicate_shown
from gateway.cli.retaining import ERASED, OLD, UNFINISHED
from gateway.cli.sending import sending_shown
from gateway.cli.setting_aside import TOLD
from gateway.cli.showing import happening_shown, reasons, row_shown
from gateway.cli.working import item_shown
from gateway.config import known_keys
from gateway.core.at_rest import REASONS
from gateway.core.case import Case
from gateway.core.composing import hand_over
from gateway.core.consequences import Consequences
from gateway.core.deciding import Deciding
from gateway.core.decision import CAUSES, Deliver
from gateway.core.events import MessageReceived
from gateway.core.matter import Arrival, Matter, Policy
from gateway.core.reading import MALFORMED
from gateway.core.states import MessageState, QuestionState, SendingState
from gateway.journal.rows import (
    Backlog,
    Counts,
    Happening,
    QuestionRow,
    Repeat,
    Row,
    SendingRow,
    Task,
)
from gateway.log import KEYS
from gateway.notices import Notice, document
from gateway.notices.ways import SIGNATURE
from gateway.people.agenda import Group, Item
from gateway.people.case_record import PARTS
from gateway.people.operating import DEEDS
from gateway.reports.repeats import CameAgain, Kind
from gateway.reports.returned import Returned
from gateway.reports.service_levels import Levels
from gateway.seen.readiness import HARMLESS
from gateway.seen.watching import Rates, State, told
from gateway.transport import folder
from ir_directory import Certainty

ROOT = Path(__file__).parents[2]
OPS = ROOT / "ops"
ADR = OPS / "adr"
INTERFACES = (OPS / "interfaces.md").read_text(encoding="utf-8")
ARCHITECTURE = (OPS / "architecture.md").read_text(encoding="utf-8")
RUNBOOK = (OPS / "runbook.md").read_text(encoding="utf-8")
PACKAGES = ("gateway", "ir_directory", "routing_tables", "sed_schemas")
LEFT_OUT = {".venv", ".git", "var", "dist", "node_modules"}
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
_UNANSWERED = (QuestionState.OPEN, 0, SendingState.DUE, None)
_UNSENT = (SendingState.DUE, NOW, 0, None, False, False)


def section(page: str, title: str, level: str) -> str:
    """The text under one heading, up to the next of the same or a higher level."""
    body = f"\n{page}".partition(f"\n{level} {title}\n")[2]
    return re.split(rf"(?m)^#{{1,{len(level)}}} ", body)[0]


def bullets(text: str) -> list[str]:
    """What is explained in a list: the code at the beginning of each item."""
    return re.findall(r"(?m)^- `([^`]+)`:", text)


def cells(text: str, column: int = 0) -> list[str]:
    """Every code in one column of the tables of a text."""
    rows = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return [code for row in rows for code in re.findall(r"`([^`]*)`", row[column])]


def sources() -> list[Path]:
    """Every Python file of the product."""
    return sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))


def pages() -> list[Path]:
    """Every markdown page of the checkout."""
    return sorted(
        path
        for path in ROOT.rglob("*.md")
        if not LEFT_OUT & set(path.relative_to(ROOT).parts)
        and not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    )


# -- commands -------------------------------------------------------------------------------


def commands(group: click.Group, before: str = "") -> dict[str, click.Command]:
    """Each command that can be typed, by its path; a missing module is an error, not a gap."""
    found: dict[str, click.Command] = {}
    context = click.Context(group)
    for name in group.list_commands(context):
        try:
            command = group.get_command(context, name)
        except (ImportError, AttributeError) as error:
            pytest.fail(f"the command `{before}{name}` cannot be loaded: {error}")
        assert command is not None, f"{before}{name}"
        if isinstance(command, click.Group):
            found |= commands(command, f"{before}{name} ")
        if not isinstance(command, click.Group) or command.invoke_without_command:
            found[before + name] = command
    return found


def options(command: click.Command) -> set[str]:
    """The options of a command, in their long form."""
    return {
        option
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("--")
    }


def test_each_command_is_explained_and_no_other():
    explained = re.findall(r"(?m)^### `([a-z -]+)`$", section(INTERFACES, "Commands", "##"))
    assert sorted(explained) == sorted(commands(cli))


@pytest.mark.parametrize("name", re.findall(r"(?m)^### `([a-z -]+)`$", INTERFACES))
def test_each_option_is_explained_and_no_other(name):
    command: click.Command | None = cli
    for word in name.split():
        assert isinstance(command, click.Group)
        try:
            command = command.get_command(click.Context(command), word)
        except (ImportError, AttributeError) as error:
            pytest.fail(f"the command `{name}` cannot be loaded: {error}")
    assert command is not None, f"no command `{name}`"
    text = section(INTERFACES, f"`{name}`", "###")
    explained = [item.split()[0] for item in bullets(text)]
    assert sorted(explained) == sorted(options(command))


@pytest.mark.parametrize("name", re.findall(r"(?m)^### `([a-z -]+)`$", INTERFACES))
def test_each_command_shows_how_it_is_typed_and_how_it_ends(name):
    text = section(INTERFACES, f"`{name}`", "###")
    assert text.lstrip().startswith(f"`eessi-gateway {name}")
    assert re.search(r"(?m)^Exit: ", text)


def test_the_options_of_all_commands_are_explained():
    text = section(INTERFACES, "Commands", "##").partition("\n### ")[0]
    assert sorted(bullets(text)) == sorted(options(cli))


def shown() -> list[str]:
    """Each command line that pages and units show, without its program."""
    files = [*pages(), *sorted(OPS.glob("*.service"))]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    typed = re.findall(r"(?m)^(?:    |ExecStart\w*=)(?:\S*/)?eessi-gateway (.+)$", text)
    return sorted({*typed, *re.findall(r"(?m)^    gw (.+)$", text)})


@pytest.mark.parametrize("line", shown())
def test_each_command_line_that_is_shown_can_be_typed(line):
    words, command = shlex.split(line), cli
    while isinstance(command, click.Group):
        context = command.make_context("eessi-gateway", words)
        rest = [*context._protected_args, *context.args]
        if not rest and command.invoke_without_command:
            return
        _, found, words = command.resolve_command(context, rest)
        assert found is not None, line
        command = found
    command.make_context("eessi-gateway", words)


def test_command_lines_are_found():
    assert {"status", "quarantine release MESSAGE_ID"} <= set(shown())
    assert sum(line.endswith((" check", " run")) for line in shown()) >= 2


# -- keys of --json -------------------------------------------------------------------------


def typed(capsys, *words: str) -> list[dict]:
    """What a command prints with `--json`, run in this process."""
    cli.main(args=words, prog_name="eessi-gateway", standalone_mode=False)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("name", ["validate", "judge"])
def test_the_keys_of_commands_on_files(name, capsys, tmp_path):
    (tmp_path / "no.xml").write_bytes(b"no message")
    (result,) = typed(capsys, name, str(tmp_path / "no.xml"), "--json")
    assert cells(section(INTERFACES, f"`{name}`", "###")) == list(result)


def test_the_keys_of_check(capsys, tmp_path):
    results = typed(capsys, "--state", str(tmp_path), "check", "--json")
    assert results
    for result in results:
        assert cells(section(INTERFACES, "`check`", "###")) == list(result)


def test_the_keys_of_listings():
    bare = Row("id", NOW, None, None, None, None, None, None, None, MessageState.DONE)
    row, shown = row_shown(bare), reasons({}, "en")
    item = item_shown(Item(Task(bare), "several", 1, NOW.date(), overdue=False), "en")
    happening = happening_shown(Happening(NOW, "inbound", "received", "done", "gateway"))
    assert cells(section(INTERFACES, "`journal list`", "###")) == list(row)
    assert cells(section(INTERFACES, "`journal show`", "###")) == list(happening)
    entry = cells(section(INTERFACES, "`worklist list`", "###"))
    assert entry == [key for key in item if key not in row]
    question = question_shown(QuestionRow(*"qcaw", (), NOW, *_UNANSWERED), NOW)
    assert cells(section(INTERFACES, "`questions list`", "###")) == list(question)
    sent = sending_shown(SendingRow(*"mckord", "a", None, *_UNSENT))
    assert cells(section(INTERFACES, "`sending list`", "###")) == list(sent)
    of_show = cells(section(INTERFACES, "`worklist show`", "###"))
    assert sorted(of_show) == sorted({*shown, "candidate_names", "routes", "transfer"})
    assert cells(section(INTERFACES, "`journal export`", "###")) == list(PARTS)
    planned = section(INTERFACES, "`retention plan`", "###")
    assert cells(planned) == list(OLD)
    assert all(f"`{key}`" in planned for key in (*UNFINISHED, *REASONS))
    assert cells(section(INTERFACES, "`retention list`", "###")) == list(ERASED)
    told = cells(section(INTERFACES, "`quarantine release`", "###"))
    assert told == ["message_id", *TOLD]
    group = asdict(Group("several", 1, 1, 0, 1))
    assert cells(section(INTERFACES, "`worklist digest`", "###")) == list(group)


def test_the_keys_of_reports():
    counted = [*asdict(Returned("row", "S", 1)), "rate"]
    assert cells(section(INTERFACES, "`report returned`", "###")) == counted
    one = Annual(Year(2026, {("buc", "S", "received"): 1}))
    assert cells(section(INTERFACES, "`report annual`", "###")) == list(counted_rows(one)[0])
    period = Period(NOW, NOW, ())
    (line, *_) = rows(lines({"a": ()}, {}, period))
    assert cells(section(INTERFACES, "`report availability`", "###")) == list(line)
    bare = Repeat("m", NOW, None, None, None, None, False, "d", "f", None)
    again = duplicate_shown(
        CameAgain(bare, Kind.CONTENT, protected=False, first=None, times=(NOW,))
    )
    duplicates = section(INTERFACES, "`report duplicates`", "###")
    assert cells(duplicates) == list(again)
    assert all(f"`{key}`" in duplicates for key in (*COUNTED, *Kind))
    shown = Levels("*").shown()
    assert cells(section(INTERFACES, "`report partners`", "###")) == list(shown)


def test_the_keys_of_status(capsys, monkeypatch, tmp_path):
    class Reader:
        async def __aenter__(self):
            return self

        async def __aexit__(self, *_exc):
            return None

        async def counts(self):
            return Counts({}, {}, {}, {}, {})

        async def release(self, _at):
            return None

        async def releases(self):
            return ()

        async def pauses(self):
            return ()

        async def backlog(self, _now):
            return Backlog(0, None)

    monkeypatch.setattr(Settings, "reader", lambda _self: Reader())
    (result,) = typed(capsys, "--state", str(tmp_path), "status", "--json")
    text = section(INTERFACES, "`status`", "###")
    keys, _, words = text.partition("\n| word |")
    assert cells(keys) == list(result)
    assert cells(words) == [state.value for state in State]
    for key in (*result["parts"][0], *told(Rates(1.0))):
        assert f"`{key}`" in keys, key


def test_the_keys_of_doctor(capsys, tmp_path):
    (result,) = typed(capsys, "--state", str(tmp_path), "doctor", "--json")
    assert cells(section(INTERFACES, "`doctor`", "###")) == list(result)


# -- what others build on -------------------------------------------------------------------


def test_each_deed_is_explained_and_no_other():
    assert sorted(cells(section(INTERFACES, "Control socket", "##"))) == sorted(DEEDS)


def test_each_log_key_is_explained_with_its_name_and_no_other():
    text = section(INTERFACES, "Log", "##").partition("| `event.action`")[0]
    explained = dict(zip(cells(text, 1), cells(text, 0), strict=True))
    assert explained == dict(KEYS)


def actions() -> set[tuple[str, str]]:
    """Each action that the package logs, with its level, read from the source."""
    found = set()
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(
                        value=ast.Call(func=ast.Name(id="logger")),
                        attr=("debug" | "info" | "warning" | "error") as level,
                    ),
                    args=[ast.Constant(value=str(action)), *_],
                ):
                    found.add((action, level))
    return found


def test_each_action_of_the_log_is_explained_with_its_level():
    text = section(INTERFACES, "Log", "##").partition("| `event.action`")[2]
    rows = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    explained = {(a, row[1].strip()) for row in rows for a in re.findall(r"`([^`]*)`", row[0])}
    assert explained == actions()


def test_each_key_of_the_sidecar_is_explained_and_no_other():
    received = MessageReceived(
        *("m", "P2000", "Start", "s", 1, "p", None, "P_BUC_01", "4.4"),
        *("FR:CLEISS0000", "Counterparty", ("DE:1",), "DE:1", "2026-01-05", "d" * 64, "xml"),
    )
    policy = Policy("i", "demo", ("FR:CLEISS0000",), Certainty.LIKELY)
    matter = Matter(
        examined=None,  # nothing of the message itself is in the sidecar
        case=Case("c"),
        tables=SimpleNamespace(release="r"),
        policy=policy,
        arrival=Arrival(NOW, NOW),
    )
    target = "FR:0101100000"
    consequences = Consequences(Deciding(matter))
    sidecar = consequences.sidecar(received, target, Deliver(target))
    sent = hand_over(received, "FR:0101100000", sidecar, after=None)
    assert cells(section(INTERFACES, "Sidecar", "###")) == list(json.loads(sent.sidecar))
    assert f"`{json.loads(sent.sidecar)['format']}`" in INTERFACES


def test_each_key_of_a_notice_is_explained_and_no_other():
    shown = document(Notice("paused", "gw-1", NOW), "i", "demo")
    assert cells(section(INTERFACES, "Notices", "##")) == list(shown)
    assert f"`{shown['format']}`" in INTERFACES
    assert f"`{SIGNATURE}`" in section(INTERFACES, "Notices", "##")


def test_each_key_of_the_audit_log_is_explained_and_no_other():
    line = entry(NOW, who="w", account="a", command="c", ident="i", protected=True, shown=True)
    assert cells(section(INTERFACES, "Audit log", "##")) == list(line)


def test_each_command_that_shows_one_thing_of_the_journal_is_written_down_and_no_other():
    shows = {name for name in commands(cli) if name.split()[-1] in {"show", "facts", "export"}}
    shows.remove("worklist export")  # a list, with what is protected masked
    said = section(INTERFACES, "Audit log", "##").partition("\n| key")[0]
    named = set(re.findall(r"`([a-z]+ (?:show|facts|export))`", said.partition("Lists (")[0]))
    assert named == shows
    for name in shows:
        command = cli
        for word in name.split():
            command = command.get_command(click.Context(command), word)
        source = inspect.getsource(command.callback)
        assert re.search(r"\b(?:view_of_protected|settings\.viewing)\(", source), name


def test_the_names_of_inbound_files_are_explained():
    names = cells(section(INTERFACES, "Inbound", "###"))
    assert {f"NAME{ending}" for ending in folder.ENDINGS} <= set(names)
    assert {f"NAME{folder.META}", f"NAME.xml{folder.META}"} <= set(names)


def test_the_http_paths_are_explained():
    source = (
        Path(gateway.__file__).with_name("seen").joinpath("endpoint.py").read_text(encoding="utf-8")
    )
    served = re.findall(r'Route\("([^"]+)"', source)
    assert cells(section(INTERFACES, "HTTP", "##")) == served


def test_each_reason_of_readyz_has_its_line_in_the_runbook():
    parts = ["seen/readiness.py", "transport/folder/arriving.py", "seen/endpoint.py"]
    text = "".join((Path(gateway.__file__).parent / p).read_text("utf-8") for p in parts)
    said = set(re.findall(r'"((?:inbound|oldest|readiness|not)-[a-z-]+)"', text))
    said |= set(re.findall(r'_problems: tuple\[str, \.\.\.\] = \("([a-z-]+)",\)', text))
    said |= set(re.findall(r'return \("([a-z-]+)",\)', text))
    said |= {"paused", "journal-unavailable"}
    assert {"draining", "starting", "inbound-unreadable", "oldest-message-waits"} <= said
    explained = set(cells(section(RUNBOOK, "/readyz", "##")))
    assert said - HARMLESS - explained == set()


def test_each_cause_that_a_person_meets_has_its_line_in_the_runbook_and_no_other():
    worklist, quarantine = section(RUNBOOK, "Worklist", "##"), section(RUNBOOK, "Quarantine", "##")
    assert sorted(cells(worklist)) == sorted(CAUSES["refer"])
    assert {f"`{cause}`" for cause in CAUSES["refuse"]} <= set(re.findall(r"`[a-z-]+`", worklist))
    assert sorted(cells(quarantine)) == sorted({*CAUSES["set-aside"], *MALFORMED})


def test_each_key_of_the_configuration_that_nothing_reads_is_owned_up_to():
    read_inside = {"secrets_dir"}  # it says where other keys come from
    read = {
        node.attr
        for path in sources()
        if path.parent.name != "config"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) != "composing"
    }
    idle = {key for key in known_keys() if key.rpartition(".")[2] not in read | read_inside}
    owned_up = cells(section(RUNBOOK, "Before production", "##"))
    assert sorted(owned_up) == sorted(idle)


# -- finding one's way -----------------------------------------------------------------------


def test_the_architecture_names_each_part_of_the_package_and_no_other():
    folder = Path(gateway.__file__).parent
    parts = {path.name for path in folder.glob("*.py")} - {"__init__.py", "__main__.py"}
    parts |= {f"{path.parent.name}/" for path in folder.glob("*/__init__.py")}
    named = set(
        re.findall(
            r"`gateway/(\w+(?:/|\.py))", section(ARCHITECTURE, "Where each thing lives", "##")
        )
    )
    assert named == parts


def test_the_architecture_names_each_folder_of_tests_and_no_other():
    there = {path.parent.name for path in (ROOT / "tests").glob("*/test_*.py")}
    row = next(line for line in ARCHITECTURE.splitlines() if line.startswith("| `tests/` |"))
    assert set(re.findall(r"`(\w+)`", row)) == there


@pytest.mark.parametrize("page", [INTERFACES, RUNBOOK], ids=["interfaces", "runbook"])
def test_a_long_page_lists_its_sections_in_order(page):
    listed = re.findall(r"\]\(#([^)]+)\)", page.partition("\n## ")[0])
    sections = [one for title in re.findall(r"(?m)^## .+$", page) for one in anchors(title)]
    assert [one for one in listed if one in sections] == sections


# -- decisions about the shape, and links ---------------------------------------------------


def decisions() -> list[Path]:
    """The pages in `ops/adr`, in order."""
    return sorted(ADR.glob("[0-9]*.md"))


def test_each_decision_is_in_the_index_under_its_title():
    index = (ADR / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"(?m)^\| \[(\d{4})\]\(([^)]+)\) \| (.+?) \| \w+ \|$", index)
    written = []
    for path in decisions():
        heading = path.read_text(encoding="utf-8").partition("\n")[0]
        number, _, title = heading.removeprefix("# ").partition(". ")
        assert path.name.startswith(f"{number}-"), path.name
        written.append((number, path.name, title))
    assert listed == written
    assert [int(number) for number, _, _ in written] == list(range(1, len(written) + 1))


@pytest.mark.parametrize("path", decisions(), ids=lambda path: path.name)
def test_each_decision_says_context_decision_and_consequences(path):
    headings = re.findall(r"(?m)^## (.+)$", path.read_text(encoding="utf-8"))
    assert headings == ["Context", "Decision", "Consequences"]


def test_each_decision_that_the_code_cites_exists():
    files = [*sources(), *pages(), ROOT / "pyproject.toml"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    cited = set(re.findall(r"\bADR (\d{4})\b", text))
    assert cited
    assert cited - {path.name[:4] for path in decisions()} == set()


def anchors(page: str) -> set[str]:
    """The names that a page's headings are reached by, as git forges make them."""
    prose = re.sub(r"(?ms)^```.*?^```$", "", page)
    titles = re.findall(r"(?m)^#{1,6} (.+)$", prose)
    kept = (re.sub(r"[^\w\- ]", "", title.lower()) for title in titles)
    return {title.strip().replace(" ", "-") for title in kept}


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    text = re.sub(r"(?ms)^```.*?^```$", "", path.read_text(encoding="utf-8"))
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", text)):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        assert target.exists(), f"{path.name}: {link}"
        assert target.is_relative_to(ROOT), f"{path.name}: {link} leaves the checkout"
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{path.name}: {link}"


def test_pages_are_found():
    assert {"interfaces.md", "architecture.md", "CONTRIBUTING.md"} <= {p.name for p in pages()}
