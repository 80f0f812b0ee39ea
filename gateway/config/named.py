"""Whether what a configuration names is there: BUCs, countries, rules of the tables.

A name that nothing bears would hold nothing back, and nobody would see it.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from gateway.config import Config
from gateway.core.tables import Tables
from gateway.errors import ConfigurationError
from sed_schemas.load import catalogue, countries

_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "rule": ("no such rule in the tables in force", "règle inconnue des tables en vigueur"),
    "buc": ("no such BUC", "BUC inconnu"),
    "country": (
        "no such country (Greece is EL, the United Kingdom UK)",
        "pays inconnu (la Grèce est EL, le Royaume-Uni UK)",
    ),
}


def in_catalogue(config: Config) -> None:
    """Return when each BUC and country that is named exists.

    Raises:
        ConfigurationError: one of them does not; `more` holds those of the other keys.
    """
    _refuse(list(_not_in_catalogue(config)))


def in_force(config: Config, tables: Tables) -> None:
    """Return when each BUC and country exists, and the tables know each rule that is named.

    Raises:
        ConfigurationError: as for `in_catalogue`.
    """
    rules = {*config.policy.accepted_rules} - {route.rule for route in tables.routes.routes}
    wrong = list(_not_in_catalogue(config))
    _refuse([*wrong, _wrong("policy.accepted_rules", "rule", rules)] if rules else wrong)


def _not_in_catalogue(config: Config) -> Iterator[ConfigurationError]:
    known = {"buc": {*catalogue().bucs}, "country": {*countries()}}
    for key, kind, named in (
        ("sending_by_buc", "buc", config.sending_by_buc),
        ("sending_by_country", "country", config.sending_by_country),
        ("policy.assumed_general_by_buc", "buc", config.policy.assumed_general_by_buc),
        ("policy.already_participant_by_buc", "buc", config.policy.already_participant_by_buc),
    ):
        if unknown := {*named} - known[kind]:
            yield _wrong(key, kind, unknown)


def _wrong(key: str, kind: str, names: set[str]) -> ConfigurationError:
    english, french = _SAID[kind]
    listed = ", ".join(sorted(names))
    return ConfigurationError(
        f"{key}: {english}: {listed}; correct it, or take it out.",
        french=f"{key} : {french} : {listed} ; corriger, ou retirer.",
    )


def _refuse(wrong: list[ConfigurationError]) -> None:
    if wrong:
        first, *others = wrong
        raise ConfigurationError(first.english, french=first.french, more=others)
