"""How fast the database takes and gives: `uv run python tests/performance/store.py`.

Prints, and asserts nothing: rows a second by the size of a group, seconds of a commit while a relay works, a
shop of 10,000 products and 5,000 customers asked for its best customers (S0-B2, S0-B5), many rows streamed in
flat memory, the size of the file. Put FOLDER on the disk that counts. Look at the load of the machine first.
"""

import argparse
import asyncio
import os
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import bindparam, func, select, update

from gateway.db.engine import (
    Database,
    Unit,
    among,
    commit,
    create_schema,
    greatest,
    open_database,
    reading,
    upsert,
    writing,
)
from gateway.db.tables.mail import (
    attempt,
    journal,
    journal_octets,
    outbound_message,
    outbox,
    throttle,
    worker,
)
from gateway.db.tables.shop import customer, order_line, orders, product, stock

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PRODUCTS, CUSTOMERS, ORDERS = 10_000, 5_000, 20_000
ROWS = 4_000
LATER = upsert(throttle, None, ["key"], lambda new: {"due_at": greatest(throttle.c.due_at, new.due_at)})


def mail(name: str, octets: bytes) -> Unit:
    row = {
        "id": name,
        "received_at": NOW,
        "via": "smtp",
        "forward_paths": ["orders@shop.example"],
        "sha256": "0" * 64,
        "size": len(octets),
    }
    return [(journal.insert(), row), (journal_octets.insert(), {"journal_id": name, "octets": octets})]


async def timed(what: str, unit: str, many: int, work: Callable[[], Awaitable[object]]) -> None:
    began, used = time.perf_counter(), time.process_time()
    await work()
    took, cpu = time.perf_counter() - began, time.process_time() - used
    print(f"{what:<52} {many / took:>10,.0f} {unit}/s {cpu / many * 1000:>8.3f} ms CPU each")


async def groups(db: Database) -> None:
    """Mails of 5 kB by how many callers wait at a time: each waits for its own durable commit."""
    octets = os.urandom(5_000)
    for width in (1, 8, 64, 256):
        names = iter(range(ROWS))

        async def caller(width: int = width, names=names) -> None:
            for n in names:
                if n >= min(ROWS, width * 100):
                    return
                await commit(db, mail(f"jrn{width}.{n}", octets))

        async def all_callers(width: int = width, caller=caller) -> None:
            await asyncio.gather(*(caller() for _ in range(width)))

        await timed(f"mails of 5 kB, {width} callers", "mails", min(ROWS, width * 100), all_callers)


async def relay(db: Database, messages: int, connections: int) -> None:
    """What a relay commits: a claim of 64, then for each message a mark with its throttle, then a settle."""
    made = {"purpose": "marketing", "lane": 2, "template": "t", "created_at": NOW, "expires_at": NOW}
    ids = [made | {"id": f"msg{n}", "recipient_key": f"k{n}"} for n in range(messages)]
    [[me]] = await commit(
        db,
        [
            (
                worker.insert().returning(worker.c.id),
                {"host": "a", "pid": 1, "started_at": NOW, "beat_at": NOW},
            )
        ],
    )
    [seqs] = await commit(db, [(outbound_message.insert().returning(outbound_message.c.seq), ids)])
    rows = [{"seq": row.seq, "route_id": 1, "lane": 2, "status": "queued", "due_at": NOW} for row in seqs]
    await commit(db, [(outbox.insert(), rows)])
    due = select(outbox.c.seq).where(outbox.c.status == "queued", outbox.c.route_id == 1, outbox.c.lane == 2)
    due = due.order_by(outbox.c.due_at, outbox.c.seq).limit(64)
    claim = update(outbox).where(outbox.c.seq.in_(due)).values(status="leased", worker_id=me.id, epoch=1)
    claim = claim.returning(outbox.c.seq)
    mine = among(outbox.c.seq, bindparam("seqs"))
    mark = update(outbox).where(mine, outbox.c.status == "leased").values(status="committing", marked_at=NOW)
    mark = mark.returning(outbox.c.seq)
    settle = update(outbound_message).where(outbound_message.c.seq == bindparam("of"))
    settle = settle.values(status="accepted", settled_at=NOW, code=250)
    gone = outbox.delete().where(mine).returning(outbox.c.seq)
    ready: asyncio.Queue[int] = asyncio.Queue()
    took: list[float] = []

    async def commit_timed(unit: Unit) -> None:
        began = time.perf_counter()
        await commit(db, unit)
        took.append(time.perf_counter() - began)

    async def connection() -> None:
        while True:
            seq = await ready.get()
            await commit_timed([(mark, {"seqs": [seq]}), (LATER, {"key": "whole", "due_at": NOW})])
            told = {"seq": seq, "number": 1, "at": NOW, "route_id": 1, "phase": "dot", "outcome": "accepted"}
            await commit_timed([(attempt.insert(), told), (settle, {"of": seq}), (gone, {"seqs": [seq]})])
            ready.task_done()

    async def work() -> None:
        tasks = [asyncio.create_task(connection()) for _ in range(connections)]
        while True:
            [claimed] = await commit(db, [(claim, None)])
            if not claimed:
                break
            for row in claimed:
                ready.put_nowait(row.seq)
            await ready.join()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    await timed(f"relay: claim, mark, settle, {connections} connections", "mails", messages, work)
    p = statistics.quantiles(took, n=100)
    print(f"{'':<52} a commit: median {p[49] * 1000:.1f} ms, p99 {p[98] * 1000:.1f} ms")


async def bodies(db: Database) -> None:
    """What the pipe commits: a body of ten statements, one at a time and eight at a time."""
    for width in (1, 8):
        numbers = iter(range(200))

        async def teller(width: int = width, numbers=numbers) -> None:
            for n in numbers:
                async with writing(db) as tx:
                    for key in range(10):
                        await tx.execute(LATER, {"key": f"{width}.{n}.{key}", "due_at": NOW})

        async def all_tellers(width: int = width, teller=teller) -> None:
            await asyncio.gather(*(teller() for _ in range(width)))

        await timed(f"bodies of ten statements, {width} at a time", "bodies", 200, all_tellers)


async def shop(db: Database) -> None:
    chance = random.Random(1)
    goods = [{"id": f"prd{n}", "sku": f"SKU-{n}", "name": f"Product {n}"} for n in range(PRODUCTS)]
    people = [{"id": f"cus{n}", "email_key": f"k{n}", "registered_at": NOW} for n in range(CUSTOMERS)]
    bought = [
        {
            "id": f"ord{n}",
            "number": str(n),
            "source": "web",
            "external_id": str(n),
            "customer_id": f"cus{chance.randrange(CUSTOMERS)}",
            "currency": "EUR",
            "total_minor": chance.randrange(500, 20_000),
            "placed_at": NOW - timedelta(days=chance.randrange(700)),
            "placed_on": NOW.date(),
        }
        for n in range(ORDERS)
    ]
    lines = [
        {
            "order_id": f"ord{n}",
            "line": 1,
            "product_id": f"prd{chance.randrange(PRODUCTS)}",
            "sku": "",
            "name": "",
            "quantity": 1,
        }
        for n in range(ORDERS)
    ]
    stocked = [{"product_id": one["id"], "on_hand": 5} for one in goods]

    async def fill() -> None:
        for table, rows in (
            (product, goods),
            (stock, stocked),
            (customer, people),
            (orders, bought),
            (order_line, lines),
        ):
            for start in range(0, len(rows), 2_000):
                await commit(db, [(table.insert(), rows[start : start + 2_000])])

    total = len(goods) * 2 + len(people) + len(bought) + len(lines)
    await timed("filling the shop, 2,000 rows a commit", "rows", total, fill)
    spent = func.sum(orders.c.total_minor)
    best = (
        select(customer.c.id, func.count(), spent)
        .join(orders, orders.c.customer_id == customer.c.id)
        .where(orders.c.placed_at > NOW - timedelta(days=365))
        .group_by(customer.c.id)
        .having(spent > 20_000)
        .order_by(spent.desc())
    )

    async def ask() -> None:
        for _ in range(10):
            async with reading(db) as tx:
                (await tx.execute(best)).all()

    await timed("5,000 customers asked by what they spent in a year", "times", 10, ask)

    async def look() -> None:
        for n in range(1_000):
            async with reading(db) as tx:
                (await tx.execute(select(orders).where(orders.c.number == str(n)))).one()

    await timed("an order found by its number", "times", 1_000, look)


async def stream(db: Database) -> None:
    pairs = select(orders.c.id, customer.c.id).select_from(orders.join(customer, orders.c.placed_at < NOW))
    pairs = pairs.limit(300_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    async def read() -> None:
        async with reading(db) as tx, tx.stream(pairs) as rows:
            async for _ in rows:
                pass

    await timed("rows streamed", "rows", 300_000, read)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{'':<52} memory grew by {grown / 1024:.1f} MiB")


async def main(url: str, file: Path | None) -> None:
    print(f"load before: {' '.join(f'{load:.1f}' for load in os.getloadavg())}")
    async with open_database(url) as db:
        await create_schema(db)
        await groups(db)
        await relay(db, 3_000, 30)
        await bodies(db)
        await shop(db)
        await stream(db)
    if file is not None:
        print(f"{'the file':<52} {file.stat().st_size / 2**20:>10.1f} MiB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", help="a database without tables; default: a SQLite file that is removed")
    parser.add_argument("--folder", help="where that file is made")
    given = parser.parse_args()
    if given.url:
        asyncio.run(main(given.url, None))
    else:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            made = Path(folder) / "shop.db"
            asyncio.run(main(f"sqlite:///{made}", made))
