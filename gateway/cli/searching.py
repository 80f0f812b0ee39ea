"""`journal search`: messages of a SED, of an institution, of a time."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import click

from gateway.cli import Settings
from gateway.cli.misuse import Misuse
from gateway.cli.paris import DAY
from gateway.cli.showing import JSON, LIMIT, show_rows
from gateway.journal.rows import Row, Search


@click.command("search")
@click.option("--sed", default=None, help="Of this SED, such as S040.")
@click.option("--institution", default=None, help="Whose latest decision names this institution.")
@click.option("--from", "begin", type=DAY, default=None, help="Received on this day or later.")
@click.option("--until", "end", type=DAY, default=None, help="Received before this day.")
@click.option("--after", default=None, help="Go on after this message id.")
@JSON
@LIMIT
@click.pass_obj
def journal_search(
    settings: Settings,
    *,
    sed: str | None,
    institution: str | None,
    begin: datetime | None,
    end: datetime | None,
    after: str | None,
    as_json: bool,
    limit: int,
) -> None:
    """List messages of a SED, of an institution or of a time."""
    wanted = Search(sed, institution, begin, end)
    if wanted == Search():
        raise Misuse(
            "give --sed, --institution, --from or --until",
            "donner --sed, --institution, --from ou --until",
        )

    async def read() -> Sequence[Row]:
        async with settings.reader() as reader:
            return await reader.search(wanted, limit=limit, after=after)

    show_rows(asyncio.run(read()), as_json=as_json)
