"""The `Relay` port over SMTP to one smarthost; the only importer of aiosmtplib.

aiosmtplib does what is delicate and slow anyway: connecting, greeting, EHLO, STARTTLS, AUTH. Then our own
`Dialogue` takes the transport over and the connection is kept for the next message. The one subtle thing is
the order at the end of a message: body, `commit()`, and only then the dot (relay.md 7). A password crosses
only a verified line, or one that never leaves this machine.
"""

import asyncio
import ipaddress
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import cast

import aiosmtplib

from gateway.edges.dialogue import Broken, Dialogue, reply_of
from gateway.kernel.errors import SmtpReply
from gateway.outbox.handover import Commit, HandedOver, Outcome, Phase, RelayConfig, Route, Tls, Wire

_MESSAGES_PER_CONNECTION = 1_000
_FORBIDDEN_IN_PATHS = frozenset("<> ") | frozenset(map(chr, (*range(0x20), 0x7F)))


class _Ended(Exception):
    """The hand-over is over."""

    def __init__(
        self, outcome: Outcome, phase: Phase, reply: SmtpReply | None = None, text: str = ""
    ) -> None:
        super().__init__(text)
        self.outcome, self.phase, self.reply, self.text = outcome, phase, reply, text


class Smarthost:
    """Hands messages to one next hop over a few kept connections."""

    def __init__(self, config: RelayConfig, tls_context: ssl.SSLContext | None = None) -> None:
        self._config = config
        self._tls_context = tls_context
        self._slots = asyncio.Semaphore(config.connections)
        self._idle: list[Dialogue] = []
        self._expiries: dict[Dialogue, asyncio.TimerHandle] = {}

    async def hand_over(self, route: Route, wire: Wire, commit: Commit) -> HandedOver:  # noqa: ARG002 - one route
        """How the hand-over of one message went; when cancelled, the connection is cut without a dot."""
        started = time.monotonic()
        line: Dialogue | None = None
        try:
            _check_fit(wire)
            async with self._slots:
                kept = await self._kept_line()
                line = kept or await _connect(self._config, self._context())
                ended = await self._on(line, wire, commit)
                if (
                    kept and ended.outcome is Outcome.CUT and ended.phase is Phase.MAIL
                ):  # it had just gone away
                    line = await _connect(self._config, self._context())
                    ended = await self._on(line, wire, commit)
        except _Ended as over:
            ended = over
        took_ms = round((time.monotonic() - started) * 1_000)
        host = line.host if line else _name(self._config)
        tls = line is not None and line.tls
        return HandedOver(ended.outcome, ended.phase, ended.reply, host, tls, took_ms, ended.text)

    async def close(self) -> None:
        """Return once no idle connection is open."""
        lines, self._idle = self._idle, []
        for line in lines:
            self._expiries.pop(line).cancel()
            line.quit()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._config.timeouts.farewell):
                await asyncio.gather(*(asyncio.shield(line.closed) for line in lines))
        for line in lines:
            line.cut()

    # --- connections ------------------------------------------------------------------------------

    async def _kept_line(self) -> Dialogue | None:
        """A connection of an earlier message, with nothing begun on it; the last used first."""
        while self._idle:
            line = self._idle.pop()
            self._expiries.pop(line).cancel()
            if await self._is_ready(line):
                return line
            line.cut()
        return None

    async def _is_ready(self, line: Dialogue) -> bool:
        """Whether a kept connection can go on; RSET ends a transaction that a refusal left open."""
        if not line.needs_reset or not line.is_usable:
            return line.is_usable
        try:
            reply = await line.command("RSET", self._config.timeouts.envelope)
        except Broken:
            return False
        line.needs_reset = False
        return reply.positive

    def _keep(self, line: Dialogue) -> None:
        if not line.is_usable:
            line.cut()
        elif line.sent >= _MESSAGES_PER_CONNECTION:
            line.quit()
        else:
            self._idle.append(line)
            loop = asyncio.get_running_loop()
            self._expiries[line] = loop.call_later(self._config.timeouts.idle, self._expire, line)

    def _expire(self, line: Dialogue) -> None:
        del self._expiries[line]
        self._idle.remove(line)
        line.quit()

    def _context(self) -> ssl.SSLContext:
        if self._tls_context is None:
            self._tls_context = ssl.create_default_context()
            if self._config.tls is Tls.MAY:  # opportunistic: better unverified than in the clear (RFC 7435)
                self._tls_context.check_hostname = False
                self._tls_context.verify_mode = ssl.CERT_NONE
        return self._tls_context

    # --- one message ------------------------------------------------------------------------------

    async def _on(self, line: Dialogue, wire: Wire, commit: Commit) -> _Ended:
        """The end of one message on this connection, which is kept if nothing about it surprised."""
        kept = False
        try:
            ended = await self._transaction(line, wire, commit)
            kept = ended.outcome in {Outcome.REPLIED, Outcome.UNFIT} and not _is_goodbye(ended.reply)
            return ended
        finally:
            if kept:
                self._keep(line)
            else:
                line.cut()

    async def _transaction(self, line: Dialogue, wire: Wire, commit: Commit) -> _Ended:
        phase = Phase.MAIL
        limits = self._config.timeouts
        try:
            mail = _mail_command(wire, line.extensions)
            for phase, command, wanted, limit in (
                (Phase.MAIL, mail, 2, limits.envelope),
                (Phase.RCPT, f"RCPT TO:<{wire.recipient}>", 2, limits.envelope),
                (Phase.DATA, "DATA", 3, limits.data),
            ):
                reply = await line.command(command, limit)
                if reply.code // 100 != wanted:
                    return _unwanted(phase, reply)
                line.needs_reset = True
            phase = Phase.BODY
            await line.body(wire.octets, limits.body)
            phase = Phase.COMMIT
            if not await commit():
                return _Ended(Outcome.WITHHELD, phase)
            line.check()
            phase = Phase.DOT
            reply = await line.dot(limits.dot)
        except Broken as broken:
            goodbye = broken.reply if phase is not Phase.DOT and _is_goodbye(broken.reply) else None
            return _Ended(Outcome.REPLIED if goodbye else Outcome.CUT, phase, goodbye, broken.why)
        except _Ended as unfit:
            return unfit
        line.needs_reset = False
        return _unwanted(phase, reply) if not reply.positive else _Ended(Outcome.REPLIED, phase, reply)


def _unwanted(phase: Phase, reply: SmtpReply) -> _Ended:
    """A refusal, for now or for ever; any other reply makes no sense here, and nobody can rely on it."""
    if reply.code >= 400:
        return _Ended(Outcome.REPLIED, phase, reply)
    return _Ended(Outcome.CUT, phase, None, f"an answer that makes no sense: {reply}")


def _is_goodbye(reply: SmtpReply | None) -> bool:
    return reply is not None and reply.code == 421


def _check_fit(wire: Wire) -> None:
    """Raise _Ended for a message that must not go out as it is.

    A bare CR or LF is where mail servers disagree about the end of a message ("SMTP smuggling"), and the
    octets are signed, so they are not mended here (RFC 5321, section 2.3.8). Paths are addr-specs without
    anything that could end the command.
    """
    crlf = wire.octets.count(b"\r\n")
    if wire.octets.count(b"\n") != crlf or wire.octets.count(b"\r") != crlf or b"\0" in wire.octets:
        raise _unfit(SmtpReply(554, "5.6.0", "the message has bare line ends or NUL in it"))
    for path in (wire.reverse_path or "", wire.recipient):
        if _FORBIDDEN_IN_PATHS.intersection(path):
            raise _unfit(SmtpReply(553, "5.1.3", "this is not an address to be said in SMTP"))


def _mail_command(wire: Wire, extensions: Mapping[str, str]) -> str:
    """The MAIL command with the parameters that this peer understands and this message needs."""
    path = wire.reverse_path or ""
    parameters = [""]
    if not (path + wire.recipient).isascii():  # RFC 6531, section 3.4
        if "smtputf8" not in extensions:
            raise _unfit(SmtpReply(553, "5.6.7", "the next hop cannot take addresses beyond ASCII"))
        parameters.append("SMTPUTF8")
    if not wire.octets.isascii() and "8bitmime" in extensions:  # RFC 6152
        parameters.append("BODY=8BITMIME")
    if "size" in extensions:  # RFC 1870
        limit = extensions["size"].strip()
        if limit.isascii() and limit.isdigit() and 0 < int(limit) < len(wire.octets):
            raise _unfit(SmtpReply(552, "5.3.4", f"the next hop takes at most {limit} octets"))
        parameters.append(f"SIZE={len(wire.octets)}")
    return f"MAIL FROM:<{path}>" + " ".join(parameters)


def _unfit(reply: SmtpReply) -> _Ended:
    return _Ended(Outcome.UNFIT, Phase.MAIL, reply, reply.text)


# --- connecting -----------------------------------------------------------------------------------


async def _connect(config: RelayConfig, context: ssl.SSLContext) -> Dialogue:
    """A connection on which MAIL may be said; raises _Ended with the phase that failed."""
    client = aiosmtplib.SMTP(
        hostname=config.host,
        port=config.port,
        local_hostname=config.local_hostname,
        timeout=config.timeouts.connect,
        use_tls=config.tls is Tls.IMPLICIT,
        start_tls=False,
        tls_context=context,
    )
    phase = Phase.CONNECT
    try:
        await client.connect()
        phase = Phase.EHLO
        await client.ehlo(timeout=config.timeouts.ehlo)
        if config.tls in {Tls.MAY, Tls.REQUIRED}:
            phase = Phase.TLS
            await _encrypt(client, config)
        if config.username:
            phase = Phase.AUTH
            await _log_in(client, config)
        return Dialogue(cast("asyncio.Transport", client.transport), _name(config), client.esmtp_extensions)
    except BaseException as error:
        client.close()
        if isinstance(error, (aiosmtplib.SMTPException, OSError, ValueError)):
            raise _failed(phase, error) from error
        raise


async def _encrypt(client: aiosmtplib.SMTP, config: RelayConfig) -> None:
    """STARTTLS, and EHLO again, for what was said in the clear is forgotten (RFC 3207, section 4.2)."""
    if client.supports_extension("starttls"):
        await client.starttls(timeout=config.timeouts.tls)
        await client.ehlo(timeout=config.timeouts.ehlo)
    elif config.tls is Tls.REQUIRED:
        raise _Ended(Outcome.UNFIT, Phase.TLS, None, "it offers no STARTTLS, and the settings require TLS")


async def _log_in(client: aiosmtplib.SMTP, config: RelayConfig) -> None:
    """AUTH (RFC 4954), unless somebody could listen or play the smarthost."""
    peer = str(client.get_transport_info("peername")[0])
    if config.tls not in {Tls.REQUIRED, Tls.IMPLICIT} and not ipaddress.ip_address(peer).is_loopback:
        text = "the password was not sent, for the line is not secured; set tls to required or implicit"
        raise _Ended(Outcome.UNFIT, Phase.AUTH, None, text)
    if not client.supported_auth_methods:
        raise _Ended(Outcome.UNFIT, Phase.AUTH, None, "it offers no way to log in that we know")
    await client.login(config.username, config.password, timeout=config.timeouts.ehlo)


def _failed(phase: Phase, error: Exception) -> _Ended:
    """What a failure to connect means; a certificate that does not hold is for the owner to mend."""
    if isinstance(error, aiosmtplib.SMTPResponseException) and error.code > 0:
        return _Ended(Outcome.REPLIED, phase, reply_of(error.code, error.message.split("\n")))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in (error, error.__cause__)):
        return _Ended(Outcome.UNFIT, Phase.TLS, None, f"its certificate does not hold: {error}")
    return _Ended(Outcome.CUT, phase, None, str(error) or type(error).__name__)


def _name(config: RelayConfig) -> str:
    return f"{config.host}:{config.port}"
