"""What we do about people: who they are, what they allow, where mail no longer reaches them. Pure.

The three functions about reports, complaints and "stop" are safety: protocol and law, asked before any rule.
"""

from datetime import datetime

from gateway.customers.model import (
    Basis,
    ConsentWithdrawn,
    Customer,
    GrantConsent,
    RegisterCustomer,
    WithdrawConsent,
)
from gateway.kernel.decision import Decision, Effect, Test, dropped, handled
from gateway.kernel.ids import Id, spoken
from gateway.mail.bounce import DEAD
from gateway.mail.draft import Draft, Purpose
from gateway.mail.envelope import Address
from gateway.mail.parsed import Complaint, DeliveryReport, DsnAction, RecipientStatus
from gateway.outbox.message import (
    DeliveryDoubted,
    DeliveryExpired,
    DeliveryHeld,
    DeliveryRefused,
    NoteBounce,
    OutboundMessage,
    RouteSuspended,
    Scope,
    Send,
    Suppress,
    SuppressionReason,
    Tell,
)

HERE = "customers/decide.py"


def delivery_report(report: DeliveryReport, answered: OutboundMessage | None, journal_id: Id) -> Decision:
    """What a report about one of our messages means; without a valid token it means nothing (backscatter)."""
    rule, where = "safety.delivery_report", f"{HERE}:delivery_report"
    if answered is None or answered.recipient is None:
        return dropped(rule, where, "no_token", "a delivery report about no message of ours")
    status = next((entry for entry in report.recipients if entry.action is DsnAction.FAILED), None)
    tests = (
        Test("about our message to", answered.recipient),
        Test("report says", _short(status or (report.recipients[0] if report.recipients else None))),
    )
    if status is None:
        return handled(rule, where, tests=tests, note="no failure: nothing to do")
    noted = NoteBounce(answered.seq, status.bounce, status.diagnostic)
    effects = came_back(answered, status, journal_id)
    return handled(rule, where, noted, *effects, tests=tests)


def came_back(answered: OutboundMessage, status: RecipientStatus, journal_id: Id) -> tuple[Effect, ...]:
    """A dead address is never written to again, and the owner learns what it was that did not arrive."""
    if answered.recipient is None:
        return ()
    dead = (
        (Suppress(answered.recipient, Scope.ALL, SuppressionReason.DEAD_ADDRESS, journal_id),)
        if status.dead_address
        else ()
    )
    return (*dead, *_undelivered(answered.recipient, answered.purpose, answered.about, status.diagnostic))


def complaint(report: Complaint, answered: OutboundMessage | None, journal_id: Id) -> Decision:
    """Advertising to somebody who said "this is spam" ends at once; order mail does not."""
    rule, where = "safety.complaint", f"{HERE}:complaint"
    tests = (Test("complaint", report.type),)
    if answered is None or answered.recipient is None:
        return dropped(rule, where, "no_token", "a complaint about no message of ours", tests=tests)
    return handled(
        rule,
        where,
        WithdrawConsent(answered.recipient, Purpose.MARKETING, "complaint", journal_id),
        Suppress(answered.recipient, Scope.MARKETING, SuppressionReason.COMPLAINT, journal_id),
        tests=tests,
    )


def unsubscribe(address: Address, word: str, journal_id: Id) -> Decision:
    """Done at once, and confirmed: "stop" from a known customer, or a mail to an unsubscribe address."""
    return handled(
        "safety.unsubscribe",
        f"{HERE}:unsubscribe",
        WithdrawConsent(address, Purpose.MARKETING, "mail", journal_id),
        Suppress(address, Scope.MARKETING, SuppressionReason.UNSUBSCRIBED, journal_id),
        tests=(Test("asks to stop", word or "unsubscribe address"),),
    )


def on_consent_withdrawn(
    event: ConsentWithdrawn, customer: Customer | None, now: datetime
) -> tuple[Effect, ...]:
    """A short word that it is done, to people we know; a complaint is not answered."""
    if customer is None:
        return ()
    draft = Draft(
        "customers/unsubscribed",
        to=customer.email,
        name=customer.name,
        context={"customer": customer},
        customer_id=customer.id,
    )
    return (Send(draft),)


def on_refused(event: DeliveryRefused, answered: OutboundMessage, now: datetime) -> tuple[Effect, ...]:
    """A refusal in the dialogue says the same as a report that comes later."""
    dead = Suppress(event.recipient, Scope.ALL, SuppressionReason.DEAD_ADDRESS, answered.id)
    diagnostic = str(event.reply) if event.reply else event.bounce
    told = _undelivered(event.recipient, answered.purpose, event.about, diagnostic)
    return (dead, *told) if event.bounce in DEAD else told


def on_expired(event: DeliveryExpired, answered: OutboundMessage, now: datetime) -> tuple[Effect, ...]:
    """Nobody took it for as long as it was worth sending."""
    waited = f"we tried until it was too old; it waited because: {event.why or 'nobody answered'}"
    return _undelivered(event.recipient, answered.purpose, event.about, waited)


def on_held(event: DeliveryHeld, answered: OutboundMessage, now: datetime) -> tuple[Effect, ...]:
    """It waits for the owner's word: `mailflow queue why` tells more, `queue retry` lets it go."""
    waits = f"{spoken('M', event.seq)} waits for your word: {event.why}"
    return _undelivered(event.recipient, answered.purpose, event.about, waits)


def on_doubted(event: DeliveryDoubted, answered: OutboundMessage, now: datetime) -> tuple[Effect, ...]:
    """Nobody knows whether it arrived, and nothing more will be tried by itself."""
    if not event.closed:
        return ()
    doubt = f"the line broke at the very end, so nobody knows whether {spoken('M', event.seq)} was taken"
    return _undelivered(event.recipient, answered.purpose, event.about, doubt)


def on_route_suspended(event: RouteSuspended, _: None, now: datetime) -> tuple[Effect, ...]:
    """The way out is blocked in a way that waiting does not heal, such as a wrong password."""
    return (Tell("owner/way_out", {"route": event.route, "why": event.why}),) if event.urgent else ()


def keep_customers(people: tuple[tuple[Address, str, bool], ...], source: str) -> Decision:
    """Customers that were brought: address, name, and whether they allowed advertising."""
    effects: list[Effect] = []
    for email, name, allowed in people:
        effects.append(RegisterCustomer(email, name, source))
        if allowed:
            effects.append(GrantConsent(email, Purpose.MARKETING, Basis.IMPORTED, source))
    return handled("customers.import", f"{HERE}:keep_customers", *effects)


def _undelivered(
    recipient: Address, purpose: Purpose, about: Id | None, diagnostic: str
) -> tuple[Effect, ...]:
    """The owner is told about everything but advertising, and never about a letter to herself."""
    if purpose in (Purpose.MARKETING, Purpose.OWNER):
        return ()
    context = {"address": recipient, "diagnostic": diagnostic[:500], "what": purpose}
    return (Tell("owner/undelivered", context, about=about),)


def _short(status: RecipientStatus | None) -> str:
    return f"{status.action} {status.status} {status.bounce}".strip() if status else "no recipient"
