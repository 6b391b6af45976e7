"""Constants of the program by their text: the same rows and the same errors as SQLAlchemy's."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Column, Connection, MetaData, Table, Text, create_engine, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import StaticPool

from gateway.db.columns import Instant, Json, Seq
from gateway.db.prepared import Statements, prepared
from gateway.db.unit import CONSTANT

NOW = datetime(2026, 11, 28, 16, 0, tzinfo=UTC)
THING = Table(
    "thing",
    MetaData(),
    Column("seq", Seq, primary_key=True),
    Column("name", Text, unique=True),
    Column("at", Instant),
    Column("about", Json),
    Column("state", Text, default="new"),
)
ALL = {"name": "a", "at": NOW, "about": {"x": 1}, "state": "old"}
INSERT = insert(THING).returning(THING.c.seq, THING.c.at).execution_options(**{CONSTANT: True})


@pytest.fixture
def twins() -> Iterator[tuple[sqlite3.Connection, Connection]]:
    raw = sqlite3.connect(":memory:", isolation_level=None)
    engine = create_engine("sqlite+pysqlite://", creator=lambda: raw, poolclass=StaticPool)
    THING.metadata.create_all(engine)
    with engine.connect() as twin:
        yield raw, twin
    raw.close()


def test_a_constant_goes_in_and_comes_out_by_the_types_of_its_columns(twins):
    (rows,) = Statements(*twins).run(((INSERT, ALL),))
    assert [(row.seq, row.at) for row in rows] == [(1, NOW)]
    assert twins[1].execute(select(THING)).one()._asdict() == {"seq": 1, **ALL}


def test_a_constant_is_executed_by_its_text(twins):
    known = prepared(INSERT, ALL, twins[1].dialect)
    assert known is not None
    assert known.rows(twins[0], ALL)[0].seq == 1


def test_a_default_that_python_makes_is_left_to_sqlalchemy(twins):
    some = {name: value for name, value in ALL.items() if name != "state"}
    assert prepared(INSERT, some, twins[1].dialect) is None
    Statements(*twins).run(((INSERT, some),))
    assert twins[1].execute(select(THING.c.state)).scalar_one() == "new"


def test_what_fails_has_the_error_of_sqlalchemy(twins):
    statements = Statements(*twins)
    statements.run(((INSERT, ALL),))
    with pytest.raises(IntegrityError):
        statements.run(((INSERT, ALL),))
    assert len(twins[1].execute(select(THING)).all()) == 1


def test_several_sets_of_parameters_and_other_statements_go_the_usual_way(twins):
    again = {**ALL, "name": "b"}
    results = Statements(*twins).run(((insert(THING), [ALL, again]), (select(THING.c.name), None)))
    assert results[0] == []
    assert sorted(row.name for row in results[1]) == ["a", "b"]
