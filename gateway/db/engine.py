"""The one database: read a snapshot, write a story, commit a unit.

`reading` and `writing` yield an AsyncConnection; what `writing` or `commit` has returned from is durable.
No network inside `writing`: for all others wait behind it.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Executable, Row, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.db.metadata import metadata
from gateway.db.statement import among, greatest, insert_new, upsert
from gateway.db.tables import mail, shop

__all__ = [
    "Database",
    "Step",
    "Unit",
    "among",
    "commit",
    "create_schema",
    "greatest",
    "insert_new",
    "open_database",
    "reading",
    "upsert",
    "writing",
]

Parameters = dict[str, Any] | list[dict[str, Any]] | None
Step = tuple[Executable, Parameters]
Unit = Sequence[Step]
TABLES = (shop, mail)  # importing them fills the metadata


class Database:
    """An open database; made by `open_database`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.turn = asyncio.Lock()


@asynccontextmanager
async def open_database(url: str, *, lock: Path | None = None) -> AsyncGenerator[Database]:  # noqa: ARG001
    """The database at `url`, which is `sqlite+aiosqlite:///FILE` or `postgresql+asyncpg://...`."""
    engine = create_async_engine(url, hide_parameters=True)
    if url.startswith("sqlite"):
        _prepare_sqlite(engine)
    try:
        yield Database(engine)
    finally:
        await engine.dispose()


@asynccontextmanager
async def reading(db: Database) -> AsyncGenerator[AsyncConnection]:
    """One snapshot, read only."""
    async with db.engine.connect() as tx:
        yield tx


@asynccontextmanager
async def writing(db: Database) -> AsyncGenerator[AsyncConnection]:
    """A story of several statements; left when it is durable, and as if it had not been if it raises."""
    async with db.turn, db.engine.begin() as tx:
        yield tx


async def commit(db: Database, unit: Unit) -> list[list[Row[Any]]]:
    """The rows that each statement of the unit returned, once all of it is durable."""
    async with writing(db) as tx:
        results = [await tx.execute(statement, parameters) for statement, parameters in unit]
        return [list(result) if result.returns_rows else [] for result in results]


async def create_schema(db: Database) -> None:
    """Make all tables, for tests; the service is brought to its revision by `gateway.db.migrate`."""
    async with writing(db) as tx:
        await tx.run_sync(metadata.create_all)


def _prepare_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        connection.exec_driver_sql("BEGIN")
