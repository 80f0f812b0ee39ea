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
    P8000 = "p8000"
    """Request for pension information, from a template: its tree is not public."""
    OWN_CASE = "own-case"
    """An own H_BUC_01 towards the sender, linked to the case by the journal."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """X007 to all participants, then the hand-over to the one competent institution."""

    institution: str
    certainty: Certainty
    accepted: str = ""
    """The inferred rule that the operator accepts as likely and this rests on; else empty."""


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
class Reject:
    """X011 to whoever sent the SED; a person alone decides so."""

    code: str
    """01 person unknown, 02 not competent and unable to forward, 03 asks what does not exist, 99
    other (CDM 4.4 X011)."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """Quarantined with its bytes: unreadable, hostile, not ours, wrong environment."""

    cause: str


@dataclass(frozen=True, slots=True)
class Note:
    """We sent it ourselves, by hand: the case changes, and nothing leaves."""


Decision = Transfer | Deliver | Leave | Ask | Hold | Refuse | Refer | Reject | Note | SetAside

NAMES: Final[dict[type[Decision], str]] = {
    Transfer: "transfer",
    Deliver: "deliver",
    Leave: "leave",
    Ask: "ask",
    Hold: "hold",
    Refuse: "refuse",
    Refer: "refer",
    Reject: "reject",
    Note: "note",
    SetAside: "set-aside",
}
"""The name of each decision in journal, metrics and `--json`."""

CAUSES: Final[dict[str, tuple[str, ...]]] = {
    "hold": ("out-of-order", "question-open"),
    "refuse": ("type-mismatch", "namespace-mismatch", "cdm-mismatch", "schema-violation"),
    "refer": (
        "already-participant",
        "answer-in-prose",
        "asked-back",
        "before-go-live",
        "cannot-forward",
        "case-referred",
        "closed",
        "conflict",
        "erased",
        "exception-received",
        "expired",
        "file-not-told",
        "forwarded-late",
        "inferred",
        "institution-unusable",
        "look-up",
        "no-context",
        "no-holder",
        "no-route",
        "no-status",
        "not-delivered",
        "nothing-to-ask-with",
        "other-content",
        "other-person",
        "out-of-order",
        "own",
        "profile-violation",
        "protected",
        "recalled",
        "recalled-too-late",
        "removed",
        "returned",
        "rule-refers",
        "sed-not-in-buc",
        "sender-left",
        "sending-failed",
        "several",
        "still-missing",
        "stranger",
        "taken",
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
        "wrong-direction",
        "wrong-environment",
    ),
}
"""Decision -> its causes; `set-aside` also takes every code of `reading.MALFORMED`."""
UNSURE: Final = frozenset(
    {
        "other-content",
        "profile-violation",
        "sed-not-in-buc",
        "unknown-buc",
        "unknown-cdm",
        "unknown-sed",
    }
)
"""Causes of a SED of which nobody knows whether it was read rightly."""


def name(decision: Decision) -> str:
    """The decision's name, such as `set-aside`."""
    return NAMES[type(decision)]


def cause(decision: Decision) -> str | None:
    """The cause of a decision that has one."""
    match decision:
        case Hold() | Refuse() | Refer() | SetAside():
            return decision.cause
        case Transfer() | Deliver() | Leave() | Ask() | Reject() | Note():
            return None
        case _:
            assert_never(decision)


def institution(decision: Decision) -> str | None:
    """The institution that a decision names."""
    match decision:
        case Transfer() | Deliver() | Leave():
            return decision.institution
        case Ask() | Hold() | Refuse() | Refer() | Reject() | Note() | SetAside():
            return None
        case _:
            assert_never(decision)
