"""What the end of a hand-over means, for the message and for its route, and when to try again.

The table of relay.md 9. Two things are kept apart: what is wrong with this *message* (it is refused, or waits
by its lane) and what is wrong with the *route* (it is left alone; its messages stay as they are and lose no
attempt). Trouble of a route, above all a refused login, never bounces anybody's mail.
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.kernel.errors import SmtpReply
from gateway.mail.bounce import reason
from gateway.mail.bounces import BUILT_IN
from gateway.mail.parsed import BounceClass
from gateway.outbox.handover import HandedOver, Outcome, Phase
from gateway.outbox.message import Lane

Classify = Callable[[SmtpReply], BounceClass]


class Action(StrEnum):
    """What to do with the message."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    DEFER = "defer"  # later, by the waits of its lane; counts as an attempt
    RESUME = "resume"  # as soon as its route is open; counts as none
    LOSE = "lose"  # the dot was not written: again, at once if it is the first time
    DOUBT = "doubt"
    HOLD = "hold"
    STUMBLE = "stumble"  # a defect of ours: in a quarter of an hour
    NOTHING = "nothing"  # the row is not ours any more


class Trouble(StrEnum):
    """What a route suffers from."""

    BUSY = "busy"  # it asked us to come later or slower
    UNREACHABLE = "unreachable"  # no connection, no greeting, no TLS
    LOGIN = "login"  # it does not know us any more: the owner must act
    SENDER = "sender"  # our reverse-path is refused, not the people
    BLAMED = "blamed"  # refusals that speak about us: our standing or authentication


@dataclass(frozen=True, slots=True)
class Finding:
    """What a hand-over means."""

    action: Action
    why: str
    trouble: Trouble | None = None
    bounce: BounceClass | None = None  # of a refusal or deferral by reply
    greylisted: bool = False


# The first wait, what it doubles up to, and from which failure in a row on the route is suspended at all.
@dataclass(frozen=True, slots=True)
class _Suspension:
    first: timedelta
    longest: timedelta
    patience: int = 1
    urgent: bool = False


_SUSPENSION: Mapping[Trouble, _Suspension] = {
    Trouble.BUSY: _Suspension(timedelta(seconds=60), timedelta(minutes=30)),
    Trouble.UNREACHABLE: _Suspension(timedelta(seconds=30), timedelta(minutes=15)),
    Trouble.LOGIN: _Suspension(timedelta(minutes=15), timedelta(minutes=15), urgent=True),
    Trouble.SENDER: _Suspension(timedelta(minutes=15), timedelta(minutes=15), patience=3, urgent=True),
    Trouble.BLAMED: _Suspension(timedelta(minutes=15), timedelta(minutes=15), patience=3, urgent=True),
}

_S, _MIN, _H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

# Waits after each temporary refusal; the last one repeats, except that bulk ends after its three (S4-3.T1).
_WAITS: Mapping[Lane, tuple[timedelta, ...]] = {
    Lane.TRANSACTIONAL: (15 * _S, 30 * _S, 2 * _MIN, 5 * _MIN, 15 * _MIN, 30 * _MIN, _H),
    Lane.SERVICE: (5 * _MIN, 15 * _MIN, _H, 2 * _H),
    Lane.BULK: (15 * _MIN, 30 * _MIN, 60 * _MIN),
}
_GREYLIST_WAIT = 5 * _MIN
_STUMBLE_WAIT = 15 * _MIN

# RFC 5321, section 4.5.4.1: four to five days; an offer is stale before that.
_LIFE: Mapping[Lane, timedelta] = {
    Lane.TRANSACTIONAL: timedelta(days=4),
    Lane.SERVICE: timedelta(days=4),
    Lane.BULK: timedelta(days=2),
}

_DOUBT_WAIT: Mapping[Lane, timedelta] = {
    Lane.TRANSACTIONAL: 20 * _S,
    Lane.SERVICE: 5 * _MIN,
    Lane.BULK: 5 * _MIN,
}

_LOSSES_AT_ONCE = 2  # claims; a next hop that cuts every body would otherwise be hammered

_LOGIN_CODES = frozenset({530, 534, 535, 538})  # RFC 4954, section 6
_OURS = frozenset({BounceClass.BLOCKED, BounceClass.AUTH_FAILED, BounceClass.SENDER_REFUSED})
_GREY = re.compile(r"gr[ae]y.?list", re.IGNORECASE)
_RATE = re.compile(r"\brate\b|\btoo many\b|throttl", re.IGNORECASE)


def by_words(reply: SmtpReply) -> BounceClass:
    """The class by the shipped tables: words before codes, for 5.1.1 stands on full mailboxes too."""
    return reason(BUILT_IN, reply.enhanced, str(reply)).bounce


def read(handed: HandedOver, classify: Classify = by_words) -> Finding:
    """What this end of a hand-over means; total over outcomes and phases."""
    match handed.outcome:
        case Outcome.REPLIED if handed.reply is not None:
            return _replied(handed.phase, handed.reply, classify)
        case Outcome.UNFIT if handed.phase in {Phase.TLS, Phase.AUTH}:
            return Finding(Action.RESUME, _words(handed), Trouble.LOGIN)
        case Outcome.UNFIT:
            bounce = classify(handed.reply) if handed.reply else BounceClass.UNKNOWN
            return Finding(Action.REFUSE, _words(handed), bounce=bounce)
        case Outcome.WITHHELD:
            return Finding(Action.RESUME, handed.text or "the dot was withheld")
        case _:
            return _cut(handed)


def next_try(lane: Lane, attempts: int, now: datetime, rng: random.Random) -> datetime | None:
    """When to try again after attempt number `attempts` was deferred; None: it has tried often enough."""
    waits = _WAITS[lane]
    if lane is Lane.BULK and attempts > len(waits):
        return None
    return now + _jittered(waits[min(attempts, len(waits)) - 1], rng)


def again_at(
    finding: Finding, lane: Lane, attempts: int, now: datetime, rng: random.Random
) -> datetime | None:
    """When a message with this finding is due again; None: it has tried often enough."""
    if finding.action is Action.RESUME or (finding.action is Action.LOSE and attempts < _LOSSES_AT_ONCE):
        return now
    if finding.action is Action.STUMBLE:
        return now + _STUMBLE_WAIT
    later = next_try(lane, attempts, now, rng)
    return now + _jittered(_GREYLIST_WAIT, rng) if finding.greylisted and later else later


def suspended_until(trouble: Trouble, failures: int, now: datetime) -> datetime | None:
    """Until when a route with its `failures`-th trouble in a row is left alone; None: go on."""
    law = _SUSPENSION[trouble]
    if failures < law.patience:
        return None
    return now + min(law.first * 2 ** min(failures - law.patience, 10), law.longest)


def is_urgent(trouble: Trouble) -> bool:
    """Whether only the owner can mend it."""
    return _SUSPENSION[trouble].urgent


def expires_at(lane: Lane, created_at: datetime, expires_in: timedelta | None = None) -> datetime:
    """When a message is worth nothing any more."""
    return created_at + (expires_in or _LIFE[lane])


def doubt_wait(lane: Lane) -> timedelta:
    """How long a doubt is left open before it is resent: a report may arrive meanwhile."""
    return _DOUBT_WAIT[lane]


def _jittered(wait: timedelta, rng: random.Random) -> timedelta:
    return wait * rng.uniform(0.8, 1.2)


def _cut(handed: HandedOver) -> Finding:
    match handed.phase:
        case Phase.CONNECT | Phase.EHLO | Phase.TLS | Phase.AUTH:
            return Finding(Action.RESUME, _words(handed), Trouble.UNREACHABLE)
        case Phase.DOT:
            return Finding(Action.DOUBT, _words(handed))
        case _:
            return Finding(Action.LOSE, _words(handed))


def _replied(phase: Phase, reply: SmtpReply, classify: Classify) -> Finding:
    """A reply, read in the phase it answers (RFC 5321, section 4.2.1)."""
    why = f"{phase}: {reply}"
    if reply.positive:
        return Finding(Action.ACCEPT, why)
    if reply.code == 421:  # RFC 5321, section 3.8: may come at any time
        return Finding(Action.RESUME, why, Trouble.BUSY)
    if phase in {Phase.CONNECT, Phase.EHLO, Phase.TLS}:
        return Finding(Action.RESUME, why, Trouble.UNREACHABLE)
    if reply.code in _LOGIN_CODES or (phase is Phase.AUTH and not reply.temporary):
        return Finding(Action.RESUME, why, Trouble.LOGIN)
    if phase is Phase.AUTH:
        return Finding(Action.RESUME, why, Trouble.UNREACHABLE)
    return (
        _deferred(phase, reply, why, classify) if reply.temporary else _refused(phase, reply, why, classify)
    )


def _deferred(phase: Phase, reply: SmtpReply, why: str, classify: Classify) -> Finding:
    about_mailbox = reply.enhanced.startswith("4.2.")  # "this user receives too many": one person's trouble
    if phase is Phase.MAIL or (
        not about_mailbox and (reply.enhanced == "4.7.28" or _RATE.search(reply.text))
    ):
        return Finding(Action.RESUME, why, Trouble.BUSY)
    grey = reply.code in {450, 451} and bool(_GREY.search(reply.text) or reply.enhanced == "4.7.1")
    return Finding(Action.DEFER, why, bounce=classify(reply), greylisted=grey)


def _refused(phase: Phase, reply: SmtpReply, why: str, classify: Classify) -> Finding:
    bounce = classify(reply)
    if phase is Phase.MAIL and bounce is not BounceClass.TOO_BIG:
        return Finding(Action.HOLD, why, Trouble.SENDER, bounce)
    if (
        bounce is BounceClass.RELAY_DENIED and phase is not Phase.DOT
    ):  # it does not know us; nobody is to blame
        return Finding(Action.HOLD, why, Trouble.SENDER, bounce)
    return Finding(Action.REFUSE, why, Trouble.BLAMED if bounce in _OURS else None, bounce)


def _words(handed: HandedOver) -> str:
    said = str(handed.reply) if handed.reply else handed.text or "the connection was lost"
    return f"{handed.phase}: {said}"
