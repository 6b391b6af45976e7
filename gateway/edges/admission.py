"""Who may connect and how fast an address may write, counted in memory (intake.md, 3.1).

Trusted networks have no caps of their own and share only the whole. An IPv6 network of 64 bits counts as one
address, for one customer of a provider is given that many.
"""

import ipaddress
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from gateway.kernel.errors import SmtpReply
from gateway.outbox.throttle import Rate, admit

BUSY = SmtpReply(421, "4.7.0", "too many connections, please try later")
BUSY_WITH_YOU = SmtpReply(421, "4.7.0", "too many connections from your network, please try later")
TOO_FAST = SmtpReply(450, "4.7.1", "too much mail from your network at once, please try later")

MAILS = Rate(120, timedelta(minutes=1), burst=240)  # a flood is spread, not lost
STRESS = 0.8  # of all connections: above it whoever idles is not waited for
REMEMBERED = 10_000  # networks whose pace is kept; beyond, those that are quiet again are forgotten

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Waits:
    """How long a client is waited for, in seconds (RFC 5321, section 4.5.3.2.7)."""

    command: float = 300.0
    stressed: float = 30.0  # for a command while connections are scarce
    data: float = 600.0  # from 354 to the final dot
    commit: float = 300.0
    connection: float = 3600.0  # in all; a slow line may be slow, not endless
    closing: float = 20.0  # for a mail that is being sent when we close


@dataclass(frozen=True, slots=True)
class ListenConfig:
    """Where the listener listens, and how much it takes; the reasons stand in intake.md, 3.1."""

    host: str = "127.0.0.1"  # "": on every interface
    port: int = 25  # 0: whichever is free
    hostname: str = "localhost"
    max_size: int = 20 * 1024 * 1024  # octets of one mail
    certificate: Path | None = None  # PEM, with the chain; None: no STARTTLS
    key: Path | None = None
    trusted: tuple[Network, ...] = (
        ipaddress.ip_network("127.0.0.0/8"),
        ipaddress.ip_network("::1/128"),
    )
    connections: int = 200
    connections_per_network: int = 10
    lmtp: bool = False  # RFC 2033 in place of SMTP, for a shop with an MTA in front
    unix: Path | None = None  # a socket in the file system in place of host and port
    waits: Waits = Waits()


class Admission:
    """The open connections by network, and when each network may write again."""

    def __init__(self, config: ListenConfig) -> None:
        self.open = 0
        self._config = config
        self._by_network: Counter[str] = Counter()
        self._due: dict[str, datetime] = {}
        self._is_trusted = lru_cache(maxsize=1024)(self._look_up)

    @property
    def stressed(self) -> bool:
        """Whether connections are so scarce that waits must be short (Postfix's idea)."""
        return self.open > STRESS * self._config.connections

    def trusts(self, ip: str) -> bool:
        """Whether `ip` is in a trusted network; "", a socket of this machine, is, and whoever speaks LMTP."""
        return self._is_trusted(ip)

    def enter(self, ip: str) -> SmtpReply | None:
        """Count a connection from `ip` and return None, or the refusal of one that is not counted."""
        if self.open >= self._config.connections:
            return BUSY
        if not self.trusts(ip):
            network = network_of(ip)
            if self._by_network[network] >= self._config.connections_per_network:
                return BUSY_WITH_YOU
            self._by_network[network] += 1
        self.open += 1
        return None

    def leave(self, ip: str) -> None:
        """Take back what `enter` counted."""
        self.open -= 1
        if not self.trusts(ip):
            network = network_of(ip)
            self._by_network[network] -= 1
            if not self._by_network[network]:
                del self._by_network[network]

    def is_too_fast(self, ip: str, now: datetime) -> bool:
        """Whether one more mail from `ip` is too many now; if not, it is counted."""
        if self.trusts(ip):
            return False
        network = network_of(ip)
        leave_at, due = admit(MAILS, self._due.get(network), now)
        if leave_at > now:
            return True
        if len(self._due) >= REMEMBERED:
            self._due = {key: instant for key, instant in self._due.items() if instant > now}
        self._due[network] = due
        return False

    def _look_up(self, ip: str) -> bool:
        if not ip or self._config.lmtp:
            return True
        address = _address(ip)
        return any(address in network for network in self._config.trusted)


@lru_cache(maxsize=1024)
def network_of(ip: str) -> str:
    """The IPv4 address itself, or the IPv6 network of 64 bits."""
    address = _address(ip)
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((int(address), 64), strict=False))


def _address(ip: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address; one of IPv4 that came through an IPv6 socket counts as IPv4."""
    address = ipaddress.ip_address(ip.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
