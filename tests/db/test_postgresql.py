"""What only PostgreSQL can do to us: deadlocks, connections that end, a server that is not there."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import bindparam, func, select, text

from gateway.db.engine import Database, Unit, commit, open_database, reading, writing
from gateway.db.tables.mail import throttle
from gateway.kernel.errors import DatabaseUnavailable

pytestmark = pytest.mark.integration
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
LATER = throttle.update().where(throttle.c.key == bindparam("of")).values(due_at=bindparam("due"))


@pytest.fixture
async def db(cluster, template: str) -> AsyncIterator[Database]:
    name = cluster.create(template)
    async with open_database(cluster.url(name)) as opened:
        await commit(opened, [(throttle.insert(), [{"key": key, "due_at": NOW} for key in "ab"])])
        yield opened
    cluster.drop(name)


def crossing(first: str, second: str, hours: int) -> Unit:
    due = NOW + timedelta(hours=hours)
    pause = select(func.pg_sleep(0.3))
    return [(LATER, {"of": first, "due": due}), (pause, None), (LATER, {"of": second, "due": due})]


async def test_units_that_lock_each_other_are_both_done(db: Database):
    await asyncio.gather(commit(db, crossing("a", "b", 1)), commit(db, crossing("b", "a", 2)))
    async with reading(db) as tx:
        due = set((await tx.execute(select(throttle.c.due_at))).scalars())
    assert due <= {NOW + timedelta(hours=1), NOW + timedelta(hours=2)}
    assert len(due) == 1


async def test_bodies_that_lock_each_other_are_told_to_try_again(db: Database):
    async def body(first: str, second: str) -> None:
        async with writing(db) as tx:
            for statement, values in crossing(first, second, 1):
                await tx.execute(statement, values)

    results = await asyncio.gather(body("a", "b"), body("b", "a"), return_exceptions=True)
    assert sorted(type(result) for result in results if result is not None) == [DatabaseUnavailable]


async def test_a_connection_that_ends_is_told_and_replaced(db: Database):
    async def cut() -> None:
        async with writing(db) as tx:
            await tx.execute(LATER, {"of": "a", "due": NOW + timedelta(hours=1)})
            pid = (await tx.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            await commit_elsewhere(pid)
            await tx.execute(LATER, {"of": "b", "due": NOW + timedelta(hours=1)})

    async def commit_elsewhere(pid: int) -> None:
        async with reading(db) as tx:
            await tx.execute(text(f"SELECT pg_terminate_backend({pid})"))

    with pytest.raises(DatabaseUnavailable, match="nothing was kept, please try again"):
        await cut()
    await commit(db, [(LATER, {"of": "b", "due": NOW + timedelta(hours=2)})])
    async with reading(db) as tx:
        rows = (await tx.execute(select(throttle).order_by(throttle.c.key))).all()
    assert [row.due_at - NOW for row in rows] == [timedelta(0), timedelta(hours=2)]


async def test_a_statement_has_five_seconds(db: Database):
    async with writing(db) as tx:
        assert (await tx.execute(text("SHOW statement_timeout"))).scalar() == "5s"
    async with reading(db) as tx:
        assert (await tx.execute(text("SHOW statement_timeout"))).scalar() == "30s"


async def test_what_was_promised_is_on_the_disk(db: Database):
    async with writing(db) as tx:
        assert (await tx.execute(text("SHOW synchronous_commit"))).scalar() == "on"


async def test_a_server_that_is_not_there_is_told_without_the_password():
    url = "postgresql://shop:secret@127.0.0.1:1/shop"
    async with open_database(url) as db:
        with pytest.raises(DatabaseUnavailable, match="no connection to") as told:
            await commit(db, [])
    assert told.value.temporary
    assert "secret" not in str(told.value)
