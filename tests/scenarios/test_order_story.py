"""What becomes of an order, from the first mail to the door, told by what customers read."""

import json
from typing import Any

import pytest

from gateway.testing.shop import Shop, words_of

ANA = "Ana Lopez <ana@example.net>"
CHANNEL, CARRIER, ORDERS = "orders@platform.example", "news@parcels.example", "orders@boutique.example"
TRACKING = "1Z999AA10123456784"


def notice(number: str, *lines: tuple[str, int], status: str = "OrderProcessing", **more: Any) -> str:
    """A platform's HTML with one order in JSON-LD."""
    order = {
        "@context": "http://schema.org",
        "@type": "Order",
        "orderNumber": number,
        "orderStatus": f"http://schema.org/{status}",
        "customer": {"@type": "Person", "name": "Ana Lopez", "email": "ana@example.net"},
        "acceptedOffer": [
            {
                "@type": "Offer",
                "price": "12.50",
                "priceCurrency": "EUR",
                "itemOffered": {"@type": "Product", "sku": sku, "name": sku.title()},
                "eligibleQuantity": {"@type": "QuantitativeValue", "value": quantity},
            }
            for sku, quantity in lines
        ],
        **more,
    }
    return f'<p>New</p><script type="application/ld+json">{json.dumps(order)}</script>'


def subjects(shop: Shop, recipient: str) -> list[str]:
    return [str(mail.message["Subject"]) for mail in shop.sink.mails_to(recipient)]


async def place(shop: Shop, number: str = "2042", *lines: tuple[str, int], **more: Any):
    wanted = lines or (("MUG-01", 2),)
    return await shop.receives("New order", sender=CHANNEL, to=ORDERS, html=notice(number, *wanted, **more))


async def hears(shop: Shop, words: str, subject: str = "Your parcel"):
    return await shop.receives(words, sender=CARRIER, to=ORDERS, subject=subject)


@pytest.mark.covers("S0-1.1", "S0-1.2", "S0-C1.1", "S0-C1.2", "S0-C1.3", "S0-V1", "S0-CS1")
async def test_an_order_is_told_at_every_milestone(shop: Shop):
    await place(shop)
    await shop.receives(
        "Shipped",
        sender=CHANNEL,
        to=ORDERS,
        html=notice(
            "2042",
            status="OrderInTransit",
            orderDelivery={"@type": "ParcelDelivery", "trackingNumber": TRACKING, "carrier": {"name": "UPS"}},
        ),
    )
    shipped = shop.last_mail_to("ana@example.net")
    assert TRACKING in words_of(shipped)
    assert "https://" in words_of(shipped)
    assert await shop.stock("MUG-01") == (8, 0, 0)

    await hears(shop, f"UPS parcel {TRACKING} has been delivered.")
    assert [word in subject for word, subject in zip(
        ("order 2042", "on its way", "arrived"), subjects(shop, "ana@example.net"), strict=True
    )] == [True, True, True]  # fmt: skip
    assert (await shop.order("2042"))["status"] == "delivered"


async def test_an_order_written_by_hand_is_taken_down_and_confirmed(shop: Shop):
    outcome = await shop.receives("Hello,\n\n2 x MUG-01\n1 x bowl-02\n\nAna", sender=ANA, to=ORDERS)
    assert outcome.decision.disposition == "handled"
    (order,) = await shop.rows("orders")
    assert (order["number"], order["status"], order["total_minor"]) == ("1001", "confirmed", 4900)
    assert "1001" in subjects(shop, "ana@example.net")[0]


async def test_a_customer_whose_domain_has_other_letters_is_answered(shop: Shop):
    octets = (
        "From: Ana <ana@müller.example>\r\nTo: orders@boutique.example\r\nSubject: Mugs\r\n"
        "Message-ID: <1@xn--mller-kva.example>\r\n\r\n2 x MUG-01\r\n"
    ).encode()
    await shop.receives_octets(octets, reverse_path="ana@xn--mller-kva.example", to=ORDERS)
    (order,) = await shop.rows("orders")
    assert order["status"] == "confirmed"
    assert "1001" in subjects(shop, "ana@xn--mller-kva.example")[0]


async def test_an_order_in_microdata_is_an_order_too(shop: Shop):
    html = """
      <div itemscope itemtype="http://schema.org/Order">
        <meta itemprop="orderNumber" content="77"/>
        <link itemprop="orderStatus" href="http://schema.org/OrderProcessing"/>
        <div itemprop="customer" itemscope itemtype="http://schema.org/Person">
          <span itemprop="name">Ana Lopez</span> <meta itemprop="email" content="ana@example.net"/>
        </div>
        <div itemprop="acceptedOffer" itemscope itemtype="http://schema.org/Offer">
          <div itemprop="itemOffered" itemscope itemtype="http://schema.org/Product">
            <span itemprop="name">Blue mug</span> <meta itemprop="sku" content="MUG-01"/>
          </div>
          <meta itemprop="price" content="12.50"/> <meta itemprop="priceCurrency" content="EUR"/>
        </div>
      </div>"""
    await shop.receives("New order", sender=CHANNEL, to=ORDERS, html=html)
    assert (await shop.order("77"))["status"] == "confirmed"


async def test_only_a_registered_channel_may_place_orders_by_markup(shop: Shop):
    outcome = await shop.receives(
        "New order", sender="orders@elsewhere.example", to=ORDERS, html=notice("2042", ("MUG-01", 2))
    )
    assert outcome.decision.disposition == "held"
    assert not await shop.rows("orders")


async def test_the_same_notice_twice_is_one_order(shop: Shop):
    await place(shop)
    await place(shop)
    assert len(await shop.rows("orders")) == 1
    assert await shop.stock("MUG-01") == (10, 2, 0)
    assert len(subjects(shop, "ana@example.net")) == 1


@pytest.mark.covers("S0-E3")
async def test_an_order_for_an_unknown_sku_is_held_and_the_owner_told(shop: Shop):
    outcome = await place(shop, "2042", ("GHOST-9", 1))
    assert (outcome.decision.disposition, outcome.decision.reason) == ("held", "check_failed")
    assert "GHOST-9" in outcome.decision.note
    assert not await shop.rows("orders")
    await shop.lets_pass(minutes=11)
    assert "GHOST-9" in words_of(shop.last_mail_to("priya@owner.example"))


@pytest.mark.covers("S0-1.3", "S0-C1.4")
async def test_a_late_parcel_is_told_before_the_customer_asks(shop: Shop):
    await place(shop)
    await shop.lets_pass(days=9)  # promised in five working days
    late = [subject for subject in subjects(shop, "ana@example.net") if "late" in subject]
    assert len(late) == 1

    await shop.lets_pass(days=5)
    assert [s for s in subjects(shop, "ana@example.net") if "late" in s] == late  # told once


async def test_a_carriers_delay_moves_the_promised_day(shop: Shop):
    await place(shop)
    await hears(shop, f"Parcel {TRACKING} of UPS for order 2042 was collected")
    await hears(shop, f"UPS parcel {TRACKING} is delayed. New expected delivery: 16 November 2026.")
    assert "16 November" in words_of(shop.last_mail_to("ana@example.net"))
    assert str((await shop.order("2042"))["promised_on"]) == "2026-11-16"


async def test_a_carrier_cannot_move_a_parcel_that_is_not_ours(shop: Shop):
    outcome = await hears(shop, "UPS parcel 1Z999AA10123456784 has been delivered.")
    assert outcome.decision.disposition == "held"
    assert not shop.sink.mails


async def test_a_stranger_cannot_speak_for_a_carrier(shop: Shop):
    await place(shop)
    await hears(shop, f"Parcel {TRACKING} of UPS for order 2042 was collected")
    sent = len(shop.sink.mails)
    outcome = await shop.receives(
        f"UPS parcel {TRACKING} has been delivered.", sender="news@parcels.invalid.example", to=ORDERS
    )
    assert outcome.decision.disposition == "held"
    assert (await shop.order("2042"))["status"] == "shipped"
    assert len(shop.sink.mails) == sent


@pytest.mark.covers("S0-E1")
async def test_a_cancelled_order_gives_its_stock_back(shop: Shop):
    await place(shop)
    await shop.receives("Gone", sender=CHANNEL, to=ORDERS, html=notice("2042", status="OrderCancelled"))
    assert await shop.stock("MUG-01") == (10, 0, 0)
    assert "cancelled" in subjects(shop, "ana@example.net")[-1]


async def test_a_shipped_order_cannot_be_cancelled_by_a_mail(shop: Shop):
    await place(shop)
    await shop.receives("Gone", sender=CHANNEL, to=ORDERS, html=notice("2042", status="OrderInTransit"))
    outcome = await shop.receives(
        "Gone", sender=CHANNEL, to=ORDERS, html=notice("2042", status="OrderCancelled")
    )
    assert (outcome.decision.disposition, outcome.decision.reason) == ("held", "unsure")
    assert (await shop.order("2042"))["status"] == "shipped"


@pytest.mark.covers("S0-E1")
async def test_a_return_is_confirmed(shop: Shop):
    await place(shop)
    for status in ("OrderDelivered", "OrderReturned"):
        await shop.receives("News", sender=CHANNEL, to=ORDERS, html=notice("2042", status=status))
    assert (await shop.order("2042"))["status"] == "returned"
    assert len(subjects(shop, "ana@example.net")) == 4  # confirmed, shipped, delivered, returned


async def test_where_is_my_order_is_answered_with_the_status(shop: Shop):
    await place(shop)
    await shop.receives("Where is my order 2042?", sender=ANA, subject="Hello")
    answer = shop.last_mail_to("ana@example.net")
    assert "confirmed" in words_of(answer)
    assert answer.message["Auto-Submitted"] == "auto-replied"
    assert answer.message["In-Reply-To"]


async def test_somebody_elses_order_is_not_told(shop: Shop):
    await place(shop)
    sent = len(shop.sink.mails)
    outcome = await shop.receives("Where is my order 2042?", sender="Mallory <mallory@example.org>")
    assert outcome.decision.disposition == "held"
    assert len(shop.sink.mails) == sent


async def test_a_wish_to_cancel_is_the_owners_question(shop: Shop):
    await place(shop)
    outcome = await shop.receives("Please cancel my order 2042.", sender=ANA)
    assert (outcome.decision.disposition, outcome.decision.reason) == ("held", "rule_asked")
    assert (await shop.order("2042"))["status"] == "confirmed"


async def test_orders_come_from_a_file_too(shop: Shop):
    await shop.brings(
        "orders",
        {"number": "501", "email": "ana@example.net", "name": "Ana Lopez", "sku": "mug-01", "quantity": "1"},
        {"number": "501", "email": "ana@example.net", "name": "Ana Lopez", "sku": "BOWL-02", "quantity": "1"},
        {"number": "502", "email": "ben@example.org", "sku": "MUG-01", "quantity": "3"},
    )
    assert {row["number"] for row in await shop.rows("orders")} == {"501", "502"}
    assert await shop.stock("MUG-01") == (10, 4, 0)
    assert len(shop.sink.mails) == 2


async def test_two_channels_may_use_the_same_number(shop: Shop):
    await place(shop, "1001")
    await shop.receives("1 x BOWL-02", sender="Ben <ben@example.org>", to=ORDERS)
    assert {row["number"] for row in await shop.rows("orders")} == {"1001", "1001-2"}
    await shop.receives("1 x BOWL-02", sender="Clara <clara@example.org>", to=ORDERS)
    assert "1002" in subjects(shop, "clara@example.org")[0]
