"""Which journal: a file in the state folder, or a database that several gateways share.

Who reads the file needs neither the configuration nor the tables: both take long to import.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.errors import ConfigurationError, GatewayError, Refused, Unreachable
from gateway.journal import Journal, JournalReader
from gateway.journal.sqlite import SqliteJournal, SqliteReader

if TYPE_CHECKING:
    from gateway.config import Config, Postgres
    from gateway.event_loop import EventLoop
    from gateway.journal.copying import Copied
    from gateway.loading import Checked

FILE: Final = "journal.db"


async def journal(config: "Config") -> Journal:
    """The journal that the configuration names, to write; who opens it closes it.

    Raises:
        StateLocked: another process works in this state folder.
        JournalUnavailable: it cannot be created, opened, reached or migrated.
        Unreachable: the package was installed without what it needs.
    """
    path = config.state / FILE
    instance, environment = config.instance, config.environment
    if config.journal == "sqlite":
        return await SqliteJournal.open(path, instance=instance, environment=environment)
    try:
        from gateway.journal.postgres import PostgresJournal
    except ModuleNotFoundError:
        raise _without_extra() from None
    lock = path.with_suffix(".lock")
    return await PostgresJournal.open(
        config.postgres, lock, instance=instance, environment=environment
    )


def reader(state: Path, server: "Postgres | None") -> AbstractAsyncContextManager[JournalReader]:
    """The journal of the state folder, or that of a server, to read while others write.

    Raises:
        JournalUnavailable: it cannot be reached, or is of another version.
        Unreachable: there is no journal, or the package was installed without what it needs.
    """
    if server is None:
        path = state / FILE
        if not path.is_file():
            raise Unreachable(
                f"{path}: there is no journal; run the gateway first, or give --state.",
                french=f"{path} : aucun journal ; lancer la passerelle, ou donner --state.",
                code="no-journal",
            )
        return SqliteReader.opened(path)
    try:
        from gateway.journal.postgres import PostgresReader
    except ModuleNotFoundError:
        raise _without_extra() from None
    return PostgresReader.opened(server)


def checked(config_file: Path | None, state: Path, today: date) -> "Iterator[Checked]":
    """Look at each part of an installation, and whether a database lets us in."""
    from gateway import loading
    from gateway.config import load

    yield from loading.checked(config_file, state, today)
    try:
        config = load(config_file, state)
    except ConfigurationError:  # told above
        return
    if config.workers.event_loop != "asyncio":
        yield _loop(config.workers.event_loop)
    if config.journal == "postgres":
        yield _database(config.postgres)


def _loop(name: "EventLoop") -> "Checked":
    from gateway.event_loop import runner
    from gateway.loading import Checked

    try:
        runner(name).close()
    except Unreachable as error:
        return Checked("event loop", name, (error,))
    return Checked("event loop", name)


def _database(server: "Postgres") -> "Checked":
    from gateway.loading import Checked

    where = f"postgres {server.where}"
    try:
        from gateway.journal.postgres import PostgresEngine

        PostgresEngine(server, "eessi-gateway check").connect_to_read().close()
    except ModuleNotFoundError:
        return Checked("journal", where, (_without_extra(),))
    except GatewayError as error:
        if error.code != "no-journal":
            return Checked("journal", where, (error,))
        where += " (empty)"
    return Checked("journal", where)


def copied(config: "Config") -> "Sequence[Copied]":
    """The file of the state folder, copied into the database that the configuration names.

    Raises:
        Refused: the configuration names none, there is no file, or the database is not empty.
        StateLocked: a gateway works in the state folder.
        JournalUnavailable: one of the two cannot be used.
        Unreachable: the copy differs, or the package was installed without what it needs.
    """
    path = config.state / FILE
    if config.journal != "postgres":
        raise Refused(
            'The configuration names no database: give journal = "postgres" and [postgres].',
            french='La configuration ne nomme pas de base : donner journal = "postgres" et'
            " [postgres].",
            code="no-database",
        )
    if not path.is_file():
        raise Refused(
            f"{path}: there is no journal to copy; give the state folder (--state).",
            french=f"{path} : aucun journal à copier ; donner le dossier d'état (--state).",
            code="no-journal",
        )
    try:
        from gateway.journal.copying import copy
    except ModuleNotFoundError:
        raise _without_extra() from None
    return copy(path, config.postgres)


def _without_extra() -> Unreachable:
    """The package was installed without its extra for PostgreSQL."""
    return Unreachable(
        "PostgreSQL needs the extra of that name: install eessi-gateway[postgres].",
        french="PostgreSQL demande l'extra de ce nom : installer eessi-gateway[postgres].",
        code="extra-missing",
    )
