"""What is old is forgotten at night: files of large mails too, and a held mail only after a warning."""

from datetime import timedelta
from pathlib import Path

from gateway.testing.shop import Shop, words_of

ANA, ORDERS, OWNER = "Ana Lopez <ana@example.net>", "orders@boutique.example", "priya@owner.example"


async def sleeps(shop: Shop, **time: float) -> None:
    """Time goes by at once; what is due at its end is done."""
    shop.clock.advance(timedelta(**time))
    await shop.gateway.settle()


def spooled(shop: Shop) -> list[Path]:
    return [path for path in (shop.gateway.config.data / "spool").rglob("*") if path.is_file()]


async def test_a_large_mail_leaves_the_disk_when_its_time_is_over(shop: Shop):
    await shop.receives("1 x MUG-01\n\n" + "a photo of a vase\n" * 5000, sender=ANA, to=ORDERS)
    assert len(spooled(shop)) == 1
    await sleeps(shop, days=89)
    assert len(spooled(shop)) == 1
    await sleeps(shop, days=2)  # in the night after the ninetieth day it is forgotten
    await sleeps(shop, hours=7)  # and then swept
    assert spooled(shop) == []
    (entry,) = await shop.rows("journal")
    assert entry["state"] == "handled"
    assert entry["forgotten_at"] is not None
    assert await shop.rows("orders")


async def test_a_held_mail_is_announced_before_it_goes(shop: Shop):
    await shop.receives("Dear sirs, about the trade fair", sender="fair@fair.example", subject="Trade fair")
    await sleeps(shop, days=165)
    assert not shop.mails_to(OWNER, "goes in 14 days")
    await sleeps(shop, days=2)
    (letter,) = shop.mails_to(OWNER, "1 held mail goes in 14 days")
    assert "Trade fair" in words_of(letter)
    await sleeps(shop, days=15)
    (entry,) = await shop.rows("journal")
    assert (entry["state"], entry["reason"]) == ("dropped", "expired")
    assert not await shop.rows("journal_octets")
    assert len(shop.mails_to(OWNER, "goes in 14 days")) == 1
