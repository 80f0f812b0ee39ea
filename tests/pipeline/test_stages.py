"""Each stage of the path is measured once a message, and each by its own time."""

import asyncio
from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from gateway.clock import InlineExecutor
from gateway.errors import JournalConflict
from gateway.metrics import STAGES
from gateway.transport import Settlement
from sed_schemas.load import SchemasInvalid

NAME = "gateway_stage_duration_seconds"


def of_stages(house, ending):
    """Stage -> count or sum, those at 0 left out."""
    text = house.metrics.exposition()[0].decode()
    return {
        sample.labels["stage"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == NAME + ending and sample.value
    }


async def test_a_handled_message_has_each_stage_once_and_each_sending_its_own(house, a_message):
    await house.take(a_message())
    taken = dict.fromkeys(STAGES, 1)
    del taken["publish"]
    assert of_stages(house, "_count") == taken
    assert len(await house.send()) == 3
    assert of_stages(house, "_count") == taken | {"publish": 3}


async def test_messages_examined_or_sent_together_are_measured_each(house, a_message):
    await house.take(*[a_message(f"m{n}", case=f"c{n}") for n in range(5)])
    assert of_stages(house, "_count") == dict.fromkeys(STAGES[:-1], 5)
    sent = await house.send()
    assert of_stages(house, "_count")["publish"] == len(sent) == 15


async def test_what_is_no_message_is_not_validated(house):
    await house.take(b"no XML")
    assert of_stages(house, "_count") == dict.fromkeys(("receive", "read", "decide", "record"), 1)


async def test_a_message_that_is_judged_again_is_measured_once(house, a_message):
    written, times = house.journal.record, 0

    async def moved_on(entry):
        nonlocal times
        times += 1
        if times < 3:
            raise JournalConflict(code="case-changed")
        return await written(entry)

    house.journal.record = moved_on
    await house.take(a_message())
    assert times == 3
    assert of_stages(house, "_count") == dict.fromkeys(STAGES[:-1], 1)


async def test_each_stage_is_told_its_own_time(house, a_message, monkeypatch):
    """Each part takes another while, by a clock that nothing else moves."""

    def passes(seconds):
        house.clock._elapsed += seconds

    class Threads(InlineExecutor):
        async def run(self, fn, *args, **kwargs):
            passes(1)
            return fn(*args, **kwargs)

    class Limits:
        xml = 10**6

        @property
        def message(self):
            passes(2)
            return 10**6

    class Schemas:
        name = "slow"

        def source(self, _cdm, _sed):
            return "official"

        def for_message(self, *names):
            passes(4)
            return whole.schemas.for_message(*names)

        def of_transaction(self, _transaction):
            return ()

    def judge(*args):
        passes(8)
        return judged(*args)

    async def record(entry):
        passes(16)
        return await written(entry)

    async def publish(claims):
        passes(32)
        return await published(claims)

    whole, judged = house.pipeline.desk, house.pipeline._judge
    written, published = house.journal.record, house.transport.publish
    house.pipeline.desk = replace(whole, limits=Limits(), schemas=Schemas())
    house.intake._examining._many._executor = Threads()
    monkeypatch.setattr(house.pipeline, "_judge", judge)
    monkeypatch.setattr(house.journal, "record", record)
    monkeypatch.setattr(house.transport, "publish", publish)
    await house.take(a_message())
    await house.relay.turn()
    sums = of_stages(house, "_sum")
    assert {stage: sums[stage] for stage in STAGES[:-1]} == dict(
        zip(STAGES, (1, 2, 4, 8, 16), strict=False)
    )
    assert sums["publish"] == 32 * of_stages(house, "_count")["publish"]


async def test_a_message_that_waited_for_a_schema_is_measured_once(house, a_message):
    class Damaged:
        name = "damaged"

        def source(self, _cdm, _sed):
            return "official"

        def for_message(self, *_names):
            raise SchemasInvalid("damaged")

        def of_transaction(self, _transaction):
            return ()

    whole = house.pipeline.desk
    house.pipeline.desk = replace(whole, schemas=Damaged())
    taking = asyncio.create_task(house.take(a_message()))
    await house.clock.advance(3)
    assert of_stages(house, "_count") == {}
    house.pipeline.desk = whole
    await house.clock.advance(3)
    assert await taking == [Settlement.ACCEPTED]
    assert of_stages(house, "_count") == dict.fromkeys(STAGES[:-1], 1)
