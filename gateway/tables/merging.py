"""Three folders of tables: what a draft would undo of what others changed since its base."""

from pathlib import Path

from gateway.tables.comparing import Change, compare


def undone(base: Path, in_force: Path, draft: Path) -> tuple[Change, ...]:
    """Changes from base to the tables in force that the draft does not have.

    A row that both changed counts when the draft has another content than what is in force:
    somebody has to decide between the two.
    """
    differs = {(change.file, change.key) for change in compare(in_force, draft)}
    return tuple(
        change for change in compare(base, in_force) if (change.file, change.key) in differs
    )
