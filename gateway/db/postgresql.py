"""A PostgreSQL database: two pools, one for writing and one for snapshots.

Group commit comes from the server. READ COMMITTED, so a unit that met another (40001, 40P01) is tried again
three times: units are data and may be repeated; a body of `writing` may not, and its caller is told.
"""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.db.unit import Rows, Unit, run
from gateway.kernel.errors import DatabaseUnavailable

TRIES = 3
MET_ANOTHER = frozenset({"40001", "40P01"})  # serialization failure, deadlock
GONE = frozenset({"08", "53", "57", "58"})  # classes: connection, resources, operator, system
WRITERS, READERS = 7, 3  # ten connections a process


class PostgresDatabase:
    """An open database."""

    def __init__(self, writers: AsyncEngine, readers: AsyncEngine) -> None:
        self._writers, self._readers = writers, readers

    @asynccontextmanager
    async def reading(self, *, brief: bool) -> AsyncGenerator[AsyncConnection]:  # noqa: ARG002 - SQLite's
        with _spoken_plainly():
            async with _connected(self._readers) as tx:
                yield tx

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[AsyncConnection]:
        with _spoken_plainly():
            async with _connected(self._writers) as tx, tx.begin():
                yield tx

    async def commit(self, unit: Unit) -> list[Rows]:
        with _spoken_plainly():
            for _ in range(TRIES):
                try:
                    return await self._once(unit)
                except DBAPIError as error:
                    if state_of(error) not in MET_ANOTHER:
                        raise
            return await self._once(unit)

    async def _once(self, unit: Unit) -> list[Rows]:
        async with _connected(self._writers) as tx, tx.begin():
            return await tx.run_sync(run, unit)


@asynccontextmanager
async def open_postgresql(url: URL, read_only: bool) -> AsyncGenerator[PostgresDatabase]:
    """The database at `url`."""
    readers = _engine(
        url, READERS, "REPEATABLE READ", default_transaction_read_only="on", statement_timeout="30s"
    )
    writers = _engine(
        url,
        WRITERS,
        "READ COMMITTED",
        default_transaction_read_only="on" if read_only else "off",
        synchronous_commit="on",
        statement_timeout="5s",
        idle_in_transaction_session_timeout="30s",
    )
    try:
        yield PostgresDatabase(writers, readers)
    finally:
        await readers.dispose()
        await writers.dispose()


def state_of(error: DBAPIError) -> str:
    """The SQLSTATE of an error; empty if it has none."""
    return getattr(error.orig, "sqlstate", None) or ""


def _engine(url: URL, size: int, isolation: Any, **settings: str) -> AsyncEngine:
    return create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        pool_size=size,
        max_overflow=0,
        isolation_level=isolation,
        hide_parameters=True,
        connect_args={"server_settings": {"application_name": "mailflow", **settings}},
    )


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    try:
        tx = await engine.connect()
    except (OSError, DBAPIError, PoolTimeout) as error:
        raise DatabaseUnavailable(f"no connection to {engine.url.render_as_string()}: {error}") from error
    try:
        yield tx
    finally:
        await tx.close()


@contextmanager
def _spoken_plainly() -> Generator[None]:
    """Errors that trying again may heal become DatabaseUnavailable."""
    try:
        yield
    except DBAPIError as error:
        state = state_of(error)
        if error.connection_invalidated or state[:2] in GONE or state in MET_ANOTHER:
            raise DatabaseUnavailable(f"nothing was kept, please try again: {error.orig}") from error
        raise
