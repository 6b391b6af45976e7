"""DNS for tests and the demo: zone text instead of servers, and the same zones behind a real UDP port.

A zone is lines of `name type value`, a `;` begins a comment, and TXT values may be quoted:

    shop.example            TXT  "v=spf1 ip4:192.0.2.1 -all"
    _dmarc.shop.example     TXT  "v=DMARC1; p=reject"
    shop.example            MX   10 mail.shop.example
    broken.example          TXT  TROUBLE

`TROUBLE` makes a question fail, as a broken server does. What no zone has does not exist.
"""

import asyncio
import ipaddress
import struct
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.mail.resolve import DnsTrouble, Record

TROUBLE = "TROUBLE"
_NUMBER = {Record.A: 1, Record.PTR: 12, Record.MX: 15, Record.TXT: 16, Record.AAAA: 28}
_BY_NUMBER = {number: of for of, number in _NUMBER.items()}
_NXDOMAIN, _SERVFAIL, _TTL = 3, 2, 300


class Zone:
    """A `Resolver` that reads what it answers, and counts what it was asked."""

    def __init__(self, text: str = "") -> None:
        self._found: dict[tuple[str, Record], tuple[str, ...]] = {}
        self.asked: Counter[tuple[str, Record]] = Counter()
        self.fails = False  # as a whole: nothing answers any more
        for line in text.splitlines():
            if words := line.partition(";")[0] if '"' not in line else line:
                name, _, rest = words.strip().partition(" ")
                kind, _, value = rest.strip().partition(" ")
                if name:
                    self.add(name, Record(kind), value.strip().strip('"'))

    @classmethod
    def of_files(cls, *files: Path) -> "Zone":
        """The zones of some files together."""
        return cls("\n".join(file.read_text("utf-8") for file in files))

    def add(self, name: str, of: Record, *values: str) -> None:
        """More records of a name."""
        key = (_key(name), of)
        self._found[key] = (*self._found.get(key, ()), *values)

    def remove(self, name: str, of: Record) -> None:
        """A name has no such records any more."""
        self._found.pop((_key(name), of), None)

    def resolve(self, name: str, of: Record) -> tuple[str, ...]:
        """The answer as a pure function's `Resolve` gives it."""
        self.asked[_key(name), of] += 1
        found = self._found.get((_key(name), of), ())
        if self.fails or TROUBLE in found:
            raise DnsTrouble(f"no server answers for {of} of {name}")
        if of is Record.MX:
            ranked = sorted((value.split() for value in found), key=lambda pair: int(pair[0]))
            return tuple(host for _, host in ranked)
        return found

    async def lookup(self, name: str, of: Record) -> tuple[str, ...]:
        """The answer as a `Resolver` gives it."""
        return self.resolve(name, of)

    def exists(self, name: str) -> bool:
        return any(key == _key(name) for key, _ in self._found)

    def records(self, name: str, of: Record) -> tuple[str, ...]:
        """The values as they stand in the zone."""
        return self._found.get((_key(name), of), ())


@asynccontextmanager
async def serving(zone: Zone, *, ttl: int = _TTL) -> AsyncGenerator[int]:
    """The port of a name server on 127.0.0.1, which answers from the zone by UDP (RFC 1035, 4)."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Server(zone, ttl), ("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


class _Server(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone, ttl: int) -> None:
        self._zone = zone
        self._ttl = ttl
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None
        if answer := _answer(self._zone, data, self._ttl):
            self._transport.sendto(answer, addr)


def _answer(zone: Zone, question: bytes, ttl: int) -> bytes:
    """The reply to one question; b"" (silence) if the zone has TROUBLE as a whole."""
    name, end = _name_at(question, 12)
    number = struct.unpack_from("!H", question, end)[0]
    of = _BY_NUMBER.get(number)
    values = zone.records(name, of) if of else ()
    if of:
        zone.asked[_key(name), of] += 1
    if zone.fails:
        return b""
    code = _SERVFAIL if TROUBLE in values else 0 if zone.exists(name) else _NXDOMAIN
    data = [_data(of, value) for value in values] if of and not code else []
    head = question[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(data), 0, 0)
    answers = (struct.pack("!HHHIH", 0xC00C, number, 1, ttl, len(each)) + each for each in data)
    return head + question[12 : end + 4] + b"".join(answers)


def _data(of: Record, value: str) -> bytes:
    match of:
        case Record.A | Record.AAAA:
            return ipaddress.ip_address(value).packed
        case Record.MX:
            preference, host = value.split()
            return struct.pack("!H", int(preference)) + _encoded(host)
        case Record.PTR:
            return _encoded(value)
        case Record.TXT:
            octets = value.encode("latin-1")
            pieces = [octets[at : at + 255] for at in range(0, len(octets), 255)] or [b""]
            return b"".join(bytes((len(piece),)) + piece for piece in pieces)


def _encoded(name: str) -> bytes:
    labels: Iterable[bytes] = (label.encode("ascii") for label in name.rstrip(".").split("."))
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def _name_at(message: bytes, at: int) -> tuple[str, int]:
    labels: list[str] = []
    while length := message[at]:
        labels.append(message[at + 1 : at + 1 + length].decode("latin-1"))
        at += 1 + length
    return ".".join(labels), at + 1


def _key(name: str) -> str:
    return name.lower().rstrip(".")
