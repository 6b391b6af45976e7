"""Values of the trade as plain data, fit for JSON, and back again without loss.

What JSON has no form for is a mapping of one word: {"date": "2026-12-12"}. Lists come back as tuples.
"""

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeAlias, cast

from gateway.kernel.money import Money

Data: TypeAlias = "dict[str, Data] | list[Data] | str | int | float | bool | None"


def plain(value: object) -> Data:
    """The value as plain data; ValueError for what is none of ours."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Money():
            return {"money": [value.minor, value.currency]}
        case datetime():
            return {"moment": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case Decimal():
            return {"number": str(value)}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in cast("Collection[object]", value)]
        case _:
            raise ValueError(f"{value!r} is no value that can be stored")


def from_plain(data: Data) -> object:
    """The value that `plain` was given; ValueError if the data is no such thing."""
    try:
        match data:
            case {"money": [int(minor), str(currency)]}:
                return Money(minor, currency)
            case {"moment": str(text)}:
                return datetime.fromisoformat(text)
            case {"date": str(text)}:
                return date.fromisoformat(text)
            case {"number": str(text)}:
                return Decimal(text)
            case list():
                return tuple(from_plain(item) for item in data)
            case dict():
                raise ValueError(f"{data!r} is no value")
            case _:
                return data
    except InvalidOperation:
        raise ValueError(f"{data!r} is no number") from None
