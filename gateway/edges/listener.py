"""One listening socket, its sessions, and the mails that are being made durable.

It knows no SMTP: `smtp_in` gives it a door for each connection. Closing it is graceful: no more connections,
mails on their way are taken to their end, everybody else hears 421 (RFC 5321, section 3.8).
"""

import asyncio
import socket
import ssl
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import structlog

from gateway.edges.admission import Admission, ListenConfig
from gateway.edges.certificate import Certificate
from gateway.edges.rcpt import Recipients
from gateway.kernel.clock import Clock
from gateway.mail.envelope import Envelope

log = structlog.get_logger()

Accept = Callable[[Envelope, bytes], Awaitable[str]]  # returns when durable, with the words after 250 2.0.0
Room = Callable[[], None]  # raises SpoolFull when the disk is too full to promise anything

BACKLOG = 512  # connections that the kernel may hold for us
LARGE_AT_ONCE = 2  # mails of more than a block that are in memory as a whole


class Session(Protocol):
    """What the listener knows of a connection."""

    task: asyncio.Task[None]

    def dismiss(self) -> None: ...
    def abort(self) -> None: ...


class Listener:
    """Made by `smtp_in.listening`; what all sessions share."""

    def __init__(
        self,
        config: ListenConfig,
        addresses: Recipients,
        accept: Accept,
        clock: Clock,
        room: Room,
        spill_folder: Path | None,
    ) -> None:
        self.config = config
        self.addresses = addresses
        self.clock = clock
        self.room = room
        self.admission = Admission(config)
        self.sessions: set[Session] = set()
        self.large = asyncio.Semaphore(LARGE_AT_ONCE)
        self.closing = False
        self._accept = accept
        self._spill_folder = spill_folder
        self._commits: set[asyncio.Future[str]] = set()
        self._server: asyncio.Server | None = None
        self._certificate = (
            Certificate(config.certificate, config.key or config.certificate) if config.certificate else None
        )

    @property
    def port(self) -> int:
        """The port that is listened on; 0 for a Unix socket."""
        sockets = self._server.sockets if self._server else ()
        name = sockets[0].getsockname() if sockets else ""
        return cast("int", name[1]) if isinstance(name, tuple) else 0

    @property
    def tls_context(self) -> ssl.SSLContext | None:
        """What STARTTLS uses now; None when it is not offered."""
        return self._certificate.context() if self._certificate else None

    async def open(self, door: Callable[[], asyncio.Protocol], sock: socket.socket | None) -> None:
        """Begin to listen, on `sock` if somebody else has opened it; OSError says why not."""
        loop, config = asyncio.get_running_loop(), self.config
        if sock is not None:
            self._server = await loop.create_server(door, sock=sock, backlog=BACKLOG)
        elif config.unix is not None:
            self._server = await loop.create_unix_server(door, config.unix, backlog=BACKLOG)
            config.unix.chmod(0o666)  # who may come so far is decided by the folder it is in
        else:
            self._server = await loop.create_server(door, config.host or None, config.port, backlog=BACKLOG)
        log.info("listener.opened", place=str(config.unix or config.host), port=self.port, lmtp=config.lmtp)

    def spill(self) -> BinaryIO:
        """A file without a name, for a mail of more than one block."""
        return cast("BinaryIO", tempfile.TemporaryFile(dir=self._spill_folder))

    async def commit(self, envelope: Envelope, octets: bytes) -> str:
        """What `accept` says; a mail that is being accepted stays so even if nobody waits any more."""
        accepting = asyncio.ensure_future(self._accept(envelope, octets))
        self._commits.add(accepting)
        accepting.add_done_callback(self._committed)
        return await asyncio.shield(accepting)

    async def close(self) -> None:
        """Return when every mail that was being sent has been answered, or its grace is over."""
        self.closing = True
        if self._server is not None:
            self._server.close()
        for session in tuple(self.sessions):
            session.dismiss()
        tasks = [session.task for session in self.sessions]
        if tasks:
            await asyncio.wait(tasks, timeout=self.config.waits.closing)
        for session in tuple(self.sessions):
            session.abort()
        if tasks:
            await asyncio.wait(tasks)
        if self._commits:
            await asyncio.wait(self._commits)
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None
            if self.config.unix is not None:
                self.config.unix.unlink(missing_ok=True)
        log.info("listener.closed", place=str(self.config.unix or self.config.host))

    def _committed(self, accepting: "asyncio.Future[str]") -> None:
        self._commits.discard(accepting)
        if not accepting.cancelled():
            accepting.exception()  # looked at here, for the client that would hear of it may be gone
