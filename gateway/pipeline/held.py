"""What the owner is asked: mails that nobody claimed, and mails that nobody should trust.

Held means that nothing was done and nothing is lost. The owner hears of it within ten minutes, of several at
once in one letter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import among, insert_new
from gateway.db.tables.mail import hold, journal
from gateway.kernel.decision import Cause, Decision, Effect, Event, SetTimer, handled
from gateway.kernel.ids import Id
from gateway.outbox.message import Tell

NOTICE = "hold.notice"  # the timer that tells the owner
TELL_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Held:
    """One thing the owner is asked about; `number` is what she calls it."""

    number: int
    stimulus_id: Id
    reason: str
    note: str
    held_at: datetime
    subject: str
    sender: str


@dataclass(frozen=True, slots=True)
class MarkTold(Effect):
    numbers: tuple[int, ...]


async def keep(tx: AsyncConnection, stimulus_id: Id, decision: Decision, now: datetime) -> int | None:
    """The number under which a stimulus is held; None if it is held already."""
    row = {
        "stimulus_id": stimulus_id,
        "reason": decision.reason,
        "note": decision.note,
        "held_at": now,
    }
    made = (await tx.execute(insert_new(hold, row))).mappings().first()
    return made["number"] if made else None


async def untold(tx: AsyncConnection, _about: Id) -> tuple[Held, ...]:
    """What is held and the owner has not heard of, in order."""
    return await _held(tx, hold.c.told_at.is_(None) & hold.c.decided_at.is_(None))


async def listing(tx: AsyncConnection) -> tuple[Held, ...]:
    """Everything that waits for the owner's word, in order."""
    return await _held(tx, hold.c.decided_at.is_(None))


def notice_due(waiting: Sequence[Held], now: datetime) -> Decision:
    """One letter for all that wait."""
    rule, where = "held.notice", "pipeline/held.py:notice_due"
    if not waiting:
        return handled(rule, where, note="the owner knows already")
    told = Tell("owner/digest", {"held": tuple(waiting)})
    return handled(rule, where, told, MarkTold(tuple(each.number for each in waiting)))


async def mark_told(tx: AsyncConnection, effect: MarkTold, cause: Cause) -> Sequence[Event]:
    await tx.execute(update(hold).where(among(hold.c.number, effect.numbers)).values(told_at=cause.now))
    return ()


def telling(stimulus_id: Id, now: datetime) -> SetTimer:
    """The timer that tells the owner; a letter that goes out earlier takes this one along."""
    return SetTimer(NOTICE, stimulus_id, now + TELL_AFTER)


async def _held(tx: AsyncConnection, condition: ColumnElement[bool]) -> tuple[Held, ...]:
    found = await tx.execute(
        select(hold, journal.c.subject, journal.c.reverse_path)
        .join(journal, journal.c.id == hold.c.stimulus_id, isouter=True)
        .where(condition)
        .order_by(hold.c.number)
    )
    return tuple(_read(row) for row in found.mappings())


def _read(row: RowMapping) -> Held:
    return Held(
        number=row["number"],
        stimulus_id=row["stimulus_id"],
        reason=row["reason"],
        note=row["note"],
        held_at=row["held_at"],
        subject=row["subject"] or "",
        sender=row["reverse_path"] or "",
    )
