"""What SMTP says about a mail, before anyone reads it (RFC 5321)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from gateway.kernel.ids import Id

Address = NewType(
    "Address", str
)  # an addr-spec that `mail.address.address` has checked; domain in lower case


class Intake(StrEnum):
    """By which door a mail came."""

    SMTP = "smtp"
    LMTP = "lmtp"
    IMAP = "imap"
    IMPORT = "import"


class Verdict(StrEnum):
    """A result of SPF, DKIM or DMARC (RFC 8601, section 2.7)."""

    NONE = "none"
    PASS = "pass"
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True)
class Peer:
    """Who connected: address, the name it gave in EHLO, and whether the line was encrypted."""

    ip: str
    helo: str
    tls: bool


@dataclass(frozen=True, slots=True)
class AuthResults:
    """What is known about who sent it; `dkim` lists the domains whose signature held."""

    spf: Verdict = Verdict.NONE
    dkim: tuple[str, ...] = ()
    dmarc: Verdict = Verdict.NONE


@dataclass(frozen=True, slots=True)
class Envelope:
    """One accepted mail as SMTP saw it; `reverse_path` is None for the null reverse-path."""

    id: Id  # prefix "jrn": it is the journal row's id
    received_at: datetime
    via: Intake
    reverse_path: Address | None
    forward_paths: tuple[Address, ...]
    peer: Peer | None
    sha256: str
    size: int  # octets
    auth: AuthResults = field(default_factory=AuthResults)
