"""When to order, and how much: examples at every border, and the law behind them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inventory.model import ProductStatus
from gateway.inventory.reorder import is_low, position, shortage
from gateway.testing.builders import a_product, stock

numbers = st.integers(-50, 500)


@pytest.mark.covers("S0-V3", "S0-COV3", "S0-T4")
@pytest.mark.parametrize(
    ("on_hand", "reserved", "on_order", "units"),
    [
        (6, 0, 0, 0),  # one above the point
        (5, 0, 0, 50),  # at the point
        (10, 5, 0, 50),  # promised units are gone
        (0, 0, 50, 0),  # what is on its way counts
        (0, 60, 50, 50),
        (0, 100, 0, 106),  # more than the usual quantity, to come above the point again
    ],
)
def test_it_is_ordered_when_the_position_falls_to_the_point(on_hand, reserved, on_order, units):
    assert shortage(a_product(), stock(on_hand, reserved, on_order)) == units


@pytest.mark.parametrize(
    "product",
    [
        a_product(status=ProductStatus.PAUSED),
        a_product(status=ProductStatus.DISCONTINUED),
        a_product(reorder_point=0, safety_stock=0),
    ],
)
def test_what_must_not_be_ordered_is_not(product):
    assert shortage(product, stock(0)) == 0


def test_safety_stock_is_a_point_too():
    product = a_product(reorder_point=0, safety_stock=8)
    assert is_low(product, stock(8))
    assert not is_low(product, stock(9))
    assert shortage(product, stock(8)) == 50


@given(numbers, st.integers(0, 100), st.integers(0, 100), st.integers(0, 50), st.integers(0, 100))
def test_after_ordering_nothing_is_short(on_hand, reserved, on_order, point, quantity):
    product = a_product(reorder_point=point, reorder_quantity=quantity)
    before = stock(on_hand, reserved, on_order)
    after = replace(before, on_order=on_order + shortage(product, before))
    assert shortage(product, after) == 0
    assert position(after) >= position(before)
