"""Ids sort by time, and a cause always gives the same consequence the same id."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.kernel.ids import derived_id, heard, made_at, new_id, prefix_of, spoken

NOW = datetime(2026, 11, 20, 10, 0, 0, 123_000, tzinfo=UTC)


def test_an_id_is_a_prefix_and_26_characters() -> None:
    identifier = new_id("ord", NOW)

    assert len(identifier) == 29
    assert prefix_of(identifier) == "ord"
    assert not set(identifier[3:]) & set("ilou")


def test_an_id_carries_its_instant_to_the_millisecond() -> None:
    assert made_at(new_id("ord", NOW)) == NOW
    assert made_at(new_id("ord", NOW + timedelta(microseconds=999))) == NOW


def test_ids_of_one_millisecond_grow() -> None:
    made = [new_id("ord", NOW) for _ in range(1000)]

    assert made == sorted(made)
    assert len(set(made)) == 1000


def test_an_id_made_later_is_greater() -> None:
    assert new_id("ord", NOW) < new_id("ord", NOW + timedelta(milliseconds=1))


def test_a_clock_that_was_set_back_is_believed() -> None:
    new_id("ord", NOW + timedelta(hours=1))

    assert made_at(new_id("ord", NOW)) == NOW


def test_the_same_cause_and_parts_give_the_same_id() -> None:
    cause = new_id("jrn", NOW)

    assert derived_id("eff", cause, "rule", 1) == derived_id("eff", cause, "rule", 1)
    assert made_at(derived_id("eff", cause, "rule", 1)) == NOW


@pytest.mark.parametrize(
    "other", [("eff", "rule", 2), ("eff", "rule2", 1), ("msg", "rule", 1), ("eff", "rule1", "")]
)
def test_anything_else_gives_another_id(other: tuple[str, str, object]) -> None:
    cause = new_id("jrn", NOW)
    prefix, *parts = other

    assert derived_id(prefix, cause, *parts)[3:] != derived_id("eff", cause, "rule", 1)[3:]


def test_a_cause_that_is_no_id_counts_as_made_in_1970() -> None:
    assert made_at(derived_id("eff", "daily", "2026-11-20")).year == 1970
    assert derived_id("eff", "\ud800 odd", 1) == derived_id("eff", "\ud800 odd", 1)


def test_a_serial_number_is_spoken_and_heard() -> None:
    assert heard(spoken("J", 244_851)) == 244_851
    assert spoken("J", 0) == "J0"
    assert heard(" j7f3k ") == heard("J7F3K")


def test_letters_that_sound_or_look_like_digits_are_heard_as_such() -> None:
    assert heard("JO7IL") == heard("J0711")


@pytest.mark.parametrize("text", ["", "J", "Ju", "J7-3", "J" + "z" * 13])
def test_what_is_no_serial_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as J7F3K"):
        heard(text)
