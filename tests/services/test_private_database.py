"""A PostgreSQL cluster of our own, where there can be none."""

import pytest

from gateway.bench import private_database
from gateway.bench.private_database import Cluster, absent
from gateway.errors import Unreachable

pytestmark = [pytest.mark.program, pytest.mark.long]


def test_where_it_is_not_installed_a_code_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(private_database, "_VERSIONS", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert absent() == "no-postgres"


def test_one_that_cannot_be_made_is_told_and_nothing_is_started(need_postgres, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "of-somebody").touch()
    with pytest.raises(Unreachable) as told:
        Cluster(tmp_path, password="x")
    assert told.value.code == "database-not-started"
    assert "--no-postgres" in str(told.value)
