"""One message on its way: signed, marked at the right moment, handed over; and what that means.

The mark is the point of no return (relay.md 7). Before it, whatever goes wrong loses nothing and doubles
nothing; the callback that the relay awaits between body and dot writes it, durably, and says no when the row
is not ours any more, when we are stopping, or when the mark took so long that somebody may think us dead.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from gateway.db.engine import Database
from gateway.kernel.clock import Clock
from gateway.kernel.errors import DatabaseUnavailable
from gateway.kernel.ids import spoken
from gateway.mail.envelope import Address
from gateway.outbox.facts import Claimed
from gateway.outbox.gate import Answer, Stop, may_go
from gateway.outbox.handover import Commit, HandedOver, Outcome, Phase, Relay, Route, Wire
from gateway.outbox.lease import Worker, mark
from gateway.outbox.message import Attempt, DeliveryStatus
from gateway.outbox.retry import Action, Classify, Finding, read

MARK_LIFE = timedelta(seconds=20)  # a process that was stopped for longer may have been reaped meanwhile
POISONOUS = 5  # claims without an attempt to show for them

log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class Flight:
    """One claimed message between the gate and its end."""

    claimed: Claimed
    route: Route
    me: Worker
    tokens: Mapping[str, datetime]  # the throttle's numbers that count this message
    marking: bool = False  # the mark was asked for: from here on only its end may end it
    committed: bool = False  # the dot may have been written
    gone: bool = False  # the row was not ours any more

    @property
    def seq(self) -> int:
        return self.claimed.message.seq


def answer(claimed: Claimed, now: datetime) -> Answer:
    """The gate's answer; before that, a message that keeps ending its worker goes to the owner."""
    if claimed.attempts - claimed.tried > POISONOUS:
        return Stop(DeliveryStatus.HELD, f"it was begun {claimed.attempts} times and never came to an end")
    if claimed.octets is None:
        return Stop(DeliveryStatus.HELD, "it has no words: they were never written, or dropped since")
    return may_go(claimed.message, claimed.facts, now)


class Carrier:
    """Carries one message at a time to the next hop; holds nothing between two."""

    def __init__(
        self,
        db: Database,
        relay: Relay,
        sign: Callable[[bytes, datetime], bytes],
        clock: Clock,
        reverse_path: Callable[[int], Address],
        classify: Classify,
        is_draining: Callable[[], bool],
    ) -> None:
        self._db, self._relay, self._sign, self._clock = db, relay, sign, clock
        self._reverse_path, self._classify, self._is_draining = reverse_path, classify, is_draining

    async def carry(self, flight: Flight) -> tuple[Finding, Attempt]:
        """What the hand-over means, and its row; a defect of ours defers the message, and is logged."""
        began = self._clock.now()
        try:
            handed = await self._hand_over(flight, began)
        except Exception as error:  # one message never ends the worker
            log.exception("delivery.failed", message_id=spoken("M", flight.seq))
            phase = Phase.DOT if flight.committed else Phase.CONNECT
            why = f"{type(error).__name__}: {error}"
            handed = HandedOver(Outcome.CUT, phase, text=why)
            finding = Finding(Action.DOUBT if flight.committed else Action.STUMBLE, why)
        else:
            finding = Finding(Action.NOTHING, "not ours") if flight.gone else read(handed, self._classify)
        return finding, _attempt(flight, handed, began)

    async def _hand_over(self, flight: Flight, now: datetime) -> HandedOver:
        message, octets = flight.claimed.message, flight.claimed.octets
        assert octets is not None
        assert message.recipient is not None
        signed = await asyncio.to_thread(self._sign, octets, now)
        wire = Wire(self._reverse_path(message.seq), message.recipient, signed)
        return await self._relay.hand_over(flight.route, wire, self._commit(flight))

    def _commit(self, flight: Flight) -> Commit:
        async def commit() -> bool:
            """Whether the dot may be written."""
            if self._is_draining():
                return False
            flight.marking, asked = True, self._clock.now()
            try:
                flight.gone = not await mark(self._db, flight.me, flight.seq, asked, flight.tokens)
            except DatabaseUnavailable:
                return False
            in_time = self._clock.now() - asked <= MARK_LIFE
            flight.committed = in_time and not flight.gone and not self._is_draining()
            return flight.committed

        return commit


def _attempt(flight: Flight, handed: HandedOver, began: datetime) -> Attempt:
    return Attempt(
        seq=flight.seq,
        number=flight.claimed.attempts,
        at=began,
        route_id=flight.route.id,
        host=handed.host,
        tls=handed.tls,
        phase=handed.phase,
        outcome=handed.outcome,
        reply=handed.reply,
        took_ms=handed.took_ms,
        text=handed.text,
    )
