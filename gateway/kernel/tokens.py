"""Short signed tokens, which make an address or a Message-ID of ours say what it is about.

Twenty octets are 32 characters of base32 (RFC 4648), without padding and blind to case, because mail folds
the case of local parts: key number (1), kind (1), object (5), last valid day (2), and the first 11 octets of
HMAC-SHA256 over `mailflow/1/` and those nine. The kind stands under the MAC: a reply token is no undo token.
The object is the serial number of a row and never an address, so that an address may change and a token can
be taken back in the row. Reading says what is true; whether the day has passed is asked of the Token.
"""

import hmac
import secrets
import tomllib
from base64 import b32decode, b32encode
from binascii import Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from hashlib import sha256
from typing import Any, cast

from gateway.kernel.errors import InputError

LENGTH = 32  # characters

_CONTEXT = b"mailflow/1/"
_MAC = 11
_NEVER = 0xFFFF
_EPOCH = date(1970, 1, 1)
_SECRETS_FILE = """\
# MailFlow's secrets. Keep this file to yourself (mode 0600) and in your backups.

# Tells addresses apart in logs and in the list of those never to be mailed. Never change it.
recipients = "{recipients}"

# Each key signs the tokens in our reply addresses. To rotate, add the next number with a secret of its own:
# the highest signs, all verify. After 180 days list the old number as retired, and leave its line here.
retired = []

[tokens]
1 = "{key}"
"""
_SECRET = 32  # octets, the length of the hash (RFC 2104, section 3)


class TokenKind(IntEnum):
    """What a token opens."""

    REPLY = 1
    BOUNCE = 2
    UNSUBSCRIBE = 3
    UNDO = 4
    CONFIRM = 5
    MESSAGE = 6


_KINDS = frozenset(TokenKind)
_TIMELESS = frozenset({TokenKind.UNSUBSCRIBE, TokenKind.MESSAGE})


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was signed by us; `expires_on` is its last valid day, None means never."""

    kind: TokenKind
    object: int
    expires_on: date | None = None

    def expired(self, today: date) -> bool:
        return self.expires_on is not None and today > self.expires_on


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """The keys by number: `newest` signs, all verify; a retired one only what never expires."""

    keys: Mapping[int, bytes]
    newest: int
    retired: frozenset[int] = frozenset()

    def sign(self, kind: TokenKind, object: int, expires_on: date | None = None) -> str:  # noqa: A002 - the word of intake.md 14
        """The token for the row `object`; ValueError if it or the day does not fit."""
        last_day = _NEVER if expires_on is None else (expires_on - _EPOCH).days
        if not 0 <= object < 1 << 40 or not 0 <= last_day <= _NEVER:
            raise ValueError(f"no token holds object {object} until {expires_on}")
        body = bytes((self.newest, kind)) + object.to_bytes(5) + last_day.to_bytes(2)
        return b32encode(body + _mac(self.keys[self.newest], body)).decode("ascii").lower()

    def read(self, text: str) -> Token | None:
        """What `text` says, in any case of letters; None if it is no token of ours."""
        if len(text) != LENGTH or not text.isascii():
            return None
        try:
            octets = b32decode(text, casefold=True)
        except Error:
            return None
        body, mac = octets[:-_MAC], octets[-_MAC:]
        key = self.keys.get(body[0])
        if key is None or not hmac.compare_digest(mac, _mac(key, body)):
            return None
        return self._token(body)

    def _token(self, body: bytes) -> Token | None:
        number, kind, last_day = body[0], body[1], int.from_bytes(body[7:9])
        if kind not in _KINDS or (number in self.retired and kind not in _TIMELESS):
            return None
        expires_on = None if last_day == _NEVER else _EPOCH + timedelta(days=last_day)
        return Token(TokenKind(kind), int.from_bytes(body[2:7]), expires_on)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the secrets file holds: the token keys, and the key of `keyed_hash`, which is for ever."""

    tokens: TokenKeys
    recipients: bytes


def new_secret() -> bytes:
    """32 octets nobody can guess."""
    return secrets.token_bytes(_SECRET)


def new_secrets_file() -> str:
    """The text of a secrets file for a new shop; `read_secrets` reads it."""
    return _SECRETS_FILE.format(recipients=new_secret().hex(), key=new_secret().hex())


def read_secrets(text: str, where: str) -> Secrets:
    """The secrets of a file such as `new_secrets_file` writes; InputError names what is wrong in `where`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(where, f"is not TOML ({error})", "restore it from a copy") from None
    named = cast("dict[str, Any]", table["tokens"]) if isinstance(table.get("tokens"), dict) else {}
    keys = {
        _number(number, where): _secret(value, f"{where}: tokens.{number}") for number, value in named.items()
    }
    if not keys:
        raise InputError(where, "has no token key", "write one under [tokens] as: 1 = 64 hexadecimal digits")
    listed = table.get("retired", [])
    if not isinstance(listed, list):
        raise InputError(where, "`retired` is a list", "write it as: retired = [1]")
    retired = frozenset(_number(str(number), where) for number in cast("list[Any]", listed))
    if max(keys) in retired:
        raise InputError(where, f"retires key {max(keys)}, which signs", "add a higher number first")
    return Secrets(
        TokenKeys(keys, max(keys), retired), _secret(table.get("recipients"), f"{where}: recipients")
    )


def keyed_hash(secret: bytes, text: str) -> str:
    """HMAC-SHA256 of `text` in hexadecimal: tells equals apart from others without telling what they are."""
    return hmac.new(secret, text.encode("utf-8", "surrogatepass"), sha256).hexdigest()


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, _CONTEXT + body, "sha256")[:_MAC]


def _number(text: str, where: str) -> int:
    if text.isdecimal() and int(text) < 256:
        return int(text)
    raise InputError(where, f"{text!r} is no key number", "numbers go from 0 to 255")


def _secret(value: object, where: str) -> bytes:
    try:
        secret = bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        secret = b""
    if len(secret) < _SECRET:
        raise InputError(where, "is no secret", f"it takes {2 * _SECRET} hexadecimal digits")
    return secret
