"""Where the tries of a stimulus are counted, so that the fourth one never happens."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.kernel.ids import Id
from gateway.pipeline import journal, timers
from gateway.pipeline.journal import Entry
from gateway.pipeline.lifecycle import MailMove
from gateway.pipeline.stimulus import MailArrived, Stimulus, TimerDue


@dataclass(frozen=True, slots=True)
class Book:
    """Where the tries of a stimulus are counted, and how it is closed when they are used up."""

    stimulus: Stimulus
    count: Callable[[AsyncConnection, Id], Awaitable[int]]
    close: Callable[[AsyncConnection, Id, datetime, int | None], Awaitable[None]]


def mail_book(entry: Entry) -> Book:
    """The book of a mail of the journal."""

    async def close(tx: AsyncConnection, journal_id: Id, now: datetime, number: int | None) -> None:
        await journal.move(tx, journal_id, MailMove.HOLD, now, reason="failed", hold_number=number)

    return Book(MailArrived(entry.envelope, b"", entry.seq), journal.count_attempt, close)


def timer_book(due: TimerDue) -> Book:
    """The book of a timer."""

    async def close(tx: AsyncConnection, timer_id: Id, now: datetime, number: int | None) -> None:
        await timers.mark_fired(tx, timer_id, now)

    return Book(due, timers.count_attempt, close)
