"""Criteria: a tree of questions about named fields, answered with yes, no or unknown.

Rules, segments and flows ask with the same tree. A field that cannot be read is `UNKNOWN`, and unknown is not
false: it stays unknown under `Not` (three values, as in SQL), so nothing is decided on what nobody knows.
None is a field that is known to be empty: `empty` holds of it, every other question about it is unknown, as
it is of NULL. So is a comparison that makes no sense, such as of euros with dollars.
"""

import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from enum import Enum
from typing import Final, TypeAlias, cast

from gateway.kernel.errors import InputError
from gateway.kernel.money import Money
from gateway.kernel.plain import Data, from_plain, plain


class Unknown(Enum):
    """The value of a field that cannot be read."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
_ORDERED = (int, float, Decimal, Money, date)
DEEPEST = 32  # levels of a tree from outside; more would be an attack on the stack

Criterion: TypeAlias = "All | Any | Not | Compare"
Read: TypeAlias = Callable[[str], object]  # the value of a field by its name, or UNKNOWN


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; with no parts, yes."""

    parts: tuple[Criterion, ...] = ()


@dataclass(frozen=True, slots=True)
class Any:
    """At least one part holds; with no parts, no."""

    parts: tuple[Criterion, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Criterion


@dataclass(frozen=True, slots=True)
class Compare:
    """One question: how the field stands to the value; InputError if there is no such operator."""

    field: str
    operator: str
    value: object = None

    def __post_init__(self) -> None:
        if self.operator not in OPERATORS:
            raise _unknown_operator(self.field, self.operator)


def holds(criterion: Criterion, read: Read) -> bool | None:
    """Whether the criterion is true of what `read` gives; None: unknown."""
    match criterion:
        case Compare(field, operator, value):
            return _asked(operator, read(field), value)
        case Not(part):
            answer = holds(part, read)
            return None if answer is None else not answer
        case All(parts):
            return _first(parts, read, certain=False)
        case Any(parts):
            return _first(parts, read, certain=True)


def to_data(criterion: Criterion) -> Data:
    """The criterion as plain data, fit for JSON; `from_data` gives the same criterion back."""
    match criterion:
        case Compare(field, operator, value):
            return {"field": field, "operator": operator, "value": plain(value)}
        case Not(part):
            return {"not": to_data(part)}
        case All(parts):
            return {"all": [to_data(part) for part in parts]}
        case Any(parts):
            return {"any": [to_data(part) for part in parts]}


def from_data(data: Data, where: str = "criterion", depth: int = 0) -> Criterion:
    """The criterion that plain data describes; InputError says where in it something is wrong."""
    if depth > DEEPEST:
        raise InputError(where, f"more than {DEEPEST} levels deep", "write it flatter")
    match data:
        case {"all": [*parts], **rest} if not rest:
            return All(tuple(from_data(part, f"{where}.all[{n}]", depth + 1) for n, part in enumerate(parts)))
        case {"any": [*parts], **rest} if not rest:
            return Any(tuple(from_data(part, f"{where}.any[{n}]", depth + 1) for n, part in enumerate(parts)))
        case {"not": part, **rest} if not rest:
            return Not(from_data(part, f"{where}.not", depth + 1))
        case {"field": str(field), "operator": str(operator), **rest} if rest.keys() <= {"value"}:
            return _comparison(field, operator, rest.get("value"), where)
        case _:
            raise InputError(where, "not a criterion", "write field, operator and value, or all, any or not")


def _comparison(field: str, operator: str, value: Data, where: str) -> Compare:
    if operator not in OPERATORS:
        raise _unknown_operator(where, operator)
    try:
        return Compare(field, operator, from_plain(value))
    except ValueError as error:
        raise InputError(where, str(error), "write text, a number, a date, money or a list of them") from None


def _first(parts: tuple[Criterion, ...], read: Read, *, certain: bool) -> bool | None:
    """`certain` as soon as one part says so, else unknown if one part was, else the contrary."""
    answer: bool | None = not certain
    for part in parts:
        seen = holds(part, read)
        if seen is certain:
            return certain
        answer = None if seen is None else answer
    return answer


def _asked(operator: str, seen: object, value: object) -> bool | None:
    if seen is UNKNOWN or value is UNKNOWN:
        return None
    if operator == "empty":
        return _empty(seen) is (value is not False)
    if seen is None:
        return None
    try:
        return OPERATORS[operator](seen, value)
    except (TypeError, ValueError):  # different currencies, a date and a text: no sensible answer
        return None


def _empty(seen: object) -> bool:
    return seen is None or (not seen.strip() if isinstance(seen, str) else seen in ((), [], frozenset()))


def _folded(value: object) -> object:
    """A value for comparing: text in one form (NFKC), without case, blanks joined."""
    if isinstance(value, str):
        return " ".join(unicodedata.normalize("NFKC", value).casefold().split())
    return value


def _equal(seen: object, value: object) -> bool:
    return _folded(seen) == _folded(value)


def _among(seen: object, values: object) -> bool:
    return any(_equal(seen, value) for value in _listed(values))


def _listed(values: object) -> Collection[object]:
    if isinstance(values, str) or not isinstance(values, Collection):
        raise TypeError(f"{values!r} is not a list")
    return cast("Collection[object]", values)


def _contains(seen: object, value: object) -> bool:
    if not (isinstance(seen, str) and isinstance(value, str)):
        raise TypeError("only text contains text")
    return cast("str", _folded(value)) in cast("str", _folded(seen))


def _order(seen: object, value: object) -> int:
    """-1, 0 or 1; TypeError or ValueError for what has no order, such as text or two currencies."""
    if not (isinstance(seen, _ORDERED) and isinstance(value, _ORDERED)):
        raise TypeError("only numbers, money, days and moments are more or less")
    if isinstance(seen, Money) != isinstance(value, Money):
        raise TypeError("a bare number has no currency")
    left, right = cast("Decimal", seen), cast("Decimal", value)
    return (left > right) - (left < right)


def _order_in_time(seen: object, value: object) -> int:
    if not (isinstance(seen, date) and isinstance(value, date)):
        raise TypeError("only days and moments come before and after one another")
    return _order(seen, value)


OPERATORS: Mapping[str, Callable[[object, object], bool]] = {
    "eq": _equal,
    "ne": lambda seen, value: not _equal(seen, value),
    "contains": _contains,
    "gt": lambda seen, value: _order(seen, value) > 0,
    "lt": lambda seen, value: _order(seen, value) < 0,
    "at_least": lambda seen, value: _order(seen, value) >= 0,
    "at_most": lambda seen, value: _order(seen, value) <= 0,
    "in": _among,
    "not_in": lambda seen, values: not _among(seen, values),
    "has": lambda seen, value: _among(value, seen),
    "empty": lambda seen, value: _empty(seen) is (value is not False),
    "before": lambda seen, value: _order_in_time(seen, value) < 0,
    "after": lambda seen, value: _order_in_time(seen, value) > 0,
}


def _unknown_operator(where: str, operator: str) -> InputError:
    close = get_close_matches(operator, OPERATORS, n=1)
    remedy = f"did you mean {close[0]!r}?" if close else f"write one of {', '.join(OPERATORS)}"
    return InputError(where, f"no operator {operator!r}", remedy)
