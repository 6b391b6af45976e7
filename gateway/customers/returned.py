"""What follows when mail comes back: reports, complaints, gatekeepers, absence. Pure (intake.md, 11.2).

Anybody can write a report. So only one that comes to the reverse-path of a message of ours is believed: the
address of `bounce+T@` stood in that message's envelope and nowhere else. Without it a report costs a quarter
of a point, which is shown and never stops a mail.
"""

from collections.abc import Sequence
from datetime import datetime

from gateway.customers.model import COMPLAINT, WithdrawConsent
from gateway.kernel.decision import Decision, Disposition, Effect, Match, Test, dropped, handled, held
from gateway.kernel.ids import Id, spoken
from gateway.mail.bounce import DEAD
from gateway.mail.draft import Purpose
from gateway.mail.envelope import Address
from gateway.mail.parsed import AutoReply, Complaint, DeliveryReport, DsnAction, RecipientStatus
from gateway.orders.model import Order
from gateway.outbox.message import (
    POINT,
    BouncesPiledUp,
    CountBounce,
    DeliveryRefused,
    NoteBounce,
    NoteNews,
    OutboundMessage,
    Scope,
    Suppress,
    SuppressionReason,
    Tell,
)

HERE = "customers/returned.py"
UNPROVEN = 1  # quarter of a point for a report that nothing proves
_MOST = 10  # recipients of an unproven report that are looked at
_NO_COMPLAINTS = frozenset({"not-spam", "virus"})  # RFC 5965, section 7.3: nobody asks us to stop


def delivery_report(
    report: DeliveryReport,
    answered: OutboundMessage | None,
    journal_id: Id,
    orders: Sequence[Order] = (),
) -> Decision:
    """What a report means; `answered` is the message whose reverse-path it came to, by a good token.

    `orders` are the open ones of the customer whom the message was for.
    """
    rule, where = "safety.delivery_report", f"{HERE}:delivery_report"
    if answered is None or answered.recipient is None:
        return _unproven(report)
    status = next((entry for entry in report.recipients if entry.action is DsnAction.FAILED), None)
    told = status or (report.recipients[0] if report.recipients else None)
    tests = (Test("about our message to", answered.recipient), Test("report says", _short(told)))
    if status is None:
        heard = f"{told.action}: {told.diagnostic or told.status}" if told else "a report without a recipient"
        noted = NoteNews(answered.seq, heard[:500])
        return handled(rule, where, noted, tests=tests, note="no failure: noted at the message")
    return handled(
        rule,
        where,
        NoteBounce(answered.seq, status.bounce, status.diagnostic),
        *came_back(answered, status, journal_id, orders),
        tests=tests,
    )


def came_back(
    answered: OutboundMessage, status: RecipientStatus, journal_id: Id, orders: Sequence[Order] = ()
) -> tuple[Effect, ...]:
    """A dead address is never written to again, a living one gets a point; the owner learns what was lost."""
    if answered.recipient is None:
        return ()
    follows: Effect = (
        Suppress(answered.recipient, Scope.ALL, SuppressionReason.DEAD_ADDRESS, journal_id)
        if status.dead_address
        else CountBounce(answered.recipient, answered.seq, status.bounce, POINT)
    )
    return (follows, *undelivered(answered, status.diagnostic, orders if status.dead_address else ()))


def on_refused(
    event: DeliveryRefused, known: tuple[OutboundMessage, Sequence[Order]], now: datetime
) -> tuple[Effect, ...]:
    """A refusal in the dialogue says the same as a report that comes later, and needs no proof."""
    answered, orders = known
    diagnostic = str(event.reply) if event.reply else event.bounce
    dead = event.bounce in DEAD
    follows: Effect = (
        Suppress(event.recipient, Scope.ALL, SuppressionReason.DEAD_ADDRESS, answered.id)
        if dead
        else CountBounce(event.recipient, event.seq, event.bounce, POINT)
    )
    return (follows, *undelivered(answered, diagnostic, orders if dead else ()))


def on_bounces_piled_up(event: BouncesPiledUp, _: None, now: datetime) -> tuple[Effect, ...]:
    """Advertising there ends; order mail goes on, for somebody waits for it."""
    return (Suppress(event.address, Scope.MARKETING, SuppressionReason.BOUNCES),)


def complaint(report: Complaint, answered: OutboundMessage | None, journal_id: Id) -> Decision:
    """Advertising to somebody who said "this is spam" ends at once; order mail does not."""
    rule, where = "safety.complaint", f"{HERE}:complaint"
    tests = (Test("complaint", report.type),)
    if answered is None or answered.recipient is None:
        return dropped(rule, where, "no_token", "a complaint about no message of ours", tests=tests)
    if report.type in _NO_COMPLAINTS:
        noted = NoteNews(answered.seq, f"its reader's provider reports: {report.type}")
        return handled(rule, where, noted, tests=tests, note="nobody asks us to stop")
    return handled(
        rule,
        where,
        NoteNews(answered.seq, f"its reader complained: {report.type}"),
        WithdrawConsent(answered.recipient, Purpose.MARKETING, COMPLAINT, journal_id),
        Suppress(answered.recipient, Scope.MARKETING, SuppressionReason.COMPLAINT, journal_id),
        tests=tests,
    )


def challenge(answered: OutboundMessage | None, family: str) -> Decision:
    """Somebody's gatekeeper wants a click: only a person may, so the owner is asked; it is never answered."""
    note = "somebody's gatekeeper wants a click before it lets our mail through"
    tests = (Test("gatekeeper", family or "known by its words"),)
    rule, where = "safety.challenge", f"{HERE}:challenge"
    if answered is None:
        return held(rule, where, "challenge", note, tests=tests)
    note = f"{note}: {spoken('M', answered.seq)} to {answered.recipient or 'somebody forgotten'}"
    noted = NoteNews(answered.seq, "not let through: a gatekeeper wants a click")
    return held(rule, where, "challenge", note, noted, tests=tests)


def absence(reply: AutoReply, answered: OutboundMessage | None, why: str) -> Decision:
    """A machine answers for somebody who is away: noted at the message it answers, and never answered."""
    rule, where = "safety.auto_reply", f"{HERE}:absence"
    tests = (Test("auto-reply", why), Test("back on", str(reply.back_on or "not told")))
    noted = (NoteNews(answered.seq, _absent(reply), reply.back_on),) if answered else ()
    return handled(rule, where, *noted, tests=tests, note="a machine; not answered")


def undelivered(
    answered: OutboundMessage, diagnostic: str, orders: Sequence[Order] = ()
) -> tuple[Effect, ...]:
    """The owner is told about everything but advertising, and never about a letter to herself.

    `orders`: the open ones of a customer whom no mail reaches any more.
    """
    if answered.purpose is Purpose.OWNER or (answered.purpose is Purpose.MARKETING and not orders):
        return ()
    context = {
        "address": answered.recipient,
        "diagnostic": diagnostic[:500],
        "what": answered.purpose,
        "open_orders": tuple(orders),
    }
    return (Tell("owner/undelivered", context, about=answered.about),)


def _unproven(report: DeliveryReport) -> Decision:
    failed = [entry for entry in report.recipients if entry.action is DsnAction.FAILED and entry.recipient]
    counted = tuple(
        CountBounce(Address(entry.recipient.lower()), None, entry.bounce, UNPROVEN)
        for entry in failed[:_MOST]
    )
    tests = (Test("came to a reverse-path of ours", "no", False),)
    return Decision(
        (Match("safety.delivery_report", f"{HERE}:delivery_report", tests, counted),),
        Disposition.DROPPED,
        "no_token",
        "a delivery report that came to no reverse-path of ours: not believed",
    )


def _absent(reply: AutoReply) -> str:
    away = "its reader works there no longer" if reply.gone else "its reader is away"
    until = f" until {reply.back_on.isoformat()}" if reply.back_on else ""
    instead = f"; instead: {reply.alternate}" if reply.alternate else ""
    return f"{away}{until}{instead}"


def _short(status: RecipientStatus | None) -> str:
    return f"{status.action} {status.status} {status.bounce}".strip() if status else "no recipient"
