"""Reading a mailbox: what is new in it becomes rows of the journal, and what is settled is moved away.

Neither UNSEEN nor any other flag says what is new, for people read their mail on telephones: only the UID
does. Mails are taken one by one in ascending order, each in one transaction with the step over it. A mail
that cannot be had is taken by its header, and at last by its place alone: one bad mail never blocks the next.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

import structlog

from gateway.db.engine import Database, Unit, commit, reading
from gateway.kernel.clock import Clock
from gateway.kernel.errors import DatabaseUnavailable, SpoolFull
from gateway.kernel.ids import new_id
from gateway.mail.delivered import delivered
from gateway.mail.envelope import Address, AuthResults, Envelope, Intake
from gateway.mail.guard import repaired, scan
from gateway.pipeline import checkpoint, journal
from gateway.pipeline.checkpoint import Cursor, Place
from gateway.pipeline.folder import CannotMove, Folder, Listed, Opened
from gateway.pipeline.mailbox import MailboxOpened

log = structlog.get_logger()

GROUP = 50  # mails listed at once: aioimaplib reads an answer by recursion, some thousand lines are too many
LARGE = 1024 * 1024  # octets; of such mails one at a time is in memory, over all mailboxes
BACK_TO = {"new": None, "7d": timedelta(days=7)}
ANEW = timedelta(days=30)  # how far back known mails are looked for when UIDVALIDITY has changed
WHOLE, HEADER = 3, 6  # failed tries, after which only the header is asked for, and after which nothing

First = Literal["new", "7d"]


class Accept(Protocol):
    """Returns when a mail is durable, and `also` with it."""

    def __call__(self, envelope: Envelope, octets: bytes, also: Unit = ()) -> Awaitable[str]: ...


@dataclass(frozen=True, slots=True)
class Watched:
    """What the settings say about one mailbox."""

    place: Place
    addresses: tuple[Address, ...]  # ours there; the first stands where a mail does not say for whom it came
    is_ours: Callable[[Address], bool]
    move_to: str = ""  # where settled mails go; "": they stay
    first: First = "new"
    max_size: int = 20 * 1024 * 1024  # octets
    authserv_id: str = ""  # whose Authentication-Results there are believed; "": nobody's


class Collector:
    """Takes what is new; one for each mailbox, over all its connections."""

    def __init__(
        self,
        watched: Watched,
        db: Database,
        accept: Accept,
        clock: Clock,
        tell: Callable[[MailboxOpened], Awaitable[None]],
        contact: Callable[[], None],
        room: Callable[[], None] = lambda: None,
        one_large: asyncio.Lock | None = None,
    ) -> None:
        self._watched, self._place = watched, watched.place
        self._db, self._accept, self._clock = db, accept, clock
        self._tell, self._contact, self._room = tell, contact, room
        self._one_large = one_large or asyncio.Lock()
        self._tries: Counter[tuple[int, int]] = Counter()

    async def open(self, folder: Folder) -> Cursor:
        """Select the mailbox; returns where reading goes on."""
        opened = await folder.select()
        self._contact()
        async with reading(self._db) as tx:
            cursor = await checkpoint.cursor_of(tx, self._place, opened.uid_validity)
            known = await checkpoint.is_known(tx, self._place)
        if cursor is None:
            cursor = await (self._begin_anew if known else self._begin)(folder, opened)
        return cursor

    async def collect(self, folder: Folder, cursor: Cursor) -> Cursor:
        """Take every mail above the cursor; returns the cursor behind the last."""
        found = await folder.uids_above(cursor.uid)
        self._contact()
        # `n:*` names the last mail even if its UID is below n (RFC 3501, 6.4.8).
        uids = sorted(uid for uid in set(found) if uid > cursor.uid)
        for start in range(0, len(uids), GROUP):
            cursor = await self._take_group(folder, cursor, uids[start : start + GROUP])
        return cursor

    async def move(self, folder: Folder, cursor: Cursor) -> None:
        """Move what is settled; a crash in between does it once more."""
        while True:
            async with reading(self._db) as tx:
                waiting = await checkpoint.to_move(tx, self._place, cursor.uid_validity)
            for target, uids in waiting.items():
                try:
                    await folder.move(uids, target)
                except CannotMove as error:
                    log.warning("imap.cannot_move", mailbox=str(self._place), why=str(error))
                    return
                self._contact()
                moved = checkpoint.moved(self._place, cursor.uid_validity, uids, self._clock.now())
                await commit(self._db, moved)
                log.info("imap.moved", mailbox=str(self._place), mails=len(uids), to=target)
            if not waiting:
                return

    # --- the first step ------------------------------------------------------------------------------------

    async def _begin(self, folder: Folder, opened: Opened) -> Cursor:
        """A mailbox that nobody has read: its mails are left alone, but for those of the last days."""
        now, back = self._clock.now(), BACK_TO[self._watched.first]
        uids = await folder.uids_above(0)
        self._contact()
        last = max(opened.uid_next - 1, *uids, 0) if uids else max(opened.uid_next - 1, 0)
        cursor = Cursor(opened.uid_validity, last)
        if back is not None:
            cursor = await self._back(folder, cursor, now - back)
        await commit(self._db, checkpoint.beginning(self._place, cursor, now))
        alone = sum(uid <= cursor.uid for uid in uids)
        log.info("imap.begun", mailbox=str(self._place), left_alone=alone)
        await self._tell(MailboxOpened(str(self._place), alone, len(uids) - alone))
        return cursor

    async def _begin_anew(self, folder: Folder, opened: Opened) -> Cursor:
        """All UIDs are new (RFC 3501, 2.3.1.1): the last 30 days are looked through again."""
        now = self._clock.now()
        cursor = Cursor(opened.uid_validity, max(opened.uid_next - 1, 0), anew=True)
        cursor = await self._back(folder, cursor, now - ANEW)
        await commit(self._db, checkpoint.beginning(self._place, cursor, now))
        log.warning("imap.uids_are_new", mailbox=str(self._place), uid_validity=opened.uid_validity)
        return cursor

    async def _back(self, folder: Folder, cursor: Cursor, since: datetime) -> Cursor:
        """The cursor before the first mail that came since then; a day more, for the server's days differ."""
        uids = await folder.uids_since((since - timedelta(days=1)).date())
        self._contact()
        return replace(cursor, uid=min(uids, default=cursor.uid + 1) - 1, since=since)

    # --- one mail ------------------------------------------------------------------------------------------

    async def _take_group(self, folder: Folder, cursor: Cursor, group: Sequence[int]) -> Cursor:
        """Have the journal keep these mails; returns the cursor behind them.

        They are fetched one by one and become durable together. The cursor steps over them when all are;
        a crash before finds those that are by their rows.
        """
        async with reading(self._db) as tx:
            taken = await checkpoint.taken(tx, self._place, cursor.uid_validity, group)
        listed = {mail.uid: mail for mail in await folder.listing(group)}
        self._contact()
        keeping: list[asyncio.Task[None]] = []
        try:
            for uid in group:
                if uid not in taken:  # what is not listed is gone, or was said as we cannot read it: ask
                    mail = listed.get(uid) or Listed(uid, 0, None, "")
                    keeping.append(asyncio.create_task(await self._take(folder, cursor, mail)))
        finally:
            ends = await asyncio.gather(*keeping, return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end
        step = checkpoint.stepping(self._place, cursor, group[-1], self._clock.now())
        await commit(self._db, step)
        return replace(cursor, uid=group[-1])

    async def _take(self, folder: Folder, cursor: Cursor, mail: Listed) -> Coroutine[Any, Any, None]:
        """Fetch one mail; what is left to do is to keep it."""
        if cursor.since and mail.received_at and mail.received_at < cursor.since:
            return _nothing()
        if cursor.anew and await self._tick_off(cursor, mail):
            return _nothing()
        self._room()
        key = (cursor.uid_validity, mail.uid)
        self._tries[key] += 1
        if mail.size <= journal.LARGE:
            octets, finding = await self._octets(folder, mail, self._tries[key])
            return self._keep(cursor, mail, octets, finding)
        async with self._one_large if mail.size > LARGE else nullcontext():
            octets, finding = await self._octets(folder, mail, self._tries[key])
            await self._keep(cursor, mail, octets, finding)
        return _nothing()

    async def _octets(self, folder: Folder, mail: Listed, tries: int) -> tuple[bytes | None, str]:
        """What can be had of a mail, and why it must be held if that is not all; None if it is gone."""
        if tries > HEADER:
            log.error("imap.mail_given_up", mailbox=str(self._place), uid=mail.uid)
            return b"", "unreadable"
        too_large = mail.size > self._watched.max_size
        if too_large or tries > WHOLE:
            octets = await folder.fetch_header(mail.uid)
            finding = "too_large" if too_large else "unreadable"
        else:
            octets = await folder.fetch(mail.uid, mail.size)
            finding = ""
        self._contact()
        return octets, finding

    async def _keep(self, cursor: Cursor, mail: Listed, octets: bytes | None, finding: str) -> None:
        """Return when the mail is durable; None is a mail that is gone."""
        key = (cursor.uid_validity, mail.uid)
        try:
            if octets is not None:
                now = self._clock.now()
                envelope = envelope_of(octets, self._watched, now, finding)
                target = self._watched.move_to
                also = checkpoint.taking(self._place, cursor, mail.uid, envelope.id, target)
                await self._accept(envelope, octets, also)
        except (DatabaseUnavailable, SpoolFull):
            del self._tries[key]  # the mail is not to blame
            raise
        del self._tries[key]

    async def _tick_off(self, cursor: Cursor, mail: Listed) -> bool:
        """Whether a mail with a new UID is one that the journal has; then it is stepped over."""
        now = self._clock.now()
        async with reading(self._db) as tx:
            known = await checkpoint.known_mail(tx, mail.message_id, mail.size, now - ANEW)
        if known is None:
            return False
        row = checkpoint.taking(self._place, cursor, mail.uid, known, self._watched.move_to)
        await commit(self._db, row)
        return True


async def _nothing() -> None:
    """There is nothing left to do."""


def envelope_of(octets: bytes, watched: Watched, now: datetime, finding: str = "") -> Envelope:
    """The envelope of a mail that lay in a mailbox, with what the guard would have refused at the door."""
    trace = delivered(octets, watched.is_ours)
    seen = scan(repaired(octets), null_reverse_path=trace.reverse_path is None).finding
    return Envelope(
        id=new_id("jrn", now),
        received_at=now,
        via=Intake.IMAP,
        reverse_path=trace.reverse_path,
        forward_paths=trace.forward_paths or watched.addresses[:1],
        peer=None,
        sha256=hashlib.sha256(octets).hexdigest(),
        size=len(octets),
        auth=AuthResults(trusts=watched.authserv_id),
        finding=finding or (seen.hold if seen else ""),
    )
