"""A mailbox in memory with the face of a Folder, and a script of what goes wrong next."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, datetime

from gateway.pipeline.folder import CannotMove, Folder, FolderLost, Listed, Opened
from gateway.pipeline.journal import key_of
from gateway.testing.imap_mailbox import NOON, KeptMail, KeptMailbox


class ScriptedFolder:
    """Give it to a watcher as its `connect`; `asked` tells what was asked of it, in order."""

    def __init__(self) -> None:
        self.box = KeptMailbox()
        self.elsewhere: dict[str, list[KeptMail]] = defaultdict(list)
        self.can_idle = True
        self.can_move = True
        self.connections = 0
        self.asked: list[str] = []
        self.deaf = False  # IDLE neither tells of news nor ends
        self._errors: dict[str, deque[Exception]] = defaultdict(deque)
        self._news = asyncio.Event()

    def __call__(self) -> AbstractAsyncContextManager[Folder]:
        return self._connected()

    def append(self, octets: bytes, *, received_at: datetime = NOON, size: int | None = None) -> int:
        """A mail arrives, of which IDLE tells; its UID. `size` is a lie about it."""
        uid = self.box.append(octets, set(), received_at, size)
        self._news.set()
        return uid

    def fails(self, at: str, error: Exception | None = None, times: int = 1) -> None:
        """The next so many times that something is asked (`connect`, `fetch`, `idle` ...) it raises."""
        self._errors[at] += [error or FolderLost(f"lost at {at}", idle=at == "idle")] * times

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[Folder]:
        self.connections += 1
        self._ask("connect")
        yield self

    def _ask(self, what: str, *about: object) -> None:
        self.asked.append(" ".join([what, *map(str, about)]))
        if self._errors[what]:
            raise self._errors[what].popleft()

    async def select(self) -> Opened:
        self._ask("select")
        return Opened(self.box.uid_validity, self.box.uid_next, len(self.box.mails))

    async def uids_above(self, uid: int) -> Sequence[int]:
        """As a server says it: with `n:*` the last mail is always among them."""
        self._ask("uids_above", uid)
        return [mail.uid for mail in self.box.chosen(f"{uid + 1}:*")]

    async def uids_since(self, day: date) -> Sequence[int]:
        self._ask("uids_since", day)
        return [mail.uid for mail in self.box.mails if mail.received_at.date() >= day]

    async def listing(self, uids: Sequence[int]) -> Sequence[Listed]:
        self._ask("listing", len(uids))
        return [
            Listed(mail.uid, mail.told_size, mail.received_at, key_of(mail.octets).id)
            for mail in self.box.mails
            if mail.uid in uids
        ]

    async def fetch(self, uid: int, size: int) -> bytes | None:
        self._ask("fetch", uid)
        assert size >= 0
        return next((mail.octets for mail in self.box.mails if mail.uid == uid), None)

    async def fetch_header(self, uid: int) -> bytes | None:
        self._ask("fetch_header", uid)
        return next((mail.header for mail in self.box.mails if mail.uid == uid), None)

    async def move(self, uids: Sequence[int], target: str) -> None:
        self._ask("move", *uids)
        if not self.can_move:
            raise CannotMove("it has no way to")
        self.elsewhere[target] += [mail for mail in self.box.mails if mail.uid in uids]
        self.box.mails = [mail for mail in self.box.mails if mail.uid not in uids]

    async def idle(self, woken: asyncio.Event) -> None:
        self._ask("idle")
        if self.deaf:
            await asyncio.get_running_loop().create_future()
        waits = {asyncio.ensure_future(event.wait()) for event in (woken, self._news)}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        self._news.clear()
