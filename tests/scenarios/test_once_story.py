"""An address that works once works once, whoever asks (intake.md, 14 and 15)."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from gateway.db.engine import reading, writing
from gateway.db.tables.mail import outbound_message
from gateway.kernel.decision import Cause
from gateway.kernel.errors import Stale
from gateway.kernel.ids import Id
from gateway.outbox.message import UseToken
from gateway.outbox.once import use_token
from gateway.testing.shop import Shop

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CAUSE = Cause(Id("eff-1"), Id("jrn-1"), NOW, str.lower)


async def test_a_token_is_used_up_by_the_first(shop: Shop):
    await shop.receives("1 x MUG-01", sender="Ana <ana@example.net>", to="orders@boutique.example")
    seq = (await shop.rows("outbound_message"))[0]["seq"]
    async with writing(shop.gateway.db) as tx:
        assert await use_token(tx, UseToken(seq), CAUSE) == ()
    with pytest.raises(Stale, match="used before"):
        async with writing(shop.gateway.db) as tx:
            await use_token(tx, UseToken(seq), CAUSE)
    async with reading(shop.gateway.db) as tx:
        used = await tx.scalar(select(outbound_message.c.used_at).where(outbound_message.c.seq == seq))
    assert used == NOW
