"""Where a configuration comes from: TOML, over it secret files, over them the environment."""

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, create_model
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NestedSecretsSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from gateway.errors import ConfigurationError

PREFIX = "EESSI_GATEWAY_"
SEPARATOR = "__"  # EESSI_GATEWAY_HTTP__PORT, secret file http__password

_PATHS = (
    "secrets_dir",
    "policy.pension_template",
    "tables.allowed_signers",
    "http.tls_certificate",
    "http.tls_key",
    "rabbitmq.tls_authority",
    "rabbitmq.tls_certificate",
    "rabbitmq.tls_key",
    "rabbitmq.claim_check_folder",
    "postgres.tls_authority",
    "postgres.tls_certificate",
    "postgres.tls_key",
)


class _Named(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter=SEPARATOR)


@dataclass(frozen=True, slots=True)
class Sources:
    """What each source says, not yet checked.

    Attributes:
        file: the name by which errors call the TOML file, or what stands for it.
    """

    file: str
    toml: Mapping[str, Any]
    secrets: Mapping[str, Any]
    environment: Mapping[str, Any]

    def merged(self) -> dict[str, Any]:
        """All sources in one, the strongest on top."""
        return _merge(_merge(self.toml, self.secrets), self.environment)

    def where(self, key: Sequence[str], *, section: bool) -> str:
        """The source that the value at `key` came from, as one names it to an operator.

        A section comes from all of them; it is looked for where most of it stands.
        """
        if not section and _holds(self.environment, key):
            return PREFIX + SEPARATOR.join(key).upper()
        return SEPARATOR.join(key) if not section and _holds(self.secrets, key) else self.file

    def in_file(self, key: str) -> bool:
        """The TOML file itself holds a value at the dotted `key`."""
        return _holds(self.toml, key.split("."))


def read_sources(model: type[BaseModel], path: Path | None) -> Sources:
    """Read all three sources of `model`; the TOML file may be None.

    Raises:
        ConfigurationError: a source cannot be read at all.
    """
    keys = _named(model)
    toml = _read_toml(path) if path else {}
    environment = _read_environment(keys)
    folder = environment.get("secrets_dir") or toml.get("secrets_dir")
    folder = folder or os.environ.get("CREDENTIALS_DIRECTORY")
    return Sources(
        file=path.name if path else "configuration",
        toml=toml,
        secrets=_read_secrets(keys, Path(folder)) if isinstance(folder, str) else {},
        environment=environment,
    )


def variables() -> Iterator[tuple[str, str]]:
    """Each environment variable that begins like ours, with the dotted key that it names."""
    for name in sorted(os.environ):
        if name.startswith(PREFIX):
            yield name, name.removeprefix(PREFIX).lower().replace(SEPARATOR, ".")


def secret_file(key: str) -> str:
    """The name of the secret file for a dotted key."""
    return key.replace(".", SEPARATOR)


def _named(model: type[BaseModel]) -> type[BaseSettings]:
    """The model in the form in which pydantic-settings asks for the keys; never made."""
    named: type[BaseSettings] = create_model("Named", __base__=(_Named, model))  # type: ignore[arg-type]  # two bases
    return named


def _read_environment(keys: type[BaseSettings]) -> dict[str, Any]:
    try:
        return EnvSettingsSource(keys)()
    except SettingsError as error:
        # Its text names the field in quotes, never the value.
        name = PREFIX + (str(error).split('"')[1:2] or [""])[0].upper()
        raise ConfigurationError(
            f"{name}: not JSON; lists and sections are written as JSON in the environment",
            french=f"{name} : pas du JSON ; listes et sections s'écrivent en JSON dans"
            " l'environnement",
        ) from None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise ConfigurationError(
            f"{path}: {reason}; give a configuration that can be read with --config",
            french=f"{path} : illisible ({reason}) ; indiquer un fichier lisible avec --config",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        place = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "not UTF-8"
        raise ConfigurationError(
            f"{path.name}: not TOML: {place}; correct it there",
            french=f"{path.name} : pas du TOML : {place} ; corriger à cet endroit",
        ) from None
    return _anchored(values, path.absolute().parent)


def _anchored(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Relative paths in the file count from the file's folder."""
    for key in _PATHS:
        section, _, name = key.rpartition(".")
        table = values.get(section, {}) if section else values
        if isinstance(table, dict) and isinstance(table.get(name), str):
            table[name] = str(folder / table[name])
    return values


def _read_secrets(keys: type[BaseSettings], folder: Path) -> dict[str, Any]:
    try:
        return NestedSecretsSettingsSource(
            keys,  # type: ignore[arg-type]  # may be the class, says its source; typed otherwise
            secrets_dir=folder,
            secrets_dir_missing="error",
            secrets_prefix="",
            secrets_nested_delimiter=SEPARATOR,
        )()
    except (SettingsError, OSError, UnicodeDecodeError):
        # The error's own text may quote a secret: it is neither repeated nor chained.
        raise ConfigurationError(
            f"secrets_dir: {folder} cannot be read; it must be a folder of small UTF-8 files",
            french=f"secrets_dir : {folder} est illisible ; il faut un dossier de petits"
            " fichiers UTF-8",
        ) from None


def _holds(values: Mapping[str, Any], key: Sequence[str]) -> bool:
    """Something stands at this key, or the list stands there that it is an item of."""
    found: Any = values
    for name in key:
        if isinstance(found, list):
            return True
        if not isinstance(found, Mapping) or name not in found:
            return False
        found = found[name]
    return True


def _merge(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(low)
    for key, value in high.items():
        below = merged.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[key] = _merge(below, value)
        else:
            merged[key] = value
    return merged
