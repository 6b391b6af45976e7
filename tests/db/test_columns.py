"""Laws of the types: what goes in comes out, on both databases."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, select
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.columns import Count, Day, Flag, Id, Instant, Json, Money, Octets, Seq, Small, Word
from gateway.db.engine import Database, open_database, reading, writing


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


everything = Table(
    "everything",
    MetaData(),
    Column("n", Seq, primary_key=True, autoincrement=False),
    Column("instant", Instant),
    Column("day", Day),
    Column("id", Id),
    Column("word", Word(Colour)),
    Column("flag", Flag),
    Column("json", Json),
    Column("octets", Octets),
    Column("amount_minor", Money),
    Column("pieces", Count),
    Column("lane", Small),
    sqlite_strict=True,
)
NAIVE = datetime(2026, 11, 21)  # noqa: DTZ001
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.builds(
    lambda naive, zone: naive.replace(tzinfo=zone),
    st.datetimes(NAIVE.replace(year=1, day=3), NAIVE.replace(year=9999, month=12, day=29)),
    ZONES,
)
WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))  # PostgreSQL has no NUL
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)
ROWS = st.fixed_dictionaries(
    {
        "instant": st.none() | INSTANTS,
        "day": st.none() | st.dates(),
        "id": st.none() | WORDS,
        "word": st.none() | st.sampled_from(Colour),
        "flag": st.none() | st.booleans(),
        "json": JSON,
        "octets": st.none() | st.binary(),
        "amount_minor": st.none() | st.integers(-(2**63), 2**63 - 1),
        "pieces": st.none() | st.integers(-(2**31), 2**31 - 1),
        "lane": st.none() | st.integers(-(2**15), 2**15 - 1),
    }
)


@pytest.fixture
async def db(store_url: str) -> AsyncIterator[Database]:
    async with open_database(store_url) as opened:
        async with writing(opened) as tx:
            await tx.run_sync(everything.create)
        yield opened


async def keep(tx: AsyncConnection, **values: object) -> object:
    """What comes back for one value."""
    [name] = values
    await tx.execute(everything.delete())
    await tx.execute(everything.insert(), {"n": 1} | values)
    return (await tx.execute(select(everything.c[name]))).scalar_one()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS, min_size=1, max_size=3))
async def test_what_goes_in_comes_out(db: Database, rows: list[dict[str, object]]):
    numbered = [{"n": n} | row for n, row in enumerate(rows)]
    async with writing(db) as tx:
        await tx.execute(everything.delete())
        await tx.execute(everything.insert(), numbered)
    async with reading(db) as tx:
        kept = (await tx.execute(select(everything).order_by(everything.c.n))).mappings().all()
    assert [dict(row) for row in kept] == numbered
    for row in kept:
        assert row["instant"] is None or row["instant"].tzinfo is UTC
        assert row["flag"] is None or isinstance(row["flag"], bool)
        assert type(row["octets"]) in {bytes, type(None)}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(instants=st.lists(INSTANTS, min_size=2, max_size=6))
async def test_instants_sort_as_time_does(db: Database, instants: list[datetime]):
    async with writing(db) as tx:
        await tx.execute(everything.delete())
        rows = [{"n": n, "instant": instant} for n, instant in enumerate(instants)]
        await tx.execute(everything.insert(), rows)
        ordered = select(everything.c.instant).order_by(everything.c.instant)
        assert (await tx.execute(ordered)).scalars().all() == sorted(instants)
        later = select(everything.c.n).where(everything.c.instant > instants[0])
        found = set((await tx.execute(later)).scalars())
        assert found == {n for n, instant in enumerate(instants) if instant > instants[0]}


async def test_ids_sort_octet_by_octet(db: Database):
    ids = ["ord0", "ord1", "orda", "ORDa", "ord_", "cus9"]
    async with writing(db) as tx:
        await tx.execute(everything.insert(), [{"n": n, "id": id_} for n, id_ in enumerate(ids)])
        ordered = select(everything.c.id).order_by(everything.c.id)
        assert (await tx.execute(ordered)).scalars().all() == sorted(ids)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"instant": NAIVE}, "has no time zone"),
        ({"day": datetime(2026, 11, 21, tzinfo=UTC)}, "a day was wanted"),
        ({"word": "blue"}, "'blue' is none of red, green"),
        ({"flag": 1}, "neither True nor False"),
    ],
)
async def test_what_would_come_back_changed_is_refused(
    db: Database, values: dict[str, object], complaint: str
):
    async with writing(db) as tx:
        with pytest.raises(StatementError, match=complaint):
            await keep(tx, **values)


async def test_a_word_equals_its_enum_and_is_plain_text(db: Database):
    async with writing(db) as tx:
        word = await keep(tx, word=Colour.RED)
    assert word == Colour.RED
    assert type(word) is str


async def test_a_day_is_no_instant(db: Database):
    async with writing(db) as tx:
        kept = await keep(tx, day=date(2026, 12, 12))
    assert type(kept) is date


async def test_a_flag_can_be_asked_for(db: Database):
    async with writing(db) as tx:
        await tx.execute(everything.insert(), [{"n": 1, "flag": True}, {"n": 2, "flag": False}])
        assert (await tx.execute(select(everything.c.n).where(everything.c.flag))).scalars().all() == [1]
        asked = select(everything.c.n).where(~everything.c.flag)
        assert (await tx.execute(asked)).scalars().all() == [2]
