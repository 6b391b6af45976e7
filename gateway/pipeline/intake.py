"""Accepting mail, and the two workers that feed the pipe: over the journal, and over due timers.

`accept` returns when the mail is durable; only then does the listener say 250 (RFC 5321, 6.1). Deciding comes
after, at its own pace: a crash in between finds the row still waiting.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from gateway.db.engine import Database, Unit, commit, reading, writing
from gateway.kernel.clock import Clock
from gateway.kernel.decision import Disposition
from gateway.kernel.errors import DatabaseUnavailable
from gateway.kernel.ids import spoken
from gateway.mail.envelope import Envelope, Verdict
from gateway.pipeline import journal, timers
from gateway.pipeline.pipe import Outcome, Pipe
from gateway.pipeline.proof import Prover
from gateway.pipeline.proofs import AT_ONCE, Proofs

log = structlog.get_logger()
Keep = Callable[[str, bytes], Awaitable[None]]  # returns when large octets are durable under their SHA-256
Fetch = Callable[[str], Awaitable[bytes]]  # large octets, by their SHA-256
LATER = timedelta(seconds=1)  # how long a worker waits for a database that is away
LOOKS_EVERY = timedelta(minutes=1)  # for timers that no stimulus has set but a delivery
ASKED_AGAIN = timedelta(seconds=60)  # after trouble with DNS, once; then the mail counts as unproven


class Worker:
    """Does rounds until nothing is left, then rests until it is rung or the clock reaches its next moment."""

    def __init__(
        self,
        work: Callable[[], Awaitable[datetime | None]],
        clock: Clock,
        *,
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._work = work  # does what there is to do; returns when it must look again at the latest
        self._clock = clock
        self._busy = busy  # whether something is under way that will ring
        self._rung = asyncio.Event()
        self._resting = asyncio.Event()

    def ring(self) -> None:
        """There may be something to do; rung while it works, it is heard afterwards."""
        self._resting.clear()
        self._rung.set()

    async def rest(self) -> None:
        """Returns when there is nothing to do before its next moment."""
        await self._resting.wait()

    @property
    def rests(self) -> bool:
        return self._resting.is_set()

    async def run(self) -> None:
        """Work for ever; a database that is away is waited for."""
        while True:
            self._rung.clear()
            try:
                look_again = await self._work()
            except DatabaseUnavailable as error:
                log.warning("database.unavailable", error=str(error))
                look_again = self._clock.now() + LATER
            if not self._rung.is_set():
                if not self._busy():
                    self._resting.set()
                await self._wait(look_again)
                self._resting.clear()

    async def _wait(self, look_again: datetime | None) -> None:
        """Until it is rung, or the clock reaches `look_again`."""
        waits: set[asyncio.Future[Any]] = {asyncio.ensure_future(self._rung.wait())}
        if look_again is not None:
            waits.add(asyncio.ensure_future(self._clock.sleep_until(look_again)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()


class Intake:
    """The journal's two ends."""

    def __init__(
        self, db: Database, pipe: Pipe, clock: Clock, keep: Keep, prover: Prover, octets: Fetch
    ) -> None:
        self._db = db
        self._pipe = pipe
        self._clock = clock
        self._keep = keep
        self._prover = prover
        self._proofs = Proofs(prover, self._octets, self._ring)
        self._fetch = octets
        self.worker = Worker(self.decide_all, clock, busy=lambda: self._proofs.busy)

    async def accept(self, envelope: Envelope, octets: bytes, also: Unit = ()) -> str:
        """What the sender's server is told after 250, once the mail is durable.

        `also` becomes durable in the same transaction: where in a mailbox the mail lay.
        """
        envelope = await self._prover.admitted(envelope, octets)
        if journal.is_large(octets):
            await self._keep(envelope.sha256, octets)
        (row,), *_ = await commit(self._db, [*journal.accepting(envelope, octets), *also])
        log.info("mail.received", journal=envelope.id, via=str(envelope.via), size=envelope.size)
        if not journal.is_large(octets) and not envelope.auth.checked:
            self._proofs.begin(row.seq, envelope, octets)
        self.worker.ring()
        return f"kept as {spoken('J', row.seq)}"

    async def close(self) -> None:
        """Find out nothing more about waiting mails."""
        await self._proofs.close()

    async def decide_all(self) -> datetime | None:
        """Decide what waits and is proven; when a mail that was put off must be looked at again."""
        while True:
            now = self._clock.now()
            async with reading(self._db, brief=True) as tx:
                entries = await journal.waiting(tx, now, AT_ONCE)
                upcoming = await journal.next_due(tx, now)
            if len(entries) < AT_ONCE or self._proofs.full:
                self._proofs.forget_others([entry.seq for entry in entries])
            if not await self._decide_some(entries, now):
                return upcoming

    async def _decide_some(self, entries: Sequence[journal.Entry], now: datetime) -> bool:
        """Whether any was decided or put off; the mails of one sender keep their order."""
        progress = False
        unproven: set[str | None] = set()
        for entry in entries:
            found = self._proofs.of(entry)
            sender = entry.envelope.reverse_path
            if found is None or sender in unproven:
                unproven.add(sender)
                continue
            progress = True
            if found.dmarc is Verdict.TEMPERROR and entry.not_before is None:
                async with writing(self._db) as tx:
                    await journal.put_off(tx, entry.envelope.id, now + ASKED_AGAIN)
                log.info("mail.put_off", journal=entry.envelope.id, why=found.why)
                continue
            await self._pipe.mail(replace(entry, envelope=replace(entry.envelope, auth=found)))
        return progress

    async def _octets(self, envelope: Envelope) -> bytes:
        if envelope.size > journal.LARGE:
            return await self._fetch(envelope.sha256)
        async with reading(self._db, brief=True) as tx:
            return await journal.octets_of(tx, envelope.id) or b""

    def _ring(self) -> None:
        self.worker.ring()


class Timers:
    """The worker over due timers."""

    def __init__(self, db: Database, pipe: Pipe, clock: Clock) -> None:
        self._db = db
        self._pipe = pipe
        self._clock = clock
        self.worker = Worker(self._fire_all, clock)

    def heard(self, outcome: Outcome) -> None:
        """Look for a new timer: effects set them, and so does holding."""
        if outcome.done or outcome.decision.disposition is Disposition.HELD:
            self.worker.ring()

    async def _fire_all(self) -> datetime:
        """Fire what is due; when to look again."""
        while True:
            async with reading(self._db, brief=True) as tx:
                upcoming = await timers.next_due(tx)
                is_due = upcoming is not None and upcoming <= self._clock.now()
                due = await timers.due(tx, self._clock.now()) if is_due else ()
            for timer in due:
                await self._pipe.timer(timer)
            if not due:
                soon = self._clock.now() + LOOKS_EVERY
                return min(upcoming, soon) if upcoming else soon
