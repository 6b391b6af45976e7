"""Commands in, Decision out: who may, what it does, and the one receipt that tells it.

The same for a mail and for the keyboard. Understood lines are done together or not at all. What needs more
proof than the mail has is asked back at the registered address; nothing is done until that is answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.commands.authority import Level, Standing
from gateway.commands.grammar import Command, Ignored, Line, NotUnderstood, commands_of
from gateway.commands.model import MarkAnswered, Question
from gateway.commands.verb import Answer, World
from gateway.kernel.decision import Decision, Match, Test, handled
from gateway.kernel.ids import Id
from gateway.kernel.tokens import TokenKind
from gateway.outbox.message import Tell

HERE = "commands/decide.py"


@dataclass(frozen=True, slots=True)
class Said:
    """One line of the receipt: what she wrote, and what became of it."""

    line: str
    outcome: str  # "done", "not done", "not understood", "ignored"
    text: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt tells; `done` of `asked` commands were done."""

    lines: tuple[Said, ...]
    done: int
    asked: int
    can_undo: bool


def needed(commands: Sequence[Command]) -> Level:
    """The level that these commands need together: several changes in one mail need L2."""
    changes = sum(command.verb.changes for command in commands)
    levels = [command.verb.level for command in commands]
    return max([Level.L2, *levels] if changes > 1 else levels, default=Level.L1)


def decide(lines: Sequence[Line], world: World) -> tuple[Decision, Receipt]:
    """What these lines do, whoever may say them, and what the receipt will tell."""
    commands = commands_of(lines)
    answers = {id(line): line.verb.answers(line.words, world) for line in commands}
    well = all(answers[id(line)].well for line in commands if line.verb.changes)
    matches: list[Match] = []
    said: list[Said] = []
    for line in lines:
        answer = answers.get(id(line))
        said.append(_said(line, answer, well))
        if answer and well:
            where = f"{HERE}:decide"
            matches += [Match(act.origin, where, (), (act.effect,)) for act in answer.acts]
    done = sum(each.outcome == "done" for each in said)
    droppings = any(match.rule.startswith("command dropped") for match in matches)
    return Decision(tuple(matches)), Receipt(tuple(said), done, len(answers), droppings)


def by_mail(
    lines: Sequence[Line], standing: Standing, world: World, number: str, question: Question | None, mail: Id
) -> Decision:
    """The whole decision about a mail of commands at L1 or above; `number` names the receipt.

    `question` is the letter that she answers with yes, if she does: what it asked for is done once.
    """
    tests = (
        Test("level", standing.level.name),
        *(Test("command", command.line) for command in commands_of(lines)),
    )
    needs = needed(commands_of(lines))
    if standing.level < needs:
        asked = {"commands": tuple(command.line for command in commands_of(lines))}
        tell = Tell("owner/asked", asked, about=mail)
        note = f"asked back: it needs {needs.name}, and the mail has {standing.level.name}"
        return handled("commands.asked_back", f"{HERE}:by_mail", tell, tests=tests, note=note)
    decision, receipt = decide(lines, world)
    letter = Tell(
        "owner/receipt",
        {"receipt": receipt, "number": number},
        about=mail,
        reply=TokenKind.UNDO if receipt.can_undo else TokenKind.REPLY,
    )
    note = f"{receipt.done} of {receipt.asked} commands done"
    told = Match("commands.receipt", f"{HERE}:by_mail", tests, (letter,))
    if question is None or question.answered:
        return Decision((*decision.because, told), note=note)
    mark = Match("commands.answered", f"{HERE}:by_mail", (), (MarkAnswered(question.mail),))
    return Decision((*decision.because, mark, told), note=note)


def _said(line: Line, answer: Answer | None, well: bool) -> Said:
    match line:
        case Command(text):
            assert answer is not None
            if not answer.well:
                return Said(text, "not done", answer.text)
            if answer.acts and not well:
                return Said(text, "not done", "because another line could not be done")
            return Said(text, "done", answer.text)
        case NotUnderstood(text, meant):
            return Said(text, "not understood", f"did you mean: {meant}" if meant else "")
        case Ignored(text, why):
            return Said(text, "ignored", why)
