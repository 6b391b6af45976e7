"""A shop to tell stories about: the real gateway on loopback, with a clock to turn and a sink to read.

Everything goes the way it goes in life: mails come by SMTP to the real listener, wait in the real journal,
are decided and answered through the real outbox to a real SMTP server.
"""

import asyncio
import smtplib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.app.config import Config
from gateway.app.new_shop import make_shop
from gateway.app.wiring import Gateway, build
from gateway.db.engine import create_schema, reading
from gateway.db.tables import mail as mail_tables
from gateway.db.tables import shop as shop_tables
from gateway.edges.watermark import Space, measured
from gateway.pipeline import timers
from gateway.pipeline.pipe import Outcome
from gateway.testing.clock import ManualClock
from gateway.testing.senders import Senders
from gateway.testing.sink import SmtpSink, SunkMail


@dataclass
class Shop:
    """The driver: what happens to a shop, and what can be seen of it from outside."""

    gateway: Gateway
    sink: SmtpSink
    clock: ManualClock
    senders: Senders = field(default_factory=Senders)
    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    _count: int = 0

    # --- what happens -------------------------------------------------------------------------------------

    async def receives(
        self,
        text: str = "",
        *,
        sender: str,
        to: str = "",
        subject: str = "",
        html: str = "",
        headers: Mapping[str, str] | None = None,
        reverse_path: str | None = None,
        signed: bool = True,
    ) -> Outcome:
        """A mail comes in by SMTP and is worked on until nothing is left to do; the outcome about it.

        It carries the signature of its author's domain; with `signed=False` somebody only claims to be the
        author, of a domain whose mail is always signed.
        """
        self._count += 1
        to = to or self.gateway.config.shop.email
        mail = EmailMessage()
        mail["From"] = sender
        mail["To"] = to
        mail["Subject"] = subject
        mail["Date"] = self.clock.now()
        mail["Message-ID"] = f"<{self._count}.{self.clock.now().timestamp():.0f}@test.example>"
        for name, value in (headers or {}).items():
            mail[name] = value
        mail.set_content(text or "-")
        if html:
            mail.add_alternative(html, subtype="html")
        author = sender.rpartition("<")[2].rstrip(">")
        octets = mail.as_bytes(policy=SMTP)
        domain = author.rpartition("@")[2]
        self.senders.publishes(domain)
        if signed:
            octets = self.senders.signed(octets, domain, self.clock.now())
        return await self.receives_octets(
            octets, reverse_path=author if reverse_path is None else reverse_path, to=to
        )

    async def receives_octets(self, octets: bytes, *, reverse_path: str, to: str) -> Outcome:
        before = len(self.outcomes)
        path = to.rpartition("<")[2].rstrip(">")
        await asyncio.to_thread(self._deliver, octets, reverse_path, path)
        await self.gateway.settle()
        return self.outcomes[before]

    def _deliver(self, octets: bytes, reverse_path: str, path: str) -> None:
        assert self.gateway.listener is not None
        with smtplib.SMTP("127.0.0.1", self.gateway.listener.port, "test.example", timeout=10) as smtp:
            smtp.sendmail(reverse_path, [path], octets)

    async def answers(
        self,
        mail: SunkMail,
        text: str,
        *,
        sender: str = "",
        headers: Mapping[str, str] | None = None,
        reverse_path: str | None = None,
        signed: bool = True,
    ) -> Outcome:
        """Somebody answers a mail of ours, as a mail program does it."""
        message = mail.message
        thread = {"In-Reply-To": str(message["Message-ID"]), "References": str(message["Message-ID"])}
        return await self.receives(
            text,
            sender=sender or mail.forward_paths[0],
            to=str(message["Reply-To"]),
            subject=f"Re: {message['Subject']}",
            headers={**thread, **(headers or {})},
            reverse_path=reverse_path,
            signed=signed,
        )

    async def brings(self, kind: str, *rows: Mapping[str, str]) -> Outcome:
        """Rows are imported."""
        outcome = await self.gateway.ingest(kind, f"{kind}.csv", rows)
        await self.gateway.settle()
        return outcome

    async def lets_pass(self, **time: float) -> None:
        """Time goes by, and everything that falls due meanwhile is done at its moment."""
        end = self.clock.now() + timedelta(**time)
        while self.clock.now() < end:
            await self.turns_to_next(end)

    async def turns_to_next(self, end: datetime) -> None:
        """The clock goes on to the next timer, in small steps while mail waits, and not past `end`."""
        async with reading(self.gateway.db) as tx:
            upcoming = await timers.next_due(tx)
            waits = await tx.scalar(select(func.count()).select_from(mail_tables.outbox))
        stride = timedelta(minutes=10) if waits else timedelta(hours=6)
        step = min(end, self.clock.now() + stride, upcoming or end)
        self.clock.set(step)
        await self.gateway.settle()

    # --- what can be seen ---------------------------------------------------------------------------------

    def mails_to(self, recipient: str, subject: str = "") -> list[SunkMail]:
        return [mail for mail in self.sink.mails_to(recipient) if subject in str(mail.message["Subject"])]

    def last_mail_to(self, recipient: str) -> SunkMail:
        return self.sink.mails_to(recipient)[-1]

    async def rows(self, table: str) -> Sequence[RowMapping]:
        """All rows of a table, in the order of their keys."""
        found = getattr(shop_tables, table, None)
        if found is None:
            found = getattr(mail_tables, table)
        async with reading(self.gateway.db) as tx:
            return (await tx.execute(select(found).order_by(*found.primary_key))).mappings().all()

    async def stock(self, sku: str) -> tuple[int, int, int]:
        """On hand, reserved, on order."""
        async with reading(self.gateway.db) as tx:
            return await _stock(tx, sku)

    async def order(self, number: str) -> RowMapping:
        return next(row for row in await self.rows("orders") if row["number"] == number)


async def _stock(tx: AsyncConnection, sku: str) -> tuple[int, int, int]:
    product, stock = shop_tables.product, shop_tables.stock
    row = (
        await tx.execute(
            select(stock).join(product, product.c.id == stock.c.product_id).where(product.c.sku == sku)
        )
    ).one()
    return row.on_hand, row.reserved, row.on_order


def words_of(mail: SunkMail) -> str:
    """The plain words of a mail."""
    part = mail.message.get_body(("plain",))
    assert part is not None
    return part.get_content()


@asynccontextmanager
async def open_shop(
    folder: Path,
    settings: Callable[[int], dict[str, Any]],
    *,
    now: datetime,
    letters: Path | None = None,
    measure: Callable[[Path], Space] = measured,
) -> AsyncGenerator[Shop]:
    """A shop in `folder`, open until the block is left; what it sends is kept as .eml in `letters` too.

    `settings` makes its settings from the port of its smarthost.
    """
    clock = ManualClock(now)
    outcomes: list[Outcome] = []
    senders = Senders()
    async with SmtpSink(folder=letters) as sink:
        config = _made(folder, settings(sink.port), letters)
        building = build(config, clock=clock, resolver=senders.zone, observe=outcomes.append, measure=measure)
        async with building as gateway:
            await create_schema(gateway.db)
            working = asyncio.create_task(gateway.run())
            try:
                yield Shop(gateway, sink, clock, senders, outcomes)
            finally:
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)


def _made(folder: Path, settings: dict[str, Any], letters: Path | None) -> Config:
    config = make_shop(folder, settings)
    if letters is not None:
        letters.mkdir(parents=True, exist_ok=True)
    return config
