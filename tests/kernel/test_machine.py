"""A move that the table does not have cannot happen."""

from enum import StrEnum

import pytest

from gateway.kernel.machine import IllegalTransition, Machine


class Status(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    GONE = "gone"


class Move(StrEnum):
    SHUT = "shut"
    OPEN = "open"
    BURN = "burn"


DOOR: Machine[Status, Move] = Machine(
    "door",
    Status.OPEN,
    {
        (Status.OPEN, Move.SHUT): Status.SHUT,
        (Status.SHUT, Move.OPEN): Status.OPEN,
        (Status.SHUT, Move.BURN): Status.GONE,
    },
)


def test_a_row_of_the_table_happens() -> None:
    assert DOOR.after(Status.OPEN, Move.SHUT) is Status.SHUT


def test_a_missing_row_names_what_would_be_possible() -> None:
    with pytest.raises(IllegalTransition, match=r"door is shut: cannot shut \(possible here: burn, open\)"):
        DOOR.after(Status.SHUT, Move.SHUT)


def test_at_the_end_nothing_is_possible() -> None:
    with pytest.raises(IllegalTransition, match="possible here: nothing"):
        DOOR.after(Status.GONE, Move.OPEN)
    assert DOOR.terminal == {Status.GONE}


def test_every_status_and_move_is_either_accepted_or_refused() -> None:
    for status in Status:
        for move in Move:
            if move in DOOR.accepts(status):
                assert DOOR.after(status, move) in DOOR.statuses
            else:
                with pytest.raises(IllegalTransition):
                    DOOR.after(status, move)


def test_a_machine_without_moves_still_has_its_first_status() -> None:
    lonely: Machine[Status, Move] = Machine("lonely", Status.OPEN, {})

    assert lonely.statuses == lonely.terminal == {Status.OPEN}


def test_the_diagram_shows_every_row_and_the_end() -> None:
    dot = DOOR.to_dot()

    assert dot.startswith('digraph "door" {')
    assert '"" -> "open";' in dot
    assert '"shut" -> "gone" [label="burn"];' in dot
    assert '"gone" [peripheries=2];' in dot
    assert dot == DOOR.to_dot()
