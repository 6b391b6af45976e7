"""What keeps programs from feeding each other: who may be answered, how often, what one sender may start.

Reading is here, and so are the two pure steps that every decision passes: a sender who has started too much
is held, and an address that was given up for dead is written to again when somebody proves to live there.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import among
from gateway.db.tables.mail import applied, journal
from gateway.kernel.decision import Decision, Disposition, Effect, Match, Test, held
from gateway.mail.autoreply import why_not_answer
from gateway.mail.envelope import Address, Envelope
from gateway.mail.parsed import Parsed
from gateway.mail.verp import AddressPlan
from gateway.orders.model import PlaceOrder
from gateway.outbox.allowance import Allowance, allowance
from gateway.outbox.message import LiftSuppression, Scope, SuppressionReason
from gateway.outbox.suppression import in_force
from gateway.waitlist.model import JoinWaitlist

HERE = "pipeline/limits.py"
OBJECTS = 20  # that one sender may start
WITHIN = timedelta(hours=2)
STARTS: frozenset[type[Effect]] = frozenset(
    {PlaceOrder, JoinWaitlist}
)  # the effects of mail that make something new
BELIEVED_DEAD = frozenset({SuppressionReason.DEAD_ADDRESS, SuppressionReason.BOUNCES})


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is left for the sender of one mail."""

    allowance: Allowance = field(default_factory=Allowance)
    objects: int = 0  # that their mails started lately
    suppressed: bool = False  # no mail at all goes there
    dead: bool = False  # because reports say that nobody lives there


async def limits(tx: AsyncConnection, key: str | None, now: datetime) -> Limits:
    """The limits of the sender with this keyed hash; None: nobody who can be counted."""
    if key is None:
        return Limits()
    reasons = await in_force(tx, key, now)
    objects = await tx.scalar(_OBJECTS, {"key": key, "since": now - WITHIN, "names": _NAMES})
    return Limits(
        allowance=await allowance(tx, key, now),
        objects=objects or 0,
        suppressed=any(scope is Scope.ALL for scope, _ in reasons),
        dead=bool(reasons) and all(reason in BELIEVED_DEAD for _, reason in reasons),
    )


def uncounted(limits: Limits) -> Limits:
    """Limits of a mail that was handled once: what it led to then is not held against it now."""
    return replace(limits, allowance=Allowance(), objects=0)


def refusal(
    mail: Parsed,
    envelope: Envelope,
    plan: AddressPlan,
    mailboxes: Collection[Address],
    *,
    suppressed: bool,
) -> str:
    """Why no program may answer the mail, beginning with the name of the rule; "" if one may.

    `mailboxes` are addresses of the shop that lie elsewhere, such as a hosted mailbox that is fetched.
    """
    refused = why_not_answer(
        mail,
        reverse_path=envelope.reverse_path,
        reverse_path_known=True,
        ours=lambda address: plan.is_ours(address) or address.lower() in mailboxes,
        dmarc=envelope.auth.dmarc,
        suppressed=suppressed,
    )
    return f"{refused.rule}: {refused.reason}" if refused else ""


def within_limits(decision: Decision, started: int, *, exempt: bool) -> Decision:
    """The decision, or a hold instead if its sender has `started` too much already; whoever is exempt may."""
    starts = sum(type(effect) in STARTS for effect in decision.effects)
    if exempt or not starts or started + starts <= OBJECTS:
        return decision
    return held(
        "limits.objects",
        f"{HERE}:within_limits",
        "breaker",
        f"its sender has started {started} orders and wishes within two hours; {OBJECTS} are the limit",
        tests=(Test("started within two hours", str(started), False), *_tests(decision)),
    )


def alive(decision: Decision, address: Address) -> Decision:
    """The decision, and that mail may go to `address` again."""
    if decision.disposition is Disposition.DROPPED:
        return decision
    tests = (Test("its address was given up", address),)
    return decision.also(Match("limits.alive", f"{HERE}:alive", tests, (LiftSuppression(address),)))


def _tests(decision: Decision) -> tuple[Test, ...]:
    return tuple(test for match in decision.because for test in match.tests)


_NAMES = sorted(effect.__name__ for effect in STARTS)
_OBJECTS = (
    select(func.count())
    .select_from(journal)
    .join(applied, applied.c.stimulus_id == journal.c.id)
    .where(
        journal.c.author_key == bindparam("key"),
        journal.c.received_at > bindparam("since"),
        among(applied.c.effect, bindparam("names")),
    )
)
