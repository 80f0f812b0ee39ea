"""The tables and schemas of an installation, loaded into what the core judges with."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from gateway import pension_question
from gateway.config import Config, load, named
from gateway.core.cdm_versions import switches
from gateway.core.judging import Policy
from gateway.core.leaving import Leaving, Mode
from gateway.core.reading import Limits
from gateway.core.tables import Tables
from gateway.core.trace import Step
from gateway.errors import GatewayError, SchemasInvalid, TablesInvalid
from gateway.pipeline import Desk
from gateway.tables import shelf
from ir_directory import Certainty
from ir_directory import load as directory_load
from ir_directory.problems import Problem
from routing_tables import Reminders
from routing_tables import load as routes_load
from routing_tables import release as release_load
from sed_schemas import Catalogue, packages
from sed_schemas import load as schemas_load
from sed_schemas.delivery import PackageInvalid
from sed_schemas.schema_set import SchemaSet

SCHEMAS: Final = "schemas"
"""Where official packages are kept in the state folder."""


def limits(config: Config) -> Limits:
    """Size caps of an installation."""
    return Limits(message=config.inbound.max_bytes, xml=config.inbound.max_xml_bytes)


def policy(config: Config) -> Policy:
    """What the configuration has decided beforehand, as the core reads it."""
    said = config.policy
    return Policy(
        instance=config.instance,
        environment=config.environment,
        own_institutions=config.own_institutions,
        least_certainty=Certainty.of(said.least_certainty),
        accepted_rules=frozenset(said.accepted_rules),
        profile_violation=said.profile_violation,
        ask_by_own_case=said.ask_by_own_case,
        pension_template=pension_question.template(config),
        transfer_grace=timedelta(hours=said.transfer_grace_hours),
        hand_over=said.hand_over,
        hand_over_by_institution=dict(said.hand_over_by_institution),
        assumed_general=said.assumed_general,
        assumed_general_by_buc=dict(said.assumed_general_by_buc),
        already_participant=said.already_participant,
        already_participant_by_buc=dict(said.already_participant_by_buc),
        excepts=said.business_exceptions == "gateway",
        valid_nir=said.valid_nir,
        leaving=leaving(config),
        hold=timedelta(hours=said.hold_hours),
        go_live=config.go_live,
        activation=dict(config.cdm.activation),
    )


def leaving(config: Config) -> Leaving:
    """Whether what is written leaves by itself."""
    return Leaving(
        Mode(config.sending),
        by_decision={key: Mode(mode) for key, mode in config.sending_by_decision.items()},
        by_buc={key: Mode(mode) for key, mode in config.sending_by_buc.items()},
        by_country={key: Mode(mode) for key, mode in config.sending_by_country.items()},
    )


def tables(state: Path = Path("var"), name: str | None = None, digest: str | None = None) -> Tables:
    """The release of this name (and digest); without a name the baseline of the package.

    Raises:
        TablesInvalid: the release cannot be used; `lines` says everything that is wrong.
        Refused: there is no release of this name.
    """
    place = root(state, name, digest)
    try:
        release = release_load.load(place)
    except release_load.ReleaseInvalid as error:
        raise _invalid(error.problems) from None
    return replace(
        _tables(place, release.name, release.digest),
        example=release.status == release_load.EXAMPLE,
    )


def is_example(state: Path, name: str, digest: str) -> bool:
    """Whether a release says of itself that it is one.

    Raises:
        TablesInvalid, Refused: it is not there as it was made.
    """
    try:
        return release_load.head(root(state, name, digest)).status == release_load.EXAMPLE
    except release_load.ReleaseInvalid as error:
        raise _invalid(error.problems) from None


def drafted(folder: Path) -> Tables:
    """The tables of a draft as they are now; nothing is ever recorded on them.

    Raises:
        TablesInvalid: they cannot be used; `lines` says everything that is wrong.
    """
    return _tables(folder, "draft", "")


def _tables(place: Path, name: str, digest: str) -> Tables:
    try:
        directory = directory_load.load(place / "ir_directory")
        routing = place / "routing_tables"
        routes = routes_load.load(routing)
        questions = routes_load.questions(routing)
        reminders = routes_load.reminders(routing)
    except (directory_load.DirectoryInvalid, routes_load.RoutesInvalid) as error:
        raise _invalid(error.problems) from None
    return Tables(
        release=name,
        digest=digest,
        directory=directory,
        routes=routes,
        catalogue=catalogue(),
        questions=questions,
        reminders=Reminders(reminders),
    )


def root(state: Path, name: str | None = None, digest: str | None = None) -> Path:
    """Where the tables of a release are: in the package, or on the shelf of the state folder.

    Raises:
        Refused: there is no release of this name.
        TablesInvalid: it was changed by somebody else than this host.
    """
    if name is None:
        return release_load.ROOT
    baseline = release_load.load()
    if name == baseline.name and digest in {None, baseline.digest}:
        return release_load.ROOT
    return shelf.find(state, name, digest)


def catalogue() -> Catalogue:
    """Everything known about CDM versions, BUCs and SEDs.

    Raises:
        SchemasInvalid: a table of it is damaged.
    """
    try:
        return schemas_load.catalogue()
    except schemas_load.SchemasInvalid as error:
        raise SchemasInvalid(str(error)) from None


def cdm_switches(config: Config, today: date) -> tuple[Step, ...]:
    """What is to be said today of CDM versions that begin soon or began lately.

    Raises:
        SchemasInvalid: the table of versions is damaged.
    """
    said = config.cdm
    return switches(said.activation, catalogue().cdm_versions, today, said.warn_days)


def desk(config: Config, release: str | None = None) -> Desk:
    """Everything that a message is judged with."""
    decided_by, known, in_force = (
        tables(config.state, release),
        policy(config),
        schemas(config.state),
    )
    if known.pension_template is not None:
        for cdm in sorted(catalogue().cdm_versions):
            pension_question.held(config, known.pension_template, in_force, cdm)
    return Desk(decided_by, known, limits(config), in_force)


def schemas(state: Path) -> SchemaSet:
    """The schemas in force: those of the installed official packages, else our own.

    Raises:
        SchemasInvalid: an installed package is damaged.
    """
    try:
        return SchemaSet(official=packages.in_force(state / SCHEMAS))
    except PackageInvalid as error:
        raise SchemasInvalid(
            f"{error}; install the package again, or `eessi-gateway schemas rollback`.",
            french=f"{error.french} ; réinstaller le paquet, ou `eessi-gateway schemas rollback`.",
        ) from None


@dataclass(frozen=True, slots=True)
class Checked:
    """One part of an installation, looked at: what it is, and all that is wrong with it."""

    part: str
    """`configuration`, `tables`, `schemas`, `cdm` or `journal`."""
    detail: str
    problems: tuple[GatewayError, ...] = ()
    warnings: tuple[Step, ...] = ()
    """What works and deserves a look."""


def checked(config_file: Path | None, state: Path, today: date) -> Iterator[Checked]:
    """Look at each part of an installation; nothing is started and nothing is written."""
    yield _looked_at("configuration", lambda: _configuration(config_file, state))
    yield _looked_at("tables", _tables_in_package)
    yield _looked_at("schemas", lambda: _schemas(state))
    with contextlib.suppress(GatewayError):  # told above
        config = load(config_file, state)
        versions = ", ".join(sorted(catalogue().cdm_versions))
        yield Checked("cdm", versions, warnings=cdm_switches(config, today))


def _looked_at(part: str, look: Callable[[], str]) -> Checked:
    try:
        return Checked(part, look())
    except GatewayError as error:
        return Checked(part, "", (error, *error.more))


def _configuration(config_file: Path | None, state: Path) -> str:
    config = load(config_file, state)
    named.in_catalogue(config)
    return f"{config_file or 'demo'}: {config.environment}, {config.sending}, {config.instance}"


def _tables_in_package() -> str:
    release = tables()
    return f"{release.release} ({release.digest[:12]})"


def _schemas(state: Path) -> str:
    in_force = schemas(state)
    problems = in_force.problems()
    if problems:
        errors = [SchemasInvalid(problem) for problem in problems]
        raise SchemasInvalid(problems[0], more=errors[1:])
    official = sum(source == "official" for _, _, source, _ in in_force.listed())
    return f"{official} official, the rest profile" if official else "profile"


def _invalid(problems: Sequence[Problem]) -> TablesInvalid:
    """All problems of the tables as one error with a line each."""
    errors = [
        TablesInvalid(f"{p.place}: {p.english}", french=f"{p.place} : {p.french}") for p in problems
    ]
    first, *others = errors
    return TablesInvalid(first.english, french=first.french, more=others)
