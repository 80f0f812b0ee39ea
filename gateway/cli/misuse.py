"""A command line that is no command of ours, in one line: what is wrong, and where to read on.

click says it in English, in three lines; here stands what it means, in both languages.
"""

from typing import Final

import click

from gateway.wording import usage

_SAID: Final = {"Missing command": "il manque une commande", "No such command": "commande inconnue"}
"""How click begins what it says without a class of its own -> what it means."""
_SURPLUS: Final = "arguments en trop"


class Misuse(click.UsageError):
    """Options that do not go together, or say nothing."""

    def __init__(self, english: str, french: str) -> None:
        super().__init__(english)
        self.french = french


def told(error: click.ClickException, lang: str) -> str:
    """One line: which command, what is wrong with it, and how to see what it takes."""
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    command = ctx.command_path if ctx is not None else "eessi-gateway"
    if lang == "fr":
        return f"{command} : {_french(error)} ; voir `{command} --help`."
    english = error.format_message().rstrip(".")
    return f"{command}: {english[:1].lower()}{english[1:]}; see `{command} --help`."


def _french(error: click.ClickException) -> str:
    match error:
        case Misuse():
            said = error.french
        case click.MissingParameter():
            said = f"il manque {_name(error)}"
        case click.BadParameter():
            said = f"valeur refusée pour {_name(error)}{_choices(error)}"
        case click.NoSuchOption():
            said = f"option inconnue : {error.option_name}"
        case click.BadOptionUsage():
            said = f"{error.option_name} : valeur manquante, ou de trop"
        case click.UsageError():
            said = next((fr for en, fr in _SAID.items() if error.message.startswith(en)), _SURPLUS)
        case _:
            said = error.format_message()
    return said


def _name(error: click.BadParameter) -> str:
    """How the command line spells what it is about."""
    hint = error.param_hint or (error.param.get_error_hint(error.ctx) if error.param else "")
    return hint if isinstance(hint, str) else " / ".join(hint or ())


def _choices(error: click.BadParameter) -> str:
    """What can be said instead, or what is wrong with it."""
    kind = error.param.type if error.param is not None else None
    if isinstance(kind, click.Choice):
        return f" ; au choix : {', '.join(kind.choices)}"
    why = usage.why(error.message)
    return f" : {why}" if why else ""
