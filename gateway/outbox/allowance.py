"""How much a program has answered one address lately, and whether that is enough (intake.md, 16).

An answer is a message to somebody whose own mail called for it: that is how two programs keep each other
busy. The count is made over rows, so a restart forgets nothing, and nothing has to be cleared at midnight.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import among
from gateway.db.tables.mail import journal, outbound_message
from gateway.kernel.ids import Id, prefix_of
from gateway.mail.draft import Purpose
from gateway.outbox.gate import ANSWERS
from gateway.outbox.message import DeliveryStatus

WITHIN = timedelta(days=1)
ONCE_PER = timedelta(days=1)  # at the least, for the words of an answer
NEVER_SAID = (DeliveryStatus.WITHDRAWN, DeliveryStatus.SUPPRESSED)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one address got from us: how many answers within the day, and when which words.

    Words are the same if their template is, and the order that they speak of.
    """

    answers: int = 0
    said: Mapping[tuple[str, Id | None], datetime] = field(
        default_factory=dict[tuple[str, Id | None], datetime]
    )  # by template and order

    def objection(self, template: str, about: Id | None, once_per: timedelta, now: datetime) -> str:
        """Why these words may not be said to it once more by a program; "" if they may."""
        if self.answers >= ANSWERS:
            return f"it got {self.answers} automatic answers within a day"
        said_at = self.said.get((template, order_of(about)))
        if said_at is not None and now - said_at < once_per:
            return f"it got the same answer on {said_at:%d %b at %H:%M} UTC"
        return ""


async def allowance(tx: AsyncConnection, key: str, now: datetime) -> Allowance:
    """What the address with this keyed hash got until `now`."""
    said = await tx.execute(_SAID, {"key": key})
    answers = await tx.scalar(_ANSWERS, {"key": key, "since": now - WITHIN})
    return Allowance(answers or 0, {(row.template, order_of(row.about_id)): row.at for row in said})


def order_of(about: Id | None) -> Id | None:
    """The order that words speak of; letters about anything else are told apart by their template alone."""
    return about if about and prefix_of(about) == "ord" else None


async def answers_before(tx: AsyncConnection, seqs: list[int], now: datetime) -> dict[int, int]:
    """How many answers of the day came before each of these messages; absent if it is none."""
    found = await tx.execute(_BEFORE, {"seqs": seqs, "since": now - WITHIN})
    return {row.seq: row.n for row in found}


_SAID = (
    select(
        outbound_message.c.template,
        outbound_message.c.about_id,
        func.max(outbound_message.c.created_at).label("at"),
    )
    .where(
        outbound_message.c.recipient_key == bindparam("key"),
        outbound_message.c.status.not_in(NEVER_SAID),
    )
    .group_by(outbound_message.c.template, outbound_message.c.about_id)
    .order_by("at")  # of several objects under one key the last counts
)
_ANSWERS = (
    select(func.count())
    .select_from(outbound_message)
    .join(
        journal,
        and_(
            journal.c.id == outbound_message.c.cause_id,
            journal.c.author_key == outbound_message.c.recipient_key,
        ),
    )
    .where(
        outbound_message.c.recipient_key == bindparam("key"),
        outbound_message.c.created_at > bindparam("since"),
        outbound_message.c.status.not_in(NEVER_SAID),
    )
)

_this, _earlier = outbound_message.alias("this"), outbound_message.alias("earlier")
_its_mail, _their_mail = journal.alias("its_mail"), journal.alias("their_mail")
_BEFORE = select(
    _this.c.seq,
    select(func.count())
    .select_from(_earlier)
    .join(
        _their_mail,
        and_(_their_mail.c.id == _earlier.c.cause_id, _their_mail.c.author_key == _earlier.c.recipient_key),
    )
    .where(
        _earlier.c.recipient_key == _this.c.recipient_key,
        _earlier.c.created_at > bindparam("since"),
        _earlier.c.seq < _this.c.seq,
        _earlier.c.status.not_in(NEVER_SAID),
    )
    .scalar_subquery()
    .label("n"),
).where(
    among(_this.c.seq, bindparam("seqs")),
    _this.c.purpose != Purpose.OWNER,
    exists().where(_its_mail.c.id == _this.c.cause_id, _its_mail.c.author_key == _this.c.recipient_key),
)
