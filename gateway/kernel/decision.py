"""What thinking ends in: a Decision, which can be printed, stored, compared and explained.

Effects are intentions, imperative; events have happened, past tense. Each slice declares its own as frozen
dataclasses. A Decision is made of matches: who spoke, where that stands, which tests were seen, and the
effects that follow. An effect's id derives from (stimulus, match.rule, position), so applying the same
decision twice does nothing the second time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from gateway.kernel.ids import Id


class Effect:
    """An intention; subclasses are frozen dataclasses named in the imperative."""

    __slots__ = ()


class Event:
    """Something that has happened; subclasses are frozen dataclasses named in the past tense."""

    __slots__ = ()


class Disposition(StrEnum):
    """What became of a stimulus. HELD means that the owner is asked; nothing is lost."""

    HANDLED = "handled"
    HELD = "held"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Test:
    """One question that was asked: what, what was seen, and whether it held (None: unknown)."""

    __test__ = False  # not one of pytest's

    question: str
    seen: str
    held: bool | None = True


@dataclass(frozen=True, slots=True)
class Match:
    """Who decided, and why: `rule` is the stable name, `where` its file and line or function."""

    rule: str
    where: str
    tests: tuple[Test, ...] = ()
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The end of thinking about one stimulus."""

    because: tuple[Match, ...] = ()
    disposition: Disposition = Disposition.HANDLED
    reason: str = ""  # for HELD and DROPPED: the word of the table in intake.md, such as "no_rule"
    note: str = ""  # the same for a person, one sentence

    @property
    def effects(self) -> tuple[Effect, ...]:
        return tuple(effect for match in self.because for effect in match.effects)

    def numbered(self) -> Iterator[tuple[str, int, Effect]]:
        """Each effect with its origin and its position among that origin's, from which its id derives."""
        positions: dict[str, int] = {}
        for match in self.because:
            for effect in match.effects:
                position = positions.get(match.rule, 0)
                positions[match.rule] = position + 1
                yield match.rule, position, effect

    def also(self, *matches: Match) -> "Decision":
        return replace(self, because=self.because + matches)


def handled(
    rule: str, where: str, *effects: Effect, tests: tuple[Test, ...] = (), note: str = ""
) -> Decision:
    """A decision that does `effects`, which may be none."""
    return Decision((Match(rule, where, tests, effects),), Disposition.HANDLED, "", note)


def held(
    rule: str, where: str, reason: str, note: str, *effects: Effect, tests: tuple[Test, ...] = ()
) -> Decision:
    """A decision to ask the owner; the only effects allowed are those that tell."""
    return Decision((Match(rule, where, tests, effects),), Disposition.HELD, reason, note)


def dropped(rule: str, where: str, reason: str, note: str, tests: tuple[Test, ...] = ()) -> Decision:
    """A decision that nothing needs to be done, ever."""
    return Decision((Match(rule, where, tests),), Disposition.DROPPED, reason, note)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why and when an effect is applied; whatever it makes derives its ids from `id`."""

    id: Id  # the effect's own id, prefix "eff"
    stimulus_id: Id
    now: datetime
    key: Callable[[str], str]  # the keyed hash of an address, as columns named *_key hold it


@dataclass(frozen=True, slots=True)
class SetTimer(Effect):
    """Wake the pipe at `due_at` about one object; `part` tells several of a kind apart."""

    kind: str
    about: Id
    due_at: datetime
    part: str = ""


@dataclass(frozen=True, slots=True)
class ClearTimers(Effect):
    """Nothing of this kind shall fire about that object any more."""

    kind: str
    about: Id
