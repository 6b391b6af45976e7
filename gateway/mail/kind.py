"""What sort of mail it is: asked in a fixed order, the first yes wins (intake.md, 10).

Reports come before automatic replies, because most of them say `Auto-Submitted: auto-replied`. The bar is
that no ordinary mail is ever read as a report: free text counts only beside signs that people's mails do
not have, however much they talk about bounces, forward one, or answer to a postmaster. Nothing raises.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gateway.mail import absence, complaint, delivery
from gateway.mail.bounces import BUILT_IN, LOOKED_AT, Bounces, Looks, Named, looks_of
from gateway.mail.mime import Part
from gateway.mail.parsed import AutoReply, Challenge, Kind, Ordinary, Parsed, UnsubscribeRequest
from gateway.mail.pattern import compile_pattern
from gateway.mail.sign import Sign, signs
from gateway.mail.stopword import stop_word

_UNSUBSCRIBE = compile_pattern(r"(?i)^<?unsubscribe[+=-]([a-z2-7]{32})@")


def kind_of(mail: Parsed, parts: Sequence[Part], bounces: Bounces = BUILT_IN) -> tuple[Kind, str]:
    """The kind of a mail, and the sign or pattern that decided it, for a person to read."""
    held = signs(mail, parts, bounces)
    looks = looks_of(mail)
    return (
        _gatekeeper(mail, held, looks, bounces)
        or delivery.report(mail, parts, held, bounces)
        or _unsubscribe_address(mail)
        or complaint.complaint(mail, parts, held, looks, bounces)
        or _challenge(mail, looks, bounces.challenges)
        or _receipt(parts)
        or _auto_reply(mail, held, bounces)
        or _stop_word(mail)
        or (Ordinary(), "nothing says that it is anything else")
    )


def _unsubscribe_address(mail: Parsed) -> tuple[Kind, str] | None:
    """A mail to `unsubscribe+T@`, whatever its words; whether T is ours only the keys can say."""
    to = (*(mailbox.address for mailbox in (*mail.to, *mail.cc)), *mail.headers.all("Delivered-To"))
    if any(_UNSUBSCRIBE.search(address) for address in (*to, *mail.headers.all("X-Original-To"))):
        return UnsubscribeRequest(stop_word(mail.reply)), "sent to an unsubscribe address"
    return None


def _gatekeeper(
    mail: Parsed, held: frozenset[Sign], looks: Looks, bounces: Bounces
) -> tuple[Kind, str] | None:
    """The challenge of one that writes in its own name: some dress theirs as delivery reports."""
    if Sign.DAEMON in held:
        return None
    return _challenge(mail, looks, [named for named in bounces.challenges if named.when.author])


def _challenge(mail: Parsed, looks: Looks, challenges: Iterable[Named]) -> tuple[Kind, str] | None:
    """The challenge that the new words are; whoever quotes, forwards or questions one is a person."""
    said = replace(looks, words=mail.reply[:LOOKED_AT]) if mail.reply or mail.forwarded else looks
    questioned = "?" in said.words and "://" not in said.words
    for named in challenges:
        if not (questioned and named.when.is_of_words_alone) and named.when.holds(said):
            return Challenge(named.name), f"the challenge of {named.name}"
    return None


def _receipt(parts: Sequence[Part]) -> tuple[Kind, str] | None:
    """A read receipt tells of no delivery and no absence; `automatic` says that no person wrote it."""
    if any(part.media_type == "message/disposition-notification" for part in parts):
        return Ordinary(), "a message/disposition-notification part (RFC 8098): a read receipt"
    return None


def _auto_reply(mail: Parsed, held: frozenset[Sign], bounces: Bounces) -> tuple[AutoReply, str] | None:
    if why := absence.sign(mail, machine=bool(held), bounces=bounces):
        return absence.absence(mail, bounces), why
    return None


def _stop_word(mail: Parsed) -> tuple[Kind, str] | None:
    """The first line of the new words, or the subject of a mail without words (RFC 2369, 3.2)."""
    word = stop_word(mail.reply) if mail.reply.strip() else stop_word(mail.subject)
    return (UnsubscribeRequest(word), f"nothing but {word!r}") if word else None
