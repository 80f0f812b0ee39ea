"""`report duplicates`: what came more than once on a day, to be checked by hand."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import click

from gateway.cli import Settings
from gateway.cli.paris import DATE, clock
from gateway.cli.showing import PROTECTED
from gateway.reports.repeats import CameAgain, came_again, counted
from gateway.wording import numbers, sentence

COUNTED: Final = ("kind", "country", "buc", "messages")
"""Keys of a count with `--json`; these come first."""


@click.command("duplicates")
@click.option("--day", type=DATE, help="Day, in Paris (yesterday).")
@click.option("--counts", "only_counts", is_flag=True, help="How many alone, no message.")
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
@click.pass_obj
def report_duplicates(
    settings: Settings, day: datetime | None, *, only_counts: bool, as_json: bool
) -> None:
    """List what came more than once, with what came first and what was handed over."""
    wanted = day.date() if day is not None else settings.today() - timedelta(days=1)

    async def read() -> Sequence[CameAgain]:
        async with settings.reader() as reader:
            return await came_again(reader, wanted)

    found = asyncio.run(read())
    counts = [
        dict(zip(COUNTED, (*key, number), strict=True)) for key, number in counted(found).items()
    ]
    if as_json:
        for line in (*counts, *([] if only_counts else map(shown, found))):
            click.echo(json.dumps(line, ensure_ascii=False))
        return
    for count in counts:
        kind = _label(settings.lang, f"repeat:{count['kind']}")
        click.echo(f"{count['country']:<10} {count['buc']:<10} {count['messages']:>6}  {kind}")
    for one in () if only_counts else found:
        _show(settings.lang, shown(one))
    said = numbers.counted(settings.lang, len(found), "message", "messages")
    settings.say(f"{wanted}: {said}.", f"{wanted} : {said}.")


def shown(one: CameAgain) -> dict[str, Any]:
    """Stable names; of a protected case nothing that would tell whose it is."""
    repeat, first = one.repeat, one.first

    def masked(value: str | None) -> str | None:
        return PROTECTED if one.protected and value else value

    return {
        "kind": one.kind.value,
        "message_id": repeat.message_id,
        "received_at": repeat.received_at.isoformat(),
        "times": [at.isoformat() for at in one.times],
        "case_id": masked(repeat.case_id),
        "buc": repeat.buc,
        "sed": repeat.sed,
        "sender": masked(repeat.sender),
        "digest": repeat.digest,
        "first_message_id": first.message_id if first is not None else None,
        "first_received_at": first.received_at.isoformat() if first is not None else None,
        "first_case_id": masked(first.case_id) if first is not None else None,
        "first_digest": first.digest if first is not None else None,
        "handed_over": [
            {
                "message_id": row.object,
                "receiver": masked(row.receiver),
                "state": row.state.value,
                "digest": row.digest,
            }
            for row in one.handed_over
        ],
    }


def _show(lang: str, told: dict[str, Any]) -> None:
    """One message, its first and its hand-overs, with the digests below each other."""
    what = " ".join(str(told[key]) for key in ("buc", "sed", "sender") if told[key])
    kind = _label(lang, f"repeat:{told['kind']}")
    click.echo(f"{clock(told['received_at'])}  {kind}: {what}")
    if len(told["times"]) > 1:
        times = "  ".join(map(clock, told["times"]))
        click.echo(f"    {_label(lang, 'repeat:times'):<12} {times}")
    lines = [("again", told["message_id"], told["case_id"], told["digest"])]
    if told["first_message_id"] is not None:
        first = (told["first_message_id"], told["first_case_id"], told["first_digest"])
        lines.append(("first", *first))
    for handed in told["handed_over"]:
        where = f"{handed['receiver']} [{handed['state']}]"
        lines.append(("handed-over", handed["message_id"], where, handed["digest"]))
    for label, ident, where, digest in lines:
        click.echo(f"    {_label(lang, f'repeat:{label}'):<12} {digest}  {ident}  {where or '-'}")


def _label(lang: str, code: str) -> str:
    return sentence(lang, "label", code)
