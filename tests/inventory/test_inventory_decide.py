"""What is decided about stock, as sentences about values."""

from dataclasses import replace

import pytest

from gateway.inventory.decide import (
    count_stock,
    keep_products,
    on_goods_received,
    on_order_moved,
    on_order_placed,
    on_purchase_order_confirmed,
    on_purchase_order_sent,
    on_stock_changed,
)
from gateway.inventory.model import (
    CountStock,
    Expect,
    KeepProduct,
    Receive,
    Reserve,
    SellReserved,
    StockChanged,
)
from gateway.kernel.decision import Disposition
from gateway.orders.model import OrderMove, OrderMoved, OrderPlaced, OrderStatus
from gateway.outbox.message import Tell
from gateway.purchasing.model import (
    GoodsReceived,
    OrderFromSupplier,
    PurchaseOrderConfirmed,
    PurchaseOrderSent,
)
from gateway.testing.builders import NOW, a_product, an_order, stock

MUG = "prd-MUG-01"
PLACED = OrderPlaced("ord1", "cus1", None)


def moved(move: OrderMove, **more) -> OrderMoved:
    return OrderMoved("ord1", move, OrderStatus.SHIPPED, **more)


def test_an_order_is_promised_its_units():
    assert on_order_placed(PLACED, an_order(lines=2), NOW) == (
        Reserve("ord1", ((MUG, 2), ("prd-BOWL-02", 2))),
    )


def test_two_lines_of_one_product_count_together():
    twice = an_order()
    twice = replace(twice, lines=(*twice.lines, replace(twice.lines[0], line=2, quantity=3)))
    assert on_order_placed(PLACED, twice, NOW) == (Reserve("ord1", ((MUG, 5),)),)


def test_lines_that_are_no_products_reserve_nothing():
    service = replace(an_order(), lines=(replace(an_order().lines[0], product_id=None),))
    assert on_order_placed(PLACED, service, NOW) == ()
    assert on_order_moved(moved(OrderMove.SHIP, shipped=((1, 2),)), service, NOW) == ()
    assert on_order_moved(moved(OrderMove.CANCEL), service, NOW) == ()


@pytest.mark.parametrize("move", [OrderMove.SHIP, OrderMove.SHIP_PART])
def test_units_that_left_are_sold_in_one_step(move):
    effects = on_order_moved(moved(move, shipped=((1, 1),)), an_order(lines=2), NOW)
    assert effects == (SellReserved("ord1", ((MUG, 1),)),)


def test_a_cancelled_order_gives_its_promise_back():
    assert on_order_moved(moved(OrderMove.CANCEL), an_order(), NOW) == (Reserve("ord1", ((MUG, -2),)),)


@pytest.mark.parametrize("move", [OrderMove.CONFIRM, OrderMove.DELAY, OrderMove.DELIVER, OrderMove.RETURN])
def test_other_moves_touch_no_stock(move):
    assert on_order_moved(moved(move), an_order(), NOW) == ()


def test_what_a_supplier_promises_is_expected_and_what_comes_is_received():
    units = ((MUG, 50),)
    assert on_purchase_order_sent(PurchaseOrderSent("pur1", "sup1", units), None, NOW) == (
        Expect("pur1", units),
    )
    less = PurchaseOrderConfirmed("pur1", "sup1", 40, 50, None, ((MUG, -10),))
    assert on_purchase_order_confirmed(less, None, NOW) == (Expect("pur1", ((MUG, -10),)),)
    assert on_purchase_order_confirmed(replace(less, change=()), None, NOW) == ()
    assert on_goods_received(GoodsReceived("pur1", units), None, NOW) == (Receive("pur1", units),)
    assert on_goods_received(GoodsReceived("pur1", ()), None, NOW) == ()


@pytest.mark.covers("S0-3.1", "S0-COV3")
def test_low_stock_is_ordered_from_its_supplier():
    event = StockChanged(stock(6), stock(5))
    (order,) = on_stock_changed(event, (a_product(), stock(5)), NOW)
    assert order == OrderFromSupplier(MUG, 50)
    assert on_stock_changed(event, (a_product(), stock(5, on_order=50)), NOW) == ()


def test_low_stock_without_a_supplier_is_told_when_it_falls_low_and_not_again():
    lonely = a_product(supplier_id=None)
    (tell,) = on_stock_changed(StockChanged(stock(6), stock(5)), (lonely, stock(5)), NOW)
    assert isinstance(tell, Tell)
    assert on_stock_changed(StockChanged(stock(5), stock(4)), (lonely, stock(4)), NOW) == ()


def test_counting_unknown_products_is_held():
    assert count_stock([("MUG-01", 3)], {"MUG-01"}).effects == (CountStock("MUG-01", 3),)
    held = count_stock([("MUG-01", 3), ("GHOST", 1)], {"MUG-01"})
    assert (held.disposition, held.effects) == (Disposition.HELD, ())
    assert "GHOST" in held.note


def test_a_catalogue_is_kept():
    assert keep_products([KeepProduct("MUG-01")]).effects == (KeepProduct("MUG-01"),)
