"""A process that does nothing but relay: `python child.py DATABASE_URL PORT`; somebody kills it."""

import asyncio
import random
import sys
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import open_database
from gateway.kernel.clock import SystemClock
from gateway.kernel.decision import Event
from gateway.mail.envelope import Address
from gateway.outbox.relay import RelayConfig, RelayWorker, Tls


async def relay(url: str, port: int) -> None:
    from gateway.edges.smtp_out import Smarthost

    async def nothing_follows(_tx: AsyncConnection, _events: Sequence[Event]) -> None: ...

    config = RelayConfig("127.0.0.1", port, Tls.OFF, connections=8)
    async with open_database(url) as db:
        worker = RelayWorker(
            db,
            Smarthost(config),
            lambda octets, _: octets,
            SystemClock(),
            random.Random(),
            config,
            nothing_follows,
            reverse_path=lambda seq: Address(f"bounce+{seq}@shop.example"),
        )
        await worker.run()


if __name__ == "__main__":
    asyncio.run(relay(sys.argv[1], int(sys.argv[2])))
