"""The configuration: TOML, then secret files, then the environment, made into one frozen object.

Every key has its line in `ops/gateway.example.toml`; a test keeps the two the same.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import reduce
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

from gateway.config.problems import explained, secrets_in_file, unknown_variables
from gateway.config.sources import read_sources
from gateway.core.message import INSTITUTION_ID
from gateway.errors import ConfigurationError
from gateway.event_loop import EventLoop

Environment = Literal["demo", "test", "acceptance", "production"]
Sending = Literal["observe", "confirm", "automatic"]
Writing = Literal["transfer", "deliver", "leave", "ask", "remind"]
Certainty = Literal["confirmed", "solid", "likely"]
HandOver = Literal["copy", "notice"]
AlreadyParticipant = Literal["leave", "refer"]

# An institution as the Institution Repository writes it: country, colon, national id.
Buc = Annotated[str, Field(pattern=r"^[A-Z]{1,2}_BUC_[0-9]{2}[a-z]?$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
CdmVersion = Annotated[str, Field(pattern=r"^[0-9]{1,2}\.[0-9]{1,2}$")]
ComponentName = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,62}$")]
MailAddress = Annotated[str, Field(pattern=r"^[!#-'*+./0-9=?A-Z^_`a-z{|}~-]+@[0-9A-Za-z.-]+$")]
Host = Annotated[str, Field(min_length=1)]
OneHost = Annotated[str, Field(pattern=r"^[^,\s]+$")]
"""Of a server whose client takes a comma for the beginning of the next one."""
InstitutionId = Annotated[str, Field(pattern=f"^{INSTITUTION_ID.pattern}$")]
RuleName = Annotated[str, Field(min_length=1)]
Seconds = Annotated[float, Field(gt=0, le=31_536_000, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Days = Annotated[int, Field(ge=1, le=36_500)]
MIB = 1024 * 1024

# Foreseen by the design, not done by this version: refused by name, not as a typing error.
LATER: Mapping[str, frozenset[str]] = {
    "hand_over": frozenset({"x100"}),
}
REAL_ENVIRONMENTS = ("test", "acceptance", "production")
DEMO_INSTITUTIONS = ("FR:CLEISS0000", "FR:CLEISS0001")
DEMO_ACCEPTED = (
    "H-NAMED",
    "P-FILE",
    "P-FILE-ASSUMED",
    "R-FILE",
    "S-AGRICULTURAL",
    "S-INSURED-ABROAD-AGRICULTURAL",
)
"""Inferred rules of the baseline that the demo goes by, so that there is something to see."""


def _refuse_later(key: str, value: object) -> object:
    if isinstance(value, str) and value in LATER[key]:
        raise PydanticCustomError("comes_later", "`{value}` comes later", {"value": value})
    return value


def _loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


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
        accepted_rules: rules that count as likely where the table says inferred; not for
            production, where rows are confirmed in the tables.
        profile_violation: what a violation of our own, second-hand schemas means.
        business_exceptions: who sends X050: RINA, or the gateway where there is no RINA.
        ask_by_own_case: open an own H_BUC_01 to ask where the BUC has no way of its own.
        pension_question: how to ask in the pension BUCs whose way is P8000: by an own H_BUC_01,
            or by a P8000 made from a template.
        pension_template: the template; none: the one of the package, which is inferred.
        assumed_general: where nothing tells the scheme, the rows that assume the general one
            decide; else it is asked for.
        assumed_general_by_buc: the same for single BUCs.
        already_participant: leave the case to the competent institution when it takes part
            already and the BUC lets us, or refer it to a person.
        already_participant_by_buc: the same for single BUCs.
        hold_hours: how long a message waits for what must come before it.
        valid_nir: what to do with a SED that says too little but for a French PIN with a right
            key: ask abroad, or let a person look in the national registers first.
        status_after_hours: how long RINA or the institution may say nothing of what was handed
            over, until a person is told; 0: it need not say anything.
        transfer_grace_hours: SEDs created until then after our X007 go to the holder.
        hand_over: the original bytes with the sidecar, or the sidecar alone.
        hand_over_by_institution: the same for single institutions.
    """

    least_certainty: Certainty = "solid"
    accepted_rules: tuple[RuleName, ...] = ()
    profile_violation: Literal["refer", "warn"] = "refer"
    business_exceptions: Literal["rina", "gateway"] = "rina"
    ask_by_own_case: bool = False
    pension_question: Literal["own-case", "p8000"] = "own-case"
    pension_template: Path | None = None
    assumed_general: bool = True
    assumed_general_by_buc: Mapping[Buc, bool] = Field(default_factory=dict)
    already_participant: AlreadyParticipant = "leave"
    already_participant_by_buc: Mapping[Buc, AlreadyParticipant] = Field(default_factory=dict)
    valid_nir: Literal["ask", "refer"] = "ask"
    hold_hours: Annotated[int, Field(ge=1, le=720)] = 24
    status_after_hours: Annotated[int, Field(ge=0, le=8760)] = 24
    transfer_grace_hours: Annotated[int, Field(ge=0, le=8760)] = 24
    hand_over: HandOver = "copy"
    hand_over_by_institution: Mapping[InstitutionId, HandOver] = Field(default_factory=dict)

    @field_validator(
        "hand_over",
        mode="before",
    )
    @classmethod
    def _later(cls, value: object, info: ValidationInfo) -> object:
        return _refuse_later(str(info.field_name), value)


class Worklist(_Section):
    """What people are expected to do.

    Attributes:
        due_days: working days after its receipt in which an entry is to be decided.
    """

    due_days: Annotated[int, Field(ge=1, le=260)] = 5


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
        allowed_signers: file of the OpenSSH keys of those who may approve (`ALLOWED SIGNERS` of
            ssh-keygen); then an approval needs a signature of the account that asks.
        four_eyes: a second person approves a release and confirms a roll-back; false is for
            trying it out alone, and refused in production.
        notice_months: calendar months before their effect in which substantial changes of the
            directory are notified (decision E2; E8 is in force, its text was not at hand).
    """

    four_eyes: bool = True
    allowed_signers: Path | None = None
    notice_months: Annotated[int, Field(ge=0, le=12)] = 1


class Relay(_Section):
    """How the outbox is emptied.

    Attributes:
        batch: outgoing messages claimed at once.
        retry_first_seconds: first pause after a failure; it doubles from then on, each less up to
            a quarter.
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
        event_loop: what the daemon runs on; `uvloop` is faster, and needs the extra of that name.
    """

    parse_threads: Annotated[int, Field(ge=1, le=64)] = 2
    in_flight: Annotated[int, Field(ge=1, le=10_000)] = 64
    event_loop: EventLoop = "asyncio"


class Watching(_Section):
    """From when on a part of the gateway is said to be other than well (`status`, status page).

    Attributes:
        lag_seconds: what waits longer than this lags.
        stuck_seconds: what waits longer than this, while nothing moves, is stuck.
        slow_seconds: one message takes longer than this, on average.
        window_seconds: over which rates and averages are taken.
    """

    lag_seconds: Seconds = 60.0
    stuck_seconds: Seconds = 300.0
    slow_seconds: Seconds = 1.0
    window_seconds: Annotated[float, Field(ge=10, le=3600)] = 300.0

    @model_validator(mode="after")
    def _ordered(self) -> "Watching":
        if self.lag_seconds > self.stuck_seconds:
            raise PydanticCustomError("watch_order", "lag_seconds is larger than stuck_seconds")
        return self


class RabbitMq(_Section):
    """The broker, with `transport = "rabbitmq"`.

    Attributes:
        host, port, virtual_host: where it is.
        other_hosts: further nodes of its cluster, at the same port; tried in this order where the
            one before does not answer.
        user, password: who we are there; the password comes from a secret file.
        tls: speak TLS; without it only a broker on this machine is spoken to in production.
        tls_authority: PEM file of whom we trust; by default whom the system trusts.
        tls_certificate, tls_key: PEM files by which the broker knows us, where it asks for them.
        prefetch: messages that the broker gives out before the first of them is recorded.
        heartbeat_seconds: a silent broker is given up after about three of them.
        publish_timeout_seconds: how long a confirmation is awaited; after that nobody knows, and
            the same bytes are sent again under the same id.
        claim_check_folder: folder that all gateways and receivers share, for bodies that are too
            large for the broker; without it every body goes through the broker.
        claim_check_bytes: a body larger than this goes by that folder.
    """

    host: Host = "127.0.0.1"
    other_hosts: Annotated[tuple[Host, ...], Field(max_length=6)] = ()
    port: Annotated[int, Field(ge=1, le=65535)] = 5672
    virtual_host: Annotated[str, Field(min_length=1)] = "/"
    user: Annotated[str, Field(min_length=1)] | None = None
    password: SecretStr | None = None
    tls: bool = False
    tls_authority: Path | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    prefetch: Annotated[int, Field(ge=1, le=10_000)] = 50
    heartbeat_seconds: Annotated[int, Field(ge=1, le=600)] = 10
    publish_timeout_seconds: Annotated[float, Field(gt=0, le=45, allow_inf_nan=False)] = 10.0
    claim_check_folder: Path | None = None
    claim_check_bytes: Annotated[int, Field(ge=1024, le=128 * MIB)] = 16 * MIB

    @model_validator(mode="after")
    def _paired(self) -> "RabbitMq":
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise PydanticCustomError("tls_pair", "tls_certificate and tls_key go together")
        if not self.tls and (self.tls_authority or self.tls_key):
            raise PydanticCustomError("tls_off", "certificates without tls")
        return self


class Postgres(_Section):
    """The database, with `journal = "postgres"`.

    Attributes:
        host: name, address, or folder of the server's socket on this machine.
        other_hosts: where a copy of it answers, at the same port, that can take its place; the one
            that is no standby is worked on.
        port, database: where it is.
        user, password: who we are there; the password comes from a secret file, and is left out
            where the server knows us otherwise (a certificate, the account).
        tls: `disable`; `require` encrypts, whoever answers; `verify-full` trusts only the server
            that is named. In production another machine is spoken to with `verify-full` alone.
        tls_authority: PEM file of whom we trust; by default whom the system trusts.
        tls_certificate, tls_key: PEM files by which the server knows us, where it asks for them.
        connect_timeout_seconds: how long a connection is waited for, at each host.
        statement_timeout_seconds: how long one statement may take, its waiting for others included.
    """

    host: OneHost = "127.0.0.1"
    other_hosts: Annotated[tuple[OneHost, ...], Field(max_length=6)] = ()
    port: Annotated[int, Field(ge=1, le=65535)] = 5432
    database: Annotated[str, Field(min_length=1)] = "eessi_gateway"
    user: Annotated[str, Field(min_length=1)] | None = None
    password: SecretStr | None = None
    tls: Literal["disable", "require", "verify-full"] = "disable"
    tls_authority: Path | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    connect_timeout_seconds: Annotated[float, Field(ge=2, le=60, allow_inf_nan=False)] = 5.0
    statement_timeout_seconds: Annotated[float, Field(ge=1, le=3600, allow_inf_nan=False)] = 60.0

    @property
    def local(self) -> bool:
        """Only this machine can see what is said to it."""
        return all(host.startswith("/") or _loopback(host) for host in self.hosts)

    @property
    def hosts(self) -> tuple[str, ...]:
        """All of them, in the order in which they are tried."""
        return (self.host, *self.other_hosts)

    @property
    def where(self) -> str:
        """What people are told of it."""
        return f"{','.join(self.hosts)}:{self.port}/{self.database}"

    @model_validator(mode="after")
    def _paired(self) -> "Postgres":
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise PydanticCustomError("tls_pair", "tls_certificate and tls_key go together")
        if self.tls == "disable" and (self.tls_authority or self.tls_key):
            raise PydanticCustomError("postgres_tls_off", "certificates without tls")
        return self


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
        return _loopback(self.address)

    @model_validator(mode="after")
    def _guarded(self) -> "Http":
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise PydanticCustomError("tls_pair", "tls_certificate and tls_key go together")
        if (self.user is None) != (self.password is None):
            raise PydanticCustomError("login_pair", "user and password go together")
        if not self.loopback and (self.tls_key is None or self.password is None):
            raise PydanticCustomError("http_open", "an open address needs TLS and a password")
        return self


class Notices(_Section):
    """Whom the gateway tells by itself that it is in trouble; nobody without an address.

    Attributes:
        webhook_url: where a notice is posted; one that holds a token belongs into a secret file.
        webhook_secret: signs what is posted (HMAC-SHA256); from a secret file.
        mail_to, mail_from: addresses.
        smtp_host, smtp_port: the mail server.
        smtp_starttls: encrypt, or do not send.
        smtp_user, smtp_password: who we are there; the password comes from a secret file.
        after_seconds: how long a trouble lasts until it is told of, and is gone until it is over.
        per_hour: notices in an hour, at most; what does not fit waits.
        timeout_seconds: an attempt that takes longer failed, and is made again.
    """

    webhook_url: Annotated[str, Field(pattern=r"^https?://[!-.0->A-~]+(/[!-~]*)?$")] | None = None
    webhook_secret: Annotated[SecretStr, Field(min_length=16)] | None = None
    mail_to: tuple[MailAddress, ...] = ()
    mail_from: MailAddress | None = None
    smtp_host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 25
    smtp_starttls: bool = False
    smtp_user: Annotated[str, Field(min_length=1)] | None = None
    smtp_password: SecretStr | None = None
    after_seconds: Seconds = 300.0
    per_hour: Annotated[int, Field(ge=1, le=1000)] = 10
    timeout_seconds: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)] = 10.0

    @model_validator(mode="after")
    def _addressed(self) -> "Notices":
        if bool(self.mail_to) != (self.mail_from is not None):
            raise PydanticCustomError("mail_pair", "mail_to and mail_from go together")
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise PydanticCustomError("login_pair", "user and password go together")
        if self.smtp_user and not self.smtp_starttls and not _loopback(self.smtp_host):
            raise PydanticCustomError("smtp_open", "a password needs smtp_starttls")
        return self


class Component(_Section):
    """A part around the gateway whose availability is reported.

    Attributes:
        probe: how the gateway looks: an address that answers below 400 (`http`), a port that
            accepts (`tcp`), a broker or a PostgreSQL that would begin a session (`amqp`, `sql`;
            without a login), a file that is not too old (`file`); `none`: other monitors do
            (`availability import`).
        target: `http(s)://...`, `host:port`, or the path of the file.
        max_age_seconds: from this age on a file is too old.
        service: the service that it is a part of; parts of one service stand in for each other.
    """

    probe: Literal["http", "tcp", "amqp", "sql", "file", "none"] = "none"
    target: str = ""
    max_age_seconds: Seconds = 900.0
    service: Annotated[str, Field(pattern=r"^\w[\w .:'/-]{0,63}$")] | None = None

    @model_validator(mode="after")
    def _aimed(self) -> "Component":
        address = r"\S+:[0-9]{1,5}"
        wanted = {
            "http": r"https?://[^\s@/?#]+[!-~]*",
            "tcp": address,
            "amqp": address,
            "sql": address,
            "file": r".+",
            "none": r"",
        }
        if re.fullmatch(wanted[self.probe], self.target) is None:
            raise PydanticCustomError("probe_target", "target does not fit probe")
        return self


class Availability(_Section):
    """What of the parts around the gateway is watched, and how it is reported.

    Attributes:
        interval_seconds: from one look to the next; a look counts for twice as long at most.
        timeout_seconds: a look that takes longer is a bad one.
        service_hours: when people rely on it, on French working days, in Paris.
        components: the parts, by name.
    """

    interval_seconds: Seconds = 60.0
    timeout_seconds: Seconds = 10.0
    service_hours: Annotated[
        str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$")
    ] = "08:00-18:00"
    components: Mapping[ComponentName, Component] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _ordered(self) -> "Availability":
        opens, _, closes = self.service_hours.partition("-")
        if opens >= closes:
            raise PydanticCustomError("hours_order", "service_hours ends before it begins")
        if self.timeout_seconds > self.interval_seconds:
            raise PydanticCustomError("probe_order", "timeout is longer than interval")
        return self

    @property
    def services(self) -> Mapping[str, tuple[str, ...]]:
        """Service -> its parts."""
        found: dict[str, tuple[str, ...]] = {}
        for name, component in self.components.items():
            if component.service is not None:
                found[component.service] = (*found.get(component.service, ()), name)
        return found


class Retention(_Section):
    """How many days a class of what is kept stays, once nothing happens any more.

    They count from the last thing that happened in a case at rest, or from when a person took a
    message out of quarantine. A class without a period is kept; nothing has one by default.

    Attributes:
        bodies_days: bytes of received messages.
        evidence_days: what their SEDs say, and what persons added; from then on nothing is
            decided in the case by a machine.
        outbound_days: bytes of what was sent, and the sidecars.
        quarantine_days: bytes of messages that were discarded, or released under another id.
    """

    bodies_days: Days | None = None
    evidence_days: Days | None = None
    outbound_days: Days | None = None
    quarantine_days: Days | None = None


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
        sending: `observe` decides and records but hands nothing over; with `confirm` each
            outgoing message waits for a person's yes.
        sending_by_decision, sending_by_buc, sending_by_country: the same for what follows from
            single decisions, in single BUCs, in cases from single countries; of those that apply
            the most careful one holds.
        go_live: the first day of the gateway; a follow-up of an unknown case that began before it
            goes to a person.
        transport: where messages come from and go: folders, or queues of RabbitMQ.
        journal: what remembers: a SQLite file in the state folder, or a PostgreSQL database, on
            which several gateways can work, each with a state folder of its own.
        secrets_dir: folder of secret files, `http__password` for `password` of `[http]`;
            by default `$CREDENTIALS_DIRECTORY` (systemd).
    """

    environment: Environment = "demo"
    instance: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,62}$")] = Field(
        default_factory=_instance
    )
    own_institutions: Annotated[tuple[InstitutionId, ...], Field(min_length=1)]
    sending: Sending = Field(default_factory=_sending, validate_default=True)
    sending_by_decision: Mapping[Writing, Sending] = Field(default_factory=dict)
    sending_by_buc: Mapping[Buc, Sending] = Field(default_factory=dict)
    sending_by_country: Mapping[Country, Sending] = Field(default_factory=dict)
    go_live: date | None = None
    transport: Literal["folder", "rabbitmq"] = "folder"
    journal: Literal["sqlite", "postgres"] = "sqlite"
    secrets_dir: Path | None = None
    inbound: Inbound = Inbound()
    policy: Policy = Policy()
    worklist: Worklist = Worklist()
    cdm: Cdm = Cdm()
    tables: Releases = Releases()
    relay: Relay = Relay()
    workers: Workers = Workers()
    watch: Watching = Watching()
    rabbitmq: RabbitMq = RabbitMq()
    postgres: Postgres = Postgres()
    http: Http = Http()
    log: Log = Log()
    availability: Availability = Availability()
    retention: Retention = Retention()
    notices: Notices = Notices()
    _state: Path = PrivateAttr()

    def model_post_init(self, context: Any) -> None:
        """Keep the state folder beside the keys."""
        self._state = (context or {}).get("state", Path("var"))

    @property
    def state(self) -> Path:
        """The state folder this configuration was loaded for (`--state`; not a key)."""
        return self._state

    @property
    def sends_otherwise(self) -> bool:
        """Whether some decision, BUC or country has another mode than `sending`."""
        by = (self.sending_by_decision, self.sending_by_buc, self.sending_by_country)
        return any(mode != self.sending for modes in by for mode in modes.values())

    @model_validator(mode="after")
    def _seen_by_two(self) -> "Config":
        if self.environment == "production" and not self.tables.four_eyes:
            raise PydanticCustomError("four_eyes", "production needs two persons")
        return self

    @model_validator(mode="after")
    def _confirmed_by_maintainers(self) -> "Config":
        if self.environment == "production" and self.policy.accepted_rules:
            raise PydanticCustomError("accepted_rules", "production accepts no inferred rule")
        return self

    @model_validator(mode="after")
    def _known_to_the_broker(self) -> "Config":
        broker = self.rabbitmq
        if self.transport == "rabbitmq" and (broker.user is None or broker.password is None):
            raise PydanticCustomError("broker_login", "the broker needs user and password")
        here = all(_loopback(host) for host in (broker.host, *broker.other_hosts))
        if self.environment == "production" and not broker.tls and not here:
            raise PydanticCustomError("broker_open", "the broker needs tls")
        return self

    @model_validator(mode="after")
    def _held_against(self) -> "Config":
        """A late SED is held against what the case says for as long as it is delivered."""
        days, hours = self.retention.evidence_days, self.policy.transfer_grace_hours
        if days is not None and days * 24 < hours:
            raise PydanticCustomError("evidence_grace", "evidence ends before the grace")
        return self

    @model_validator(mode="after")
    def _known_to_the_database(self) -> "Config":
        server = self.postgres
        if self.journal == "postgres" and server.user is None:
            raise PydanticCustomError("postgres_login", "the database needs a user")
        guarded = server.local or server.tls == "verify-full"
        if self.environment == "production" and not guarded:
            raise PydanticCustomError("postgres_open", "the database needs tls")
        return self

    @model_validator(mode="before")
    @classmethod
    def _demo(cls, data: Any) -> Any:
        """Fill in what only the demo may leave out (or a name of none: that error is enough)."""
        if not isinstance(data, dict) or data.get("environment") in REAL_ENVIRONMENTS:
            return data
        policy = data.get("policy", {})
        if isinstance(policy, dict):
            policy = {
                "least_certainty": "likely",
                "accepted_rules": DEMO_ACCEPTED,
                "ask_by_own_case": True,
                "status_after_hours": 0,
                **policy,
            }
        return {"own_institutions": DEMO_INSTITUTIONS, **data, "policy": policy}


def known_keys() -> tuple[str, ...]:
    """Every key as it is written in TOML, with its section: `http.port`."""
    return tuple(key for key, _ in _keys(Config))


def changed_keys(config: Config) -> tuple[str, ...]:
    """Keys whose value is not the default of this environment; names alone, never a value."""
    unchanged = Config.model_validate(
        {"environment": config.environment, "own_institutions": DEMO_INSTITUTIONS}
    )
    return tuple(key for key in known_keys() if _value(config, key) != _value(unchanged, key))


def _value(config: Config, key: str) -> object:
    return reduce(getattr, key.split("."), config)


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
