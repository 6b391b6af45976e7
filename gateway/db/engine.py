"""The one database: read a snapshot, write a story, commit a unit.

`reading` and `writing` yield an AsyncConnection; what `writing` or `commit` has returned from is durable.
No network inside `writing`, and no `commit` or `writing` either: for all others wait behind it. What differs
between SQLite and PostgreSQL is in the modules beside this one and nowhere else in the program.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path
from typing import Protocol

import structlog
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.metadata import metadata
from gateway.db.sqlite import open_sqlite
from gateway.db.statement import among, greatest, insert_new, upsert
from gateway.db.tables import mail, shop
from gateway.db.unit import CONSTANT, Rows, Step, Unit
from gateway.kernel.errors import DatabaseUnavailable, InputError

__all__ = [
    "CONSTANT",
    "Database",
    "Rows",
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

SLOW = 1.0  # seconds in a body of `writing`, then it is logged
TOO_SLOW = 5.0  # seconds, then it is cancelled and undone
TABLES = (shop, mail)  # importing them fills the metadata
log = structlog.get_logger()
_writer: ContextVar[asyncio.Task[object] | None] = ContextVar("who is in a body of writing()", default=None)


class Database(Protocol):
    """An open database of either kind; made by `open_database`, used through the functions below."""

    def reading(self, *, brief: bool) -> AbstractAsyncContextManager[AsyncConnection]: ...

    def writing(self) -> AbstractAsyncContextManager[AsyncConnection]: ...

    async def commit(self, unit: Unit) -> list[Rows]: ...


@asynccontextmanager
async def open_database(
    url: str, *, lock: Path | None = None, read_only: bool = False
) -> AsyncGenerator[Database]:
    """The database at `url`: `sqlite:///FILE` (four slashes for a path from the root) or `postgresql://...`.

    A SQLite file is written by the holder of `lock` alone (AlreadyRunning for everybody else); who only
    reads needs no lock. Raises InputError for a URL that names no database.
    """
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        assert address.database
        async with open_sqlite(Path(address.database), lock, read_only) as db:
            yield db
    else:
        from gateway.db.postgresql import open_postgresql

        _must_have_driver()
        async with open_postgresql(address, read_only) as db:
            yield db


@asynccontextmanager
async def reading(db: Database, *, brief: bool = False) -> AsyncGenerator[AsyncConnection]:
    """One snapshot, read only; `brief` promises a few statements that find little, and all of it by index."""
    async with db.reading(brief=brief) as tx:
        yield tx


@asynccontextmanager
async def writing(db: Database, *, limit: float = TOO_SLOW) -> AsyncGenerator[AsyncConnection]:
    """A story of several statements; left when it is durable, and as if it had not been if it raises.

    On SQLite bodies run one after the other. A body over 1 s is logged, one over `limit` seconds is
    cancelled: facts are gathered before it, and nothing is awaited in it but the database.
    DatabaseUnavailable: nothing was kept.
    """
    _refuse_nesting()
    async with db.writing() as tx:
        outside = _writer.set(asyncio.current_task())
        patience = asyncio.timeout(limit)
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            async with patience:
                yield tx
        except TimeoutError as error:
            if not patience.expired():
                raise
            raise DatabaseUnavailable(f"a body of writing() took over {limit:g} s and was undone") from error
        finally:
            _writer.reset(outside)
            if (took := clock() - began) > SLOW:
                log.warning("store.body_slow", took_ms=round(took * 1000))


async def commit(db: Database, unit: Unit) -> list[Rows]:
    """The rows that each statement of the unit returned, once all of it is durable.

    A unit is data, so it can share a transaction with others and can be repeated; guards therefore stand in
    its SQL. If it fails, its own error is raised and nothing of it is kept; DatabaseUnavailable: try again.
    """
    _refuse_nesting()
    return await db.commit(unit)


async def create_schema(db: Database) -> None:
    """Make all tables, for tests; the service is brought to its revision by `gateway.db.migrate`."""
    async with db.writing() as tx:
        await tx.run_sync(metadata.create_all)


def _refuse_nesting() -> None:
    if (task := _writer.get()) is not None and task is asyncio.current_task():
        raise RuntimeError("inside a body of writing(): use its tx, or wait until it has been left")


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise _no_database(url) from error
    if address.get_backend_name() not in {"sqlite", "postgresql"}:
        raise _no_database(url)
    if address.get_backend_name() == "sqlite" and address.database in {None, "", ":memory:"}:
        raise _no_database(url)
    return address


def _must_have_driver() -> None:
    """The driver is an extra: a shop on SQLite does without."""
    try:
        import_module("asyncpg")
    except ModuleNotFoundError:
        remedy = "install MailFlow with its extra: pip install 'mailflow[postgres]'"
        raise InputError("[store] url", "PostgreSQL needs the driver asyncpg", remedy) from None


def _no_database(url: str) -> InputError:
    return InputError(
        "[store] url", f"{url!r} names no database", "say sqlite:///shop.db or postgresql://user@host/shop"
    )
