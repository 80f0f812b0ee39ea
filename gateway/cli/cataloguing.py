"""Commands on schemas: what decides, and the official package that takes the place of ours."""

import asyncio
import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from gateway import pension_question
from gateway.cli import Settings
from gateway.errors import Refused, Unreachable
from gateway.journal.rows import SchemasInForce
from gateway.loading import SCHEMAS, catalogue, limits
from gateway.loading import schemas as in_force
from gateway.rehearsing import Rehearsal, Turn, rehearse
from sed_schemas import ACTIONS, COUNTERPARTY, OWNER, packages
from sed_schemas.delivery import PackageInvalid
from sed_schemas.load import strict
from sed_schemas.schema_set import SchemaSet

_JSON = click.option("--json", "as_json", is_flag=True, help="One object a line.")


@click.group()
def schemas() -> None:
    """Look at the schemas in force; install the official package, or go back."""


@schemas.command("list")
@_JSON
@click.pass_obj
def schemas_list(settings: Settings, *, as_json: bool) -> None:
    """List the schema of every SED: source, strictness, sum."""
    state = settings.config().state
    decided = in_force(state)
    sources: Counter[tuple[str, str]] = Counter()
    for cdm, sed, source, file in decided.listed():
        sources[cdm, source] += 1
        listed = {
            "sed": sed,
            "cdm": cdm,
            "source": source,
            "strict": source == "official" or strict(cdm, sed),
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        }
        if as_json:
            click.echo(json.dumps(listed))
        else:
            mark = "strict" if listed["strict"] else "lax"
            click.echo(f"{cdm}  {sed:<8}{source:<10}{mark:<8}{listed['sha256']}")
    if not as_json:
        for (cdm, source), number in sorted(sources.items()):
            click.echo(f"CDM {cdm}: {number} {source}")
        for package in packages.installed(state / SCHEMAS):
            click.echo(
                f"{package.name}: {len(package.seds)} SED,"
                f" {len(package.transactions)} transactions, {package.files} XSD,"
                f" SHA-256 {package.sha256}"
            )


@schemas.command("buc")
@click.argument("code", metavar="BUC")
@_JSON
@click.pass_obj
def schemas_buc(settings: Settings, code: str, *, as_json: bool) -> None:
    """Show which SEDs a BUC knows: from whom they come, as what, and what may be said on them."""
    rules = catalogue().bucs.get(code)
    if rules is None:
        raise Refused(
            f"{code}: no such BUC; they are written like P_BUC_01 or S_BUC_01a.",
            french=f"{code} : BUC inconnu ; ils s'écrivent P_BUC_01 ou S_BUC_01a.",
            code="no-such-buc",
        )
    for sed, may in rules.seds.items():
        told = {
            "buc": code,
            "sed": sed,
            "owner": sorted(may.sent.get(OWNER, ()), key=ACTIONS.index),
            "counterparty": sorted(may.sent.get(COUNTERPARTY, ()), key=ACTIONS.index),
            "x008": sorted(may.withdrawn_by),
            "x011": sorted(may.rejected_by),
            "x012": sorted(may.clarified_by),
        }
        if as_json:
            click.echo(json.dumps(told))
            continue
        by = "  ".join(f"{name}: {', '.join(told[name])}" for name in list(told)[2:] if told[name])
        click.echo(f"{sed:<8}{by}")


@schemas.command("history")
@_JSON
@click.pass_obj
def schemas_history(settings: Settings, *, as_json: bool) -> None:
    """Show which schemas were in force from when on, and by whom."""
    for known in asyncio.run(_in_force_since(settings)):
        since = known.since.isoformat(timespec="seconds")
        if as_json:
            click.echo(json.dumps({"schemas": known.name, "since": since, "who": known.who}))
        else:
            click.echo(f"{since}  {known.who:<16}{known.name}")


async def _in_force_since(settings: Settings) -> Sequence[SchemasInForce]:
    async with settings.reader() as reader:
        return await reader.schemas_in_force()


@schemas.command("install")
@click.argument("package", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@_JSON
@click.pass_obj
def schemas_install(settings: Settings, package: Path, *, dry_run: bool, as_json: bool) -> None:
    """Put an official package (ZIP or folder) in force, once all of it compiles."""
    state = settings.config().state / SCHEMAS
    try:
        if dry_run:
            _rehearsed(settings, package, as_json=as_json)
            return
        new = packages.install(package, state)
    except PackageInvalid as error:
        raise _refused(error) from None
    except OSError as error:
        raise Unreachable(f"{state}: {error.strerror}.", code="state-unusable") from None
    settings.ask("reload", {})
    if as_json:
        told = {"package": new.name, "sha256": new.sha256, "seds": len(new.seds)}
        click.echo(json.dumps({**told, "transactions": len(new.transactions), "files": new.files}))
        return
    settings.say(
        f"{new.name}: {len(new.seds)} official schemas decide from now on.",
        f"{new.name} : {len(new.seds)} schémas officiels font foi désormais.",
    )


@schemas.command("rollback")
@click.pass_obj
def schemas_rollback(settings: Settings) -> None:
    """Take the package installed last out of force."""
    gone = packages.rollback(settings.config().state / SCHEMAS)
    if gone is None:
        raise Refused(
            "No official package is in force; nothing was changed.",
            french="Aucun paquet officiel en vigueur ; rien n'a changé.",
            code="no-package",
        )
    settings.ask("reload", {})
    settings.say(
        f"{gone}: no longer in force; what was before it decides again.",
        f"{gone} : n'est plus en vigueur ; ce qui précédait fait de nouveau foi.",
    )


def _refused(error: PackageInvalid) -> Refused:
    return Refused(
        f"{error}; nothing was changed.",
        french=f"{error.french} ; rien n'a changé.",
        code="package-invalid",
    )


# -- what would change ----------------------------------------------------------------------


def _rehearsed(settings: Settings, package: Path, *, as_json: bool) -> None:
    config = settings.config()
    before = in_force(config.state)
    with tempfile.TemporaryDirectory(prefix="eessi-package-") as temporary:
        folder = Path(temporary)
        packages.install(package, folder)
        official = packages.in_force(folder).before(packages.in_force(config.state / SCHEMAS))
        found = asyncio.run(_rehearse(settings, before, SchemaSet(official=official)))
    if as_json:
        for kind, turns in (("recorded", found.turns), ("ours", found.ours)):
            for turn in turns:
                click.echo(json.dumps({"kind": kind, **_told(turn)}))
        return
    lost = sum(not turn.valid for turn in found.turns)
    settings.say(
        f"{found.messages} recorded messages: {lost} would no longer be valid,"
        f" {len(found.turns) - lost} would be from now on; {found.erased} have no bytes any more."
        f" Of what we write, {len(found.ours)} would be invalid. Nothing was changed.",
        f"{found.messages} messages au journal : {lost} ne seraient plus valides,"
        f" {len(found.turns) - lost} le deviendraient ; {found.erased} n'ont plus leurs octets."
        f" De nos propres messages, {len(found.ours)} seraient invalides. Rien n'a changé.",
    )
    for turn in (*found.ours, *found.turns):
        mark = "valid" if turn.valid else "INVALID"
        click.echo(f"  {mark:<8}{turn.sed:<6}{turn.cdm:<5}{turn.case_id}  {', '.join(turn.rules)}")


async def _rehearse(settings: Settings, before: SchemaSet, after: SchemaSet) -> Rehearsal:
    config = settings.config()
    caps = limits(config)
    template = pension_question.read(config.policy.pension_template or pension_question.PACKAGED)
    versions = sorted(catalogue().cdm_versions)
    async with settings.reader_if_any() as journal:
        return await rehearse(journal, caps, before, after, versions, template)


def _told(turn: Turn) -> dict[str, object]:
    return {
        "message_id": turn.message_id,
        "case_id": turn.case_id,
        "cdm": turn.cdm,
        "sed": turn.sed,
        "valid": turn.valid,
        "rules": list(turn.rules),
    }
