"""What we do about people: who they are, what they allow, where mail no longer reaches them. Pure.

"Stop" is safety: protocol and law, asked before any rule. What comes back is in `returned`.
"""

from datetime import datetime

from gateway.customers.model import (
    COMPLAINT,
    Basis,
    ConsentWithdrawn,
    Customer,
    GrantConsent,
    RegisterCustomer,
    WithdrawConsent,
)
from gateway.customers.returned import undelivered
from gateway.kernel.decision import Decision, Effect, Test, handled
from gateway.kernel.ids import Id, spoken
from gateway.mail.draft import Draft, Purpose
from gateway.mail.envelope import Address
from gateway.outbox.gate import BREAKER, STOPPED
from gateway.outbox.message import (
    DeliveryDoubted,
    DeliveryExpired,
    DeliveryHeld,
    OutboundMessage,
    RouteSuspended,
    Scope,
    Send,
    SendingStopped,
    Suppress,
    SuppressionReason,
    Tell,
)

HERE = "customers/decide.py"


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
    if customer is None or event.source == COMPLAINT:
        return ()
    draft = Draft(
        "customers/unsubscribed",
        to=customer.email,
        name=customer.name,
        context={"customer": customer},
        customer_id=customer.id,
    )
    return (Send(draft),)


def on_expired(event: DeliveryExpired, answered: OutboundMessage, now: datetime) -> tuple[Effect, ...]:
    """Nobody took it for as long as it was worth sending."""
    waited = f"we tried until it was too old; it waited because: {event.why or 'nobody answered'}"
    return undelivered(answered, waited)


def on_held(event: DeliveryHeld, answered: OutboundMessage, now: datetime) -> tuple[Effect, ...]:
    """It waits for the owner's word: `mailflow queue why` tells more, `queue retry` lets it go.

    Of loops she hears once an hour; while everything is held, not of each mail, for that is one letter.
    """
    if event.why.startswith(STOPPED):
        return ()
    if event.why.startswith(f"{BREAKER}:"):
        context = {"address": event.recipient, "template": answered.template, "why": event.why}
        return (Tell("owner/breaker", context),)
    waits = f"{spoken('M', event.seq)} waits for your word: {event.why}"
    return undelivered(answered, waits)


def on_sending_stopped(event: SendingStopped, _: None, now: datetime) -> tuple[Effect, ...]:
    """All automatic mail is held: only the owner can say that it is well."""
    return (Tell("owner/stopped", {"why": event.why}),)


def on_doubted(event: DeliveryDoubted, answered: OutboundMessage, now: datetime) -> tuple[Effect, ...]:
    """Nobody knows whether it arrived, and nothing more will be tried by itself."""
    if not event.closed:
        return ()
    doubt = f"the line broke at the very end, so nobody knows whether {spoken('M', event.seq)} was taken"
    return undelivered(answered, doubt)


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
