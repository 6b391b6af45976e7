"""For whom mail is taken: the address plan, decided at RCPT (intake.md, 3.3 and 14).

There is no catch-all. What we would not deliver is refused while the sender's server still holds it, so that
we never owe anybody a bounce; and no domain but ours is taken, so that we are nobody's relay.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.kernel.errors import SmtpReply
from gateway.mail.address import subaddress

ROLES = frozenset(
    {"orders", "stock", "report", "help", "suppliers", "feedback", "campaigns", "explain", "hello"}
)
ALWAYS = frozenset({"postmaster", "abuse"})  # RFC 5321, section 4.5.1; RFC 2142, section 4

TAKEN = SmtpReply(250, "2.1.5", "recipient ok")
UNKNOWN = SmtpReply(550, "5.1.1", "no such address here")
NO_RELAY = SmtpReply(550, "5.7.1", "mail for that domain is not taken here")
ONE_ONLY = SmtpReply(550, "5.5.3", "a report has one recipient")
TOO_MANY = SmtpReply(452, "4.5.3", "too many recipients, send the others another copy")


@dataclass(frozen=True, slots=True)
class Recipients:
    """The addresses of one shop; domains in lower case."""

    domains: frozenset[str]  # of the role addresses
    verify: Callable[[str], bool]  # whether an address carries a token with a good MAC, expired or not
    token_domains: frozenset[str] = frozenset()  # of the token addresses, beside `domains`
    roles: frozenset[str] = ROLES  # local parts in lower case
    base: str = ""  # the local part of the only mailbox, before which roles stand; "": they stand alone
    most: int = 100  # recipients of one mail (RFC 5321, section 4.5.3.1.8)

    def decide(self, address: str, *, null_reverse_path: bool, before: int) -> SmtpReply:
        """The answer to RCPT for `address`, when `before` recipients have been taken already.

        `address` has its domain in lower case, or is a bare local part. An unknown address and a token with a
        bad MAC sound alike: whoever guesses tokens learns nothing.
        """
        local, at, domain = address.rpartition("@")
        name = (local if at else domain).casefold()
        ours = domain in self.domains or not at
        if not ours and domain not in self.token_domains:
            return NO_RELAY
        if name in ALWAYS:
            return TAKEN
        if null_reverse_path and before:
            return ONE_ONLY
        if before >= self.most:
            return TOO_MANY
        known = bool(at) and ((ours and self._is_role(name)) or self.verify(address))
        return TAKEN if known else UNKNOWN

    def _is_role(self, name: str) -> bool:
        if self.base:
            separator, role = name[len(self.base) :][:1], name[len(self.base) + 1 :]
            return name == self.base or (
                name.startswith(self.base) and separator in {"+", "-"} and role in self.roles
            )
        return name in self.roles or subaddress(name)[0] in self.roles


def is_always_let_in(address: str) -> bool:
    """Whether `address` may write whatever the rate: a postmaster must be reachable."""
    return address.partition("@")[0].casefold() in ALWAYS
