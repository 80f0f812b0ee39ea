"""Commands that look into the journal."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from gateway import durable
from gateway.cli import Settings
from gateway.cli.misuse import Misuse
from gateway.cli.pin import find_pin
from gateway.cli.searching import journal_search
from gateway.cli.showing import (
    JSON,
    LIMIT,
    already_there,
    happening_line,
    happening_shown,
    list_messages,
    nothing_taken,
    show_rows,
    unknown,
    view_of_protected,
)
from gateway.clock import SystemClock
from gateway.core.message import spelled
from gateway.core.states import MessageState
from gateway.errors import Refused, Unreachable
from gateway.journal.rows import Happening, Row
from gateway.opening import copied
from gateway.people.case_record import CaseRecord
from gateway.wording import sentence
from gateway.wording.numbers import counted


@click.group()
def journal() -> None:
    """Look at what happened."""


journal.add_command(journal_search)


@journal.command("list")
@JSON
@LIMIT
@click.option("--case", "case_id", default=None, help="Messages of this case alone.")
@click.option(
    "--only",
    "states",
    type=click.Choice([state.value for state in MessageState]),
    multiple=True,
    help="Messages in this state alone (may be repeated).",
)
@click.option("--release", default=None, help="Decided on this release of the tables.")
@click.option("--rule", default=None, help="Decided by this row (a rule, or an area).")
@click.option("--after", default=None, help="Go on after this message id.")
@click.pass_obj
def journal_list(
    settings: Settings,
    *,
    as_json: bool,
    limit: int,
    case_id: str | None,
    states: Sequence[str],
    release: str | None,
    rule: str | None,
    after: str | None,
) -> None:
    """List messages with their latest decision, in order of receipt."""
    wanted = [MessageState(state) for state in states]
    if release is None and rule is None:
        if case_id is not None:
            case_id = spelled(case_id)
            view_of_protected(settings, case_id, case_id)
        list_messages(settings, wanted, as_json=as_json, limit=limit, case_id=case_id, after=after)
        return
    if case_id is not None or wanted:
        raise Misuse(
            "--release and --rule go with neither --case nor --only",
            "--release et --rule ne vont ni avec --case ni avec --only",
        )
    decided = asyncio.run(_decided_by(settings, release, rule, limit + 1, after))
    show_rows(decided[:limit], as_json=as_json)
    if not decided and after is None:
        _nothing_decided(settings.lang, release, rule)
    if len(decided) > limit:
        last = decided[limit - 1].message_id
        more = f"there are more: --after {last}"
        click.echo(
            f"il y en a d'autres : --after {last}" if settings.lang == "fr" else more, err=True
        )


def _nothing_decided(lang: str, release: str | None, rule: str | None) -> None:
    """Said beside an empty list: a name with a slip in it looks like a row that decided nothing."""
    what = " ".join(name for name in (release, rule) if name)
    english = f"{what}: decided no message; releases: `tables list`; rows: S-GENERAL, cpam:dep:01."
    french = f"{what} : n'a décidé aucun message ; versions : `tables list` ; lignes : S-GENERAL,"
    click.echo(f"{french} cpam:dep:01." if lang == "fr" else english, err=True)


async def _decided_by(
    settings: Settings, release: str | None, rule: str | None, limit: int, after: str | None
) -> Sequence[Row]:
    async with settings.reader() as reader:
        return await reader.decided_by(release=release, rule=rule, limit=limit, after=after)


@journal.command("find")
@click.argument("text", required=False)
@click.option(
    "--pin", is_flag=True, help="By a person's number instead, read from standard input alone."
)
@JSON
@LIMIT
@click.pass_obj
def journal_find(
    settings: Settings, text: str | None, *, pin: bool, as_json: bool, limit: int
) -> None:
    """List the messages of a case, by its international id, RINA's number, or an id in it."""
    if pin == (text is not None):
        raise Misuse(
            "give either TEXT or --pin; a person's number never as TEXT",
            "donner TEXT ou --pin ; le numéro d'une personne jamais comme TEXT",
        )
    if text is None:
        find_pin(settings, as_json=as_json, limit=limit)
        return
    found, known = asyncio.run(_find(settings, text, limit))
    if not found and not known:
        raise unknown(text)
    if not found and not as_json:
        settings.say(
            f"{text}: no message of it has come yet; see `eessi-gateway journal show`.",
            f"{text} : aucun message n'en est venu ; voir `eessi-gateway journal show`.",
        )
    for case_id in dict.fromkeys(row.case_id for row in found):
        rows = [row for row in found if row.case_id == case_id]
        protected = any(row.protected for row in rows)
        view_of_protected(settings, case_id or rows[0].message_id, case_id, protected=protected)
    show_rows(found, as_json=as_json)


async def _find(settings: Settings, text: str, limit: int) -> tuple[Sequence[Row], bool]:
    """The messages; and whether it is the id of a case, which may have none as yet."""
    async with settings.reader() as reader:
        known = (await reader.case(spelled(text))).revision > 0
        return await reader.find(text, limit=limit), known


@journal.command("show")
@click.argument("ident")
@JSON
@click.pass_obj
def journal_show(settings: Settings, ident: str, *, as_json: bool) -> None:
    """Show all that happened to a message, or to a case, in order of time."""
    row, happenings = asyncio.run(_timeline(settings, ident))
    case_id, protected = (
        (row.case_id, row.protected) if row is not None else (spelled(ident), False)
    )
    view_of_protected(settings, spelled(ident), case_id, protected=protected)
    for happening in happenings:
        if as_json:
            click.echo(json.dumps(happening_shown(happening), ensure_ascii=False, default=str))
        else:
            click.echo(happening_line(happening))


@journal.command("export")
@click.option("--case", "case_id", required=True, help="The case, in either spelling of its id.")
@click.option(
    "--out", "file", type=click.Path(path_type=Path), required=True, help="A file that is new."
)
@click.option("--bodies", is_flag=True, help="With the bytes received and sent: personal data.")
@click.option("--protected", is_flag=True, help="Even when the person is protected.")
@click.pass_obj
def journal_export(
    settings: Settings, case_id: str, file: Path, *, bodies: bool, protected: bool
) -> None:
    """Write all that is known of a case into one JSON document, for an audit."""

    async def read() -> dict[str, Any] | None:
        async with settings.reader() as reader:
            return await CaseRecord(reader, bodies=bodies).made(case_id, SystemClock().now())

    document = asyncio.run(read())
    if document is None:
        raise unknown(case_id)
    hidden = bool(document["case"]["protected"])
    if bodies or hidden:
        settings.viewing(spelled(case_id), protected=hidden, shown=protected or not hidden)
    if hidden and not protected:
        raise Refused(
            f"{case_id[:64]}: the person is protected; those who may add --protected.",
            french=f"{case_id[:64]} : la personne est protégée ; qui y est habilité ajoute"
            " --protected.",
            code="protected",
        )
    _write(file, json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n")
    came, left = len(document["messages"]), len(document["sendings"])
    settings.say(
        f"{file}: {counted('en', came, 'message', 'messages')},"
        f" {counted('en', left, 'sending', 'sendings')}.",
        f"{file} : {counted('fr', came, 'message', 'messages')},"
        f" {counted('fr', left, 'envoi', 'envois')}.",
    )


def _write(file: Path, content: bytes) -> None:
    try:
        durable.write(file, content)
    except FileExistsError:
        raise already_there(file) from None
    except OSError as error:
        raise Unreachable(
            f"{file}: cannot be written ({error.strerror}).",
            french=f"{file} : écriture impossible ({error.strerror}).",
            code="file-unwritable",
        ) from None


@journal.command("import-cases")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def journal_import_cases(settings: Settings, file: Path) -> int:
    """Bring in cases that were open before the first day: all of the list, or none."""
    done = settings.ask("import-cases", {"file": str(file.absolute())})
    for fault in done["faults"]:
        text = sentence(settings.lang, "case-line", fault["code"])
        click.echo(f"{file}:{fault['line']}: {text}", err=True)
    if done["faults"]:
        settings.say(*nothing_taken(done["more"]))
        return 1
    settings.say(
        f"Cases brought in: {done['imported']}; known already: {done['known']}.",
        f"Dossiers repris : {done['imported']} ; déjà connus : {done['known']}.",
    )
    return 0


@journal.command("migrate")
@click.option("--json", "as_json", is_flag=True, help="One object a table.")
@click.pass_obj
def journal_migrate(settings: Settings, *, as_json: bool) -> None:
    """Copy the journal of the state folder into the empty database of the configuration."""
    for table in copied(settings.config()):
        if as_json:
            shown = {"table": table.table, "rows": table.rows, "digest": table.digest}
            click.echo(json.dumps(shown))
        else:
            click.echo(f"{table.table:<14} {table.rows:>9}  {table.digest}")
    if not as_json:
        settings.say(
            "Copied. The file stays as it was: keep it, and start no gateway on it any more.",
            "Copié. Le fichier reste tel quel : le garder, et ne plus lancer de passerelle dessus.",
        )


# -- one message or case --------------------------------------------------------------------


async def _timeline(settings: Settings, ident: str) -> tuple[Row | None, Sequence[Happening]]:
    """All that happened; and the message, when it is one."""
    async with settings.reader() as reader:
        happenings = await reader.timeline(spelled(ident))
        row = await reader.message(spelled(ident))
    if not happenings:
        raise unknown(ident)
    return row, happenings
