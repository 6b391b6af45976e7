"""A `Parsed` as JSON and back: how the process that reads suspicious mail hands over what it read.

Values are rebuilt by the declared types of their fields, and only by those: what that process says is as
little trusted as the mail, so anything unexpected in it is a ValueError. A value of a union says which it is.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, NewType, Union, cast, get_args, get_origin, get_type_hints

from gateway.mail.parsed import Parsed

_IS = "is"  # the key that names the class of a value


def dumps(mail: Parsed) -> bytes:
    """The mail as one JSON object in UTF-8."""
    return json.dumps(_plain(mail), ensure_ascii=False, separators=(",", ":")).encode()


def loads(octets: bytes) -> Parsed:
    """The mail that `dumps` was given; ValueError if it is none."""
    try:
        return cast("Parsed", _built(Parsed, json.loads(octets)))
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"this is no parsed mail: {error!r}") from None


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        named = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        return {_IS: type(value).__name__, **named}
    if isinstance(value, tuple):
        return [_plain(each) for each in cast("tuple[Any, ...]", value)]
    return value.isoformat() if isinstance(value, date) else value


def _built(kind: Any, value: Any) -> Any:
    """The value of type `kind` that was written as `value`."""
    if isinstance(kind, NewType):
        kind = kind.__supertype__
    if get_origin(kind) in (Union, UnionType):
        return _one_of(get_args(kind), value)
    if get_origin(kind) is tuple:
        return _tuple(get_args(kind), _checked(list, value))
    if is_dataclass(kind):
        said = cast("Mapping[str, Any]", _checked(dict, value))
        return cast("Any", kind)(**{name: _built(of, said[name]) for name, of in _hints(kind).items()})
    if issubclass(kind, Enum):
        return kind(value)
    if issubclass(kind, date):
        return kind.fromisoformat(value)
    return _checked(kind, value)


def _one_of(kinds: tuple[Any, ...], value: Any) -> Any:
    real = [kind for kind in kinds if kind is not NoneType]
    if value is None and NoneType in kinds:
        return None
    if len(real) == 1:
        return _built(real[0], value)
    name = _checked(dict, value)[_IS]
    return _built({kind.__name__: kind for kind in real}[name], value)


def _tuple(kinds: tuple[Any, ...], values: Sequence[Any]) -> tuple[Any, ...]:
    """`tuple[X, ...]` or `tuple[X, Y]`."""
    if kinds[-1] is Ellipsis:
        return tuple(_built(kinds[0], each) for each in values)
    return tuple(_built(kind, each) for kind, each in zip(kinds, values, strict=True))


def _checked(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{value!r:.80} is no {kind.__name__}")
    return value


@lru_cache(maxsize=64)
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)
