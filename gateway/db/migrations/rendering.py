"""How our own types are written in a migration: by their names in `gateway.db.columns`."""

from typing import Any, Literal

from sqlalchemy.types import TypeDecorator

from gateway.db import columns
from gateway.db.columns import Word


def rendered(kind: str, item: Any, context: Any) -> str | Literal[False]:
    """The text for an item of ours; False leaves it to Alembic."""
    if kind != "type":
        return False
    if isinstance(item, Word):
        return "sa.Text()"  # its CHECK says which words
    for name, ours in vars(columns).items():
        if item is ours or (
            isinstance(ours, type) and type(item) is ours and issubclass(ours, TypeDecorator)
        ):
            context.imports.add("from gateway.db import columns")
            return f"columns.{name}" if item is ours else f"columns.{name}()"
    return False
