"""One connection to a sink: a protocol of its own, small enough to be read and fast enough for a benchmark.

It answers from inside `data_received`; octets wait in `buffer` while an answer is being held back.
"""

import asyncio
import ssl
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, cast

from gateway.testing.sink_script import Moment, ScriptLine, SunkMail

if TYPE_CHECKING:  # the two know each other
    from gateway.testing.sink import SmtpSink

_END = b"\r\n.\r\n"


class SinkSession(asyncio.Protocol):
    """One connection; octets wait in `buffer` while an answer is being held back."""

    def __init__(self, sink: "SmtpSink") -> None:
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

    def act(self, line: ScriptLine) -> None:
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

    async def act_later(self, line: ScriptLine) -> None:
        if line.until is not None:
            await line.until.wait()
        if line.delay:
            await asyncio.sleep(line.delay)  # noqa: TID251 - the peer's own time, not ours
        self.act(ScriptLine(line.moment, line.reply, None, None, line.cut, 0.0, None, line.keep))

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
