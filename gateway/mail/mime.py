"""The leaves of a mail, decoded (RFC 2045, 2046, 2183, 2231).

Decoding is ours alone: a transfer encoding that is damaged, missing or unknown gives what can be read of it,
a charset goes up the ladder of `mail.charset`, and a file name can never leave its folder. An attached
message is a leaf: its source is kept, its parts are not ours.
"""

import binascii
from dataclasses import dataclass

from gateway.mail import header
from gateway.mail.charset import codec_of, decoded
from gateway.mail.embedded import File, without_files
from gateway.mail.entity import Entity, all_defects, tree, walk
from gateway.mail.pattern import compile_pattern

READ = 2 * 1024 * 1024  # octets of a part that are read as text; the rest is in `content` only
LONGEST_FILENAME = 120  # characters

_READ_AS_TEXT = frozenset(
    (
        "message/delivery-status",
        "message/global-delivery-status",
        "message/feedback-report",
        "message/disposition-notification",
        "text/rfc822-headers",
        "message/rfc822-headers",
        "message/global-headers",
    )
)
ENCLOSED = frozenset(("message/rfc822", "message/global", "message/news"))
_META_CHARSET = compile_pattern(r"""<meta[^>]{0,200}charset\s*=\s*["']?([\w.:-]{1,40})""", ignore_case=True)
_UNSAFE_IN_NAMES = compile_pattern(r'[<>:"/\\|?*\x00-\x1f\x7f]+')
_RESERVED_NAMES = frozenset(
    ("con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10)))
)


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of the tree; `path` counts as IMAP counts sections: (1,) or (2, 1)."""

    path: tuple[int, ...]
    media_type: str  # lower case
    filename: str  # safe to use as the name of a file; may be empty
    inline: bool
    text: str  # of text/*, reports and attached messages (their whole decoded source); else ""
    content: bytes  # transfer-decoded octets
    files: tuple[File, ...] = ()  # that stood in the midst of plain text, and are not in `text`


def leaves(octets: bytes) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """The leaves of a mail in order, and the defects met on the way; never raises."""
    root = tree(header.canonical(octets))
    parts: list[Part] = []
    defects = list(all_defects(root))
    hint = charset_hint(root)
    for path, entity in walk(root):
        part, found = leaf(path, entity, hint)
        parts.append(part)
        defects.extend(found)
    return tuple(parts), tuple(dict.fromkeys(defects))


def charset_hint(root: Entity) -> str:
    """The charset that the header of a mail is written in, for text that names none."""
    return header.first_charset(root.raw("subject")) or header.first_charset(root.raw("from"))


def leaf(path: tuple[int, ...], entity: Entity, hint: str = "") -> tuple[Part, tuple[str, ...]]:
    """The part that a leaf of the tree is, and what was wrong with it; `hint` is `charset_hint`."""
    content, defects = transfer_decoded(entity)
    text, files = "", ()
    if entity.media_type.startswith("text/") or entity.media_type in _READ_AS_TEXT | ENCLOSED:
        read = _read(content)
        if entity.media_type == "text/plain":
            read, files = without_files(read)
        text, defect = decoded(read, _charset(entity, read, hint))
        text = header.harmless_text(text)
        defects = (*defects, defect) if defect else defects
    disposition = header.text_of(entity.raw("content-disposition"))
    name = header.parameters(disposition).get("filename") or entity.parameters.get("name", "")
    inline = not disposition.strip().lower().startswith("attachment")
    return Part(path, entity.media_type, safe_filename(name), inline, text, content, files), defects


def _read(content: bytes) -> bytes:
    """As much of a part as is read as text, up to the end of a line."""
    if len(content) <= READ:
        return content
    end = content.rfind(b"\n", 0, READ)
    return content[: end if end > 0 else READ]


def _charset(entity: Entity, content: bytes, hint: str) -> str:
    """The declared charset; without one, or with one that cannot be meant, what the HTML says, or `hint`."""
    declared = entity.parameters.get("charset", "")
    if content.isascii() or (declared and codec_of(declared) != "ascii"):
        return declared
    if entity.media_type == "text/html":
        match = _META_CHARSET.search(content[:4096].decode("latin-1"))
        hint = (match.group(1) or "") if match else hint
    return hint or declared


def transfer_decoded(entity: Entity) -> tuple[bytes, tuple[str, ...]]:
    """The octets of a leaf, and the defects of their encoding (RFC 2045 6)."""
    encoding = entity.raw("content-transfer-encoding").split(b";")[0].strip(b" \t\"'").lower()
    body = entity.body
    if encoding == b"quoted-printable":
        defects = () if body.isascii() else ("eight_bit_in_quoted_printable",)
        return binascii.a2b_qp(_without_padding(body)), defects
    if encoding == b"base64" and entity.media_type.startswith("text/"):
        return _words_from_base64(body)
    if encoding == b"base64":
        return header.base64_decoded(body), ()
    if encoding in (b"x-uuencode", b"uuencode", b"x-uue", b"uue"):
        return _uudecoded(body), ()
    known = encoding in (b"", b"7bit", b"8bit", b"binary", b"7-bit", b"8-bit")
    return body, () if known else ("transfer_encoding_unknown",)


def _without_padding(body: bytes) -> bytes:
    """The body without the blanks that a gateway put behind soft line breaks (RFC 2045 6.7, rule 3)."""
    if b" \r\n" not in body and b"\t\r\n" not in body:
        return body
    lines = ((line, line.rstrip(b" \t")) for line in body.split(b"\r\n"))
    return b"\r\n".join(bare if bare.endswith(b"=") else line for line, bare in lines)


def _words_from_base64(body: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The words in base64, and those in plain text after them: list software appends its footer so.

    Where the first line is no base64, nothing is: some programs only say that it were.
    """
    if not body.translate(None, _BASE64_LINE):
        return header.base64_decoded(body), ()
    lines = body.split(b"\r\n")
    plain = next((at for at, line in enumerate(lines) if _has_words(line)), None)
    if plain is None:  # octets that do not belong, but no words
        return header.base64_decoded(body), ()
    encoded, rest = b"\r\n".join(lines[:plain]), b"\r\n".join(lines[plain:])
    words = header.base64_decoded(encoded) + b"\r\n" if encoded.strip() else b""
    return words + rest, ("not_base64",)


def _has_words(line: bytes) -> bool:
    return b" " in line.strip() or line[:4] in (b"____", b"----", b"****")


_BASE64_LINE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n\t "


def safe_filename(name: str) -> str:
    """A name that is safe on every file system: no path, no control, no device, not hidden, not endless."""
    base = header.harmless_line(name).replace("\\", "/").rpartition("/")[2]
    base = _UNSAFE_IN_NAMES.sub("_", base).strip(" ._") if base.strip(" ._") else ""
    if base.partition(".")[0].lower() in _RESERVED_NAMES:
        base = f"_{base}"
    if len(base) <= LONGEST_FILENAME:
        return base
    stem, dot, suffix = base.rpartition(".")
    if not dot or len(suffix) > 10:
        return base[:LONGEST_FILENAME].rstrip(" .")
    return f"{stem[: LONGEST_FILENAME - len(suffix) - 1]}.{suffix}"


def _uudecoded(body: bytes) -> bytes:
    """The octets of a uuencoded body; lines that are none are passed over."""
    out = bytearray()
    started = False
    for line in body.split(b"\r\n"):
        if not started:
            started = line.startswith(b"begin ")
        elif line in (b"end", b"`", b" "):
            break
        else:
            try:
                out += binascii.a2b_uu(line)
            except binascii.Error:
                continue
    return bytes(out)
