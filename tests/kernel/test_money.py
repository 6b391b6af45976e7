"""Money adds up in one currency and in no two."""

from decimal import Decimal

import pytest

from gateway.kernel.money import Money, exponent, money


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("12.50", "EUR", 1250),
        ("0.005", "EUR", 0),
        ("0.015", "EUR", 2),
        ("1e3", "EUR", 100_000),
        (12, "EUR", 1200),
        (Decimal("-3.1"), "GBP", -310),
        ("1200", "JPY", 1200),
        ("1.234", "KWD", 1234),
    ],
)
def test_amounts_become_minor_units(amount: str | int | Decimal, currency: str, minor: int) -> None:
    assert money(amount, currency) == Money(minor, currency)


@pytest.mark.parametrize("amount", ["", "abc", "12,50", "NaN", "Infinity", "1e999999999", "1" * 40])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match=r"is not an amount such as 12\.50"):
        money(amount, "EUR")


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "E1R", "€"])
def test_what_is_no_currency_is_refused_as_such(currency: str) -> None:
    with pytest.raises(ValueError, match="is not an ISO 4217 code"):
        money("12.50", currency)


def test_money_is_written_for_people() -> None:
    assert str(Money(129_900, "EUR")) == "€1,299.00"
    assert str(Money(-1250, "EUR")) == "-€12.50"
    assert str(Money(1200, "JPY")) == "1,200 JPY"
    assert str(Money(-1234, "KWD")) == "-1.234 KWD"


def test_one_currency_adds_subtracts_multiplies_and_compares() -> None:
    assert Money(1, "EUR") + Money(2, "EUR") == Money(3, "EUR")
    assert Money(1, "EUR") - Money(2, "EUR") == Money(-1, "EUR")
    assert Money(5, "EUR") * 3 == Money(15, "EUR")
    assert Money(1, "EUR") < Money(2, "EUR") <= Money(2, "EUR")
    assert max(Money(1, "EUR"), Money(2, "EUR")) == Money(2, "EUR")


def test_two_currencies_neither_add_nor_compare_nor_are_equal() -> None:
    with pytest.raises(ValueError, match="do not go together"):
        Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(ValueError, match="do not go together"):
        Money(1, "EUR") - Money(1, "USD")
    with pytest.raises(ValueError, match="do not go together"):
        sorted([Money(2, "EUR"), Money(1, "USD")])
    assert Money(1, "EUR") != Money(1, "USD")


def test_decimals_come_from_minor_units() -> None:
    assert Money(1250, "EUR").decimal == Decimal("12.50")
    assert [exponent(currency) for currency in ("EUR", "JPY", "KWD")] == [2, 0, 3]
