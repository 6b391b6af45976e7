"""What commands do and need: levels, all or nothing, one receipt."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.commands.authority import Level, Standing
from gateway.commands.decide import by_mail, decide, needed
from gateway.commands.grammar import Command, commands_of, read
from gateway.commands.model import DropHeld, Held, MarkAnswered, Question, ReleaseHeld
from gateway.commands.verb import VERBS, World
from gateway.kernel.ids import Id
from gateway.kernel.tokens import TokenKind
from gateway.outbox.message import Tell

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MAIL = Id("jrn1")
HELD = Held(12, Id("jrn2"), "unsure", "two orders fit", NOW, NOW, seq=2, author="ana@example.net")
WORLD = World(NOW, held={12: HELD, 13: replace(HELD, number=13)}, explained={"12": "because"})
DECIDED = replace(HELD, decision="released", decided_at=NOW)


def heard(text: str, level: Level, world: World = WORLD, question: Question | None = None):
    return by_mail(read(text), Standing(level, "so it is"), world, "R1", question, MAIL)


def letters(decision) -> list[Tell]:
    return [effect for effect in decision.effects if isinstance(effect, Tell)]


LEVELS = {
    "release": Level.L2,
    "drop": Level.L2,
    "explain": Level.L1,
    "undo": Level.L2,
    "resume": Level.L2,
}


def test_each_verb_needs_its_level():
    assert {name: verb.level for name, verb in VERBS.items()} == LEVELS


def test_several_changes_need_more_than_one():
    cheap = replace(VERBS["drop"], level=Level.L1)
    one = Command("drop 12", cheap, ("12",))
    assert needed([one]) is Level.L1
    assert needed([one, one]) is Level.L2


def test_every_mail_of_commands_has_one_letter():
    for text in ("drop 12", "drop 12\nfoo bar\nrelease 13", "explain 12", "drop 99", "hello\nworld"):
        for level in (Level.L1, Level.L2):
            assert len(letters(heard(text, level))) == 1


def test_below_its_level_nothing_is_done_and_she_is_asked():
    decision = heard("drop 12\nrelease 13", Level.L1)
    (letter,) = decision.effects
    assert isinstance(letter, Tell)
    assert (letter.template, letter.about) == ("owner/asked", MAIL)
    assert letter.context["commands"] == ("drop 12", "release 13")


def test_at_its_level_it_is_done_under_names_that_last():
    decision = heard("drop 12\nrelease 13", Level.L2)
    assert decision.effects[:2] == (DropHeld(12, "mail"), ReleaseHeld(13, "mail"))
    assert [match.rule for match in decision.because[:2]] == ["command dropped 12", "command released 13"]
    (letter,) = letters(decision)
    assert letter.reply is TokenKind.UNDO


def test_only_a_drop_can_be_undone():
    (letter,) = letters(heard("release 12", Level.L2))
    assert letter.reply is TokenKind.REPLY


def test_one_line_that_cannot_be_done_stops_the_others():
    decision = heard("drop 12\ndrop 99", Level.L2)
    assert [type(effect) for effect in decision.effects] == [Tell]
    receipt = letters(decision)[0].context["receipt"]
    assert (receipt.done, receipt.asked) == (0, 2)


def test_a_question_without_an_answer_stops_nothing():
    decision = heard("explain 99\ndrop 12", Level.L2)
    assert DropHeld(12, "mail") in decision.effects


def test_a_line_that_is_not_understood_stops_nothing():
    decision = heard("drop 12\nhello there", Level.L2)
    assert DropHeld(12, "mail") in decision.effects
    outcomes = [said.outcome for said in letters(decision)[0].context["receipt"].lines]
    assert outcomes == ["done", "not understood"]


@pytest.mark.parametrize(("line", "well"), [("release 12", True), ("drop 12", False)])
def test_what_was_decided_before_is_not_decided_again(line: str, well: bool):
    decision, receipt = decide(read(line), replace(WORLD, held={12: DECIDED}))
    assert not decision.effects
    assert (receipt.done == 1) is well
    assert "12 was released before" in receipt.lines[0].text


def test_a_number_that_is_named_twice_is_done_once():
    decision, _ = decide(read("drop 12 12"), WORLD)
    assert decision.effects == (DropHeld(12, "mail"),)


def test_a_yes_marks_its_question():
    decision = heard("drop 12", Level.L2, question=Question(MAIL, "drop 12", answered=False))
    assert MarkAnswered(MAIL) in decision.effects


def test_the_same_line_means_the_same_at_the_keyboard():
    by_hand, _ = decide(read("drop 12"), replace(WORLD, by="keyboard"))
    assert by_hand.effects == (DropHeld(12, "keyboard"),)
    assert commands_of(read("drop 12"))[0].verb.name == "drop"
