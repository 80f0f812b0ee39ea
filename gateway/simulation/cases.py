"""Cases: which profile, which sender, which messages when, and what is expected of each.

A case is made from its number alone, so it can be made again when its next message is due:
nothing but the time of what is still to come is kept.
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from gateway.simulation import faults
from gateway.simulation.envelope import Attachment, Envelope
from gateway.simulation.facts import Facts, Home, Making, seeded
from gateway.simulation.profiles import Country, Profile, Witness
from gateway.simulation.seds import content

US: Final = "FR:CLEISS0000"
US_FOR_LEGISLATION: Final = "FR:CLEISS0001"
DAY: Final = 24 * 60
LATE: Final = (3 * DAY, 60 * DAY)
SOON: Final = (60, 18 * 60)
"""Minutes: within a day of the first message."""
ANSWER: Final = (5 * DAY, 75 * DAY)
WITHOUT_H001: Final = frozenset({"FB_BUC_04"})
WITH_H001: Final = ("S_", "AW_", "R_", "UB_", "FB_")
MULTILATERAL: Final = ("P_", "FB_", "H_BUC_01")
ASSUMED: Final = frozenset({"{cpam}", "{carsat}", "{pole}", "{invalidity}", "{caf}"})
CCMSA: Final = "FR:0200000000"
RAILWAYS: Final = "FR:0411000000"
AGRICULTURAL_CLAIMS: Final = frozenset({"P_BUC_01", "P_BUC_02", "P_BUC_03", "P_BUC_10"})
"""BUCs that the head of the agricultural network takes itself (competence.md 4.1)."""
WAITING: Final = "ask|hold|refer"
ANSWERED: Final = "ask|refer|transfer"
"""An answer may come to a machine that asked or to a person who has the case; one that contradicts
what was said before may be asked about once more."""


@dataclass(frozen=True, slots=True)
class Step:
    """One message of a case: what, how long after the first, and what should become of it."""

    kind: str
    minutes: float
    expected: str
    institution: str


@dataclass(frozen=True, slots=True)
class Made:
    """A message ready to be written, and its line of the truth."""

    ending: str
    name: str
    body: bytes
    message_id: str
    """Empty when the bytes are no message: then their SHA-256 is the id."""
    case_id: str
    addressee: str


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it was drawn: its messages are written one by one."""

    key: str
    number: int
    profile: Profile
    facts: Facts
    answered: Facts | None
    cdm: str
    case_id: str
    set_id: str
    receivers: tuple[str, ...]
    version: int
    attached: bool
    start: datetime
    steps: tuple[Step, ...]
    competent: frozenset[str] = frozenset()
    """Institutions that the truth allows, once everything asked for is told."""

    def made(self, position: int) -> Made:
        """The message of a step."""
        step = self.steps[position]
        if step.kind in faults.BROKEN:
            envelope = self._stranger(position)
            body = faults.BROKEN[step.kind](envelope, self.number + 1)
            return Made(".xml", "unreadable", body, "", "", self.receivers[0])
        if step.kind in faults.WRONG:
            envelope = faults.WRONG[step.kind](self._stranger(position))
        else:
            envelope = self.envelope(step, position)
        return Made(
            envelope.ending,
            f"{envelope.buc}-{envelope.sed}",
            envelope.body(),
            envelope.message_id,
            envelope.case_id,
            self.receivers[0],
        )

    def envelope(self, step: Step, position: int) -> Envelope:
        """What is sent at a step."""
        if step.kind == "same_bytes":
            return self.envelope(self.steps[0], 0)
        if step.kind == "other_instance":
            return replace(self.envelope(self.steps[0], 0), message_id=self._ids(position)[0])
        if step.kind in {"start", "update", "updated"}:
            return self._document(step, position)
        return self._beside(step, position)

    def _document(self, step: Step, position: int) -> Envelope:
        """The first SED, or a later version of it."""
        rng, first = self._rng(position), step.kind == "start"
        facts = self.answered if step.kind == "updated" and self.answered else self.facts
        message_id = self._ids(position)[0]
        return Envelope(
            message_id=message_id,
            case_id=self.case_id,
            set_id=self.set_id,
            buc=self.profile.buc,
            sed=self.profile.sed,
            cdm=self.cdm,
            action="Start" if first else "Update",
            version=self.version + (0 if first else position * rng.randint(1, 3)),
            created_at=self._created(step, rng),
            sender=self.facts.sender_id,
            receivers=self.receivers,
            content=content(self.profile.sed, facts),
            protected="protected" in self.profile.extra,
            attachments=(_attachment(rng),) if self.attached and first else (),
        )

    def beside(self, kind: str, number: int, at: datetime, **extra: str) -> Envelope:
        """One more message of the case that no step foresaw: the n-th, sent at that time."""
        minutes = (at - self.start) / timedelta(minutes=1)
        facts = replace(self.facts, extra={**self.facts.extra, **extra})
        return replace(self, facts=facts).envelope(Step(kind, minutes, "", ""), BEYOND + number)

    def _beside(self, step: Step, position: int) -> Envelope:
        """An X SED, a question or an answer beside the first SED."""
        sed, related = BESIDE[step.kind]
        rng = self._rng(position)
        message_id, set_id = self._ids(position)
        facts = self.answered if step.kind in TOLD and self.answered else self.facts
        if sed == "H002" and "of" in self.facts.extra and self.profile.sed == "P2100":
            facts = _of_whom(facts, self.facts.extra["of"])
        if step.kind in TOLD:
            facts = replace(facts, homes=TOLD[step.kind](facts.homes))
        extra = {**facts.extra, **self.facts.extra, "about": self.profile.sed}
        extra["prose"] = "The person lives in France; see our letter." if sed == "H002" else ""
        if step.kind in TOLD:
            extra["prose"] = ""
        facts = replace(
            facts,
            extra=extra,
            day=(self.start + timedelta(minutes=step.minutes)).date(),
            named=tuple(replace(named, field="pin") for named in facts.named),
        )
        return Envelope(
            message_id=message_id,
            case_id=self.case_id,
            set_id=set_id,
            buc=self.profile.buc,
            sed=sed,
            cdm=self.cdm,
            action="New",
            version=1,
            created_at=self._created(step, rng),
            sender=self.facts.sender_id,
            receivers=self.receivers,
            content=content(sed, facts),
            related_set_id=self.set_id if related else "",
        )

    def _stranger(self, position: int) -> Envelope:
        """A sound message of another case, to be spoilt."""
        message_id, set_id = self._ids(position)
        case_id = str(uuid.UUID(int=self._rng(position).getrandbits(128), version=4))
        sound = replace(self.envelope(self.steps[0], 0), attachments=())
        return replace(sound, message_id=message_id, case_id=case_id, set_id=set_id)

    def _created(self, step: Step, rng: Random) -> datetime:
        received = self.start + timedelta(minutes=step.minutes)
        return received - timedelta(minutes=rng.uniform(1, 40))

    def _rng(self, position: int) -> Random:
        return seeded(f"{self.key}:{position}")

    def _ids(self, position: int) -> tuple[str, str]:
        rng = seeded(f"{self.key}:{position}:ids")
        return _uuid(rng), _uuid(rng)


BESIDE: Final = {
    "withdrawal": ("X008", True),
    "reminder": ("X009", False),
    "request": ("H001", False),
    "coded": ("H002", False),
    "part": ("H002", False),
    "misplaced": ("H002", False),
    "promise": ("X010", False),
    "return": ("X006", False),
    "prose": ("H002", False),
}
"""Kind of step to its SED, and whether the header names the SED that it is about."""


def _of_whom(facts: Facts, of: str) -> Facts:
    """In a survivor's pension: the survivor's facts, or those of the deceased alone."""
    if of == "second":
        return replace(facts, person=facts.second)
    homes = tuple(replace(h, role="") for h in facts.homes if h.role == "deceased")
    return replace(facts, homes=homes)


def _in_part(homes: tuple[Home, ...]) -> tuple[Home, ...]:
    """Without the postcode."""
    return tuple(replace(home, postcode="") for home in homes)


def _misplaced(homes: tuple[Home, ...]) -> tuple[Home, ...]:
    """Where letters go, instead of where the person lives."""
    return tuple(replace(home, role=home.role or "contact") for home in homes)


TOLD: Final[dict[str, Callable[[tuple[Home, ...]], tuple[Home, ...]]]] = {
    "coded": lambda homes: homes,
    "part": _in_part,
    "misplaced": _misplaced,
}
"""Answers in coded fields, and what becomes of the addresses in them."""
BEYOND: Final = 1_000
"""Positions from here on belong to messages that answer one of the gateway's."""


class Drawing:
    """Draws cases in the proportions of Annex 3 and of the mix."""

    def __init__(self, witness: Witness, seed: int, missing: float, silent: float = 0.0) -> None:
        self._witness = witness
        self._seed = seed
        self._silent = silent
        self._mix: dict[str, Any] = witness.mix
        self._by_buc: dict[str, dict[str, list[Profile]]] = {}
        for profile in witness.profiles:
            groups = self._by_buc.setdefault(profile.buc, {})
            groups.setdefault(profile.group, []).append(profile)
        self._weights = self._proportions()
        self._bucs = tuple(self._weights)
        self._lacking = self._share_where_possible(missing)

    def _proportions(self) -> dict[str, float]:
        """BUC to weight: Annex 3, and the applicable legislation beside it."""
        rules = self._mix["cases"]
        weights = {
            buc: float(cases) or rules["unseen"] for buc, cases in self._witness.cases.items()
        }
        legislation = [buc for buc in self._by_buc if buc.startswith("LA_")]
        total, share = sum(weights.values()), rules["legislation"]
        profiles = {
            buc: sum(p.weight for group in self._by_buc[buc].values() for p in group)
            for buc in legislation
        }
        for buc, weight in profiles.items():
            part = weight / sum(profiles.values())
            weights[buc] = total * share / (1 - share) * part
        return weights

    def _share_where_possible(self, missing: float) -> float:
        """Some BUCs never lack anything; the others lack the more, so that the whole is right."""
        able = sum(w for buc, w in self._weights.items() if "lacking" in self._by_buc[buc])
        return min(1.0, missing * sum(self._weights.values()) / able)

    def case(self, number: int, start: datetime) -> Case:
        """The case of a number; the same every time."""
        key = f"{self._seed}:{number}"
        rng = seeded(key)
        profile = self._profile(rng)
        country = self._country(rng, profile)
        making = Making(rng, self._witness, country, start.date())
        facts = making.facts(profile, _sender(rng, country, profile.buc))
        silent = seeded(f"{key}:silent")
        if silent.random() < self._silent:
            profile = _silent(profile, _draw(silent, self._mix["silent"]))
        institution = making.institution(profile.institution)
        answered, answer = None, ""
        if profile.answer:
            answered = making.answered(facts, profile.answer)
            answer = making.institution(profile.answer.partition(">")[2])
        return Case(
            key=key,
            number=number,
            profile=profile,
            facts=facts,
            answered=answered,
            cdm=profile.extra.get("cdm") or _draw(rng, self._mix["model"]),
            case_id=_uuid(rng),
            set_id=_uuid(rng),
            receivers=self._receivers(rng, profile, country),
            version=int(_draw(rng, self._mix["first_version"])),
            attached=self._attached(rng, profile),
            start=start,
            steps=self._steps(rng, profile, institution, answer),
            competent=frozenset((answer or institution).split("|")) - {""},
        )

    def _profile(self, rng: Random) -> Profile:
        buc = rng.choices(self._bucs, weights=list(self._weights.values()))[0]
        groups = self._by_buc[buc]
        profiles = groups[self._group(rng, groups)]
        return rng.choices(profiles, weights=[p.weight for p in profiles])[0]

    def _group(self, rng: Random, groups: dict[str, list[Profile]]) -> str:
        rules, draw = self._mix["cases"], rng.random()
        if "lacking" in groups and rng.random() < self._lacking:
            return "lacking"
        wanted = "clear"
        if draw < rules["trap"]:
            wanted = "trap"
        elif draw < rules["trap"] + rules["inferred"]:
            wanted = "inferred"
        return next(group for group in (wanted, "clear", "inferred", "lacking") if group in groups)

    def _country(self, rng: Random, profile: Profile) -> Country:
        countries = self._witness.countries
        codes = profile.senders or tuple(countries)
        chosen = rng.choices(codes, weights=[countries[code].weight for code in codes])[0]
        return countries[chosen]

    def _receivers(self, rng: Random, profile: Profile, country: Country) -> tuple[str, ...]:
        """We, then who else takes part."""
        us = US_FOR_LEGISLATION if profile.buc.startswith("LA_") else US
        others = [profile.extra["participant"]] if "participant" in profile.extra else []
        share = self._mix["cases"]["foreign_participants"]
        if rng.random() < share and profile.buc.startswith(MULTILATERAL):
            third = rng.choice([c for c in self._witness.countries.values() if c is not country])
            others.append(_sender(rng, third, profile.buc))
        return (us, *others)

    def _attached(self, rng: Random, profile: Profile) -> bool:
        drawn = rng.random() < self._mix["attachments"]["share"]
        return drawn or "attachment" in profile.extra

    # -- what comes later -------------------------------------------------------------------

    def _steps(
        self, rng: Random, profile: Profile, institution: str, answer: str
    ) -> tuple[Step, ...]:
        steps = [Step("start", 0, profile.expected, institution)]
        if profile.expected == "transfer":
            steps += self._follow_ups(rng, profile, institution)
        elif profile.group == "lacking":
            steps += self._answers(rng, profile, institution, answer)
        noise = _drawn(rng, self._mix["noise"])
        if noise == "other_instance":
            steps.append(Step(noise, rng.uniform(1, 3 * DAY), "absorbed", institution))
        elif noise == "same_bytes":
            steps.append(Step(noise, rng.uniform(1, 3 * DAY), "", ""))
        elif noise:
            steps.append(Step(noise, rng.uniform(1, DAY), faults.expected(noise), ""))
        return tuple(steps)

    def _follow_ups(self, rng: Random, profile: Profile, institution: str) -> Iterable[Step]:
        """Later messages of a case that is transferred: they go to who has it."""
        shares = {k: v for k, v in self._mix["follow_ups"].items() if k != "late"}
        kind = _drawn(rng, shares)
        late = rng.random() < self._mix["follow_ups"]["late"]
        minutes = rng.uniform(*(LATE if late else SOON))
        if not kind or (kind == "request" and not _knows_h001(profile.buc)):
            return ()
        return (Step(kind, minutes, "deliver|refer" if late else "deliver", institution),)

    def _answers(
        self, rng: Random, profile: Profile, institution: str, answer: str
    ) -> Iterable[Step]:
        """What comes back, late, in part or never, after something was missing."""
        kind, minutes = _drawn(rng, self._mix["answers"]), rng.uniform(*ANSWER)
        if not kind or (kind in {"coded", "prose"} and not _knows_h001(profile.buc)):
            return ()
        if kind in {"updated", "coded"}:
            return (Step(kind, minutes, ANSWERED, answer),) if answer else ()
        return (Step(kind, minutes, WAITING, institution),)


def _silent(profile: Profile, scheme: str) -> Profile:
    """The same SED about a person of another scheme, of which it gives no sign.

    Only where the general scheme would be assumed: nothing is named and the place decides.
    """
    if profile.named or profile.expected != "transfer" or profile.institution not in ASSUMED:
        return profile
    if scheme == "rail" and not profile.buc.startswith("FB_"):  # there the CAF serves it, too
        institution = RAILWAYS
    else:
        institution = CCMSA if profile.buc in AGRICULTURAL_CLAIMS else "{msa}"
    return replace(
        profile,
        name=f"silent-{profile.name}",
        group="silent",
        expected="ask|refer",
        institution=institution,
        determinable="no",
        answerable="no",
    )


def _knows_h001(buc: str) -> bool:
    return buc.startswith(WITH_H001) and buc not in WITHOUT_H001


def _drawn(rng: Random, shares: dict[str, float]) -> str:
    """One of the kinds by its share of all; the rest is none."""
    draw = rng.random()
    for kind, share in shares.items():
        draw -= share
        if draw < 0:
            return kind
    return ""


def _draw(rng: Random, shares: dict[str, float]) -> str:
    names: Sequence[str] = tuple(shares)
    return rng.choices(names, weights=list(shares.values()))[0]


def _sender(rng: Random, country: Country, buc: str) -> str:
    """An invented id in the form of the Institution Repository."""
    return f"{country.code}:SIM{buc.partition('_')[0]}{rng.randint(1, 4):02d}"


def _attachment(rng: Random) -> Attachment:
    content_ = b"%PDF-1.4\n% made up\n" + rng.randbytes(rng.randint(800, 3000)) + b"\n%%EOF\n"
    return Attachment(_uuid(rng), f"document-{rng.randint(1, 99)}.pdf", content_)


def _uuid(rng: Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
