"""A SQLite connection for SQLAlchemy whose statements cost one hop into its thread, or none.

aiosqlite needs a hop each for the cursor, the execution and the rows, and a hop costs more than most
statements: some 0.3 ms of CPU against 0.02. So a statement is one call that brings its first rows along. The
statements of the writer, of which only one body at a time has any, and of readers that promise to be brief
are even done in the loop's own thread, as long as they are short: after `STATEMENTS` of them or `SECONDS` the
next one hops, and everybody else has a turn. What may wait for the disk (COMMIT, many rows) always hops.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any, TypeVar, cast

import aiosqlite

T = TypeVar("T")

CHUNK = 256  # rows that come with the statement; more are fetched when they are asked for
STATEMENTS = 24  # in the loop's thread, one after the other
SECONDS = 0.002
SERIALIZED = 3  # sqlite3.threadsafety: threads may share a connection (PEP 249)


class DirectConnection(aiosqlite.Connection):
    """A connection whose cursor executes and fetches at once; `brief` if the loop's thread may do it."""

    def __init__(self, connector: Callable[[], sqlite3.Connection], *, brief: bool = False) -> None:
        super().__init__(connector, CHUNK)
        self._thread.daemon = True  # as SQLAlchemy's own dialect has it: it dies with the process
        self.brief = brief
        self._statements, self._seconds = 0, 0.0  # done here since the last hop

    def cursor(self) -> "Cursor":  # pyright: ignore[reportIncompatibleMethodOverride]
        return Cursor(self)

    async def call(self, function: Callable[[], T]) -> T:
        """What `function` returns, called in the connection's thread, after whatever was called before."""
        self._statements, self._seconds = 0, 0.0
        return cast("T", await self._execute(function))  # pyright: ignore[reportUnknownMemberType] - its queue

    async def do(self, function: Callable[[], T]) -> T:
        """What `function` returns, called here if that is allowed and has not gone on for too long."""
        may_be_shared = self.brief and sqlite3.threadsafety == SERIALIZED
        if not may_be_shared or self._statements >= STATEMENTS or self._seconds >= SECONDS:
            return await self.call(function)
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            return function()
        finally:
            self._statements += 1
            self._seconds += clock() - began

    async def rollback(self) -> None:
        await self.do(self.raw.rollback)

    @property
    def raw(self) -> sqlite3.Connection:
        """The sqlite3 connection; for `call`, and for `Cursor`."""
        return self._conn


class Cursor:
    """What SQLAlchemy's adapter asks of a driver's cursor (`sqlalchemy.connectors.asyncio`)."""

    def __init__(self, connection: DirectConnection) -> None:
        self._connection = connection
        self._cursor: sqlite3.Cursor | None = None  # None: nothing executed, or all rows are here
        self._rows: deque[Any] = deque()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> "Cursor":
        return self

    async def execute(self, sql: str, parameters: Any = ()) -> "Cursor":
        await self._connection.do(partial(self._execute, sql, parameters))
        return self

    async def executemany(self, sql: str, parameters: Any) -> "Cursor":
        await self._connection.call(partial(self._execute_many, sql, parameters))
        return self

    async def fetchone(self) -> Any:
        rows = await self.fetchmany(1)
        return rows[0] if rows else None

    async def fetchmany(self, size: int = CHUNK) -> Sequence[Any]:
        if self._cursor is not None and len(self._rows) < size:
            await self._connection.call(self._fetch)
        return [self._rows.popleft() for _ in range(min(size, len(self._rows)))]

    async def fetchall(self) -> Sequence[Any]:
        if self._cursor is not None:
            await self._connection.call(partial(self._fetch, whole=True))
        rows = list(self._rows)
        self._rows.clear()
        return rows

    async def __aiter__(self) -> AsyncIterator[Any]:
        while rows := await self.fetchmany(CHUNK):
            for row in rows:
                yield row

    async def close(self) -> None:
        self._rows.clear()
        if self._cursor is not None:
            await self._connection.call(self._close)

    def _execute(self, sql: str, parameters: Any) -> None:
        self._note(self._connection.raw.execute(sql, parameters))
        if self.description is not None:
            self._fetch()
        else:
            self._close()

    def _execute_many(self, sql: str, parameters: Any) -> None:
        self._note(self._connection.raw.executemany(sql, parameters))
        self._close()

    def _note(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor
        self.description, self.lastrowid = cursor.description, cursor.lastrowid
        self.rowcount = cursor.rowcount

    def _fetch(self, whole: bool = False) -> None:
        assert self._cursor is not None
        rows = self._cursor.fetchall() if whole else self._cursor.fetchmany(CHUNK)
        self._rows += rows
        self.rowcount = self._cursor.rowcount
        if whole or len(rows) < CHUNK:
            self._close()

    def _close(self) -> None:
        if self._cursor is not None:
            self._cursor.close()
            self._cursor = None
