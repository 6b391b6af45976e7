"""The worker that empties the outbox: claim, gate, throttle, sign, hand over, settle.

It looks, starts what is due, and rests until somebody wakes it or the next thing is due. By (route, lane),
never in one global order: a next hop that is ill keeps nobody else waiting, and order mail never waits for a
campaign (relay.md 6). No transaction is open during SMTP. When it is told to stop, what has no mark is put
back, and what has one waits for its reply (relay.md 7).
"""

import asyncio
import os
import random
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import Database, reading, writing
from gateway.kernel.clock import Clock
from gateway.kernel.decision import Event
from gateway.kernel.errors import DatabaseUnavailable, SmtpReply
from gateway.kernel.ids import spoken
from gateway.mail.envelope import Address
from gateway.outbox import store
from gateway.outbox.breaker import Breaker
from gateway.outbox.breaker import stop as stop_sending
from gateway.outbox.ending import end, stop
from gateway.outbox.flight import Carrier, Flight, answer
from gateway.outbox.gate import Go, Stop, Wait
from gateway.outbox.handover import Relay, RelayConfig, Route, Timeouts, Tls
from gateway.outbox.lanes import lane_shares
from gateway.outbox.message import Attempt, Lane
from gateway.outbox.retry import Action, Classify, Finding, by_words
from gateway.outbox.routes import DEFAULT, RouteState
from gateway.outbox.throttle import Buckets

__all__ = ["OnSettled", "RelayConfig", "RelayWorker", "Timeouts", "Tls"]

OnSettled = Callable[[AsyncConnection, Sequence[Event]], Awaitable[None]]

SWEEP_EVERY = timedelta(seconds=30)
_DEAD_AFTER = timedelta(seconds=120)  # four heartbeats; only where other workers can live at all
_AGAIN_AFTER = timedelta(seconds=1)  # when the database could promise nothing
_MARKETING = "purpose:marketing"
_PAST: Mapping[Action, str] = {
    Action.ACCEPT: "accepted",
    Action.REFUSE: "refused",
    Action.DEFER: "deferred",
    Action.STUMBLE: "deferred",
    Action.RESUME: "put_back",
    Action.LOSE: "lost",
    Action.DOUBT: "doubted",
    Action.HOLD: "held",
    Action.NOTHING: "abandoned",
}
_NEVER = datetime.max.replace(tzinfo=UTC)

log = structlog.get_logger()


class RelayWorker:
    """Hands over what is due until it is cancelled; `wake` it after an enqueue has been committed."""

    def __init__(
        self,
        db: Database,
        relay: Relay,
        sign: Callable[[bytes, datetime], bytes],
        clock: Clock,
        rng: random.Random,
        config: RelayConfig,
        on_settled: OnSettled,
        *,
        reverse_path: Callable[[int], Address],
        classify: Classify = by_words,
    ) -> None:
        self._db, self._clock, self._config, self._on_settled = db, clock, config, on_settled
        self._rng = rng
        self._carrier = Carrier(db, relay, sign, clock, reverse_path, classify, lambda: self._draining)
        self._me = store.Worker(0, 0)  # until `_begin`
        self._buckets = Buckets({})
        self._breaker = Breaker()
        self._flights: dict[Flight, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()
        self._asked: list[asyncio.Future[None]] = []
        self._failure: BaseException | None = None
        self._draining = self._ended = False
        self._sweep_at = self._doubt_at = _NEVER

    # --- from outside ----------------------------------------------------------------------------------

    def wake(self) -> None:
        """Look at the outbox now."""
        self._woken.set()

    async def idle(self) -> None:
        """Return once nothing can be done now and nothing is in flight; what waits for later may wait."""
        if self._ended:
            raise RuntimeError("the relay has ended")
        asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self.wake()
        await asked

    async def run(self) -> None:
        """Work until cancelled; then drain: nothing is left leased."""
        try:
            await self._begin()
            while self._failure is None:
                await self._turn()
            raise self._failure
        finally:
            self._draining = True
            await self._drain()
            self._ended = True
            for asked in self._asked:
                asked.cancel()

    # --- the loop --------------------------------------------------------------------------------------

    async def _turn(self) -> None:
        """Look once; if there was nothing to start, tell whoever waits for that, and rest."""
        asked, self._asked = self._asked, []
        self._woken.clear()
        was_busy = bool(self._flights)  # what lands while we look may put back what we no longer see
        try:
            until = await self._look(self._clock.now())
        except DatabaseUnavailable as error:
            log.warning("relay.database_unavailable", error=str(error))
            until = self._clock.now() + _AGAIN_AFTER
            self._asked += asked
        else:
            if until is None or was_busy or self._flights or self._woken.is_set():
                self._asked += asked
                if was_busy and not self._flights:
                    self.wake()
            else:
                _release(asked)
        if until is not None:
            await self._rest(until)

    async def _rest(self, until: datetime) -> None:
        sleeper = asyncio.ensure_future(self._clock.sleep_until(until))
        sleeper.add_done_callback(lambda slept: slept.cancelled() or self._woken.set())
        try:
            await self._woken.wait()
        finally:
            sleeper.cancel()

    async def _look(self, now: datetime) -> datetime | None:
        """Start what can be started; when to look again, None: at once."""
        if now >= self._sweep_at:
            await self._sweep(now)
        if now >= self._doubt_at:
            await self._write(lambda tx: store.resolve_doubts(tx, now, self._config.resends))
            await self._find_doubts()
        async with reading(self._db, brief=True) as tx:
            routes = await store.all_routes(tx)
            ready = {state.route.id: await store.ready(tx, state.route.id) for state in routes}
            objection = await self._breaker.objection(tx, now) if _any_due(ready.values(), now) else ""
        if objection:
            await self._write(lambda tx: stop_sending(tx, objection, now))
        again_at = [self._sweep_at, self._doubt_at]
        again = False
        for state in routes:
            opens_at, lanes = state.opens_at(now), ready[state.route.id]
            if opens_at is not None and lanes:
                if opens_at > now:
                    again_at.append(opens_at)
                else:
                    again_at += [at for at in lanes.values() if at > now]
                    due = [lane for lane, at in lanes.items() if at <= now]
                    again |= await self._start(state, due, now, again_at)
        return None if again else min(again_at)

    async def _start(
        self, state: RouteState, due: Sequence[Lane], now: datetime, again_at: list[datetime]
    ) -> bool:
        """Claim and hand over what the due lanes have; whether there is room for more.

        A route that was ill gets one message, which probes it.
        """
        route = state.route
        width = 1 if state.failures else self._config.connections
        started = False
        for lane, share in lane_shares(due, width, self._in_flight(route)).items():
            keys = (f"route:{route.key}", *([_MARKETING] if lane is Lane.BULK else []))
            n = self._buckets.available(keys, now, share)
            if not n:
                again_at.append(self._buckets.opens_at(keys, now))
                continue
            claims = await store.claim(self._db, self._me, route.id, lane, n, now)
            async with reading(self._db) as tx:
                claimed = await store.in_hand(tx, claims, now)
            await self._admit(route, claimed, keys, now)
            started |= bool(claims)
        return started and self._in_flight(route).total() < width

    def _in_flight(self, route: Route) -> Counter[Lane]:
        return Counter(flight.claimed.message.lane for flight in self._flights if flight.route == route)

    async def _admit(
        self, route: Route, claimed: Sequence[store.Claimed], keys: Sequence[str], now: datetime
    ) -> None:
        """Hand over what the gate lets through; the others are settled or put back together."""
        stopped: list[tuple[store.Claimed, Wait | Stop]] = []
        for one in claimed:
            objection = answer(one, now)
            if isinstance(objection, Go):
                self._take_off(Flight(one, route, self._me, self._buckets.take(keys, now)))
            else:
                stopped.append((one, objection))
        if stopped:

            async def end_all(tx: AsyncConnection) -> list[Event]:
                ends = [await stop(tx, self._me, one.message, objection, now) for one, objection in stopped]
                return [event for events in ends for event in events]

            await self._write(end_all)

    # --- hand-overs ------------------------------------------------------------------------------------

    def _take_off(self, flight: Flight) -> None:
        task = asyncio.create_task(self._deliver(flight), name=f"hand over {spoken('M', flight.seq)}")
        self._flights[flight] = task
        task.add_done_callback(lambda task: self._land(flight, task))

    async def _deliver(self, flight: Flight) -> None:
        finding, tried = await self._carrier.carry(flight)
        ended_at = self._clock.now()
        await self._write(lambda tx: end(tx, flight, finding, tried, ended_at, self._rng))
        _tell(finding, tried)
        if finding.action is Action.DOUBT:
            await self._find_doubts()

    def _land(self, flight: Flight, task: asyncio.Task[None]) -> None:
        del self._flights[flight]
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failure = failure
        self.wake()

    async def _write(self, body: Callable[[AsyncConnection], Awaitable[Sequence[Event]]]) -> None:
        """Write, and tell what happened in the same transaction; again and again while the database is away.

        A defect in what follows from an event must not make a delivery be forgotten: then it is written
        without being told, and logged.
        """
        tells = True
        while True:
            try:
                async with writing(self._db) as tx:
                    events = await body(tx)
                    if events and tells:
                        await self._on_settled(tx, events)
                return
            except DatabaseUnavailable as error:
                log.warning("relay.database_unavailable", error=str(error))
                await self._clock.sleep_until(self._clock.now() + _AGAIN_AFTER)
            except Exception:
                if not tells:
                    raise
                log.exception("relay.event_not_told")
                tells = False

    # --- beginning, sweeping, ending -------------------------------------------------------------------

    async def _begin(self) -> None:
        now = self._clock.now()
        async with writing(self._db) as tx:
            await store.point_to(
                tx, await store.default_route(tx), f"{self._config.host}:{self._config.port}"
            )
            self._me = await store.enlist(tx, socket.gethostname(), os.getpid(), now)
            rates = {f"route:{DEFAULT}": self._config.rate, _MARKETING: self._config.marketing_rate}
            limits = {key: rate for key, rate in rates.items() if rate is not None}
            self._buckets = Buckets(limits, await store.throttled(tx))
        await self._sweep(now)

    async def _sweep(self, now: datetime) -> None:
        """Put back what nobody holds, end what has outlived its worth, and say that we live."""
        self._sweep_at = now + SWEEP_EVERY
        async with writing(self._db) as tx:
            if not await store.beat(tx, self._me, now):
                log.warning("relay.counted_as_dead", worker=self._me.id)
                self._me = await store.enlist(tx, socket.gethostname(), os.getpid(), now)
            await store.bury(tx, self._me, None if self._config.alone else now - _DEAD_AFTER)
        in_hand = [flight.seq for flight in self._flights]
        await self._write(lambda tx: store.reap(tx, self._me, in_hand, now))
        more = True

        async def expire_some(tx: AsyncConnection) -> Sequence[Event]:
            nonlocal more
            gone = await store.expire(tx, now)
            more = bool(gone)
            return gone

        while more:
            await self._write(expire_some)
        await self._find_doubts()

    async def _find_doubts(self) -> None:
        async with reading(self._db) as tx:
            self._doubt_at = await store.next_doubt(tx) or _NEVER

    async def _drain(self) -> None:
        """Cut what has no mark, wait for the replies of what has one, put the rest back."""
        for flight, task in self._flights.items():
            if not flight.marking:
                task.cancel()
        if tasks := list(self._flights.values()):
            await asyncio.wait(tasks, timeout=self._config.timeouts.drain)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        if self._me.id:
            with suppress(DatabaseUnavailable):  # the next start reaps
                async with writing(self._db) as tx:
                    await store.dismiss(tx, self._me, self._clock.now())


def _tell(finding: Finding, tried: Attempt) -> None:
    """The line of the log; a reply's words may name the recipient, so only its figures are written."""
    reply = tried.reply or SmtpReply(0, "", "")
    log.info(
        f"delivery.{_PAST[finding.action]}",
        message_id=spoken("M", tried.seq),
        attempt=tried.number,
        host=tried.host,
        phase=tried.phase,
        code=reply.code,
        enhanced=reply.enhanced,
        took_ms=tried.took_ms,
    )


def _any_due(ready: Iterable[Mapping[Lane, datetime]], now: datetime) -> bool:
    """Whether anything but advertisements is due."""
    return any(at <= now for lanes in ready for lane, at in lanes.items() if lane is not Lane.BULK)


def _release(asked: Sequence[asyncio.Future[None]]) -> None:
    for one in asked:
        if not one.done():
            one.set_result(None)
