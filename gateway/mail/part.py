"""MIME parts, written: text, files, and parts made of parts (RFC 2045, 2046).

Every part is ASCII with CRLF and lines of at most 998 octets, so that no next hop needs 8BITMIME. A mail that
goes along is attached as it is only if that is true of it already; else re-encoding would break its
signatures and RFC 2046 5.2.1 forbids it, so it travels as a file.
"""

from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from gateway.mail.field import field
from gateway.mail.header import harmless_line, harmless_text, media_type_of

LONGEST_LINE = 998  # octets without CRLF (RFC 5322 2.1.1)
LONGEST_PLAIN = 78  # of a text that is sent as it is; longer lines are wrapped by quoted-printable

_FILE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes along with a mail."""

    filename: str
    media_type: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """The fields of a part, which say how to read it, and its body; both are wire octets."""

    fields: bytes
    body: bytes

    @property
    def wire(self) -> bytes:
        return self.fields + b"\r\n" + self.body


def text_part(words: str, subtype: str) -> Part:
    """`words` as text/plain or text/html, in the plainest encoding that holds them."""
    octets = (harmless_text(words).rstrip() + "\n").encode().replace(b"\n", b"\r\n")
    kind = (f"text/{subtype};", "charset=utf-8")
    if octets.isascii() and _longest_line(octets) <= LONGEST_PLAIN:
        return _part("7bit", octets, kind)
    quoted = b2a_qp(octets)
    if len(quoted) < len(octets) * 3 // 2:
        return _part("quoted-printable", quoted, kind)
    return _part("base64", _base64(octets), kind)


def file_part(enclosure: Enclosure) -> Part:
    """The file as an attachment; a mail stays one wherever that is possible."""
    octets = enclosure.octets
    media_type = media_type_of(enclosure.media_type, _FILE)
    disposition = ("attachment;", *_filename(enclosure.filename))
    if media_type.startswith("message/") and _travels_as_it_is(octets):
        return _part("7bit", octets, (media_type,), disposition)
    if media_type.startswith(("message/", "multipart/")):
        media_type = _FILE
    kind = (f"{media_type};", "charset=utf-8") if media_type.startswith("text/") else (media_type,)
    return _part("base64", _base64(octets), kind, disposition)


def alternative(parts: Sequence[Part], seed: str) -> Part:
    """The same in several forms, the richest last (RFC 2046 5.1.4)."""
    return _multipart("alternative", parts, seed)


def mixed(parts: Sequence[Part], seed: str) -> Part:
    """Parts that belong together, in order (RFC 2046 5.1.3)."""
    return _multipart("mixed", parts, seed)


def _multipart(subtype: str, parts: Sequence[Part], seed: str) -> Part:
    """`seed` is new to each content; no base64 or quoted-printable has `=_`, but plain text may."""
    boundary = f"=_{subtype[:3]}_{seed}"
    delimiter = f"--{boundary}\r\n".encode("ascii")
    body = b"".join(delimiter + part.wire + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode("ascii")
    return Part(field("Content-Type", f"multipart/{subtype};", f'boundary="{boundary}"'), body)


def _part(encoding: str, body: bytes, kind: Sequence[str], disposition: Sequence[str] = ()) -> Part:
    fields = field("Content-Type", *kind) + field("Content-Transfer-Encoding", encoding)
    return Part(fields + (field("Content-Disposition", *disposition) if disposition else b""), body)


def _base64(octets: bytes) -> bytes:
    encoded = b64encode(octets)
    return b"".join(encoded[start : start + 76] + b"\r\n" for start in range(0, len(encoded), 76))


def _filename(name: str) -> Iterator[str]:
    """The name as a parameter; what is not plain ASCII as RFC 2231 4 has it."""
    plain = harmless_line(name).replace("/", "_").replace("\\", "_")[:100] or "file"
    if plain.isascii() and not set('"%;=?') & set(plain):
        yield f'filename="{plain}"'
    else:
        yield f"filename*=utf-8''{quote(plain, safe='')}"


def _travels_as_it_is(octets: bytes) -> bool:
    lone = octets.replace(b"\r\n", b"")
    clean = octets.isascii() and b"\r" not in lone and b"\n" not in lone and b"\0" not in lone
    return clean and _longest_line(octets) <= LONGEST_LINE


def _longest_line(octets: bytes) -> int:
    return max(map(len, octets.split(b"\r\n")))
