"""A SQLite file: one connection that writes, at most three that read, and a lock that says whose it is.

SQLite 3.7.0 to 3.51.2 can corrupt a file when two connections write or copy the log at the same moment
(sqlite.org/wal.html, "the WAL-reset bug"). Whatever the version, here one connection of one process does
both, and every other is opened `mode=ro`.
"""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, StaticPool

from gateway.db.connection import DirectConnection
from gateway.db.unit import Rows, Unit
from gateway.db.writer import Writer
from gateway.kernel.errors import DatabaseUnavailable, InputError, MailFlowError

SOUND = (3, 51, 3)  # the first version without the WAL-reset bug
READERS = 3

WRITER_PRAGMAS = (
    "auto_vacuum=INCREMENTAL",  # before the first table
    "journal_mode=WAL",
    "synchronous=FULL",  # NORMAL loses the last commits at a power cut
    "foreign_keys=ON",
    "trusted_schema=OFF",
    "busy_timeout=5000",  # only a foreign program can make us wait
    "wal_autocheckpoint=2048",  # pages: 8 MiB; SQLite counts them, and copies in the writer's own COMMIT
    "journal_size_limit=67108864",
    "mmap_size=0",  # mapped files make a fault of the log worse
    "cache_size=-4096",
)
READER_PRAGMAS = (
    "query_only=ON",
    "trusted_schema=OFF",
    "busy_timeout=5000",
    "mmap_size=0",
    "cache_size=-1024",
)


class AlreadyRunning(MailFlowError):
    """Another process holds this shop's lock."""


class Loan(AsyncConnection):
    """The writer's connection as a body of `writing` has it: the transaction is not its own to end."""

    async def commit(self) -> None:
        raise MailFlowError("a body of writing() is committed by leaving it")

    async def rollback(self) -> None:
        raise MailFlowError("a body of writing() is undone by raising out of it")


class SqliteDatabase:
    """An open file: its writer, and its readers."""

    def __init__(self, file: Path, readers: AsyncEngine, writer: Writer | None) -> None:
        self.file = file
        self._readers, self._writer = readers, writer

    @asynccontextmanager
    async def reading(self, *, brief: bool) -> AsyncGenerator[AsyncConnection]:
        async with self._readers.connect() as tx:
            _driver(tx.sync_connection).brief = brief
            yield tx

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[AsyncConnection]:
        async with self._its_writer().turn() as tx:
            yield tx

    async def commit(self, unit: Unit) -> list[Rows]:
        return await self._its_writer().commit(unit)

    def _its_writer(self) -> Writer:
        if self._writer is None:
            raise MailFlowError(f"{self.file} was opened for reading only")
        return self._writer


@asynccontextmanager
async def open_sqlite(file: Path, lock: Path | None, read_only: bool) -> AsyncGenerator[SqliteDatabase]:
    """The database in `file`, which only the holder of `lock` may write; made if it is not there."""
    (_must_be_there if read_only else make)(file)
    readers = _engine(partial(_connect, file, READER_PRAGMAS, "ro"), READERS)
    event.listen(readers.sync_engine, "begin", _begin)
    event.listen(readers.sync_engine, "handle_error", _let_go)
    try:
        if read_only:
            yield SqliteDatabase(file, readers, None)
            return
        with nullcontext() if lock is None else held(lock):
            async with _writing(file) as writer:
                yield SqliteDatabase(file, readers, writer)
                await readers.dispose()  # before the writer, which then empties the log
    finally:
        await readers.dispose()


@contextmanager
def held(lock: Path) -> Generator[None]:
    """The data folder's lock, which also proves that every earlier process is dead; or AlreadyRunning."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
            raise AlreadyRunning(
                f"{lock}: the shop is already open in process {holder}; stop that first"
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def trouble_of_version(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str:
    """What the linked SQLite means for the owner; empty if nothing."""
    if version >= SOUND:
        return ""
    return (
        f"SQLite {'.'.join(map(str, version))} can damage a database that two programs write at the same "
        "moment (mended in 3.51.3). MailFlow writes through one connection only; open the file with no other "
        "program."
    )


@asynccontextmanager
async def _writing(file: Path) -> AsyncGenerator[Writer]:
    connection = await _connect(file, WRITER_PRAGMAS, "rwc")

    async def the_one() -> DirectConnection:
        return connection

    engine = _engine(the_one, 1)
    story = await engine.connect()
    await story.exec_driver_sql("SELECT 1")  # SQLAlchemy's own transaction begins here and never ends
    twin = await connection.call(partial(_twin, connection.raw))
    event.listen(engine.sync_engine, "handle_error", _stay_connected)
    writer = Writer(connection.call, connection.raw, twin, lambda: Loan(engine, story.sync_connection))
    work = asyncio.create_task(writer.work(), name="database writer")
    try:
        yield writer
    finally:
        writer.stop()
        await work
        await connection.call(twin.close)
        await story.close()
        await engine.dispose()


def _twin(raw: sqlite3.Connection) -> Connection:
    """A synchronous Connection over the same sqlite3 connection; it never begins or ends a transaction."""
    engine = create_engine(
        "sqlite+pysqlite://", creator=lambda: raw, poolclass=StaticPool, hide_parameters=True
    )
    return engine.connect()


async def _connect(file: Path, pragmas: Sequence[str], mode: str) -> DirectConnection:
    connection = DirectConnection(partial(_open, file, mode), brief=mode == "rwc")
    try:
        await connection
        await connection.call(partial(_set, connection.raw, pragmas))
    except BaseException as error:
        await connection.close()
        if isinstance(error, sqlite3.Error):
            raise DatabaseUnavailable(f"{file} cannot be opened: {error}") from error
        raise
    return connection


def _open(file: Path, mode: str) -> sqlite3.Connection:
    address = f"{file.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)


def _set(raw: sqlite3.Connection, pragmas: Sequence[str]) -> None:
    for pragma in pragmas:
        raw.execute(f"PRAGMA {pragma}").close()


def _engine(creator: Callable[[], Any], size: int) -> AsyncEngine:
    return create_async_engine(
        "sqlite+aiosqlite://",
        async_creator=creator,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=size,
        max_overflow=0,
        hide_parameters=True,
    )


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _stay_connected(context: ExceptionContext) -> None:
    """A cancelled body must not close the connection that others share; its savepoint undoes it."""
    if not isinstance(context.original_exception, Exception):
        context.is_disconnect = False


def _let_go(context: ExceptionContext) -> None:
    """A cancelled reader does not wait for the rows it no longer wants."""
    _stay_connected(context)
    if not isinstance(context.original_exception, Exception) and context.connection is not None:
        _driver(context.connection).raw.interrupt()


def _driver(connection: Connection | None) -> DirectConnection:
    driver = connection and connection.connection.driver_connection
    assert isinstance(driver, DirectConnection)
    return driver


def make(file: Path) -> None:
    """Make an empty database if there is none, for its owner alone: it will hold names and addresses."""
    if not file.parent.is_dir():
        raise InputError(
            "[store] url", f"the folder {file.parent} does not exist", "make it, or name another"
        )
    if not file.exists():
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _must_be_there(file: Path) -> None:
    if file.is_dir():
        raise InputError("[store] url", f"{file} is a folder", "name a file")
    if not file.is_file():
        raise InputError(
            "[store] url", f"there is no database {file}", "`mailflow serve` makes it at its first start"
        )
