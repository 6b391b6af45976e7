"""A decision says what is done, and why."""

from dataclasses import dataclass

from gateway.kernel.decision import Disposition, Effect, Test, dropped, handled, held


@dataclass(frozen=True, slots=True)
class Ring(Effect):
    """Ring a bell."""

    times: int


def test_effects_come_from_the_matches_in_their_order() -> None:
    decision = handled("first", "here", Ring(1), Ring(2)).also(*handled("second", "there", Ring(3)).because)

    assert decision.effects == (Ring(1), Ring(2), Ring(3))
    assert list(decision.numbered()) == [("first", 0, Ring(1)), ("first", 1, Ring(2)), ("second", 0, Ring(3))]


def test_held_and_dropped_name_their_reason() -> None:
    test = Test("mail.text contains", "hello", held=None)
    kept = held("rule", "rules/a.yaml:1", "no_rule", "Nothing fits.", tests=(test,))

    assert (kept.disposition, kept.reason, kept.note) == (Disposition.HELD, "no_rule", "Nothing fits.")
    assert kept.because[0].tests == (test,)
    assert dropped("rule", "here", "loop", "A loop.").effects == ()
    assert dropped("rule", "here", "loop", "A loop.").disposition is Disposition.DROPPED


def test_a_decision_is_a_value() -> None:
    decision = handled("rule", "here", Ring(1))

    assert decision == handled("rule", "here", Ring(1))
    assert decision.also() == decision
