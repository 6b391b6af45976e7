"""What a shop knows about a mail in a file: the same facts that its service would decide from.

The database is only read, and the mail is nobody's: nothing of it is kept.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.app.config import load
from gateway.app.wiring import shop_of
from gateway.db.engine import open_database, reading
from gateway.kernel.clock import SystemClock
from gateway.kernel.ids import Id
from gateway.mail.address import domain_of
from gateway.mail.delivered import delivered
from gateway.mail.envelope import Address, Envelope, Intake
from gateway.mail.parsed import Parsed
from gateway.pipeline.gather import Facts, Shop, gather
from gateway.pipeline.stimulus import MailArrived

Ask = Callable[[bytes, Parsed], Awaitable[Facts]]


@asynccontextmanager
async def asking(folder: Path) -> AsyncGenerator[Ask]:
    """What answers for the shop in `folder`; InputError or OSError say what is missing."""
    config = load(folder)
    shop = shop_of(config, config.secrets.keys())
    async with open_database(config.store.address(), read_only=True) as db:

        async def ask(octets: bytes, mail: Parsed) -> Facts:
            now = SystemClock().now()
            arrived = MailArrived(_envelope(octets, mail, shop), octets, 0)
            async with reading(db) as tx:
                return await gather(tx, arrived, mail, shop, now)

        yield ask


def _envelope(octets: bytes, mail: Parsed, shop: Shop) -> Envelope:
    """The envelope as far as trace fields or, without them, To and Cc show it."""

    def is_ours(address: str) -> bool:
        return domain_of(address) in (shop.plan.domain, shop.plan.token_domain)

    trace = delivered(octets, is_ours)
    shown = tuple(Address(one.address) for one in (*mail.to, *mail.cc) if is_ours(one.address))
    return Envelope(
        id=Id("jrn0"),
        received_at=SystemClock().now(),
        via=Intake.IMPORT,
        reverse_path=trace.reverse_path,
        forward_paths=trace.forward_paths or shown,
        peer=None,
        sha256="",
        size=len(octets),
    )
