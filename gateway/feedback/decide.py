"""When we ask how it was, and what we do with the answer: pure functions."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from gateway.customers.model import Customer
from gateway.feedback.model import (
    AskForFeedback,
    Feedback,
    FeedbackAsked,
    FeedbackReceived,
    FeedbackTerms,
    RecordFeedback,
    Sentiment,
)
from gateway.feedback.sentiment import category, score, sentiment, stars
from gateway.kernel.decision import Decision, Effect, SetTimer, Test, handled
from gateway.kernel.ids import Id
from gateway.mail.draft import Draft
from gateway.orders.model import Order, OrderMove, OrderMoved, OrderStatus
from gateway.outbox.message import Send, Tell

HERE = "feedback/decide.py"
ASK = "feedback.ask"  # the timer that asks some days after delivery
ASK_AT = time(10)


@dataclass(frozen=True, slots=True)
class FeedbackFacts:
    """A request with its order and customer."""

    feedback: Feedback
    order: Order
    customer: Customer


def on_delivered(event: OrderMoved, _: None, now: datetime, terms: FeedbackTerms) -> tuple[Effect, ...]:
    """A timer that asks, some days after the parcel came."""
    if event.move is not OrderMove.DELIVER or terms.ask_after_days <= 0:
        return ()
    day = terms.calendar.today(now) + timedelta(days=terms.ask_after_days)
    return (SetTimer(ASK, event.order_id, terms.calendar.at(day, ASK_AT)),)


def ask_due(order: Order | None, now: datetime) -> Decision:
    """Ask, unless it went back in the meantime."""
    rule, where = "feedback.ask_due", f"{HERE}:ask_due"
    if order is None or order.status is not OrderStatus.DELIVERED:
        return handled(rule, where, note="it was not kept; nothing is asked")
    return handled(rule, where, AskForFeedback(order.id, order.customer_id))


def on_asked(event: FeedbackAsked, facts: FeedbackFacts, now: datetime) -> tuple[Effect, ...]:
    """The request, whose answers name this feedback."""
    return (_letter("feedback/request", facts),)


def feedback_answer(facts: FeedbackFacts, words: str, journal_id: Id) -> Decision:
    """What a customer's answer to our request says."""
    given, compound = stars(words), score(words)
    feeling = sentiment(given, compound)
    tests = (
        Test("answers our request about order", facts.order.number),
        Test("stars", str(given or "none")),
        Test("words score", f"{compound / 10_000:+.2f}"),
        Test("sentiment", feeling),
    )
    record = RecordFeedback(facts.feedback.id, journal_id, given, words, feeling, compound, category(words))
    return handled("feedback.answer", f"{HERE}:feedback_answer", record, tests=tests)


def on_received(event: FeedbackReceived, facts: FeedbackFacts, now: datetime) -> tuple[Effect, ...]:
    """Thanks for the good; for the bad a draft of an apology that only the owner may send."""
    if event.sentiment is Sentiment.POSITIVE:
        return (_letter("feedback/thanks", facts),)
    if event.sentiment is Sentiment.NEGATIVE:
        context = {"feedback": facts.feedback, "order": facts.order, "customer": facts.customer}
        return (Tell("owner/feedback_bad", context, about=facts.order.id),)
    return ()


def _letter(template: str, facts: FeedbackFacts) -> Send:
    return Send(
        Draft(
            template,
            to=facts.customer.email,
            name=facts.customer.name,
            context={"order": facts.order, "customer": facts.customer},
            about=facts.feedback.id,
            customer_id=facts.customer.id,
        )
    )
