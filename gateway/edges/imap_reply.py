"""What a server says about mails, read from the lines that aioimaplib hands out.

A literal comes as a bytearray of its own between the lines around it, so a mail's octets are never taken for
what the server says. Items stand in any order, and whatever was not asked for may come in between.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gateway.pipeline.folder import FolderLost, Listed, Opened
from gateway.pipeline.journal import key_of

Line = bytes | bytearray

_FETCH = re.compile(rb"\d+ FETCH \(", re.IGNORECASE)
_UID = re.compile(rb"\bUID (\d{1,10})\b", re.IGNORECASE)
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,12})\b", re.IGNORECASE)
_DATE = re.compile(rb'\bINTERNALDATE "([^"]{10,40})"', re.IGNORECASE)
_EXISTS = re.compile(rb"(\d{1,10}) EXISTS", re.IGNORECASE)
_CODE = re.compile(rb"OK \[(UIDVALIDITY|UIDNEXT) (\d{1,10})\]", re.IGNORECASE)


@dataclass(slots=True)
class Fetched:
    """One FETCH response: the words around the literals, and the literals."""

    words: bytes = b""
    literals: list[bytes] = field(default_factory=list[bytes])

    @property
    def uid(self) -> int:
        return _number(_UID, self.words)


def fetched(lines: Iterable[Line]) -> dict[int, Fetched]:
    """The FETCH responses that say of which UID they speak, by that; the last one counts."""
    found = (response for response in _responses(lines) if response.uid)
    return {response.uid: response for response in found}


def _responses(lines: Iterable[Line]) -> Iterator[Fetched]:
    response: Fetched | None = None
    for line in lines:
        if isinstance(line, bytearray):
            if response is not None:
                response.literals.append(bytes(line))
        elif _FETCH.match(line):
            if response is not None:
                yield response
            response = Fetched(line)
        elif response is not None:
            response.words += b" " + line
    if response is not None:
        yield response


def listed(lines: Iterable[Line]) -> list[Listed]:
    """What is known of each mail, ascending by UID."""
    return [
        Listed(uid, _number(_SIZE, response.words), _instant(response.words), _message_id(response.literals))
        for uid, response in sorted(fetched(lines).items())
    ]


def uids(lines: Sequence[Line]) -> list[int]:
    """The numbers of a SEARCH, ascending; the last line is the command's end."""
    words = [word for line in lines[:-1] for word in bytes(line).split()]
    return sorted({int(word) for word in words if word.isdigit() and len(word) <= 10})


def opened(lines: Iterable[Line]) -> Opened:
    """What SELECT says; FolderLost if the server has no UIDVALIDITY, for then no UID means anything."""
    told = {"UIDVALIDITY": 0, "UIDNEXT": 0}
    exists = 0
    for line in lines:
        if code := _CODE.match(bytes(line)):
            told[code[1].decode("ascii").upper()] = int(code[2])
        elif count := _EXISTS.fullmatch(bytes(line)):
            exists = int(count[1])
    if not told["UIDVALIDITY"]:
        raise FolderLost("the server gives its mails no lasting numbers (no UIDVALIDITY)")
    return Opened(told["UIDVALIDITY"], told["UIDNEXT"], exists)


def is_news(lines: Iterable[Line]) -> bool:
    """Whether something that came during IDLE tells of new mail; `OK Still here` does not."""
    return any(_EXISTS.fullmatch(bytes(line)) for line in lines)


def _number(pattern: re.Pattern[bytes], words: bytes) -> int:
    found = pattern.search(words)
    return int(found[1]) if found else 0


def _instant(words: bytes) -> datetime | None:
    found = _DATE.search(words)
    try:
        text = found[1].decode("ascii").strip() if found else ""
        return datetime.strptime(text, "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _message_id(literals: Sequence[bytes]) -> str:
    """As the journal's key has it."""
    return key_of(literals[0]).id if literals else ""
