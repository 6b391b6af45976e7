"""Criteria answer yes, no or unknown, and come back from plain data as they were."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gateway.kernel.criteria import (
    DEEPEST,
    OPERATORS,
    UNKNOWN,
    All,
    Any,
    Compare,
    Not,
    from_data,
    holds,
    to_data,
)
from gateway.kernel.errors import InputError
from gateway.kernel.money import Money
from gateway.kernel.plain import from_plain, plain

FIELDS: Mapping[str, object] = {
    "status": "Shipped",
    "text": "Where  is my ﬁne vase?",
    "count": 3,
    "spent": Money(5000, "EUR"),
    "since": date(2026, 11, 20),
    "at": datetime(2026, 11, 20, 10, tzinfo=UTC),
    "tags": ("VIP", "returns"),
    "nothing": None,
    "blank": " ",
    "none_listed": (),
}


def read(field: str) -> object:
    return FIELDS.get(field, UNKNOWN)


YES, NO, MAYBE = Compare("count", "eq", 3), Compare("count", "eq", 4), Compare("missing", "eq", 1)


@pytest.mark.parametrize(
    ("field", "operator", "value", "expected"),
    [
        ("status", "eq", "shipped", True),
        ("status", "eq", " SHIPPED ", True),
        ("status", "ne", "placed", True),
        ("status", "in", ["placed", "shipped"], True),
        ("status", "not_in", ["placed"], True),
        ("text", "contains", "IS MY", True),
        ("text", "contains", "fine", True),
        ("text", "contains", "mug", False),
        ("count", "gt", 2, True),
        ("count", "gt", 3, False),
        ("count", "lt", 4, True),
        ("count", "at_least", 3, True),
        ("count", "at_most", 2, False),
        ("count", "at_least", Decimal("2.5"), True),
        ("spent", "at_least", Money(5000, "EUR"), True),
        ("spent", "gt", Money(1, "USD"), None),
        ("since", "before", date(2026, 12, 1), True),
        ("since", "after", date(2026, 12, 1), False),
        ("since", "after", datetime(2026, 1, 1, tzinfo=UTC), None),
        ("at", "after", datetime(2026, 1, 1, tzinfo=UTC), True),
        ("count", "before", 5, None),
        ("tags", "has", "vip", True),
        ("tags", "has", "new", False),
        ("status", "has", "s", None),
        ("status", "gt", "placed", None),
        ("status", "gt", 1, None),
        ("tags", "contains", "vip", None),
        ("status", "in", "shipped", None),
        ("nothing", "empty", True, True),
        ("nothing", "empty", False, False),
        ("nothing", "eq", "x", None),
        ("nothing", "ne", "x", None),
        ("blank", "empty", True, True),
        ("none_listed", "empty", None, True),
        ("tags", "empty", True, False),
        ("tags", "empty", False, True),
        ("count", "empty", True, False),
        ("missing", "empty", True, None),
        ("missing", "eq", 1, None),
        ("missing", "ne", 1, None),
    ],
)
def test_comparisons(field: str, operator: str, value: object, expected: bool | None) -> None:
    assert holds(Compare(field, operator, value), read) is expected


def test_unknown_is_not_false_under_not() -> None:
    assert holds(Not(MAYBE), read) is None
    assert holds(Not(YES), read) is False
    assert holds(Not(NO), read) is True


@pytest.mark.parametrize(
    ("parts", "of_all", "of_any"),
    [
        ((), True, False),
        ((YES, YES), True, True),
        ((YES, NO), False, True),
        ((NO, NO), False, False),
        ((YES, MAYBE), None, True),
        ((MAYBE, NO), False, None),
        ((MAYBE, MAYBE), None, None),
        ((MAYBE, YES, NO), False, True),
    ],
)
def test_all_and_any_have_three_values(
    parts: tuple[Compare, ...], of_all: bool | None, of_any: bool | None
) -> None:
    assert holds(All(parts), read) is of_all
    assert holds(Any(parts), read) is of_any


def test_nothing_is_read_once_the_answer_is_certain() -> None:
    asked: list[str] = []

    def remember(field: str) -> object:
        asked.append(field)
        return 3

    assert holds(Any((Compare("a", "eq", 3), Compare("b", "eq", 3))), remember) is True
    assert holds(All((Compare("c", "eq", 4), Compare("d", "eq", 3))), remember) is False
    assert asked == ["a", "c"]


def test_a_tree_comes_back_from_json_as_it_was() -> None:
    tree = All(
        (
            Any((Compare("spent", "at_least", Money(5000, "EUR")), Compare("tags", "has", "vip"))),
            Not(Compare("since", "before", date(2026, 1, 1))),
            Compare("at", "after", datetime(2026, 1, 1, tzinfo=UTC)),
            Compare("rate", "lt", Decimal("0.10")),
            Compare("status", "in", ("placed", "shipped")),
            Compare("text", "empty"),
        )
    )

    assert from_data(json.loads(json.dumps(to_data(tree)))) == tree


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            {"field": "a", "operator": "equals", "value": 1},
            "criterion: no operator 'equals'; write one of eq, ne",
        ),
        ({"field": "a", "operator": "contain"}, "did you mean 'contains'"),
        (
            {"all": [{"any": [{"field": "a", "operator": "x"}]}]},
            r"criterion\.all\[0\]\.any\[0\]: no operator 'x'",
        ),
        ({"not": {}}, r"criterion\.not: not a criterion; write field, operator and value"),
        ({"all": [], "any": []}, "not a criterion"),
        ({"all": {}}, "not a criterion"),
        ({"field": 1, "operator": "eq"}, "not a criterion"),
        ({"field": "a", "operator": "eq", "vlaue": 1}, "not a criterion"),
        ({"field": "a", "operator": "eq", "value": {"date": "tomorrow"}}, "criterion: .*tomorrow"),
        ({"field": "a", "operator": "eq", "value": {"number": "x"}}, "is no number"),
        ({"field": "a", "operator": "eq", "value": {"what": 1}}, "is no value"),
        ({"field": "a", "operator": "eq", "value": {"money": [1, "eur"]}}, "ISO 4217"),
        (None, "not a criterion"),
        ([], "not a criterion"),
    ],
)
def test_what_is_no_criterion_is_refused_with_its_place(data: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_data(data)  # type: ignore[arg-type]


def test_a_tree_that_is_too_deep_is_refused() -> None:
    data: object = {"field": "a", "operator": "eq", "value": 1}
    for _ in range(DEEPEST):
        data = {"not": data}
    from_data(data)  # type: ignore[arg-type]

    with pytest.raises(InputError, match="levels deep"):
        from_data({"not": data})  # type: ignore[dict-item]


def test_a_comparison_written_in_python_knows_its_operators_too() -> None:
    with pytest.raises(InputError, match="no operator 'equal'"):
        Compare("a", "equal", 1)
    assert len(OPERATORS) == 13


def test_values_that_cannot_be_stored_are_refused() -> None:
    with pytest.raises(ValueError, match="no value that can be stored"):
        plain(object())
    assert from_plain(plain({1})) == (1,)  # type: ignore[arg-type]
