"""What customers say about what they bought: nouns, effects, events."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.kernel.calendar import ShopCalendar
from gateway.kernel.decision import Effect, Event
from gateway.kernel.ids import Id


class Sentiment(StrEnum):
    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


@dataclass(frozen=True, slots=True)
class Feedback:
    """One request and, once it came, its answer; `score` is VADER's compound in ten-thousandths."""

    id: Id  # prefix "fbk"
    order_id: Id
    customer_id: Id
    asked_at: datetime
    answered_at: datetime | None
    stars: int | None
    text: str
    sentiment: Sentiment | None
    score: int | None
    category: str  # delivery, quality, service, price, other; empty until answered


@dataclass(frozen=True, slots=True)
class AskForFeedback(Effect):
    """Ask the customer of this order, once."""

    order_id: Id
    customer_id: Id


@dataclass(frozen=True, slots=True)
class RecordFeedback(Effect):
    """Keep what was answered; a second answer replaces nothing and is kept with the first."""

    feedback_id: Id
    journal_id: Id
    stars: int | None
    text: str
    sentiment: Sentiment
    score: int
    category: str


@dataclass(frozen=True, slots=True)
class FeedbackAsked(Event):
    feedback_id: Id
    order_id: Id


@dataclass(frozen=True, slots=True)
class FeedbackReceived(Event):
    feedback_id: Id
    order_id: Id
    customer_id: Id
    sentiment: Sentiment
    stars: int | None


@dataclass(frozen=True, slots=True)
class FeedbackTerms:
    """`ask_after_days` counts from the day of delivery; 0: never ask."""

    calendar: ShopCalendar
    ask_after_days: int
