"""The SMTP listener: a mail is answered 250 when `accept` has made it durable, not before (RFC 5321, 6.1).

`listening` opens it; a connection comes through `Door` and becomes an `Smtp`, which knows what each command
does. Lines, timers and TLS are in `smtp_line`, who may be written to is decided in `rcpt`, who may connect in
`admission`. AUTH, VRFY, EXPN, CHUNKING, DSN and the PROXY protocol are not offered (intake.md, 3.2).
"""

import asyncio
import contextlib
import hashlib
import socket
from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import cast

import structlog

from gateway.edges.admission import TOO_FAST, ListenConfig
from gateway.edges.content import TOO_LARGE, Content
from gateway.edges.listener import Accept, Listener, Room
from gateway.edges.path import NULL
from gateway.edges.probe import refuses_relay
from gateway.edges.rcpt import UNKNOWN, Recipients, is_always_let_in
from gateway.edges.reply import TROUBLE, wire
from gateway.edges.smtp_line import CLOSING, ENOUGH, SmtpLine
from gateway.kernel.clock import Clock
from gateway.kernel.errors import MailFlowError, SmtpReply
from gateway.kernel.ids import new_id
from gateway.mail.envelope import Address, Envelope, Intake, Peer
from gateway.mail.guard import Finding, scan

__all__ = ["Accept", "ListenConfig", "Listener", "Recipients", "listening", "refuses_relay"]

log = structlog.get_logger()

UNKNOWN_RECIPIENTS = 5
PAUSE_AFTER_UNKNOWN = timedelta(seconds=1)

UNKNOWN_COMMAND = SmtpReply(500, "5.5.1", "unknown command")
BAD_PATH = SmtpReply(553, "5.1.3", "that is not an address")
NEEDS_SMTPUTF8 = SmtpReply(553, "5.6.7", "an address beyond ASCII needs SMTPUTF8")

FIXED: Mapping[str, str] = {
    "VRFY": "252 2.5.0 send mail and see",  # RFC 5321, section 7.3
    "EXPN": "502 5.5.1 not offered",
    "AUTH": "502 5.5.1 not offered",
    "HELP": "214 2.0.0 RFC 5321 has it all",
}
HTTP = frozenset({"GET", "POST", "PUT", "HEAD", "CONNECT", "OPTIONS"})  # a browser was made to call port 25


@contextlib.asynccontextmanager
async def listening(
    config: ListenConfig,
    addresses: Recipients,
    accept: Accept,
    clock: Clock,
    *,
    room: Room = lambda: None,
    spill_folder: Path | None = None,
    sock: socket.socket | None = None,
) -> AsyncGenerator[Listener]:
    """A listener that is open until the block is left; leaving it finishes what has been begun.

    Mails over 64 KiB wait in nameless files of `spill_folder`. `sock` is a socket that somebody else has
    bound. OSError (ssl.SSLError is one) says why it cannot listen.
    """
    listener = Listener(config, addresses, accept, clock, room, spill_folder)
    first = (Lmtp if config.lmtp else Smtp)(listener)
    await listener.open(lambda: Door(listener, first), sock)
    try:
        yield listener
    finally:
        await listener.close()


class Door(asyncio.Protocol):
    """Stands before a session, so that a connection counts once and not again after STARTTLS."""

    def __init__(self, listener: Listener, first: "Smtp") -> None:
        self._listener = listener
        self._first = first

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        line = cast("asyncio.Transport", transport)
        peer = line.get_extra_info("peername")
        ip = cast("str", peer[0]) if isinstance(peer, tuple) else ""
        refusal = CLOSING if self._listener.closing else self._listener.admission.enter(ip)
        if refusal is None:
            session = self._first.another(ip)
            line.set_protocol(session)
            session.connection_made(line)
        else:
            line.write(wire(str(refusal)))
            line.close()


class Smtp(SmtpLine):
    """One session of SMTP."""

    via = Intake.SMTP

    def begin(self, ip: str) -> None:
        super().begin(ip)
        self._unknown_recipients = 0
        self._too_fast = False

    async def _command(self, verb: str, argument: str) -> None:
        match verb:
            case "EHLO" | "HELO" | "LHLO" if self._is_greeting(verb):
                await self._greeted(argument, extended=verb != "HELO")
            case "MAIL":
                await self.smtp_MAIL(argument)
            case "RCPT":
                await self.smtp_RCPT(argument)
            case "DATA":
                await self.smtp_DATA(argument)
            case "RSET":
                await self.smtp_RSET(argument)
            case "NOOP":
                await self.smtp_NOOP(argument)
            case "QUIT":
                await self._leave(SmtpReply(221, "2.0.0", "bye"))
            case "STARTTLS":
                await self.smtp_STARTTLS(argument)
            case _ if verb in FIXED:
                await self.push(FIXED[verb])
            case _ if verb in HTTP:
                await self._leave(ENOUGH)
            case _:
                await self._refuse_command(UNKNOWN_COMMAND)

    def _is_greeting(self, verb: str) -> bool:
        return verb != "LHLO"

    async def _greeted(self, name: str, *, extended: bool) -> None:
        """Answer EHLO, HELO or LHLO; the only replies without an enhanced status (RFC 2034, section 4)."""
        if not name or not name.isprintable():
            await self.push("501 5.5.4 say who you are")
            return
        self._set_rset_state()
        assert self.session is not None
        self.session.extended_smtp = extended
        self.session.host_name = name
        offers = [self.hostname, *(self._offers() if extended else ())]
        lines = [f"250-{offer}\r\n" for offer in offers[:-1]]
        await self.push("".join([*lines, f"250 {offers[-1]}\r\n"]).encode())

    def _offers(self) -> list[str]:
        starttls = ["STARTTLS"] if self.tls_context and not self._tls_protocol else []
        size = f"SIZE {self._listener.config.max_size}"
        return [size, "8BITMIME", "SMTPUTF8", "PIPELINING", *starttls, "ENHANCEDSTATUSCODES"]

    async def _reverse_path(self, path: str) -> SmtpReply:
        assert self.envelope is not None
        if path != NULL and "@" not in path:
            return BAD_PATH
        if not path.isascii() and not self.envelope.smtp_utf8:
            return NEEDS_SMTPUTF8
        self._listener.room()
        self._too_fast = self._listener.admission.is_too_fast(self._ip, self._listener.clock.now())
        self.envelope.mail_from = path
        return SmtpReply(250, "2.1.0", "sender ok")

    async def _forward_path(self, path: str) -> SmtpReply:
        assert self.envelope is not None
        if path == NULL:
            return BAD_PATH
        if not path.isascii() and not self.envelope.smtp_utf8:
            return NEEDS_SMTPUTF8
        if self._too_fast and not is_always_let_in(path):
            return TOO_FAST
        taken = self.envelope.rcpt_tos
        null = self.envelope.mail_from == NULL
        reply = self._listener.addresses.decide(path, null_reverse_path=null, before=len(taken))
        if reply.positive:
            taken.append(path)
        elif reply == UNKNOWN and not self._is_trusted:
            self._unknown_recipients += 1
            clock = self._listener.clock
            await clock.sleep_until(clock.now() + PAUSE_AFTER_UNKNOWN)
            if self._unknown_recipients > UNKNOWN_RECIPIENTS:
                self._leaving = True
                return ENOUGH
        return reply

    # DATA

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - the library's name
        assert self.envelope is not None
        if arg:
            await self.push("501 5.5.4 DATA stands alone")
        elif not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 need a recipient first")
        else:
            await self.push("354 end with <CRLF>.<CRLF>")
            self._reset_timeout(self._waits.data)
            self._busy = True
            content = Content(self._listener.config.max_size, self._listener.spill)
            try:
                if await self._read(content):
                    self._reset_timeout(self._waits.commit)
                    await self._say_of_mail(await self._outcome(content), len(self.envelope.rcpt_tos))
            finally:
                self._busy = False
                content.close()
                self._set_post_data_state()
            if self._listener.closing:
                await self._leave(CLOSING)

    async def _read(self, content: Content) -> bool:
        """Take the content off the line; False if it did not come to its end."""
        while not content.feed(self._input):
            if content.hopeless:
                await self._leave(TOO_LARGE)
                return False
            if not await self._receive():
                self._leaving = True
                return False
        return True

    async def _outcome(self, content: Content) -> SmtpReply:
        """The answer to the final dot; 250 means that the mail is durable."""
        if content.trouble is not None:
            return content.trouble
        try:
            async with self._listener.large if content.large else contextlib.nullcontext():
                return await self._kept(content)
        except MailFlowError as error:
            return error.reply
        except Exception:  # nothing is promised, and nothing told
            log.exception("mail.not_accepted")
            return TROUBLE

    async def _kept(self, content: Content) -> SmtpReply:
        self._listener.room()
        null = self.envelope is not None and self.envelope.mail_from == NULL
        if content.large:
            octets = await asyncio.to_thread(content.octets)
            finding, digest = await asyncio.to_thread(_examined, octets, null)
        else:
            octets = content.octets()
            finding, digest = _examined(octets, null)
        if finding is not None:
            self._leaving = finding.close
            return finding.reply
        return SmtpReply(250, "2.0.0", await self._listener.commit(self._envelope(digest, octets), octets))

    def _envelope(self, digest: str, octets: bytes) -> Envelope:
        assert self.session is not None
        assert self.envelope is not None
        now = self._listener.clock.now()
        reverse_path = self.envelope.mail_from
        return Envelope(
            id=new_id("jrn", now),
            received_at=now,
            via=self.via,
            reverse_path=None if reverse_path in {NULL, None} else Address(cast("str", reverse_path)),
            forward_paths=tuple(dict.fromkeys(map(Address, self.envelope.rcpt_tos))),
            peer=Peer(self._ip, self.session.host_name or "", self.session.ssl is not None),
            sha256=digest,
            size=len(octets),
        )

    async def _say_of_mail(self, reply: SmtpReply, recipients: int) -> None:  # noqa: ARG002 - LMTP counts
        await self.push(str(reply))
        await self._flush()


class Lmtp(Smtp):
    """One session of LMTP: LHLO, and an answer for each recipient (RFC 2033)."""

    via = Intake.LMTP
    protocol = "LMTP"

    def _is_greeting(self, verb: str) -> bool:
        return verb == "LHLO"

    async def _say_of_mail(self, reply: SmtpReply, recipients: int) -> None:
        for _ in range(recipients):
            await self.push(str(reply))
        await self._flush()


def _examined(octets: bytes, null: bool) -> tuple[Finding | None, str]:
    """Why this mail is refused before any parser sees it, or None, and its SHA-256."""
    return scan(octets, null_reverse_path=null).finding, hashlib.sha256(octets).hexdigest()
