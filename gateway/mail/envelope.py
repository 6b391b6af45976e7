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
    """What is known about who sent a mail; nothing until it was `checked`, which happens after 250."""

    spf: Verdict = Verdict.NONE
    dkim: tuple[str, ...] = ()  # the domains whose signature held
    dmarc: Verdict = Verdict.NONE
    spf_domain: str = ""  # whose SPF record was asked
    author: str = ""  # the domain of the author, which DMARC is about
    policy: str = ""  # what that domain asks of receivers: none, quarantine, reject; "" has no DMARC record
    why: str = ""  # how the author's domain was proven, or why not, as a sentence
    enclosed: tuple[str, ...] = ()  # the domains that signed a mail which this one has attached, and hold
    trusts: str = ""  # the authserv-id whose topmost Authentication-Results counts for this mail
    checked: bool = False

    @property
    def proves(self) -> str:
        """The domain that is proven to have sent it: DMARC passed, or it signed and has no DMARC record."""
        unpublished = self.dmarc is Verdict.NONE and not self.policy and self.author in self.dkim
        return self.author if self.dmarc is Verdict.PASS or unpublished else ""


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
    finding: str = ""  # why it must be held, seen at a door that cannot refuse; a reason of `hold`
