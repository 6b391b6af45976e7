"""A storm of mails over a service that is killed again and again; in the end nobody has noticed.

    uv run python tests/scenarios/storm.py --kills 200 --mails 20000        for a night

Two mails of three come by SMTP, one lies in a mailbox that is watched, and some come both ways. The senders
behave as mail servers do: what got no 250 is sent again. So each mail is accepted at least once, some twice,
and the shop must have acted on each exactly once. `weathered` says what it found; test_kill_story
runs it in small and asserts.
"""

import argparse
import asyncio
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from gateway.app.config import Config
from gateway.app.control import ask
from gateway.app.new_shop import make_shop
from gateway.testing.client import Client, greeted
from gateway.testing.imap_server import ImapServer
from gateway.testing.service import Service, free_port
from gateway.testing.sink import Moment, SmtpSink
from gateway.testing.zone import Zone, serving

SENDERS = 6
MAILS_A_CONNECTION = 20
ORDER_EVERY, PHOTO_EVERY, QUESTION_EVERY = 50, 50, 4
ORDERS = 40  # an hour; of 50 the breaker would have to think that it is a loop
PHOTO = ("/9j/" * 19 + "\r\n") * 1200  # more than 64 KiB: it lies in the spool
IMAP_EVERY, BOTH_EVERY = 3, 30
STARTING = 0.25  # of the kills meet a service that is only starting
TO = "orders@boutique.example"
SHELF = 90_000


def mail(number: int) -> bytes:
    """Most are absences, which cost least; then questions about a vase, orders, and some with a photo."""
    kind, subject, words = "", "A vase", f"Is vase number {number} blue?\r\n"
    if is_order(number):
        subject, words = f"Order {number}", "Please send me\r\n\r\n1 x MUG-01\r\n2 x BOWL-02\r\n"
    elif number % PHOTO_EVERY == 1:
        kind = 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n'
        photo = "Content-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\n\r\n" + PHOTO
        words = f"--b\r\n\r\nThis is vase number {number}.\r\n--b\r\n{photo}--b--\r\n"
    elif number % QUESTION_EVERY:
        kind, subject, words = "Auto-Submitted: auto-replied\r\n", "Out of office", f"Until day {number}.\r\n"
    return (
        f"From: Customer {number} <customer{number}@example.net>\r\nTo: {TO}\r\nSubject: {subject}\r\n{kind}"
        f"Message-ID: <{number}@example.net>\r\nDate: Mon, 02 Nov 2026 09:00:00 +0000\r\n\r\n{words}"
    ).encode()


def is_order(number: int) -> bool:
    return number % ORDER_EVERY == 0 and number < ORDERS * ORDER_EVERY


def in_mailbox(number: int) -> bytes:
    """The same mail as the server of a hosted mailbox keeps it."""
    trace = f"Return-Path: <customer{number}@example.net>\r\nDelivered-To: {TO}\r\n"
    return trace.encode() + mail(number)


def by_imap(number: int) -> bool:
    return number % IMAP_EVERY == 0


def by_smtp(number: int) -> bool:
    return not by_imap(number) or number % BOTH_EVERY == 0


@dataclass
class Post:
    """The mails still to be sent, and those that were promised for."""

    waiting: deque[int]
    promised: set[int] = field(default_factory=set[int])
    sent: int = 0  # final dots, repeats included

    def __post_init__(self) -> None:
        self.total = len(self.waiting)

    async def send_all(self, port: int) -> None:
        """Send what waits, some mails on each connection, until nothing does."""
        while self.waiting:
            with suppress(OSError, TimeoutError):
                async with greeted(port) as client:
                    for _ in range(MAILS_A_CONNECTION):
                        if not (self.waiting and await self._send_next(client)):
                            break
                    client.sends(b"QUIT\r\n")
            await asyncio.sleep(0.01)

    async def _send_next(self, client: Client) -> bool:
        number = self.waiting.popleft()
        heard = ""
        try:
            await client.begins(f"customer{number}@example.net", TO)
            self.sent += 1
            heard = await client.delivers(mail(number))
        finally:
            if heard.startswith("250"):
                self.promised.add(number)
            else:
                self.waiting.append(number)
        return heard.startswith("250")


async def fill(server: ImapServer, post: Post, mails: int) -> None:
    """Mails arrive in the mailbox as fast as they come by SMTP, and one in a while cuts the line."""
    by_mailbox = [number for number in range(mails) if by_imap(number)]
    for arrived, number in enumerate(by_mailbox):
        while post.waiting and arrived * post.total > len(post.promised) * len(by_mailbox):
            await asyncio.sleep(0.01)
        server.append(in_mailbox(number), received_at=datetime.now(UTC))
        if arrived % 100 == 50:
            server.cut()


async def kill(service: Service, post: Post, times: int, rng: random.Random) -> None:
    """Kill `times`, at random points of the whole storm; some kills meet a service that is starting."""
    for threshold in sorted(rng.sample(range(post.total * 19 // 20), times)):
        if rng.random() < STARTING:
            await asyncio.sleep(rng.uniform(0, 1.5))
        else:
            while len(post.promised) < threshold:
                await asyncio.sleep(0.005)
            await asyncio.sleep(rng.uniform(0, 0.05))
        await service.end(signal.SIGKILL)
        await service.start()


def read(config: Config, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{config.store.path}?mode=ro", uri=True, timeout=5)) as db:
        return db.execute(query).fetchall()


async def until_quiet(config: Config, mails: int, seconds: float) -> None:
    """Return when every mail has come and is decided, and the outbox is empty; or when patience is over.

    So many orders of strangers within the hour stop automatic mail, kills or not: the owner says resume.
    """
    came = "SELECT count(DISTINCT key_id) FROM journal WHERE state <> 'received'"
    with suppress(TimeoutError):  # what is missing then is told one by one
        async with asyncio.timeout(seconds):
            while True:
                with suppress(sqlite3.Error):
                    waiting = read(config, "SELECT count(*) FROM journal WHERE state = 'received'")[0][0]
                    outbox = read(config, "SELECT count(*) FROM outbox")[0][0]
                    if waiting == outbox == 0 and read(config, came) == [(mails,)]:
                        return
                    if waiting == 0 and read(config, "SELECT 1 FROM outbox WHERE status = 'held' LIMIT 1"):
                        await ask(config, "queue.resume")
                await asyncio.sleep(0.2)


async def weathered(
    folder: Path, settings: Mapping[str, Any], sink: SmtpSink, *, kills: int, mails: int, seed: int
) -> Mapping[str, Sequence[object]]:
    """What is wrong after the storm, by what it is; all empty if nothing is. Prints figures."""
    async with ImapServer() as server, serving(Zone()) as port:  # nobody there publishes anything
        asked = {**settings, "dns": {"servers": [f"127.0.0.1:{port}"]}}
        return await _weathered(folder, asked, sink, server, kills, mails, random.Random(seed))


def account(server: ImapServer, folder: Path) -> Mapping[str, Any]:
    """The settings of a mailbox that is watched."""
    secret = folder.parent / "imap-password"
    secret.write_text(f"{server.password}\n")
    found = {"host": server.host, "port": server.port, "user": server.user, "password_file": secret}
    return {**found, "tls": "off", "addresses": [TO], "first": "7d"}


async def _weathered(
    folder: Path,
    settings: Mapping[str, Any],
    sink: SmtpSink,
    server: ImapServer,
    kills: int,
    mails: int,
    rng: random.Random,
) -> Mapping[str, Sequence[object]]:
    port = free_port()
    listen = {"host": "127.0.0.1", "port": port}
    config = make_shop(folder, {**settings, "listen": listen, "imap": [account(server, folder)]})
    shelf = [
        {"sku": "MUG-01", "name": "Mug", "price": "1.00", "on_hand": str(SHELF)},
        {"sku": "BOWL-02", "name": "Bowl", "price": "2.00", "on_hand": str(SHELF)},
    ]
    await ask(config, "ingest", kind="products", source="products.csv", rows=shelf, first=2)
    sink.answer(Moment.DOT, "250 taken", times=None, delay=0.03)  # so that kills find mails on their way out

    begun = time.monotonic()
    service, post = Service(folder), Post(deque(filter(by_smtp, range(mails))))
    await service.start()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(SENDERS):
            tasks.create_task(post.send_all(port))
        tasks.create_task(fill(server, post, mails))
        tasks.create_task(kill(service, post, kills, rng))
    print(f"{mails} mails and {kills} kills in {time.monotonic() - begun:.1f} s; {post.sent} final dots")
    await until_quiet(config, mails, 120 + mails / 10)
    status = await service.end(signal.SIGTERM)
    print(f"quiet after {time.monotonic() - begun:.1f} s")
    return found(config, sink, mails) | {"exit status": [status] if status else []}


def found(config: Config, sink: SmtpSink, mails: int) -> dict[str, Sequence[object]]:
    """What differs from a shop that was never killed."""
    numbers = range(mails)
    rows = read(config, "SELECT key_id, state, sha256, id, size FROM journal")
    sent = {
        f"{number}@example.net": {sha256(octets(number)).hexdigest() for octets in (mail, in_mailbox)}
        for number in numbers
    }
    ways = Counter(via for (via,) in read(config, "SELECT via FROM journal"))
    acted = Counter(key for key, state, *_ in rows if state in {"handled", "held"})
    decided = Counter(id_ for (id_,) in read(config, "SELECT stimulus_id FROM trace"))
    orders = Counter(
        number
        for (number,) in read(
            config, "SELECT email FROM orders JOIN customer ON customer.id = orders.customer_id"
        )
    )
    ordered = {f"customer{number}@example.net" for number in numbers if is_order(number)}
    figures = read(config, "SELECT sku, on_hand, reserved FROM stock JOIN product ON product.id = product_id")
    shelf = {("MUG-01", SHELF, len(ordered)), ("BOWL-02", SHELF, 2 * len(ordered))}

    doubted = """SELECT recipient FROM outbound_message LEFT JOIN attempt USING (seq)
                 GROUP BY seq HAVING status = 'uncertain' OR max(number) > 1"""
    known = {recipient for (recipient,) in read(config, doubted)}
    copies = Counter(one.forward_paths[0] for one in sink.mails)
    twice = {recipient for recipient, times in copies.items() if times > 1 and recipient in ordered}
    repeats = sum(state == "duplicate" for _, state, *_ in rows)
    print(f"came {dict(ways)}, {repeats} of them again")
    print(f"{len(twice)} confirmations went out twice, {len(known)} were in doubt")
    return {
        "lost": sorted(set(sent) - set(acted)),
        "acted on twice": sorted(key for key, times in acted.items() if times > 1),
        "decided twice": [id_ for _, _, _, id_, _ in rows if decided[id_] > 1],
        "in no final state": [row for row in rows if row[1] not in {"handled", "held", "duplicate"}],
        "other octets than were sent": [
            key for key, _, digest, *_ in rows if digest not in sent.get(key, set[str]())
        ],
        "not in the spool": [
            digest
            for _, _, digest, _, size in rows
            if size > 64 * 1024 and not (config.data / "spool" / digest[:2] / digest[2:4] / digest).is_file()
        ],
        "orders": sorted((Counter(ordered) - orders) + (orders - Counter(ordered))),
        "stock": sorted(set(figures) ^ shelf),
        "confirmations lost": sorted(ordered - set(copies)),
        "confirmations twice and not in doubt": sorted(twice - known),
        "the database": [
            row
            for row in read(config, "PRAGMA integrity_check") + read(config, "PRAGMA foreign_key_check")
            if row != ("ok",)
        ],
    }


async def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=24)
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    wanted = parser.parse_args()
    print(f"seed {wanted.seed}")
    with tempfile.TemporaryDirectory() as folder:
        async with SmtpSink() as sink:
            settings = {
                "shop": {"name": "Blue Door", "domain": "boutique.example"},
                "owner": {"addresses": ["priya@owner.example"]},
                "relay": {"smarthost": "127.0.0.1", "port": sink.port, "tls": "off"},
            }
            wrong = await weathered(
                Path(folder) / "shop",
                settings,
                sink,
                kills=wanted.kills,
                mails=wanted.mails,
                seed=wanted.seed,
            )
    for what, cases in wrong.items():
        print(f"{what}: {len(cases)}", *cases[:5])
    return int(any(wrong.values()))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
