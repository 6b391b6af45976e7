"""One SMTP connection on which a login is behind us: commands, a body, the dot, and replies in their order.

The rule that keeps it safe: what we did not ask for is a surprise, and a surprise ends the connection. A
reply that came out of turn would be read as the answer to the next command, in the worst case to the dot, and
a message would count as taken that was not (RFC 5321, section 4.3.1).
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Mapping

from gateway.kernel.errors import SmtpReply

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")  # RFC 2034, section 4
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_LONGEST_REPLY = 64 * 1024  # octets; the longest EHLO is a few thousand
_TEXT_KEPT = 512
_CHUNK = 256 * 1024


class Broken(Exception):
    """This connection is of no more use; `reply` is what was said instead, if it was a reply."""

    def __init__(self, why: str, reply: SmtpReply | None = None) -> None:
        super().__init__(why)
        self.why, self.reply = why, reply


def reply_of(code: int, lines: list[str]) -> SmtpReply:
    """One reply of one or several lines, with its enhanced status (RFC 3463) apart and no controls."""
    first = _ENHANCED.match(lines[0]) if lines else None
    words = [_ENHANCED.sub("", line, count=1) if first else line for line in lines]
    text = _CONTROLS.sub(" ", " ".join(words)).strip()
    return SmtpReply(code, first[1] if first else "", text[:_TEXT_KEPT])


def stuffed(octets: bytes) -> bytes:
    """The body as it is written: dots doubled at the start of lines, CRLF at the end (RFC 5321, 4.5.2)."""
    body = octets.replace(b"\r\n.", b"\r\n..")
    return (b"." if body.startswith(b".") else b"") + body + (b"" if body.endswith(b"\r\n") else b"\r\n")


class Dialogue(asyncio.Protocol):
    """Takes over a connected transport; every method raises Broken once something surprised it."""

    def __init__(self, transport: asyncio.Transport, host: str, extensions: Mapping[str, str]) -> None:
        self.host, self.extensions = host, extensions
        self.tls = transport.get_extra_info("ssl_object") is not None
        self.sent = 0  # messages of which a dot was written
        self.needs_reset = False  # a transaction was begun and not ended
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport = transport
        self._broken: Broken | None = None
        self._buffer = bytearray()
        self._lines: list[str] = []
        self._replies: deque[SmtpReply] = deque()
        self._awaited = 0  # replies that are owed to us
        self._moved = asyncio.Event()  # a reply, a drained buffer or the end
        self._paused = False
        if transport.is_closing():
            self.connection_lost(None)
        else:
            # What drained is in the kernel's hands. Not 0: TLS takes an empty buffer for a full one.
            transport.set_write_buffer_limits(high=1, low=0)
            transport.set_protocol(self)

    # --- what we say ------------------------------------------------------------------------------

    async def command(self, line: str, timeout: float) -> SmtpReply:  # noqa: ASYNC109 - one limit per command
        """The reply to one command."""
        self._write(line.encode() + b"\r\n")
        return await self._reply(timeout)

    async def body(self, octets: bytes, timeout: float) -> None:  # noqa: ASYNC109 - for each piece, not the whole
        """Return when the content is written, its final dot excepted; `timeout` is without any progress."""
        content = stuffed(octets)
        for start in range(0, len(content), _CHUNK):
            self.check()
            self._transport.write(content[start : start + _CHUNK])
            await self._until(lambda: not self._paused, timeout)
        self.check()

    async def dot(self, timeout: float) -> SmtpReply:  # noqa: ASYNC109
        """The reply to the final dot, after which the message is theirs if the reply says so."""
        self.sent += 1
        self._write(b".\r\n")
        return await self._reply(timeout)

    def check(self) -> None:
        """Raise Broken if anything is wrong with this connection."""
        if self._broken is not None:
            raise self._broken

    @property
    def is_usable(self) -> bool:
        return self._broken is None and not self._transport.is_closing()

    def quit(self) -> None:
        """Say good-bye without waiting for the answer."""
        if self.is_usable:
            self._awaited += 1
            self._transport.write(b"QUIT\r\n")
        self._transport.close()

    def cut(self) -> None:
        """End the connection at once: what was not ended by a dot is not taken."""
        self._transport.abort()

    # --- what we hear -----------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._broken is None and (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end]).rstrip(b"\r")
            del self._buffer[: end + 1]
            self._hear(line)
        if len(self._buffer) + sum(map(len, self._lines)) > _LONGEST_REPLY:
            self._break("a reply without an end")

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._moved.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._break(f"the connection was lost: {exc}" if exc else "the connection was closed")
        if not self.closed.done():
            self.closed.set_result(None)

    def _hear(self, line: bytes) -> None:
        read = _LINE.fullmatch(line)
        if read is None:
            self._break(f"not a reply: {_CONTROLS.sub(' ', line[:80].decode('utf-8', 'replace'))}")
            return
        self._lines.append((read[3] or b"").decode("utf-8", "replace"))
        if read[2] != b"-":  # RFC 5321, section 4.2.1: the last line's code is the reply's
            reply = reply_of(int(read[1]), self._lines)
            self._lines = []
            if self._awaited:
                self._awaited -= 1
                self._replies.append(reply)
                self._moved.set()
            else:
                self._break(f"spoke out of turn: {reply}", reply)

    def _break(self, why: str, reply: SmtpReply | None = None) -> None:
        if self._broken is None:
            self._broken = Broken(why, reply)
            self._transport.abort()
        self._moved.set()

    def _write(self, octets: bytes) -> None:
        self.check()
        self._awaited += 1
        self._transport.write(octets)

    async def _reply(self, timeout: float) -> SmtpReply:  # noqa: ASYNC109
        await self._until(lambda: bool(self._replies), timeout)
        return self._replies.popleft()

    async def _until(self, holds: Callable[[], bool], timeout: float) -> None:  # noqa: ASYNC109
        """Return once it holds; a reply that was read before the connection broke still counts."""
        try:
            async with asyncio.timeout(timeout):
                while not holds():
                    self.check()
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            self._break(f"silence for {timeout:g} s")
            self.check()
