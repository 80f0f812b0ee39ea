"""Which journal: what is said where the package was installed without what a database needs."""

import sys
from datetime import date

import pytest

from gateway import opening
from gateway.config import Config, Postgres
from gateway.errors import Unreachable
from gateway.journal.sqlite import SqliteJournal


@pytest.fixture
def without_extra(monkeypatch):
    """As installed without the extra."""
    ours = ("gateway.journal.postgres", "gateway.journal.copying", "psycopg")
    for name in [name for name in sys.modules if name.startswith(ours)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("gateway.journal.postgres", raising=False)
    monkeypatch.delattr("gateway.journal.copying", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)


def on_postgres(tmp_path):
    values = {"journal": "postgres", "postgres": {"user": "gateway"}}
    return Config.model_validate(values, context={"state": tmp_path})


@pytest.mark.usefixtures("without_extra")
async def test_a_database_without_the_extra_is_told_how_to_have_it(tmp_path, monkeypatch):
    config = on_postgres(tmp_path)
    (tmp_path / opening.FILE).touch()
    told = r"eessi-gateway\[postgres\]"
    with pytest.raises(Unreachable, match=told):
        await opening.journal(config)
    with pytest.raises(Unreachable, match=told):
        opening.reader(tmp_path, config.postgres)
    with pytest.raises(Unreachable, match=told):
        opening.copied(config)
    monkeypatch.setenv("EESSI_GATEWAY_JOURNAL", "postgres")
    monkeypatch.setenv("EESSI_GATEWAY_POSTGRES__USER", "gateway")
    *_, last = opening.checked(None, tmp_path, date(2026, 3, 2))
    assert (last.part, [p.code for p in last.problems]) == ("journal", ["extra-missing"])


@pytest.mark.usefixtures("without_extra")
async def test_the_file_needs_no_extra(tmp_path):
    config = Config.model_validate({}, context={"state": tmp_path})
    journal = await opening.journal(config)
    await journal.close()
    assert isinstance(journal, SqliteJournal)
    async with opening.reader(tmp_path, None) as reader:
        assert await reader.messages() == []


def test_a_server_that_does_not_answer_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("EESSI_GATEWAY_JOURNAL", "postgres")
    monkeypatch.setenv("EESSI_GATEWAY_POSTGRES__USER", "gateway")
    monkeypatch.setenv("EESSI_GATEWAY_POSTGRES__PORT", "1")
    *_, last = opening.checked(None, tmp_path, date(2026, 3, 2))
    assert [problem.code for problem in last.problems] == ["journal-unavailable"]
    assert "127.0.0.1:1/eessi_gateway" in last.problems[0].english


@pytest.mark.parametrize(
    ("host", "local"), [("/run/postgresql", True), ("localhost", True), ("db.example.org", False)]
)
def test_a_socket_is_of_this_machine(host, local):
    assert Postgres(host=host).local is local
