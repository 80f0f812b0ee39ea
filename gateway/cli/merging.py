"""What came into force while a draft was being made: `tables merge`."""

import json
from pathlib import Path

import click

from gateway.cli import Settings
from gateway.errors import Refused, Unreachable
from gateway.loading import root as root_of
from gateway.tables.comparing import Change
from gateway.tables.drafting import DRAFT
from gateway.tables.merging import Merge, take_over, three_ways
from gateway.wording.numbers import counted
from routing_tables import release


@click.command("merge")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--apply", is_flag=True, help="Take over what they alone changed.")
@click.option("--keep-ours", is_flag=True, help="Where both changed a row, the draft is right.")
@click.option("--json", "as_json", is_flag=True, help="One object a row.")
@click.pass_obj
def tables_merge(
    settings: Settings, folder: Path, *, apply: bool, keep_ours: bool, as_json: bool
) -> int:
    """Show what is in force, what the draft changes, and where they meet; take it over."""
    base, in_force = _base(settings, folder), settings.tables_in_force()
    merge = three_ways(base, in_force, folder)
    _tell(settings, merge, as_json=as_json)
    undecided = bool(merge.both) and not keep_ours
    if apply:
        _apply(merge, in_force, folder, moved=not undecided)
    if not as_json:
        _advise(settings, merge, applied=apply, undecided=undecided)
    return 1 if undecided else 0


def _base(settings: Settings, folder: Path) -> Path:
    """The tables that the draft was made from."""
    try:
        head = release.head(folder)
    except release.ReleaseInvalid:
        raise Refused(
            f"{folder}: no draft (no manifest); make one first (`tables draft`).",
            french=f"{folder} : pas un brouillon (sans manifeste) ; en faire un (`tables draft`).",
            code="no-manifest",
        ) from None
    return root_of(settings.state, head.base or head.name)


def _apply(merge: Merge, in_force: Path, folder: Path, *, moved: bool) -> None:
    """Take over; the draft counts as made from what is in force once nothing is undecided."""
    head = release.head(folder)
    base = release.load(in_force).name if moved else head.base
    try:
        take_over(merge, in_force, folder)
        release.write(head.name, base, DRAFT, folder)
    except OSError as error:
        raise Unreachable(
            f"{folder}: cannot be written ({error.strerror}).",
            french=f"{folder} : écriture impossible ({error.strerror}).",
            code="folder-unusable",
        ) from None


def _tell(settings: Settings, merge: Merge, *, as_json: bool) -> None:
    told = [
        *(("theirs", change, None) for change in merge.theirs),
        *(("both", theirs, ours) for theirs, ours in merge.both),
        *(("ours", change, None) for change in merge.ours),
    ]
    for who, change, other in told:
        if as_json:
            click.echo(json.dumps(_values(who, change, other), ensure_ascii=False))
            continue
        words = _WHO["fr" if settings.lang == "fr" else "en"]
        click.echo(f"{words[who]}: {change.text(settings.lang)}")
        if other is not None:
            click.echo(f"    {words['ours']}: {other.text(settings.lang)}")


def _values(who: str, change: Change, other: Change | None) -> dict[str, object]:
    told: dict[str, object] = {
        "who": who,
        "file": change.file,
        "key": change.key,
        "what": change.what,
        "changes": _columns(change),
    }
    return told if other is None else {**told, "ours": _columns(other)}


def _columns(change: Change) -> list[dict[str, str]]:
    return [{"column": c, "before": old, "after": new} for c, old, new in change.changes]


_WHO = {
    "en": {"theirs": "in force", "both": "BOTH, in force", "ours": "draft"},
    "fr": {"theirs": "en vigueur", "both": "LES DEUX, en vigueur", "ours": "brouillon"},
}


def _advise(settings: Settings, merge: Merge, *, applied: bool, undecided: bool) -> None:
    theirs, both = len(merge.theirs), len(merge.both)
    changed = counted("fr", both, "modifiée des deux côtés", "modifiées des deux côtés")
    settings.say(
        f"{theirs} to take over, {both} changed by both, {len(merge.ours)} of the draft alone.",
        f"{theirs} à reprendre, {changed}, {len(merge.ours)} du brouillon seul.",
    )
    if undecided:
        settings.say(
            "Mend the rows that both changed in the draft (write what is in force to agree with"
            " it), or say --apply --keep-ours.",
            "Corriger dans le brouillon les lignes modifiées des deux côtés (y écrire ce qui est"
            " en vigueur pour l'accepter), ou dire --apply --keep-ours.",
        )
    elif applied:
        settings.say("Taken over.", "Repris.")
    elif theirs or both:
        settings.say("Take it over with --apply.", "Reprendre avec --apply.")


COMMANDS = (tables_merge,)
"""Of the group `tables`."""
