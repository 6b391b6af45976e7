"""What is forgotten when its time is over (intake.md, 8; store.md, 13).

Each step takes what is old enough in one small batch and says how much that was, so that nobody waits long
behind it. What still waits is never taken: a mail that is not decided, a message that is not settled, a hold
that the owner was not warned of in time. The row of a mail outlives its octets; large ones lie in the spool,
whose sweeper takes a file as soon as no row needs it any more.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, Table, and_, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import among
from gateway.db.tables.mail import (
    applied,
    attempt,
    audit,
    bounce,
    hold,
    journal,
    journal_octets,
    known_id,
    outbound_message,
    outbound_octets,
    outbox,
    timer,
    trace,
)
from gateway.db.tables.shop import consent, standing

CHUNK = 500  # rows of one batch: a mail may have 64 KiB beside it
WARNED = timedelta(days=14)  # before a held mail goes
_REPORTS = ("DeliveryReport", "Complaint", "Challenge", "AutoReply")  # as `journal.kind` names them
_EVIDENCE = timedelta(days=3 * 365)
_APPLIED = timedelta(days=400)  # longer than any replay
_FIRED = timedelta(days=30)
_AUDIT = timedelta(days=3 * 365)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long each thing is kept, as `[retain]` says."""

    handled: timedelta = timedelta(days=90)  # octets of mails that were dealt with
    reports: timedelta = timedelta(days=30)  # of reports, complaints and automatic replies
    dropped: timedelta = timedelta(days=14)
    held: timedelta = timedelta(days=180)  # at the most, with a warning
    traces: timedelta = timedelta(days=90)
    sent: timedelta = timedelta(days=90)  # octets of what we sent
    rows: timedelta = timedelta(days=730)  # of mails and messages, without their octets


Step = Callable[[AsyncConnection, Retention, datetime], Awaitable[int]]


async def mails(tx: AsyncConnection, keep: Retention, now: datetime) -> int:
    """Octets of mails that were decided long enough ago, unless they prove a consent."""
    is_report = func.coalesce(journal.c.kind, "").in_(_REPORTS)
    over = or_(
        and_(journal.c.state == "handled", is_report, journal.c.settled_at <= now - keep.reports),
        and_(journal.c.state == "handled", ~is_report, journal.c.settled_at <= now - keep.handled),
        and_(journal.c.state.in_(("dropped", "duplicate")), journal.c.settled_at <= now - keep.dropped),
    )
    old = select(journal.c.id).where(journal.c.forgotten_at.is_(None), over, ~_proves_consent(now))
    return await _forget(tx, await _some(tx, old.order_by(journal.c.seq)), now)


async def warn(tx: AsyncConnection, keep: Retention, now: datetime) -> tuple[int, ...]:
    """The numbers of held mails that will go in a fortnight, marked as announced."""
    soon = select(hold.c.number).where(
        hold.c.decided_at.is_(None),
        hold.c.announced_at.is_(None),
        hold.c.held_at <= now - max(keep.held - WARNED, timedelta()),
    )
    numbers = await _some(tx, soon.order_by(hold.c.number))
    await tx.execute(update(hold).where(among(hold.c.number, numbers)).values(announced_at=now))
    return tuple(int(number) for number in numbers)


async def holds(tx: AsyncConnection, keep: Retention, now: datetime) -> int:
    """Held mails that nobody decided although their owner was warned: dropped, with their octets."""
    over = select(hold.c.number).where(
        hold.c.decided_at.is_(None),
        hold.c.announced_at <= now - WARNED,
        hold.c.held_at <= now - keep.held,
    )
    numbers = await _some(tx, over.order_by(hold.c.number))
    ended = {"decided_at": now, "decision": "expired", "by": "retention"}
    gone = await tx.scalars(
        update(hold).where(among(hold.c.number, numbers)).values(ended).returning(hold.c.stimulus_id)
    )
    ids = [each for each in gone if each]
    drop = update(journal).where(among(journal.c.id, ids), journal.c.state == "held")
    await tx.execute(drop.values(state="dropped", reason="expired", settled_at=now))
    await _forget(tx, ids, now)
    return len(numbers)


async def traces(tx: AsyncConnection, keep: Retention, now: datetime) -> int:
    """Why things were decided; not of what the owner is still asked about."""
    asked = select(hold.c.stimulus_id).where(hold.c.decided_at.is_(None), hold.c.stimulus_id.is_not(None))
    old = trace.c.at <= now - keep.traces
    return await _delete(tx, trace, trace.c.stimulus_id, and_(old, trace.c.stimulus_id.not_in(asked)), old)


async def sent(tx: AsyncConnection, keep: Retention, now: datetime) -> int:
    """Octets of messages that were settled long enough ago."""
    settled = exists().where(
        outbound_message.c.seq == outbound_octets.c.seq, outbound_message.c.settled_at <= now - keep.sent
    )
    waits = exists().where(outbox.c.seq == outbound_octets.c.seq)
    return await _delete(tx, outbound_octets, outbound_octets.c.seq, and_(settled, ~waits))


async def messages(tx: AsyncConnection, keep: Retention, now: datetime) -> int:
    """Messages with their attempts, once their octets are gone."""
    old = select(outbound_message.c.seq).where(
        outbound_message.c.settled_at <= now - keep.rows,
        ~exists().where(outbox.c.seq == outbound_message.c.seq),
        ~exists().where(outbound_octets.c.seq == outbound_message.c.seq),
    )
    seqs = await _some(tx, old.order_by(outbound_message.c.seq))
    await tx.execute(delete(attempt).where(among(attempt.c.seq, seqs)))
    await tx.execute(delete(outbound_message).where(among(outbound_message.c.seq, seqs)))
    return len(seqs)


async def entries(tx: AsyncConnection, keep: Retention, now: datetime) -> int:
    """Rows of the journal whose octets are gone, unless they prove a consent."""
    old = and_(
        journal.c.forgotten_at.is_not(None),
        journal.c.settled_at <= now - keep.rows,
        ~_proves_consent(now),
    )
    return await _delete(tx, journal, journal.c.id, old)


def aged(table: Table, at: str, key: str, age: timedelta | None) -> Step:
    """The step that takes rows of `table` whose column `at` is older than `age` (None: as mails' rows)."""

    async def step(tx: AsyncConnection, keep: Retention, now: datetime) -> int:
        return await _delete(tx, table, table.c[key], table.c[at] <= now - (age or keep.rows))

    return step


STEPS: tuple[tuple[str, Step], ...] = (
    ("held", holds),
    ("mails", mails),
    ("traces", traces),
    ("sent", sent),
    ("messages", messages),
    ("journal", entries),
    ("bounces", aged(bounce, "at", "id", None)),
    ("known_ids", aged(known_id, "at", "message_id", None)),
    ("applied", aged(applied, "at", "id", _APPLIED)),
    ("timers", aged(timer, "fired_at", "id", _FIRED)),
    ("audit", aged(audit, "at", "id", _AUDIT)),
)


def _proves_consent(now: datetime) -> ColumnElement[bool]:
    """Whether a mail is why somebody may be written to, or not: while that stands, and three years more."""
    stands = select(standing.c.consent_id)
    kept = or_(consent.c.at > now - _EVIDENCE, consent.c.id.in_(stands))
    return journal.c.id.in_(select(consent.c.evidence_id).where(kept, consent.c.evidence_id.is_not(None)))


async def _some(tx: AsyncConnection, query: Select[tuple[str]] | Select[tuple[int]]) -> Sequence[str | int]:
    return list(await tx.scalars(query.limit(CHUNK)))


async def _forget(tx: AsyncConnection, ids: Sequence[str | int], now: datetime) -> int:
    await tx.execute(delete(journal_octets).where(among(journal_octets.c.journal_id, ids)))
    await tx.execute(update(journal).where(among(journal.c.id, ids)).values(forgotten_at=now))
    return len(ids)


async def _delete(
    tx: AsyncConnection,
    table: Table,
    key: ColumnElement[str] | ColumnElement[int],
    old: ColumnElement[bool],
    row: ColumnElement[bool] | None = None,
) -> int:
    """How many rows went; `row` narrows where `key` alone does not name a row."""
    chosen = select(key).where(old).limit(CHUNK)
    gone = delete(table).where(key.in_(chosen))
    return (await tx.execute(gone if row is None else gone.where(row))).rowcount
