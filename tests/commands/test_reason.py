"""Why a mail is held: every word that a decision may give is told in a sentence."""

import ast
from pathlib import Path

from gateway.commands.reason import REASONS, Told, reason

ROOT = Path(__file__).parents[2] / "gateway"
# The table of the design; a row more or less is a change of what the owner is told.
KNOWN = {
    "no_rule", "check_failed", "rule_asked", "failed", "breaker", "not_proven", "forged", "third_person",
    "unsure", "too_complex", "too_large", "unreadable", "challenge", "not_a_report",
}  # fmt: skip


def words_used() -> set[str]:
    """Every literal reason that a module of ours holds a mail for."""
    found: set[str] = set()
    for module in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = {"held": 2, "_hold": 0}.get(node.func.id)
                if place is not None and len(node.args) > place:
                    found |= literal(node.args[place])
    return found


def literal(node: ast.expr) -> set[str]:
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def test_each_reason_has_a_sentence():
    assert set(REASONS) == KNOWN
    for row in REASONS.values():
        assert row.sentence.endswith(".")
        assert row.sentence[0].isupper()
        assert len(row.sentence) < 80
    assert len({row.sentence for row in REASONS.values()}) == len(REASONS)


def test_the_program_holds_for_no_other_reason():
    used = words_used()
    assert {"no_rule", "check_failed", "failed", "challenge"} <= used  # the search does find them
    assert used <= set(REASONS)


def test_what_she_can_go_on_with_at_once_comes_with_the_mail():
    attached = {word for word, row in REASONS.items() if row.attached}
    assert attached == {"no_rule", "check_failed", "rule_asked", "failed"}
    assert {word for word, row in REASONS.items() if row.told is Told.SOON} == attached | {"breaker"}


def test_a_word_of_a_later_version_is_told_as_it_stands():
    assert reason("moon_phase").sentence == "It is held: moon phase."
