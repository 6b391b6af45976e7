"""Writes units and is killed, again and again; prints what was promised and what is there (test_writer).

The parent forks before any thread exists. A child commits units of two rows each, several at a time, and
tells their numbers down a pipe once `commit` has returned; after a few milliseconds it is killed.
"""

import asyncio
import json
import os
import random
import signal
import sqlite3
import sys
import time
from datetime import UTC, datetime
from itertools import count

from gateway.db.engine import commit, create_schema, open_database, writing
from gateway.db.tables.mail import applied, setting

NOW = datetime(2026, 11, 21, tzinfo=UTC)


async def write(url: str, round_: int, pipe: int) -> None:
    numbers = count()

    async def units() -> None:
        for number in numbers:
            name = f"{round_}.{number}"
            row = {"id": name, "stimulus_id": "kill", "effect": "x" * random.randrange(2000), "at": NOW}
            other = {"key": name, "changed_at": NOW, "by": ""}
            await commit(db, [(applied.insert(), row), (setting.insert(), other)])
            os.write(pipe, f"{name}\n".encode())

    async def bodies() -> None:
        for number in numbers:
            name = f"{round_}.{number}"
            async with writing(db) as tx:
                await tx.execute(
                    applied.insert(), {"id": name, "stimulus_id": "kill", "effect": "body", "at": NOW}
                )
                await tx.execute(setting.insert(), {"key": name, "changed_at": NOW, "by": ""})
            os.write(pipe, f"{name}\n".encode())

    async with open_database(url) as db, asyncio.TaskGroup() as group:
        for _ in range(6):
            group.create_task(units())
        group.create_task(bodies())


async def prepare(url: str) -> None:
    async with open_database(url) as db:
        await create_schema(db)


def main(file: str, rounds: int) -> None:
    url = f"sqlite:///{file}"
    if (child := os.fork()) == 0:
        asyncio.run(prepare(url))
        os._exit(0)
    os.waitpid(child, 0)
    promised: set[str] = set()
    for round_ in range(rounds):
        reader, writer = os.pipe()
        if (child := os.fork()) == 0:
            asyncio.run(write(url, round_, writer))
        os.close(writer)
        with os.fdopen(reader) as lines:
            first = lines.readline().strip()
            time.sleep(random.uniform(0, 0.06))
            os.kill(child, signal.SIGKILL)
            promised.update(filter(None, [first, *(line.strip() for line in lines if line.endswith("\n"))]))
        os.waitpid(child, 0)
    with sqlite3.connect(file) as db:
        acts = {name for (name,) in db.execute("SELECT id FROM applied")}
        settings = {name for (name,) in db.execute("SELECT key FROM setting")}
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()
    report = {
        "rounds": rounds,
        "returned": len(promised),
        "lost": sorted(promised - acts),
        "torn": sorted(acts ^ settings),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
