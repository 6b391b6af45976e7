"""The tree of a mail and its leaves, decoded (RFC 2045, 2046, 2183, 2231).

flanker finds the structure, in one wrapper; where it raises or leaves a boundary inside a part (about one
real mail in twenty-five), our own splitter takes over, which never gives up: no boundary named, none ever
closed, blanks after it. Each part is cut from the raw octets, so decoding is ours alone and an attached
message keeps its octets. (The standard library's parser would write attached messages anew.)
"""

import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from gateway.mail import header
from gateway.mail.charset import codec_of, decoded
from gateway.mail.header import Field
from gateway.mail.pattern import compile_pattern
from gateway.mail.quiet import quiet

DEEPEST = 20  # multiparts within multiparts; what lies deeper is one attachment
PARTS = 1000  # of one mail; the rest is not read
LONGEST_FILENAME = 120  # characters

_READ_AS_TEXT = frozenset(
    (
        "message/delivery-status",
        "message/global-delivery-status",
        "message/feedback-report",
        "message/disposition-notification",
        "text/rfc822-headers",
        "message/global-headers",
    )
)
ENCLOSED = frozenset(("message/rfc822", "message/global", "message/news"))
_GUESSED_BOUNDARY = compile_pattern(
    r"(?m)^--([^\s-][^\r\n]{3,69}?)[ \t]*\r?\n(?:content-|\r?\n)", ignore_case=True
)
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


@dataclass(frozen=True, slots=True)
class Entity:
    """A node of the tree: header fields, and either children or a body, still transfer-encoded."""

    fields: tuple[Field, ...]
    body: bytes
    media_type: str
    parameters: dict[str, str]
    children: tuple["Entity", ...] = ()
    defects: tuple[str, ...] = field(default=())

    def raw(self, key: str) -> bytes:
        return next((one.raw for one in self.fields if one.key == key), b"")


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


def tree(octets: bytes) -> Entity:
    """The root of the tree of a mail whose line ends are CRLF."""
    root = _head(octets, "text/plain")
    if not root.media_type.startswith("multipart/"):
        return root
    scanner = _scanner()  # outside: a broken installation must not look like broken mail
    try:
        return _by_flanker(scanner, octets, root)
    except Exception:  # noqa: BLE001 - it is unmaintained and raises what it likes
        return _entity(octets, "text/plain", 0, [PARTS])


def all_defects(entity: Entity) -> Iterator[str]:
    yield from entity.defects
    for child in entity.children:
        yield from all_defects(child)


def walk(root: Entity, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Entity]]:
    """The leaves below `root` with their paths."""
    if not root.children:
        yield path or (1,), root
    for number, child in enumerate(root.children, start=1):
        yield from walk(child, (*path, number))


def charset_hint(root: Entity) -> str:
    """The charset that the header of a mail is written in, for text that names none."""
    return header.first_charset(root.raw("subject")) or header.first_charset(root.raw("from"))


def leaf(path: tuple[int, ...], entity: Entity, hint: str = "") -> tuple[Part, tuple[str, ...]]:
    """The part that a leaf of the tree is, and what was wrong with it; `hint` is `charset_hint`."""
    content, defects = transfer_decoded(entity)
    text = ""
    if entity.media_type.startswith("text/") or entity.media_type in _READ_AS_TEXT | ENCLOSED:
        text, defect = decoded(content, _charset(entity, content, hint))
        text = header.harmless_text(text)
        defects = (*defects, defect) if defect else defects
    disposition = header.text_of(entity.raw("content-disposition"))
    name = header.parameters(disposition).get("filename") or entity.parameters.get("name", "")
    inline = not disposition.strip().lower().startswith("attachment")
    return Part(path, entity.media_type, safe_filename(name), inline, text, content), defects


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
        return binascii.a2b_qp(body), () if body.isascii() else ("eight_bit_in_quoted_printable",)
    if encoding == b"base64":
        return header.base64_decoded(body), ()
    if encoding in (b"x-uuencode", b"uuencode", b"x-uue", b"uue"):
        return _uudecoded(body), ()
    known = encoding in (b"", b"7bit", b"8bit", b"binary", b"7-bit", b"8-bit")
    return body, () if known else ("transfer_encoding_unknown",)


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


def _by_flanker(scanner: Any, octets: bytes, root: Entity) -> Entity:
    """The tree as flanker sees it; raises whatever flanker raises, and ValueError when it looks wrong.

    It is shown one character per octet, so its slices are ours, and it guesses no charset.
    """
    return _from_flanker(scanner.scan(octets.decode("latin-1")), root, (), 0)


def _from_flanker(node: Any, entity: Entity, boundaries: tuple[bytes, ...], depth: int) -> Entity:
    """`entity` with the children that flanker found for it."""
    children = list(node.parts)
    if bool(children) != entity.media_type.startswith("multipart/"):
        raise ValueError("flanker sees another structure than the header says")
    if not children:
        if any(boundary in entity.body for boundary in boundaries):
            raise ValueError("flanker left a boundary inside a part")
        return entity
    if entity.media_type == "multipart/digest" or depth >= DEEPEST or None in children:
        raise ValueError("flanker does not know digests, depth, and some messages")
    boundary = b"\r\n--" + entity.parameters.get("boundary", "").encode("latin-1", "replace")
    found = tuple(
        _from_flanker(
            child,
            _head(child.to_string().encode("latin-1"), "text/plain"),
            (*boundaries, boundary),
            depth + 1,
        )
        for child in children
    )
    return Entity(entity.fields, b"", entity.media_type, entity.parameters, found, entity.defects)


@lru_cache(maxsize=1)
def _scanner() -> Any:
    """The scanner of flanker, imported when first needed: half a second that `--help` must not wait."""
    with quiet():
        from flanker.mime.message import scanner  # pyright: ignore[reportMissingTypeStubs]
    return cast("Any", scanner)


def _head(octets: bytes, default: str) -> Entity:
    """The entity of `octets` without regard to children."""
    fields, body, defects = header.split(octets)
    raw = next((one.raw for one in fields if one.key == "content-type"), b"")
    value = header.text_of(raw)
    return Entity(
        fields,
        body,
        header.media_type_of(value, default),
        header.parameters(value) if value else {},
        (),
        defects,
    )


def _entity(octets: bytes, default: str, depth: int, left: list[int]) -> Entity:
    """Our own splitter; `left` holds how many parts may still be made."""
    entity = _head(octets, default)
    if not entity.media_type.startswith("multipart/"):
        return entity
    defects = entity.defects
    boundary = header.text_of(next((one.raw for one in entity.fields if one.key == "content-type"), b""))
    boundary = header.parameters(boundary).get("boundary", "")
    pieces = _pieces(entity.body, boundary.encode("utf-8")) if boundary else []
    if not pieces:
        guessed = _GUESSED_BOUNDARY.search(entity.body[:65536].decode("latin-1"))
        pieces = _pieces(entity.body, (guessed.group(1) or "").encode("latin-1")) if guessed else []
        defects = (*defects, "boundary_guessed" if pieces else "no_boundary")
    if not pieces or depth >= DEEPEST:
        kind = "text/plain" if not pieces else "application/octet-stream"
        defects = (*defects, "too_deep") if pieces else defects
        return Entity(entity.fields, entity.body, kind, {}, (), defects)
    inner = "message/rfc822" if entity.media_type == "multipart/digest" else "text/plain"
    children: list[Entity] = []
    for piece in pieces:
        left[0] -= 1
        if left[0] < 0:
            defects = (*defects, "too_many_parts")
            break
        children.append(_entity(piece, inner, depth + 1, left))
    return Entity(entity.fields, b"", entity.media_type, entity.parameters, tuple(children), defects)


def _pieces(body: bytes, boundary: bytes) -> list[bytes]:
    """What stands between the boundary lines; without a closing one the last part ends with the body."""
    delimiter = b"\r\n--" + boundary.rstrip()
    pieces: list[bytes] = []
    text = b"\r\n" + body
    start, at = -1, text.find(delimiter)
    while at >= 0:
        end = text.find(b"\r\n", at + 2)
        line_end = len(text) if end < 0 else end
        rest = text[at + len(delimiter) : line_end].strip(b" \t")
        if rest not in (b"", b"--"):
            at = text.find(delimiter, at + 2)
            continue
        if start >= 0:
            pieces.append(text[start:at])
        if rest == b"--":
            return pieces
        start = line_end + 2
        at = text.find(delimiter, line_end)
    if 0 <= start <= len(text):
        pieces.append(text[start:])
    return pieces


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
