"""What handing one message to the next hop means: the `Relay` port and the values that cross it.

The port is the egress seam (relay.md 2). An implementation streams everything but the final dot, awaits
`commit()`, and writes the dot only if that said True; whatever happens it answers with a value. `Phase` says
how far the dialogue got, which decides what a failure means: before the dot nothing was taken
(RFC 5321, section 4.1.1.10), after it only a reply can tell.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from gateway.kernel.errors import SmtpReply
from gateway.mail.envelope import Address
from gateway.outbox.throttle import Rate, parse_rate

Commit = Callable[[], Awaitable[bool]]


class Phase(StrEnum):
    """How far the dialogue got."""

    CONNECT = "connect"  # up to the greeting
    EHLO = "ehlo"
    TLS = "tls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # up to the 354
    BODY = "body"  # content, without the final dot
    COMMIT = "commit"  # the mark was asked for; the dot was not written
    DOT = "dot"  # the dot was written


class Outcome(StrEnum):
    """How a hand-over ended."""

    REPLIED = "replied"  # `reply` decides, together with the phase
    CUT = "cut"  # the line broke, fell silent too long, or said something that no reply is
    WITHHELD = "withheld"  # `commit()` said no: the dot was not written
    UNFIT = "unfit"  # this next hop cannot carry this message; no dialogue was begun


class Tls(StrEnum):
    """How the line to the smarthost is secured."""

    OFF = "off"
    MAY = "may"  # STARTTLS if offered, unverified (RFC 7435)
    REQUIRED = "required"  # STARTTLS, and the certificate holds for the name
    IMPLICIT = "implicit"  # TLS from the first octet (RFC 8314), and the certificate holds


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each answer may take, in seconds (RFC 5321, section 4.5.3.2; less where nobody is slow)."""

    connect: float = 30
    ehlo: float = 60
    tls: float = 30
    envelope: float = 120
    data: float = 120
    body: float = 180  # without any progress
    dot: float = 600
    idle: float = 20  # how long a connection is kept for the next message
    farewell: float = 2
    drain: float = 60  # how long a reply to a dot is waited for when we stop


@dataclass(frozen=True, slots=True)
class RelayConfig:
    """The smarthost, and how fast we write to it."""

    host: str
    port: int = 587
    tls: Tls = Tls.REQUIRED
    username: str = ""
    password: str = field(default="", repr=False)
    local_hostname: str = "localhost"  # what we say in EHLO
    connections: int = 2
    rate: Rate | None = None  # of the route; None: as fast as it goes
    marketing_rate: Rate | None = field(default_factory=lambda: parse_rate("100/min"))  # S4-3.R1
    resends: int = 1  # after a doubt
    alone: bool = True  # a lock proves that no other worker lives, so what others held is reaped at once
    timeouts: Timeouts = field(default_factory=Timeouts)


@dataclass(frozen=True, slots=True)
class Route:
    """One next hop: its row, its kind (`smarthost`, `domain`) and its name in the settings."""

    id: int
    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Wire:
    """One message as it goes over the wire: signed octets, lines ended by CRLF, dots not yet stuffed."""

    reverse_path: Address | None  # None is the null reverse-path
    recipient: Address
    octets: bytes


@dataclass(frozen=True, slots=True)
class HandedOver:
    """How it went; `text` says it for a person when there is no reply."""

    outcome: Outcome
    phase: Phase
    reply: SmtpReply | None = None
    host: str = ""
    tls: bool = False
    took_ms: int = 0
    text: str = ""


class Relay(Protocol):
    """Hands one message to the next hop of a route; never raises for what the world does."""

    async def hand_over(self, route: Route, wire: Wire, commit: Commit) -> HandedOver:
        """How the hand-over went; when cancelled, the connection is cut without a dot."""
        ...

    async def close(self) -> None:
        """Return once no connection is open."""
        ...
