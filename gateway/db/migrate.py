"""Brings a database to the revision of this program; by hand: `python -m gateway.db.migrate URL`.

The service calls `bring_up`, which does the work in a child process, for Alembic stays out of a process that
lives for weeks. A database with rows in it is copied first. On both databases all steps are one transaction:
who pulls the plug finds the old tables whole.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import URL, Connection, create_engine, event, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from gateway.db.engine import open_database, reading
from gateway.db.revision import REVISIONS, Standing, standing, stored_revision
from gateway.db.sqlite import held, make
from gateway.kernel.errors import MailFlowError

MIGRATIONS = Path(__file__).parent / "migrations"
ADVISORY = 0x6D666C77  # PostgreSQL's lock of that number: one process migrates, the others wait
log = structlog.get_logger()


class NotMigrated(MailFlowError):
    """The tables could not be brought to this version; they are as they were."""


async def bring_up(url: str, *, lock: Path | None = None, copy: Callable[[], Any] | None = None) -> None:
    """Make the tables, or bring them to this version; `copy` is awaited before tables with rows are changed.

    Returns at once when there is nothing to do. TooNew: a later version wrote the database.
    """
    found = Standing.EMPTY
    if not _is_missing(make_url(url)):
        async with open_database(url, read_only=True) as db, reading(db) as tx:
            found = standing(await stored_revision(tx))
    if found is Standing.CURRENT:
        return
    if found is Standing.BEHIND and copy is not None:
        await copy()
    await _in_a_child(url, lock)
    log.info("store.migrated", revision=REVISIONS[-1])


def _is_missing(address: URL) -> bool:
    return address.get_backend_name() == "sqlite" and not Path(str(address.database)).is_file()


async def _in_a_child(url: str, lock: Path | None) -> None:
    holding = ["--lock", str(lock)] if lock else []
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gateway.db.migrate",
        "-",  # the URL comes by stdin: it may hold a password, and everybody may list processes
        *holding,
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await child.communicate(url.encode())
    if child.returncode:
        last = complaint.decode(errors="replace").strip().splitlines()[-1:]
        raise NotMigrated(f"the tables could not be brought to revision {REVISIONS[-1]}: {''.join(last)}")


def migrate(url: str, to: str = "head", *, down: bool = False) -> None:
    """Run the migrations up, or down, to a revision, in this process; down to `base` is no tables at all."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        _migrate_sqlite(address, partial(run, to=to, down=down))
    else:
        asyncio.run(_migrate_postgresql(address, partial(run, to=to, down=down)))


def _migrate_sqlite(address: URL, work: Callable[[Connection], None]) -> None:
    make(Path(str(address.database)))
    engine = create_engine(address.set(drivername="sqlite+pysqlite"), poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def prepare(raw: Any, _record: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        raw.isolation_level = None
        # No foreign keys while a table is rebuilt; they are checked before the COMMIT.
        for pragma in ("auto_vacuum=INCREMENTAL", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=OFF"):
            raw.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.begin() as connection:
        work(connection)
        if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
            raise NotMigrated(f"{len(broken)} rows would refer to nothing, the first in {broken[0][0]}")


async def _migrate_postgresql(address: URL, work: Callable[[Connection], None]) -> None:
    engine = create_async_engine(address.set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    try:
        async with engine.begin() as tx:
            await tx.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY})"))
            await tx.execute(text("SET LOCAL lock_timeout = '2s'"))
            await tx.run_sync(work)
    finally:
        await engine.dispose()


def run(connection: Connection, to: str, down: bool) -> None:
    """Run the migrations on this connection, whose transaction is the caller's."""
    from alembic import command

    config = configuration()
    config.attributes["connection"] = connection
    (command.downgrade if down else command.upgrade)(config, to)


def configuration() -> Any:
    """Alembic's configuration; there is no alembic.ini."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m gateway.db.migrate", description=__doc__)
    parser.add_argument("url", help="the database; - reads it from standard input")
    parser.add_argument("--to", default="head", metavar="REVISION")
    parser.add_argument("--down", action="store_true", help="to an earlier revision, or to base: no tables")
    parser.add_argument("--lock", type=Path, help="the lock of the data folder, held meanwhile")
    given = parser.parse_args(arguments)
    url = sys.stdin.read().strip() if given.url == "-" else given.url
    try:
        with held(given.lock) if given.lock else nullcontext():
            migrate(url, given.to, down=given.down)
    except (MailFlowError, SQLAlchemyError, OSError) as error:
        sys.exit(f"{type(error).__name__}: {error}".splitlines()[0])


if __name__ == "__main__":
    main()
