"""The owner's commands: heard in a mail or at the keyboard, with what they must know of the shop.

Whether a mail of hers is one of commands is decided by its words: a line that is wholly understood, or an
answer to one of our letters that ask for such lines. Everything else she writes goes its ordinary way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.commands.grammar import Ignored, Line, NotUnderstood, commands_of, numbers, read
from gateway.commands.model import MarkAnswered, MarkUndone, Question, Undoable
from gateway.commands.verb import World
from gateway.db.engine import insert_new
from gateway.db.tables.mail import audit
from gateway.kernel.calendar import ShopCalendar
from gateway.kernel.decision import Cause, Event
from gateway.kernel.errors import Stale
from gateway.kernel.ids import Id, derived_id
from gateway.kernel.tokens import TokenKind
from gateway.outbox.message import OutboundMessage
from gateway.pipeline import explain, trace
from gateway.pipeline import held as holding

ASKED, RECEIPT = "owner/asked", "owner/receipt"
LETTERS = frozenset(
    {"owner/digest", "owner/held_goes", "owner/breaker", "owner/stopped", ASKED, RECEIPT}
)  # answers to these are commands
YES = frozenset({"yes", "yes!", "yes.", "y", "ja", "oui", "si", "sí"})


@dataclass(frozen=True, slots=True)
class Heard:
    """What the owner's mail says to us, and what must be known to do it."""

    lines: tuple[Line, ...]
    world: World
    answers: str = ""  # the template of the letter of ours that it answers
    question: Question | None = None

    @property
    def is_meant(self) -> bool:
        """Whether this is a mail of commands at all."""
        return bool(commands_of(self.lines)) or self.answers in LETTERS


@dataclass(frozen=True, slots=True)
class Ear:
    """How the owner's words are heard: her own words for the verbs, and her clock."""

    synonyms: Mapping[str, str]
    calendar: ShopCalendar


async def hear(
    tx: AsyncConnection,
    text: str,
    answered: OutboundMessage | None,
    kind: TokenKind | None,
    ear: Ear,
    now: datetime,
) -> Heard:
    """The commands of a mail by her that answers our letter `answered`, known by a token of that kind."""
    template = answered.template if answered else ""
    about = answered.about if answered else None
    first = text.strip().partition("\n")[0].strip().lower()
    if about and template == ASKED and kind is TokenKind.REPLY and first in YES:
        question = await _question(tx, about)
        lines = _again(question, ear.synonyms)
        return Heard(lines, await world_for(tx, lines, ear, now), template, question)
    lines = read(text, ear.synonyms)
    undoable = (
        await _undoable(tx, about) if about and template == RECEIPT and kind is TokenKind.UNDO else None
    )
    return Heard(lines, await world_for(tx, lines, ear, now, undoable=undoable), template)


async def world_for(
    tx: AsyncConnection,
    lines: tuple[Line, ...],
    ear: Ear,
    now: datetime,
    *,
    by: str = "mail",
    undoable: Undoable | None = None,
) -> World:
    """What these lines must know, and nothing more."""
    commands = commands_of(lines)
    named = [number for command in commands for number in numbers(command.words)]
    named += undoable.dropped if undoable else ()
    words = {word for command in commands if command.verb.name == "explain" for word in command.words}
    explained: dict[str, str] = {}
    for word in words:
        if found := await explain.explain(tx, word):
            explained[word] = "\n".join(("", *explain.told(found, ear.calendar)))
    return World(now, by, await holding.held_by_numbers(tx, named), explained, undoable)


async def _question(tx: AsyncConnection, mail: Id) -> Question:
    """What was asked back about this mail: the lines that its trace remembers."""
    asked = [
        test.seen
        for each in (await trace.traces(tx, mail))[-1:]
        for match in each.matches
        for test in match.tests
        if test.question == "command"
    ]
    return Question(mail, "\n".join(asked), await _is_marked(tx, _answer_mark(mail)))


def _again(question: Question, synonyms: Mapping[str, str]) -> tuple[Line, ...]:
    lines = read(question.text, synonyms)
    if question.answered:
        return tuple(Ignored(line.line, "it was done after an earlier yes") for line in lines)
    return lines or (NotUnderstood("yes", "what you asked for is too long ago; please write it again"),)


async def _undoable(tx: AsyncConnection, mail: Id) -> Undoable:
    found = await tx.scalars(
        select(audit.c.after).where(audit.c.stimulus_id == mail, audit.c.act == "hold.drop")
    )
    dropped = tuple(sorted(after["number"] for after in found))
    return Undoable(mail, dropped, await _is_marked(tx, _undo_mark(mail)))


# --- what can be done only once --------------------------------------------------------------------------


async def mark_answered(tx: AsyncConnection, effect: MarkAnswered, cause: Cause) -> tuple[Event, ...]:
    """Her yes counts once; Stale if an earlier one has counted."""
    return await _mark(tx, _answer_mark(effect.mail), "command.answered", effect.mail, cause)


async def mark_undone(tx: AsyncConnection, effect: MarkUndone, cause: Cause) -> tuple[Event, ...]:
    """A receipt is taken back once; Stale if it was before."""
    return await _mark(tx, _undo_mark(effect.mail), "command.undone", effect.mail, cause)


async def _mark(tx: AsyncConnection, mark: Id, act: str, about: Id, cause: Cause) -> tuple[Event, ...]:
    row = {
        "id": mark,
        "at": cause.now,
        "actor": "mail",
        "stimulus_id": cause.stimulus_id,
        "act": act,
        "about_id": about,
    }
    if (await tx.execute(insert_new(audit, row))).first() is None:
        raise Stale(f"{act} of {about} has happened already")
    return ()


async def _is_marked(tx: AsyncConnection, mark: Id) -> bool:
    return (await tx.execute(select(audit.c.id).where(audit.c.id == mark))).first() is not None


def _answer_mark(mail: Id) -> Id:
    return derived_id("aud", mail, "answered")


def _undo_mark(mail: Id) -> Id:
    return derived_id("aud", mail, "undone")
