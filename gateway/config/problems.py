"""What is wrong with a configuration, said in plain words, in English and in French."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from gateway.config.sources import Sources, secret_file, variables
from gateway.errors import ConfigurationError

# pydantic's error type -> (English, French). {…} are the error's own, harmless parameters: a
# bound, a list of allowed values. The value that was given is never shown: it may be a secret.
_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("is required outside the demo", "est obligatoire hors démonstration"),
    "comes_later": (
        "`{value}` comes in a later version; choose another value",
        "« {value} » viendra dans une version ultérieure ; choisir une autre valeur",
    ),
    "literal_error": ("must be {expected}", "doit être {expected}"),
    "string_pattern_mismatch": (
        "has the wrong form; it must match {pattern}",
        "n'a pas la bonne forme ; il faut {pattern}",
    ),
    "too_short": ("is too short: at least {min_length}", "est trop court : {min_length} au moins"),
    "too_long": ("is too long: at most {max_length}", "est trop long : {max_length} au plus"),
    "greater_than": ("must be more than {gt}", "doit être supérieur à {gt}"),
    "greater_than_equal": ("must be {ge} or more", "doit être au moins {ge}"),
    "less_than_equal": ("must be {le} or less", "doit être au plus {le}"),
    "int": ("must be a whole number", "doit être un nombre entier"),
    "float": ("must be a number", "doit être un nombre"),
    "finite": ("must be a number", "doit être un nombre"),
    "bool": ("must be true or false", "doit être true ou false"),
    "string": ("must be a text in quotes", "doit être un texte entre guillemets"),
    "path": ("must be a path in quotes", "doit être un chemin entre guillemets"),
    "date": ("must be a day: 2026-02-23", "doit être un jour : 2026-02-23"),
    "tuple": ('must be a list: ["…", "…"]', 'doit être une liste : ["…", "…"]'),
    "dict": ("must be a section of keys", "doit être une section de clés"),
    "mapping": ("must be a section of keys", "doit être une section de clés"),
    "model": ("must be a section of keys", "doit être une section de clés"),
    "xml_larger": (
        "max_xml_bytes is larger than max_bytes; lower the one or raise the other",
        "max_xml_bytes dépasse max_bytes ; baisser l'un ou relever l'autre",
    ),
    "accepted_rules": (
        "policy.accepted_rules is not for production: have the rows confirmed in the tables",
        "policy.accepted_rules n'est pas pour la production : faire confirmer les lignes",
    ),
    "four_eyes": (
        "tables.four_eyes = false is not for production: a release needs a second person",
        "tables.four_eyes = false n'est pas pour la production : il faut une seconde personne",
    ),
    "cdm_order": (
        "a later version begins before an earlier one; correct the days",
        "une version postérieure débute avant une antérieure ; corriger les jours",
    ),
    "retry_order": (
        "retry_first_seconds is larger than retry_cap_seconds; lower the one or raise the other",
        "retry_first_seconds dépasse retry_cap_seconds ; baisser l'un ou relever l'autre",
    ),
    "watch_order": (
        "lag_seconds is larger than stuck_seconds; lower the one or raise the other",
        "lag_seconds dépasse stuck_seconds ; baisser l'un ou relever l'autre",
    ),
    "tls_pair": (
        "tls_certificate and tls_key go together; give both or none",
        "tls_certificate et tls_key vont ensemble ; donner les deux ou aucun",
    ),
    "tls_off": (
        "tls_authority, tls_certificate and tls_key need tls = true",
        "tls_authority, tls_certificate et tls_key demandent tls = true",
    ),
    "broker_login": (
        "transport = rabbitmq needs rabbitmq.user and the secret file rabbitmq__password",
        "transport = rabbitmq demande rabbitmq.user et le fichier secret rabbitmq__password",
    ),
    "broker_open": (
        "the broker is on another machine: in production give rabbitmq.tls = true",
        "le courtier est sur une autre machine : en production, donner rabbitmq.tls = true",
    ),
    "postgres_login": (
        "journal = postgres needs postgres.user (and the secret file postgres__password)",
        "journal = postgres demande postgres.user (et le fichier secret postgres__password)",
    ),
    "postgres_open": (
        "postgres.host is another machine: in production give postgres.tls = verify-full",
        "postgres.host est une autre machine : en production, donner postgres.tls = verify-full",
    ),
    "postgres_tls_off": (
        "tls_authority, tls_certificate and tls_key need tls = require or verify-full",
        "tls_authority, tls_certificate et tls_key demandent tls = require ou verify-full",
    ),
    "login_pair": (
        "user and password (in a secret file) go together; give both or none",
        "user et password (dans un fichier secret) vont ensemble ; donner les deux ou aucun",
    ),
    "mail_pair": (
        "mail_to and mail_from go together; give both or none",
        "mail_to et mail_from vont ensemble ; donner les deux ou aucun",
    ),
    "smtp_open": (
        "smtp_host is another machine: a password needs smtp_starttls = true",
        "smtp_host est une autre machine : un mot de passe demande smtp_starttls = true",
    ),
    "http_open": (
        "others can reach this address: give tls_certificate, tls_key, user and password",
        "adresse joignable par d'autres : donner tls_certificate, tls_key, user et password",
    ),
    "probe_target": (
        "probe and target do not fit: http(s)://..., host:port, a path; none with `none`",
        (
            "probe et target ne vont pas ensemble : http(s)://..., hôte:port, un chemin ; rien avec"
            " « none »"
        ),
    ),
    "hours_order": (
        "service_hours ends before it begins; write it as 08:00-18:00",
        "service_hours finit avant de commencer ; écrire par exemple 08:00-18:00",
    ),
    "probe_order": (
        "timeout_seconds is longer than interval_seconds; lower it",
        "timeout_seconds dépasse interval_seconds ; le réduire",
    ),
    "evidence_grace": (
        "retention.evidence_days ends before policy.transfer_grace_hours; raise it",
        "retention.evidence_days finit avant policy.transfer_grace_hours ; l'augmenter",
    ),
    "secret_in_file": (
        "a secret does not stand here; put it into the file `{file}` of secrets_dir",
        "un secret ne figure pas ici ; le mettre dans le fichier « {file} » de secrets_dir",
    ),
}


def explained(
    error: ValidationError, sources: Sources, known: Sequence[str]
) -> Iterator[ConfigurationError]:
    """One error for each thing that pydantic found, without what only follows from another."""
    sections = _sections(known)
    found = error.errors(include_url=False, include_input=False)
    keys = [[str(part) for part in one["loc"] if part != "[key]"] for one in found]
    for one, key in zip(found, keys, strict=True):
        follows = any(len(k) > len(key) and k[: len(key)] == key for k in keys)
        if follows or one["type"] == "default_factory_not_called":
            continue
        dotted = ".".join(key)
        where = sources.where(key, section=dotted in sections)
        if one["type"] == "extra_forbidden":
            both = _unknown(dotted, known)
        else:
            both = _sentences(one["type"], one.get("ctx", {}))
        yield _problem(where, dotted if where == sources.file else "", both)


def unknown_variables(known: Sequence[str]) -> Iterator[ConfigurationError]:
    """One error for each environment variable that begins like ours and is no key."""
    there = {*known, *_sections(known)}
    for name, key in variables():
        if key not in there:
            yield _problem(name, "", _unknown(key, known))


def secrets_in_file(sources: Sources, secret_keys: Sequence[str]) -> Iterator[ConfigurationError]:
    """One error for each secret that stands in the TOML file."""
    for key in secret_keys:
        if sources.in_file(key):
            context = {"file": secret_file(key)}
            yield _problem(sources.file, key, _sentences("secret_in_file", context))


def _problem(where: str, key: str, both: tuple[str, str]) -> ConfigurationError:
    english, french = both
    place, endroit = (f"{where}: {key}", f"{where} : {key}") if key else (where, where)
    return ConfigurationError(f"{place}: {english}", french=f"{endroit} : {french}")


def _sentences(kind: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """The English and the French sentence for pydantic's error type `kind`."""
    english, french = _SENTENCES.get(kind) or _SENTENCES.get(
        kind.partition("_")[0], ("is not accepted", "n'est pas accepté")
    )
    # pydantic writes lists of values in English
    in_french = {key: str(value).replace(" or ", " ou ") for key, value in context.items()}
    return english.format_map(context), french.format_map(in_french)


def _unknown(key: str, known: Sequence[str]) -> tuple[str, str]:
    """The two sentences for a key that nobody reads, with the known key nearest to it."""
    near = _nearest(key, known)
    if near:
        return f"unknown key; did you mean `{near}`?", f"clé inconnue ; vouliez-vous « {near} » ?"
    section = key.rpartition(".")[0]
    here = ", ".join(_in_section(section, known))
    return f"unknown key; known here: {here}", f"clé inconnue ; connues ici : {here}"


def _sections(known: Sequence[str]) -> set[str]:
    return {key.rpartition(".")[0] for key in known}


def _nearest(key: str, known: Sequence[str]) -> str:
    leaf = key.rpartition(".")[2]
    same_name = [k for k in known if k.rpartition(".")[2] == leaf]  # right name, wrong section
    cutoff = 0.0 if same_name else 0.6
    return next(iter(difflib.get_close_matches(key, same_name or known, n=1, cutoff=cutoff)), "")


def _in_section(section: str, known: Iterable[str]) -> list[str]:
    depth = section.count(".") + 1 if section else 0
    inside = (k.split(".") for k in known if not section or k.startswith(f"{section}."))
    return sorted({parts[depth] for parts in inside})
