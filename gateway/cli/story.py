"""Three weeks of a boutique, as the demo plays them and as they must come out.

Priya sells pottery. Her shop platform sends her order mails with markup, two customers write by hand, a
carrier tells what becomes of parcels, one supplier answers and another does not.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.cli.arrivals import arrivals
from gateway.cli.cast import (
    ACME,
    ANA,
    BEN,
    CARRIER,
    CLARA,
    DAN,
    DOMAIN,
    ERIN,
    FAY,
    MAILBOX,
    NORTH,
    OWNER,
    PLATFORM,
    TRACKING_ANA,
    TRACKING_BEN,
    at,
)
from gateway.cli.stage import Stage
from gateway.testing.imap_server import ImapServer
from gateway.testing.report import bounce_of
from gateway.testing.shop import words_of


def settings(smarthost_port: int, *, mailbox: ImapServer, password_file: Path) -> dict[str, Any]:
    """The settings of the shop in the story; the old address is a mailbox of that server."""
    password_file.write_text(f"{mailbox.password}\n", "utf-8")
    return {
        "shop": {
            "name": "Blue Door Pottery",
            "domain": DOMAIN,
            "timezone": "Europe/London",
            "currency": "GBP",
            "address": "1 Quay Street, Bristol",
        },
        "owner": {"addresses": [OWNER]},
        "listen": {"host": "127.0.0.1", "port": 0},
        "relay": {"smarthost": "127.0.0.1", "port": smarthost_port, "tls": "off"},
        "imap": [
            {
                "host": mailbox.host,
                "port": mailbox.port,
                "tls": "off",
                "user": mailbox.user,
                "password_file": password_file,
                "addresses": [MAILBOX],
            }
        ],
        "channel": [{"name": "Platform", "addresses": [PLATFORM]}],
        "carrier": [{"name": "Parcels", "addresses": ["parcels.example"]}],
    }


async def opening(stage: Stage) -> None:
    """The shop opens: suppliers, goods, and what is on the shelves."""
    stage.scene("Priya opens the shop: suppliers and goods")
    await stage.bring(
        "suppliers",
        "two suppliers",
        {"name": "Acme Pottery", "email": ACME},
        {"name": "Northwool", "email": NORTH},
    )
    await stage.bring(
        "products",
        "four products, and how many stand on the shelf",
        _product("MUG-01", "Blue mug", "12.50", 10, supplier="Acme Pottery", point=5, quantity=50),
        _product("BOWL-02", "Large bowl", "24.00", 20),
        _product("VASE-03", "Tall vase", "39.00", 0),
        _product("SCARF-04", "Wool scarf", "45.00", 4, supplier="Northwool", point=3, quantity=20),
    )


async def first_day(stage: Stage) -> None:
    """Two orders, low stock, a wish, a stranger."""
    stage.scene("An order from the shop platform, with markup")
    await stage.mail(
        "You have a new order.",
        sender=PLATFORM,
        to=f"orders@{DOMAIN}",
        subject="New order 2042",
        html=_order("2042", ANA, [("MUG-01", "Blue mug", 2, "12.50"), ("BOWL-02", "Large bowl", 1, "24.00")]),
    )
    stage.expect(len(stage.to(ANA)) == 1, "Ana has her confirmation")
    stage.scene("An order written by hand; the mugs run low")
    await stage.mail(
        "Hello Priya,\n\nI would like to order:\n\n4 x MUG-01\n\nMany thanks\nBen",
        sender=BEN,
        to=f"orders@{DOMAIN}",
        subject="Some mugs please",
    )
    stage.expect(await stage.shop.stock("MUG-01") == (10, 6, 50), "six mugs are promised, fifty ordered")
    stage.expect(len(stage.to(ACME)) == 1, "Acme got one purchase order")
    stage.scene("Clara would like a vase, but there is none")
    await stage.mail(
        "Hi, please tell me when VASE-03 is back in stock!\n\nClara",
        sender=CLARA,
        to=f"hello@{DOMAIN}",
        subject="The tall vase",
    )
    stage.scene("A stranger writes, and Priya is asked what to do")
    await stage.mail(
        "Dear sir or madam, we would like to talk about your presence on our trade fair.",
        sender="Fair Office <info@fair.example>",
        to=f"hello@{DOMAIN}",
        subject="Trade fair in March",
    )
    await stage.until(at(2, 12))
    stage.expect(len(stage.to(OWNER)) == 1, "Priya was told of the stranger")


async def first_week(stage: Stage) -> None:
    """The supplier answers, parcels leave, customers ask."""
    await stage.until(at(3, 10))
    stage.scene("Acme can send only part of what was ordered")
    await stage.answer(
        stage.to(ACME)[0],
        "Thank you for your order. PO-1042 will ship 12 Nov, 40 of 50 units.\n\nRegards, Acme",
    )
    stage.expect((await stage.shop.stock("MUG-01"))[2] == 40, "forty mugs are expected")
    stage.scene("Ben is out of office: machines are not answered")
    before = len(stage.shop.sink.mails)
    await stage.answer(
        stage.to(BEN)[0],
        "I am out of the office until 9 November and have no access to my mail.",
        headers={"Auto-Submitted": "auto-replied"},
        reverse_path="",
    )
    stage.expect(len(stage.shop.sink.mails) == before, "the out-of-office got no answer")
    await stage.until(at(4, 15))
    stage.scene("The platform says that Ana's order has shipped")
    await stage.mail(
        "Order 2042 has shipped.",
        sender=PLATFORM,
        to=f"orders@{DOMAIN}",
        subject="Order 2042 shipped",
        html=_order("2042", ANA, [], status="OrderInTransit", tracking=TRACKING_ANA),
    )
    stage.expect(TRACKING_ANA in words_of(stage.to(ANA)[-1]), "Ana has her tracking number")
    stage.scene("The carrier has collected Ben's parcel")
    await stage.mail(
        f"We have collected your parcel {TRACKING_BEN} (order 1001) and expect to deliver it by 6 November.",
        sender=CARRIER,
        to=f"orders@{DOMAIN}",
        subject=f"UPS parcel {TRACKING_BEN} collected",
    )
    stage.expect("1Z999AA10123456784" in words_of(stage.to(BEN)[-1]), "Ben has his tracking number")
    await stage.until(at(5, 11))
    stage.scene('"Where is my order?"')
    await stage.mail(
        "Hi, where is my order 2042? I need it for Sunday.\n\nAna",
        sender=ANA,
        to=f"hello@{DOMAIN}",
        subject="My order",
    )
    stage.expect("2042" in words_of(stage.to(ANA)[-1]), "Ana knows where it is")
    await stage.until(at(6, 9))
    stage.scene("Ana's parcel arrives, Ben's is delayed")
    await stage.mail(
        f"Your parcel {TRACKING_ANA} was delivered today at 8:40. Carrier: DHL",
        sender=CARRIER,
        to=f"orders@{DOMAIN}",
        subject="Delivered",
    )
    await stage.mail(
        f"UPS parcel {TRACKING_BEN} is delayed by bad weather. New expected delivery: 12 November.",
        sender=CARRIER,
        to=f"orders@{DOMAIN}",
        subject="Delay",
    )
    stage.expect("12 November" in words_of(stage.to(BEN)[-1]), "Ben knows the new day before he asks")


async def second_week(stage: Stage) -> None:
    """A cancellation, a bounce, an order that nobody ships."""
    await stage.until(at(9, 10))
    stage.scene("Dan orders and changes his mind")
    scarf = [("SCARF-04", "Wool scarf", 1, "45.00")]
    await stage.mail(
        "You have a new order.", sender=PLATFORM, to=f"orders@{DOMAIN}", subject="New order 2043",
        html=_order("2043", DAN, scarf),
    )  # fmt: skip
    await stage.mail(
        "Order 2043 was cancelled.", sender=PLATFORM, to=f"orders@{DOMAIN}", subject="Order 2043 cancelled",
        html=_order("2043", DAN, [], status="OrderCancelled"),
    )  # fmt: skip
    stage.expect((await stage.shop.stock("SCARF-04"))[1] == 0, "the scarf is free again")
    stage.expect(len(stage.to(DAN)) == 2, "Dan was told twice: confirmed, cancelled")
    stage.scene("Erin's address is dead: the confirmation comes back")
    await stage.mail(
        "You have a new order.", sender=PLATFORM, to=f"orders@{DOMAIN}", subject="New order 2044",
        html=_order("2044", ERIN, [("BOWL-02", "Large bowl", 1, "24.00")]),
    )  # fmt: skip
    confirmation = stage.to(ERIN)[0]
    await stage.octets(
        bounce_of(confirmation, status="5.1.1", diagnostic="550 5.1.1 no such user"),
        reverse_path="",
        to=confirmation.reverse_path or "",
        about="Undelivered Mail Returned to Sender",
    )
    await stage.mail(
        "Order 2044 has shipped.", sender=PLATFORM, to=f"orders@{DOMAIN}", subject="Order 2044 shipped",
        html=_order("2044", ERIN, [], status="OrderInTransit"),
    )  # fmt: skip
    stage.expect(len(stage.to(ERIN)) == 1, "nothing more goes to Erin's dead address")
    stage.scene("Fay orders a bowl, and nobody ships it")
    await stage.mail(
        "You have a new order.", sender=PLATFORM, to=f"orders@{DOMAIN}", subject="New order 2045",
        html=_order("2045", FAY, [("BOWL-02", "Large bowl", 1, "24.00")]),
    )  # fmt: skip


async def goods_arrive(stage: Stage) -> None:
    """What was waited for comes."""
    await stage.until(at(12, 14))
    stage.scene("Acme's mugs arrive, and the vases too")
    await stage.bring("received", "forty mugs from Acme", {"purchase_order": "PO-1042", "quantity": "40"})
    await stage.bring("stock", "six vases counted", {"sku": "VASE-03", "on_hand": "6"})
    stage.expect(len(stage.to(CLARA)) == 2, "Clara was told that the vase is back")
    stage.scene("Ben's parcel arrives")
    await stage.mail(
        f"UPS parcel {TRACKING_BEN} has been delivered.",
        sender=CARRIER,
        to=f"orders@{DOMAIN}",
        subject="Delivered",
    )
    stage.scene("Clara buys the vase; the platform sends the mail twice")
    for _ in range(2):
        await stage.mail(
            "You have a new order.", sender=PLATFORM, to=f"orders@{DOMAIN}", subject="New order 2046",
            html=_order("2046", CLARA, [("VASE-03", "Tall vase", 1, "39.00")]),
        )  # fmt: skip
    stage.expect((await stage.shop.stock("VASE-03"))[1] == 1, "one vase is promised, not two")


async def third_week(stage: Stage) -> None:
    """Feedback, good and bad; a late order; somebody who wants no advertising."""
    await stage.until(at(13, 12))
    stage.scene("Ana tells how it was")
    asked = stage.to(ANA)[-1]
    stage.expect("How do you like it" in str(asked.message["Subject"]), "Ana was asked")
    await stage.answer(asked, "5 stars! I love the mugs, they are wonderful. Thank you so much.\n\nAna")
    stage.scene("Dan wants no advertising")
    await stage.mail("STOP", sender=DAN, to=f"hello@{DOMAIN}", subject="Re: your order")
    await stage.until(at(17, 12))
    stage.expect(stage.letters(FAY, "late") == 1, "Fay heard of the delay once, before she asked")
    await stage.until(at(19, 12))
    stage.scene("Ben tells how it was")
    await stage.answer(
        stage.to(BEN)[-1],
        "2 stars. It came a week late and one mug was broken. I am very disappointed.\n\nBen",
    )
    await stage.until(at(23, 9))
    stage.expect(stage.letters(OWNER, "PO-1043") == 1, "Priya knows that Northwool keeps silent")
    stage.expect(stage.letters(OWNER, "not happy") == 1, "Priya knows that Ben is not happy")
    stage.expect(stage.letters(DAN, "") == 3, "Dan had one short word that it is done")


ACTS: Sequence[Callable[[Stage], Awaitable[None]]] = (
    opening,
    first_day,
    first_week,
    second_week,
    arrivals,
    goods_arrive,
    third_week,
)


# --- inside ----------------------------------------------------------------------------------------------


def _product(
    sku: str, name: str, price: str, on_hand: int, *, supplier: str = "", point: int = 0, quantity: int = 0
) -> dict[str, str]:
    return {
        "sku": sku,
        "name": name,
        "price": price,
        "on_hand": str(on_hand),
        "supplier": supplier,
        "reorder_point": str(point),
        "reorder_quantity": str(quantity),
    }


def _order(
    number: str,
    person: str,
    lines: Sequence[tuple[str, str, int, str]],
    *,
    status: str = "OrderProcessing",
    tracking: str = "",
) -> str:
    """A platform's notice in HTML, with the order as JSON-LD (schema.org Order)."""
    name, _, address = person.partition(" <")
    order: dict[str, Any] = {
        "@context": "http://schema.org",
        "@type": "Order",
        "orderNumber": number,
        "orderStatus": f"http://schema.org/{status}",
        "priceCurrency": "GBP",
        "customer": {"@type": "Person", "name": name, "email": address.rstrip(">")},
        "acceptedOffer": [_offer(*line) for line in lines],
    }
    if tracking:
        carrier: Mapping[str, str] = {"@type": "Organization", "name": "DHL"}
        order["orderDelivery"] = {"@type": "ParcelDelivery", "trackingNumber": tracking, "carrier": carrier}
    markup = json.dumps(order)
    return f'<p>Order {number}</p><script type="application/ld+json">{markup}</script>'


def _offer(sku: str, name: str, quantity: int, price: str) -> dict[str, Any]:
    return {
        "@type": "Offer",
        "price": price,
        "priceCurrency": "GBP",
        "itemOffered": {"@type": "Product", "sku": sku, "name": name},
        "eligibleQuantity": {"@type": "QuantitativeValue", "value": quantity},
    }
