"""DNS, asked asynchronously and remembered: the `Resolver` of a running service (aiodns).

No thread ever waits for a name server: pure checks are run with the answers that are known and run again when
they ask for more (`pipeline.proof`), so a domain whose servers are silent costs a task, nothing else.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from gateway.kernel.clock import Clock
from gateway.mail.resolve import DnsTrouble, Record, is_name

if TYPE_CHECKING:
    from aiodns import DNSResolver

WAIT = 2.0  # seconds for one try
TRIES = 2
SHORTEST, LONGEST = timedelta(seconds=30), timedelta(hours=1)  # how long an answer is believed
NOTHING = timedelta(minutes=5)  # how long a name is believed to have nothing; RFC 2308, 5 allows hours
MOST = 10_000  # answers that are remembered, 2 MiB or so

_Key = tuple[str, Record]


@dataclass(frozen=True, slots=True)
class _Answer:
    found: tuple[str, ...]
    until: datetime


class Dns:
    """Answers from memory while they last; the same question is asked once at a time."""

    def __init__(self, clock: Clock, servers: Sequence[str] = ()) -> None:
        self._clock = clock
        self._servers = tuple(servers)
        self._known: dict[_Key, _Answer] = {}
        self._asking: dict[_Key, asyncio.Task[tuple[str, ...]]] = {}
        self._resolver: DNSResolver | None = None

    async def lookup(self, name: str, of: Record) -> tuple[str, ...]:
        """What is known of a name, () where there is nothing; DnsTrouble if nobody answers."""
        key = (name.lower().removesuffix("."), of)
        if not is_name(key[0]):
            return ()
        known = self._known.get(key)
        if known is not None and known.until > self._clock.now():
            return known.found
        if key not in self._asking:
            task = asyncio.create_task(self._ask(key), name=f"dns {of} {key[0]}")
            self._asking[key] = task
            task.add_done_callback(lambda task: self._answered(key, task))
        return await asyncio.shield(self._asking[key])

    async def close(self) -> None:
        """Ask nothing more."""
        asking = tuple(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        if self._resolver is not None:
            await self._resolver.close()

    def _answered(self, key: _Key, task: asyncio.Task[tuple[str, ...]]) -> None:
        self._asking.pop(key, None)
        if not task.cancelled():
            task.exception()  # whoever still waits hears of it; nobody may wait any more

    async def _ask(self, key: _Key) -> tuple[str, ...]:
        import aiodns

        name, of = key
        try:
            result = await self._asked().query_dns(name, of.value)
            records = [each for each in result.answer if each.type == _TYPES[of]]
        except aiodns.error.DNSError as error:
            if error.args[0] not in _NO_SUCH_RECORD:
                raise DnsTrouble(f"{of} of {name}: {_reason(error)}") from None
            records = []
        found = _values(of, [each.data for each in records])
        lives = timedelta(seconds=min(each.ttl for each in records)) if records else NOTHING
        self._remember(key, _Answer(found, self._clock.now() + max(SHORTEST, min(lives, LONGEST))))
        return found

    def _asked(self) -> "DNSResolver":
        if self._resolver is None:
            from aiodns import DNSResolver

            self._resolver = DNSResolver(self._servers or None, timeout=WAIT, tries=TRIES)
        return self._resolver

    def _remember(self, key: _Key, answer: _Answer) -> None:
        if len(self._known) >= MOST:
            now = self._clock.now()
            lasting = [(key, known) for key, known in self._known.items() if known.until > now]
            self._known = dict(lasting[len(lasting) // 2 :] if len(lasting) >= MOST else lasting)
        self._known[key] = answer


@contextlib.asynccontextmanager
async def asking(clock: Clock, servers: Sequence[str] = ()) -> AsyncGenerator[Dns]:
    """A resolver until the block is left; `servers` are IP addresses, with `:port`; () this machine's."""
    dns = Dns(clock, servers)
    try:
        yield dns
    finally:
        await dns.close()


_NO_SUCH_RECORD = (1, 4, 8)  # ARES_ENODATA, ARES_ENOTFOUND, ARES_EBADNAME of c-ares
_TYPES = {Record.A: 1, Record.PTR: 12, Record.MX: 15, Record.TXT: 16, Record.AAAA: 28}


def _values(of: Record, data: Sequence[Any]) -> tuple[str, ...]:
    match of:
        case Record.A | Record.AAAA:
            return tuple(each.addr for each in data)
        case Record.MX:
            return tuple(each.exchange for each in sorted(data, key=lambda each: each.priority))
        case Record.PTR:
            return tuple(each.dname for each in data)
        case Record.TXT:
            return tuple(each.data.decode("latin-1") for each in data)


def _reason(error: Exception) -> str:
    return str(error.args[1]) if len(error.args) > 1 else str(error)
