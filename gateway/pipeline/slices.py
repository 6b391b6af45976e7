"""Everything that the slices contribute, in one table: what the system can do, on one screen.

Mail rules are asked in their order, and the first that answers decides. Effects become rows by `appliers`;
events call for more by `reactions`; timers and rows that were brought have a rule each. Nothing registers
itself: what is not here does not happen.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.commands import model as command
from gateway.commands.authority import Level
from gateway.customers import decide as customers
from gateway.customers import model as customer
from gateway.customers import returned
from gateway.customers import store as customer_store
from gateway.feedback import decide as feedback
from gateway.feedback import model as feedbacks
from gateway.feedback import store as feedback_store
from gateway.inventory import decide as inventory
from gateway.inventory import model as goods
from gateway.inventory import store as inventory_store
from gateway.kernel.decision import ClearTimers, Decision, Disposition, Effect, Event, SetTimer, Test
from gateway.kernel.decision import held as held_back
from gateway.kernel.ids import Id
from gateway.mail.parsed import AutoReply
from gateway.orders import decide as orders
from gateway.orders import model as order
from gateway.orders import store as order_store
from gateway.orders.question import asks_for_status, asks_to_cancel
from gateway.orders.reading import order_form
from gateway.outbox import message as outbound
from gateway.outbox.desk import (
    Desk,
    lift_suppression,
    note_bounce,
    note_news,
    resume_sending,
    suppress,
    withdraw,
)
from gateway.outbox.once import use_token
from gateway.pipeline import alarm, held, ingest, lookup, mailbox, notice, timers
from gateway.pipeline import command as commanding
from gateway.pipeline.apply import Applier, Reaction
from gateway.pipeline.gather import Facts, PartyKind
from gateway.purchasing import decide as purchasing
from gateway.purchasing import model as purchase
from gateway.purchasing import store as purchasing_store
from gateway.purchasing.supplier_mail import supplier_answer
from gateway.waitlist import decide as waitlist
from gateway.waitlist import model as wait
from gateway.waitlist import store as waitlist_store

MailRule = Callable[[Facts], Decision | None]


@dataclass(frozen=True, slots=True)
class Terms:
    """What each slice was told by the settings."""

    orders: order.OrderTerms
    purchasing: purchase.PurchasingTerms
    feedback: feedbacks.FeedbackTerms


@dataclass(frozen=True, slots=True)
class TimerRule:
    """What a kind of timer reads about its object, and what it decides."""

    load: Callable[[AsyncConnection, Id], Awaitable[Any]]
    decide: Callable[[Any, datetime], Decision]


@dataclass(frozen=True, slots=True)
class Slices:
    """The table."""

    mail: tuple[MailRule, ...]
    timers: Mapping[str, TimerRule]
    ingest: Mapping[str, ingest.Reader]
    appliers: Mapping[type[Effect], Applier]
    reactions: Mapping[type[Event], tuple[Reaction, ...]]


def slices(terms: Terms, desk: Desk, fetch: Callable[[str], Awaitable[bytes]]) -> Slices:
    """The table for one shop; `fetch` reads large mails, by their SHA-256."""
    waiting = partial(notice.waiting, octets=partial(notice.octets_of, fetch=fetch))
    return Slices(
        mail=(
            needs(Level.L1, partial(_order_mails, terms=terms)),
            needs(Level.L1, _parcel_news),
            needs(Level.L1, partial(_supplier, terms=terms)),
            _feedback_answer,
            _wait_wish,
            _cancel_wish,
            partial(_status_question, once_per=desk.once_per),
            partial(_order_form, terms=terms),
        ),
        timers={
            orders.PROMISE: TimerRule(
                order_store.order_by_id, partial(orders.promise_due, terms=terms.orders)
            ),
            purchasing.ANSWER: TimerRule(
                lookup.purchase_of, partial(purchasing.answer_due, terms=terms.purchasing)
            ),
            feedback.ASK: TimerRule(order_store.order_by_id, feedback.ask_due),
            notice.NOTICE: TimerRule(waiting, notice.notice_due),
            notice.DIGEST: TimerRule(waiting, notice.digest_due),
        },
        ingest={
            "customers": ingest.customers,
            "suppliers": ingest.suppliers,
            "products": partial(ingest.products, currency=terms.orders.currency),
            "stock": ingest.stock,
            "orders": partial(ingest.orders, terms=terms.orders),
            "received": ingest.received,
        },
        appliers={
            SetTimer: timers.set_timer,
            ClearTimers: timers.clear_timers,
            held.MarkTold: held.mark_told,
            command.ReleaseHeld: held.release,
            command.DropHeld: held.drop,
            command.RestoreHeld: held.restore,
            command.MarkAnswered: commanding.mark_answered,
            command.MarkUndone: commanding.mark_undone,
            outbound.Send: desk.send,
            outbound.Tell: desk.tell,
            outbound.Suppress: suppress,
            outbound.Withdraw: withdraw,
            outbound.NoteBounce: note_bounce,
            outbound.NoteNews: note_news,
            outbound.CountBounce: desk.count_bounce,
            outbound.LiftSuppression: lift_suppression,
            outbound.ResumeSending: resume_sending,
            outbound.UseToken: use_token,
            customer.RegisterCustomer: customer_store.register,
            customer.GrantConsent: customer_store.grant,
            customer.WithdrawConsent: customer_store.withdraw,
            order.PlaceOrder: order_store.place,
            order.AdvanceOrder: order_store.advance,
            order.DelayOrder: order_store.delay,
            order.ShipOrder: order_store.ship,
            order.AdvanceShipment: order_store.advance_shipment,
            goods.KeepProduct: inventory_store.keep_product,
            goods.MoveStock: inventory_store.move,
            goods.CountStock: inventory_store.count,
            goods.Reserve: inventory_store.reserve,
            goods.SellReserved: inventory_store.sell,
            goods.Expect: inventory_store.expect,
            goods.Receive: inventory_store.receive,
            purchase.KeepSupplier: purchasing_store.keep_supplier,
            purchase.OrderFromSupplier: purchasing_store.order_from_supplier,
            purchase.ConfirmPurchaseOrder: purchasing_store.confirm,
            purchase.ReceivePurchaseOrder: purchasing_store.receive,
            purchase.MarkReminded: purchasing_store.mark_reminded,
            feedbacks.AskForFeedback: feedback_store.ask,
            feedbacks.RecordFeedback: feedback_store.record,
            wait.JoinWaitlist: waitlist_store.join,
            wait.LeaveWaitlist: waitlist_store.leave,
            wait.MarkNotified: waitlist_store.mark_notified,
        },
        reactions={
            order.OrderPlaced: (
                Reaction("inventory.reserve", lookup.order, inventory.on_order_placed),
                Reaction("waitlist.bought", lookup.order, waitlist.on_order_placed),
                Reaction("orders.confirm", lookup.order, partial(orders.on_placed, terms=terms.orders)),
            ),
            order.OrderMoved: (
                Reaction("inventory.move", lookup.order, inventory.on_order_moved),
                Reaction("orders.notice", lookup.notice, partial(orders.on_moved, terms=terms.orders)),
                Reaction(
                    "feedback.later", lookup.nothing, partial(feedback.on_delivered, terms=terms.feedback)
                ),
            ),
            order.ShipmentMoved: (Reaction("orders.parcel", lookup.notice, orders.on_shipment_moved),),
            goods.StockChanged: (
                Reaction("inventory.reorder", lookup.product_and_stock, inventory.on_stock_changed),
                Reaction("waitlist.tell", lookup.waiting, waitlist.on_stock_changed),
            ),
            purchase.PurchaseOrderSent: (
                Reaction("inventory.expect", lookup.nothing, inventory.on_purchase_order_sent),
                Reaction(
                    "purchasing.letter", lookup.purchase, partial(purchasing.on_sent, terms=terms.purchasing)
                ),
            ),
            purchase.PurchaseOrderConfirmed: (
                Reaction("inventory.expect", lookup.nothing, inventory.on_purchase_order_confirmed),
                Reaction(
                    "purchasing.confirmed",
                    lookup.purchase,
                    partial(purchasing.on_confirmed, terms=terms.purchasing),
                ),
            ),
            purchase.GoodsReceived: (
                Reaction("inventory.receive", lookup.nothing, inventory.on_goods_received),
            ),
            feedbacks.FeedbackAsked: (Reaction("feedback.request", lookup.feedback, feedback.on_asked),),
            feedbacks.FeedbackReceived: (Reaction("feedback.answer", lookup.feedback, feedback.on_received),),
            wait.WaitlistJoined: (Reaction("waitlist.promise", lookup.wait, waitlist.on_joined),),
            customer.ConsentWithdrawn: (
                Reaction("customers.goodbye", lookup.customer, customers.on_consent_withdrawn),
            ),
            outbound.DeliveryRefused: (
                Reaction("customers.refused", lookup.message_and_orders, returned.on_refused),
            ),
            outbound.DeliveryExpired: (Reaction("customers.expired", lookup.message, customers.on_expired),),
            outbound.DeliveryHeld: (Reaction("customers.held", lookup.message, customers.on_held),),
            outbound.DeliveryDoubted: (Reaction("customers.doubted", lookup.message, customers.on_doubted),),
            mailbox.MailboxOpened: (Reaction("mailbox.opened", lookup.nothing, mailbox.on_opened),),
            mailbox.MailboxTroubled: (Reaction("mailbox.troubled", lookup.nothing, mailbox.on_troubled),),
            outbound.SendingStopped: (
                Reaction("customers.stopped", lookup.nothing, customers.on_sending_stopped),
            ),
            alarm.DiskNearlyFull: (Reaction("alarm.disk", lookup.nothing, alarm.on_disk_nearly_full),),
            alarm.HoldsWillGo: (Reaction("alarm.holds", held.still_held, notice.on_holds_will_go),),
            outbound.BouncesPiledUp: (
                Reaction("customers.bounces", lookup.nothing, returned.on_bounces_piled_up),
            ),
            outbound.RouteSuspended: (
                Reaction("customers.way_out", lookup.nothing, customers.on_route_suspended),
            ),
        },
    )


# --- what an act needs to be believed ----------------------------------------------------------------------


def needs(level: Level, rule: MailRule) -> MailRule:
    """The rule, for mails of at least that level; what it would do for others, the owner is asked."""

    def proven(facts: Facts) -> Decision | None:
        decision = rule(facts)
        if decision is None or not _acts(decision) or facts.act_standing.level >= level:
            return decision
        return _not_proven(decision, facts, f"it needs {level.name}: {facts.act_standing.why}")

    return proven


def _acts(decision: Decision) -> bool:
    return decision.disposition is Disposition.HANDLED and bool(decision.effects)


def _not_proven(decision: Decision, facts: Facts, why: str) -> Decision:
    """The decision, not carried out; its tests stay, so that the trace shows what was asked for."""
    would = decision.because[0]
    question = Test("level is enough", facts.act_standing.level.name, held=False)
    return held_back(
        "safety.not_proven",
        would.where,
        "not_proven",
        f"{would.rule} was asked for by a mail that is not proven: {why}",
        tests=(*would.tests, question),
    )


# --- the slices' own defaults, in the order in which they are asked --------------------------------------


def _order_mails(facts: Facts, terms: Terms) -> Decision | None:
    """A sales channel's notice; several orders in one mail add up unless one of them is held."""
    decisions = [
        orders.order_mail(
            read,
            facts.known_orders.get(read.number),
            facts.products,
            facts.source,
            terms.orders,
            facts.now,
        )
        for read in facts.order_mails
    ]
    return _merged(decisions)


def _parcel_news(facts: Facts) -> Decision | None:
    found = (orders.parcel(news, parcel, of, facts.now) for news, parcel, of in facts.parcels)
    return _merged([decision for decision in found if decision])


def _supplier(facts: Facts, terms: Terms) -> Decision | None:
    """A supplier's words about a purchase order, by its token or its number."""
    if facts.purchase is None or facts.sender.kind is not PartyKind.SUPPLIER:
        return None
    if isinstance(facts.mail.kind, AutoReply):
        return purchasing.supplier_away(facts.mail.kind, facts.purchase, terms.purchasing, facts.now)
    today = terms.purchasing.calendar.today(facts.now)
    answer = supplier_answer(facts.mail.reply, today, day_first=facts.purchase.supplier.day_order == "dmy")
    return purchasing.supplier_answers(answer, facts.purchase, today)


def _feedback_answer(facts: Facts) -> Decision | None:
    if facts.feedback is None:
        return None
    return feedback.feedback_answer(facts.feedback, facts.mail.reply, facts.envelope.id)


def _wait_wish(facts: Facts) -> Decision | None:
    if not _is_person(facts) or not waitlist.wants_to_be_told(f"{facts.mail.subject}\n{facts.mail.reply}"):
        return None
    if facts.sender.address is None:
        return None
    return waitlist.wish(
        tuple(facts.products.values()), facts.sender.address, facts.sender.name, facts.refusal
    )


def _status_question(facts: Facts, once_per: Callable[[str], timedelta]) -> Decision | None:
    buyer = facts.sender.customer
    if buyer is None or not asks_for_status(f"{facts.mail.subject}\n{facts.mail.reply}"):
        return None
    meant = tuple(standing for standing in facts.order_standings if standing.order == facts.order)
    standing = (
        meant
        or tuple(s for s in facts.order_standings if s.order.status in orders.OPEN)
        or facts.order_standings[:1]
    )
    answer, about = orders.STATUS, standing[0].order.id if standing else None
    loops = facts.limits.allowance.objection(answer, about, once_per(answer), facts.now)
    return orders.status_question(standing, buyer, facts.answering, facts.refusal, loops)


def _cancel_wish(facts: Facts) -> Decision | None:
    buyer = facts.sender.customer
    if buyer is None or not asks_to_cancel(f"{facts.mail.subject}\n{facts.mail.reply}"):
        return None
    meant = [facts.order] if facts.order else [standing.order for standing in facts.order_standings]
    return orders.wish_to_cancel(meant, buyer)


def _order_form(facts: Facts, terms: Terms) -> Decision | None:
    lines = order_form(facts.mail.reply)
    if not lines or not _is_person(facts) or facts.sender.address is None or facts.answered:
        return None
    return orders.order_form(
        lines,
        facts.sender.address,
        facts.sender.name,
        facts.products,
        terms.orders,
        facts.now,
        facts.mail.message_id or facts.envelope.id,
        facts.refusal,
    )


def _merged(decisions: Sequence[Decision]) -> Decision | None:
    """One decision of several; if one is held, nothing of the others is done either."""
    held_ones = [decision for decision in decisions if decision.disposition != "handled"]
    if held_ones or not decisions:
        return held_ones[0] if held_ones else None
    first, *others = decisions
    return first.also(*(match for decision in others for match in decision.because))


def _is_person(facts: Facts) -> bool:
    """Whether somebody wrote, not something."""
    return facts.sender.kind in (PartyKind.CUSTOMER, PartyKind.STRANGER) and not facts.mail.automatic
