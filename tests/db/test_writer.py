"""The writer of a SQLite file: groups, full disks, kills, and who may write at all."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import InvalidRequestError
from structlog.testing import capture_logs

from gateway.db.connection import SECONDS, STATEMENTS, DirectConnection
from gateway.db.engine import Database, commit, open_database, reading, writing
from gateway.db.sqlite import AlreadyRunning, held, trouble_of_version
from gateway.db.tables.mail import applied, journal, journal_octets
from gateway.kernel.errors import DatabaseUnavailable, InputError, MailFlowError

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
async def traced(sqlite: Database) -> tuple[Database, list[str]]:
    """A database, and every statement its writer's connection runs."""
    statements: list[str] = []
    async with writing(sqlite) as tx:
        connection = await driver(tx)
        await connection.call(lambda: connection.raw.set_trace_callback(statements.append))
    statements.clear()
    return sqlite, statements


async def driver(tx) -> DirectConnection:
    connection = (await tx.get_raw_connection()).driver_connection
    assert isinstance(connection, DirectConnection)
    return connection


def act(name: str) -> dict[str, object]:
    return {"id": name, "stimulus_id": "jrn", "effect": "MoveStock", "at": NOW}


def mail(name: str, octets: bytes) -> list[tuple]:
    row = {
        "id": name,
        "received_at": NOW,
        "via": "smtp",
        "forward_paths": ["orders@shop.example"],
        "sha256": "0" * 64,
        "size": len(octets),
    }
    return [(journal.insert(), row), (journal_octets.insert(), {"journal_id": name, "octets": octets})]


async def count(db: Database) -> int:
    async with reading(db) as tx:
        return (await tx.execute(select(func.count()).select_from(applied))).scalar_one()


async def test_units_that_arrive_together_share_a_commit(traced: tuple[Database, list[str]]):
    db, statements = traced
    await asyncio.gather(*(commit(db, [(applied.insert(), act(f"a{n}"))]) for n in range(100)))
    assert statements.count("COMMIT") == statements.count("BEGIN IMMEDIATE") == 1
    assert statements.count("SAVEPOINT unit") == statements.count("RELEASE unit") == 100


async def test_a_lone_unit_waits_for_nobody(traced: tuple[Database, list[str]]):
    db, statements = traced
    for n in range(3):
        await commit(db, [(applied.insert(), act(f"a{n}"))])
    assert statements.count("COMMIT") == 3


async def test_a_group_has_at_most_256_units_or_8_mib(traced: tuple[Database, list[str]]):
    db, statements = traced
    await asyncio.gather(*(commit(db, [(applied.insert(), act(f"a{n}"))]) for n in range(257)))
    assert statements.count("COMMIT") == 2
    statements.clear()
    await asyncio.gather(*(commit(db, mail(f"jrn{n}", bytes(3 * 2**20))) for n in range(4)))
    assert statements.count("COMMIT") == 2


async def test_bodies_share_the_commit(traced: tuple[Database, list[str]]):
    db, statements = traced

    async def tell(n: int) -> None:
        async with writing(db) as tx:
            await tx.execute(applied.insert(), act(f"body{n}"))

    await asyncio.gather(
        *(tell(n) for n in range(3)), *(commit(db, [(applied.insert(), act(f"a{n}"))]) for n in range(3))
    )
    assert statements.count("COMMIT") == 1
    assert statements.count("RELEASE body") == 3
    assert statements[-1] == "COMMIT"


async def test_a_statement_is_one_call_into_the_thread(sqlite: Database):
    """Fails when SQLAlchemy or aiosqlite talk to each other in another way."""
    await commit(sqlite, [(applied.insert(), [act(f"a{n}") for n in range(100)])])
    async with reading(sqlite) as tx:
        await tx.execute(select(1))
        connection = await driver(tx)
        calls: list[int] = []
        original = connection.call

        async def counted(function):
            calls.append(1)
            return await original(function)

        connection.call = counted  # type: ignore[method-assign]
        assert len((await tx.execute(select(applied))).all()) == 100
        assert len(calls) == 1


async def test_calls_run_in_order_in_the_thread_that_owns_the_connection(sqlite: Database):
    """Fails when aiosqlite no longer has one queue and one thread for each connection."""
    async with writing(sqlite) as tx:
        connection = await driver(tx)
        seen: list[int] = []
        idents = await asyncio.gather(
            *(connection.call(lambda n=n: (seen.append(n), threading.get_ident())[1]) for n in range(50))
        )
        assert seen == list(range(50))
        assert len(set(idents)) == 1
        assert threading.get_ident() not in idents


@pytest.mark.parametrize(("brief", "in_thread"), [(False, True), (True, False)])
async def test_a_readers_statements_are_done_in_its_thread_unless_it_is_brief(
    sqlite: Database, brief: bool, in_thread: bool
):
    async with reading(sqlite, brief=brief) as tx:
        connection = await driver(tx)
        idents: list[int] = []
        connection.raw.create_function("ident", 0, lambda: idents.append(threading.get_ident()))
        await tx.execute(text("SELECT ident()"))
    assert (idents == [threading.get_ident()]) is not in_thread
    assert len(idents) == 1


async def test_a_body_does_not_keep_the_loop_for_itself(sqlite: Database):
    """Its statements are done here, which is cheap, but after a few of them everybody else has a turn."""
    turns: list[int] = []
    taken: list[int] = []
    ended = asyncio.Event()

    async def somebody_else() -> None:
        while not ended.is_set():
            turns.append(1)
            await asyncio.sleep(0)

    other = asyncio.create_task(somebody_else())
    async with writing(sqlite) as tx:
        for n in range(STATEMENTS * 10):
            await tx.execute(applied.insert(), act(f"a{n}"))
            taken.append(len(turns))
    ended.set()
    await other
    assert taken[0] == taken[1]  # none in between
    assert len(set(taken)) > 9


async def test_a_slow_statement_is_the_last_one_done_here(sqlite: Database):
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200000) SELECT max(i) FROM n"
    )
    async with writing(sqlite) as tx:
        connection = await driver(tx)
        assert (await tx.exec_driver_sql(endless)).scalar() == 200_000
        assert connection._seconds > SECONDS
        assert (await tx.exec_driver_sql("SELECT 1")).scalar() == 1
        assert connection._seconds == 0


@pytest.mark.parametrize("pragma", [("synchronous", 2), ("foreign_keys", 1), ("journal_mode", "wal")])
async def test_the_writer_keeps_its_promises_with(sqlite: Database, pragma: tuple[str, object]):
    async with writing(sqlite) as tx:
        assert (await tx.exec_driver_sql(f"PRAGMA {pragma[0]}")).scalar() == pragma[1]


async def test_a_body_does_not_end_the_transaction_of_others(sqlite: Database):
    async with writing(sqlite) as tx:
        await tx.execute(applied.insert(), act("a"))
        with pytest.raises(MailFlowError, match="committed by leaving it"):
            await tx.commit()
        with pytest.raises(MailFlowError, match="undone by raising"):
            await tx.rollback()
        with pytest.raises(InvalidRequestError):
            await tx.begin()
        await tx.execute(applied.insert(), act("b"))
    assert await count(sqlite) == 2


async def test_a_body_may_have_savepoints_of_its_own(sqlite: Database):
    async with writing(sqlite) as tx:
        await tx.execute(applied.insert(), act("a"))
        async with tx.begin_nested() as savepoint:
            await tx.execute(applied.insert(), act("b"))
            await savepoint.rollback()
        async with tx.begin_nested():
            await tx.execute(applied.insert(), act("c"))
    async with reading(sqlite) as tx:
        assert set((await tx.execute(select(applied.c.id))).scalars()) == {"a", "c"}


# --- a full disk ---------------------------------------------------------------------------------------


async def pages(db: Database, most: int) -> None:
    async with writing(db) as tx:
        await tx.exec_driver_sql(f"PRAGMA max_page_count = {most}")


async def test_a_full_disk_fails_the_group_and_nothing_else(sqlite: Database):
    await commit(sqlite, [(applied.insert(), act("before"))])
    await pages(sqlite, 300)
    results = await asyncio.gather(
        commit(sqlite, [(applied.insert(), act("small"))]),
        commit(sqlite, mail("jrnbig", bytes(2**21))),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [DatabaseUnavailable, DatabaseUnavailable]
    assert results[0].temporary
    await commit(sqlite, [(applied.insert(), act("after"))])
    await pages(sqlite, 1_000_000)
    await commit(sqlite, mail("jrnbig", bytes(2**21)))
    async with reading(sqlite) as tx:
        assert set((await tx.execute(select(applied.c.id))).scalars()) == {"before", "after"}
        assert (await tx.execute(select(func.count()).select_from(journal))).scalar() == 1


async def test_a_disk_that_fills_up_in_a_body_fails_its_group(sqlite: Database):
    await pages(sqlite, 300)

    async def big() -> None:
        async with writing(sqlite) as tx:
            for statement, row in mail("jrnbig", bytes(2**21)):
                await tx.execute(statement, row)

    async def swallowing() -> None:
        async with writing(sqlite) as tx:
            await tx.execute(applied.insert(), act("told"))

    results = await asyncio.gather(
        swallowing(), big(), commit(sqlite, [(applied.insert(), act("unit"))]), return_exceptions=True
    )
    assert isinstance(results[0], DatabaseUnavailable)
    assert isinstance(results[1], Exception)
    assert isinstance(results[2], DatabaseUnavailable)
    await commit(sqlite, [(applied.insert(), act("after"))])
    assert await count(sqlite) == 1


async def test_a_failed_group_is_logged(sqlite: Database):
    await pages(sqlite, 300)
    with capture_logs() as logs, pytest.raises(DatabaseUnavailable):
        await commit(sqlite, mail("jrnbig", bytes(2**21)))
    assert [line["event"] for line in logs] == ["store.group_failed"]


async def test_a_slow_body_is_logged(sqlite: Database):
    with capture_logs() as logs:
        async with writing(sqlite):
            await asyncio.sleep(1.05)
    assert [line["event"] for line in logs] == ["store.body_slow"]
    assert logs[0]["took_ms"] >= 1050


# --- kill -9 -------------------------------------------------------------------------------------------


async def test_a_unit_is_durable_when_it_returns(file: Path):
    """Killed at random moments: what was returned from is there, and no unit is there in part."""
    rounds = 200 if os.environ.get("CI") else 25
    script = Path(__file__).with_name("killed.py")
    command = [sys.executable, str(script), str(file), str(rounds)]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    report = json.loads(output)
    assert report["rounds"] == rounds
    assert report["returned"] > 0
    assert report["lost"] == []
    assert report["torn"] == []


# --- who may write -------------------------------------------------------------------------------------


async def test_only_one_connection_writes(sqlite: Database, tmp_path: Path):
    async with reading(sqlite) as tx:
        connection = await driver(tx)
        for statement in (
            "INSERT INTO setting (key, changed_at, \"by\") VALUES ('a', 1, '')",
            "PRAGMA wal_checkpoint(TRUNCATE)",
        ):
            with pytest.raises(sqlite3.OperationalError, match=r"readonly|I/O"):
                await connection.call(lambda sql=statement: connection.raw.execute(sql).fetchall())


async def test_a_second_service_does_not_start(file: Path, tmp_path: Path):
    lock = tmp_path / "mailflow.lock"
    async with open_database(f"sqlite:///{file}", lock=lock):
        with pytest.raises(AlreadyRunning, match=f"already open in process {os.getpid()}; stop that first"):
            async with open_database(f"sqlite:///{file}", lock=lock):
                pass
    async with open_database(f"sqlite:///{file}", lock=lock):
        pass


def test_a_lock_ends_with_its_process(tmp_path: Path):
    lock = tmp_path / "mailflow.lock"
    code = (
        "import sys, pathlib; from gateway.db.sqlite import held\n"
        "with held(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunning, match=str(child.pid)), held(lock):
            pass
        child.kill()
    with held(lock):
        pass


async def test_who_only_reads_needs_no_lock(file: Path, tmp_path: Path):
    lock = tmp_path / "mailflow.lock"
    async with open_database(f"sqlite:///{file}", lock=lock) as db:
        async with writing(db) as tx:
            await tx.run_sync(applied.create)
        await commit(db, [(applied.insert(), act("a"))])
        async with open_database(f"sqlite:///{file}", read_only=True) as reader:
            assert await count(reader) == 1
            with pytest.raises(MailFlowError, match="opened for reading only"):
                await commit(reader, [(applied.insert(), act("b"))])
    async with open_database(f"sqlite:///{file}", read_only=True) as reader:
        assert await count(reader) == 1


async def test_a_shop_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(InputError, match="there is no database"):
        async with open_database(f"sqlite:///{tmp_path / 'no.db'}", read_only=True):
            pass
    with pytest.raises(InputError, match=r"the folder .* does not exist"):
        async with open_database(f"sqlite:///{tmp_path / 'no' / 'shop.db'}"):
            pass


async def test_a_file_that_is_no_database_is_told(file: Path):
    letter = b"this is a letter, not a database. " * 100
    file.write_bytes(letter)
    with pytest.raises(DatabaseUnavailable, match="cannot be opened: file is not a database"):
        async with open_database(f"sqlite:///{file}"):
            pass
    assert file.read_bytes() == letter


async def test_the_file_is_for_the_shop_alone(file: Path):
    async with open_database(f"sqlite:///{file}"):
        pass
    assert file.stat().st_mode & 0o077 == 0


async def test_the_log_is_empty_after_a_clean_end(file: Path, tmp_path: Path):
    async with open_database(f"sqlite:///{file}") as db:
        async with writing(db) as tx:
            await tx.run_sync(applied.create)
        await commit(db, [(applied.insert(), act("a"))])
        await count(db)
    assert {path.name for path in tmp_path.iterdir()} == {"shop.db"}


async def test_the_log_is_copied_when_it_is_quiet(sqlite: Database, tmp_path: Path):
    await commit(sqlite, [(applied.insert(), act("a"))])
    before = (tmp_path / "shop.db").stat().st_mtime_ns
    await asyncio.sleep(1.3)
    assert (tmp_path / "shop.db").stat().st_mtime_ns > before


async def test_the_log_stays_small_under_load(sqlite: Database, tmp_path: Path):
    for n in range(40):
        await commit(sqlite, mail(f"jrn{n}", os.urandom(2**20)))
    assert (tmp_path / "shop.db-wal").stat().st_size < 20 * 2**20


async def test_a_log_that_cannot_be_copied_is_told(sqlite: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gateway.db.writer.LOG_ALARM", 2**20)
    async with reading(sqlite) as tx:
        await tx.execute(select(applied))  # a snapshot that is kept
        with capture_logs() as logs:
            for n in range(3):
                await commit(sqlite, mail(f"jrn{n}", os.urandom(2**20)))
            await asyncio.sleep(1.3)
    assert [(line["event"], line["mib"] >= 2) for line in logs] == [("store.log_grows", True)]


async def test_what_was_accepted_before_the_end_is_done(file: Path):
    async with open_database(f"sqlite:///{file}") as db:
        async with writing(db) as tx:
            await tx.run_sync(applied.create)
        units = [asyncio.create_task(commit(db, [(applied.insert(), act(f"a{n}"))])) for n in range(600)]
        await asyncio.sleep(0)
    await asyncio.gather(*units)
    with pytest.raises(DatabaseUnavailable, match="closing"):
        await commit(db, [(applied.insert(), act("late"))])
    async with open_database(f"sqlite:///{file}") as db:
        assert await count(db) == 600


@pytest.mark.parametrize(
    ("version", "warned"), [((3, 40, 1), True), ((3, 51, 2), True), ((3, 51, 3), False), ((4, 0, 0), False)]
)
def test_the_wal_reset_bug_is_told(version: tuple[int, ...], warned: bool):
    told = trouble_of_version(version)
    assert told.startswith("SQLite 3.") is warned
    assert bool(told) is warned
