"""aioimaplib's connection with what it lacks: every wait ends, it notices that it is gone, nothing floods it.

Facts of version 2.0.3 that this module is about. A lost connection ends no command that waits, a BYE none
either. A line or a literal may be as long as the server likes. Answers are read by recursion, a line at a
time, and a burst of some thousand lines raises RecursionError inside the transport. XOAUTH2's refusal comes
as a challenge that wants an empty answer (RFC 7628, 3.2.3), which is never given. The greeting BYE is an
error in a task that nobody awaits. LOGIN's user and the names of mailboxes are not quoted.
"""

import asyncio
import ssl
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from aioimaplib import aioimaplib  # pyright: ignore[reportMissingTypeStubs] - it has none; `Any` stands for them

from gateway.pipeline.folder import FolderLost

ANSWER = 16 * 1024 * 1024  # octets of an answer that is no mail: the numbers of a million mails
_NEVER = 10**6  # seconds; the waits are ours

_library: Any = aioimaplib
_Protocol: Any = aioimaplib.IMAP4ClientProtocol
_Library: Any = aioimaplib.IMAP4


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of a command: OK, NO or BAD, and the lines up to it; a bytearray is a literal."""

    result: str
    lines: tuple[bytes | bytearray, ...]

    @property
    def words(self) -> str:
        """What the server said at the end, for a person."""
        return shown(bytes(self.lines[-1])) if self.lines else ""


class _Line(_Protocol):
    """A protocol that tells `lost` why it ended, and ends by itself beyond its `allowance`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.lost: asyncio.Future[str] = loop.create_future()
        self.allowance = ANSWER  # octets that may still come; set for each command
        super().__init__(loop, self._ended)  # pyright: ignore[reportUnknownMemberType]

    def data_received(self, d: bytes) -> None:
        self.allowance -= len(d)
        if self.allowance < 0:
            self.end("the server sends more than it said")
        elif self.state == _library.CONNECTED and d[:5].upper() == b"* BYE":
            self.end(f"the server says {shown(d)}")
        else:
            try:
                super().data_received(d)  # pyright: ignore[reportUnknownMemberType]
            except Exception as error:  # noqa: BLE001 - whatever it stumbles over, the line is of no use then
                self.end(f"the server says what cannot be read: {error!r}")

    def end(self, why: str) -> None:
        """Cut the line; whoever waits for an answer hears `why`."""
        if not self.lost.done():
            self.lost.set_result(why)
        if self.transport is not None:
            self.transport.abort()

    def _ended(self, error: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(f"the connection was lost: {error}" if error else "the server hung up")

    def _continuation(self, line: bytes) -> None:
        command = self.pending_sync_command
        if command is not None and command.name == "AUTHENTICATE":
            self.transport.write(b"\r\n")
        else:
            super()._continuation(line)  # pyright: ignore[reportUnknownMemberType]


class _Client(_Library):
    """The library's client over a _Line."""

    def create_client(
        self, host: str, port: int, loop: Any, conn_lost_cb: Any = None, ssl_context: Any = None
    ) -> None:
        assert loop is conn_lost_cb is None
        running = asyncio.get_running_loop()
        self.protocol: Any = _Line(running)
        connecting = running.create_connection(lambda: self.protocol, host, port, ssl=ssl_context)
        self._client_task: Any = running.create_task(connecting)


class ImapLine:
    """One connection; a command is answered, or FolderLost says why not."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        self._client: Any = _Client(host, port, timeout=_NEVER, ssl_context=tls)
        self._idling: asyncio.Future[Any] | None = None
        self._protocol: Any = self._client.protocol

    def has(self, capability: str) -> bool:
        return bool(self._client.has_capability(capability))

    async def greeted(self, wait: float) -> None:
        """Return when the server has said hello."""
        await self._wait(self._client.wait_hello_from_server(), wait, "the greeting")

    async def log_in(self, quoted_user: str, password: str, wait: float) -> Answer:
        return await self._ask(self._client.login(quoted_user, password), wait, "LOGIN")

    async def log_in_by_token(self, user: str, token: str, wait: float) -> Answer:
        return await self._ask(self._client.xoauth2(user, token), wait, "AUTHENTICATE")

    async def learn_capabilities(self, wait: float) -> None:
        """Ask for them: after LOGIN a server often has more than before."""
        await self._wait(self._protocol.capability(), wait, "CAPABILITY")

    async def select(self, mailbox: str, wait: float) -> Answer:
        return await self._ask(self._client.select(mailbox), wait, "SELECT")

    async def noop(self, wait: float) -> Answer:
        return await self._ask(self._client.noop(), wait, "NOOP")

    async def create(self, mailbox: str, wait: float) -> Answer:
        return await self._ask(self._client.create(mailbox), wait, "CREATE")

    async def search(self, *criteria: str, wait: float) -> Answer:
        return await self._ask(self._client.uid_search(*criteria, charset=None), wait, "SEARCH")

    async def fetch(self, which: str, items: str, wait: float, allowance: int = ANSWER) -> Answer:
        return await self._ask(self._protocol.fetch(which, items, by_uid=True), wait, "FETCH", allowance)

    async def by_uid(self, command: str, *arguments: str, wait: float) -> Answer:
        """COPY, MOVE, STORE or EXPUNGE."""
        return await self._ask(self._client.uid(command, *arguments), wait, command)

    async def idle(self, wait: float) -> None:
        """Return when the server idles; from then on it pushes."""
        self._idling = await self._wait(self._client.idle_start(_NEVER), wait, "IDLE")

    async def pushed(self, or_else: asyncio.Future[Any]) -> list[bytes]:
        """The lines of the next push; none if `or_else` was done before."""
        push: asyncio.Future[list[bytes]] = asyncio.ensure_future(self._protocol.idle_queue.get())
        lost: asyncio.Future[str] = self._protocol.lost
        try:
            await asyncio.wait({push, or_else, lost}, return_when=asyncio.FIRST_COMPLETED)
            if lost.done() and not push.done():
                raise FolderLost(lost.result())
            return [bytes(line) for line in push.result()] if push.done() else []
        finally:
            push.cancel()

    async def idle_done(self, wait: float) -> Answer:
        assert self._idling is not None
        self._client.idle_done()
        return await self._ask(self._idling, wait, "DONE")

    async def drop(self) -> None:
        """Cut the line and end every task of the library, so that none is left behind."""
        self._protocol.end("we hung up")
        if self._client._idle_waiter is not None:  # noqa: SLF001 - the library has no other way
            self._client._idle_waiter.cancel()  # noqa: SLF001
        connecting = self._client._client_task  # noqa: SLF001
        tasks: set[asyncio.Future[Any]] = {connecting, *self._client.tasks, *self._protocol.tasks}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._protocol.end("we hung up")  # once more, if it was connected just now

    async def _ask(self, asked: Awaitable[Any], wait: float, what: str, allowance: int = ANSWER) -> Answer:
        answer = await self._wait(asked, wait, what, allowance)
        return Answer(answer.result, tuple(answer.lines))

    async def _wait(self, asked: Awaitable[Any], wait: float, what: str, allowance: int = ANSWER) -> Any:
        """What comes, unless the wait or the connection ends before."""
        self._protocol.allowance = allowance
        lost: asyncio.Future[str] = self._protocol.lost
        answer = asyncio.ensure_future(asked)
        try:
            await asyncio.wait({answer, lost}, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                why = lost.result() if lost.done() else f"no answer within {wait:.0f} s"
                raise FolderLost(f"{what}: {why}")
            return answer.result()
        except (OSError, aioimaplib.AioImapException) as error:
            raise FolderLost(f"{what}: {error or type(error).__name__}") from error
        finally:
            await _given_up(answer)


async def _given_up(answer: asyncio.Future[Any]) -> None:
    """Let nobody wait for it any more; an error that comes too late is nobody's."""
    if not answer.done():
        answer.cancel()
        await asyncio.wait({answer}, timeout=1)
    if answer.done() and not answer.cancelled():
        answer.exception()


def shown(line: bytes) -> str:
    """Words of a server, fit to be told."""
    return "".join(c for c in line[:300].decode("utf-8", "replace") if c.isprintable())
