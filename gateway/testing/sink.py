"""A real SMTP server for tests and demonstrations: it keeps every mail and misbehaves on request.

It listens on a loopback port of its own choice, in the caller's loop, speaks PIPELINING (RFC 2920), STARTTLS
and AUTH PLAIN, and follows a script: at any moment of the dialogue it can refuse, fall silent, cut the line,
answer late, answer garbage or answer twice. A mail counts as taken from its final dot on, unless the answer
to the dot refuses it; so a line cut after the dot leaves a copy here and a doubt there.
"""

import asyncio
import ssl
from collections import Counter, deque
from collections.abc import Sequence
from pathlib import Path

from gateway.testing.sink_script import Moment, ScriptLine, SunkMail
from gateway.testing.sink_session import SinkSession

__all__ = ["Moment", "SmtpSink", "SunkMail"]

_TRANSCRIPT = 2_000  # lines kept for whoever asks what was said


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
        self._script: list[ScriptLine] = []
        self.sessions: set[SinkSession] = set()
        self._news = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "SmtpSink":
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SinkSession(self), self.host, self.port)
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
        self._script.append(ScriptLine(moment, reply, recipient, times, cut, delay, until, keep))

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

    def line_for(self, moment: Moment, recipients: Sequence[str]) -> ScriptLine | None:
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
