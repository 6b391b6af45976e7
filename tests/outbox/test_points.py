"""Failures that prove nothing add up, if they are proven themselves; on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from gateway.db.engine import Database, reading, writing
from gateway.db.tables.mail import bounce, suppression
from gateway.kernel.ids import Id
from gateway.mail.envelope import Address
from gateway.mail.parsed import BounceClass
from gateway.outbox import points
from gateway.outbox.message import POINT, BouncesPiledUp, CountBounce

from .conftest import Post

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ANA = Address("ana@example.net")


async def fails(
    db: Database, *days: float, quarters: int = POINT, proven: bool = True
) -> list[BouncesPiledUp]:
    """What happened when a mail to Ana failed on each of these days."""
    happened: list[BouncesPiledUp] = []
    for number, day in enumerate(days):
        now = NOW + timedelta(days=day)
        effect = CountBounce(ANA, 7 if proven else None, BounceClass.MAILBOX_FULL, quarters)
        identifier = Id(f"bnc-{day}-{number}-{proven}")
        async with writing(db) as tx:
            happened += await points.count(tx, effect, "ana", identifier, now, now.date())
    return happened


async def test_five_on_three_days(database: Database):
    assert await fails(database, 0, 0, 1, 1) == []
    (piled,) = await fails(database, 2)
    assert piled.address == ANA
    assert piled.why == "5 mails came back on 3 days"


@pytest.mark.parametrize(
    "days",
    [(0, 0, 0, 0, 0, 1, 1, 1), (0, 1, 2, 3), (0, 1, 2, 31.5, 32.5)],
    ids=["2 days", "4", "too long ago"],
)
async def test_not_enough(sqlite: Database, days: tuple[float, ...]):
    assert await fails(sqlite, *days) == []


async def test_quarters_without_proof_never_add_up(idle_post: Post):
    await idle_post.enqueues()
    key = "ana"
    async with writing(idle_post.db) as tx:
        for day in range(25):
            now = NOW + timedelta(days=day)
            effect = CountBounce(ANA, None, BounceClass.NO_SUCH_USER, 1)
            assert await points.count(tx, effect, key, Id(f"b{day}"), now, now.date()) == ()
        found = await points.points(tx, key, NOW + timedelta(days=25))
    assert not found.are_enough


async def test_an_unproven_report_about_somebody_unknown_is_not_even_kept(sqlite: Database):
    await fails(sqlite, 0, proven=False)
    async with reading(sqlite) as tx:
        assert (await tx.execute(bounce.select())).all() == []


async def test_what_was_lifted_begins_anew(sqlite: Database):
    await fails(sqlite, 0, 0, 1, 1, 2)
    row = {
        "id": "spr1",
        "recipient_key": "ana",
        "channel": "mail",
        "scope": "marketing",
        "reason": "bounces",
        "since": NOW,
        "lifted_at": NOW + timedelta(days=3),
    }
    async with writing(sqlite) as tx:
        await tx.execute(insert(suppression).values(row))
    assert await fails(sqlite, 4, 5, 6, 7) == []
    assert len(await fails(sqlite, 8)) == 1
