"""Low stock, a purchase order, and everything a supplier may answer."""

import pytest

from gateway.testing.shop import Shop, words_of

ANA, ORDERS, ACME, OWNER = (
    "Ana Lopez <ana@example.net>",
    "orders@boutique.example",
    "sales@pottery.example",
    "priya@owner.example",
)


async def buys(shop: Shop, mugs: int, who: str = ANA) -> None:
    await shop.receives(f"{mugs} x MUG-01", sender=who, to=ORDERS)


async def purchase_order(shop: Shop):
    (order,) = await shop.rows("purchase_order")
    return order


@pytest.mark.covers("S0-3.1", "S0-3.2", "S0-C3.1", "S0-C3.2", "S0-V3", "S0-T4")
async def test_low_stock_becomes_one_purchase_order(shop: Shop):
    await buys(shop, 4)
    assert not await shop.rows("purchase_order")  # six are left, five is the point
    await buys(shop, 1)
    assert (await purchase_order(shop))["status"] == "sent"
    letter = shop.last_mail_to(ACME)
    assert "50" in words_of(letter)
    assert "PO-1042" in words_of(letter)

    await buys(shop, 2)  # lower still, but fifty are on their way
    assert len(await shop.rows("purchase_order")) == 1
    assert len(shop.sink.mails_to(ACME)) == 1


@pytest.mark.covers("S0-3.3", "S0-C3.3", "S0-CS3")
async def test_a_partial_confirmation_is_booked_and_told(shop: Shop):
    await buys(shop, 6)
    await shop.answers(shop.last_mail_to(ACME), "PO-1042 will ship 12 Nov, 40 of 50 units.")
    order = await purchase_order(shop)
    (line,) = await shop.rows("purchase_order_line")
    assert (order["status"], str(order["expected_on"]), line["confirmed"]) == (
        "acknowledged",
        "2026-11-12",
        40,
    )
    assert await shop.stock("MUG-01") == (10, 6, 40)
    assert "40" in words_of(shop.last_mail_to(OWNER))


async def test_our_own_words_in_the_quote_confirm_nothing(shop: Shop):
    await buys(shop, 6)
    outcome = await shop.answers(
        shop.last_mail_to(ACME),
        "Let me ask.\n\nOn Mon, Blue Door wrote:\n> will ship 12 Nov, 50 of 50 units\n",
    )
    assert outcome.decision.disposition == "held"
    assert (await purchase_order(shop))["status"] == "sent"


@pytest.mark.parametrize(
    "words",
    [
        "Will ship 12 Nov, 400 of 50 units.",
        "40 of 60 units will ship 12 Nov.",
        "Will ship 12 Nov 2027, 40 of 50",
    ],
)
async def test_an_answer_that_makes_no_sense_changes_nothing(shop: Shop, words: str):
    await buys(shop, 6)
    outcome = await shop.answers(shop.last_mail_to(ACME), words)
    assert (outcome.decision.disposition, outcome.decision.reason) == ("held", "check_failed")
    assert (await purchase_order(shop))["status"] == "sent"
    assert (await shop.stock("MUG-01"))[2] == 50


async def test_a_stranger_with_the_suppliers_token_changes_nothing(shop: Shop):
    await buys(shop, 6)
    outcome = await shop.answers(
        shop.last_mail_to(ACME), "Will ship 12 Nov, 40 of 50 units.", sender="mallory@example.org"
    )
    assert (outcome.decision.disposition, outcome.decision.reason) == ("held", "third_person")
    assert (await purchase_order(shop))["status"] == "sent"


@pytest.mark.covers("S0-E6")
async def test_a_silent_supplier_is_asked_again_and_then_the_owner_told(shop: Shop):
    await buys(shop, 6)
    await shop.lets_pass(days=4)
    assert [str(mail.message["Subject"]) for mail in shop.sink.mails_to(ACME)][1:] == [
        "Our purchase order PO-1042: please confirm"
    ]
    assert not shop.mails_to(OWNER, "PO-1042")
    await shop.lets_pass(days=4)
    assert len(shop.mails_to(OWNER, "PO-1042")) == 1
    await shop.lets_pass(days=10)
    assert len(shop.sink.mails_to(ACME)) == 2
    assert len(shop.mails_to(OWNER, "PO-1042")) == 1


async def test_a_supplier_who_answered_is_not_reminded(shop: Shop):
    await buys(shop, 6)
    await shop.answers(shop.last_mail_to(ACME), "We confirm, will ship 20 Nov.")
    await shop.lets_pass(days=10)
    assert len(shop.sink.mails_to(ACME)) == 1


async def test_a_supplier_on_holiday_is_reminded_after_it(shop: Shop):
    await buys(shop, 6)
    outcome = await shop.answers(
        shop.last_mail_to(ACME),
        "We are closed and back on 16 November 2026.",
        headers={"Auto-Submitted": "auto-replied"},
        reverse_path="",
    )
    assert outcome.decision.disposition == "handled"
    await shop.lets_pass(days=14)  # Monday the 16th
    assert len(shop.sink.mails_to(ACME)) == 1
    await shop.lets_pass(days=4)
    assert len(shop.sink.mails_to(ACME)) == 2


async def test_received_goods_are_on_the_shelf(shop: Shop):
    await buys(shop, 6)
    await shop.brings("received", {"purchase_order": "PO-1042", "quantity": "20"})
    assert (await purchase_order(shop))["status"] == "partly_received"
    assert await shop.stock("MUG-01") == (30, 6, 30)
    await shop.brings("received", {"purchase_order": "PO-1042"})
    assert (await purchase_order(shop))["status"] == "received"
    assert await shop.stock("MUG-01") == (60, 6, 0)


async def test_two_orders_in_one_file_do_not_order_the_same_mugs_twice(shop: Shop):
    await shop.brings(
        "orders",
        {"number": "501", "email": "ana@example.net", "sku": "MUG-01", "quantity": "6"},
        {"number": "502", "email": "ben@example.org", "sku": "MUG-01", "quantity": "6"},
    )
    assert len(await shop.rows("purchase_order")) == 1


async def test_a_product_without_supplier_is_the_owners_worry_once(shop: Shop):
    await shop.brings("products", {"sku": "BOWL-02", "reorder_point": "18"})
    await shop.receives("3 x BOWL-02", sender=ANA, to=ORDERS)
    await shop.receives("1 x BOWL-02", sender=ANA, to=ORDERS)
    assert len(shop.mails_to(OWNER, "Large bowl")) == 1
