"""The decisions: a closed set of values. What may happen to a message stands here.

`deciding.Deciding.decide` takes everything that is known and says which one it is; it does not do
it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

from ir_directory import Certainty


class Way(StrEnum):
    """How a datum is asked for abroad; the BUC decides which ways there are."""

    X012 = "x012"
    """Clarification of the SED itself (AD_BUC_08)."""
    H001 = "h001"
    """Request for information in the same case."""
    OWN_CASE = "own-case"
    """An own H_BUC_01 towards the sender, linked to the case by the journal."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """X007 to all participants, then the hand-over to the one competent institution."""

    institution: str
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class Deliver:
    """Hand a later SED of a forwarded case to the institution that has the case."""

    institution: str


@dataclass(frozen=True, slots=True)
class Leave:
    """The competent institution takes part already: we step back, and X006 tells the others."""

    institution: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask abroad for what would tell; the SED waits."""

    missing: tuple[str, ...]
    way: Way
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """Wait for what must come before, or for an answer that is on its way."""

    cause: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """The message breaks a fact proved from itself or its case. Nothing leaves by default."""

    cause: str


@dataclass(frozen=True, slots=True)
class Refer:
    """A person must decide; candidates and reasons stand beside it."""

    cause: str
    candidates: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetAside:
    """Quarantined with its bytes: unreadable, hostile, not ours, wrong environment."""

    cause: str


Decision = Transfer | Deliver | Leave | Ask | Hold | Refuse | Refer | SetAside

NAMES: Final[dict[type[Decision], str]] = {
    Transfer: "transfer",
    Deliver: "deliver",
    Leave: "leave",
    Ask: "ask",
    Hold: "hold",
    Refuse: "refuse",
    Refer: "refer",
    SetAside: "set-aside",
}
"""The name of each decision in journal, metrics and `--json`."""

CAUSES: Final[dict[str, tuple[str, ...]]] = {
    "hold": ("out-of-order", "question-open"),
    "refuse": ("type-mismatch", "namespace-mismatch", "cdm-mismatch", "schema-violation"),
    "refer": (
        "already-participant",
        "answer-in-prose",
        "cannot-forward",
        "case-referred",
        "closed",
        "conflict",
        "exception-received",
        "expired",
        "forwarded-late",
        "inferred",
        "institution-unusable",
        "no-context",
        "no-holder",
        "no-route",
        "nothing-to-ask-with",
        "other-content",
        "other-person",
        "out-of-order",
        "own",
        "profile-violation",
        "protected",
        "removed",
        "returned",
        "rule-refers",
        "sed-not-in-buc",
        "sender-left",
        "sending-failed",
        "several",
        "still-missing",
        "stranger",
        "undetermined",
        "unknown-buc",
        "unknown-cdm",
        "unknown-sed",
        "withdrawn",
    ),
    "set-aside": (
        "identity-conflict",
        "internal-error",
        "not-ours",
        "system-message",
        "wrong-environment",
    ),
}
"""Decision -> its causes; `set-aside` also takes every code of `reading.MALFORMED`."""


def name(decision: Decision) -> str:
    """The decision's name, such as `set-aside`."""
    return NAMES[type(decision)]


def cause(decision: Decision) -> str | None:
    """The cause of a decision that has one."""
    match decision:
        case Hold() | Refuse() | Refer() | SetAside():
            return decision.cause
        case Transfer() | Deliver() | Leave() | Ask():
            return None
        case _:
            assert_never(decision)


def institution(decision: Decision) -> str | None:
    """The institution that a decision names."""
    match decision:
        case Transfer() | Deliver() | Leave():
            return decision.institution
        case Ask() | Hold() | Refuse() | Refer() | SetAside():
            return None
        case _:
            assert_never(decision)
