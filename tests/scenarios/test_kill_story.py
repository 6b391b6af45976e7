"""The service is killed twenty times at random moments while orders come in; nobody notices in the end.

The sender behaves as a mail server does: what got no 250 is sent again. So every order is accepted at least
once, some twice, and the shop must have each exactly once, with every confirmation sent.
"""

import asyncio
import os
import random
import signal
import smtplib
import socket
import sqlite3
import sys
from asyncio.subprocess import DEVNULL
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from gateway.app.config import Config
from gateway.app.control import ask
from gateway.app.new_shop import make_shop
from gateway.testing.sink import Moment, SmtpSink

KILLS = 20


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def order(number: int) -> bytes:
    return (
        f"From: Customer {number} <customer{number}@example.net>\r\n"
        f"To: orders@boutique.example\r\nSubject: Order {number}\r\n"
        f"Message-ID: <order-{number}@example.net>\r\nDate: Mon, 02 Nov 2026 09:00:00 +0000\r\n\r\n"
        f"Please send me\r\n\r\n1 x MUG-01\r\n2 x BOWL-02\r\n"
    ).encode()


class Service:
    """`mailflow serve` in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        # A start without compiled modules takes three times as long, and twenty of them the test's patience.
        self._environment = {
            name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
        }

    async def start(self) -> None:
        command = (sys.executable, "-c", "from gateway.cli.main import main; main()")
        self._process = await asyncio.create_subprocess_exec(
            *command, "serve", "--folder", self._folder, stdout=DEVNULL, stderr=DEVNULL, env=self._environment
        )

    async def end(self, with_: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(with_)
        return await self._process.wait()


async def write_orders(port: int, numbers: Iterator[int], done: set[int], killing: asyncio.Event) -> None:
    """One order after the other for as long as there is killing; each is sent until it hears 250."""
    while not killing.is_set():
        number = next(numbers)
        while number not in done:
            with suppress(OSError, smtplib.SMTPException):
                await asyncio.to_thread(_send, port, number)
                done.add(number)
            await asyncio.sleep(0.1)


async def grown(done: set[int]) -> None:
    """Return when the service has taken another order."""
    before = len(done)
    async with asyncio.timeout(30):
        while len(done) == before:
            await asyncio.sleep(0.01)


def _send(port: int, number: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, "example.net", timeout=5) as smtp:
        smtp.sendmail(f"customer{number}@example.net", ["orders@boutique.example"], order(number))


def read(config: Config, query: str) -> list[tuple]:
    with closing(sqlite3.connect(f"file:{config.store.path}?mode=ro", uri=True, timeout=5)) as db:
        return db.execute(query).fetchall()


async def until_quiet(config: Config, seconds: int) -> None:
    """Return when every mail is decided and the outbox is empty."""
    async with asyncio.timeout(seconds):
        while True:
            with suppress(sqlite3.Error):
                waiting = read(config, "SELECT count(*) FROM journal WHERE state = 'received'")[0][0]
                outbox = read(config, "SELECT count(*) FROM outbox")[0][0]
                if waiting == outbox == 0:
                    return
            await asyncio.sleep(0.5)


@pytest.mark.covers("S4-NF-S3", "S4-NF-R2")
async def test_twenty_kills_lose_nothing_and_do_nothing_twice(
    tmp_path: Path, shop_settings: Callable[[int], dict[str, Any]]
):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    port = free_port()
    async with SmtpSink() as sink:
        wanted = shop_settings(sink.port) | {"listen": {"host": "127.0.0.1", "port": port}}
        config = make_shop(tmp_path / "shop", wanted)
        rows = [
            {"sku": "MUG-01", "name": "Mug", "price": "1.00", "on_hand": "9000"},
            {"sku": "BOWL-02", "name": "Bowl", "price": "2.00", "on_hand": "9000"},
        ]
        await ask(config, "ingest", kind="products", source="products.csv", rows=rows, first=2)

        sink.answer(Moment.DOT, "250 taken", times=None, delay=0.03)  # so that kills find mails under way
        service, done, over, numbers = Service(tmp_path / "shop"), set[int](), asyncio.Event(), count()
        await service.start()
        senders = [asyncio.create_task(write_orders(port, numbers, done, over)) for _ in range(4)]
        for _ in range(KILLS):
            if rng.random() < 0.75:  # the others die while starting
                await grown(done)
            await asyncio.sleep(rng.uniform(0, 1.5))
            await service.end(signal.SIGKILL)
            await service.start()
        over.set()
        async with asyncio.timeout(120):
            await asyncio.gather(*senders)
        await until_quiet(config, 120)
        assert await service.end(signal.SIGTERM) == 0

    assert len(done) > 5 * KILLS  # or nothing was shown
    assert read(config, "SELECT count(*) FROM orders") == [(len(done),)]
    figures = "SELECT sku, on_hand, reserved FROM stock JOIN product ON product.id = product_id ORDER BY sku"
    assert read(config, figures) == [("BOWL-02", 9000, 2 * len(done)), ("MUG-01", 9000, len(done))]
    assert (
        read(config, "SELECT DISTINCT state FROM journal WHERE state NOT IN ('handled', 'duplicate')") == []
    )

    confirmed = {mail.forward_paths[0] for mail in sink.mails}
    assert confirmed == {f"customer{number}@example.net" for number in done}  # nothing outbound is lost
    doubted = """SELECT recipient FROM outbound_message LEFT JOIN attempt USING (seq)
                 GROUP BY seq HAVING status = 'uncertain' OR max(number) > 1"""
    known = {row[0] for row in read(config, doubted)}
    copies = Counter(mail.forward_paths[0] for mail in sink.mails)
    twice = {recipient for recipient, number in copies.items() if number > 1}
    print(f"{len(twice)} of {len(done)} confirmations went out twice; in doubt were {len(known)}")
    assert twice <= known  # nothing is sent twice without being listed
