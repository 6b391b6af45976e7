"""How the service feels: ready, quick, small.

    uv run python tests/performance/service.py            an empty shop
    uv run python tests/performance/service.py --full     10,000 products and 5,000 customers imported first

Prints: seconds until `mailflow serve` is ready; milliseconds from the 250 of an order to its stored decision,
and to its confirmation at the next hop; resident memory after it. Figures, no judgement: machines differ.
"""

import argparse
import asyncio
import os
import smtplib
import socket
import sqlite3
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from gateway.app.config import Config
from gateway.app.control import ask
from gateway.app.new_shop import make_shop
from gateway.testing.sink import SmtpSink
from gateway.testing.zone import Zone, serving

ROUNDS = 40
DOMAIN = "boutique.example"


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def send(port: int, sender: str, subject: str, text: str, identifier: str) -> None:
    mail = (
        f"From: {sender}\r\nTo: orders@{DOMAIN}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{identifier}@test.example>\r\n"
        f"Date: Fri, 20 Nov 2026 12:00:00 +0000\r\n\r\n{text}\r\n"
    )
    with smtplib.SMTP("127.0.0.1", port, "test.example", timeout=10) as smtp:
        smtp.sendmail(sender, [f"orders@{DOMAIN}"], mail.encode())


def memory(pid: int) -> float:
    """Resident set in MiB (Linux)."""
    fields = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
    )
    return int(fields["VmRSS"].split()[0]) / 1024


def decisions(database: sqlite3.Connection) -> int:
    return database.execute("SELECT count(*) FROM trace").fetchone()[0]


async def started(folder: Path, port: int) -> tuple[asyncio.subprocess.Process, float]:
    """The service, and the seconds until it answers."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = (sys.executable, "-c", "from gateway.cli.main import main; main()", "serve", "--folder", folder)
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL, env=environment)
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await reader.readline()
            writer.close()
            return process, time.perf_counter() - begun
        except OSError:
            await asyncio.sleep(0.01)


async def one_order(config: Config, sink: SmtpSink, port: int, number: int) -> tuple[float, float]:
    """Milliseconds from 250 for an order to its stored decision, and to its confirmation at the next hop."""
    before = sink.taken
    with closing(sqlite3.connect(f"file:{config.store.path}?mode=ro", uri=True)) as database:
        count = decisions(database)
        order = "2 x MUG-01\r\nThank you"
        await asyncio.to_thread(send, port, f"ana{number}@example.net", "Order", order, f"order-{number}")
        accepted = time.perf_counter()
        while decisions(database) == count:
            await asyncio.sleep(0.001)
        stored = time.perf_counter()
    await sink.wait_for(before + 1)
    return (stored - accepted) * 1000, (time.perf_counter() - accepted) * 1000


async def fill(config: Config) -> None:
    """10,000 products and 5,000 customers."""
    begun = time.perf_counter()
    for first in range(0, 10_000, 100):
        rows: list[Mapping[str, str]] = [
            {"sku": f"SKU-{n:05d}", "name": f"Product {n}", "price": "9.99", "category": f"shelf {n % 40}"}
            for n in range(first, first + 100)
        ]
        await ask(config, "ingest", kind="products", source="products.csv", rows=rows, first=2)
    for first in range(0, 5_000, 100):
        people = [{"email": f"p{n}@example.org", "name": f"Person {n}"} for n in range(first, first + 100)]
        await ask(config, "ingest", kind="customers", source="customers.csv", rows=people, first=2)
    print(f"import of 10,000 products and 5,000 customers  {time.perf_counter() - begun:8.1f} s")


async def measure(folder: Path, full: bool) -> None:
    port = free_port()
    async with SmtpSink(keep=False) as sink, serving(Zone()) as names:  # nobody there publishes anything
        config = make_shop(
            folder,
            {
                "shop": {"name": "Blue Door", "domain": DOMAIN},
                "owner": {"addresses": ["owner@example.com"]},
                "listen": {"host": "127.0.0.1", "port": port},
                "dns": {"servers": [f"127.0.0.1:{names}"]},
                "relay": {"smarthost": "127.0.0.1", "port": sink.port, "tls": "off"},
            },
        )
        mugs = {"sku": "MUG-01", "name": "Mug", "price": "5.00", "on_hand": "9999"}
        await ask(config, "ingest", kind="products", source="products.csv", rows=[mugs], first=2)
        readiness: list[float] = []
        for _ in range(3):
            process, seconds = await started(folder, port)
            readiness.append(seconds)
            process.terminate()
            await process.wait()
        process, _ = await started(folder, port)
        print(f"ready after, median of 3                        {statistics.median(readiness):8.2f} s")
        print(f"resident memory at the start                    {memory(process.pid):8.1f} MiB")
        if full:
            await fill(config)
        times = [await one_order(config, sink, port, number) for number in range(ROUNDS)]
        stored, sunk = ([time for time, _ in times], [time for _, time in times])
        print(f"order accepted -> decision stored, median       {statistics.median(stored):8.1f} ms")
        print(f"                                   worst        {max(stored):8.1f} ms")
        print(f"order accepted -> confirmation at the next hop  {statistics.median(sunk):8.1f} ms")
        print(f"                                   worst        {max(sunk):8.1f} ms")
        print(f"resident memory after {ROUNDS:3} mails                   {memory(process.pid):8.1f} MiB")
        process.terminate()
        await process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--full", action="store_true", help="with 10,000 products and 5,000 customers")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder) / "shop", arguments.full))


if __name__ == "__main__":
    main()
