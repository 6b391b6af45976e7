"""What we do about orders: pure functions from what is known to a Decision.

Nobody is told anything here that the table in `lifecycle` does not earn; a fact that does not fit the table
is held for the owner, who can look.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from gateway.customers.model import Customer, RegisterCustomer
from gateway.inventory.model import Product, ProductStatus
from gateway.kernel.decision import ClearTimers, Decision, Effect, SetTimer, Test, handled, held
from gateway.mail.draft import Answering, Draft
from gateway.mail.envelope import Address
from gateway.orders.lifecycle import NOTICE, OPEN, ORDER, SHIPMENT
from gateway.orders.model import (
    AdvanceOrder,
    AdvanceShipment,
    DelayOrder,
    Order,
    OrderMove,
    OrderMoved,
    OrderPlaced,
    OrderStatus,
    OrderTerms,
    PlaceOrder,
    Shipment,
    ShipmentMove,
    ShipmentMoved,
    ShipmentStatus,
    ShipOrder,
)
from gateway.orders.parcels import ParcelNews
from gateway.orders.reading import OrderMail, ReadLine, Reported
from gateway.outbox.message import Send, Tell

HERE = "orders/decide.py"
STATUS = "orders/status"  # the template that answers "where is my order?"
PROMISE = "order.promise"  # the timer that looks whether a promised day has passed
LATE_AT = time(9)  # the morning after a promised day, shop time


@dataclass(frozen=True, slots=True)
class OrderStanding:
    """An order with its parcels: what a customer who asks wants to know."""

    order: Order
    shipments: tuple[Shipment, ...]


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """What a notice about an order needs."""

    order: Order
    customer: Customer
    shipment: Shipment | None
    shipments: tuple[Shipment, ...] = ()


# --- mails -----------------------------------------------------------------------------------------------


def order_mail(
    mail: OrderMail,
    known: Order | None,
    products: Mapping[str, Product],
    source: str,
    terms: OrderTerms,
    now: datetime,
) -> Decision:
    """What a sales channel's mail about one order means; `products` holds those of its SKUs that we know."""
    if known is None:
        return _new_order(mail, products, source, terms, now)
    rule, where = "orders.channel_news", f"{HERE}:order_mail"
    tests = (Test("order known", known.number), Test("reported", mail.reported))
    if mail.reported in (Reported.PLACED, Reported.CONFIRMED):
        return handled(rule, where, tests=tests, note=f"order {known.number} is known already")
    effects = _follow(mail, known)
    if effects is None:
        return held(
            rule,
            where,
            "unsure",
            f"{source} says that order {known.number} is {mail.reported}, but it is {known.status}",
            tests=tests,
        )
    return handled(rule, where, *effects, tests=tests)


def order_form(
    lines: Sequence[ReadLine],
    author: Address,
    name: str,
    products: Mapping[str, Product],
    terms: OrderTerms,
    now: datetime,
    message_id: str,
    refusal: str = "",
) -> Decision:
    """An order written by hand: `2 x MUG-01`; nobody is sold anything who may not be told of it."""
    if refusal:
        note = f"{author} orders by hand, but could not be answered: {refusal}"
        tests = (Test("orders by hand", "yes"), Test("may be answered", refusal, False))
        return held("orders.order_form", f"{HERE}:order_form", "check_failed", note, tests=tests)
    mail = OrderMail(
        number="",
        reported=Reported.PLACED,
        email=author,
        name=name,
        lines=tuple(lines),
        external_id=message_id,
    )
    return _new_order(mail, products, "mail", terms, now)


def parcel(
    news: ParcelNews, shipment: Shipment | None, order: Order | None, now: datetime
) -> Decision | None:
    """What a carrier's news means for the parcel it is about; None if the parcel is not ours.

    The first news of a parcel that we did not know, for an order that waits to be shipped, ships it.
    """
    if order is None:
        return None
    if shipment is None:
        return _unknown_parcel(news, order)
    rule, where = "orders.parcel_news", f"{HERE}:parcel"
    tests = (
        Test("tracking number", shipment.tracking_number),
        Test("parcel is", shipment.status),
        Test("carrier says", news.move),
    )
    if news.move not in SHIPMENT.accepts(shipment.status):
        note = f"parcel {shipment.tracking_number} is {shipment.status} already"
        return handled(rule, where, tests=tests, note=note)
    effect = AdvanceShipment(
        shipment.id, news.move, shipment.status, news.at or now, news.what, news.place, news.promised_on
    )
    return handled(rule, where, effect, tests=tests)


def status_question(
    standing: Sequence[OrderStanding], customer: Customer, answers: Answering, refusal: str, loops: str = ""
) -> Decision:
    """The answer to "where is my order?"; to the customer's own address, if we may answer at all.

    `loops` says that this customer was answered too often already: then a person looks.
    """
    rule, where = "orders.status_question", f"{HERE}:status_question"
    tests = (
        Test("asks for an order", "yes"),
        Test("orders of this customer", ", ".join(s.order.number for s in standing) or "none"),
        Test("may be answered", refusal or "yes", not refusal),
        Test("may be answered once more", loops or "yes", not loops),
    )
    if refusal or not standing:
        why = refusal or f"{customer.email} asks for an order, but has none with us"
        return held(rule, where, "no_rule", why, tests=tests)
    if loops:
        note = f"{customer.email} asks for an order again: {loops}"
        return held(rule, where, "breaker", note, tests=tests)
    draft = Draft(
        STATUS,
        to=customer.email,
        name=customer.name,
        context={"orders": tuple(standing), "customer": customer},
        about=standing[0].order.id,
        customer_id=customer.id,
        answers=answers,
    )
    return handled(rule, where, Send(draft), tests=tests)


def wish_to_cancel(orders: Sequence[Order], customer: Customer) -> Decision:
    """A wish to cancel is the owner's question: a mail alone does not prove who wrote it."""
    numbers = ", ".join(order.number for order in orders if order.status in OPEN) or "no open order"
    return held(
        "orders.wish_to_cancel",
        f"{HERE}:wish_to_cancel",
        "rule_asked",
        f"{customer.email} asks to cancel ({numbers})",
        tests=(Test("asks to cancel", "yes"), Test("open orders", numbers)),
    )


# --- what follows from what has happened -----------------------------------------------------------------


def on_placed(event: OrderPlaced, order: Order, now: datetime, terms: OrderTerms) -> tuple[Effect, ...]:
    """Confirm it, and look again when its promised day has passed."""
    return (AdvanceOrder(order.id, OrderMove.CONFIRM, order.status), *_watch(order, terms))


def on_moved(event: OrderMoved, facts: NoticeFacts, now: datetime, terms: OrderTerms) -> tuple[Effect, ...]:
    """The notice that this move earns, and the watch over the promised day."""
    notice = _notice(event, facts)
    if event.move is OrderMove.DELAY:
        watch = _watch(facts.order, terms) if event.promised_on else ()
    elif facts.order.status in OPEN:
        watch = ()
    else:
        watch = (ClearTimers(PROMISE, facts.order.id),)
    return (*notice, *watch)


def on_shipment_moved(event: ShipmentMoved, facts: NoticeFacts, now: datetime) -> tuple[Effect, ...]:
    """What a parcel's news means for its order: delivered, late, coming back, or a worry for the owner."""
    order = facts.order
    if event.move is ShipmentMove.HAND_OVER:
        everything = all(parcel.status is ShipmentStatus.DELIVERED for parcel in facts.shipments)
        if everything and order.status is OrderStatus.SHIPPED:
            return (AdvanceOrder(order.id, OrderMove.DELIVER, order.status),)
        return ()
    late = event.promised_on and order.promised_on and event.promised_on > order.promised_on
    effects: list[Effect] = []
    if late and order.status in OPEN:
        effects.append(DelayOrder(order.id, order.status, event.promised_on, event.what))
    if event.status in (ShipmentStatus.EXCEPTION, ShipmentStatus.LOST, ShipmentStatus.SENT_BACK):
        context = {"order": order, "shipment": facts.shipment, "customer": facts.customer, "what": event.what}
        effects.append(Tell("owner/parcel_trouble", context, about=order.id))
    return tuple(effects)


def promise_due(order: Order | None, now: datetime, terms: OrderTerms) -> Decision:
    """The morning after a promised day: if it has not arrived, the customer hears it from us first, once."""
    rule, where = "orders.promise_due", f"{HERE}:promise_due"
    if order is None or order.promised_on is None or order.status not in OPEN:
        return handled(rule, where, note="nothing is open any more")
    today = terms.calendar.today(now)
    tests = (Test("promised on", order.promised_on.isoformat()), Test("today", today.isoformat()))
    if order.promised_on >= today:
        return handled(rule, where, *_watch(order, terms), tests=tests, note="a later day was promised")
    return handled(
        rule, where, DelayOrder(order.id, order.status, None, "the promised day passed"), tests=tests
    )


# --- inside ----------------------------------------------------------------------------------------------


def _new_order(
    mail: OrderMail, products: Mapping[str, Product], source: str, terms: OrderTerms, now: datetime
) -> Decision:
    rule, where = "orders.new_order", f"{HERE}:order_mail"
    tests = (
        Test("reported", mail.reported),
        Test("lines", "; ".join(f"{line.quantity} x {line.sku}" for line in mail.lines) or "none"),
    )
    if problem := _problem(mail, products, terms):
        reason, note = problem
        return held(rule, where, reason, note, tests=tests)
    lines = tuple(line.ordered(number, products[line.sku]) for number, line in enumerate(mail.lines, 1))
    placed_at = mail.placed_at or now
    placed_on = terms.calendar.today(placed_at)
    promised_on = mail.promised_on or terms.calendar.add_working_days(placed_on, terms.promise_days)
    email = Address(mail.email)
    return handled(
        rule,
        where,
        RegisterCustomer(email, mail.name, source),
        PlaceOrder(
            number=mail.number,
            source=source,
            external_id=mail.external_id or mail.number,
            email=email,
            lines=lines,
            currency=mail.total.currency if mail.total else terms.currency,
            total=mail.total,
            placed_at=placed_at,
            placed_on=placed_on,
            promised_on=promised_on,
        ),
        tests=tests,
    )


def _problem(mail: OrderMail, products: Mapping[str, Product], terms: OrderTerms) -> tuple[str, str] | None:
    """Why this cannot be taken down as a new order: reason and sentence; None if it can."""
    if mail.reported not in (Reported.PLACED, Reported.CONFIRMED):
        return "unsure", f"news about order {mail.number}, which we do not know: {mail.reported}"
    if not mail.email:
        return "unreadable", f"order {mail.number} does not say who bought"
    if not mail.lines:
        return "unreadable", f"order {mail.number} has no lines that could be read"
    if unknown := [line.sku for line in mail.lines if line.sku not in products]:
        return "check_failed", f"no product {', '.join(unknown)} in the shop"
    if gone := [line.sku for line in mail.lines if products[line.sku].status is ProductStatus.DISCONTINUED]:
        return "check_failed", f"{', '.join(gone)} is discontinued"
    if wrong := [line.sku for line in mail.lines if not 0 < line.quantity <= 10_000]:
        return "check_failed", f"the quantity of {', '.join(wrong)} makes no sense"
    currencies = {price.currency for line in mail.lines if (price := line.price)}
    if mail.total:
        currencies.add(mail.total.currency)
    if len(currencies) > 1:
        return "check_failed", f"prices in {' and '.join(sorted(currencies))}"
    return None


def _unknown_parcel(news: ParcelNews, order: Order) -> Decision | None:
    rule, where = "orders.parcel_collected", f"{HERE}:parcel"
    tests = (Test("order named", order.number), Test("carrier says", news.move))
    begins = news.move in (ShipmentMove.COLLECT, ShipmentMove.LOAD)
    if not begins or OrderMove.SHIP not in ORDER.accepts(order.status):
        return None
    shipped = ShipOrder(
        order.id, order.status, news.carrier, news.tracking_number, promised_on=news.promised_on
    )
    return handled(rule, where, shipped, tests=tests)


def _follow(mail: OrderMail, order: Order) -> tuple[Effect, ...] | None:
    """The moves that bring an order to where its channel says it is; None if its table has no such way."""
    ship = ShipOrder(order.id, order.status, mail.carrier, mail.tracking_number, promised_on=mail.promised_on)
    can = ORDER.accepts(order.status)
    match mail.reported:
        case Reported.SHIPPED if OrderMove.SHIP in can:
            return (ship,)
        case Reported.DELIVERED if OrderMove.DELIVER in can:
            return (AdvanceOrder(order.id, OrderMove.DELIVER, order.status),)
        case Reported.DELIVERED if OrderMove.SHIP in can:
            return (ship, AdvanceOrder(order.id, OrderMove.DELIVER, OrderStatus.SHIPPED))
        case Reported.CANCELLED if OrderMove.CANCEL in can:
            return (AdvanceOrder(order.id, OrderMove.CANCEL, order.status),)
        case Reported.RETURNED if OrderMove.RETURN in can:
            return (AdvanceOrder(order.id, OrderMove.RETURN, order.status),)
        case Reported.DELAYED if OrderMove.DELAY in can and mail.promised_on:
            return (DelayOrder(order.id, order.status, mail.promised_on),)
        case _:
            return None


def _notice(event: OrderMoved, facts: NoticeFacts) -> tuple[Effect, ...]:
    template = NOTICE[event.move]
    if template is None:
        return ()
    draft = Draft(
        template,
        to=facts.customer.email,
        name=facts.customer.name,
        context={
            "order": facts.order,
            "customer": facts.customer,
            "shipment": facts.shipment,
            "new_day": event.promised_on,
            "reason": event.reason,
        },
        about=facts.order.id,
        customer_id=facts.customer.id,
    )
    return (Send(draft),)


def _watch(order: Order, terms: OrderTerms) -> tuple[Effect, ...]:
    """A look at the order on the morning after its promised day; replaces an earlier one."""
    if order.promised_on is None:
        return ()
    look_at = terms.calendar.at(order.promised_on + timedelta(days=1), LATE_AT)
    return (
        ClearTimers(PROMISE, order.id),
        SetTimer(PROMISE, order.id, look_at, part=order.promised_on.isoformat()),
    )
