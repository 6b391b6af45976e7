"""The mails of others that reach the shop through its owner, in their three shapes (intake.md, 15).

Copied into her own words, a mail is as good as her word; attached, it can be proven by its own signature;
redirected, it is still its author's, and the owner only its way.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from gateway.commands.authority import Level, Standing
from gateway.mail.address import domain_of
from gateway.mail.envelope import Address, Envelope
from gateway.mail.parsed import Forwarding, Parsed

_WAYS = ("Resent-From", "X-Forwarded-For", "X-Forwarded-To", "Delivered-To", "X-Original-To")


@dataclass(frozen=True, slots=True)
class PassedOn:
    """A mail that came through the owner: in which shape, whose it is, and how far it is believed."""

    shape: Forwarding
    author: Address | None  # by the strict reading if there is a header to read, else as it was copied
    standing: Standing
    mail: Parsed  # in which the passed-on words are read
    channel: str = ""  # the name of the registered sales channel that wrote it


def by_owner(
    mail: Parsed,
    inner: Parsed | None,
    signed: Collection[str],
    hers: Standing,
    channel: Callable[[Address], str],
) -> PassedOn | None:
    """What a mail of the owner passes on; None if it is all her own.

    `inner` is the attached mail, `signed` the domains whose signature on it holds, `hers` her own level.
    """
    if mail.forwarded is None:
        return None
    if inner is None or mail.forwarded.shape is not Forwarding.ATTACHED:
        copied = mail.forwarded.author
        author = Address(copied.address.lower()) if copied and "@" in copied.address else None
        known = channel(author) if author else ""
        return PassedOn(Forwarding.INLINE, author, hers, mail, known)
    author = inner.identity
    known = channel(author) if author else ""
    proven = author is not None and _signs(signed, domain_of(author))
    if known and proven and hers.level < Level.L1:
        why = f"the owner attached it, and the signature of {domain_of(author)} holds" if author else ""
        return PassedOn(Forwarding.ATTACHED, author, Standing(Level.L1, why), inner, known)
    return PassedOn(Forwarding.ATTACHED, author, hers, inner, known if proven else "")


def redirected(
    mail: Parsed, envelope: Envelope, owner: Collection[str], found: Standing, channel: str
) -> PassedOn | None:
    """A sales channel's mail that the owner's mailbox sent on as it was; None if it came by itself.

    It has the channel's own level, never the owner's: only the signature of the channel proves anything.
    """
    ways = [envelope.reverse_path or "", *(value for name in _WAYS for value in mail.headers.all(name))]
    addressed = [box.address for box in (*mail.to, *mail.cc)]
    words = {word.strip("<>,;").lower() for way in (*ways, *addressed) for word in way.split()}
    if words.isdisjoint(owner):
        return None
    return PassedOn(Forwarding.REDIRECTED, mail.identity, found, mail, channel)


def _signs(signed: Collection[str], domain: str) -> bool:
    """Whether a signature stands for a domain: its own, or that of a domain above it (not a whole suffix)."""
    return any(domain == one or ("." in one and domain.endswith(f".{one}")) for one in signed)
