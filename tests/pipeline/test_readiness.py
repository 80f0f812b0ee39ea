"""Readiness tells the truth, also about itself."""

from gateway.errors import JournalUnavailable


async def test_ready_once_somebody_has_looked(house):
    assert await house.readiness.problems() == ("starting",)
    assert await house.readiness.look()
    assert await house.readiness.problems() == ()


async def test_a_look_that_is_too_old_says_nothing(house):
    await house.readiness.look()
    await house.clock.advance(16)
    assert await house.readiness.problems() == ("not-observed",)


async def test_draining_is_not_ready(house):
    await house.readiness.look()
    house.readiness.drain()
    assert await house.readiness.problems() == ("draining",)


async def test_a_journal_that_cannot_be_written_is_seen_without_any_message(house, monkeypatch):
    async def broken(_at):
        raise JournalUnavailable

    monkeypatch.setattr(house.journal, "beat", broken)
    assert not await house.readiness.look()
    assert await house.readiness.problems() == ("journal-unavailable",)


async def test_idle_means_that_nothing_waits_and_nothing_is_due(house, a_message):
    assert await house.readiness.look()
    await house.take(a_message())
    assert not await house.readiness.look()
    await house.send()
    assert await house.readiness.look()


async def test_what_it_saw_is_in_the_metrics(house, a_message):
    await house.take(a_message(buc="S_BUC_99"), b"no XML")
    await house.readiness.look()
    text = house.metrics.exposition()[0].decode()
    assert 'gateway_worklist{cause="unknown-buc",' in text
    assert _value(text, 'gateway_worklist{cause="unknown-buc"') == 1.0
    assert _value(text, 'gateway_quarantine{cause="not-xml"') == 1.0
    assert _value(text, "gateway_ready") == 1.0


async def test_the_whole_journal_is_not_counted_at_every_look(house, a_message):
    def shown():
        text = house.metrics.exposition()[0].decode()
        return _value(text, 'gateway_worklist{cause="unknown-buc"')

    await house.readiness.look()
    await house.take(a_message(buc="S_BUC_99"))
    await house.clock.advance(14)
    await house.readiness.look()
    assert shown() == 0.0
    await house.clock.advance(2)
    await house.readiness.look()
    assert shown() == 1.0


async def test_why_it_is_not_ready_is_in_the_metrics(house, monkeypatch):
    def shown(reason):
        text = house.metrics.exposition()[0].decode()
        return _value(
            text, f'gateway_not_ready{{environment="demo",gateway_instance="demo",reason="{reason}"'
        )

    async def broken(_at):
        raise JournalUnavailable

    assert shown("starting") == 1.0
    await house.readiness.look()
    assert (shown("starting"), shown("journal-unavailable")) == (0.0, 0.0)
    monkeypatch.setattr(house.journal, "beat", broken)
    await house.readiness.look()
    assert (shown("journal-unavailable"), shown("draining")) == (1.0, 0.0)
    house.readiness.drain()
    assert (shown("journal-unavailable"), shown("draining")) == (0.0, 1.0)


async def test_the_age_of_the_worklist_is_that_of_its_first_entry(house, a_message):
    def age():
        text = house.metrics.exposition()[0].decode()
        return _value(text, "gateway_worklist_oldest_seconds")

    await house.readiness.look()
    assert age() == 0.0
    await house.take(b"no XML")  # what is set aside is on no worklist
    await house.clock.advance(100)
    await house.take(a_message(buc="S_BUC_99"))
    await house.clock.advance(50)
    await house.take(a_message("two", case="two", buc="S_BUC_99"))
    await house.clock.advance(10)
    await house.readiness.look()
    assert age() == 60.0


def _value(text, start):
    [line] = [line for line in text.splitlines() if line.startswith(start)]
    return float(line.rpartition(" ")[2])
