"""What we do about purchase orders: pure functions from what is known to a Decision.

A supplier may write anything: quantities and days are checked against what we ordered, and whatever makes no
sense is shown to the owner, never booked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from gateway.kernel.decision import ClearTimers, Decision, Effect, SetTimer, Test, handled, held
from gateway.mail.draft import Draft
from gateway.mail.parsed import AutoReply
from gateway.outbox.message import Send, Tell
from gateway.purchasing.lifecycle import OPEN
from gateway.purchasing.model import (
    ConfirmPurchaseOrder,
    KeepSupplier,
    MarkReminded,
    PurchaseOrder,
    PurchaseOrderConfirmed,
    PurchaseOrderSent,
    PurchaseOrderStatus,
    PurchasingTerms,
    Supplier,
)
from gateway.purchasing.supplier_mail import Says, SupplierAnswer

HERE = "purchasing/decide.py"
ANSWER = "purchase_order.answer"  # the timer that waits for a supplier's word
ASK_AT = time(9)
SOON = timedelta(days=120)  # a day further off than this is not believed without the owner


@dataclass(frozen=True, slots=True)
class PurchaseFacts:
    purchase_order: PurchaseOrder
    supplier: Supplier


def supplier_answers(answer: SupplierAnswer, facts: PurchaseFacts, today: date) -> Decision:
    """What a supplier's answer to a purchase order means, once its figures make sense."""
    rule, where = "purchasing.supplier_answers", f"{HERE}:supplier_answers"
    order = facts.purchase_order
    tests = (
        Test("purchase order", f"{order.number}, {order.status}"),
        Test("says", answer.says),
        Test("units", f"{answer.part} of {answer.whole}" if answer.whole else str(answer.part)),
        Test("day", answer.day.isoformat() if answer.day else "none"),
    )
    if problem := _nonsense(answer, order, today):
        note = f"{facts.supplier.name} about {order.number}: {problem}"
        return held(rule, where, "check_failed", note, tests=tests)
    if answer.says in (Says.REFUSES, Says.NOTHING):
        note = f"{facts.supplier.name} about {order.number}: please read what they say"
        return held(rule, where, "no_rule", note, tests=tests)
    confirm = ConfirmPurchaseOrder(order.id, order.status, answer.part, answer.day)
    return handled(rule, where, confirm, tests=tests)


def supplier_away(away: AutoReply, facts: PurchaseFacts, terms: PurchasingTerms, now: datetime) -> Decision:
    """They are closed: nothing is answered, and our next reminder waits until they are back."""
    rule, where = "purchasing.supplier_away", f"{HERE}:supplier_away"
    order = facts.purchase_order
    tests = (Test("auto-reply about", order.number), Test("back on", str(away.back_on or "not told")))
    if away.back_on is None or order.status is not PurchaseOrderStatus.SENT:
        return handled(rule, where, tests=tests, note="an automatic answer; not answered")
    wait = _ask_at(away.back_on, terms.answer_days, terms)
    effects = (ClearTimers(ANSWER, order.id), SetTimer(ANSWER, order.id, wait, part=away.back_on.isoformat()))
    return handled(rule, where, *effects, tests=tests, note="an automatic answer; we ask when they are back")


def keep_suppliers(suppliers: Sequence[KeepSupplier]) -> Decision:
    """Suppliers that were brought."""
    return handled("purchasing.suppliers", f"{HERE}:keep_suppliers", *suppliers)


def on_sent(
    event: PurchaseOrderSent, facts: PurchaseFacts, now: datetime, terms: PurchasingTerms
) -> tuple[Effect, ...]:
    """The letter to the supplier, and a watch for its answer."""
    order = facts.purchase_order
    look_at = _ask_at(terms.calendar.today(now), terms.answer_days, terms)
    return (_letter("suppliers/order", facts), SetTimer(ANSWER, order.id, look_at))


def on_confirmed(
    event: PurchaseOrderConfirmed, facts: PurchaseFacts, now: datetime, terms: PurchasingTerms
) -> tuple[Effect, ...]:
    """The watch ends; the owner hears of it when fewer units come than were ordered."""
    order = facts.purchase_order
    short = event.quantity < event.ordered
    context = {"purchase_order": order, "supplier": facts.supplier, "confirmed": event.quantity}
    told = (Tell("owner/supplier_answer", context, about=order.id),) if short else ()
    return (ClearTimers(ANSWER, order.id), *told)


def answer_due(facts: PurchaseFacts | None, now: datetime, terms: PurchasingTerms) -> Decision:
    """No answer in time: ask again, once; after that the owner is told, once."""
    rule, where = "purchasing.answer_due", f"{HERE}:answer_due"
    if facts is None or facts.purchase_order.status is not PurchaseOrderStatus.SENT:
        return handled(rule, where, note="they have answered")
    order = facts.purchase_order
    tests = (Test("reminded on", f"{order.reminded_at:%Y-%m-%d}" if order.reminded_at else "never"),)
    if order.reminded_at is not None:
        context = {"purchase_order": order, "supplier": facts.supplier}
        return handled(rule, where, Tell("owner/supplier_silent", context, about=order.id), tests=tests)
    look_at = _ask_at(terms.calendar.today(now), terms.remind_days, terms)
    return handled(
        rule,
        where,
        _letter("suppliers/reminder", facts),
        MarkReminded(order.id),
        SetTimer(ANSWER, order.id, look_at, part="reminded"),
        tests=tests,
    )


def _nonsense(answer: SupplierAnswer, order: PurchaseOrder, today: date) -> str:
    """Why the figures cannot be right, as a sentence; empty if they can."""
    if order.status not in OPEN:
        return f"it is {order.status} already"
    if answer.whole is not None and answer.whole != order.ordered:
        return f"they speak of {answer.whole} units, we ordered {order.ordered}"
    if answer.part is not None and not 0 < answer.part <= order.ordered:
        return f"{answer.part} of {order.ordered} units makes no sense"
    if answer.part is not None and len(order.lines) > 1:
        return "a quantity for an order of several products"
    if answer.day is not None and not today <= answer.day <= today + SOON:
        return f"the day {answer.day.isoformat()} is not believed"
    return ""


def _letter(template: str, facts: PurchaseFacts) -> Send:
    return Send(
        Draft(
            template,
            to=facts.supplier.addresses[0],
            name=facts.supplier.name,
            context={"purchase_order": facts.purchase_order, "supplier": facts.supplier},
            about=facts.purchase_order.id,
        )
    )


def _ask_at(day: date, days: int, terms: PurchasingTerms) -> datetime:
    """09:00 shop time, `days` working days after `day`."""
    return terms.calendar.at(terms.calendar.add_working_days(day, days), ASK_AT)
