"""The line to one client: commands come off it one by one, replies go onto it in the same order.

A subclass of aiosmtpd's session, which keeps the streams, the timer and STARTTLS. Its loop over commands is
replaced: commands that came together wait in `_input` and their replies leave together (RFC 2920), only CRLF
ends a command, nothing that was said before STARTTLS is remembered (RFC 3207, section 4.2), every reply has
an enhanced status, and a client that closes its half is still answered. What a command does is in `smtp_in`.
"""

import asyncio
import contextlib
import copy
import logging
from collections.abc import Mapping
from typing import Any, Self, cast

import structlog
from aiosmtpd.smtp import MISSING, SMTP, TLSSetupException

from gateway.edges.content import BLOCK
from gateway.edges.listener import Listener
from gateway.edges.path import path_and_parameters
from gateway.edges.reply import TROUBLE, wire
from gateway.kernel.errors import MailFlowError, SmtpReply

log = structlog.get_logger()
logging.getLogger("mail.log").setLevel(logging.WARNING)  # the library logs addresses at INFO

FAREWELL_WAIT = 30.0  # seconds for a client that does not read our last words
LONGEST_COMMAND = 1024  # octets; RFC 5321, section 4.5.3.1.4 asks for 512, and more with parameters
REPEATS: Mapping[str, int] = {"MAIL": 200, "RCPT": 2000, "DATA": 200, "RSET": 200, "NOOP": 50}
OTHER_REPEATS = 20  # of every other command on one connection
BAD_COMMANDS = 5

CLOSING = SmtpReply(421, "4.3.2", "shutting down, please try later")
TIMED_OUT = SmtpReply(421, "4.4.2", "waited too long for you")
ENOUGH = SmtpReply(421, "4.7.0", "enough for one connection")
BARE_NEWLINE = SmtpReply(500, "5.5.2", "lines end in CRLF and in nothing else")
COMMAND_TOO_LONG = SmtpReply(500, "5.5.2", "command line too long")


class SmtpLine(SMTP):
    """Who is at the other end, what they have said so far, and what they have not been told yet."""

    line_length_limit = BLOCK  # the library's name for the limit of its stream
    protocol = "ESMTP"
    task: asyncio.Task[None]  # obeys the client; begins with the connection

    def __init__(self, listener: Listener) -> None:
        super().__init__(
            None,
            data_size_limit=listener.config.max_size,
            enable_SMTPUTF8=True,
            hostname=listener.config.hostname,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            timeout=listener.config.waits.command,
            loop=asyncio.get_running_loop(),
        )
        self._listener = listener
        self._waits = listener.config.waits
        self.begin("")

    def another(self, ip: str) -> Self:
        """A session like this one, for a new connection; the library's constructor would cost 0.2 ms."""
        session = copy.copy(self)
        session.begin(ip)
        return session

    def begin(self, ip: str) -> None:
        """Forget everything that the session this is a copy of may have known."""
        reader = asyncio.StreamReader(limit=self.line_length_limit, loop=self.loop)
        asyncio.StreamReaderProtocol.__init__(self, reader, self._cb_client_connected, self.loop)
        self.tls_context = self._listener.tls_context
        self._ip = ip
        self._is_trusted = self._listener.admission.trusts(ip)
        self._since = self.loop.time()
        self._input = bytearray()
        self._output = bytearray()
        self._news: asyncio.Future[None] | None = None  # done when more has come
        self._at_end = False
        self._is_paused = False
        self._deadline = 0.0
        self._spent: dict[str, int] = {}
        self._bad_commands = 0
        self._busy = False  # a mail is being sent or kept: not to be interrupted
        self._leaving = False  # nothing more is read

    # What the transport tells, and the listener

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self not in self._listener.sessions and self._handler_coroutine is not None:
            self.task = self._handler_coroutine
            self.task.add_done_callback(self._over)
            self._listener.sessions.add(self)

    def data_received(self, data: bytes) -> None:
        """Keep what has come; a client that is ahead of us by two blocks is not read from."""
        self._input += data
        if len(self._input) > 2 * BLOCK and not self._is_paused:
            self._is_paused = True
            cast("asyncio.ReadTransport", self.transport).pause_reading()
        self._tell()

    def eof_received(self) -> bool | None:
        """Whoever closes its half has still sent commands; the library would cancel them."""
        self._at_end = True
        self._tell()
        return self._tls_protocol is None

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def dismiss(self) -> None:
        """Close, unless a mail is being sent: then it is answered first."""
        if not self._busy:
            self._say_last(CLOSING)
            self.task.cancel()

    def abort(self) -> None:
        """Close now."""
        self.task.cancel()
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    def _say_last(self, reply: SmtpReply) -> None:
        """Write without waiting; whoever does not read is not waited for."""
        self._leaving = True
        if isinstance(self.transport, asyncio.Transport) and not self.transport.is_closing():
            self.transport.write(bytes(self._output) + wire(str(reply)))
        self._output.clear()

    def _over(self, task: "asyncio.Task[None]") -> None:
        """The session has ended, for whatever reason: count it out and close the line."""
        self._listener.sessions.discard(self)
        self._listener.admission.leave(self._ip)
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        if not task.cancelled() and (error := task.exception()):
            log.error("session.failed", exc_info=error)
        for transport in (self.transport, self._original_transport):
            if isinstance(transport, asyncio.Transport) and not transport.is_closing():
                transport.close()  # once: one of TLS that is closed again cannot be asked any more
        line = self._original_transport or self.transport
        if isinstance(line, asyncio.Transport) and line.get_write_buffer_size():
            self.loop.call_later(FAREWELL_WAIT, line.abort)

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Wait for so many seconds from now on; the timer is touched only where it would be too late."""
        waits = self._waits
        usual = waits.stressed if self._listener.admission.stressed else waits.command
        self._deadline = self.loop.time() + (duration or usual)
        if self._timeout_handle is None or self._timeout_handle.when() > self._deadline:
            self._wind_up()

    def _wind_up(self) -> None:
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        self._timeout_handle = self.loop.call_at(self._deadline, self._timeout_cb)

    def _timeout_cb(self) -> None:
        if self.loop.time() < self._deadline:
            self._wind_up()
        else:
            self._say_last(TIMED_OUT)
            self.task.cancel()

    # Lines in, replies out

    async def _handle_client(self) -> None:
        """Obey one command after another until the client leaves or is told to."""
        self._output += f"220 {self.hostname} {self.protocol}\r\n".encode()
        with contextlib.suppress(ConnectionError, TLSSetupException):
            await self._flush()
            while not self._leaving and (line := await self._line()):
                await self._obey(line)
            await self._flush()

    async def _line(self) -> bytes:
        """The next line with its end, cut if it is too long; b"" at the end of the connection."""
        while (end := self._input.find(b"\n")) < 0:
            del self._input[LONGEST_COMMAND + 1 :]
            if not await self._receive():
                return b""
        line = bytes(self._input[: end + 1])
        del self._input[: end + 1]
        return line

    async def _receive(self) -> bool:
        """Wait until there is more in `_input`; False at the end of the connection."""
        known = len(self._input)
        await self._flush()
        self._resume()
        while len(self._input) == known and not self._at_end:
            self._news = self.loop.create_future()
            await self._news
        return len(self._input) > known

    def _resume(self) -> None:
        if self._is_paused:
            self._is_paused = False
            cast("asyncio.ReadTransport", self.transport).resume_reading()

    async def push(self, status: str | bytes) -> None:
        """Say `status`, at once if the client has nothing more to say before (RFC 2920, section 3.2)."""
        self._output += wire(status) if isinstance(status, str) else status
        if b"\n" not in self._input:
            await self._flush()

    async def _flush(self) -> None:
        if self._output:
            self._writer.write(bytes(self._output))
            self._output.clear()
            if self._writer.transport.get_write_buffer_size():
                await self._writer.drain()

    async def _leave(self, reply: SmtpReply) -> None:
        self._leaving = True
        await self.push(str(reply))

    # Commands

    async def _obey(self, line: bytes) -> None:
        if not line.endswith(b"\r\n") or line.count(b"\r") > 1 or b"\0" in line:
            await self._refuse_command(BARE_NEWLINE)
            return
        if len(line) > LONGEST_COMMAND + 2:
            await self._refuse_command(COMMAND_TOO_LONG)
            return
        verb, _, rest = line[:-2].decode("utf-8", "surrogateescape").partition(" ")
        verb = verb.upper()
        self._reset_timeout()
        if self._is_worn_out(verb):
            await self._leave(ENOUGH)
            return
        try:
            await self._command(verb, rest.strip())
        except MailFlowError as error:
            await self.push(str(error.reply))
        except (ConnectionError, TLSSetupException):
            raise
        except Exception:  # the client learns nothing of it, the log everything
            log.exception("session.error", command=verb if verb.isalpha() else "?")
            await self.push(str(TROUBLE))

    async def _command(self, verb: str, argument: str) -> None:
        """Do what the client wants; an error that is raised becomes a reply."""
        raise NotImplementedError

    async def _reverse_path(self, path: str) -> SmtpReply:
        """The answer to MAIL, whose line the library has read."""
        raise NotImplementedError

    async def _forward_path(self, path: str) -> SmtpReply:
        """The answer to RCPT, whose line the library has read."""
        raise NotImplementedError

    async def _call_handler_hook(self, command: str, *args: Any) -> Any:
        if command == "MAIL":
            return str(await self._reverse_path(args[0]))
        if command == "RCPT":
            return str(await self._forward_path(args[0]))
        return MISSING

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        return path_and_parameters(arg) or (None, None)

    async def _refuse_command(self, reply: SmtpReply) -> None:
        self._bad_commands += 1
        await self.push(str(reply))
        if self._bad_commands >= BAD_COMMANDS:
            await self._leave(ENOUGH)

    def _is_worn_out(self, verb: str) -> bool:
        """Whether this connection has had its share; a provider that reuses it opens another then."""
        if self._is_trusted:
            return False
        self._spent[verb] = self._spent.get(verb, 0) + 1
        too_many = self._spent[verb] > REPEATS.get(verb, OTHER_REPEATS)
        return too_many or self.loop.time() - self._since > self._waits.connection

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802 - the library's name
        if self._tls_protocol:
            await self.push("503 5.5.1 this line is encrypted already")
            return
        self._input.clear()  # what was said in the open is forgotten (RFC 3207, section 4.2)
        self._resume()
        await super().smtp_STARTTLS(arg)
        if self.transport is None or self.transport.is_closing():
            self._leaving = True
