"""What every caller of the database may rely on, on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.db.engine import (
    Database,
    among,
    commit,
    create_schema,
    greatest,
    insert_new,
    open_database,
    reading,
    upsert,
    writing,
)
from gateway.db.tables.mail import applied, throttle
from gateway.kernel.errors import DatabaseUnavailable, InputError

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def act(name: str) -> dict[str, object]:
    return {"id": name, "stimulus_id": "jrn", "effect": "MoveStock", "at": NOW}


async def names(db: Database) -> set[str]:
    async with reading(db) as tx:
        return set((await tx.execute(select(applied.c.id))).scalars())


async def test_a_unit_returns_the_rows_of_each_statement(database: Database):
    rows = await commit(
        database,
        [
            (applied.insert().returning(applied.c.id), [act("a"), act("b")]),
            (select(func.count()).select_from(applied), None),
            (applied.update().values(effect="Reserve"), None),
        ],
    )
    assert [[tuple(row) for row in step] for step in rows] == [[("a",), ("b",)], [(2,)], []]


async def test_a_statement_without_parameters_to_repeat_does_nothing(database: Database):
    assert await commit(database, [(applied.insert(), [])]) == [[]]
    assert await names(database) == set()


async def test_a_failing_unit_spoils_no_other(database: Database):
    units = [
        [(applied.insert(), act("a"))],
        [(applied.insert(), act("b")), (applied.insert(), act("b"))],
        [(applied.insert(), act("c"))],
    ]
    results = await asyncio.gather(*(commit(database, unit) for unit in units), return_exceptions=True)
    assert results[0] == results[2] == [[]]
    assert isinstance(results[1], IntegrityError)
    assert await names(database) == {"a", "c"}


async def test_bodies_and_units_may_come_in_any_order(database: Database):
    async def tell(name: str) -> None:
        async with writing(database) as tx:
            await tx.execute(applied.insert(), act(name))
            await tx.execute(applied.insert(), act(name + "!"))

    async with asyncio.TaskGroup() as group:
        for turn in range(12):
            group.create_task(tell(f"body{turn}"))
            group.create_task(commit(database, [(applied.insert(), act(f"unit{turn}"))]))
    assert await names(database) == {
        name for turn in range(12) for name in (f"body{turn}", f"body{turn}!", f"unit{turn}")
    }


async def test_a_body_that_raises_leaves_nothing_and_spoils_no_other(database: Database):
    async def fail() -> None:
        async with writing(database) as tx:
            await tx.execute(applied.insert(), act("body"))
            raise LookupError("no such order")

    failed, kept = await asyncio.gather(
        fail(), commit(database, [(applied.insert(), act("unit"))]), return_exceptions=True
    )
    assert isinstance(failed, LookupError)
    assert kept == [[]]
    assert await names(database) == {"unit"}


async def test_a_statement_that_failed_in_a_body_may_be_survived(sqlite: Database):
    async with writing(sqlite) as tx:
        await tx.execute(applied.insert(), act("a"))
        with pytest.raises(IntegrityError):
            await tx.execute(applied.insert(), act("a"))
        await tx.execute(applied.insert(), act("b"))
    assert await names(sqlite) == {"a", "b"}


@pytest.mark.parametrize("pause", [0, 0.001, 0.003])
async def test_a_cancelled_body_leaves_nothing(database: Database, pause: float):
    entered = asyncio.Event()

    async def endless() -> None:
        async with writing(database) as tx:
            entered.set()
            for turn in range(1_000_000):
                await tx.execute(applied.insert(), act(f"a{turn}"))

    task = asyncio.create_task(endless())
    await entered.wait()
    await asyncio.sleep(pause)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await commit(database, [(applied.insert(), act("after"))])
    assert await names(database) == {"after"}


async def test_a_body_that_takes_too_long_is_undone(database: Database):
    async def dawdle() -> None:
        async with writing(database, limit=0.05) as tx:
            await tx.execute(applied.insert(), act("a"))
            await asyncio.sleep(1)

    with pytest.raises(DatabaseUnavailable, match=r"took over 0\.05 s"):
        await dawdle()
    await commit(database, [(applied.insert(), act("b"))])
    assert await names(database) == {"b"}


async def test_its_own_timeout_stays_its_own(database: Database):
    async def dawdle() -> None:
        async with writing(database) as tx, asyncio.timeout(0.01):
            await tx.execute(applied.insert(), act("a"))
            await asyncio.sleep(1)

    with pytest.raises(TimeoutError):
        await dawdle()
    assert await names(database) == set()


async def test_who_gives_up_waiting_for_a_turn_takes_nobody_elses(database: Database):
    async def wait() -> None:
        async with writing(database) as tx:
            await tx.execute(applied.insert(), act("never"))

    async with writing(database) as tx:
        waiting = [asyncio.create_task(wait()) for _ in range(3)]
        unit = asyncio.create_task(commit(database, [(applied.insert(), act("never too"))]))
        await asyncio.sleep(0)
        for task in [*waiting, unit]:
            task.cancel()
        await tx.execute(applied.insert(), act("a"))
    await asyncio.gather(*waiting, unit, return_exceptions=True)
    await commit(database, [(applied.insert(), act("b"))])
    assert await names(database) == {"a", "b"}


async def test_nobody_waits_for_himself(database: Database):
    async with writing(database) as tx:
        with pytest.raises(RuntimeError, match="use its tx"):
            await commit(database, [(applied.insert(), act("a"))])
        with pytest.raises(RuntimeError, match="use its tx"):
            async with writing(database):
                pass
        await tx.execute(applied.insert(), act("b"))
    assert await names(database) == {"b"}


async def test_a_task_that_a_body_started_may_write_later(database: Database):
    async with writing(database):
        later = asyncio.create_task(commit(database, [(applied.insert(), act("a"))]))
    await later
    assert await names(database) == {"a"}


async def test_a_connection_that_was_kept_is_of_no_use(database: Database):
    async with writing(database) as tx:
        kept = tx
    with pytest.raises(Exception, match=r"(?i)closed|started"):
        await kept.execute(applied.insert(), act("a"))


async def test_readers_see_one_snapshot(database: Database):
    await commit(database, [(applied.insert(), act("a"))])
    count = select(func.count()).select_from(applied)
    async with reading(database) as tx:
        assert (await tx.execute(count)).scalar() == 1
        await commit(database, [(applied.insert(), act("b"))])
        assert (await tx.execute(count)).scalar() == 1
    async with reading(database) as tx:
        assert (await tx.execute(count)).scalar() == 2


async def test_readers_cannot_write(database: Database):
    async with reading(database) as tx:
        with pytest.raises(DBAPIError, match=r"(?i)read-?only"):
            await tx.execute(applied.insert(), act("a"))
    assert await names(database) == set()


async def test_more_readers_than_connections_take_turns(database: Database):
    assert await asyncio.gather(*(names(database) for _ in range(20))) == [set()] * 20


async def test_a_cancelled_reader_harms_nobody(database: Database):
    await commit(database, [(applied.insert(), [act(f"a{n}") for n in range(2000)])])
    for _ in range(5):
        task = asyncio.create_task(names(database))
        await asyncio.sleep(0.002)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert len(await names(database)) == 2000


async def test_rows_can_be_streamed(database: Database):
    await commit(database, [(applied.insert(), [act(f"a{n:04}") for n in range(1000)])])
    async with reading(database) as tx, tx.stream(select(applied.c.id).order_by(applied.c.id)) as rows:
        assert [row.id async for row in rows] == [f"a{n:04}" for n in range(1000)]
    async with reading(database) as tx, tx.stream(select(applied.c.id).order_by(applied.c.id)) as rows:
        assert (await rows.fetchone()).id == "a0000"
        assert [row.id for row in await rows.fetchmany(300)] == [f"a{n:04}" for n in range(1, 301)]


async def test_many_rows_come_whole_and_in_order(database: Database):
    for size in (255, 256, 257, 1000):
        inserted = [act(f"{size}-{n:04}") for n in range(size)]
        await commit(database, [(applied.delete(), None), (applied.insert(), inserted)])
        async with reading(database) as tx:
            ids = (await tx.execute(select(applied.c.id).order_by(applied.c.id))).scalars().all()
        assert ids == [row["id"] for row in inserted]


async def test_a_guarded_move_says_how_many_rows_it_found(database: Database):
    await commit(database, [(applied.insert(), act("a"))])
    async with writing(database) as tx:
        guarded = applied.update().where(applied.c.id == bindparam("wanted")).values(effect="Reserve")
        assert (await tx.execute(guarded, {"wanted": "a"})).rowcount == 1
        assert (await tx.execute(guarded, {"wanted": "b"})).rowcount == 0


async def test_what_is_there_already_is_not_inserted_again(database: Database):
    async with writing(database) as tx:
        assert (await tx.execute(insert_new(applied, act("a")))).first() == ("a", "jrn", "MoveStock", NOW)
        assert (await tx.execute(insert_new(applied, act("a") | {"effect": "Send"}))).first() is None
    both = await commit(database, [(insert_new(applied), [act("a"), act("b")])])
    assert [row.id for row in both[0]] == ["b"]


async def test_upsert_replaces_or_computes(database: Database):
    replace = upsert(throttle, None, ["key"], ["due_at"])
    later = upsert(throttle, None, ["key"], lambda new: {"due_at": greatest(throttle.c.due_at, new.due_at)})
    hour = timedelta(hours=1)
    await commit(database, [(throttle.insert(), [{"key": key, "due_at": NOW} for key in "ab"])])
    await commit(database, [(replace, {"key": "a", "due_at": NOW - hour})])
    await commit(
        database, [(later, [{"key": "b", "due_at": NOW - hour}, {"key": "c", "due_at": NOW + hour}])]
    )
    async with reading(database) as tx:
        rows = (await tx.execute(select(throttle).order_by(throttle.c.key))).all()
    assert [tuple(row) for row in rows] == [("a", NOW - hour), ("b", NOW), ("c", NOW + hour)]


async def test_among_takes_any_number_of_keys(database: Database):
    await commit(database, [(applied.insert(), [act(f"a{n}") for n in range(3000)])])
    wanted = select(applied.c.id).where(among(applied.c.id, bindparam("ids")))
    async with reading(database) as tx:
        for size in (0, 1, 2999):
            ids = [f"a{n}" for n in range(size)]
            assert set((await tx.execute(wanted, {"ids": ids})).scalars()) == set(ids)
        given = select(applied.c.id).where(among(applied.c.id, {"a1", "no"}))
        assert (await tx.execute(given)).scalars().all() == ["a1"]


async def test_an_error_does_not_tell_values(database: Database):
    secret = act("a") | {"effect": None, "stimulus_id": "ana@example.net"}
    with pytest.raises(IntegrityError) as told:
        await commit(database, [(applied.insert(), secret)])
    assert "INSERT INTO applied" in str(told.value)
    assert "parameters" in str(told.value)
    assert "ana@example.net" not in str(told.value).partition("DETAIL")[0]


async def test_tables_can_be_made_twice(store_url: str):
    async with open_database(store_url) as db:
        await create_schema(db)
        await create_schema(db)
        assert await names(db) == set()


@pytest.mark.parametrize("url", ["", "shop.db", "sqlite://", "sqlite:///:memory:", "mysql://a/b"])
async def test_a_url_that_names_no_database_is_told(url: str):
    with pytest.raises(InputError, match=r"\[store\] url: .* names no database; say sqlite:///shop.db"):
        async with open_database(url):
            pass


def test_many_keys_are_looked_up_and_never_searched_for():
    """SQLAlchemy likes to write a Boolean condition as `... = 1`, for which SQLite reads the whole table."""
    some = among(applied.c.id, ["a1", "a2"])
    for condition in (some, some & (applied.c.effect == "X"), some | (applied.c.id == "a3")):
        written = str(select(applied.c.id).where(condition).compile(dialect=sqlite.dialect()))
        assert "IN (SELECT value FROM json_each(?))" in written
        assert "= 1" not in written
