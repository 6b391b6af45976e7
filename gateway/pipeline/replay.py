"""Mail of the past, decided again with today's rules.

What was applied stays applied, once: an effect's id derives from the mail, the rule and its place, so only
what that rule never did is new. Words that come weeks late are worse than none, so a replay is silent unless
it is told to send: nothing goes to a customer or supplier, no timer is set whose moment has passed, and a
held mail that would be answered stays held. Nothing that was handled is ever undone by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import among
from gateway.db.tables.mail import applied, hold
from gateway.kernel.decision import Decision, Disposition, Effect, SetTimer
from gateway.kernel.ids import Id, derived_id, spoken
from gateway.outbox.message import Send
from gateway.pipeline import trace
from gateway.pipeline.journal import Entry, move
from gateway.pipeline.lifecycle import MailMove, MailState
from gateway.pipeline.trace import Traced

REPLAYED = frozenset({MailState.HANDLED, MailState.HELD, MailState.DROPPED})  # duplicates say nothing new


@dataclass(frozen=True, slots=True)
class Plan:
    """What today's rules would do with one mail, beside what was done."""

    entry: Entry
    before: Traced | None  # None: retention has dropped it, or it failed
    decision: Decision
    new: tuple[Effect, ...]  # that were never applied; what follows from them is not foreseen
    unsent: tuple[Effect, ...]  # of these, what a silent replay leaves out

    @property
    def differs(self) -> bool:
        return bool(self.new) or self.before is None or _essence(self.before) != self.essence

    @property
    def acts(self) -> bool:
        """Whether a replay changes anything: it never undoes, and leaves held what it must not answer."""
        if self.entry.state == MailState.HELD:
            return self.decision.disposition is not Disposition.HELD and not self.unsent
        handled = self.entry.state == MailState.HANDLED and self.decision.disposition is Disposition.HANDLED
        return handled and len(self.new) > len(self.unsent)

    @property
    def essence(self) -> tuple[str, str, tuple[str, ...]]:
        rules = tuple(match.rule for match in self.decision.because)
        return self.decision.disposition, self.decision.reason, rules


def is_late(effect: Effect, now: datetime) -> bool:
    """What a silent replay leaves out: words to others, and timers that would say some at once."""
    return isinstance(effect, Send) or (isinstance(effect, SetTimer) and effect.due_at <= now)


async def plan(tx: AsyncConnection, entry: Entry, decision: Decision, *, send: bool, now: datetime) -> Plan:
    """What would differ, read in the caller's snapshot."""
    known = await trace.traces(tx, entry.envelope.id)
    named = {
        derived_id("eff", entry.envelope.id, origin, position): effect
        for origin, position, effect in decision.numbered()
    }
    found = await tx.scalars(select(applied.c.id).where(among(applied.c.id, named))) if named else ()
    done = set(found)
    new = tuple(effect for effect_id, effect in named.items() if effect_id not in done)
    unsent = tuple(effect for effect in new if not send and is_late(effect, now))
    return Plan(entry, known[-1] if known else None, decision, new, unsent)


async def settle(tx: AsyncConnection, planned: Plan, now: datetime) -> None:
    """A held mail that is decided now waits no more; Stale if she has decided it meanwhile."""
    mail = planned.entry.envelope.id
    if planned.entry.state != MailState.HELD:
        return
    await tx.execute(
        update(hold)
        .where(hold.c.stimulus_id == mail, hold.c.decided_at.is_(None))
        .values(decided_at=now, decision="released", by="replay")
    )
    await move(tx, mail, MailMove.RELEASE, now)
    how = MailMove.HANDLE if planned.decision.disposition is Disposition.HANDLED else MailMove.DROP
    await move(tx, mail, how, now, reason=planned.decision.reason or None)


# --- told ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did with one mail, or would do."""

    mail: Id
    differs: bool
    acted: bool
    line: str


def told(planned: Plan, *, acted: bool) -> Replayed:
    """One line about one mail: what was decided, what is decided today, and what that does."""
    before = planned.before
    was = _decided(*_essence(before)) if before else planned.entry.state
    now = _decided(*planned.essence)
    parts = [f"{was} -> {now}" if was != now else f"{now}, as before"]
    does = [effect for effect in planned.new if effect not in planned.unsent]
    if does and planned.acts:
        parts.append(f"{'did' if acted else 'would'}: {_names(does)}")
    if planned.unsent:
        parts.append(f"not sent without --send: {_names(planned.unsent)}")
    if planned.differs and not planned.acts:
        parts.append(f"stays {planned.entry.state}")
    line = f"{spoken('J', planned.entry.seq)}  {'; '.join(parts)}"
    return Replayed(planned.entry.envelope.id, planned.differs, acted, line)


def forgotten(entry: Entry) -> Replayed:
    """A mail whose words retention has dropped."""
    line = f"{spoken('J', entry.seq)}  stays {entry.state}: its words are not kept any more"
    return Replayed(entry.envelope.id, differs=False, acted=False, line=line)


def failed(entry: Entry, error: Exception) -> Replayed:
    """A mail that could not be decided; the others go on."""
    line = f"{spoken('J', entry.seq)}  could not be decided: {type(error).__name__}: {error}"
    return Replayed(entry.envelope.id, differs=True, acted=False, line=line)


def _essence(traced: Traced) -> tuple[str, str, tuple[str, ...]]:
    return traced.disposition, traced.reason, tuple(match.rule for match in traced.matches)


def _decided(disposition: str, why: str, rules: Sequence[str]) -> str:
    return f"{disposition}{f' ({why})' if why else ''} by {', '.join(rules) or 'nobody'}"


def _names(effects: Sequence[Effect]) -> str:
    return ", ".join(type(effect).__name__ for effect in effects)
