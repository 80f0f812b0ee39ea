"""Commands around the daemon: run, check."""

import json

import click

from gateway.cli import Settings
from gateway.daemon import serve
from gateway.event_loop import runner
from gateway.opening import checked
from gateway.wording import told


@click.command()
@click.option("--until-idle", is_flag=True, help="End when nothing waits and nothing is due.")
@click.pass_obj
def run(settings: Settings, *, until_idle: bool) -> None:
    """Run the gateway until it is told to stop (SIGTERM, Ctrl-C)."""
    config = settings.config()
    with runner(config.workers.event_loop) as loop:
        loop.run(serve(config, until_idle=until_idle))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
@click.pass_obj
def check(settings: Settings, *, as_json: bool) -> int:
    """Check configuration, tables and schemas without starting anything."""
    problems = 0
    for looked in checked(settings.config_file, settings.state, settings.today()):
        problems += len(looked.problems)
        texts = [problem.text(settings.lang) for problem in looked.problems]
        warnings = [warning["text"] for warning in told(settings.lang, looked.warnings)]
        if as_json:
            line = {
                "part": looked.part,
                "detail": looked.detail,
                "ok": not texts,
                "problems": texts,
                "warnings": warnings,
            }
            click.echo(json.dumps(line, ensure_ascii=False))
            continue
        click.echo(f"{'FAIL ' if texts else 'ok   '} {looked.part}: {looked.detail}")
        for text in (*texts, *warnings):
            click.echo(f"      {text}", err=True)
    return 1 if problems else 0
