"""Which of our messages a mail answers: all evidence, the strongest first (intake.md, 13).

What is listed are candidates. Whether a token is ours only the keys can say, and whether the author is a
party to `SO-77` only the database: the caller passes `verify` in. A code alone proves nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from gateway.mail.address import domain_of, local_part
from gateway.mail.parsed import MessageId, Parsed
from gateway.mail.pattern import compile_pattern

T = TypeVar("T")

TOKEN = 32  # base32 characters (intake.md, 14)
CODES = 20  # visible codes that are listed; a price list has hundreds
_READ = 16384  # characters of the new words in which codes are looked for

_TOKEN_AT_END = compile_pattern(r"^(?:.*[+=-])([a-z2-7]{32})$", ignore_case=True)
_TOKEN_AT_START = compile_pattern(r"^([a-z2-7]{32})\.[^@]+@", ignore_case=True)
# With a hyphen in any case of letters; without one only as PO: "so 3 of them" is a sentence.
# Of "#5.1.1" nothing is one: that is the status of a report.
_END = r"(?:$|[^A-Za-z0-9.-]|\.(?:$|[^0-9]))"
_CODE = compile_pattern(
    rf"(?:^|[^A-Za-z0-9#-])(?P<word>(?i:SO|PO)-|PO[ ]?#?|SO#?)(?P<number>\d{{1,9}}){_END}"
    rf"|(?:^|[^A-Za-z0-9#/-])#[ ]?(?P<bare>\d{{1,9}}){_END}"
)


class EvidenceKind(StrEnum):
    """Where a piece of evidence stood."""

    FORWARD_PATH = "forward_path"  # a token in RCPT TO
    ADDRESS = "address"  # a token in Delivered-To, X-Original-To, To or Cc
    MESSAGE_ID = "message_id"  # our Message-ID in In-Reply-To or References
    CODE = "code"  # SO-77, PO-1042 or #1042 in the subject or the new words


class Confidence(StrEnum):
    """How far evidence may be followed, once it is verified."""

    CERTAIN = "certain"
    STRONG = "strong"
    LIKELY = "likely"  # only if the author is a party to the object


CONFIDENCE = {
    EvidenceKind.FORWARD_PATH: Confidence.CERTAIN,
    EvidenceKind.ADDRESS: Confidence.CERTAIN,
    EvidenceKind.MESSAGE_ID: Confidence.STRONG,
    EvidenceKind.CODE: Confidence.LIKELY,
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sign of what a mail is about: a token in lower case, or a code in capitals."""

    kind: EvidenceKind
    value: str

    @property
    def confidence(self) -> Confidence:
        return CONFIDENCE[self.kind]


def evidence(mail: Parsed, local_parts: Sequence[str], domain: str) -> tuple[Evidence, ...]:
    """Everything that says which message of ours `mail` answers, the strongest first, each value once a kind.

    `local_parts` are those of the forward-paths; only Message-IDs of `domain` can be ours. In-Reply-To
    counts before References, and of these the newest first.
    """
    answered = (*mail.in_reply_to, *reversed(mail.references))
    found = (
        *_listed(EvidenceKind.FORWARD_PATH, map(token_in_local_part, local_parts)),
        *_listed(EvidenceKind.ADDRESS, map(token_in_local_part, _recipients(mail))),
        *_listed(EvidenceKind.MESSAGE_ID, (token_in_id(one, domain) for one in answered)),
        *_listed(EvidenceKind.CODE, codes(f"{mail.subject}\n{mail.reply[:_READ]}")),
    )
    return tuple(dict.fromkeys(found))


def verified(found: Iterable[Evidence], verify: Callable[[str], T | None]) -> Iterator[tuple[Evidence, T]]:
    """The evidence that `verify` knows something about, with what it knows, in the same order.

    `verify` is given the value: a token, or a code such as `PO-1042`.
    """
    for one in found:
        known = verify(one.value)
        if known is not None:
            yield one, known


def token_in_local_part(text: str) -> str:
    """The candidate behind the last separator of a local part or address, in lower case, or ""."""
    match = _TOKEN_AT_END.search(local_part(text)) if len(text) > TOKEN else None
    return (match.group(1) or "").lower() if match else ""


def token_in_id(identifier: MessageId | str, domain: str = "") -> str:
    """The candidate that a Message-ID of `domain` starts with, in lower case, or ""; "" is any domain."""
    if len(identifier) <= TOKEN or (domain and domain_of(identifier) != domain.lower()):
        return ""
    match = _TOKEN_AT_START.search(identifier)
    return (match.group(1) or "").lower() if match else ""


def codes(text: str) -> Iterator[str]:
    """The visible codes in a text as we write them: `SO-77`, `PO-1042`; of `#1042` only `#1042` is known."""
    at = 0
    for _ in range(CODES):
        match = _CODE.search(text[at:])
        if match is None:
            return
        word, number = match.group("word"), int(match.group("number") or match.group("bare") or 0)
        yield f"{word[:2].upper()}-{number}" if word else f"#{number}"
        at += max(1, match.end() - 1)  # the character after a code may be the one before the next


def _recipients(mail: Parsed) -> Iterator[str]:
    for name in ("Delivered-To", "X-Original-To"):
        for value in mail.headers.all(name):
            yield value.strip("<> ")
    for one in (*mail.to, *mail.cc):
        yield one.address


def _listed(kind: EvidenceKind, values: Iterable[str]) -> Iterator[Evidence]:
    return (Evidence(kind, value) for value in values if value)
