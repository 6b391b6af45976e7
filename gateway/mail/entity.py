"""The tree of a mail: entities within entities (RFC 2045 2.4, RFC 2046 5).

flanker finds the structure, in one wrapper; where it raises or leaves a boundary inside a part (about one
real mail in twenty-five), our own splitter takes over: no boundary named, none ever closed, blanks after it.
It also reads what is large, for flanker keeps a token for every empty line and every character four times
(19 MiB of line ends cost it 26 s and 600 MB). Each part is cut from the raw octets, so an attached message
keeps its own. (The standard library's parser would write attached messages anew.)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from gateway.mail import header
from gateway.mail.header import Field
from gateway.mail.pattern import compile_pattern
from gateway.mail.quiet import quiet

DEEPEST = 20  # multiparts within multiparts; what lies deeper is one attachment
PARTS = 1000  # of one mail; the rest is not read
FLANKER_READS = 512 * 1024  # octets
FLANKER_BLANKS = 5000  # empty lines

_GUESSED_BOUNDARY = compile_pattern(
    r"(?m)^--([^\s-][^\r\n]{3,69}?)[ \t]*\r?\n(?:content-|\r?\n)"
    r"|^--(-+[^\s-][^\r\n]{3,69}?)[ \t]*\r?\ncontent-",
    ignore_case=True,
)


@dataclass(frozen=True, slots=True)
class Entity:
    """A node of the tree: header fields, and either children or a body, still transfer-encoded."""

    fields: tuple[Field, ...]
    body: bytes
    media_type: str
    parameters: dict[str, str]
    children: tuple["Entity", ...] = ()
    defects: tuple[str, ...] = ()

    def raw(self, key: str) -> bytes:
        return next((one.raw for one in self.fields if one.key == key), b"")


def tree(octets: bytes) -> Entity:
    """The root of the tree of a mail whose line ends are CRLF."""
    root = _head(octets, "text/plain")
    if not root.media_type.startswith("multipart/"):
        return root
    if len(octets) > FLANKER_READS or octets.count(b"\r\n\r\n") > FLANKER_BLANKS:
        return split(octets)
    scanner = _scanner()  # outside: a broken installation must not look like broken mail
    try:
        return _by_flanker(scanner, octets, root)
    except Exception:  # noqa: BLE001 - it is unmaintained and raises what it likes
        return split(octets)


def split(octets: bytes) -> Entity:
    """The same by our own splitter, which never gives up."""
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
    """The entity of `octets` with its children; `left` holds how many parts may still be made."""
    entity = _head(octets, default)
    if not entity.media_type.startswith("multipart/"):
        return entity
    defects = entity.defects
    boundary = entity.parameters.get("boundary", "")
    pieces = _pieces(entity.body, boundary.encode("utf-8")) if boundary else []
    if not pieces:
        guessed = _GUESSED_BOUNDARY.search(entity.body[:65536].decode("latin-1"))
        named = (guessed.group(1) or guessed.group(2) or "") if guessed else ""
        pieces = _pieces(entity.body, named.encode("latin-1")) if named else []
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
    """What stands between the boundary lines; without a closing one the last part ends with the body.

    Some programs give a multipart the boundary of the multipart that it is in: its parts and its closing line
    then belong to its own piece.
    """
    delimiter = b"\r\n--" + boundary.rstrip()
    pieces: list[bytes] = []
    text = b"\r\n" + body
    start, newest, inner = (
        -1,
        -1,
        0,
    )  # of the piece, of what came since the last line, multiparts that are open
    at = text.find(delimiter)
    while at >= 0:
        end = text.find(b"\r\n", at + 2)
        line_end = len(text) if end < 0 else end
        rest = text[at + len(delimiter) : line_end].strip(b" \t")
        if rest not in (b"", b"--"):
            at = text.find(delimiter, at + 2)
            continue
        if newest >= 0 and rest == b"" and _opens_again(text[newest:at], boundary):
            inner += 1
        if inner and rest == b"--":
            inner, newest = inner - 1, -1
            if not inner:
                pieces.append(text[start:line_end])
                start = -1
        elif not inner:
            if start >= 0:
                pieces.append(text[start:at])
            if rest == b"--":
                return pieces
            start = newest = line_end + 2
        else:
            newest = line_end + 2
        at = text.find(delimiter, line_end)
    if 0 <= start <= len(text):
        pieces.append(text[start:])
    return pieces


def _opens_again(piece: bytes, boundary: bytes) -> bool:
    """Whether a piece is a multipart with the boundary of the one that it is in."""
    if boundary not in piece[: header.BLOCK]:
        return False
    inner = _head(piece, "text/plain")
    return (
        inner.media_type.startswith("multipart/")
        and inner.parameters.get("boundary", "").encode() == boundary
    )
