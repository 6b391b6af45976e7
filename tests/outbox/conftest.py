"""An outbox with a worker, a next hop without a network, and a clock to turn."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import Database, reading, writing
from gateway.db.tables.mail import attempt, outbox
from gateway.kernel.decision import Event
from gateway.kernel.ids import new_id
from gateway.mail.draft import Purpose
from gateway.mail.envelope import Address
from gateway.outbox import store
from gateway.outbox.handover import Relay
from gateway.outbox.message import DeliveryStatus
from gateway.outbox.relay import RelayConfig, RelayWorker
from gateway.testing.clock import ManualClock
from gateway.testing.relay import RecordingRelay

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def key_of(address: str) -> str:
    return sha256(address.lower().encode()).hexdigest()[:16]


def reverse_path(seq: int) -> Address:
    return Address(f"bounce+{seq}@shop.example")


@dataclass
class Post:
    """What a test says about outbound mail; `events` is everything that the worker has told."""

    db: Database
    clock: ManualClock
    relay: Any
    config: RelayConfig
    events: list[Event] = field(default_factory=list)
    worker: RelayWorker | None = None
    _numbers: Any = field(default_factory=count)

    async def enqueues(
        self,
        to: str = "ana@example.net",
        purpose: Purpose = Purpose.TRANSACTIONAL,
        template: str | None = None,
        **more: Any,
    ) -> int:
        number = next(self._numbers)
        address = Address(to)
        new = store.Enqueued(
            id=more.pop("id", None) or new_id("msg", self.clock.now()),
            purpose=purpose,
            template=template or f"orders/number{number}",
            recipient=address,
            recipient_key=key_of(to),
            created_at=self.clock.now(),
            **more,
        )
        async with writing(self.db) as tx:
            seq = await store.enqueue(tx, new, lambda seq: mail_to(to, seq))
        if self.worker is not None:
            self.worker.wake()
        return seq

    async def settles(self) -> None:
        assert self.worker is not None
        async with asyncio.timeout(60):
            await self.worker.idle()

    async def lets_pass(self, **time: float) -> None:
        self.clock.advance(timedelta(**time))
        await self.settles()

    async def status(self, seq: int) -> DeliveryStatus:
        async with reading(self.db) as tx:
            message = await store.message_by_seq(tx, seq)
        assert message is not None
        return message.status

    async def why(self, seq: int) -> store.Why:
        async with reading(self.db) as tx:
            why = await store.why(tx, seq, self.clock.now())
        assert why is not None
        return why

    async def rows(self) -> list[Any]:
        async with reading(self.db) as tx:
            return list(await tx.execute(select(outbox).order_by(outbox.c.seq)))

    async def attempts(self, seq: int) -> list[Any]:
        async with reading(self.db) as tx:
            return list(
                await tx.execute(select(attempt).where(attempt.c.seq == seq).order_by(attempt.c.number))
            )

    def told(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @asynccontextmanager
    async def working(self, relay: Relay | None = None) -> AsyncIterator[RelayWorker]:
        """A worker of this outbox, until the block is left."""

        async def tell(_: AsyncConnection, events: Sequence[Event]) -> None:
            self.events.extend(events)

        worker = RelayWorker(
            self.db,
            relay or self.relay,
            lambda octets, _: b"DKIM-Signature: by us\r\n" + octets,
            self.clock,
            random.Random(1),
            self.config,
            tell,
            reverse_path=reverse_path,
        )
        task = asyncio.create_task(worker.run())
        self.worker = worker
        try:
            yield worker
        finally:
            self.worker = None
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def mail_to(to: str, seq: int) -> bytes:
    return f"To: {to}\r\nMessage-ID: <{seq}.once@shop.example>\r\nSubject: hello\r\n\r\nhello\r\n".encode()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def config() -> RelayConfig:
    return RelayConfig(host="127.0.0.1", port=2525, connections=3)


@pytest.fixture
def idle_post(database: Database, clock: ManualClock, config: RelayConfig) -> Post:
    """An outbox without a worker."""
    return Post(database, clock, RecordingRelay(), config)


@pytest.fixture
async def post(idle_post: Post) -> AsyncIterator[Post]:
    """An outbox with a worker."""
    async with idle_post.working():
        yield idle_post
