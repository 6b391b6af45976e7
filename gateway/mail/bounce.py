"""Why a message did not arrive, and what that says about the address (RFC 3463, RFC 5248).

Codes lie: 5.1.1 stands on full mailboxes and 5.7.1 on unknown users. So the words of the diagnostic are
asked first where they are specific, then a specific code, then general words, then a general code, then
the SMTP reply; `config/bounces.toml` holds all five tables. Three questions have three answers:

- *why* is the class;
- *permanent* is whether this message was given up with a class of 5;
- *dead address* is whether any later message to that address would be wasted.

What contradicts itself is decided here, and leans towards keeping an address, for a suppressed customer
hears nothing more from the shop, and nobody notices:

| the codes say | the words say | class | address |
|---|---|---|---|
| 5.1.1 | over quota, mailbox full | `mailbox_full` | alive |
| 5.1.1, 5.2.1 | try again later | `system` | alive |
| 5.2.2 | no such user | `no_such_user` | dead |
| 5.7.1, 5.0.0 | no such user | `no_such_user` | dead |
| 5.7.1 | nothing known, or rejected | `policy` | alive |
| 5.2.1 | disabled, inactive | `suspended` | alive: Google says it of accounts that come back |
| 4.x.x, given up after days | no such user | `no_such_user` | dead: that host has said so for days |
| 4.1.1 | nothing | `system` | alive: a class of 4 alone never kills |
| 5.4.7, 5.0.0 | expired, 450 mailbox full at last | `mailbox_full`, else `expired` | alive |
| 5.1.1 | a footer about viruses in the human part | `no_such_user` | dead: only words of the mailbox count |
| any, on a delay, delivery or relay | anything | as above | alive: only a failure kills |

Where status and reply disagree on 4 or 5, a general status (5.0.0) yields to the reply, for it is what
programs write that did not look; any other status is kept, for the reporting host decided by it. Figures
elsewhere in the report count before the class is asked whether it passes.
"""

from dataclasses import dataclass

from gateway.mail.bounces import Bounces
from gateway.mail.parsed import BounceClass, DsnAction, RecipientStatus
from gateway.mail.pattern import compile_pattern
from gateway.mail.words import ADDRESS

DEAD = frozenset(
    (BounceClass.NO_SUCH_USER, BounceClass.NO_SUCH_HOST, BounceClass.DISABLED, BounceClass.MOVED)
)
ALIVE_WORTH_ANOTHER = frozenset(
    (
        BounceClass.MAILBOX_FULL,
        BounceClass.SUSPENDED,
        BounceClass.RATE_LIMITED,
        BounceClass.GREYLISTED,
        BounceClass.NETWORK,
        BounceClass.SYSTEM,
        BounceClass.EXPIRED,
        BounceClass.BLOCKED,
        BounceClass.AUTH_FAILED,
        BounceClass.UNKNOWN,
    )
)
ALIVE_NOT_THIS_MESSAGE = frozenset(BounceClass) - DEAD - ALIVE_WORTH_ANOTHER

# What words of the human part may say against a specific code.
_OF_THE_MAILBOX = DEAD | {BounceClass.MAILBOX_FULL, BounceClass.SUSPENDED}

# Classes that pass by themselves; without any code a failure of one of them is not for good.
_PASSING = frozenset(
    (
        BounceClass.RATE_LIMITED,
        BounceClass.GREYLISTED,
        BounceClass.NETWORK,
        BounceClass.SYSTEM,
        BounceClass.EXPIRED,
    )
)

LONGEST = 1000  # characters of a diagnostic that are kept
_AROUND = 4000  # characters of the rest of a report that may tell why

_REPLY = compile_pattern(
    r"(?:^|[\s:;,'\"(\[<#=>\-])(?P<reply>[245][0-5]\d)"
    r"(?:[\- ]+#?(?P<status>[245]\.\d{1,3}\.\d{1,3})\b|[\-\s:;,.'\")\]]|$)"
)
_STATUS = compile_pattern(r"(?:^|[\s:;,'\"(\[<#=])(?P<status>[245]\.\d{1,3}\.\d{1,3})(?:[^\d.]|\.\D|\.?$)")
_VERSION = compile_pattern(r"(?i)(?:version|release|exim|sendmail|postfix|\bv|build|program|server)\.? ?$")
# A reply of several lines repeats its codes: "550-5.1.1 The account does not\n550 5.1.1 exist".
_REPEATED = compile_pattern(r"\s[245]\d\d(?:-(?:[245]\.\d{1,3}\.\d{1,3}\b)?| [245]\.\d{1,3}\.\d{1,3})\s")
_SUBJECT = compile_pattern(
    r"(?im)^[ \t>]*(?:subject|betreff|objet|sujet|asunto|assunto|oggetto|onderwerp|ämne|emne|aihe|temat|"
    r"předmět|тема|konu|件名|主[题旨])[ \t]*[:：].*$"
)
_BLANKS = compile_pattern(r"[\s\x{a0}]+")
_ADDRESS = compile_pattern(ADDRESS)
_NAMED_HOST = compile_pattern(r"(?i)\bhost [\w.-]+\.[\w-]+ ?[\[(][0-9a-f.:]+[\])]")


@dataclass(frozen=True, slots=True)
class Codes:
    """What a diagnostic says in figures: SMTP reply and enhanced status, either may be empty."""

    reply: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """A class, and the sign that decided for it, for a person to read."""

    bounce: BounceClass
    why: str


def tidy(diagnostic: str, longest: int = LONGEST) -> str:
    """A diagnostic in one line, without the codes that its continuation lines repeat."""
    line = _BLANKS.sub(" ", diagnostic[: 2 * longest]).strip()
    first = _REPLY.search(line)
    if first is None:
        return line[:longest].rstrip()
    head = first.end()
    return (line[:head] + _REPEATED.sub(" ", line[head:]))[:longest].rstrip()


def masked(text: str) -> str:
    """The text without what others chose: `unknown@` is a person, `host mx.spam.example[...]` is a name."""
    return _NAMED_HOST.sub("host", _ADDRESS.sub("@", text)).replace("_", " ")


def without_subject(text: str) -> str:
    """The words of a report without the line that repeats the original's subject: those are the author's."""
    return _SUBJECT.sub("", text)


def codes(diagnostic: str) -> Codes:
    """The first refusal in a diagnostic; an enhanced status beside the reply counts before any other."""
    reply = ""
    for match in _REPLY.finditer(diagnostic):
        digits = match.group("reply") or ""
        if digits.startswith("2"):
            continue
        reply = reply or digits
        if match.group("status"):
            return Codes(reply, match.group("status") or "")
    return Codes(reply, _first_status(diagnostic))


def _first_status(diagnostic: str) -> str:
    for match in _STATUS.finditer(diagnostic):
        status = match.group("status") or ""
        if not status.startswith("2") and not _VERSION.search(diagnostic[: match.start() + 1].rstrip("( ")):
            return status
    return ""


def is_general(status: str) -> bool:
    """Whether a status says no more than its class, such as 5.0.0 (RFC 3463, 3.1)."""
    return not status or status.endswith(".0.0")


def reason(
    bounces: Bounces, status: str, diagnostic: str, around: str = "", *, verbatim: bool = True
) -> Reason:
    """The class of one failure, by the first table that knows; `around` is what else a report says of it.

    Of `around` only specific words count: every report explains in general words what may have happened.
    A diagnostic that is not `verbatim` is what the human part says, for want of a field.
    """
    seen, words, rest = codes(diagnostic), masked(diagnostic), masked(tidy(around, _AROUND))
    stated = tuple(dict.fromkeys(code for code in (seen.status, status) if code))

    def by_status(*, general: bool) -> tuple[BounceClass, str] | None:
        found = (bounces.by_status(code, general=general) for code in stated)
        return next(filter(None, found), None)

    said = bounces.by_words(words, general=False)
    if said and not verbatim and said[0] not in _OF_THE_MAILBOX:
        said = by_status(general=False) or said
    found = (
        said
        or by_status(general=False)
        or bounces.by_words(rest, general=False)
        or bounces.by_words(words, general=True)
        or by_status(general=True)
        or bounces.by_reply(seen.reply)
    )
    return Reason(*found) if found else Reason(BounceClass.UNKNOWN, "no word or code is known")


def recipient_status(
    bounces: Bounces,
    *,
    final: str,
    original: str = "",
    action: DsnAction = DsnAction.FAILED,
    status: str = "",
    diagnostic: str = "",
    around: str = "",
    verbatim: bool = True,
) -> tuple[RecipientStatus, str]:
    """One recipient of a report with everything that follows from its words and codes, and why."""
    diagnostic = tidy(diagnostic)
    found = reason(bounces, status, diagnostic, around, verbatim=verbatim)
    status = status or codes(diagnostic).status
    failed = action is DsnAction.FAILED
    return RecipientStatus(
        recipient=original or final,
        final=final,
        action=action,
        status=status,
        diagnostic=diagnostic,
        bounce=found.bounce,
        permanent=failed and is_permanent(found.bounce, status, diagnostic, around),
        dead_address=failed and found.bounce in DEAD,
    ), found.why


def is_permanent(bounce: BounceClass, status: str, diagnostic: str, around: str = "") -> bool:
    """Whether a failure has class 5; without any figures its class decides."""
    seen, near = codes(diagnostic), codes(around)
    candidates = (
        *((seen.status, seen.reply, status) if is_general(status) else (status, seen.status, seen.reply)),
        near.status,
        near.reply,
    )
    for code in candidates:
        if code:
            return code.startswith("5")
    return bounce not in _PASSING
