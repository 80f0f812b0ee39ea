"""`--help` in French: nothing is left out, and nothing is there that no command has."""

import click
import pytest

from gateway.cli import cli, main
from gateway.cli.french import in_french
from gateway.wording.commands import COMMANDS, HELP, OPTIONS


def commands(command, path=()):
    """Each command with its words."""
    yield " ".join(path), command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from commands(command.get_command(click.Context(command), name), (*path, name))


def test_every_command_has_french_help_and_no_other():
    assert set(COMMANDS) == {path for path, _ in commands(cli)}


def test_every_option_has_french_help_and_no_other():
    helps = {
        option.help
        for _, command in commands(cli)
        for option in command.params
        if isinstance(option, click.Option)
    }
    assert set(OPTIONS) == {*helps, HELP}


def test_the_languages_differ():
    english = {path: command.help for path, command in commands(cli)}
    assert not [path for path, text in COMMANDS.items() if text == english[path]]
    assert not [text for text, said in OPTIONS.items() if text == said]


@pytest.mark.parametrize("words", [["tables", "check"], ["worklist", "resolve"], ["run"], []])
def test_help_is_in_the_language_asked_for(words, capsys):
    for lang, usage in (("fr", "Usage : "), ("en", "Usage: ")):
        with pytest.raises(SystemExit) as ended:
            main([*words, "--lang", lang, "--help"])
        assert ended.value.code == 0
        shown = " ".join(capsys.readouterr().out.split())
        path = " ".join(words)
        known = dict(commands(cli))[path].help
        assert (COMMANDS[path] in shown) == (lang == "fr")
        assert (known in shown) == (lang == "en")
        assert shown.startswith(usage)


def test_the_english_commands_stay_as_they_are():
    tables = cli.get_command(click.Context(cli), "tables")
    before = (tables.help, [option.help for option in tables.commands["check"].params[1:]])
    said = in_french(tables, ("tables",))
    assert said.commands["check"].help == COMMANDS["tables check"]
    assert (tables.help, [o.help for o in tables.commands["check"].params[1:]]) == before
