"""Who waits, who is told, who waits no longer: pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.customers.model import RegisterCustomer
from gateway.inventory.model import Product, ProductStatus, StockChanged
from gateway.kernel.decision import Decision, Effect, Test, handled, held
from gateway.mail.draft import Draft
from gateway.mail.envelope import Address
from gateway.mail.pattern import compile_pattern
from gateway.orders.model import Order, OrderPlaced
from gateway.outbox.message import Send
from gateway.waitlist.model import JoinWaitlist, LeaveWaitlist, MarkNotified, WaitlistEntry, WaitlistJoined

HERE = "waitlist/decide.py"
_WISH = compile_pattern(
    r"\b(tell|notify|let|inform|remind|e-?mail|write) me\b.{0,80}\b(back|again|available|stock|in)\b"
    r"|\b(back in stock|wait(ing)? ?list)\b"
    r"|\b(sagen|geben|benachrichtigen|melden) sie .{0,60}\b(wieder|verfügbar|da ist|lieferbar)"
    r"|\b(prévenez|avertissez|informez)[- ]moi\b.{0,80}\b(disponible|retour|stock)"
    r"|\bav[ií]s(a|e|en)me\b.{0,80}\b(disponible|stock|vuelva)"
    r"|\bavvis(ate|a|i)mi\b.{0,80}\b(disponibile|torna)",
    ignore_case=True,
)


@dataclass(frozen=True, slots=True)
class WaitFacts:
    """An entry with its product, and whom to greet."""

    entry: WaitlistEntry
    product: Product
    name: str = ""
    first_name: str = ""


def wants_to_be_told(words: str) -> bool:
    """Whether the words ask to be told when something is back."""
    return _WISH.search(words) is not None


def wish(products: Sequence[Product], address: Address, name: str, refusal: str = "") -> Decision:
    """A wish to be told, for products that the shop sells; `refusal`: why it could not be confirmed."""
    rule, where = "waitlist.wish", f"{HERE}:wish"
    tests = (
        Test("asks to be told", "yes"),
        Test("products named", ", ".join(p.sku for p in products) or "none"),
    )
    wanted = [product for product in products if product.status is not ProductStatus.DISCONTINUED]
    if not wanted:
        note = f"{address} wants to be told when something is back, but names no product of the shop"
        return held(rule, where, "no_rule", note, tests=tests)
    if refusal:
        note = f"{address} wants to be told when something is back, but could not be answered: {refusal}"
        return held(
            rule, where, "check_failed", note, tests=(*tests, Test("may be answered", refusal, False))
        )
    joins = tuple(JoinWaitlist(product.id, address) for product in wanted)
    return handled(rule, where, RegisterCustomer(address, name, "waitlist"), *joins, tests=tests)


def on_joined(event: WaitlistJoined, facts: WaitFacts, now: datetime) -> tuple[Effect, ...]:
    """The promise to write, in words."""
    return (_letter("waitlist/joined", facts),)


def on_stock_changed(event: StockChanged, waiting: Sequence[WaitFacts], now: datetime) -> tuple[Effect, ...]:
    """Tell everyone who waits, the longest waiting first.

    Units may be fewer than people; nothing is promised, so all are told (S3-R19.3: within one hour, which
    the relay's rate must allow: 1,000 waiting at 100 a minute is 10 minutes).
    """
    if not event.came_back:
        return ()
    eldest_first = sorted(waiting, key=lambda facts: facts.entry.joined_at)
    return tuple(
        effect
        for facts in eldest_first
        for effect in (_letter("waitlist/back", facts), MarkNotified(facts.entry.id))
    )


def on_order_placed(event: OrderPlaced, order: Order, now: datetime) -> tuple[Effect, ...]:
    """Who has bought it waits no longer (S3-R19.5)."""
    bought = tuple(dict.fromkeys(line.product_id for line in order.lines if line.product_id))
    return (LeaveWaitlist(bought, order.customer_id),) if bought else ()


def _letter(template: str, facts: WaitFacts) -> Send:
    return Send(
        Draft(
            template,
            to=facts.entry.address,
            name=facts.name,
            context={"product": facts.product, "customer": {"first_name": facts.first_name}},
            about=facts.entry.id,
            customer_id=facts.entry.customer_id,
        )
    )
