"""Addresses that carry a token: reverse-paths that name their message, and the others a mail may answer.

Variable envelope return paths: whatever comes back to `bounce+T@` is about the one message of T, even when
the report itself is unreadable. Every outbound message has such a reverse-path, automatic answers too; the
address never answers, so no loop can form. The Message-ID carries the message's token as well: it survives
where providers strip what follows the `+`, and opens nothing by itself (intake.md, 14).
"""

from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from gateway.kernel.ids import Id
from gateway.kernel.tokens import LENGTH, Token, TokenKeys, TokenKind
from gateway.mail.envelope import Address
from gateway.mail.parsed import MessageId

_WORD: Mapping[TokenKind, str] = {
    TokenKind.REPLY: "reply",
    TokenKind.BOUNCE: "bounce",
    TokenKind.UNSUBSCRIBE: "unsubscribe",
    TokenKind.UNDO: "undo",
    TokenKind.CONFIRM: "confirm",
}

# How long an address works; absent: for ever. A confirmation's 15 minutes are kept in its row, for a token
# counts whole days, and a mail may be written before midnight and answered after it.
LIFE: Mapping[TokenKind, timedelta] = {
    TokenKind.REPLY: timedelta(days=180),
    TokenKind.BOUNCE: timedelta(days=180),
    TokenKind.UNDO: timedelta(days=7),
    TokenKind.CONFIRM: timedelta(days=1),
}

_SEPARATORS = "+-="  # all are read, for a shop may change its own while mails are under way


@dataclass(frozen=True, slots=True)
class AddressPlan:
    """Where the shop's addresses live; `base` is the local part of its only mailbox, if it has but one."""

    domain: str
    token_domain: str
    separator: str = "+"
    base: str = ""

    def role(self, word: str) -> Address:
        """The address of a role such as `orders`."""
        local = f"{self.base}{self.separator}{word}" if self.base else word
        return Address(f"{local}@{self.domain}")

    def role_at(self, address: str) -> str:
        """The role that one of our addresses has, in lower case: orders, reply ...; of the only mailbox, its
        own name, if what follows is no role but a token or nothing.
        """
        local = address.rpartition("@")[0].lower()
        if not self.base:
            return _first_word(local)
        base, detail = local[: len(self.base)], local[len(self.base) :]
        is_role = base == self.base and detail[:1] in set(_SEPARATORS) and len(detail) <= LENGTH
        return _first_word(detail[1:]) if is_role else base

    def is_ours(self, address: str) -> bool:
        """Whether mail to `address` comes to the shop; with one hosted mailbox the domain is not its own."""
        local, _, domain = address.strip().lower().rpartition("@")
        if domain not in (self.domain.lower(), self.token_domain.lower()):
            return False
        base = self.base.lower()
        return not base or local == base or local.startswith(tuple(base + sign for sign in _SEPARATORS))


def _first_word(local: str) -> str:
    for separator in _SEPARATORS:
        local = local.partition(separator)[0]
    return local


def token_address(kind: TokenKind, keys: TokenKeys, number: int, plan: AddressPlan, today: date) -> Address:
    """The address that does what `kind` says to the row `number`; it works from `today` for its LIFE."""
    life = LIFE.get(kind)
    token = keys.sign(kind, number, today + life if life else None)
    return Address(f"{plan.base or _WORD[kind]}{plan.separator}{token}@{plan.token_domain}")


def bounce_path(keys: TokenKeys, seq: int, plan: AddressPlan, today: date) -> Address:
    """The reverse-path of the outbound message `seq`."""
    return token_address(TokenKind.BOUNCE, keys, seq, plan, today)


def reply_path(keys: TokenKeys, seq: int, plan: AddressPlan, today: date) -> Address:
    """Where a person's answer to the outbound message `seq` goes."""
    return token_address(TokenKind.REPLY, keys, seq, plan, today)


def unsubscribe_path(keys: TokenKeys, seq: int, plan: AddressPlan) -> Address:
    """Where an empty mail ends marketing to whoever got the outbound message `seq`; for ever."""
    return token_address(TokenKind.UNSUBSCRIBE, keys, seq, plan, date.min)


def message_token(keys: TokenKeys, seq: int) -> str:
    """What X-MailFlow-Id and Message-ID say of the outbound message `seq`."""
    return keys.sign(TokenKind.MESSAGE, seq)


def message_id(keys: TokenKeys, seq: int, identifier: Id, plan: AddressPlan) -> MessageId:
    """The Message-ID; derived, so that a mail rendered again or sent again keeps it."""
    derived = b32encode(sha256(identifier.encode()).digest()[:10]).decode("ascii").lower()
    return MessageId(f"{message_token(keys, seq)}.{derived}@{plan.domain}")


def token_at(keys: TokenKeys, address: str, plan: AddressPlan) -> Token | None:
    """The token of one of our token addresses in any case of letters; None for every other address.

    The word before the separator must be the kind's own, or the base: nobody turns `bounce` into `undo`.
    """
    local, at, domain = address.rpartition("@")
    word, separator, text = local[: -LENGTH - 1], local[-LENGTH - 1 : -LENGTH], local[-LENGTH:]
    if not at or domain.lower() not in {plan.token_domain, plan.domain}:
        return None
    if not separator or separator not in _SEPARATORS:
        return None
    token = keys.read(text)
    if token is None or token.kind not in _WORD:
        return None
    return token if word.lower() in (_WORD[token.kind], plan.base or _WORD[token.kind]) else None


def token_of(keys: TokenKeys, identifier: MessageId | str) -> Token | None:
    """The token of a Message-ID or X-MailFlow-Id of ours; None for everybody else's."""
    token = keys.read(identifier.strip().lstrip("<")[:LENGTH])
    return token if token and token.kind is TokenKind.MESSAGE else None
