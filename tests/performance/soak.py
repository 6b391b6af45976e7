"""A service under a long rain of mixed and hostile mail: what it has in use, every so many mails.

    uv run python tests/performance/soak.py                       20,000 mails, an hour or so
    uv run python tests/performance/soak.py --mails 4000 --every 500

All test mails with their mutations, bombs, smuggling, hang-ups at every moment, slow clients and wrong TLS
go to a real service by real SMTP, which answers to a sink. Prints resident memory, tasks, open files and
threads, each time when everything that came is decided. Memory should stay within 10 MiB after the first
2,000, and the others where they were. Figures, no judgement; test_soak.py runs a small one that judges.
"""

import argparse
import asyncio
import random
import signal
import sqlite3
import ssl
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

from gateway.app.config import Config
from gateway.app.control import ask
from gateway.app.new_shop import make_shop
from gateway.mail.header import canonical
from gateway.testing.certificate import write_certificate
from gateway.testing.client import Client, calling, greeted
from gateway.testing.service import Service, Vitals, free_port, listens
from gateway.testing.sink import SmtpSink
from gateway.testing.zone import Zone, serving

MAILS = Path(__file__).parents[1] / "mails"
HOST = "mail.boutique.example"
ROLES = ("orders", "suppliers", "feedback", "hello", "postmaster")
CLIENTS = 8  # at once
ORDER_EVERY, ORDERS = 500, 40  # of 50 in an hour the breaker would have to think that it is a loop
DAMAGE = (b"", b"\xff", b"=", b"\r\n", b'"', b"<", b"=?", b"--", b"\0", b"\n")
ORDER = (
    b"From: Ana <ana%d@example.net>\r\nTo: orders@boutique.example\r\nSubject: An order\r\n"
    b"Message-ID: <order%d@example.net>\r\n\r\nPlease send me\r\n\r\n2 x MUG-01\r\n"
)
SHELF = {"sku": "MUG-01", "name": "Mug", "price": "1.00", "on_hand": "500"}
HEAD = b"From: M <m@evil.example>\r\nTo: orders@boutique.example\r\nSubject: x\r\n"
BOMBS = (
    HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 50_000,
    HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 900,
    HEAD + b"Cc: " + b"a@b.example,\r\n " * 900 + b"a@b.example\r\n\r\nx\r\n",
    HEAD + b"X: " + b"=?utf-8?q?a?=\r\n " * 1900 + b"y\r\n\r\nx\r\n",
    HEAD + b"X: y\r\n" * 5000 + b"\r\nx\r\n",
    HEAD + b"Content-Type: text/html\r\n\r\n" + b"<div>\r\n" * 30_000,
    HEAD + b"\r\n" + b"> > x\r\n" * 5000,
)


class Rain:
    """Mails and attacks without end, and what was said to them."""

    def __init__(self, port: int, tls: ssl.SSLContext, rng: random.Random) -> None:
        self._port, self._tls, self._rng = port, tls, rng
        self._mails = tuple(canonical(file.read_bytes()) for file in sorted(MAILS.rglob("*.eml")))
        self.heard: Counter[str] = Counter()
        self._number = 0
        self._orders = 0
        # How often each behaviour comes, of a hundred.
        self._ways: Sequence[tuple[int, Callable[[], Awaitable[None]]]] = (
            (55, self._fixture),
            (15, self._mutation),
            (4, self._bomb),
            (4, self._smuggler),
            (6, self._hang_up),
            (2, self._slow),
            (3, self._encrypted),
            (3, self._wrong_tls),
            (3, self._chatter),
            (3, self._guesser),
            (2, self._large),
        )

    async def falls(self, mails: int) -> None:
        """So many mails and attacks, some at once."""
        left = iter(range(mails))

        async def one_after_the_other() -> None:
            weights, ways = zip(*self._ways, strict=True)
            for number in left:
                (way,) = self._rng.choices(ways, weights)
                if number % ORDER_EVERY == 0:
                    way = self._order
                with suppress(OSError, TimeoutError, EOFError):
                    await way()

        await asyncio.gather(*(one_after_the_other() for _ in range(CLIENTS)))

    # --- how clients behave ---------------------------------------------------------------------------

    async def _fixture(self) -> None:
        await self._sends(self._rng.choice(self._mails))

    async def _order(self) -> None:
        """Of a customer, which is confirmed; none once there were enough."""
        if self._orders < ORDERS:
            self._orders += 1
            await self._sends(ORDER % (self._orders, self._orders), "orders")

    async def _mutation(self) -> None:
        damaged = bytearray(self._rng.choice(self._mails))
        for _ in range(self._rng.randrange(1, 20)):
            at = self._rng.randrange(len(damaged) + 1)
            damaged[at : at + self._rng.randrange(4)] = self._rng.choice(DAMAGE)
        await self._sends(bytes(damaged))

    async def _bomb(self) -> None:
        await self._sends(self._rng.choice(BOMBS))

    async def _large(self) -> None:
        """A photo of a megabyte or two, now and then more than is taken."""
        octets = self._rng.choice((1, 1, 1, 2, 25)) * 2**20
        await self._sends(HEAD + b"\r\n" + b"0123456789abcdef\r\n" * (octets // 18))

    async def _smuggler(self) -> None:
        ending = self._rng.choice((b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r"))
        inner = b"MAIL FROM:<owner@boutique.example>\r\nRCPT TO:<stock@boutique.example>\r\nDATA\r\n"
        await self._sends(HEAD + b"\r\nx" + ending + inner + HEAD + b"\r\ny\r\n")

    async def _hang_up(self) -> None:
        """At any moment: in a command, in the content, while the mail is being made durable."""
        octets = self._rng.choice(self._mails)
        whole = b"EHLO me\r\nMAIL FROM:<m@evil.example>\r\nRCPT TO:<orders@boutique.example>\r\nDATA\r\n"
        whole += self._own(octets) + b"\r\n.\r\n"
        async with calling(self._port) as client:
            client.sends(whole[: self._rng.randrange(len(whole)) if self._rng.random() < 0.8 else len(whole)])
            await client.writer.drain()
            await asyncio.sleep(self._rng.uniform(0, 0.02))
            if self._rng.random() < 0.5:
                client.writer.transport.abort()

    async def _slow(self) -> None:
        async with greeted(self._port) as client:
            await client.begins("m@evil.example", "orders@boutique.example")
            await client.says("DATA")
            for octets in (HEAD, b"\r\n", b"slow", b"ly\r\n", b".", b"\r\n"):
                client.sends(octets)
                await asyncio.sleep(0.05)
            await self._hears(client)

    async def _encrypted(self) -> None:
        async with greeted(self._port) as client:
            await client.says("EHLO me")
            await client.encrypts(self._tls, HOST)
            await client.begins("m@evil.example", "orders@boutique.example")
            self._count(await client.delivers(self._own(self._rng.choice(self._mails))))

    async def _wrong_tls(self) -> None:
        async with greeted(self._port) as client:
            await client.says("EHLO me")
            match self._rng.randrange(4):
                case 0:
                    await client.encrypts(ssl.create_default_context(), HOST)  # which trusts nobody here
                case 1:
                    await client.says("STARTTLS")
                    client.sends(b"\x16\x03\x01 this is no handshake\r\n" * 500)  # more than a record has
                    await client.reader.read()
                case 2:
                    client.sends(b"STARTTLS\r\nMAIL FROM:<m@evil.example>\r\nQUIT\r\n")
                    await client.hears()
                    client.writer.transport.abort()
                case _:
                    client.sends(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + self._rng.randbytes(400))
                    await client.hears()

    async def _chatter(self) -> None:
        """Nonsense, a browser, a line without end, or a hundred commands at once."""
        async with calling(self._port) as client:
            client.sends(
                self._rng.choice(
                    (
                        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                        b"x" * 300_000,
                        self._rng.randbytes(2000) + b"\r\n",
                        b"NOOP\r\nRSET\r\nVRFY x\r\nAUTH PLAIN x\r\nHELP\r\n" * 30 + b"QUIT\r\n",
                        b"EHLO me\nMAIL FROM:<a@b.example>\n",
                    )
                )
            )
            client.writer.write_eof()
            await client.hears_all()

    async def _guesser(self) -> None:
        async with greeted(self._port) as client:
            paths = ("nobody@boutique.example", "reply+forged@boutique.example", "a@example.com", "<>")
            for path in paths:
                self._count(await client.begins("m@evil.example", path))

    # --- and what they hear ---------------------------------------------------------------------------

    async def _sends(self, octets: bytes, role: str = "") -> None:
        sender = self._rng.choice(("", "ana@example.net", "m@evil.example"))
        async with greeted(self._port) as client:
            await client.begins(sender, f"{role or self._rng.choice(ROLES)}@boutique.example")
            self._count(await client.delivers(self._own(octets)))

    def _own(self, octets: bytes) -> bytes:
        """With something that makes it a mail of its own, or else half of them were duplicates."""
        self._number += 1
        ended = octets if octets.endswith(b"\r\n") else octets + b"\r\n"
        dotted = ended.replace(b"\r\n.", b"\r\n..")
        return dotted if self._number % 10 == 0 else b"Cc: <%d@rain.example>\r\n" % self._number + dotted

    async def _hears(self, client: Client) -> None:
        self._count(await client.hears())

    def _count(self, reply: str) -> None:
        self.heard[reply[:9] if reply else "hung up"] += 1


async def at_rest(service: Service, config: Config, within: float = 600) -> Vitals:
    """What the service has in use once everything that came is decided and everybody has left."""
    async with asyncio.timeout(within):
        while True:
            vitals = await service.vitals(config)
            if not vitals.connections and nothing_waits(config):
                return vitals
            await asyncio.sleep(0.2)


def nothing_waits(config: Config) -> bool:
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"file:{config.store.path}?mode=ro", uri=True)) as db,
    ):
        query = (
            "SELECT (SELECT count(*) FROM journal WHERE state = 'received') + (SELECT count(*) FROM outbox)"
        )
        return db.execute(query).fetchone() == (0,)
    return False


async def soak(folder: Path, mails: int, every: int, seed: int, told: Callable[[int, Vitals], None]) -> Rain:
    """Rain on a new shop in `folder`; `told` hears of every so many mails. It must end well when told to."""
    certificate, key, trusted = write_certificate(folder, HOST)
    port = free_port()
    async with SmtpSink(keep=False) as sink, serving(Zone()) as names:
        settings = {
            "shop": {"name": "Blue Door", "domain": "boutique.example"},
            "owner": {"addresses": ["priya@owner.example"]},
            "listen": {"host": "127.0.0.1", "port": port, "certificate": certificate, "key": key},
            "relay": {"smarthost": "127.0.0.1", "port": sink.port, "tls": "off"},
            "dns": {"servers": [f"127.0.0.1:{names}"]},
        }
        config = make_shop(folder / "shop", settings)
        await ask(config, "ingest", kind="products", source="products.csv", rows=[SHELF], first=2)
        service, rain = Service(folder / "shop"), Rain(port, trusted, random.Random(seed))
        await service.start()
        try:
            await listens(port)
            for number in range(0, mails, every):
                told(number, await at_rest(service, config))
                await rain.falls(every)
            told(mails, await at_rest(service, config))
        finally:
            status = await service.end(signal.SIGTERM)
        assert status == 0, f"the service ended with {status}"
        return rain


async def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mails", type=int, default=20_000)
    parser.add_argument("--every", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    wanted = parser.parse_args()
    begun = time.monotonic()
    print(f"seed {wanted.seed}\n  mails     MiB  tasks  files  threads       s")

    def told(number: int, at: Vitals) -> None:
        seconds = time.monotonic() - begun
        print(
            f"{number:7} {at.memory:7.1f} {at.tasks:6} {at.files:6} {at.threads:8} {seconds:7.0f}", flush=True
        )

    with tempfile.TemporaryDirectory() as folder:
        rain = await soak(Path(folder), wanted.mails, wanted.every, wanted.seed, told)
    for reply, times in rain.heard.most_common():
        print(f"{times:7} {reply}")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
