"""A real SMTP server for tests and demonstrations: it keeps every mail and misbehaves on request.

It listens on a loopback port of its own choice, in the caller's loop, speaks PIPELINING (RFC 2920), STARTTLS
and AUTH PLAIN, and follows a script: at any moment of the dialogue it can refuse, fall silent, cut the line,
answer late, answer garbage or answer twice. A mail counts as taken from its final dot on, unless the answer
to the dot refuses it; so a line cut after the dot leaves a copy here and a doubt there.
"""

import asyncio
import email
import email.policy
import ssl
from collections import Counter, deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

_TRANSCRIPT = 2_000  # lines kept for whoever asks what was said
_END = b"\r\n.\r\n"


class Moment(StrEnum):
    """Where in the dialogue an answer is due; BODY is the first octet of a mail's content."""

    CONNECT = "connect"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"
    RSET = "rset"
    NOOP = "noop"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class SunkMail:
    """One mail that was taken: its envelope and its octets, dots of transparency removed."""

    reverse_path: str | None
    forward_paths: tuple[str, ...]
    octets: bytes
    helo: str
    tls: bool
    connection: int  # counted from 1
    acknowledged: bool  # a positive answer to the dot was sent, or is to be sent

    @property
    def message(self) -> EmailMessage:
        """The mail, read by the standard library."""
        return email.message_from_bytes(self.octets, policy=email.policy.default)

    @property
    def message_id(self) -> str:
        """The Message-ID without its angle brackets, or ""."""
        for line in self.octets.partition(b"\r\n\r\n")[0].split(b"\r\n"):
            if line[:11].lower() == b"message-id:":
                return line[11:].strip().strip(b"<>").decode("utf-8", "replace")
        return ""


@dataclass(slots=True)
class _Line:
    """One line of the script; `times` counts down, None lasts for ever."""

    moment: Moment
    reply: str
    recipient: str | None
    times: int | None
    cut: bool
    delay: float
    until: asyncio.Event | None
    keep: bool | None


class SmtpSink:
    """`async with SmtpSink() as sink:` listens on `sink.port` until the block is left."""

    def __init__(
        self,
        *,
        folder: Path | None = None,  # where each mail is also written, as .eml
        keep: bool = True,  # False: count copies only, for runs of many thousands
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        extensions: Sequence[str] = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"),
    ) -> None:
        self.host = "127.0.0.1"
        self.port = port
        self.mails: list[SunkMail] = []
        self.copies: Counter[tuple[str, str]] = Counter()  # (Message-ID, recipient) -> how often taken
        self.taken = 0  # mails, also those that are not kept
        self.connections = 0
        self.logins: list[bytes] = []  # what AUTH PLAIN said, decoded by whoever looks
        self.transcript: deque[str] = deque(maxlen=_TRANSCRIPT)
        self.folder, self.keep, self.tls, self.extensions = folder, keep, tls, tuple(extensions)
        self._script: list[_Line] = []
        self.sessions: set[_Session] = set()
        self._news = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "SmtpSink":
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Session(self), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop listening and cut whoever is connected; the mails stay readable."""
        if self._server is not None:
            self._server.close()
            for session in tuple(self.sessions):
                session.cut()
            await self._server.wait_closed()
            self._server = None

    def answer(
        self,
        moment: Moment,
        reply: str = "",
        *,
        recipient: str | None = None,
        times: int | None = 1,
        cut: bool = False,
        delay: float = 0.0,
        until: asyncio.Event | None = None,
        keep: bool | None = None,
    ) -> None:
        r"""Write a line of the script: at `moment`, say `reply` (without its final CRLF) instead of yes.

        An empty reply is silence for ever, or with `cut` a connection that is gone without a word; a reply
        with `cut` is said first. "250 one\r\n250 two" is two replies at once. `recipient` narrows it to
        transactions with that address, `times` to so many occasions (None: always), `delay` (seconds) and
        `until` hold the reply back. `keep` says whether a mail counts as taken at DOT, whatever is replied.
        The line written first is used first.
        """
        self._script.append(_Line(moment, reply, recipient, times, cut, delay, until, keep))

    async def wait_for(self, n: int, timeout: float = 10.0) -> list[SunkMail]:  # noqa: ASYNC109 - for tests
        """The mails, once `n` have been taken; TimeoutError says how many there are instead."""
        try:
            async with asyncio.timeout(timeout):
                while self.taken < n:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise TimeoutError(f"{self.taken} of {n} mails after {timeout:g} s") from None
        return self.mails

    def mails_to(self, recipient: str) -> list[SunkMail]:
        return [mail for mail in self.mails if recipient in mail.forward_paths]

    def line_for(self, moment: Moment, recipients: Sequence[str]) -> _Line | None:
        """The script's line for a session at `moment`, counted as used."""
        for line in self._script:
            if line.moment is moment and (line.recipient is None or line.recipient in recipients):
                if line.times is not None:
                    line.times -= 1
                    if not line.times:
                        self._script.remove(line)
                return line
        return None

    def take(self, mail: SunkMail) -> None:
        """Count a mail as taken, keep it and write it."""
        self.taken += 1
        message_id = mail.message_id
        self.copies.update((message_id, recipient) for recipient in mail.forward_paths)
        if self.keep:
            self.mails.append(mail)
        if self.folder is not None:
            safe = "".join(c if c.isalnum() or c in "@.+-" else "_" for c in mail.forward_paths[0])[:80]
            (self.folder / f"{self.taken:05d}-{safe}.eml").write_bytes(mail.octets)
        self._news.set()


class _Session(asyncio.Protocol):
    """One connection; octets wait in `buffer` while an answer is being held back."""

    def __init__(self, sink: SmtpSink) -> None:
        self.sink = sink
        self.buffer = bytearray()
        self.searched = -1  # octets of the buffer that hold no end of data; -1: no content has come
        self.transport: asyncio.Transport | None = None
        self.number = 0
        self.helo = ""
        self.tls = self.reading_data = self.reading_login = self.waiting = False
        self.reverse_path = ""
        self.recipients: list[str] = []
        self.tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.sink.connections += 1
        self.number = self.sink.connections
        self.sink.sessions.add(self)
        self.say(Moment.CONNECT, "220 sink.example ESMTP")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio names it
        self.transport = None
        self.sink.sessions.discard(self)
        for task in self.tasks:
            task.cancel()

    def cut(self) -> None:
        if self.transport is not None:
            self.transport.abort()
            self.transport = None

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self.work()

    def work(self) -> None:
        """Take complete commands and mails off the buffer until one is incomplete or an answer waits."""
        while self.transport is not None and not self.waiting:
            if not (self.take_mail() if self.reading_data else self.take_command()):
                return

    def take_command(self) -> bool:
        end = self.buffer.find(b"\r\n")
        if end < 0:
            return False
        line = self.buffer[:end].decode("utf-8", "surrogateescape")
        del self.buffer[: end + 2]
        self.sink.transcript.append(f"C{self.number}: {line}")
        if self.reading_login:
            self.reading_login = False
            self.log_in(line)
        else:
            self.command(*_split(line))
        return True

    def command(self, verb: str, argument: str) -> None:
        match verb:
            case "EHLO" | "HELO" | "LHLO":
                self.helo = argument
                self.reset()
                self.say(Moment.EHLO, _lines("250", ["sink.example", *self.offered()]))
            case "STARTTLS" if self.sink.tls is not None and not self.tls:
                if self.say(Moment.STARTTLS, "220 2.0.0 go ahead").startswith("2"):
                    self.later(self.encrypt())
            case "AUTH":
                mechanism, _, initial = argument.partition(" ")
                if mechanism.upper() != "PLAIN":
                    self.write("504 5.5.4 PLAIN only")
                elif initial:
                    self.log_in(initial)
                else:
                    self.reading_login = True
                    self.write("334 ")
            case "MAIL":
                if self.say(Moment.MAIL, "250 2.1.0 ok").startswith("2"):
                    self.reset()
                    self.reverse_path = _path(argument)
            case "RCPT":
                recipient = _path(argument)
                if self.say(Moment.RCPT, "250 2.1.5 ok", recipient).startswith("2"):
                    self.recipients.append(recipient)
            case "DATA":
                default = "354 go ahead" if self.recipients else "503 5.5.1 no recipient"
                self.reading_data = self.say(Moment.DATA, default).startswith("3")
                self.searched = -1
            case "RSET":
                self.reset()
                self.say(Moment.RSET, "250 2.0.0 ok")
            case "NOOP":
                self.say(Moment.NOOP, "250 2.0.0 ok")
            case "QUIT":
                self.say(Moment.QUIT, "221 2.0.0 bye")
                if self.transport is not None and not self.waiting:
                    self.transport.close()
            case _:
                self.write("500 5.5.1 what?")

    def offered(self) -> list[str]:
        starttls = ["STARTTLS"] if self.sink.tls is not None and not self.tls else []
        return [*self.sink.extensions, *starttls]

    def log_in(self, credentials: str) -> None:
        self.sink.logins.append(credentials.encode())
        self.say(Moment.AUTH, "235 2.7.0 welcome")

    def take_mail(self) -> bool:
        if not self.buffer:
            return False
        if self.searched < 0:
            self.searched = 0
            line = self.sink.line_for(Moment.BODY, self.recipients)
            if line is not None:
                self.act(line)
                return True
        if self.buffer.startswith(b".\r\n"):
            content, length = b"", 3
        else:
            end = self.buffer.find(_END, self.searched)
            if end < 0:
                self.searched = max(0, len(self.buffer) - len(_END) + 1)
                return False
            content, length = bytes(self.buffer[: end + 2]), end + len(_END)
        del self.buffer[:length]
        self.reading_data = False
        self.finish(content)
        return True

    def finish(self, content: bytes) -> None:
        """A mail is complete: note it if it counts as taken, then answer the dot."""
        if content.startswith(b"."):
            content = content[1:]
        content = content.replace(b"\r\n.", b"\r\n")
        line = self.sink.line_for(Moment.DOT, self.recipients)
        reply = line.reply if line else "250 2.0.0 taken"
        kept = line.keep if line and line.keep is not None else not reply or reply.startswith("2")
        if kept and self.recipients:
            path = self.reverse_path or None
            paths = tuple(self.recipients)
            acknowledged = reply.startswith("2")
            mail = SunkMail(path, paths, content, self.helo, self.tls, self.number, acknowledged)
            self.sink.take(mail)
        self.reset()
        if line is None:
            self.write(reply)
        else:
            self.act(line)

    def reset(self) -> None:
        self.reverse_path = ""
        self.recipients = []

    def say(self, moment: Moment, default: str, *recipients: str) -> str:
        """The answer that is given at this moment: the script's, else `default`."""
        line = self.sink.line_for(moment, recipients or self.recipients)
        if line is None:
            self.write(default)
            return default
        self.act(line)
        return line.reply

    def act(self, line: _Line) -> None:
        if line.delay or line.until is not None:
            self.later(self.act_later(line))
        elif not line.reply and not line.cut:
            self.waiting = True  # silence: nothing on this connection is answered any more
        else:
            if line.reply:
                self.write(line.reply)
            if line.cut and self.transport is not None:
                self.transport.close() if line.reply else self.transport.abort()
                self.transport = None

    async def act_later(self, line: _Line) -> None:
        if line.until is not None:
            await line.until.wait()
        if line.delay:
            await asyncio.sleep(line.delay)  # noqa: TID251 - the peer's own time, not ours
        self.act(_Line(line.moment, line.reply, None, None, line.cut, 0.0, None, line.keep))

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Hold everything that follows on this connection until `work` is done."""
        self.waiting = True
        task = asyncio.get_running_loop().create_task(self.resume_after(work))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def resume_after(self, work: Coroutine[Any, Any, None]) -> None:
        self.waiting = True
        await work
        self.waiting = False
        self.work()

    async def encrypt(self) -> None:
        if self.transport is None or self.sink.tls is None:
            return
        self.buffer.clear()  # RFC 3207, section 4.2
        self.reset()
        loop = asyncio.get_running_loop()
        try:
            upgraded = await loop.start_tls(self.transport, self, self.sink.tls, server_side=True)
        except (OSError, ssl.SSLError):
            self.cut()
        else:
            self.transport, self.tls, self.helo = upgraded, True, ""

    def write(self, reply: str) -> None:
        if self.transport is not None:
            self.sink.transcript.append(f"S{self.number}: {reply}")
            self.transport.write(reply.encode("latin-1", "replace") + b"\r\n")


def _split(line: str) -> tuple[str, str]:
    verb, _, argument = line.partition(" ")
    return verb.upper(), argument.strip()


def _path(argument: str) -> str:
    """The address between the angle brackets of `FROM:<a@b> SIZE=1`."""
    return argument.partition("<")[2].partition(">")[0]


def _lines(code: str, texts: Sequence[str]) -> str:
    """A reply of several lines (RFC 5321, section 4.2.1)."""
    return "\r\n".join(f"{code}{' ' if i == len(texts) else '-'}{text}" for i, text in enumerate(texts, 1))
