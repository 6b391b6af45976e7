"""What waits for the owner's word: kept, listed, released, dropped.

Held means that nothing was done and nothing is lost. A mail that is released goes back into the journal with
its reason waived and is decided again; a timer that failed fires again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.commands.model import DropHeld, Held, ReleaseHeld, RestoreHeld
from gateway.db.engine import among, insert_new
from gateway.db.tables.mail import audit, hold, journal, timer
from gateway.kernel.decision import Cause, Decision, Effect, Event
from gateway.kernel.errors import Stale
from gateway.kernel.ids import Id, derived_id, prefix_of
from gateway.pipeline.alarm import HoldsWillGo
from gateway.pipeline.journal import move
from gateway.pipeline.lifecycle import MailMove
from gateway.pipeline.timers import wake

RELEASED, DROPPED = "released", "dropped"


@dataclass(frozen=True, slots=True)
class MarkTold(Effect):
    """The owner has heard of these; of `again` for a second or third time."""

    numbers: tuple[int, ...]
    again: tuple[int, ...] = ()


async def keep(
    tx: AsyncConnection,
    stimulus_id: Id,
    decision: Decision,
    now: datetime,
    *,
    tell_at: datetime,
    author: str = "",
    level: int | None = None,
) -> int | None:
    """The number under which a stimulus is held; None if it is held already."""
    row = {
        "stimulus_id": stimulus_id,
        "reason": decision.reason,
        "note": decision.note,
        "author": author,
        "level": level,
        "held_at": now,
        "tell_at": tell_at,
    }
    made = (await tx.execute(_INSERT, row)).mappings().first()
    return made["number"] if made else None


_INSERT = insert_new(hold)


# --- reading ---------------------------------------------------------------------------------------------


async def listing(tx: AsyncConnection) -> tuple[Held, ...]:
    """Everything that waits for the owner's word, in order."""
    return await _held(tx, hold.c.decided_at.is_(None))


async def held_by_numbers(tx: AsyncConnection, numbers: Iterable[int]) -> Mapping[int, Held]:
    """Those of these numbers that there ever were, decided ones too."""
    wanted = tuple(numbers)
    found = await _held(tx, among(hold.c.number, wanted)) if wanted else ()
    return {each.number: each for each in found}


async def still_held(tx: AsyncConnection, event: HoldsWillGo) -> tuple[Held, ...]:
    """Those of an event's numbers that nobody has decided meanwhile, in order."""
    return await _held(tx, among(hold.c.number, event.numbers) & hold.c.decided_at.is_(None))


async def waived(tx: AsyncConnection, stimulus_id: Id) -> tuple[str, ...]:
    """The reasons that the owner has waived for this mail."""
    found = await tx.execute(
        select(hold.c.reason).where(hold.c.stimulus_id == stimulus_id, hold.c.decision == RELEASED)
    )
    return tuple(found.scalars())


async def last_told(tx: AsyncConnection) -> datetime | None:
    """When the owner last heard of something held."""
    found = await tx.execute(
        select(hold.c.told_at).where(hold.c.told_at.is_not(None)).order_by(hold.c.told_at.desc()).limit(1)
    )
    return found.scalar_one_or_none()


async def _held(tx: AsyncConnection, condition: ColumnElement[bool]) -> tuple[Held, ...]:
    mail = (journal.c.subject, journal.c.reverse_path, journal.c.forward_paths, journal.c.size)
    found = await tx.execute(
        select(hold, journal.c.seq, *mail, timer.c.kind)
        .join(journal, journal.c.id == hold.c.stimulus_id, isouter=True)
        .join(timer, timer.c.id == hold.c.stimulus_id, isouter=True)
        .where(condition)
        .order_by(hold.c.number)
    )
    return tuple(_read(row) for row in found.mappings())


def _read(row: RowMapping) -> Held:
    paths: Sequence[str] = row["forward_paths"] or ()
    return Held(
        number=row["number"],
        stimulus_id=row["stimulus_id"],
        reason=row["reason"],
        note=row["note"],
        held_at=row["held_at"],
        tell_at=row["tell_at"],
        seq=row["seq"],
        came_to=local_part(paths) if row["seq"] else row["kind"] or "",
        author=row["author"] or row["reverse_path"] or "",
        subject=row["subject"] or "",
        level=row["level"],
        size=row["size"] or 0,
        told_at=row["told_at"],
        reminded_at=row["reminded_at"],
        decision=row["decision"] or "",
        decided_at=row["decided_at"],
    )


def local_part(paths: Sequence[str]) -> str:
    """The word before the separator of the first forward-path, in lower case."""
    local = paths[0].rpartition("@")[0].lower() if paths else ""
    for separator in "+-":
        local = local.partition(separator)[0]
    return local


# --- the owner's word, applied ---------------------------------------------------------------------------


async def release(tx: AsyncConnection, effect: ReleaseHeld, cause: Cause) -> Sequence[Event]:
    """It is worked on again; Stale if it does not wait any more."""
    held = await _decide(tx, effect.number, RELEASED, effect.by, cause)
    if _is_mail(held):
        await move(tx, held, MailMove.RELEASE, cause.now, attempts=0)
    else:
        await wake(tx, held, cause.now)
    await _note(tx, effect.number, held, "hold.release", effect.by, cause)
    return ()


async def drop(tx: AsyncConnection, effect: DropHeld, cause: Cause) -> Sequence[Event]:
    """It is done with; Stale if it does not wait any more."""
    held = await _decide(tx, effect.number, DROPPED, effect.by, cause)
    if _is_mail(held):
        await move(tx, held, MailMove.DROP, cause.now)
    await _note(tx, effect.number, held, "hold.drop", effect.by, cause)
    return ()


async def restore(tx: AsyncConnection, effect: RestoreHeld, cause: Cause) -> Sequence[Event]:
    """It waits again under its number; Stale if it was not dropped."""
    undone = await tx.execute(
        update(hold)
        .where(hold.c.number == effect.number, hold.c.decision == DROPPED)
        .values(decided_at=None, decision=None, by=None)
        .returning(hold.c.stimulus_id)
    )
    held = _one(undone.scalar_one_or_none(), effect.number)
    if _is_mail(held):
        await move(tx, held, MailMove.RESTORE, cause.now)
    await _note(tx, effect.number, held, "hold.restore", effect.by, cause)
    return ()


async def mark_told(tx: AsyncConnection, effect: MarkTold, cause: Cause) -> Sequence[Event]:
    first = {"told_at": cause.now}
    again: dict[str, Any] = {"reminded_at": cause.now}
    for numbers, values in ((effect.numbers, first), (effect.again, again)):
        if numbers:
            await tx.execute(update(hold).where(among(hold.c.number, numbers)).values(values))
    return ()


async def _decide(tx: AsyncConnection, number: int, decision: str, by: str, cause: Cause) -> Id:
    """The stimulus that was held under `number`, which is decided now."""
    decided = await tx.execute(
        update(hold)
        .where(hold.c.number == number, hold.c.decided_at.is_(None))
        .values(decided_at=cause.now, decision=decision, by=by)
        .returning(hold.c.stimulus_id)
    )
    return _one(decided.scalar_one_or_none(), number)


def _one(stimulus_id: str | None, number: int) -> Id:
    if stimulus_id is None:
        raise Stale(f"{number} does not stand as it did")
    return Id(stimulus_id)


async def _note(tx: AsyncConnection, number: int, held: Id, act: str, by: str, cause: Cause) -> None:
    """Who did what, for good."""
    row = {
        "id": derived_id("aud", cause.id),
        "at": cause.now,
        "actor": by,
        "stimulus_id": cause.stimulus_id,
        "act": act,
        "about_id": held,
        "after": {"number": number},
    }
    await tx.execute(insert(audit).values(row))


def _is_mail(stimulus_id: Id) -> bool:
    return prefix_of(stimulus_id) != "tmr"
