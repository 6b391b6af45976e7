"""Header fields, written: folded, encoded and unable to start another field (RFC 5322 2.2, RFC 2047).

The standard library's own writer is not used: given an encoded word as a subject, `EmailMessage` of Python
3.11 decodes it and writes the line break that was hidden in it, so a stranger's subject could add a Bcc; and
it folds long References into encoded words, which breaks threads. Here a value is made one harmless line
first, and what is not plain ASCII is encoded as a whole: reading gives back exactly what was given.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator

from gateway.kernel.errors import InputError
from gateway.mail.envelope import Address
from gateway.mail.header import harmless_line
from gateway.mail.parsed import Mailbox, MessageId

LONGEST_SUBJECT, LONGEST_NAME = 500, 200  # characters that are written; real ones have a tenth of that
LONGEST_ID = 512  # octets; an id cannot be folded, and a line may have 998 (RFC 5322 2.1.1)
LONGEST_ADDRESS = 320  # octets: 64, the @ and 255 (RFC 5321 4.5.3.1)

_LINE = 76  # octets of a line with encoded words, which may have 75 each (RFC 2047 2)
_Q_ROOM = 63  # octets inside `=?utf-8?q?...?=`
_B_ROOM = 45  # octets of UTF-8 that become 60 inside `=?utf-8?b?...?=`
_ALPHANUMERIC = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ATEXT = frozenset("!#$%&'*+-/=?^_`{|}~" + _ALPHANUMERIC)
_Q_SAFE = frozenset("!*+-/" + _ALPHANUMERIC)  # what may stand for itself in a name too (RFC 2047 5)


def field(name: str, *parts: str) -> bytes:
    r"""`name: parts\r\n`, folded between parts where the line would grow too long.

    Parts are printable ASCII, such as the functions below make; anything else is our own mistake.
    """
    line, lines = f"{name}:", list[str]()
    for part in parts:
        if not (part.isascii() and part.isprintable()):
            raise ValueError(f"{part!r} cannot stand in {name}")
        if len(line) + 1 + len(part) > _LINE and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {part}"
    return "\r\n".join((*lines, line)).encode("ascii") + b"\r\n"


def text(value: str) -> tuple[str, ...]:
    """The parts of an unstructured value such as a subject (RFC 5322 2.2.1)."""
    line = _shortened(value, LONGEST_SUBJECT)
    words = tuple(line.split(" ")) if line else ()
    fits = all(0 < len(word) < _LINE - len("Subject: ") for word in words)
    return words if fits and _is_plain(line) else _encoded(line)


def mailbox(who: Mailbox) -> tuple[str, ...]:
    """The parts of `Name <address>` (RFC 5322 3.4); InputError if the address cannot be written."""
    name, address = _shortened(who.name, LONGEST_NAME), addr_spec(who.address)
    if not name:
        return (address,)
    if not _is_plain(name):
        return (*_encoded(name), f"<{address}>")
    words = tuple(name.split(" "))
    if all(word and _ATEXT.issuperset(word) for word in words):
        return (*words, f"<{address}>")
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return (f'"{quoted}"', f"<{address}>")


def addr_spec(address: str) -> Address:
    """The address, if it can stand in a field and names one mailbox; InputError if not.

    Letters outside ASCII before the @ need SMTPUTF8 along the whole way (RFC 6531), so they are refused.
    """
    local, _, domain = address.rpartition("@")
    literal = domain[1:-1].replace(":", ".") if domain[:1] == "[" and domain[-1:] == "]" else domain
    fits = len(address) <= LONGEST_ADDRESS and address.isascii() and address.isprintable()
    if (
        fits
        and (_is_dot_atom(local) or _is_quoted_string(local))
        and _is_dot_atom(literal.replace("..", "."))
    ):
        return Address(address)
    raise InputError(repr(address), "is no address that a mail can go to", "write it as name@example.com")


def message_ids(ids: Iterable[MessageId]) -> tuple[str, ...]:
    """The parts of a list of ids; one that cannot be written safely is left out (RFC 5322 3.6.4)."""
    return tuple(f"<{each}>" for each in ids if _is_bracketable(each, LONGEST_ID))


def uri(address: str) -> str:
    """The URI in angle brackets (RFC 2369 2); InputError if it has blanks or other letters than ASCII."""
    if _is_bracketable(address, 900):
        return f"<{address}>"
    raise InputError(repr(address), "is no link that a mail can carry", "write blanks and letters as %20")


def _is_bracketable(text: str, longest: int) -> bool:
    fits = 0 < len(text) <= longest and text.isascii() and text.isprintable()
    return fits and not any(character in "<> " for character in text)


def _is_dot_atom(text: str) -> bool:
    return all(atom and _ATEXT.issuperset(atom) for atom in text.split("."))


def _is_quoted_string(text: str) -> bool:
    inner = text[1:-1].replace("\\\\", "").replace('\\"', "")
    return len(text) > 2 and text[0] == text[-1] == '"' and not set('"\\') & set(inner)


def _is_plain(line: str) -> bool:
    """Whether the line means itself: ASCII, and nothing in it looks like an encoded word."""
    return line.isascii() and "=?" not in line


def _shortened(value: str, longest: int) -> str:
    line = harmless_line(value)
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _encoded(line: str) -> tuple[str, ...]:
    """The whole line as encoded words, cut between characters (RFC 2047 5).

    Q where most letters stand for themselves: people can read it, and filters suspect base64 without need.
    """
    if sum(map(_q_length, line)) <= 2 * len(line.encode()):
        return tuple(f"=?utf-8?q?{''.join(map(_q, piece))}?=" for piece in _pieces(line, _Q_ROOM, _q_length))
    return tuple(
        f"=?utf-8?b?{b64encode(piece.encode()).decode('ascii')}?="
        for piece in _pieces(line, _B_ROOM, lambda character: len(character.encode()))
    )


def _q(character: str) -> str:
    if character in _Q_SAFE:
        return character
    return "_" if character == " " else "".join(f"={octet:02X}" for octet in character.encode())


def _q_length(character: str) -> int:
    return len(_q(character))


def _pieces(line: str, room: int, size: Callable[[str], int]) -> Iterator[str]:
    """The line cut into pieces of at most `room`, as `size` counts each character."""
    start = used = 0
    for position, character in enumerate(line):
        needed = size(character)
        if used + needed > room:
            yield line[start:position]
            start, used = position, 0
        used += needed
    yield line[start:]
