"""The words inside an opaque S/MIME signature: a SignedData around an entity (RFC 8551 3.5.2, RFC 5652 5).

Nothing is verified here, and nothing depends on the signature: the content is only found, by walking down the
one path of tags that leads to it. BER is read: signers leave lengths open and cut the octet string.
"""

from collections.abc import Iterator
from dataclasses import dataclass

PIECES = 10_000  # of one octet string; signers cut it every kilobyte or so

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")  # the OID with its tag and length
_DATA = bytes.fromhex("06092a864886f70d010701")
_SEQUENCE, _EXPLICIT, _OCTETS, _OCTETS_OF_OCTETS = 0x30, 0xA0, 0x04, 0x24


class _NotOurs(Exception):
    """These octets are something else, or cut."""


@dataclass(frozen=True, slots=True)
class _Value:
    tag: int
    start: int  # of its content
    end: int | None  # None: until the two zeros that end it


def signed_content(octets: bytes) -> bytes:
    """The entity that was signed, or nothing if these octets are no SignedData with a content."""
    try:
        info = _value(octets, 0, _SEQUENCE)
        at = _past(octets, info.start, _SIGNED_DATA)
        signed = _value(octets, _value(octets, at, _EXPLICIT).start, _SEQUENCE)
        version = _any(octets, signed.start)
        digests = _any(octets, _end(octets, version))
        content = _value(octets, _end(octets, digests), _SEQUENCE)
        at = _past(octets, content.start, _DATA)
        return b"".join(_strings(octets, _value(octets, at, _EXPLICIT).start))
    except (_NotOurs, IndexError):
        return b""


def _past(octets: bytes, at: int, wanted: bytes) -> int:
    if octets[at : at + len(wanted)] != wanted:
        raise _NotOurs
    return at + len(wanted)


def _value(octets: bytes, at: int, tag: int) -> _Value:
    found = _any(octets, at)
    if found.tag != tag:
        raise _NotOurs
    return found


def _any(octets: bytes, at: int) -> _Value:
    """The value that begins at an offset (X.690 8.1)."""
    tag, first = octets[at], octets[at + 1]
    if first == 0x80:
        return _Value(tag, at + 2, None)
    size = first & 0x7F if first & 0x80 else 0
    if size > 4:
        raise _NotOurs
    length = int.from_bytes(octets[at + 2 : at + 2 + size]) if size else first
    start = at + 2 + size
    if start + length > len(octets):
        raise _NotOurs
    return _Value(tag, start, start + length)


def _end(octets: bytes, value: _Value) -> int:
    if value.end is None:  # nobody writes these before the content that way
        raise _NotOurs
    return value.end


def _strings(octets: bytes, at: int) -> Iterator[bytes]:
    """The octet string at an offset, piece by piece."""
    whole = _any(octets, at)
    if whole.tag == _OCTETS and whole.end is not None:
        yield octets[whole.start : whole.end]
        return
    if whole.tag != _OCTETS_OF_OCTETS:
        raise _NotOurs
    at = whole.start
    for _ in range(PIECES):
        if at == whole.end or (whole.end is None and octets[at : at + 2] == b"\0\0"):
            return
        piece = _value(octets, at, _OCTETS)
        at = _end(octets, piece)
        yield octets[piece.start : at]
    raise _NotOurs
