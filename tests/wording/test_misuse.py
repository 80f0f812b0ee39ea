"""A command line that is none of ours is told in one line, in the language asked for."""

from pathlib import Path

import click
import pytest

import gateway.cli
from gateway.cli import main
from gateway.cli.misuse import told

LINES = {
    "worklist resolve": ("missing argument 'MESSAGE_ID'", "il manque 'MESSAGE_ID'"),
    "worklist resolve x": ("missing option '--why'", "il manque '--why'"),
    "worklist resolve x --why y": ("one of --transfer ID, ", "un seul de --transfer ID, "),
    "worklist list --no": ("no such option '--no'", "option inconnue : --no"),
    "worklist list --limit 0": ("invalid value for '--limit'", "valeur refusée pour '--limit'"),
    "worklist list more": ("got unexpected extra argument (more)", "arguments en trop"),
    "worklist list --limit": ("option '--limit' requires", "--limit : valeur manquante"),
    "worklist list --cause x": ("--cause x: no such cause", "--cause x : cause inconnue"),
    "worklist no": ("no such command 'no'", "commande inconnue"),
    "sending list --only x": ("'x' is not one of 'waiting'", "'--only' ; au choix : waiting, "),
    "--state x": ("missing command", "il manque une commande"),
}


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("line", LINES)
def test_what_is_wrong_is_one_line_with_where_to_read_on(line, lang, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--lang", lang, *line.split()])
    assert ended.value.code == 2
    [said] = capsys.readouterr().err.splitlines()
    assert LINES[line][lang == "fr"] in said
    assert said.startswith("eessi-gateway")
    see = "voir" if lang == "fr" else "see"
    assert f"; {see} `eessi-gateway" in said
    assert said.endswith(" --help`.")


def test_a_group_without_a_command_shows_its_help(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--lang", "fr", "worklist"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("Usage : eessi-gateway worklist")


def test_what_click_says_besides_stays_as_it_is():
    assert told(click.ClickException("broken"), "fr").startswith("eessi-gateway : broken ;")


def test_every_misuse_is_said_in_both_languages():
    folder = Path(gateway.cli.__file__).parent
    one = {path.name for path in folder.glob("*.py") if "UsageError(" in path.read_text("utf-8")}
    assert one == {"misuse.py"}
