"""A unit: statements that become durable together, given as data, so that they can be joined and repeated."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Executable, Row

Parameters = dict[str, Any] | list[dict[str, Any]] | None
Step = tuple[Executable, Parameters]
Unit = Sequence[Step]
Rows = list[Row[Any]]

CONSTANT = "constant"  # execution option: the program has one object for all executions of this statement


def run(connection: Connection, unit: Unit) -> list[Rows]:
    """The rows that each statement returned; a statement with an empty list of parameters is not executed."""
    return [_rows(connection, *step) for step in unit]


def octets_of(unit: Unit) -> int:
    """How many octets of binary values the unit brings, which is what makes a group heavy."""
    maps = (one for _, given in unit for one in (given if isinstance(given, list) else [given or {}]))
    return sum(len(value) for one in maps for value in one.values() if isinstance(value, bytes))


def _rows(connection: Connection, statement: Executable, parameters: Parameters) -> Rows:
    if parameters == []:
        return []
    result = connection.execute(statement, parameters)
    return list(result) if result.returns_rows else []
