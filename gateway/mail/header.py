"""Header blocks: split, unfolded, decoded and made harmless (RFC 5322 2.2, 2047, 2231).

Our own splitter, because identity hangs on it: what is a field and how often it occurs must not depend on a
library's mood. Octets come with CRLF line ends (`canonical` sees to it). A decoded value is one line: a CR
or LF that was hidden in an encoded word is a space, so it can start no field in a mail that quotes it.
"""

import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote_to_bytes

from gateway.mail.charset import decoded
from gateway.mail.pattern import Match, compile_pattern

FIELDS = 1000  # more than that is no letter (guard refuses it); the rest is not read
LONGEST = 80 * 1024  # octets of one field that are read; guard refuses more than 64 KiB
PARAMETERS = 200  # of one value
BLOCK = 256 * 1024  # octets of a header block that are read

_WORD = compile_pattern(r"=\?([^?\s*]+)(?:\*[^?\s]*)?\?([BbQq])\?(.*?)\?=")
_PARAMETER = compile_pattern(
    r"""[\s;]*([!#$%&+^_`{|}~0-9A-Za-z.*'-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))"""
)
_MEDIA_TYPE = compile_pattern(r"^\s*([A-Za-z0-9!#$&^_.+-]+)\s*/\s*([A-Za-z0-9!#$&^_.+-]+)")
_PIECE = compile_pattern(r"^([^*]+)(?:\*(\d+))?(\*)?$")

# Characters that have no business in one line: C0, DEL, C1, line and paragraph separators, and the
# bidirectional controls by which a name can be made to read backwards.
_C0, _C1 = range(0x20), range(0x7F, 0xA0)
_BREAKS = (0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029)
_OVERRIDES = (0x202D, 0x202E)
_BIDI = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
_MARK = 0xFEFF  # a byte order mark in the midst of text
_FIELD_CONTROLS = dict.fromkeys((*_C0, *_C1, _MARK, *_BIDI)) | dict.fromkeys((0x09, *_BREAKS), " ")
_TEXT_CONTROLS = (
    dict.fromkeys((*_C0, *_C1, _MARK, *_OVERRIDES)) | dict.fromkeys(_BREAKS, "\n") | {0x09: "\t", 0x0D: " "}
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name as written, and its unfolded octets."""

    name: str
    raw: bytes

    @property
    def key(self) -> str:
        return self.name.lower()


def canonical(octets: bytes) -> bytes:
    """The octets with CRLF line ends; CR alone ends lines only where no LF does (a stray CR never does)."""
    octets = octets.removeprefix(b"\xef\xbb\xbf")  # some editors put a byte order mark before the header
    if b"\n" not in octets:
        return octets.replace(b"\r", b"\r\n")
    if octets.count(b"\n") == octets.count(b"\r\n"):
        return octets
    return octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def without_leading_blanks(octets: bytes) -> bytes:
    """The octets from the first field on, if nothing but blank lines stands before it."""
    rest = octets.lstrip(b"\r\n")
    return rest if len(rest) < len(octets) and _field(rest[:LONGEST].partition(b"\r\n")[0]) else octets


def split(octets: bytes) -> tuple[tuple[Field, ...], bytes, tuple[str, ...]]:
    """The fields, the body and the defects of a message or part whose line ends are CRLF.

    A line that is no field ends the header when nothing but such lines follows (the blank line is missing);
    in the midst of fields it is skipped: then every From counts, which is the safe side for `identity`.
    """
    if octets.startswith(b"\r\n") or not octets:
        return (), octets[2:], ()
    end = octets.find(b"\r\n\r\n", 0, BLOCK + 4)
    block, body = (octets[:BLOCK], octets[BLOCK:]) if end < 0 else (octets[:end], octets[end + 4 :])
    defects: list[str] = []
    fields: list[Field] = []
    lines = [(start, line, _field(line)) for start, line in _unfolded(block)]
    last = max((index for index, (_, _, one) in enumerate(lines) if one is not None), default=-1)
    for index, (start, line, one) in enumerate(lines):
        if one is not None and len(fields) < FIELDS:
            fields.append(one)
        elif one is not None:
            defects.append("too_many_fields")
            break
        elif index == 0 and line.startswith((b"From ", b">From ")):
            continue  # the separator of an mbox file
        elif index < last:
            defects.append("not_a_field")
        else:
            return tuple(fields), octets[start:], ("no_blank_line",)
    return tuple(fields), body, tuple(dict.fromkeys(defects))


def _unfolded(block: bytes) -> Iterator[tuple[int, bytes]]:
    """Each logical line with the offset where it starts."""
    start, held, offset = 0, [], 0
    for line in block.split(b"\r\n"):
        if held and line[:1] in (b" ", b"\t"):
            held.append(line)
        else:
            if held:
                yield start, b"".join(held)
            start, held = offset, [line]
        offset += len(line) + 2
    if held:
        yield start, b"".join(held)


def _field(line: bytes) -> Field | None:
    name, colon, value = line.partition(b":")
    name = name.rstrip(b" \t")  # obs-optional (RFC 5322 4.5): blanks before the colon
    if not colon or not name or not name.isascii() or name.translate(None, _NAME_OCTETS):
        return None
    return Field(name.decode("ascii"), value[:LONGEST].strip(b" \t"))


def text_of(raw: bytes, charset: str = "") -> str:
    """The octets of a field as characters, encoded words left alone; `charset` is the body's, as a hint."""
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii")
    return decoded(raw, charset)[0]


def words_decoded(text: str) -> str:
    """The text with its encoded words decoded (RFC 2047); adjacent ones of a charset are one run of octets.

    Many programs cut a character in two, or one base64 text into several words: both are joined first.
    """
    if "=?" not in text:
        return text
    out: list[str] = []
    run: list[Match] = []
    end = 0
    for match in _WORD.finditer(text):
        between = text[end : match.start()]
        if run and not (between.strip() == "" and _alike(run[-1], match)):
            out.append(_run_decoded(run))
            run = []
        if between.strip() or not end:
            out.append(between)
        run.append(match)
        end = match.end()
    if run:
        out.append(_run_decoded(run))
    out.append(text[end:])
    return "".join(out)


def _alike(one: Match, other: Match) -> bool:
    return (one.group(1) or "").lower() == (other.group(1) or "").lower() and (
        one.group(2) or ""
    ).lower() == (other.group(2) or "").lower()


def _run_decoded(run: list[Match]) -> str:
    charset = run[0].group(1) or ""
    pieces = [match.group(3) or "" for match in run]
    if (run[0].group(2) or "") in "Qq":
        octets = b"".join(map(_q, pieces))
    elif _are_whole(pieces):
        octets = b"".join(map(base64_decoded, (piece.encode("ascii", "ignore") for piece in pieces)))
    else:
        octets = base64_decoded("".join(pieces).encode("ascii", "ignore"))
    return decoded(octets, charset)[0]


def _are_whole(pieces: list[str]) -> bool:
    """Whether each piece of base64 stands for itself; else one text was cut into pieces anywhere."""
    if all(len(piece) % 4 == 0 or "=" in piece for piece in pieces[:-1]):
        return True
    return len("".join(pieces)) % 4 != 0 and all(len(piece) % 4 != 1 for piece in pieces)


def _q(piece: str) -> bytes:
    return binascii.a2b_qp(piece.encode("utf-8", "replace"), header=True)


def base64_decoded(octets: bytes) -> bytes:
    """The octets that base64 stands for, whatever is missing or does not belong (RFC 2045 6.8).

    Padding in the midst ends a piece, not the whole: list software appends its footer encoded by itself.
    """
    if b"=" not in octets.rstrip(b"=\r\n \t"):
        return _piece_decoded(octets)
    return b"".join(map(_piece_decoded, octets.split(b"=")))


def _piece_decoded(octets: bytes) -> bytes:
    try:
        return binascii.a2b_base64(octets)
    except binascii.Error:
        pass
    clean = octets.translate(None, delete=_NOT_BASE64)
    clean = clean[: len(clean) - 1] if len(clean) % 4 == 1 else clean
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


_NAME_OCTETS = bytes(octet for octet in range(33, 127) if octet != ord(":"))  # ftext (RFC 5322 3.6.8)
_NOT_BASE64 = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
)


def first_charset(raw: bytes) -> str:
    """The charset of the first encoded word, or "": whoever writes it there writes it everywhere."""
    match = _WORD.search(text_of(raw)) if b"=?" in raw else None
    return (match.group(1) or "") if match else ""


def line_of(raw: bytes, charset: str = "") -> str:
    """A field's value for reading: decoded, one line, without controls."""
    return harmless_line(words_decoded(text_of(raw, charset)))


def harmless_line(text: str) -> str:
    """The text as one line without controls and bidirectional overrides; line breaks become blanks."""
    if text.isprintable() and "\ufeff" not in text:
        return text.strip()
    return text.encode("utf-8", "replace").decode("utf-8").translate(_FIELD_CONTROLS).strip()


def harmless_text(text: str) -> str:
    r"""The text with `\n` line ends and without controls but tab and newline.

    Where no LF stands, CR ended the lines; elsewhere a stray CR is a blank. Of the marks of direction only
    the overrides go: Hebrew and Arabic clients write the others, and nobody but a swindler needs these.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n") if "\n" in text else text.replace("\r", "\n")
    return text.translate(_TEXT_CONTROLS).encode("utf-8", "replace").decode("utf-8")


def media_type_of(value: str, default: str) -> str:
    """The media type in lower case; `default` when there is none to be read (RFC 2045 5.2)."""
    match = _MEDIA_TYPE.search(value)
    return f"{match.group(1)}/{match.group(2)}".lower() if match else default


def parameters(value: str) -> dict[str, str]:
    """The parameters after the first semicolon, by lower-case name (RFC 2045 5.1, continued by RFC 2231).

    Encoded words in a value are decoded although RFC 2047 5 forbids them there: half the world writes them.
    """
    _, semicolon, rest = value.partition(";")
    if not semicolon:
        _, _, rest = value.strip().partition(" ")  # "text/plain charset=utf-8" exists
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for match in islice(_PARAMETER.finditer(rest), PARAMETERS):
        quoted, bare = match.group(2), match.group(3)
        found = (
            quoted.replace('\\"', '"').replace("\\\\", "\\")
            if quoted is not None
            else (bare or "").strip(" \t\"'")
        )
        piece = _PIECE.search((match.group(1) or "").lower())
        if piece is None:
            continue
        name, number, extended = piece.group(1) or "", int((piece.group(2) or "0")[:4]), bool(piece.group(3))
        kind = "*" if extended or piece.group(2) else ""
        pieces.setdefault(name + kind, {}).setdefault(number, (extended, found))
    plain = {
        name: words_decoded(piece[0][1])
        for name, piece in pieces.items()
        if not name.endswith("*") and 0 in piece
    }
    extended_ones = {name[:-1]: _joined(piece) for name, piece in pieces.items() if name.endswith("*")}
    return {name: harmless_line(found) for name, found in (plain | extended_ones).items()}


def _joined(pieces: dict[int, tuple[bool, str]]) -> str:
    """The value that numbered pieces make together (RFC 2231 3 and 4)."""
    charset, octets = "", b""
    for number, (extended, piece) in sorted(pieces.items()):
        text = piece
        if extended and number == 0 and piece.count("'") >= 2:
            charset, _, text = piece.split("'", 2)
        octets += unquote_to_bytes(text) if extended else text.encode("utf-8", "replace")
    return words_decoded(decoded(octets, charset)[0])
