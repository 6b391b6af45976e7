"""A real IMAP server for tests and demonstrations: it keeps mails, and misbehaves on request.

`async with ImapServer() as server: server.append(octets)` is a mailbox with a mail in it, on a loopback port
of its own choice. It can give all mails new numbers, say BYE to whoever idles, hang up in the midst of a
mail, say a mail twice, lie about sizes, fall silent, refuse logins, and lack IDLE, MOVE or UIDPLUS.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime

from gateway.testing.imap_mailbox import NOON, KeptMail, KeptMailbox
from gateway.testing.imap_session import ImapSession

__all__ = ["ImapServer", "KeptMail", "KeptMailbox"]

_TRANSCRIPT = 10_000  # lines kept for whoever asks what was said


class ImapServer:
    """Listens on `server.port` until the block is left."""

    def __init__(
        self,
        *,
        user: str = "shop@provider.example",
        password: str = "open sesame",  # noqa: S107 - of nobody
        capabilities: Sequence[str] = ("IMAP4rev1", "IDLE", "MOVE", "UIDPLUS"),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.host, self.port, self._tls = "127.0.0.1", 0, tls
        self.user, self.password = user, password
        self.users = {user: password}  # the password, or the access token
        self.capabilities = tuple(capabilities)
        self.mailboxes = {"INBOX": KeptMailbox()}
        self.transcript: deque[str] = deque(maxlen=_TRANSCRIPT)  # what clients said
        self.logins = 0  # tries
        self.connections = 0
        self.idled = asyncio.Event()  # somebody has begun to idle
        # Its manners.
        self.greeting = "* OK ready"
        self.refusal = ""  # what every LOGIN is told, instead of being let in
        self.silent = False  # hears everything and answers nothing
        self.repeats = 1  # how often each mail is said
        self.cuts: dict[int, int] = {}  # UID -> how often the line is cut in the midst of it
        self._sessions: set[ImapSession] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "ImapServer":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, at the same port as before if it was stopped."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up and listen no more; the mails stay."""
        if self._server is not None:
            self._server.close()
            self.cut()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None

    # --- what happens to it --------------------------------------------------------------------------------

    def append(
        self,
        octets: bytes,
        mailbox: str = "INBOX",
        *,
        flags: Iterable[str] = (),
        received_at: datetime = NOON,
        size: int | None = None,
    ) -> int:
        r"""A mail arrives; its UID. `flags` such as `\Seen`, `size` a lie about it."""
        box = self.mailboxes.setdefault(mailbox, KeptMailbox())
        uid = box.append(octets, set(flags), received_at, size)
        for session in self._sessions:
            session.news(mailbox)
        return uid

    def renumber(self, mailbox: str = "INBOX", *, first: int = 1) -> None:
        """Another UIDVALIDITY, and other UIDs; whoever is connected is cut."""
        self.mailboxes[mailbox].renumber(first=first)
        self.cut()

    def bye(self) -> None:
        """Say BYE to everybody, and hang up."""
        for session in tuple(self._sessions):
            session.bye()

    def cut(self) -> None:
        """Hang up without a word."""
        for session in tuple(self._sessions):
            session.cut()

    def say(self, line: str) -> None:
        """Say a line to everybody, asked or not."""
        for session in self._sessions:
            session.say(line)

    # --- what can be seen of it ----------------------------------------------------------------------------

    def mails(self, mailbox: str = "INBOX") -> list[KeptMail]:
        return list(self.mailboxes[mailbox].mails)

    def said(self, word: str) -> list[str]:
        """The commands of clients in which that word stands."""
        return [line for line in self.transcript if word in line]

    def knows(self, command: str) -> bool:
        """Whether it has the extension that a command belongs to."""
        needed = {"IDLE": "IDLE", "UID MOVE": "MOVE", "UID EXPUNGE": "UIDPLUS"}
        return command not in needed or needed[command] in self.capabilities

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = ImapSession(self, reader, writer)
        self.connections += 1
        self._sessions.add(session)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await session.serve()
        finally:
            self._sessions.discard(session)
            self._tasks.discard(task)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
