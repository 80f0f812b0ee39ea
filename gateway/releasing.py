"""The life of a release: made, approved, in force from an instant on, taken back; and the swap.

Each step is a deed with a name behind it: author and approver differ, a roll-back by one person is
confirmed by a second. The tables are swapped in the running gateway when their instant has come.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from gateway.clock import Clock, Executor
from gateway.core.matter import PARIS
from gateway.core.tables import Tables
from gateway.errors import GatewayError, Refused
from gateway.freezing import frozen, nothing_lost, refused
from gateway.journal import Journal
from gateway.journal.rows import Release, TableRelease
from gateway.log import logger
from gateway.metrics import Metrics
from gateway.pipeline import Pipeline
from gateway.tables import drafts, golden, shelf, signing
from routing_tables import release as tables_release

DEEDS: Final = (
    "tables-release",
    "tables-approve",
    "tables-activate",
    "tables-cancel",
    "tables-rollback",
    "tables-confirm",
    "tables-accept",
)
UNACCEPTED: Final = "tables-example"
"""Note of `/readyz`: the tables in force are an example, and nothing leaves by them."""
OF_THE_PACKAGE: Final = frozenset({"baseline", "accepted"})
"""Kinds of activation by which the tables of the package decide."""
DRAFTS_SECONDS: Final = 5.0
"""Between two looks into the folder for drafts."""


class Releasing:
    """What maintainers do with releases, and which one decides now."""

    def __init__(
        self,
        journal: Journal,
        pipeline: Pipeline,
        clock: Clock,
        files: Executor,
        metrics: Metrics,
        state: Path,
        load: Callable[[str, str], Tables],
        *,
        four_eyes: bool,
        allowed_signers: Path | None = None,
    ) -> None:
        self._journal = journal
        self._pipeline = pipeline
        self._clock = clock
        self._files = files
        self._metrics = metrics
        self._state = state
        self._load = load
        self._four_eyes = four_eyes
        self._signers = allowed_signers

    async def refresh(self) -> None:
        """Decide by the release that is in force now.

        Raises:
            Refused, TablesInvalid: it is not on the shelf any more; the old one goes on deciding
                nothing, for the journal takes no judgement on it.
        """
        now = await self._journal.release(self._clock.now())
        tables = self._pipeline.desk.tables
        if now is not None and (now.name, now.digest) != (tables.release, tables.digest):
            tables = await self._files.run(self._load, now.name, now.digest)
            self._pipeline.desk = replace(self._pipeline.desk, tables=tables)
            self._metrics.release(tables.release)
            logger().info("tables-in-force", release=tables.release)
        if self._pipeline.desk.policy.waits_for(tables):  # until another worker was told, too
            known = accepted(await self._journal.releases())
            policy = replace(self._pipeline.desk.policy, accepted=known)
            self._pipeline.desk = replace(self._pipeline.desk, policy=policy)
        self._metrics.tables_unaccepted(self.unaccepted)

    @property
    def unaccepted(self) -> bool:
        """Whether the tables in force are an example that moves nothing until a person says yes."""
        desk = self._pipeline.desk
        return desk.policy.waits_for(desk.tables)

    def notes(self) -> Sequence[str]:
        """What `/readyz` says beside the reasons, as codes."""
        return (UNACCEPTED,) if self.unaccepted else ()

    async def watch_drafts(self) -> None:
        """Check what maintainers put into the folder for drafts (`drafts`), until cancelled."""
        while True:
            await self._clock.sleep(DRAFTS_SECONDS)
            now = self._clock.now()
            try:
                in_force = await self._journal.release(now)
                written = await self._files.run(self._reports, in_force, now)
            except (OSError, GatewayError) as error:
                code = error.code if isinstance(error, GatewayError) else f"os-{error.errno}"
                logger().error("drafts-unusable", error_code=code)
                continue
            for name in written:
                logger().info("draft-checked", path=name)

    def _reports(self, in_force: Release | None, now: datetime) -> tuple[str, ...]:
        root = tables_release.ROOT
        if in_force is not None and in_force.kind not in OF_THE_PACKAGE:
            root = shelf.find(self._state, in_force.name, in_force.digest)
        return drafts.reports(self._state, root, now)

    async def do(self, deed: str, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        """One of `DEEDS`.

        Raises:
            Refused: not allowed now, or there is nothing to do it to.
        """
        name = str(params.get("name", ""))
        match deed:
            case "tables-release":
                return await self._release(Path(str(params.get("folder", ""))), who)
            case "tables-approve":
                return await self._approve(name, str(params.get("signature") or ""), who)
            case "tables-activate":
                return await self._activate(name, params.get("on"), who)
            case "tables-cancel":
                return await self._cancel(name, who)
            case "tables-rollback" | "tables-accept":
                reason = str(params.get("reason", "")).strip()
                accepts = deed == "tables-accept"
                return await (
                    self._accept(name, reason, who) if accepts else self._rollback(reason, who)
                )
            case _:
                return await self._confirm(who)

    async def _release(self, folder: Path, who: str) -> dict[str, Any]:
        """Freeze a draft: check it, see that nothing of others is lost, copy it for good."""
        now = self._clock.now()
        made = await self._files.run(
            frozen, folder, self._state, self._pipeline.desk.tables, now.astimezone(PARIS).date()
        )
        known = TableRelease(made.name, made.digest, made.base, who, now)
        if not await self._journal.add_table_release(known):
            known = await self._made(made.name)
            if known.digest != made.digest:
                raise refused("name-taken", made.name)
        return {
            "name": known.name,
            "digest": known.digest,
            "base": known.base,
            "author": known.author,
        }

    async def _approve(self, name: str, signature: str, who: str) -> dict[str, Any]:
        """By the account that asks; where personal signatures are asked for, with its own."""
        made = await self._made(name)
        if self._four_eyes and made.author == who:
            raise refused("same-person", who)
        if self._signers is not None:
            await self._files.run(self._signed, made, signature, who)
        if not await self._journal.approve_table_release(name, who, self._clock.now()):
            raise refused("approved-already", name)
        return {"name": name, "approver": who}

    async def _activate(self, name: str, on: object, who: str) -> dict[str, Any]:
        made, now = await self._made(name), self._clock.now()
        if made.approver is None:
            raise refused("not-approved", name)
        since = _instant(on, now) if on is not None else await self._at_once(now)
        await self._files.run(self._held, made.name, made.digest)
        before = await self._journal.release(since)
        if before is not None and before.name not in {made.base, made.name}:
            await self._files.run(self._keeps, made, before)
        said = (made.name, made.digest, since, made.author, made.approver, "activated", who)
        await self._journal.activate(Release(*said, at_once=on is None))
        await self.refresh()
        return {"name": name, "since": since.isoformat()}

    def _signed(self, made: TableRelease, signature: str, who: str) -> None:
        """The signature is there, right, and of the one who asks; it is kept beside the release."""
        if not signature or self._signers is None:
            raise refused("not-signed", made.name)
        folder = shelf.find(self._state, made.name, made.digest)
        manifest = (folder / tables_release.MANIFEST).read_bytes()
        signed_by = signing.signer(self._signers, manifest, signature)
        if signed_by != who:
            raise refused("other-signer", f"{who}, {signed_by}")
        shelf.keep_signature(folder, who, signature)

    def _keeps(self, made: TableRelease, before: Release) -> None:
        """It undoes nothing of what will be in force when it begins: its base was another one.

        Raises:
            Refused: it would; the draft is made anew from what is in force.
        """
        folder = shelf.find(self._state, made.name, made.digest)
        nothing_lost(folder, self._state, made.base, before.name, before.digest)

    def _held(self, name: str, digest: str) -> None:
        """It is there and can be used, and the golden cases hold on it.

        Raises:
            Refused, TablesInvalid: not so.
        """
        tables = self._load(name, digest)
        failed = golden.problems(shelf.find(self._state, name, digest), tables)
        if failed:
            raise Refused(
                f"{name}: {failed[0].english}",
                french=f"{name} : {failed[0].french}",
                code="golden-case",
            )

    async def _accept(self, name: str, reason: str, who: str) -> dict[str, Any]:
        """The example in force may decide in production: the yes is an activation of its own."""
        current = await self._journal.release(self._clock.now())
        if current is None or current.name != name:
            raise refused("not-in-force", name)
        if not reason:
            raise refused("no-reason", name)
        await self.refresh()
        if not self.notes():
            raise refused("not-to-accept", name)
        since = await self._at_once(self._clock.now())
        said = replace(current, since=since, kind="accepted", asked_by=who, reason=reason)
        await self._journal.activate(replace(said, at_once=True, confirmed_by=None))
        await self.refresh()
        logger().warning("tables-accepted", release=name)
        return {"name": name, "accepted_by": who}

    async def _cancel(self, name: str, who: str) -> dict[str, Any]:
        if not await self._journal.cancel_activation(name, who, self._clock.now()):
            raise refused("nothing-to-cancel", name)
        return {"name": name}

    async def _rollback(self, reason: str, who: str) -> dict[str, Any]:
        """Back to the release that decided before; at once, by one person."""
        now = self._clock.now()
        known = await self._journal.releases()
        current = await self._journal.release(now)
        standing = _standing([one for one in known if one.begun(now)])
        if len(standing) < 2:
            raise refused("nothing-before", current.name if current is not None else "-")
        target = standing[-2]
        to_come = [one.name for one in known if one.cancelled_by is None and not one.begun(now)]
        await self._files.run(self._load, target.name, target.digest)
        await self._journal.activate(
            replace(
                target,
                since=await self._at_once(now),
                kind="rolled-back",
                at_once=True,
                asked_by=who,
                reason=reason,
                confirmed_by=None,
            )
        )
        await self.refresh()
        await self.show_waiting()
        return {"name": target.name, "since": now.isoformat(), "to_come": to_come}

    async def _at_once(self, now: datetime) -> datetime:
        """Now, and later than what is in force: clocks are set back."""
        current = await self._journal.release(now)
        return now if current is None else max(now, current.since + timedelta(microseconds=1))

    async def _confirm(self, who: str) -> dict[str, Any]:
        waiting = [one for one in await self._journal.releases() if one.waits]
        if not waiting:
            raise refused("nothing-to-confirm", "-")
        if self._four_eyes and waiting[-1].asked_by == who:
            raise refused("same-person", who)
        await self._journal.confirm_activation(who)
        await self.show_waiting()
        return {"name": waiting[-1].name, "confirmed_by": who}

    async def show_waiting(self) -> None:
        """Show as a metric whether a roll-back waits for a second person."""
        waits = any(one.waits for one in await self._journal.releases())
        self._metrics.rollback_unconfirmed(waits)

    async def _made(self, name: str) -> TableRelease:
        for made in await self._journal.table_releases():
            if made.name == name:
                return made
        raise refused("no-such-release", name[:64])


async def put_in_force(journal: Journal, state: Path, files: Executor, clock: Clock) -> None:
    """See that a release is in force: the first start activates the tables of the package.

    A new package brings a new baseline, as long as nobody has activated a release of their own.
    """
    now = await journal.release(clock.now())
    baseline = await files.run(tables_release.load)
    if now is None or (now.kind in OF_THE_PACKAGE and now.digest != baseline.digest):
        await files.run(shelf.keep_baseline, state)
        said = (baseline.name, baseline.digest, clock.now(), "gateway", "gateway", "baseline")
        await journal.activate(Release(*said))


def accepted(activations: Sequence[Release]) -> frozenset[str]:
    """Digests of the examples that a person has accepted; a later package brings another one."""
    return frozenset(one.digest for one in activations if one.kind == "accepted")


def _standing(begun: Sequence[Release]) -> list[Release]:
    """The releases on which one another stands, the one in force last.

    A roll-back takes away what came after the one that it leads to: that one is never led to again.
    """
    standing: list[Release] = []
    for one in sorted((r for r in begun if r.cancelled_by is None), key=lambda r: r.since):
        while one.kind == "rolled-back" and standing and standing[-1].digest != one.digest:
            standing.pop()
        if standing and standing[-1].digest == one.digest:
            standing.pop()
        standing.append(one)
    return standing


def _instant(on: object, now: datetime) -> datetime:
    """Midnight in Paris of a day to come."""
    try:
        since = datetime.combine(date.fromisoformat(str(on)), time.min, PARIS)
    except ValueError:
        raise refused("bad-day", str(on)[:20]) from None
    if since <= now:
        raise refused("day-is-past", str(on)[:20])
    return since
