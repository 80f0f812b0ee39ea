"""The commands, thin: each loads what it needs, calls the package, and shows the result.

Exit codes: 0 done, 1 refused or invalid data, 2 usage, 3 a service or tool cannot be reached.
The module of a command is imported when the command is asked for: `--version` is immediate.
"""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import click

from gateway import __version__
from gateway.errors import GatewayError, Unreachable
from gateway.wording import language

if TYPE_CHECKING:
    from datetime import date

    from gateway.config import Config
    from gateway.journal import JournalReader, Release


class _Commands(click.Group):
    """Loads a command's module when the command is asked for."""

    modules: ClassVar = {
        "run": "running",
        "demo": "demonstrating",
        "check": "running",
        "status": "running",
        "pause": "running",
        "resume": "running",
        "validate": "judging",
        "judge": "judging",
        "journal": "looking",
        "worklist": "looking",
        "quarantine": "looking",
        "questions": "asking",
        "schemas": "cataloguing",
        "tables": "tables",
        "report": "reporting",
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
        del ctx
        if cmd_name not in self.modules:
            return None
        module = import_module(f"gateway.cli.{self.modules[cmd_name]}")
        command = getattr(module, cmd_name)
        return command if isinstance(command, click.Command) else None


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

    def reader(self) -> "AbstractAsyncContextManager[JournalReader]":
        """The journal of the state folder, to read; whether a daemon runs does not matter.

        Raises:
            Unreachable: there is no journal.
        """
        from gateway.journal.sqlite import SqliteReader

        path = self.state / "journal.db"
        if not path.is_file():
            raise Unreachable(
                f"{path}: there is no journal; run the gateway first, or give --state.",
                french=f"{path} : aucun journal ; lancer la passerelle, ou donner --state.",
                code="no-journal",
            )
        return SqliteReader.opened(path)

    def release_in_force(self) -> "Release | None":
        """The tables that decide now; None where nothing ever did."""
        return asyncio.run(self._release()) if (self.state / "journal.db").is_file() else None

    async def _release(self) -> "Release | None":
        from gateway.clock import SystemClock

        async with self.reader() as reader:
            return await reader.release(SystemClock().now())

    def ask(self, deed: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Have a deed done: by the running daemon, else by ourselves under the state lock.

        Raises:
            Refused: it said no; nothing was changed.
        """
        from gateway.control import NAME, ask

        try:
            return ask(self.state / NAME, deed, params)
        except Unreachable:
            return asyncio.run(self._alone(deed, params))

    async def _alone(self, deed: str, params: Mapping[str, Any]) -> dict[str, Any]:
        from gateway.clock import SystemClock
        from gateway.control import account
        from gateway.daemon import build

        async with build(self.config(), SystemClock()) as gateway:
            who = account(os.getpid(), os.getuid())
            return await gateway.operating.do(deed, params, who)


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
    """Route EESSI cases to the competent French institution.

    Achemine les dossiers EESSI vers l'institution française compétente.
    """
    ctx.obj = Settings(state, config, language(lang, os.environ))


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: errors of the package are one line and an exit code."""
    try:
        status = cli.main(args=arguments, prog_name="eessi-gateway", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except GatewayError as error:
        lang = language(_lang(arguments), os.environ)
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
