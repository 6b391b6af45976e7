"""An INSERT that is a constant of the program, executed on a sqlite3 connection by its text.

SQLAlchemy compiles a statement once, but builds a context and a result for every execution: 0.15 ms for the
row of a mail. A statement with the execution option CONSTANT need not pay for that. Its text, its types and
its names are SQLAlchemy's own, so there is no second SQL, and what they cannot say alone, such as a default
that Python makes, is left to SQLAlchemy.
"""

import sqlite3
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Executable, Insert
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.sql.compiler import SQLCompiler

from gateway.db.unit import CONSTANT, Parameters, Rows, Unit, run

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """The text of a statement, how its parameters go in, and how its rows come out."""

    text: str
    parameters: tuple[tuple[str, Convert | None], ...]
    columns: SimpleResultMetaData
    results: tuple[Convert | None, ...]

    def rows(self, connection: sqlite3.Connection, given: Mapping[str, Any]) -> Rows:
        """The rows that it returns for these parameters; sqlite3.Error as the driver has it."""
        bound = [convert(given[name]) if convert else given[name] for name, convert in self.parameters]
        found = connection.execute(self.text, bound).fetchall()
        if not found:
            return []
        converted = map(self._converted, found)
        result: IteratorResult[Any] = IteratorResult(self.columns, converted)
        return list(result)

    def _converted(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(
            convert(value) if convert else value for convert, value in zip(self.results, row, strict=True)
        )


class Statements:
    """Runs units on a sqlite3 connection and its SQLAlchemy twin; to be used in the connection's thread."""

    def __init__(self, raw: sqlite3.Connection, twin: Connection) -> None:
        self._raw, self._twin = raw, twin
        self._known: dict[tuple[Hashable, ...], Prepared | None] = {}

    def run(self, unit: Unit) -> list[Rows]:
        """The rows that each statement returned, or the error that SQLAlchemy has for what failed."""
        return [rows for step in unit for rows in self._constant(*step) or run(self._twin, (step,))]

    def _constant(self, statement: Executable, given: Parameters) -> tuple[Rows] | None:
        if not isinstance(given, dict) or not statement.get_execution_options().get(CONSTANT):
            return None
        key = (statement, *given)
        if key not in self._known:
            self._known[key] = prepared(statement, given, self._twin.dialect)
        known = self._known[key]
        try:
            return (known.rows(self._raw, given),) if known else None
        except sqlite3.Error:  # a statement that failed has done nothing, and fails again
            return None


def prepared(statement: Executable, names: Iterable[str], dialect: Dialect) -> Prepared | None:
    """The statement for parameters of these names; None if only SQLAlchemy can execute it."""
    if not isinstance(statement, Insert):
        return None
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    assert isinstance(compiled, SQLCompiler)
    if compiled.insert_prefetch or compiled.positiontup is None or set(compiled.positiontup) != set(names):
        return None
    returned = list(statement.exported_columns)
    return Prepared(
        str(compiled),
        tuple(
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup
        ),
        SimpleResultMetaData([column.name for column in returned]),
        tuple(column.type.dialect_impl(dialect).result_processor(dialect, None) for column in returned),
    )
