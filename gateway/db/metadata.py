"""The one MetaData, with names for every constraint, so that migrations can speak of them."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, MetaData, Table, text
from sqlalchemy.schema import SchemaItem

from gateway.db.columns import Id, Word

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


def table(
    name: str,
    *items: SchemaItem,
    compact: bool = False,
    numbered: bool = False,
    append_only: bool = False,
    storage: Mapping[str, float] | None = None,
) -> Table:
    """A STRICT table; `compact` keeps rows in the key's own tree, `numbered` never gives a number twice.

    The rows of an `append_only` table are changed and deleted by retention and privacy alone. `storage` is
    PostgreSQL's `WITH (...)`.
    """
    options: dict[str, Any] = {"sqlite_strict": True}
    if compact:
        options["sqlite_with_rowid"] = False
    if storage:
        options["postgresql_with"] = dict(storage)
    if numbered:
        options["sqlite_autoincrement"] = True
    made = Table(name, metadata, *items, info={"append_only": append_only}, **options)
    for column in made.columns:
        if isinstance(column.type, Word):
            listed = ", ".join(f"'{choice}'" for choice in column.type.words)
            made.append_constraint(CheckConstraint(f"{column.name} IN ({listed})", name=column.name))
    return made


def word(
    name: str, words: Iterable[str], *, nullable: bool = False, key: bool = False, default: str | None = None
) -> Column[str]:
    """A column that holds one of `words` and nothing else."""
    return Column(name, Word(words), nullable=nullable, primary_key=key, default=default)


def refers(name: str, target: str, *, nullable: bool = False, key: bool = False) -> Column[str]:
    """A column with the id of a row of another table, which must exist."""
    if key:
        return Column(name, Id, ForeignKey(target), primary_key=True)
    return Column(name, Id, ForeignKey(target), nullable=nullable)


def partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index over only those rows that `where` names."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))
