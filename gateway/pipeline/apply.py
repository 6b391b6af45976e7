"""Effects become rows, once; what has happened calls for more effects, until it is quiet.

Everything runs in the caller's transaction. An effect's id is inserted first: if it is there already, the
effect was applied earlier together with all that followed from it, so nothing is done. What follows from an
effect is done before the next effect is looked at, so every decision sees a finished world: two orders in
one import do not both order the same mugs again.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import insert_new
from gateway.db.tables.mail import applied
from gateway.kernel.decision import Cause, Decision, Effect, Event
from gateway.kernel.errors import MailFlowError
from gateway.kernel.ids import Id, derived_id

Applier = Callable[[AsyncConnection, Any, Cause], Awaitable[Sequence[Event]]]
LIMIT = 5_000  # effects from one stimulus; an import of a big catalogue is cut into stimuli of 500 rows


class Endless(MailFlowError):
    """Reactions kept calling for more; nothing was applied."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """What else follows when something has happened: `load` reads what `decide`, which is pure, must know."""

    name: str
    load: Callable[[AsyncConnection, Any], Awaitable[Any]]
    decide: Callable[[Any, Any, datetime], Sequence[Effect]]


@dataclass(frozen=True, slots=True)
class Done:
    """One effect that was applied: who asked for it, and what happened."""

    id: Id
    origin: str
    effect: Effect
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Hand:
    """Applies effects by two tables: how each effect becomes rows, and what each event calls for."""

    appliers: Mapping[type[Effect], Applier]
    reactions: Mapping[type[Event], tuple[Reaction, ...]]
    key: Callable[[str], str]
    leaves_out: Callable[[Effect, datetime], bool] | None = None  # neither done nor marked as done

    async def apply(
        self, tx: AsyncConnection, stimulus_id: Id, decision: Decision, now: datetime
    ) -> tuple[Done, ...]:
        """Everything that was done for this decision, in order; empty when it was done before."""
        planned = (
            (derived_id("eff", stimulus_id, origin, position), origin, effect)
            for origin, position, effect in decision.numbered()
        )
        return await self._until_quiet(tx, stimulus_id, planned, now)

    async def react(
        self, tx: AsyncConnection, stimulus_id: Id, events: Sequence[Event], now: datetime
    ) -> tuple[Done, ...]:
        """Everything that follows from events that came from outside the pipe, such as a refused mail."""
        planned = await self._called_for(tx, stimulus_id, events, now)
        return await self._until_quiet(tx, stimulus_id, planned, now)

    async def _until_quiet(
        self, tx: AsyncConnection, stimulus_id: Id, planned: Iterable[tuple[Id, str, Effect]], now: datetime
    ) -> tuple[Done, ...]:
        waiting = deque(planned)
        done: list[Done] = []
        while waiting:
            effect_id, origin, effect = waiting.popleft()
            if len(done) >= LIMIT:
                raise Endless(f"{stimulus_id}: more than {LIMIT} effects, the last is {effect!r}")
            if self.leaves_out and self.leaves_out(effect, now):
                continue
            if not await _first_time(tx, effect_id, stimulus_id, effect, now):
                continue
            cause = Cause(effect_id, stimulus_id, now, self.key)
            events = tuple(await self.appliers[type(effect)](tx, effect, cause))
            done.append(Done(effect_id, origin, effect, events))
            waiting.extendleft(reversed(await self._called_for(tx, effect_id, events, now)))
        return tuple(done)

    async def _called_for(
        self, tx: AsyncConnection, cause_id: Id, events: Sequence[Event], now: datetime
    ) -> list[tuple[Id, str, Effect]]:
        return [
            (derived_id("eff", cause_id, index, reaction.name, position), reaction.name, effect)
            for index, event in enumerate(events)
            for reaction in self.reactions.get(type(event), ())
            for position, effect in enumerate(reaction.decide(event, await reaction.load(tx, event), now))
        ]


async def _first_time(
    tx: AsyncConnection, effect_id: Id, stimulus_id: Id, effect: Effect, now: datetime
) -> bool:
    row = {"id": effect_id, "stimulus_id": stimulus_id, "effect": type(effect).__name__, "at": now}
    return (await tx.execute(_INSERT, row)).first() is not None


_INSERT = insert_new(applied)
