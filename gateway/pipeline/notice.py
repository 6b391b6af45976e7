"""When the owner hears of what is held, and what she is told: a letter now, or the one of the morning.

Letters about what cannot wait go out at most every ten minutes, of several things at once. At 08:00 of the
shop's clock she gets what could wait, and is reminded of what has waited for 3 and for 14 days.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.commands.model import Held
from gateway.commands.reason import Told, reason
from gateway.db.engine import insert_new
from gateway.db.tables.mail import timer
from gateway.kernel.calendar import ShopCalendar
from gateway.kernel.decision import Decision, Effect, SetTimer, Test, handled
from gateway.kernel.errors import MailFlowError
from gateway.kernel.ids import Id, derived_id
from gateway.mail.header import harmless_line
from gateway.mail.part import Enclosure
from gateway.mail.trace_fields import traced
from gateway.outbox.message import Tell
from gateway.pipeline import held as holding
from gateway.pipeline import journal
from gateway.pipeline.alarm import HoldsWillGo
from gateway.pipeline.gather import Facts, PartyKind
from gateway.pipeline.held import MarkTold
from gateway.pipeline.stimulus import Stimulus, TimerDue

NOTICE, DIGEST = "hold.notice", "hold.digest"  # the timers that tell the owner
ALL = Id("hold")  # what these timers are about: everything that is held
GAP = timedelta(minutes=10)  # between two letters, and how long what cannot wait waits at most
MORNING = time(8)  # of the shop's clock
REMIND = (timedelta(days=3), timedelta(days=14))
MOST = 100  # held things in one letter
SUBJECT = 80  # characters
NOTE = 1500  # characters; the end counts, as of a traceback
ROOM = 5 * 1024 * 1024  # octets of mails that go along with one letter; base64 makes a third more of them

Octets = Callable[[AsyncConnection, Held], Awaitable[bytes]]


# --- when ------------------------------------------------------------------------------------------------


def tell_at(why: str, *, claims_owner: bool, now: datetime, calendar: ShopCalendar) -> datetime:
    """When the owner hears of something that is held for `why`, at the latest."""
    told = reason(why).told
    if told is Told.SOON:
        return (now + GAP).replace(second=0, microsecond=0)
    if told is Told.AT_ONCE_IF_HERS and claims_owner:
        return now
    return morning_after(now, calendar)


def morning_after(moment: datetime, calendar: ShopCalendar) -> datetime:
    """The first time after `moment` that the shop's clock shows 08:00; not within its last minute.

    Whoever comes that late may miss the letter that is being written.
    """
    earliest = moment + timedelta(minutes=1)
    today = calendar.today(earliest)
    same_day = calendar.at(today, MORNING)
    return same_day if same_day > earliest else calendar.at(today + timedelta(days=1), MORNING)


async def hold(
    tx: AsyncConnection,
    stimulus: Stimulus,
    decision: Decision,
    facts: Facts | None,
    now: datetime,
    calendar: ShopCalendar,
) -> int | None:
    """The number under which a stimulus is held from now on; None if it is held already.

    The owner will hear of it, but not of a letter about what is held that failed: for that, too, would fail.
    """
    hers = facts is not None and facts.sender.kind is PartyKind.OWNER
    moment = tell_at(decision.reason, claims_owner=hers, now=now, calendar=calendar)
    author = facts.mail.author.address if facts and facts.mail.author else ""
    level = facts.standing.level if facts else None
    number = await holding.keep(tx, stimulus.id, decision, now, tell_at=moment, author=author, level=level)
    if number is not None and not (isinstance(stimulus, TimerDue) and stimulus.kind in (NOTICE, DIGEST)):
        await _set_timers(tx, moment, now, calendar)
    return number


async def _set_timers(tx: AsyncConnection, tell: datetime, now: datetime, calendar: ShopCalendar) -> None:
    """One timer for each moment at which she is told or reminded, however much is held."""
    mornings = [morning_after(now + span, calendar) for span in REMIND]
    at_morning = tell == morning_after(now, calendar)
    moments = [(DIGEST if at_morning else NOTICE, tell), *((DIGEST, moment) for moment in mornings)]
    rows = [
        {
            "id": derived_id("tmr", "hold", kind, due_at.isoformat()),
            "kind": kind,
            "about_id": ALL,
            "due_at": due_at,
            "attempts": 0,
        }
        for kind, due_at in moments
    ]
    await tx.execute(_TIMERS, rows)


_TIMERS = insert_new(timer)


# --- what ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """Everything that is held, when the owner last heard of any, and the mails that go along."""

    held: tuple[Held, ...]
    last_told: datetime | None
    enclosures: tuple[Enclosure, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One held thing in a letter, in words that do no harm."""

    number: int
    came_to: str
    author: str
    proven: bool
    held_at: datetime
    subject: str
    why: str
    note: str
    attached: bool
    since_days: int  # how long it has waited


async def waiting(tx: AsyncConnection, about: Id, octets: Octets) -> Waiting:
    """What a letter could be about, and the mails of what she has not heard of yet."""
    held = await holding.listing(tx)
    return Waiting(held, await holding.last_told(tx), await _enclosed(tx, held, octets))


def notice_due(waiting: Waiting, now: datetime) -> Decision:
    """One letter for all that cannot wait, at most every ten minutes."""
    rule, where = "held.notice", "pipeline/notice.py:notice_due"
    news = tuple(each for each in waiting.held if each.told_at is None and each.tell_at <= now + GAP)
    if not any(each.tell_at <= now for each in news):
        return handled(rule, where, note="the owner knows already")
    if waiting.last_told is not None and now < waiting.last_told + GAP:
        later = waiting.last_told + GAP
        tests = (Test("last told at", waiting.last_told.isoformat()),)
        return handled(rule, where, SetTimer(NOTICE, ALL, later, part=later.isoformat()), tests=tests)
    return _letter(rule, where, waiting, news, (), now)


def digest_due(waiting: Waiting, now: datetime) -> Decision:
    """The morning's letter: what she has not heard of, and what has waited for long."""
    rule, where = "held.digest", "pipeline/notice.py:digest_due"
    news = tuple(each for each in waiting.held if each.told_at is None)
    old = tuple(each for each in waiting.held if each.told_at is not None and _is_forgotten(each, now))
    if not news and not old:
        return handled(rule, where, note="nothing is held that the owner does not know")
    return _letter(rule, where, waiting, news, old, now)


def on_holds_will_go(event: HoldsWillGo, waiting: Sequence[Held], now: datetime) -> tuple[Effect, ...]:
    """One letter about what goes soon because nobody decided it; none if all of it was decided meanwhile."""
    if not waiting:
        return ()
    lines = tuple(_line(each, attached=False, now=now) for each in waiting[:MOST])
    context = {"held": lines, "more": len(waiting) - len(lines), "days": event.within.days}
    return (Tell("owner/held_goes", context),)


def _is_forgotten(held: Held, now: datetime) -> bool:
    """Whether a reminder is due that she has not had."""
    return any(
        held.held_at + span <= now and (held.reminded_at is None or held.reminded_at < held.held_at + span)
        for span in REMIND
    )


def _letter(
    rule: str, where: str, waiting: Waiting, news: Sequence[Held], old: Sequence[Held], now: datetime
) -> Decision:
    attached = {enclosure.filename for enclosure in waiting.enclosures}
    shown = [*news, *old][:MOST]
    names = {_file(each) for each in shown}
    context = {
        "held": tuple(_line(each, _file(each) in attached, now) for each in shown),
        "reminded": bool(old) and not news,
        "more": len(waiting.held) - len(shown),
    }
    going = tuple(each for each in waiting.enclosures if each.filename in names)
    told = MarkTold(tuple(each.number for each in news), tuple(each.number for each in old))
    return handled(rule, where, Tell("owner/digest", context, enclosures=going), told)


def _line(held: Held, attached: bool, now: datetime) -> Line:
    return Line(
        number=held.number,
        came_to=harmless_line(held.came_to)[:64],
        author=shown(held.author) or "nobody named",
        proven=bool(held.level),
        held_at=held.held_at,
        subject=shown(held.subject),
        why=reason(held.reason).sentence,
        note=_tidy(held.note),
        attached=attached,
        since_days=(now - held.held_at).days,
    )


def shown(text: str) -> str:
    """A stranger's words on one short line: no controls, no overrides, nothing that invites a click."""
    plain = harmless_line(text).replace("://", "[:]//")
    return plain if len(plain) <= SUBJECT else plain[: SUBJECT - 1].rstrip() + "…"


def _tidy(note: str) -> str:
    """A note, which may be the end of a traceback, indented where it has several lines.

    It may name what a stranger wrote, an order number for example, at any length.
    """
    lines = note.strip()[-NOTE:].splitlines()
    return "\n     ".join(harmless_line(line.rstrip()).replace("://", "[:]//") for line in lines)


# --- what goes along -------------------------------------------------------------------------------------


async def _enclosed(tx: AsyncConnection, held: Sequence[Held], octets: Octets) -> tuple[Enclosure, ...]:
    """The mails that she has not seen and can go on with as soon as she has, as many as there is room for."""
    room = ROOM
    found: list[Enclosure] = []
    for each in held[:MOST]:
        wanted = each.told_at is None and each.seq is not None and reason(each.reason).attached
        if not wanted or each.size > room:
            continue
        entry = await journal.entry_by_id(tx, each.stimulus_id) if each.seq is not None else None
        if entry and (original := await octets(tx, each)):
            passed_on = traced(entry.envelope, original)
            found.append(Enclosure(_file(each), "message/rfc822", passed_on))
            room -= each.size
    return tuple(found)


def _file(held: Held) -> str:
    return f"held-{held.number}.eml"


async def octets_of(tx: AsyncConnection, held: Held, fetch: Callable[[str], Awaitable[bytes]]) -> bytes:
    """The held mail as it came; empty if retention has dropped it, or the disk has lost it."""
    entry = await journal.entry_by_id(tx, held.stimulus_id)
    if entry is None:
        return b""
    if entry.envelope.size <= journal.LARGE:
        return await journal.octets_of(tx, held.stimulus_id) or b""
    try:
        return await fetch(entry.envelope.sha256)
    except MailFlowError:  # the letter about it is worth more than its copy
        return b""
