"""The breaker: when programs talk far more than they usually do, they fall silent until the owner speaks.

What counts is how many mails called for automatic mail within the hour (intake.md, 16): a loop needs mails
that come in, so a letter to a thousand people who wait counts once, and timers and files that were brought
count for nothing. Nor do registered sales channels and carriers: a shop that sells well must not fall silent.
Campaigns and letters to the owner neither count nor are stopped. Everything is counted over rows, and that
it has stopped is a row too; the worker keeps nothing but the shop's usual figure, for a few minutes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, distinct, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import upsert
from gateway.db.tables.mail import AUTOMATIC, journal, outbound_message, setting
from gateway.outbox.gate import BREAKER, BREAKER_WINDOW
from gateway.outbox.message import SendingStopped

FACTOR = 5  # times the usual
LEAST = 50  # an hour, however quiet the shop
USUAL = timedelta(days=7)  # over which the usual is measured
_KEY = "sending"  # its row in `setting`
_FRESH = timedelta(minutes=10)  # how long the usual figure is good for


@dataclass(frozen=True, slots=True)
class Sending:
    """Whether automatic mail may go: `stopped` says why not; nothing before `since` is counted."""

    stopped: str = ""
    since: datetime | None = None


async def sending(tx: AsyncConnection) -> Sending:
    """How it stands by what is written."""
    row = (await tx.execute(_READ)).first()
    if row is None:
        return Sending()
    value: Mapping[str, Any] = row.value or {}
    stopped = str(value.get("stopped", ""))
    return Sending(stopped, None if stopped else row.changed_at)


def limit(usual: float) -> int:
    """How many mails an hour are not too many, where `usual` is the mean."""
    return max(LEAST, int(FACTOR * usual))


async def usual(tx: AsyncConnection, now: datetime) -> float:
    """The mean of an hour over the last week, this hour not counted; over less where the shop is younger."""
    end = now - BREAKER_WINDOW
    row = (await tx.execute(_USUAL, {"since": end - USUAL, "until": end})).one()
    if row.first is None:
        return 0.0
    return row.n / max(1.0, (end - row.first) / timedelta(hours=1))


class Breaker:
    """Looks whether it is time to stop; bounded work, however full the hour."""

    def __init__(self) -> None:
        self._usual = 0.0
        self._fresh_until: datetime | None = None

    async def objection(self, tx: AsyncConnection, now: datetime) -> str:
        """Why automatic mail must stop now; "" if it need not, or has stopped already."""
        state = await sending(tx)
        if state.stopped:
            return ""
        if self._fresh_until is None or now >= self._fresh_until:
            self._usual, self._fresh_until = await usual(tx, now), now + _FRESH
        most = limit(self._usual)
        since = max(now - BREAKER_WINDOW, state.since or now - BREAKER_WINDOW)
        mails = await tx.scalar(_CAUSES, {"since": since, "most": most + 1}) or 0
        if mails <= most:
            return ""
        return f"more than {most} mails were answered by programs within an hour; {self._usual:.0f} are usual"


async def stop(tx: AsyncConnection, why: str, now: datetime) -> Sequence[SendingStopped]:
    """Hold all automatic mail from now on; what happened, nothing if it was stopped already."""
    if (await sending(tx)).stopped:
        return ()
    row = {"key": _KEY, "value": {"stopped": why}, "changed_at": now, "by": BREAKER}
    await tx.execute(upsert(setting, row, ("key",), ("value", "changed_at", "by")))
    return (SendingStopped(why),)


async def start(tx: AsyncConnection, now: datetime) -> None:
    """Let automatic mail go again, and count anew from now on."""
    row: dict[str, Any] = {"key": _KEY, "value": {}, "changed_at": now, "by": "owner"}
    await tx.execute(upsert(setting, row, ("key",), ("value", "changed_at", "by")))


_READ = select(setting.c.value, setting.c.changed_at).where(setting.c.key == _KEY)
_COUNTED = (  # the index of automatic mail is found only by its own words
    text(AUTOMATIC),
    func.coalesce(outbound_message.c.source_id, "") == "",  # in words that make no other index look better
    journal.c.id == outbound_message.c.cause_id,
    func.coalesce(journal.c.party, "").not_in(("channel", "carrier")),
    outbound_message.c.created_at > bindparam("since"),
)
_CAUSES = select(func.count()).select_from(
    select(outbound_message.c.cause_id).where(*_COUNTED).distinct().limit(bindparam("most")).subquery()
)
_USUAL = select(
    func.count(distinct(outbound_message.c.cause_id)).label("n"),
    func.min(outbound_message.c.created_at).label("first"),
).where(*_COUNTED, outbound_message.c.created_at <= bindparam("until"))
