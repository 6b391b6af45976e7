"""Ids that sort by time, and ids that a cause always gives to the same consequence.

An id is a prefix of three letters and 26 characters of Crockford base32 in lower case: 48 bits of
milliseconds since 1970 and 80 bits of chance (the layout of ULID). A derived id keeps its cause's 48 bits
and takes its 80 from BLAKE2b over cause and part, so a consequence computed twice is one row.
"""

import secrets
import threading
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import NewType

Id = NewType("Id", str)  # any of ours; the prefix says of what

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_MISHEARD = str.maketrans("oil", "011")
_SPOKEN = 12  # digits at most: 60 bits, which a column of either database holds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CHANCE_BITS = 80
_LENGTH = 26

_lock = threading.Lock()
_last = 0


def new_id(prefix: str, now: datetime) -> Id:
    """A fresh id; among those of one process and millisecond, greater than every earlier one."""
    global _last  # noqa: PLW0603 - monotonic within the process needs one memory
    fresh = _millis(now) << _CHANCE_BITS | secrets.randbits(_CHANCE_BITS)
    with _lock:
        _last = max(fresh, _last + 1) if fresh >> _CHANCE_BITS == _last >> _CHANCE_BITS else fresh
        return _spell(prefix, _last)


def derived_id(prefix: str, cause: str, *parts: object) -> Id:
    """The id of the consequence of `cause` that `parts` name; the same arguments give the same id."""
    text = "\x1f".join((prefix, cause, *map(str, parts)))
    chance = int.from_bytes(
        blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_CHANCE_BITS // 8).digest()
    )
    return _spell(prefix, _number(cause) >> _CHANCE_BITS << _CHANCE_BITS | chance)


def made_at(identifier: str) -> datetime:
    """The instant an id carries, to the millisecond; for a derived id that of its cause."""
    return _EPOCH + timedelta(milliseconds=_number(identifier) >> _CHANCE_BITS)


def prefix_of(identifier: str) -> str:
    return identifier[:3]


def spoken(letter: str, seq: int) -> str:
    """A serial number as people say it aloud: `J7F3K`."""
    digits = ""
    while seq:
        seq, digit = divmod(seq, 32)
        digits = ALPHABET[digit] + digits
    return letter + (digits or "0").upper()


def heard(text: str) -> int:
    """The serial number in a spoken form such as `J7F3K`; ValueError if it is none.

    O is heard as nought, I and L as one, as Crockford's base32 has it.
    """
    digits = text.strip()[1:].lower().translate(_MISHEARD)
    if not 0 < len(digits) <= _SPOKEN or any(character not in _VALUE for character in digits):
        raise ValueError(f"{text!r} is not a number such as J7F3K")
    number = 0
    for character in digits:
        number = number * 32 + _VALUE[character]
    return number


def _millis(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def _spell(prefix: str, number: int) -> Id:
    shifts = range(5 * (_LENGTH - 1), -1, -5)
    return Id(prefix + "".join(ALPHABET[number >> shift & 31] for shift in shifts))


def _number(identifier: str) -> int:
    """The 128 bits of an id; a cause that is no id of ours counts as made in 1970."""
    body = identifier[3:]
    if len(body) != _LENGTH or any(character not in _VALUE for character in body):
        return 0
    number = 0
    for character in body:
        number = number * 32 + _VALUE[character]
    return number
