"""Which of our messages a mail answers, by everything that says so, the strongest first (intake.md, 13).

The address that it was sent to, then the addresses that it shows, then our Message-ID. Two of these that
name different objects are a contradiction, which only the owner can resolve.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.commands.authority import confirms
from gateway.kernel.tokens import Token, TokenKeys, TokenKind
from gateway.mail.envelope import Envelope
from gateway.mail.parsed import Complaint, Parsed
from gateway.mail.thread import CONFIDENCE, Confidence, EvidenceKind
from gateway.mail.verp import AddressPlan, token_at, token_of
from gateway.outbox.inspection import message_by_seq
from gateway.outbox.message import OutboundMessage

FORWARD_PATH = "forward-path"  # the strongest evidence: only who got our letter knows the address
_OPENING = (TokenKind.REPLY, TokenKind.UNDO, TokenKind.CONFIRM)  # a Message-ID opens nothing by itself
_MOST = 20  # messages that one mail may name


@dataclass(frozen=True, slots=True)
class Claim:
    """One good token, where it stood, and the message that it was made for."""

    kind: EvidenceKind
    where: str  # "forward-path", "In-Reply-To" ...
    token: Token
    message: OutboundMessage

    @property
    def object(self) -> str:
        """What the message is about; a message about nothing is its own object."""
        return self.message.about or f"message {self.message.seq}"


@dataclass(frozen=True, slots=True)
class Answered:
    """Which of our messages a mail answers, and how we know."""

    message: OutboundMessage
    kind: TokenKind
    evidence: str  # "forward-path", "In-Reply-To" ...
    third_person: bool  # a good token, but somebody else wrote
    expired: bool
    confidence: Confidence = Confidence.CERTAIN
    contradiction: str = ""  # what else names another object, as a sentence
    confirms: bool = False  # the first answer to our question, within its 15 minutes

    @property
    def opens(self) -> bool:
        """Whether its token proves that it was written by who got our message."""
        return self.kind in _OPENING and not self.third_person and not self.expired


async def claims_of(
    tx: AsyncConnection, mail: Parsed, envelope: Envelope, keys: TokenKeys, plan: AddressPlan
) -> tuple[Claim, ...]:
    """Every good token that a mail carries, the strongest evidence first."""
    found: list[Claim] = []
    for kind, where, token in _tokens(mail, envelope, keys, plan)[:_MOST]:
        if message := await message_by_seq(tx, token.object):
            found.append(Claim(kind, where, token, message))
    return tuple(found)


def answered(
    claims: Sequence[Claim], *, is_correspondent: bool, today: date, received_at: datetime
) -> Answered | None:
    """What the claims come to; `is_correspondent` says whether who wrote is who got the first's message."""
    if not claims:
        return None
    first = claims[0]
    kind = first.token.kind
    expired = first.token.expired(today)
    anybody = kind in (TokenKind.BOUNCE, TokenKind.UNSUBSCRIBE)
    return Answered(
        message=first.message,
        kind=kind,
        evidence=first.where,
        third_person=not anybody and not is_correspondent,
        expired=expired,
        confidence=Confidence.LIKELY if expired else CONFIDENCE[first.kind],
        contradiction=_contradiction(claims),
        confirms=kind is TokenKind.CONFIRM
        and confirms(first.message.created_at, first.message.used_at, received_at),
    )


def _contradiction(claims: Sequence[Claim]) -> str:
    """Which kind of evidence names only other objects than the strongest one does; "" if none does."""
    first = claims[0]
    for kind in EvidenceKind:
        of_kind = [claim for claim in claims if claim.kind is kind]
        if of_kind and first.object not in {claim.object for claim in of_kind}:
            other = of_kind[0]
            return (
                f"its {first.where} answers message {first.message.seq}, "
                f"but its {other.where} message {other.message.seq}, about something else"
            )
    return ""


def _tokens(
    mail: Parsed, envelope: Envelope, keys: TokenKeys, plan: AddressPlan
) -> list[tuple[EvidenceKind, str, Token]]:
    delivered = (
        (name, value.strip("<> "))
        for name in ("Delivered-To", "X-Original-To")
        for value in mail.headers.all(name)
    )
    shown = [*delivered, *(("To", box.address) for box in mail.to), *(("Cc", box.address) for box in mail.cc)]
    kinds = EvidenceKind
    claims = [
        *((kinds.FORWARD_PATH, FORWARD_PATH, token_at(keys, path, plan)) for path in envelope.forward_paths),
        *((kinds.ADDRESS, where, token_at(keys, address, plan)) for where, address in shown),
        *((kinds.MESSAGE_ID, "In-Reply-To", token_of(keys, one)) for one in mail.in_reply_to),
        *((kinds.MESSAGE_ID, "References", token_of(keys, one)) for one in reversed(mail.references)),
    ]
    if isinstance(mail.kind, Complaint):
        returned = [token_at(keys, one, plan) for one in mail.kind.unsubscribe]
        claims.append((kinds.MESSAGE_ID, "returned Message-ID", token_of(keys, mail.kind.message_id or "")))
        claims += [(kinds.ADDRESS, "List-Unsubscribe", token) for token in returned]
    return [(kind, where, token) for kind, where, token in claims if token is not None]
