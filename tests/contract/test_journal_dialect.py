"""The statements of the journal as PostgreSQL takes them, where there is none to try them on."""

import re

import pytest

from gateway.journal.dialect import translated
from gateway.journal.statements import SQL, Statements


@pytest.mark.parametrize("name", sorted(SQL))
def test_nothing_of_sqlite_is_left(name):
    text = translated(SQL[name]).text
    foreign = (
        r"\?|(?<![:\w]):[a-z]|--|/\*|json_each|json_group|group_concat|INDEXED|\s\+[a-z]|iif\("
    )
    assert re.search(foreign, text) is None
    places = {int(n) for n in re.findall(r"\$(\d+)", text)}
    assert places == set(range(1, len(places) + 1))


def test_places_are_numbered_as_they_come_or_as_they_say():
    assert translated("SELECT ?, ?;").text == "SELECT $1, $2"
    assert translated("SELECT ?2, ?1, ?2").text == "SELECT $2, $1, $2"


def test_named_values_go_by_the_order_of_their_first_use():
    statement = translated("SELECT :b, :a -- :c\n, :b")
    assert statement.text.split() == ["SELECT", "$1,", "$2", ",", "$1"]
    assert statement.values({"a": 1, "b": 2, "c": 3}) == [2, 1]


def test_what_is_for_postgres_alone_is_there():
    assert "FOR UPDATE OF s SKIP LOCKED" in translated(SQL["claim"]).text


def test_many_rows_have_places_of_their_own():
    many = Statements({"add": "INSERT INTO t (a, b) VALUES (?, ?);"}, translated).many["add"]
    assert many[4].text.endswith("VALUES ($1, $2), ($3, $4), ($5, $6), ($7, $8)")
