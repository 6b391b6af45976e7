"""What older ways put into plain text: files in uuencode or yEnc, and the armour of a PGP clear signature.

None of it is anybody's words. Files become attachments; of a clear-signed text the words stay (RFC 9580, 7).
"""

import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.mail.pattern import compile_pattern

TRIES = 100  # beginnings of files in one text that are looked at; more are left where they stand

_UU_BEGIN = compile_pattern(r"^begin(?:-base64)? [0-7]{3,4} (\S.*)$")
_YENC_NAME = compile_pattern(r"^=ybegin .*\bname=(.*)$")
_SIGNED, _SIGNATURE, _END = (
    "-----BEGIN PGP SIGNED MESSAGE-----",
    "-----BEGIN PGP SIGNATURE-----",
    "-----END PGP SIGNATURE-----",
)
_NOT_YENC = bytes.maketrans(bytes(range(256)), bytes((octet - 42) % 256 for octet in range(256)))


@dataclass(frozen=True, slots=True)
class File:
    """A file that stood in the midst of a text."""

    name: str
    octets: bytes


def without_files(content: bytes) -> tuple[bytes, tuple[File, ...]]:
    """The text without the files in it, and those; lines end with CRLF. What does not end is no file."""
    if b"begin" not in content:
        return content, ()
    lines = content.split(b"\r\n")
    files: list[File] = []
    kept: list[bytes] = []
    at = 0
    tries = 0
    ends = _Ends(lines)
    while at < len(lines):
        begins = tries < TRIES and lines[at].startswith((b"begin", b"=ybegin "))
        tries += begins
        found = _file(lines, at, ends) if begins else None
        if found is None:
            kept.append(lines[at])
            at += 1
        else:
            file, at = found
            files.append(file)
    return b"\r\n".join(kept), tuple(files)


def without_armour(text: str) -> str:
    """The words of a clear-signed text without the armour around them, its dashes unescaped."""
    if _SIGNED not in text or _SIGNATURE not in text:
        return text
    kept: list[str] = []
    state = ""
    for line in text.split("\n"):
        bare = line.rstrip()
        if not state and bare == _SIGNED:
            state = "headers"
        elif state == "headers":
            state = "signed" if not bare else state
        elif state == "signed" and bare == _SIGNATURE:
            state = "signature"
        elif state == "signature":
            state = "" if bare == _END else state
        else:
            kept.append(line.removeprefix("- ") if state == "signed" else line)
    return "\n".join(kept)


class _Ends:
    """Where the next line of a kind stands; looked for once per kind, from the last backwards."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self._uu = [at for at, line in enumerate(lines) if line.rstrip() in (b"end", b"====")]
        self._yenc = [at for at, line in enumerate(lines) if line.startswith(b"=yend")]

    def after(self, at: int, *, yenc: bool) -> int | None:
        places = self._yenc if yenc else self._uu
        while places and places[0] <= at:
            places.pop(0)
        return places[0] if places else None


def _file(lines: Sequence[bytes], at: int, ends: _Ends) -> tuple[File, int] | None:
    """The file that begins at a line, and the line after it."""
    first = lines[at][:300].decode("utf-8", "replace")
    yenc = _YENC_NAME.search(first)
    uu = None if yenc else _UU_BEGIN.search(first)
    if not yenc and not uu:
        return None
    end = ends.after(at, yenc=yenc is not None)
    if end is None:
        return None
    inside = lines[at + 1 : end]
    if yenc:
        return File((yenc.group(1) or "").strip(), _from_yenc(inside)), end + 1
    octets = _from_base64(inside) if first.startswith("begin-") else _from_uu(inside)
    return None if octets is None or uu is None else (File((uu.group(1) or "").strip(), octets), end + 1)


def _from_uu(lines: Sequence[bytes]) -> bytes | None:
    """The octets, or None if a line is no uuencode: then these are words that begin with "begin"."""
    out = bytearray()
    for line in lines:
        length = 1 + (((line[0] - 32) & 63) + 2) // 3 * 4 if line else 0
        try:  # some encoders put a checksum behind each line
            out += binascii.a2b_uu(line[:length] if len(line) - length in (1, 2) else line)
        except binascii.Error:
            return None
    return bytes(out)


def _from_base64(lines: Sequence[bytes]) -> bytes | None:
    try:
        return binascii.a2b_base64(b"".join(lines))
    except binascii.Error:
        return None


def _from_yenc(lines: Sequence[bytes]) -> bytes:
    """The octets of yEnc's lines: each is shifted by 42, and what follows `=` by 64 more."""
    data = b"".join(line for line in lines if not line.startswith(b"=ypart"))
    first, *escaped = data.split(b"=")
    return (
        first + b"".join(bytes(((piece[0] - 64) % 256,)) + piece[1:] for piece in escaped if piece)
    ).translate(_NOT_YENC)
