"""The table of commands: what each is called, does and needs (rules.md 12).

A verb has its place here; what it does is a function of its words and of the world as it was read for them.
`commands/decide.py` asks for the level and writes the receipt, so no verb can forget either.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.commands.authority import Level
from gateway.commands.model import DropHeld, Held, MarkUndone, ReleaseHeld, RestoreHeld, Undoable
from gateway.commands.reason import reason
from gateway.kernel.decision import Effect
from gateway.outbox.message import ResumeSending

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class World:
    """What commands must know, read for the words of one mail."""

    now: datetime
    by: str = "mail"  # or "keyboard"
    held: Mapping[int, Held] = field(default_factory=dict[int, Held])  # those named, decided ones too
    explained: Mapping[str, str] = field(default_factory=dict[str, str])  # by the word that names it
    undoable: Undoable | None = None  # the receipt that is answered, if one is


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a command does; `origin` names it for ever, however its line is read later."""

    origin: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of one command: a sentence for the receipt, and what it does."""

    text: str
    acts: tuple[Act, ...] = ()
    well: bool = True  # False: it cannot be done


@dataclass(frozen=True, slots=True)
class Verb:
    """One row of the table."""

    name: str
    example: str
    does: str
    level: Level
    changes: bool
    reads: Callable[[Words], bool]
    answers: Callable[[Words, World], Answer]


# --- release and drop ------------------------------------------------------------------------------------


def _release(words: Words, world: World) -> Answer:
    return _decide_held(words, world, "released", lambda number: ReleaseHeld(number, world.by), _released)


def _drop(words: Words, world: World) -> Answer:
    return _decide_held(words, world, "dropped", lambda number: DropHeld(number, world.by), _dropped)


def _released(held: Held) -> str:
    if held.reason == "no_rule":
        return f"{held.number} is seen to by hand"
    return f"{held.number} goes on ({_name(held)})"


def _dropped(held: Held) -> str:
    return f"{held.number} is dropped ({_name(held)})"


def _decide_held(
    words: Words,
    world: World,
    decision: str,
    effect: Callable[[int], Effect],
    done: Callable[[Held], str],
) -> Answer:
    """Every number is decided; one that was decided so before is left alone, any other trouble is told."""
    said: list[str] = []
    acts: list[Act] = []
    well = True
    for number in dict.fromkeys(map(int, words)):
        held = world.held.get(number)
        if held is None:
            said.append(f"nothing was ever held under {number}")
            well = False
        elif held.is_open:
            said.append(done(held))
            acts.append(Act(f"command {decision} {number}", effect(number)))
        elif held.decision == decision:
            said.append(f"{number} was {decision} before")
        else:
            said.append(f"{number} was {held.decision} before")
            well = False
    return Answer("; ".join(said), tuple(acts), well)


def _name(held: Held) -> str:
    return f"from {held.author or 'nobody named'}" if held.seq else reason(held.reason).sentence.rstrip(".")


# --- explain ---------------------------------------------------------------------------------------------


def _explain(words: Words, world: World) -> Answer:
    (word,) = words
    known = world.explained.get(word)
    return Answer(known or f"there is no mail {word.upper()}", well=known is not None)


# --- undo ------------------------------------------------------------------------------------------------


def _undo(words: Words, world: World) -> Answer:
    receipt = world.undoable
    if receipt is None:
        return Answer("there is nothing to take back: answer the receipt itself, within 7 days", well=False)
    if receipt.undone:
        return Answer("this was taken back before", well=False)
    if not receipt.dropped:
        return Answer("nothing of it can be taken back", well=False)
    moved = [number for number in receipt.dropped if not _is_dropped(world.held.get(number))]
    if moved:
        return Answer(f"{', '.join(map(str, moved))} has moved since", well=False)
    acts = tuple(
        Act(f"command restored {number}", RestoreHeld(number, world.by)) for number in receipt.dropped
    )
    listed = ", ".join(map(str, receipt.dropped))
    return Answer(f"{listed} waits for you again", (*acts, Act("command undone", MarkUndone(receipt.mail))))


def _is_dropped(held: Held | None) -> bool:
    return held is not None and held.decision == "dropped"


# --- resume ----------------------------------------------------------------------------------------------


def _resume(words: Words, world: World) -> Answer:
    return Answer("automatic mail goes out again", (Act("command resumed", ResumeSending()),))


# --- what words a verb takes -----------------------------------------------------------------------------


def _numbers(words: Words) -> bool:
    return bool(words) and all(word.isascii() and word.isdigit() and len(word) <= 9 for word in words)


def _nothing(words: Words) -> bool:
    return not words


def _nothing_or_all(words: Words) -> bool:
    return words in ((), ("all",))


def _one_mail(words: Words) -> bool:
    """A held number, or a mail of the journal such as J7F3K."""
    return len(words) == 1 and (_numbers(words) or (words[0][:1] == "j" and words[0][1:].isalnum()))


_TABLE = (
    Verb(
        "release", "release 12", "goes on with held mail; if nobody knew what to do, it is seen to by hand",
        Level.L2, changes=True, reads=_numbers, answers=_release,
    ),
    Verb(
        "drop", "drop 12 13", "nothing needs to be done with held mail",
        Level.L2, changes=True, reads=_numbers, answers=_drop,
    ),
    Verb(
        "explain", "explain 12", "tells why a mail was decided so",
        Level.L1, changes=False, reads=_one_mail, answers=_explain,
    ),
    Verb(
        "resume", "resume", "lets automatic mail go again after it was stopped",
        Level.L2, changes=True, reads=_nothing_or_all, answers=_resume,
    ),
    Verb(
        "undo", "undo", "takes back what a receipt tells, in answer to it",
        Level.L2, changes=True, reads=_nothing, answers=_undo,
    ),
)  # fmt: skip

VERBS: Mapping[str, Verb] = {verb.name: verb for verb in _TABLE}

# Other words for the same; hers stand in `[commands.words]`.
SYNONYMS: Mapping[str, str] = {
    "free": "release",
    "unhold": "release",
    "discard": "drop",
    "delete": "drop",
    "why": "explain",
}


def examples(level: Level) -> Sequence[str]:
    """A line for each verb that a mail of this level may use."""
    return [verb.example for verb in _TABLE if verb.level <= level]
