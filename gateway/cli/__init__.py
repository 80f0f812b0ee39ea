"""The commands, thin: each loads what it needs, calls the package, and shows the result.

Exit codes: 0 done, 1 refused or invalid data, 2 usage, 3 a service or tool cannot be reached.
The module of a command is imported when the command is asked for: `--version` is immediate.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import click

from gateway import __version__
from gateway.cli import misuse
from gateway.cli.french import FrenchContext, in_french
from gateway.errors import GatewayError, Refused, Unreachable
from gateway.wording import language

if TYPE_CHECKING:
    from datetime import date

    from gateway.config import Config, Postgres
    from gateway.journal import JournalReader
    from gateway.journal.rows import Release


Asked = Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]
"""A deed with its parameters, to the answer."""


class _Commands(click.Group):
    """Loads a command's module when the command is asked for."""

    modules: ClassVar = {
        "run": "running",
        "demo": "demonstrating",
        "check": "running",
        "status": "status",
        "doctor": "doctoring",
        "pause": "pausing",
        "resume": "pausing",
        "backup": "saving",
        "restore": "saving",
        "retention": "retaining",
        "validate": "judging",
        "judge": "judging",
        "journal": "looking",
        "worklist": "working",
        "quarantine": "setting_aside",
        "questions": "asking",
        "sending": "sending",
        "case": "case",
        "schemas": "cataloguing",
        "tables": "tables",
        "report": "reporting",
        "availability": "availability",
        "broker": "brokering",
        "simulate": "simulating",
        "bench": "measuring",
    }

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the options of all commands wherever they stand, before or after the command."""
        return super().parse_args(ctx, _brought_forward(args))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order in which one needs them."""
        del ctx
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, from its module."""
        if cmd_name not in self.modules:
            return None
        module = import_module(f"gateway.cli.{self.modules[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return in_french(command, (cmd_name,)) if isinstance(ctx, FrenchContext) else command


EVERYWHERE: Final = ("--state", "--config", "--lang")
"""Options of all commands; none of a command's own has such a name."""


def _brought_forward(words: Sequence[str]) -> list[str]:
    """The same words, with the options of all commands in front; nothing after `--` is touched."""
    first: list[str] = []
    rest: list[str] = []
    left = iter(words)
    for word in left:
        if word == "--":
            rest += [word, *left]
        elif word in EVERYWHERE:
            first += [word, *[value for value in [next(left, None)] if value is not None]]
        elif word.startswith(tuple(f"{name}=" for name in EVERYWHERE)):
            first.append(word)
        else:
            rest.append(word)
    return first + rest


class Settings:
    """The options that every command takes, and what a command needs of an installation."""

    def __init__(self, state: Path, config: Path | None, lang: str) -> None:
        self.state = state
        self.config_file = config
        self.lang = lang

    def say(self, english: str, french: str) -> None:
        """One line to the person."""
        click.echo(french if self.lang == "fr" else english)

    def today(self) -> "date":
        """The day in Paris."""
        from gateway.clock import SystemClock
        from gateway.core.matter import PARIS

        return SystemClock().now().astimezone(PARIS).date()

    def config(self) -> "Config":
        """The configuration, read now."""
        from gateway.config import load

        return load(self.config_file, self.state)

    def database(self) -> "Postgres | None":
        """The database that the journal is in; None when it is in the state folder.

        Who names no configuration has it there, and nothing is read to know that.
        """
        if self.config_file is None and "EESSI_GATEWAY_JOURNAL" not in map(str.upper, os.environ):
            return None
        config = self.config()
        return config.postgres if config.journal == "postgres" else None

    def reader(self) -> "AbstractAsyncContextManager[JournalReader]":
        """The journal, to read; whether a daemon runs does not matter.

        Raises:
            Unreachable: there is no journal.
        """
        from gateway.opening import reader

        return reader(self.state, self.database())

    @asynccontextmanager
    async def reader_if_any(self) -> "AsyncIterator[JournalReader | None]":
        """The journal, to read; None where there is none yet."""
        try:
            reader = self.reader()
        except GatewayError as error:
            if error.code != "no-journal":
                raise
            yield None
            return
        async with reader as journal:
            yield journal

    def viewing(self, ident: str, *, protected: bool, shown: bool = True) -> None:
        """Write down that somebody is about to see this; call it before anything is shown.

        Raises:
            Unreachable: it cannot be written down.
        """
        from gateway import audit
        from gateway.clock import SystemClock
        from gateway.people.control import account, name_of

        command = click.get_current_context().command_path.partition(" ")[2]
        line = audit.entry(
            SystemClock().now(),
            who=account(os.getpid(), os.getuid()),
            account=name_of(os.geteuid()),
            command=command,
            ident=ident,
            protected=protected,
            shown=shown,
        )
        audit.note(self.state, line)

    def release_in_force(self) -> "Release | None":
        """The tables that decide now; None where nothing ever did."""
        return asyncio.run(self._release())

    def tables_in_force(self) -> Path:
        """Where the tables are that decide now; the baseline where nothing ever did."""
        from gateway.loading import root

        now = self.release_in_force()
        return root(self.state, now.name, now.digest) if now is not None else root(self.state)

    def tables_of(self, folder: Path) -> Path:
        """The folder that holds tables: one that is there, `baseline`, or a release by name.

        Raises:
            Refused: it is none.
        """
        from gateway.loading import root as root_of
        from gateway.tables import shelf
        from routing_tables.release import ROOT

        root = ROOT if str(folder) == "baseline" else folder
        if not root.exists() and shelf.NAME.fullmatch(str(folder)) is not None:
            root = root_of(self.state, str(folder))
        if not (root / "ir_directory").is_dir() or not (root / "routing_tables").is_dir():
            raise Refused(
                f"{folder}: no tables here (ir_directory/ and routing_tables/); make a draft"
                " first.",
                french=f"{folder} : pas de tables ici (ir_directory/ et routing_tables/) ;"
                " faire d'abord un brouillon (tables draft).",
                code="no-tables",
            )
        return root

    async def _release(self) -> "Release | None":
        from gateway.clock import SystemClock

        async with self.reader_if_any() as reader:
            return None if reader is None else await reader.release(SystemClock().now())

    def ask(self, deed: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Have a deed done: by the running daemon, else by ourselves under the state lock.

        Raises:
            Refused: it said no; nothing was changed.
        """
        from gateway.people.control import NAME, ask

        try:
            return ask(self.state / NAME, deed, params)
        except Unreachable:
            return asyncio.run(self._once(deed, params))

    async def _once(self, deed: str, params: Mapping[str, Any]) -> dict[str, Any]:
        async with self.asking() as asked:
            return await asked(deed, params)

    @asynccontextmanager
    async def asking(self) -> "AsyncIterator[Asked]":
        """A way to have deeds done one after another, as `ask` does one.

        Raises:
            StateLocked: another process works in the state folder and answers to nobody.
        """
        from gateway.clock import SystemClock
        from gateway.daemon import build
        from gateway.log import configure
        from gateway.people.control import NAME, account, ask, running
        from gateway.traces.tracing import traced

        async def of_daemon(deed: str, params: Mapping[str, Any]) -> dict[str, Any]:
            return ask(self.state / NAME, deed, params)

        async def of_ourselves(deed: str, params: Mapping[str, Any]) -> dict[str, Any]:
            return await gateway.operating.do(deed, params, account(os.getpid(), os.getuid()))

        if running(self.state / NAME):
            yield of_daemon
            return
        config, clock = self.config(), SystemClock()
        # The command says what was done: no lines of the log between its own.
        configure("error", config.log.format, config.instance, config.environment, clock)
        async with (
            traced(config, os.environ) as spans,
            build(config, clock, spans=spans) as gateway,
        ):
            yield of_ourselves


@click.group(cls=_Commands)
@click.version_option(__version__, prog_name="eessi-gateway")
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var"),
    show_default=True,
    help="State folder.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Configuration (TOML); without it: the demo.",
)
@click.option("--lang", type=click.Choice(["en", "fr"]), default=None, help="Language.")
@click.pass_context
def cli(ctx: click.Context, state: Path, config: Path | None, lang: str | None) -> None:
    """Route EESSI cases to the competent French institution."""
    ctx.obj = Settings(state, config, language(lang, os.environ))


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: errors of the package are one line and an exit code."""
    lang = language(_lang(arguments), os.environ)
    command = in_french(cli, ()) if lang == "fr" else cli
    try:
        status = command.main(args=arguments, prog_name="eessi-gateway", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        click.echo(misuse.told(error, lang), err=True)
        sys.exit(error.exit_code)
    except GatewayError as error:
        for line in error.lines(lang):
            click.echo(f"eessi-gateway: {line}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


def _lang(arguments: Sequence[str] | None) -> str | None:
    """`--lang` of a command line that failed."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for position, word in enumerate(words):
        if word.startswith("--lang="):
            return word.partition("=")[2]
        if word == "--lang" and position + 1 < len(words):
            return words[position + 1]
    return None
