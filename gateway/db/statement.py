"""Statements that both databases understand, although they say them differently.

SQLite takes a list of keys as JSON, PostgreSQL as an array, so a statement has one text however many keys
there are and is compiled once.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, BindParameter, Boolean, Column, ColumnElement, Dialect, Table, Text
from sqlalchemy import bindparam as bind
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import KeyedColumnElement, TextClause
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

Excluded = ReadOnlyColumnCollection[str, KeyedColumnElement[Any]]
Values = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Keys(TypeDecorator[Sequence[Any]]):
    """Many keys as one parameter."""

    impl = Text
    cache_ok = True

    def __init__(self, whole: bool = False) -> None:
        super().__init__()
        self.whole = whole  # numbers, not text

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        array = ARRAY(BigInteger() if self.whole else Text())
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else array)

    def process_bind_param(self, value: Iterable[Any] | None, dialect: Dialect) -> Any:
        keys = [int(key) if self.whole else str(key) for key in value or ()]
        return json.dumps(keys) if dialect.name == "sqlite" else keys


class Among(FunctionElement[bool]):
    """`column` is one of many keys."""

    name = "among"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> "Among":  # noqa: ARG002
        """Itself: in an AND, SQLAlchemy would write `... IN (...) = 1`, which SQLite answers by a scan."""
        return self


class Greatest(FunctionElement[Any]):
    """The greatest of its arguments; with a NULL among them the databases differ, so have none."""

    name = "greatest_of"
    inherit_cache = True


def among(column: ColumnElement[Any], keys: Iterable[Any] | BindParameter[Any]) -> ColumnElement[bool]:
    """Whether `column` is one of `keys`, which may be none; a `bindparam("seqs")` is filled when executed."""
    kind = Keys(whole=column.type.python_type is int)
    if isinstance(keys, BindParameter):
        return Among(column, bind(keys.key, type_=kind))
    return Among(column, bind(None, list(keys), type_=kind))


def greatest(*expressions: ColumnElement[Any]) -> ColumnElement[Any]:
    """The greatest of several values, none of which is NULL."""
    element = Greatest(*expressions)
    element.type = expressions[0].type
    return element


def insert_new(target: Table, values: Values | None = None) -> Insert:
    """Insert what is not there yet; returns the rows that were, whole, and no row for the others."""
    statement = insert(target) if values is None else insert(target).values(values)
    return statement.on_conflict_do_nothing().returning(*target.columns)


def upsert(
    target: Table,
    values: Values | None,
    conflict: Sequence[str | Column[Any]],
    set_: Sequence[str] | Mapping[str, Any] | Callable[[Excluded], Mapping[str, Any]],
    where: ColumnElement[bool] | TextClause | None = None,
) -> Insert:
    """Insert, or where `conflict` (a unique key; `where` if it is partial) is there already, set `set_`.

    Names in `set_` take the values that could not be inserted; a mapping says what to write; a function is
    given those values as columns, as in `lambda new: {"due_at": greatest(throttle.c.due_at, new.due_at)}`.
    """
    statement = insert(target) if values is None else insert(target).values(values)
    if callable(set_):
        set_ = set_(statement.excluded)
    elif not isinstance(set_, Mapping):
        set_ = {name: statement.excluded[name] for name in set_}
    return statement.on_conflict_do_update(index_elements=conflict, index_where=where, set_=dict(set_))


@compiles(Among, "sqlite")
def _among_json(element: Among, compiler: SQLCompiler, **options: Any) -> str:
    column, keys = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({keys}))"


@compiles(Among)
def _among_array(element: Among, compiler: SQLCompiler, **options: Any) -> str:
    column, keys = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY ({keys})"


@compiles(Greatest, "sqlite")
def _greatest_max(element: Greatest, compiler: SQLCompiler, **options: Any) -> str:
    return f"max({compiler.process(element.clauses, **options)})"


@compiles(Greatest)
def _greatest(element: Greatest, compiler: SQLCompiler, **options: Any) -> str:
    return f"greatest({compiler.process(element.clauses, **options)})"
