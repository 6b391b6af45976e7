"""The finders of a rule: dates, quantities, parts of a whole, money, percentages (rules.md, 3.2).

Each answers with the one value that is meant, or None; two different ones left are none at all. `near` words
point at their value, `nth` counts instead, from 1.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from gateway.kernel.money import Money
from gateway.rules.amounts import (
    Part,
    amounts_of_money,
    found_words,
    parts_of_a_whole,
    percentages,
    quantities,
)
from gateway.rules.dates import dates
from gateway.rules.found import chosen

__all__ = (
    "Part",
    "find_date",
    "find_email",
    "find_money",
    "find_part_of_whole",
    "find_percent",
    "find_quantity",
    "find_url",
)

READ = 32 * 1024  # characters; nobody promises a day on the twentieth page

_EMAIL = r"[\pL\d.!#$%&'*+/=?^_`{|}~-]+@[\pL\d-]+(?:\.[\pL\d-]+)*\.\pL{2,}"
_URL = r"(?i:https?://|www\.)[^\s<>\"']*[^\s<>\"'.,;:!?)\]]"


def find_date(
    text: str, *, today: date, near: Sequence[str] = (), day_first: bool = True, nth: int | None = None
) -> date | None:
    """The date that is meant, in the shop's days; `day_first` says how 3/4 is read."""
    return chosen(dates(text[:READ], today, day_first=day_first), text[:READ], near, nth)


def find_quantity(
    text: str, *, unit: Sequence[str] = (), near: Sequence[str] = (), nth: int | None = None
) -> int | None:
    """The number of pieces: `40 units`, `3 dozen`, `1.250 Stk`; `unit` narrows what is counted."""
    return chosen(quantities(text[:READ], unit), text[:READ], near, nth)


def find_part_of_whole(text: str, *, near: Sequence[str] = (), nth: int | None = None) -> Part | None:
    """`40 of 50`, `40/50`, `40 von 50`; never a date such as 12/12."""
    return chosen(parts_of_a_whole(text[:READ]), text[:READ], near, nth)


def find_money(
    text: str, *, currency: str = "", near: Sequence[str] = (), nth: int | None = None
) -> Money | None:
    """`12,50 €`, `EUR 12.50`; a bare `12.50` only if the shop's `currency` is given."""
    return chosen(amounts_of_money(text[:READ], currency), text[:READ], near, nth)


def find_percent(text: str, *, near: Sequence[str] = (), nth: int | None = None) -> Decimal | None:
    """`5 %`, `5 percent`: 5."""
    return chosen(percentages(text[:READ]), text[:READ], near, nth)


def find_email(text: str, *, near: Sequence[str] = (), nth: int | None = None) -> str | None:
    """An address of mail."""
    return chosen(list(found_words(text[:READ], _EMAIL)), text[:READ], near, nth)


def find_url(text: str, *, near: Sequence[str] = (), nth: int | None = None) -> str | None:
    """A web address, without the punctuation of its sentence."""
    return chosen(list(found_words(text[:READ], _URL)), text[:READ], near, nth)
