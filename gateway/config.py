"""The configuration: TOML, then secret files, then the environment, made into one frozen object.

Every key has its line in `ops/gateway.example.toml`; a test keeps the two the same.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from gateway.config_problems import explained, secrets_in_file, unknown_variables
from gateway.config_sources import read_sources
from gateway.errors import ConfigurationError

Environment = Literal["demo", "test", "acceptance", "production"]
Sending = Literal["observe", "automatic"]
Certainty = Literal["confirmed", "solid", "likely"]
HandOver = Literal["copy", "notice"]
AlreadyParticipant = Literal["leave", "refer"]

# An institution as the Institution Repository writes it: country, colon, national id.
Buc = Annotated[str, Field(pattern=r"^[A-Z]{1,2}_BUC_[0-9]{2}[a-z]?$")]
CdmVersion = Annotated[str, Field(pattern=r"^[0-9]{1,2}\.[0-9]{1,2}$")]
InstitutionId = Annotated[str, Field(pattern=r"^[A-Z]{2}:[0-9A-Za-z._-]{1,30}$")]
Seconds = Annotated[float, Field(gt=0, le=31_536_000, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
MIB = 1024 * 1024

# Foreseen by the design, not done by this version: refused by name, not as a typing error.
LATER: Mapping[str, frozenset[str]] = {
    "sending": frozenset({"confirm"}),
    "pension_question": frozenset({"p8000"}),
    "hand_over": frozenset({"x100"}),
    "business_exceptions": frozenset({"gateway"}),
    "valid_nir": frozenset({"refer"}),
}
REAL_ENVIRONMENTS = ("test", "acceptance", "production")
DEMO_INSTITUTIONS = ("FR:CLEISS0000", "FR:CLEISS0001")


def _refuse_later(key: str, value: object) -> object:
    if isinstance(value, str) and value in LATER[key]:
        raise PydanticCustomError("comes_later", "`{value}` comes later", {"value": value})
    return value


class _Section(BaseModel):
    """A part of the configuration: frozen, and without room for a key that nobody reads."""

    # Inputs are hidden from errors: one of them may be a password.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Inbound(_Section):
    """How messages are taken in.

    Attributes:
        max_bytes: largest file or message taken, attachments included; larger is set aside.
        max_xml_bytes: largest business message (the XML part); larger is set aside.
        oldest_waiting_seconds: when a message waits longer than this the gateway is not ready.
        poll_seconds: pause between two looks into an inbound folder.
    """

    max_bytes: Annotated[int, Field(ge=1024)] = 20 * MIB
    max_xml_bytes: Annotated[int, Field(ge=1024)] = 10 * MIB
    oldest_waiting_seconds: Seconds = 300.0
    poll_seconds: Seconds = 1.0

    @model_validator(mode="after")
    def _ordered(self) -> "Inbound":
        if self.max_xml_bytes > self.max_bytes:
            raise PydanticCustomError("xml_larger", "max_xml_bytes is larger than max_bytes")
        return self


class Policy(_Section):
    """What the gateway may decide by itself (design, sections 3 and 4).

    Attributes:
        least_certainty: a decision on rows less certain than this is referred to a person.
        profile_violation: what a violation of our own, second-hand schemas means.
        business_exceptions: who sends X050: RINA, or the gateway where there is no RINA.
        ask_by_own_case: open an own H_BUC_01 to ask where the BUC has no way of its own.
        pension_question: how to ask in the pension BUCs whose way is P8000.
        already_participant: leave the case to the competent institution when it takes part
            already and the BUC lets us, or refer it to a person.
        already_participant_by_buc: the same for single BUCs.
        hold_hours: how long a message waits for what must come before it.
        valid_nir: what to do with a SED whose only evidence is a French PIN with a right key.
        transfer_grace_hours: SEDs created until then after our X007 go to the holder.
        hand_over: the original bytes with the sidecar, or the sidecar alone.
        hand_over_by_institution: the same for single institutions.
    """

    least_certainty: Certainty = "solid"
    profile_violation: Literal["refer", "warn"] = "refer"
    business_exceptions: Literal["rina"] = "rina"
    ask_by_own_case: bool = False
    pension_question: Literal["own-case"] = "own-case"
    already_participant: AlreadyParticipant = "leave"
    already_participant_by_buc: Mapping[Buc, AlreadyParticipant] = Field(default_factory=dict)
    valid_nir: Literal["ask"] = "ask"
    hold_hours: Annotated[int, Field(ge=1, le=720)] = 24
    transfer_grace_hours: Annotated[int, Field(ge=0, le=8760)] = 24
    hand_over: HandOver = "copy"
    hand_over_by_institution: Mapping[InstitutionId, HandOver] = Field(default_factory=dict)

    @field_validator(
        "pension_question",
        "hand_over",
        "business_exceptions",
        "valid_nir",
        mode="before",
    )
    @classmethod
    def _later(cls, value: object, info: ValidationInfo) -> object:
        return _refuse_later(str(info.field_name), value)


class Cdm(_Section):
    """When the versions of the CDM begin; a case keeps the one it began with.

    Attributes:
        activation: by version, the day from which new cases begin in it.
        warn_days: for how many days before and after one is warned of a switch.
    """

    activation: Mapping[CdmVersion, date] = Field(default_factory=dict)
    warn_days: Annotated[int, Field(ge=1, le=365)] = 30

    @model_validator(mode="after")
    def _ordered(self) -> "Cdm":
        by_version = sorted(self.activation, key=lambda cdm: tuple(map(int, cdm.split("."))))
        if by_version != sorted(by_version, key=self.activation.__getitem__):
            raise PydanticCustomError("cdm_order", "a later version begins before an earlier one")
        return self


class Releases(_Section):
    """How releases of the tables come into force (`[tables]`).

    Attributes:
        four_eyes: a second person approves a release and confirms a roll-back; false is for
            trying it out alone, and refused in production.
        notice_months: calendar months before their effect in which substantial changes of the
            directory are notified (decision E2; E8 is in force, its text was not at hand).
    """

    four_eyes: bool = True
    notice_months: Annotated[int, Field(ge=0, le=12)] = 1


class Relay(_Section):
    """How the outbox is emptied.

    Attributes:
        batch: outgoing messages claimed at once.
        retry_first_seconds: first pause after a failure; it doubles from then on.
        retry_cap_seconds: longest pause.
        breaker_failures: failures in a row after which a destination is left alone.
        breaker_seconds: for how long.
    """

    batch: Count = 100
    retry_first_seconds: Seconds = 5.0
    retry_cap_seconds: Seconds = 900.0
    breaker_failures: Count = 5
    breaker_seconds: Seconds = 60.0

    @model_validator(mode="after")
    def _ordered(self) -> "Relay":
        if self.retry_first_seconds > self.retry_cap_seconds:
            raise PydanticCustomError(
                "retry_order", "retry_first_seconds is larger than retry_cap_seconds"
            )
        return self


class Workers(_Section):
    """How much is done at the same time.

    Attributes:
        parse_threads: threads that read and validate.
        in_flight: messages between receipt and record.
    """

    parse_threads: Annotated[int, Field(ge=1, le=64)] = 2
    in_flight: Annotated[int, Field(ge=1, le=10_000)] = 64


class Http(_Section):
    """Where metrics and health are served. Away from this machine only with TLS and a password.

    Attributes:
        address: IP address (or `localhost`) to listen on.
        port: 0 takes any free port.
        tls_certificate, tls_key: PEM files; relative ones count from the configuration file.
        user, password: basic authentication; the password comes from a secret file.
    """

    address: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 9464
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    user: Annotated[str, Field(pattern=r"^[^:\x00-\x1f]+$")] | None = None
    password: Annotated[SecretStr, Field(min_length=8)] | None = None

    @property
    def loopback(self) -> bool:
        """Only this machine can reach the address."""
        if self.address == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.address).is_loopback
        except ValueError:
            return False

    @model_validator(mode="after")
    def _guarded(self) -> "Http":
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise PydanticCustomError("tls_pair", "tls_certificate and tls_key go together")
        if (self.user is None) != (self.password is None):
            raise PydanticCustomError("login_pair", "user and password go together")
        if not self.loopback and (self.tls_key is None or self.password is None):
            raise PydanticCustomError("http_open", "an open address needs TLS and a password")
        return self


class Log(_Section):
    """What is logged, and for whom.

    Attributes:
        level: the least level written.
        format: `json` (one ECS object a line) or `console` (for people).
    """

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


def _instance(fields: Mapping[str, Any]) -> str:
    return str(fields.get("environment", "demo"))


def _sending(fields: Mapping[str, Any]) -> str:
    return "automatic" if fields.get("environment") == "demo" else "observe"


class Config(_Section):
    """The whole configuration of one gateway.

    Attributes:
        environment: which EESSI environment; decides several defaults.
        instance: the name of this gateway in journal rows, log lines and metrics, one for each
            state folder or database; by default the name of the environment.
        own_institutions: the institutions that we are ourselves; required outside the demo.
        sending: `observe` decides and records but hands nothing over.
        secrets_dir: folder of secret files, `http__password` for `password` of `[http]`;
            by default `$CREDENTIALS_DIRECTORY` (systemd).
    """

    environment: Environment = "demo"
    instance: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,62}$")] = Field(
        default_factory=_instance
    )
    own_institutions: Annotated[tuple[InstitutionId, ...], Field(min_length=1)]
    sending: Sending = Field(default_factory=_sending, validate_default=True)
    secrets_dir: Path | None = None
    inbound: Inbound = Inbound()
    policy: Policy = Policy()
    cdm: Cdm = Cdm()
    tables: Releases = Releases()
    relay: Relay = Relay()
    workers: Workers = Workers()
    http: Http = Http()
    log: Log = Log()
    _state: Path = PrivateAttr()

    def model_post_init(self, context: Any) -> None:
        """Keep the state folder beside the keys."""
        self._state = (context or {}).get("state", Path("var"))

    @property
    def state(self) -> Path:
        """The state folder this configuration was loaded for (`--state`; not a key)."""
        return self._state

    @field_validator("sending", mode="before")
    @classmethod
    def _later(cls, value: object) -> object:
        return _refuse_later("sending", value)

    @model_validator(mode="after")
    def _seen_by_two(self) -> "Config":
        if self.environment == "production" and not self.tables.four_eyes:
            raise PydanticCustomError("four_eyes", "production needs two persons")
        return self

    @model_validator(mode="before")
    @classmethod
    def _demo(cls, data: Any) -> Any:
        """Fill in what only the demo may leave out (or a name of none: that error is enough)."""
        if not isinstance(data, dict) or data.get("environment") in REAL_ENVIRONMENTS:
            return data
        policy = data.get("policy", {})
        if isinstance(policy, dict):
            policy = {"least_certainty": "likely", "ask_by_own_case": True, **policy}
        return {"own_institutions": DEMO_INSTITUTIONS, **data, "policy": policy}


def known_keys() -> tuple[str, ...]:
    """Every key as it is written in TOML, with its section: `http.port`."""
    return tuple(key for key, _ in _keys(Config))


def load(path: Path | None, state: Path) -> Config:
    """Read the configuration: TOML `path` (None: the demo), secret files, the environment.

    Raises:
        ConfigurationError: whose `lines` are one for each thing that is wrong.
    """
    sources, known = read_sources(Config, path), known_keys()
    secret_keys = [key for key, kind in _keys(Config) if "SecretStr" in str(kind)]
    problems = [*secrets_in_file(sources, secret_keys), *unknown_variables(known)]
    try:
        config = Config.model_validate(sources.merged(), context={"state": state})
    except ValidationError as error:
        problems += explained(error, sources, known)
    if problems:
        first, *others = {problem.english: problem for problem in problems}.values()
        raise ConfigurationError(first.english, french=first.french, more=others)
    return config


def _keys(section: type[BaseModel], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _keys(kind, f"{before}{name}.")
        else:
            yield before + name, kind
