"""The command `doctor`: a report on the installation that can be sent to support."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from gateway.cli import Settings
from gateway.cli.status import gathered
from gateway.clock import SystemClock
from gateway.config import Config
from gateway.errors import GatewayError, Refused
from gateway.opening import checked
from gateway.seen.doctor import examined
from gateway.wording import sentence


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One object.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="File to write it to, which must not exist.",
)
@click.pass_obj
def doctor(settings: Settings, *, as_json: bool, output: Path | None) -> None:
    """Report on this installation: versions, names of settings, warnings; nothing secret."""
    report = examined(
        SystemClock().now(),
        settings.state,
        config=_config(settings),
        checks=list(checked(settings.config_file, settings.state, settings.today())),
        status=_status(settings),
    )
    warnings = [
        {"code": code, "text": sentence(settings.lang, "doctor", code)}
        for code in report["warnings"]
    ]
    shown = {**report, "warnings": warnings}
    text = json.dumps(shown, ensure_ascii=False) if as_json else _told(shown)
    if output is None:
        click.echo(text)
        return
    _write(output, f"{text}\n")
    settings.say(f"{output}: written.", f"{output} : écrit.")


def _config(settings: Settings) -> Config | None:
    try:
        return settings.config()
    except GatewayError:
        return None  # `checks` says what is wrong


def _status(settings: Settings) -> dict[str, Any] | None:
    try:
        return asyncio.run(gathered(settings))
    except GatewayError:
        return None


def _told(report: Mapping[str, Any]) -> str:
    """One line for each thing: `versions.sqlite: 3.40.1`."""
    warnings = [f"! {warning['code']}: {warning['text']}" for warning in report["warnings"]]
    rest = {key: value for key, value in report.items() if key != "warnings"}
    return "\n".join([*warnings, *_lines(rest, "")])


def _lines(value: object, name: str) -> list[str]:
    if isinstance(value, Mapping) and value:
        before = f"{name}." if name else ""
        return [line for key, inner in value.items() for line in _lines(inner, f"{before}{key}")]
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return [
            line for number, one in enumerate(value) for line in _lines(one, f"{name}.{number}")
        ]
    if isinstance(value, list | Mapping):
        return [f"{name}: {' '.join(map(str, value)) or '-'}"]
    return [f"{name}: {'-' if value is None else value}"]


def _write(output: Path, text: str) -> None:
    try:
        with output.open("x", encoding="utf-8") as file:
            output.chmod(0o600)
            file.write(text)
    except OSError as error:
        raise Refused(
            f"{output}: cannot be written ({error.strerror}); name a new file elsewhere.",
            french=f"{output} : écriture impossible ({error.strerror}) ; nommer un nouveau"
            " fichier ailleurs.",
            code="not-written",
        ) from None
