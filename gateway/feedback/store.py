"""Where feedback is kept: one row per order asked, filled in by its answer."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import insert_new
from gateway.db.tables.shop import feedback
from gateway.feedback.model import (
    AskForFeedback,
    Feedback,
    FeedbackAsked,
    FeedbackReceived,
    RecordFeedback,
    Sentiment,
)
from gateway.kernel.decision import Cause, Event
from gateway.kernel.ids import Id, derived_id


async def feedback_by_id(tx: AsyncConnection, feedback_id: Id) -> Feedback | None:
    return await _one(tx, feedback.c.id == feedback_id)


async def feedback_of_order(tx: AsyncConnection, order_id: Id) -> Feedback | None:
    """The request about this order as a whole."""
    return await _one(tx, (feedback.c.order_id == order_id) & feedback.c.product_id.is_(None))


async def ask(tx: AsyncConnection, effect: AskForFeedback, cause: Cause) -> Sequence[Event]:
    """The request; an order is asked about once."""
    feedback_id = derived_id("fbk", cause.id)
    row = {
        "id": feedback_id,
        "order_id": effect.order_id,
        "customer_id": effect.customer_id,
        "asked_at": cause.now,
    }
    made = (await tx.execute(insert_new(feedback, row))).first()
    return (FeedbackAsked(feedback_id, effect.order_id),) if made else ()


async def record(tx: AsyncConnection, effect: RecordFeedback, cause: Cause) -> Sequence[Event]:
    """The answer; what comes later is added to its words and does not speak again."""
    known = await feedback_by_id(tx, effect.feedback_id)
    if known is None:
        raise LookupError(f"no feedback {effect.feedback_id}")
    if known.answered_at is not None:
        await tx.execute(
            update(feedback)
            .where(feedback.c.id == known.id)
            .values(text=f"{known.text}\n\n{effect.text}", stars=effect.stars or known.stars)
        )
        return ()
    await tx.execute(
        update(feedback)
        .where(feedback.c.id == known.id)
        .values(
            answered_at=cause.now,
            journal_id=effect.journal_id,
            stars=effect.stars,
            text=effect.text,
            sentiment=effect.sentiment,
            score=effect.score,
            category=effect.category,
        )
    )
    return (FeedbackReceived(known.id, known.order_id, known.customer_id, effect.sentiment, effect.stars),)


async def _one(tx: AsyncConnection, condition: Any) -> Feedback | None:
    row = (await tx.execute(select(feedback).where(condition))).mappings().first()
    return _feedback(row) if row else None


def _feedback(row: RowMapping) -> Feedback:
    return Feedback(
        id=row["id"],
        order_id=row["order_id"],
        customer_id=row["customer_id"],
        asked_at=row["asked_at"],
        answered_at=row["answered_at"],
        stars=row["stars"],
        text=row["text"] or "",
        sentiment=Sentiment(row["sentiment"]) if row["sentiment"] else None,
        score=row["score"],
        category=row["category"] or "",
    )
