"""Where a Draft becomes a message: rendered, composed and queued in one transaction with its cause.

The words match the moment they were called for; a template that cannot be rendered rolls its cause back,
which is tried again and then held for the owner. Nothing is signed here: that happens at hand-over.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.kernel.decision import Cause, Event
from gateway.kernel.ids import Id, derived_id
from gateway.kernel.tokens import TokenKeys
from gateway.mail.address import wire
from gateway.mail.compose import Letter, compose
from gateway.mail.draft import Draft
from gateway.mail.envelope import Address
from gateway.mail.parsed import Mailbox
from gateway.mail.verp import AddressPlan, message_id, message_token, token_address
from gateway.outbox import intervention, points, suppression
from gateway.outbox.allowance import ONCE_PER
from gateway.outbox.enqueue import Enqueued, enqueue
from gateway.outbox.message import (
    CountBounce,
    LiftSuppression,
    NoteBounce,
    NoteNews,
    ResumeSending,
    Send,
    SendingResumed,
    Suppress,
    SuppressionReason,
    Tell,
    Withdraw,
)
from gateway.outbox.render import Rendered, Templates


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the shop is in its mails: what templates call `shop`."""

    name: str
    email: Address
    address: str  # postal
    web: str
    owner: Address  # where the owner reads what we tell her


@dataclass(frozen=True, slots=True)
class Desk:
    """Applies the effects that speak of outbound mail."""

    templates: Templates
    sender: Sender
    plan: AddressPlan
    keys: TokenKeys
    today: Callable[[datetime], date]  # the shop's day

    async def send(self, tx: AsyncConnection, effect: Send, cause: Cause) -> Sequence[Event]:
        """One message to one person; the same cause enqueues once."""
        await self._enqueue(tx, effect.draft, cause)
        return ()

    async def tell(self, tx: AsyncConnection, effect: Tell, cause: Cause) -> Sequence[Event]:
        """One message to the owner."""
        draft = Draft(
            effect.template,
            to=self.sender.owner,
            context=effect.context,
            about=effect.about,
            enclosures=effect.enclosures,
            reply=effect.reply,
        )
        await self._enqueue(tx, draft, cause)
        return ()

    async def count_bounce(self, tx: AsyncConnection, effect: CountBounce, cause: Cause) -> Sequence[Event]:
        """A failure counts against its address, on the shop's day."""
        key, identifier = cause.key(effect.address), derived_id("bnc", cause.id)
        return await points.count(tx, effect, key, identifier, cause.now, self.today(cause.now))

    def once_per(self, template: str) -> timedelta:
        """How long nobody gets this answer again: as its template says, and a day at the least."""
        return max(self.templates.template(template).once_per or ONCE_PER, ONCE_PER)

    async def _enqueue(self, tx: AsyncConnection, draft: Draft, cause: Cause) -> int:
        draft = replace(draft, to=wire(draft.to))
        rendered = self.templates.render(draft.template, {**draft.context, "shop": self.sender})
        once_per = self.once_per(draft.template) if draft.answers else rendered.once_per
        identifier = derived_id("msg", cause.id)
        new = Enqueued(
            id=identifier,
            purpose=rendered.purpose,
            template=draft.template,
            recipient=draft.to,
            recipient_key=cause.key(draft.to),
            created_at=cause.now,
            subject=rendered.subject,
            about=draft.about,
            customer_id=draft.customer_id,
            cause=cause.stimulus_id,
            once_since=cause.now - once_per if once_per else None,
            on_doubt=rendered.doubt,
            not_before=draft.not_before,
            expires_in=draft.expires_in or rendered.expires_in,
        )
        return await enqueue(
            tx, new, lambda seq: compose(self._letter(draft, rendered, seq, identifier, cause.now))
        )

    def _letter(self, draft: Draft, rendered: Rendered, seq: int, identifier: Id, now: datetime) -> Letter:
        return Letter(
            author=Mailbox(self.sender.name, self.sender.email),
            to=Mailbox(draft.name, draft.to),
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            purpose=rendered.purpose,
            date=now,
            message_id=message_id(self.keys, seq, identifier, self.plan),
            token=message_token(self.keys, seq),
            reply_to=token_address(draft.reply, self.keys, seq, self.plan, self.today(now)),
            answers=draft.answers,
            enclosures=draft.enclosures,
        )


async def suppress(tx: AsyncConnection, effect: Suppress, cause: Cause) -> Sequence[Event]:
    """Nobody writes there any more; what waits for that person is settled in the same transaction."""
    key = cause.key(effect.address)
    return await suppression.suppress(tx, effect, key, derived_id("spr", cause.id), cause.now)


async def withdraw(tx: AsyncConnection, effect: Withdraw, cause: Cause) -> Sequence[Event]:
    """What waits about this object goes out no more."""
    await intervention.withdraw(tx, effect.about, effect.why, now=cause.now)
    return ()


async def note_bounce(tx: AsyncConnection, effect: NoteBounce, cause: Cause) -> Sequence[Event]:
    """A fact about a message that was accepted: it came back."""
    await intervention.note_bounce(tx, effect.seq, effect.bounce, cause.now)
    return ()


async def note_news(tx: AsyncConnection, effect: NoteNews, cause: Cause) -> Sequence[Event]:
    """A fact about a message that is no failure: it is late, or its reader away."""
    await intervention.note_news(tx, effect.seq, effect.heard, effect.back_on, cause.now)
    return ()


async def resume_sending(tx: AsyncConnection, effect: ResumeSending, cause: Cause) -> Sequence[Event]:
    """Automatic mail goes again; what was held is due at once."""
    return (SendingResumed(await intervention.resume_sending(tx, cause.now)),)


async def lift_suppression(tx: AsyncConnection, effect: LiftSuppression, cause: Cause) -> Sequence[Event]:
    """What reports said about the address is over; what the person or the owner said stands."""
    reasons = (SuppressionReason.DEAD_ADDRESS, SuppressionReason.BOUNCES)
    await suppression.lift_suppression(tx, cause.key(effect.address), now=cause.now, reasons=reasons)
    return ()
