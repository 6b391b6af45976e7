"""What is decided about orders, as sentences about values."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from gateway.inventory.model import ProductStatus
from gateway.kernel.decision import ClearTimers, Disposition, SetTimer
from gateway.kernel.money import Money
from gateway.mail.draft import Answering
from gateway.orders.decide import (
    NoticeFacts,
    OrderStanding,
    on_moved,
    on_placed,
    on_shipment_moved,
    order_form,
    order_mail,
    parcel,
    promise_due,
    status_question,
    wish_to_cancel,
)
from gateway.orders.lifecycle import NOTICE
from gateway.orders.model import (
    AdvanceOrder,
    AdvanceShipment,
    DelayOrder,
    OrderMove,
    OrderMoved,
    OrderPlaced,
    OrderStatus,
    PlaceOrder,
    ShipmentMove,
    ShipmentMoved,
    ShipmentStatus,
    ShipOrder,
)
from gateway.orders.parcels import ParcelNews
from gateway.orders.reading import OrderMail, ReadLine, Reported
from gateway.outbox.message import Send, Tell
from gateway.testing.builders import (
    NOW,
    ORDER_TERMS,
    TODAY,
    a_customer,
    a_product,
    a_shipment,
    an_order,
)

PRODUCTS = {sku: a_product(sku) for sku in ("MUG-01", "BOWL-02")}
LINES = (ReadLine("MUG-01", 2, "", Money(1250, "EUR")),)
NEW = OrderMail("2042", Reported.PLACED, "ana@example.net", "Ana", LINES)
ANSWERS = Answering(None)


def decided(mail: OrderMail, known=None):
    return order_mail(mail, known, PRODUCTS, "Platform", ORDER_TERMS, NOW)


def news(move: ShipmentMove, **more) -> ParcelNews:
    return ParcelNews("1Z999AA10123456784", "UPS", move, "words", **more)


# --- a new order -----------------------------------------------------------------------------------------


def test_a_new_order_registers_its_customer_and_promises_a_working_day():
    decision = decided(NEW)
    register, place = decision.effects
    assert register.email == "ana@example.net"
    assert isinstance(place, PlaceOrder)
    assert (place.promised_on, place.total, place.external_id) == (date(2026, 11, 27), None, "2042")
    assert place.lines[0].name == "Mug-01"  # the catalogue knows better


def test_a_day_promised_by_the_channel_counts():
    mail = replace(
        NEW, promised_on=date(2026, 12, 1), placed_at=NOW - timedelta(days=1), total=Money(9, "EUR")
    )
    place = decided(mail).effects[1]
    assert (place.promised_on, place.placed_on) == (date(2026, 12, 1), date(2026, 11, 19))


@pytest.mark.parametrize(
    ("mail", "reason", "words"),
    [
        (replace(NEW, reported=Reported.SHIPPED), "unsure", "do not know"),
        (replace(NEW, email=""), "unreadable", "who bought"),
        (replace(NEW, lines=()), "unreadable", "no lines"),
        (replace(NEW, lines=(ReadLine("GHOST", 1),)), "check_failed", "GHOST"),
        (replace(NEW, lines=(ReadLine("MUG-01", 0),)), "check_failed", "quantity"),
        (replace(NEW, lines=(ReadLine("MUG-01", 10_001),)), "check_failed", "quantity"),
        (replace(NEW, total=Money(5, "USD")), "check_failed", "EUR and USD"),
    ],
)
def test_what_cannot_be_taken_down_is_held_with_its_reason(mail, reason, words):
    decision = decided(mail)
    assert (decision.disposition, decision.reason) == (Disposition.HELD, reason)
    assert words in decision.note
    assert not decision.effects


def test_a_discontinued_product_is_not_sold():
    gone = {"MUG-01": replace(PRODUCTS["MUG-01"], status=ProductStatus.DISCONTINUED)}
    decision = order_mail(NEW, None, gone, "Platform", ORDER_TERMS, NOW)
    assert "discontinued" in decision.note


def test_an_order_by_hand_is_named_by_its_mail():
    decision = order_form(LINES, "ben@example.org", "Ben", PRODUCTS, ORDER_TERMS, NOW, "id@example.org")
    assert decision.effects[1].external_id == "id@example.org"


# --- news about an order -----------------------------------------------------------------------------------


def test_an_order_that_is_known_is_not_placed_again():
    decision = decided(NEW, an_order())
    assert (decision.disposition, decision.effects) == (Disposition.HANDLED, ())


@pytest.mark.parametrize(
    ("reported", "status", "effects"),
    [
        (Reported.SHIPPED, OrderStatus.CONFIRMED, [ShipOrder]),
        (Reported.DELIVERED, OrderStatus.SHIPPED, [AdvanceOrder]),
        (Reported.DELIVERED, OrderStatus.CONFIRMED, [ShipOrder, AdvanceOrder]),
        (Reported.CANCELLED, OrderStatus.CONFIRMED, [AdvanceOrder]),
        (Reported.RETURNED, OrderStatus.DELIVERED, [AdvanceOrder]),
        (Reported.DELAYED, OrderStatus.CONFIRMED, [DelayOrder]),
    ],
)
def test_a_channels_news_moves_an_order(reported, status, effects):
    mail = replace(NEW, reported=reported, promised_on=date(2026, 12, 1))
    assert [type(effect) for effect in decided(mail, an_order(status)).effects] == effects


@pytest.mark.parametrize(
    ("reported", "status"),
    [
        (Reported.SHIPPED, OrderStatus.DELIVERED),
        (Reported.DELIVERED, OrderStatus.CANCELLED),
        (Reported.CANCELLED, OrderStatus.SHIPPED),
        (Reported.RETURNED, OrderStatus.CONFIRMED),
        (Reported.DELAYED, OrderStatus.CONFIRMED),  # without a day
        (Reported.DELAYED, OrderStatus.DELIVERED),
        (Reported.TROUBLE, OrderStatus.CONFIRMED),
    ],
)
def test_news_that_do_not_fit_are_held(reported, status):
    decision = decided(replace(NEW, reported=reported), an_order(status))
    assert (decision.disposition, decision.reason, decision.effects) == (Disposition.HELD, "unsure", ())


# --- parcels ---------------------------------------------------------------------------------------------


def test_a_parcel_that_is_nobodys_is_nobodys():
    assert parcel(news(ShipmentMove.COLLECT), None, None, NOW) is None


def test_the_first_news_of_a_parcel_ships_its_order():
    decision = parcel(news(ShipmentMove.COLLECT), None, an_order(), NOW)
    assert decision is not None
    (ship,) = decision.effects
    assert (ship.carrier, ship.tracking_number) == ("UPS", "1Z999AA10123456784")


@pytest.mark.parametrize(
    ("move", "status"),
    [(ShipmentMove.HAND_OVER, OrderStatus.CONFIRMED), (ShipmentMove.COLLECT, OrderStatus.DELIVERED)],
)
def test_a_parcel_is_not_invented(move, status):
    assert parcel(news(move), None, an_order(status), NOW) is None


def test_a_carriers_news_move_a_parcel():
    decision = parcel(news(ShipmentMove.HAND_OVER), a_shipment(), an_order(OrderStatus.SHIPPED), NOW)
    assert decision is not None
    (advance,) = decision.effects
    assert isinstance(advance, AdvanceShipment)
    assert (advance.move, advance.at) == (ShipmentMove.HAND_OVER, NOW)


def test_news_of_a_delivered_parcel_change_nothing():
    decision = parcel(news(ShipmentMove.LOAD), a_shipment(ShipmentStatus.DELIVERED), an_order(), NOW)
    assert decision is not None
    assert (decision.disposition, decision.effects) == (Disposition.HANDLED, ())


# --- questions -------------------------------------------------------------------------------------------


def test_a_question_is_answered_to_the_customers_own_address():
    standing = [OrderStanding(an_order(), ())]
    (send,) = status_question(standing, a_customer(), ANSWERS, "").effects
    assert (send.draft.to, send.draft.template) == ("ana@example.net", "orders/status")


@pytest.mark.parametrize(
    ("standing", "refusal"), [([OrderStanding(an_order(), ())], "list: it came by a list"), ([], "")]
)
def test_a_question_that_may_not_be_answered_is_held(standing, refusal):
    decision = status_question(standing, a_customer(), ANSWERS, refusal)
    assert (decision.disposition, decision.effects) == (Disposition.HELD, ())


def test_a_question_that_was_answered_too_often_waits_for_a_person():
    standing = [OrderStanding(an_order(), ())]
    decision = status_question(standing, a_customer(), ANSWERS, "", loops="it got the same answer today")
    assert (decision.reason, decision.effects) == ("breaker", ())
    assert "the same answer" in decision.note


def test_nobody_is_sold_anything_who_may_not_be_told_of_it():
    refused = order_form(
        LINES, "ben@example.org", "Ben", PRODUCTS, ORDER_TERMS, NOW, "id", "list: from a list"
    )
    assert (refused.reason, refused.effects) == ("check_failed", ())
    assert "from a list" in refused.note


def test_a_wish_to_cancel_is_asked_and_not_done():
    decision = wish_to_cancel([an_order()], a_customer())
    assert (decision.reason, decision.effects) == ("rule_asked", ())
    assert "1042" in decision.note
    assert "no open order" in wish_to_cancel([an_order(OrderStatus.DELIVERED)], a_customer()).note


# --- what follows ------------------------------------------------------------------------------------------


def test_a_placed_order_is_confirmed_and_watched():
    event = OrderPlaced("ord1", "cus1", None)
    confirm, clear, watch = on_placed(event, an_order(OrderStatus.PLACED), NOW, ORDER_TERMS)
    assert confirm.move is OrderMove.CONFIRM
    assert isinstance(clear, ClearTimers)
    assert watch.due_at.isoformat() == "2026-11-28T08:00:00+00:00"  # nine in Berlin, the morning after


def test_an_order_without_a_promise_is_not_watched():
    event = OrderPlaced("ord1", "cus1", None)
    order = an_order(OrderStatus.PLACED, promised_on=None)
    assert len(on_placed(event, order, NOW, ORDER_TERMS)) == 1


@pytest.mark.covers("S0-COV2", "S0-V1")
@pytest.mark.parametrize("move", list(OrderMove))
def test_every_move_earns_exactly_its_notice(move):
    facts = NoticeFacts(an_order(OrderStatus.SHIPPED), a_customer(), a_shipment())
    effects = on_moved(OrderMoved("ord1", move, OrderStatus.SHIPPED), facts, NOW, ORDER_TERMS)
    sent = [effect.draft.template for effect in effects if isinstance(effect, Send)]
    assert sent == ([NOTICE[move]] if NOTICE[move] else [])


def test_a_new_day_is_watched_and_an_end_is_not():
    facts = NoticeFacts(an_order(), a_customer(), None)
    delayed = OrderMoved("ord1", OrderMove.DELAY, OrderStatus.CONFIRMED, promised_on=date(2026, 12, 1))
    assert any(isinstance(effect, SetTimer) for effect in on_moved(delayed, facts, NOW, ORDER_TERMS))
    admitted = replace(delayed, promised_on=None)
    assert not any(isinstance(effect, SetTimer) for effect in on_moved(admitted, facts, NOW, ORDER_TERMS))
    over = NoticeFacts(an_order(OrderStatus.CANCELLED), a_customer(), None)
    cancelled = OrderMoved("ord1", OrderMove.CANCEL, OrderStatus.CANCELLED)
    assert any(isinstance(effect, ClearTimers) for effect in on_moved(cancelled, over, NOW, ORDER_TERMS))


def moved(move: ShipmentMove, status: ShipmentStatus, **more) -> ShipmentMoved:
    return ShipmentMoved("shp1", "ord1", move, status, "words", **more)


def test_an_order_is_delivered_when_its_last_parcel_is():
    event = moved(ShipmentMove.HAND_OVER, ShipmentStatus.DELIVERED)
    parcels = (a_shipment(ShipmentStatus.DELIVERED), a_shipment(ShipmentStatus.IN_TRANSIT))
    shipped = an_order(OrderStatus.SHIPPED)
    assert on_shipment_moved(event, NoticeFacts(shipped, a_customer(), parcels[0], parcels), NOW) == ()
    (advance,) = on_shipment_moved(event, NoticeFacts(shipped, a_customer(), None, parcels[:1]), NOW)
    assert advance.move is OrderMove.DELIVER
    part = an_order(OrderStatus.PARTLY_SHIPPED)
    assert on_shipment_moved(event, NoticeFacts(part, a_customer(), None, parcels[:1]), NOW) == ()


def test_trouble_is_told_to_the_owner_and_a_later_day_to_the_customer():
    event = moved(ShipmentMove.MEET_TROUBLE, ShipmentStatus.EXCEPTION, promised_on=date(2026, 12, 4))
    facts = NoticeFacts(an_order(OrderStatus.SHIPPED), a_customer(), a_shipment())
    delay, tell = on_shipment_moved(event, facts, NOW)
    assert isinstance(delay, DelayOrder)
    assert isinstance(tell, Tell)


def test_a_day_that_is_no_later_is_no_delay():
    event = moved(ShipmentMove.COLLECT, ShipmentStatus.IN_TRANSIT, promised_on=date(2026, 11, 25))
    facts = NoticeFacts(an_order(OrderStatus.SHIPPED), a_customer(), a_shipment())
    assert on_shipment_moved(event, facts, NOW) == ()
    late = replace(event, promised_on=date(2026, 12, 25))
    over = NoticeFacts(an_order(OrderStatus.DELIVERED), a_customer(), a_shipment())
    assert on_shipment_moved(late, over, NOW) == ()


def test_a_promise_that_passed_is_admitted():
    order = an_order(promised_on=TODAY - timedelta(days=1))
    (delay,) = promise_due(order, NOW, ORDER_TERMS).effects
    assert delay.promised_on is None


def test_a_promise_of_another_day_is_watched_on():
    effects = promise_due(an_order(), NOW, ORDER_TERMS).effects
    assert any(isinstance(effect, SetTimer) for effect in effects)


@pytest.mark.parametrize("order", [None, an_order(promised_on=None), an_order(OrderStatus.DELIVERED)])
def test_a_promise_about_nothing_open_is_over(order):
    assert promise_due(order, NOW, ORDER_TERMS).effects == ()
