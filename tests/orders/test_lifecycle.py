"""The tables of orders and parcels: what can happen, what cannot, and who is told."""

import pytest

from gateway.kernel.machine import IllegalTransition
from gateway.orders.lifecycle import NOTICE, OPEN, ORDER, SHIPMENT
from gateway.orders.model import OrderMove, OrderStatus, ShipmentMove, ShipmentStatus


@pytest.mark.covers("S0-COV2")
def test_every_move_says_whether_it_is_told():
    assert set(NOTICE) == set(OrderMove)


def test_every_status_can_be_reached_and_is_known():
    assert ORDER.statuses == set(OrderStatus)
    assert SHIPMENT.statuses == set(ShipmentStatus)


def test_what_is_open_can_still_move_and_what_is_over_cannot_be_delayed():
    assert all(ORDER.accepts(status) for status in OPEN)
    assert all(OrderMove.DELAY not in ORDER.accepts(status) for status in set(OrderStatus) - OPEN)
    assert ORDER.terminal == {OrderStatus.CANCELLED, OrderStatus.RETURNED}


def test_a_delay_changes_the_day_and_not_the_status():
    for status in OPEN:
        if OrderMove.DELAY in ORDER.accepts(status):
            assert ORDER.after(status, OrderMove.DELAY) is status


@pytest.mark.parametrize("status", sorted(set(OrderStatus) - {OrderStatus.PLACED, OrderStatus.CONFIRMED}))
def test_what_has_left_the_shop_cannot_be_cancelled(status):
    with pytest.raises(IllegalTransition, match="cannot cancel"):
        ORDER.after(status, OrderMove.CANCEL)


def test_a_delivered_parcel_stays_delivered():
    assert not SHIPMENT.accepts(ShipmentStatus.DELIVERED)


def test_a_lost_parcel_can_be_found():
    assert SHIPMENT.after(ShipmentStatus.LOST, ShipmentMove.HAND_OVER) is ShipmentStatus.DELIVERED
