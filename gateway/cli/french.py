"""`--help` in French: the same commands with other words; the English ones stay as they are."""

import copy
from collections.abc import Sequence

import click

from gateway.wording import usage
from gateway.wording.commands import COMMANDS, HELP, OPTIONS, TERMS


class _Formatter(click.HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """`Usage :` before the words of the command."""
        super().write_usage(prog, args, TERMS["Usage: "] if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        """A heading of click, in French."""
        super().write_heading(TERMS.get(heading, heading))


class FrenchContext(click.Context):
    """Formats its help in French."""

    formatter_class = _Formatter


def in_french(command: click.Command, path: Sequence[str]) -> click.Command:
    """The command with French help, and all commands in it; a copy."""
    said = copy.copy(command)
    said.context_class = FrenchContext
    said.help = COMMANDS.get(" ".join(path), command.help)
    said.params = [_option(one) for one in command.params]
    click.help_option("--help", help=OPTIONS[HELP])(said)
    if isinstance(said, click.Group):
        said.commands = {name: in_french(one, (*path, name)) for name, one in said.commands.items()}
    return said


def _option(one: click.Parameter) -> click.Parameter:
    if not isinstance(one, click.Option) or one.help is None:
        return one
    said = copy.copy(one)
    said.help = OPTIONS.get(one.help, one.help)
    if isinstance(one.type, click.DateTime) and one.metavar is None:
        said.metavar = f"[{'|'.join(map(usage.form, one.type.formats))}]"
    return said
