"""The one task that writes to a SQLite file: group commit.

What arrives while the disk works is the next group, so there is no timer: alone, a unit waits for nobody, and
under load groups grow by themselves. Each unit and each body of `writing` has a savepoint of its own, so a
failing one spoils no other; they share one BEGIN IMMEDIATE, one COMMIT and one fsync.

A run of units is one call into the thread that owns the connection, begin and commit included: a statement
through SQLAlchemy's adapter hops between threads, and in a busy loop each hop waits its turn. There, units
run on a second, synchronous Connection over the same sqlite3 connection, so their statements and types are
the same.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.prepared import Statements
from gateway.db.unit import Rows, Unit, octets_of
from gateway.kernel.errors import DatabaseUnavailable

GROUP_UNITS = 256
GROUP_OCTETS = 8 * 2**20
QUIET = 1.0  # seconds without work, then the log is copied into the database
OFTEN = 256  # groups, then it is copied although there is work
LOG_ALARM = 256 * 2**20  # octets: a reader that never ends keeps the log from being used anew

# What ends a transaction, or leaves nothing to be said about the next statement (sqlite.org/rescode.html).
FATAL = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class _Unit:
    """Statements given as data, and who waits for them."""

    unit: Unit
    octets: int
    done: asyncio.Future[list[Rows]]


@dataclass(eq=False, slots=True)
class _Body:
    """A turn for the body of a `writing` block: granted, left (with its error, if any), durable."""

    granted: asyncio.Future[None]
    left: asyncio.Future[BaseException | None]
    done: asyncio.Future[None]
    octets: int = 0


@dataclass(slots=True)
class _Group:
    """What one transaction has done so far; nobody is told before the COMMIT."""

    results: list[tuple[_Unit, list[Rows] | Exception]] = field(default_factory=list[Any])
    bodies: list[_Body] = field(default_factory=list[_Body])


class Writer:
    """Takes units and bodies in order of arrival; `work` is its task.

    `call` runs a function in the connection's thread; `raw` and `twin` are used only there.
    """

    def __init__(
        self,
        call: Callable[[Callable[[], Any]], Any],
        raw: sqlite3.Connection,
        twin: Connection,
        lend: Callable[[], AsyncConnection],
    ) -> None:
        self._call, self._raw, self._lend = call, raw, lend
        self._statements = Statements(raw, twin)
        self._waiting: deque[_Unit | _Body] = deque()
        self._arrived = asyncio.Event()
        self._stopping = False
        self._uncopied = 0  # groups that are still only in the log

    async def commit(self, unit: Unit) -> list[Rows]:
        """The rows of each statement, once the unit is durable; its own error if it failed."""
        job = _Unit(unit, octets_of(unit), asyncio.get_running_loop().create_future())
        self._submit(job)
        return await job.done

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[AsyncConnection]:
        """The connection, when it is this body's turn; left when what it wrote is durable."""
        loop = asyncio.get_running_loop()
        body = _Body(loop.create_future(), loop.create_future(), loop.create_future())
        self._submit(body)
        error: BaseException | None = None
        try:
            await body.granted
            tx = self._lend()
            try:
                yield tx
            finally:
                tx.sync_connection = None  # whoever kept it can do no harm
        except BaseException as raised:
            error = raised
            body.done.cancel()
            raise
        finally:
            body.left.set_result(error)
        await body.done

    async def work(self) -> None:
        """Serve until `stop`; what was accepted before is still done."""
        while await self._anything():
            if not (group := list(self._next_group())):
                continue
            try:
                done = await self._transact(group)
            except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever
                await self._call(self._give_up)
                log.error("store.group_failed", units=len(group), error=str(error))
                _fail(group, error)
            else:
                _tell(done)
            self._uncopied += 1
            if self._uncopied >= OFTEN:
                await self._copy_log()

    def stop(self) -> None:
        self._stopping = True
        self._arrived.set()

    def _submit(self, job: _Unit | _Body) -> None:
        if self._stopping:
            raise DatabaseUnavailable("the database is closing")
        self._waiting.append(job)
        self._arrived.set()

    async def _anything(self) -> bool:
        """Whether there is work; copies the log into the database after a quiet second."""
        if not self._waiting and not self._stopping:
            self._arrived.clear()
            try:
                async with asyncio.timeout(QUIET if self._uncopied else None):
                    await self._arrived.wait()
            except TimeoutError:
                await self._copy_log()
                await self._arrived.wait()
        return bool(self._waiting)

    def _next_group(self) -> Iterator[_Unit | _Body]:
        octets = units = 0
        while self._waiting and units < GROUP_UNITS and octets < GROUP_OCTETS:
            job = self._waiting.popleft()
            if not (job.granted if isinstance(job, _Body) else job.done).cancelled():
                yield job
                octets += job.octets
                units += 1

    async def _transact(self, jobs: Sequence[_Unit | _Body]) -> _Group:
        """One transaction over all jobs in their order: units in one call, bodies one by one between them."""
        group = _Group()
        before = ["BEGIN IMMEDIATE"]
        for is_body, run_of_jobs in groupby(jobs, key=lambda job: isinstance(job, _Body)):
            if is_body:
                for body in run_of_jobs:
                    assert isinstance(body, _Body)
                    await self._in_thread(before, (), ["SAVEPOINT body"], group)
                    before = await self._let_in(body, group)
            else:
                units = [job for job in run_of_jobs if isinstance(job, _Unit)]
                ends = units[-1] is jobs[-1]
                await self._in_thread(before, units, ["COMMIT"] if ends else [], group)
                before = []
        if before:
            await self._in_thread(before, (), ["COMMIT"], group)
        return group

    async def _let_in(self, body: _Body, group: _Group) -> list[str]:
        """Wait until the body has left; returns what ends its savepoint."""
        if not body.granted.cancelled():
            body.granted.set_result(None)
        error = await body.left
        if error is None:
            group.bodies.append(body)
            return ["RELEASE body"]
        if is_fatal(error):
            raise error
        return ["ROLLBACK TO body", "RELEASE body"]

    async def _in_thread(
        self, before: Sequence[str], units: Sequence[_Unit], after: Sequence[str], group: _Group
    ) -> None:
        group.results += await self._call(partial(self._perform, before, units, after))

    def _perform(
        self, before: Sequence[str], units: Sequence[_Unit], after: Sequence[str]
    ) -> list[tuple[_Unit, list[Rows] | Exception]]:
        """In the connection's thread: control statements, units, control statements; or the group's end."""
        for statement in before:
            self._raw.execute(statement)
        results = [(job, self._one(job.unit)) for job in units]
        for statement in after:
            self._raw.execute(statement)
        return results

    def _one(self, unit: Unit) -> list[Rows] | Exception:
        """A unit in its savepoint: its rows, or its error; a fatal error is raised, for it ends the group."""
        self._raw.execute("SAVEPOINT unit")
        try:
            rows: list[Rows] | Exception = self._statements.run(unit)
        except Exception as error:  # whatever it is, it belongs to this unit's caller
            if is_fatal(error) or not self._raw.in_transaction:
                raise
            self._raw.execute("ROLLBACK TO unit")
            rows = error
        self._raw.execute("RELEASE unit")
        return rows

    def _give_up(self) -> None:
        with suppress(sqlite3.Error):  # the connection may be beyond that
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")

    async def _copy_log(self) -> None:
        self._uncopied = 0
        octets = await self._call(self._checkpoint)
        if octets > LOG_ALARM:
            log.error("store.log_grows", mib=octets // 2**20)

    def _checkpoint(self) -> int:
        """Copy what readers let us copy; returns how many octets the log still holds."""
        try:
            _, frames, copied = self._raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            (page,) = self._raw.execute("PRAGMA page_size").fetchone()
        except sqlite3.Error:  # what could not be copied stays in the log, and is as durable there
            return 0
        return (frames - copied) * page


def is_fatal(error: BaseException) -> bool:
    """Whether an error of the database ends the transaction in which it happened."""
    while isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in FATAL


def _tell(group: _Group) -> None:
    for job, result in group.results:
        if job.done.cancelled():
            continue
        if isinstance(result, Exception):
            job.done.set_exception(result)
        else:
            job.done.set_result(result)
    for body in group.bodies:
        if not body.done.cancelled():
            body.done.set_result(None)


def _fail(group: Sequence[_Unit | _Body], cause: Exception) -> None:
    for job in group:
        error = DatabaseUnavailable(f"nothing was kept, please try again: {cause}")
        error.__cause__ = cause
        if isinstance(job, _Body) and not job.granted.done():
            job.granted.set_exception(error)
            continue
        if not job.done.done():
            job.done.set_exception(error)
