"""One watcher for each hosted mailbox: connected, idling, collecting, and back again after any trouble.

Nothing that a server does ends it. A lost connection is made anew with a growing, random wait; a refused
login waits long, for providers lock accounts that are tried too often; a watcher in which nothing moves for
12 minutes is cancelled and started afresh, whatever the reason. Only the holder of the lease watches.
"""

import asyncio
import random
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from gateway.db.engine import Database, commit, writing
from gateway.kernel.clock import Clock
from gateway.kernel.decision import Event
from gateway.kernel.errors import DatabaseUnavailable, MailFlowError
from gateway.mail.envelope import Intake
from gateway.pipeline import checkpoint
from gateway.pipeline.checkpoint import Cursor, Place
from gateway.pipeline.collect import Accept, Collector, Watched
from gateway.pipeline.folder import Connect, Folder, FolderLost, LoginRefused
from gateway.pipeline.mailbox import MailboxTroubled
from gateway.pipeline.pipe import Outcome
from gateway.pipeline.stimulus import MailArrived

log = structlog.get_logger()

RENEW = timedelta(seconds=20)  # a third of the lease
IDLE = timedelta(minutes=9)  # RFC 2177 allows 29, home routers do not
POLL = timedelta(seconds=60)
STALLED = timedelta(minutes=12)
SILENT = timedelta(minutes=15)
IDLE_BROKE = 3  # times in an hour, then the mailbox is polled
AN_HOUR = timedelta(hours=1)
RECONNECT = (1.0, 300.0)  # seconds: the first wait at most, and what it doubles up to
REFUSED = (timedelta(minutes=15), timedelta(hours=4))
DATABASE = timedelta(seconds=1)

Tell = Callable[[Event], Awaitable[None]]


class Logins:
    """How often an account's login was refused in a row; its mailboxes share it, so that none tries alone."""

    def __init__(self) -> None:
        self.refusals = 0
        self.not_before: datetime | None = None

    def refused(self, now: datetime) -> bool:
        """Count a refusal; whether it is the first."""
        first, longest = REFUSED
        self.not_before = now + min(longest, first * 2 ** min(self.refusals, 10))
        self.refusals += 1
        return self.refusals == 1

    def succeeded(self) -> None:
        self.refusals, self.not_before = 0, None


class Watcher:
    """Watches one mailbox until it is cancelled."""

    def __init__(
        self,
        watched: Watched,
        connect: Connect,
        db: Database,
        accept: Accept,
        clock: Clock,
        tell: Tell,
        *,
        logins: Logins | None = None,
        rng: random.Random,
        room: Callable[[], None] = lambda: None,
        one_large: asyncio.Lock | None = None,
        alone: bool = False,
    ) -> None:
        self.place: Place = watched.place
        self._moves = bool(watched.move_to)
        self._connect, self._db, self._clock, self._tell = connect, db, clock, tell
        self._logins = logins or Logins()
        self._rng, self._alone = rng, alone
        self._collector = Collector(
            watched, db, accept, clock, self._announce, self._contact, room, one_large
        )
        self._name = f"{self.place}/{secrets.token_hex(8)}"  # in the lease
        self._woken, self._resting = asyncio.Event(), asyncio.Event()
        self._connected = self._pausing = False
        self._failures = 0  # connections lost in a row
        self._idle_broke: deque[datetime] = deque(maxlen=IDLE_BROKE)
        self._progress = 0
        self._contact_at: datetime | None = None
        self._trouble = ""
        self._told = False

    # --- from outside --------------------------------------------------------------------------------------

    def ring(self) -> None:
        """Look into the mailbox now, if it is open; a server that is away or refuses us is left alone."""
        if self._connected:
            self._resting.clear()
            self._woken.set()

    def heard(self, outcome: Outcome) -> None:
        """A mail was decided: if settled ones are moved from here, it may be time to."""
        stimulus = outcome.stimulus
        if self._moves and isinstance(stimulus, MailArrived) and stimulus.envelope.via is Intake.IMAP:
            self.ring()

    async def rest(self) -> None:
        """Returns when there is nothing to do before the server, or the clock, says so."""
        await self._resting.wait()

    @property
    def rests(self) -> bool:
        return self._resting.is_set()

    @property
    def trouble(self) -> str:
        """Why the mailbox is not watched at the moment; "" if it is."""
        return self._trouble

    async def run(self) -> None:
        """Watch until cancelled; then the mailbox is free for another."""
        try:
            while True:
                if await self._take():
                    await self._hold()
                else:
                    await self._pause(self._clock.now() + RENEW, self._trouble)
        finally:
            await self._let_go()

    # --- the lease and the watchdog ------------------------------------------------------------------------

    async def _take(self) -> bool:
        try:
            async with writing(self._db) as tx:
                now = self._clock.now()
                taken = await checkpoint.take(tx, self.place, self._name, now, alone=self._alone)
            self._trouble = "" if taken else "another MailFlow watches it"
            return taken
        except DatabaseUnavailable as error:
            log.warning("database.unavailable", error=str(error))
            return False

    async def _hold(self) -> None:
        """Watch as long as the mailbox is ours, and something moves."""
        session = asyncio.create_task(self._watch(), name=f"watch {self.place}")
        try:
            await self._keep()
        finally:
            session.cancel()
            await asyncio.gather(session, return_exceptions=True)
            self._connected = False

    async def _keep(self) -> None:
        """Renew the lease; returns when it is lost, or when nothing has moved for 12 minutes.

        Time is counted in renewals: a machine that slept has not been silent.
        """
        before, still, silent = self._progress, 0, 0
        while True:
            await self._clock.sleep_until(self._clock.now() + RENEW)
            moved, before = self._progress != before, self._progress
            still = 0 if moved or self._pausing else still + 1
            silent = 0 if moved else silent + 1
            if not await self._renew():
                log.warning("imap.lease_lost", mailbox=str(self.place))
                return
            if silent * RENEW >= SILENT and not self._told:
                await self._alarm(self._trouble or "the server has not answered for a quarter of an hour")
            if still * RENEW >= STALLED:
                log.error("imap.stalled", mailbox=str(self.place))
                return

    async def _renew(self) -> bool:
        """Whether the mailbox is still ours; a database that is away takes it from nobody."""
        trouble, now = self._trouble, self._clock.now()
        try:
            unit = checkpoint.renewing(self.place, self._name, self._contact_at, trouble, now)
            kept, *_ = await commit(self._db, unit)
        except DatabaseUnavailable as error:
            log.warning("database.unavailable", error=str(error))
            return True
        return bool(kept)

    async def _let_go(self) -> None:
        try:
            await commit(self._db, checkpoint.letting_go(self.place, self._name))
        except DatabaseUnavailable:
            log.warning("imap.lease_kept", mailbox=str(self.place))  # it runs out by itself

    # --- a connection after the other ----------------------------------------------------------------------

    async def _watch(self) -> None:
        """Connect, serve, lose, wait; for ever."""
        while True:
            if self._logins.not_before and self._logins.not_before > self._clock.now():
                await self._pause(self._logins.not_before, self._trouble or "the login was refused")
                continue
            try:
                async with self._connect() as folder:
                    self._contact()
                    self._logins.succeeded()
                    await self._serve(folder)
            except LoginRefused as error:
                await self._refused(str(error))
            except DatabaseUnavailable as error:
                log.warning("database.unavailable", error=str(error))
                await self._pause(self._clock.now() + DATABASE, self._trouble)
            except MailFlowError as error:
                if isinstance(error, FolderLost) and error.idle:
                    self._idle_broke.append(self._clock.now())
                log.warning("imap.lost", mailbox=str(self.place), why=str(error))
                await self._pause(self._next_try(), str(error))
            except Exception as error:  # whatever it is, the other mailboxes go on
                log.exception("imap.failed", mailbox=str(self.place))
                await self._pause(self._next_try(), f"a defect of ours: {error!r}")

    async def _serve(self, folder: Folder) -> None:
        """Collect, move, wait for news, until the connection is lost."""
        cursor = await self._collector.open(folder)
        self._connected = True
        try:
            while True:
                self._woken.clear()
                cursor = await self._round(folder, cursor)
                if not self._woken.is_set():
                    self._resting.set()
                    try:
                        await self._wait(folder)
                    finally:
                        self._resting.clear()
        finally:
            self._connected = False

    async def _round(self, folder: Folder, cursor: Cursor) -> Cursor:
        cursor = await self._collector.collect(folder, cursor)
        await self._collector.move(folder, cursor)
        self._failures, self._told = 0, False
        if self._trouble:
            log.info("imap.recovered", mailbox=str(self.place))
            self._trouble = ""
            await self._renew()
        return cursor

    async def _wait(self, folder: Folder) -> None:
        """Until the server tells of news, somebody rings, or it is time to look anyway."""
        idles = folder.can_idle and not self._idle_is_broken()
        look_at = self._clock.now() + (IDLE if idles else POLL)
        sleeper = asyncio.ensure_future(self._clock.sleep_until(look_at))
        sleeper.add_done_callback(lambda slept: slept.cancelled() or self._woken.set())
        try:
            if idles:
                await folder.idle(self._woken)
                self._contact()
            else:
                await self._woken.wait()
        finally:
            sleeper.cancel()

    def _idle_is_broken(self) -> bool:
        now = self._clock.now()
        return sum(now - at < AN_HOUR for at in self._idle_broke) >= IDLE_BROKE

    # --- trouble -------------------------------------------------------------------------------------------

    async def _refused(self, why: str) -> None:
        now = self._clock.now()
        is_first = self._logins.refused(now)
        again_at = self._logins.not_before or now
        log.error("imap.login_refused", mailbox=str(self.place), why=why, again_at=again_at.isoformat())
        if is_first:
            await self._alarm(why, again_at)
        await self._pause(again_at, why)

    def _next_try(self) -> datetime:
        """A random moment within a wait that doubles with each failure."""
        first, longest = RECONNECT
        most = min(longest, first * 2 ** min(self._failures, 20))
        self._failures += 1
        return self._clock.now() + timedelta(seconds=self._rng.uniform(0, most))

    async def _pause(self, until: datetime, trouble: str) -> None:
        """Wait without a connection."""
        if trouble != self._trouble:
            self._trouble = trouble
            await self._renew()
        self._pausing = True
        self._resting.set()
        try:
            await self._clock.sleep_until(until)
        finally:
            self._pausing = False
            self._resting.clear()

    async def _alarm(self, why: str, again_at: datetime | None = None) -> None:
        """The owner hears of it, once until it is mended."""
        self._told = True
        await self._announce(MailboxTroubled(str(self.place), why, again_at))

    async def _announce(self, event: Event) -> None:
        """What cannot be told does not stop the watching."""
        try:
            await self._tell(event)
        except Exception:
            log.exception("imap.not_told", mailbox=str(self.place))

    def _contact(self) -> None:
        self._progress += 1
        self._contact_at = self._clock.now()
