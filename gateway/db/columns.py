"""How each kind of value is stored, so that it comes back from both databases exactly as it went in.

SQLite's STRICT tables know INTEGER, TEXT and BLOB; PostgreSQL has its own types. No type here is a float:
money is whole minor units, shares are basis points, instants are whole microseconds since 1970 in UTC.
"""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Dialect, Integer, LargeBinary, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


class Instant(TypeDecorator[datetime]):
    """An aware datetime, returned in UTC; a naive one raises. INTEGER microseconds, or timestamptz."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Integer() if _is_sqlite(dialect) else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; an instant must have one")
        return (value - EPOCH) // _MICROSECOND if _is_sqlite(dialect) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return EPOCH + value * _MICROSECOND if _is_sqlite(dialect) else value.astimezone(UTC)


class Day(TypeDecorator[date]):
    """A day of the shop, without zone: promised, expected, birthday. TEXT `2026-12-12`, or date."""

    impl = Date
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if _is_sqlite(dialect) else Date())

    def process_bind_param(self, value: date | None, dialect: Dialect) -> Any:
        if isinstance(value, datetime):
            raise TypeError(f"{value!r} is an instant; a day was wanted")
        return value.isoformat() if value is not None and _is_sqlite(dialect) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        return date.fromisoformat(value) if value is not None and _is_sqlite(dialect) else value


class Id(TypeDecorator[str]):
    """An id of `kernel.ids`; compared octet by octet on both databases, so that it sorts by time."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if _is_sqlite(dialect) else Text(collation="C"))


class Word(TypeDecorator[str]):
    """One of a few words, read back as plain `str` (which equals its StrEnum member).

    `tables.word` adds the CHECK. A word that is none of them raises before it reaches the database.
    """

    impl = Text
    cache_ok = True

    def __init__(self, words: Iterable[str] = ()) -> None:
        super().__init__()
        self.words = tuple(str(word) for word in words)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None:
            return None
        if value not in self.words:
            raise ValueError(f"{str(value)!r} is none of {', '.join(self.words)}")
        return str(value)


class Flag(TypeDecorator[bool]):
    """True or False; INTEGER 0/1, or boolean."""

    impl = Boolean
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Integer() if _is_sqlite(dialect) else Boolean())

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> Any:
        if value is not None and not isinstance(value, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{value!r} is neither True nor False")
        return int(value) if value is not None and _is_sqlite(dialect) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:  # noqa: ARG002
        return None if value is None else bool(value)


class Json(TypeDecorator[Any]):
    """A value of JSON that SQL never filters; None is NULL. TEXT, or jsonb, which forgets the keys' order."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if _is_sqlite(dialect) else JSONB(none_as_null=True))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None or not _is_sqlite(dialect):
            return value
        return _to_json(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return json.loads(value) if value is not None and _is_sqlite(dialect) else value


Octets = LargeBinary  # BLOB, or bytea
Seq = BigInteger().with_variant(Integer(), "sqlite")  # a hot key, or a number that people say
Money = BigInteger().with_variant(Integer(), "sqlite")  # minor units (ISO 4217); the currency stands beside
Size = BigInteger().with_variant(Integer(), "sqlite")  # octets, or another count without bound
Count = Integer  # pieces, days, attempts, basis points
Small = SmallInteger().with_variant(Integer(), "sqlite")  # lanes, reply codes


def _is_sqlite(dialect: Dialect) -> bool:
    return dialect.name == "sqlite"
