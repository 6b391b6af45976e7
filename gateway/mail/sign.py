"""The signs that a mail is a report of a mail system, before anyone reads what it reports.

No single one suffices for free text: people write "undeliverable" into subjects, newsletters come from null
reverse-paths, out-of-office notes say `Auto-Submitted`. Two are asked for, and one of them must be of the
kind that only reports have.
"""

from collections.abc import Sequence
from enum import StrEnum

from gateway.mail.bounces import LOOKED_AT, Bounces
from gateway.mail.mime import Part
from gateway.mail.original import ENCLOSED, is_ours
from gateway.mail.parsed import Parsed
from gateway.mail.pattern import compile_pattern


class Sign(StrEnum):
    """What was seen; the text is for a person."""

    NULL_PATH = "null reverse-path"
    NO_AUTHOR = "no author"
    AUTO_SUBMITTED = "Auto-Submitted"
    DAEMON = "author is a mail system"
    FAILED_RECIPIENTS = "X-Failed-Recipients"
    SUBJECT = "subject of a report"
    OURS = "our own mail came back"
    REPORT = "multipart/report"
    WORDS = "a mailer-daemon speaks of undelivered mail"


# What vacation notes and order confirmations have as well.
_OF_ANY_PROGRAM = frozenset((Sign.NULL_PATH, Sign.NO_AUTHOR, Sign.AUTO_SUBMITTED))
# What a carrier, whose subjects speak of deliveries too, never has.
_OF_MAIL_SYSTEMS = frozenset((Sign.DAEMON, Sign.FAILED_RECIPIENTS, Sign.OURS, Sign.REPORT))

_NULL = compile_pattern(r"(?i)^\s*(?:<\s*>|<?\s*mailer-daemon(?:@[^>\s]*)?\s*>?)?\s*$")
_MAILER_DAEMON = compile_pattern(r"(?i)^mailer-?daemon@")  # people who keep a mail server write as postmaster
_ANSWERED = compile_pattern(
    r"(?i)^\s*(?:re|aw|sv|vs|fwd?|fw|wg|tr|rv|rif|r|enc|antw|odp|ynt|ilt|vá|továbbítás|απ|σχετ|doorst|hë|回复|答复|转发|返信|転送)\s*(?:\[\d+\])?\s*[:：]"
)
_VERP = compile_pattern(r"(?i)^<?bounce[+=-][a-z2-7]{32}@")


def signs(mail: Parsed, parts: Sequence[Part], bounces: Bounces) -> frozenset[Sign]:
    """All signs of a report that the mail has."""
    found = {
        Sign.NULL_PATH: has_null_path(mail),
        Sign.NO_AUTHOR: not (mail.author and mail.author.address),
        Sign.AUTO_SUBMITTED: auto_submitted(mail).startswith("auto-"),
        Sign.DAEMON: is_daemon(mail, bounces),
        Sign.FAILED_RECIPIENTS: "X-Failed-Recipients" in mail.headers,
        Sign.SUBJECT: not is_answer(mail.subject) and bounces.signs.subject.in_(mail.subject),
        Sign.REPORT: mail.headers.get("Content-Type").lower().lstrip().startswith("multipart/report"),
    }
    held = {sign for sign, holds in found.items() if holds}
    if held and _returns_ours(mail, parts):
        held.add(Sign.OURS)
    if held == {Sign.DAEMON} and _speaks_of_undelivered(mail, bounces):
        held.add(Sign.WORDS)
    return frozenset(held)


def suffice(held: frozenset[Sign]) -> bool:
    """Whether free text may be read as a report: two signs, one of them no other program's."""
    return len(held) >= 2 and bool(held - _OF_ANY_PROGRAM)


def by_a_mail_system(held: frozenset[Sign]) -> bool:
    """Whether a mail system is surely the author; couriers of parcels have such subjects and paths too."""
    return suffice(held) and not held.isdisjoint(_OF_MAIL_SYSTEMS)


def allow_guessing(held: frozenset[Sign], words: str, bounces: Bounces) -> bool:
    """Whether words of no known family may be read as a report: a mail system says that mail did not arrive.

    The same systems send digests of quarantines and warnings to their own users.
    """
    if not by_a_mail_system(held) or bounces.signs.digest.in_(words):
        return False
    return Sign.SUBJECT in held or bounces.signs.undelivered.in_(words)


def has_null_path(mail: Parsed) -> bool:
    """Whether a Return-Path stands there and is empty, or what some systems write for empty."""
    paths = mail.headers.all("Return-Path")
    return bool(paths) and _NULL.search(paths[0]) is not None


def is_answer(subject: str) -> bool:
    """Whether a subject begins as those of answers and forwarded mails do: "Re:", "AW:", "回复:"."""
    return _ANSWERED.search(subject) is not None


def is_daemon(mail: Parsed, bounces: Bounces) -> bool:
    """Whether the author is a mail system by name or address."""
    author = mail.author
    return author is not None and bounces.signs.author.in_(f"{author.name} <{author.address}>")


def auto_submitted(mail: Parsed) -> str:
    """The keyword of Auto-Submitted in lower case (RFC 3834, section 5), "" if the field is absent."""
    return mail.headers.get("Auto-Submitted").partition(";")[0].partition("(")[0].strip().lower()


def _speaks_of_undelivered(mail: Parsed, bounces: Bounces) -> bool:
    address = mail.author.address if mail.author else ""
    return _MAILER_DAEMON.search(address) is not None and bounces.signs.undelivered.in_(mail.text[:LOOKED_AT])


def _returns_ours(mail: Parsed, parts: Sequence[Part]) -> bool:
    """Whether it came to a reverse-path of ours, or gives back a mail of ours."""
    to = (*(mailbox.address for mailbox in mail.to), *mail.headers.all("Delivered-To"))
    return any(_VERP.search(address) for address in to) or (
        any(part.media_type in ENCLOSED for part in parts) and is_ours(parts, "")
    )
