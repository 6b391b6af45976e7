"""A copy of a PostgreSQL database by its own programs, pg_dump and psql, as plain SQL.

The connection is told to them by the environment, not by arguments, which everybody may list. A restore is
one transaction: the present schema gets another name, the dump fills a new one, and everything in the outbox
is held before anybody can see it.
"""

import asyncio
import gzip
import os
import zlib
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, ClauseElement, func, select, text
from sqlalchemy.dialects import postgresql

from gateway.db.copies import packing
from gateway.db.engine import metadata, open_database, reading
from gateway.db.revision import stored_revision
from gateway.db.unit import Unit
from gateway.kernel.errors import DatabaseUnavailable, InputError

ASIDE = "before_"  # the names of schemas that a restore has moved aside begin so
END = b"-- PostgreSQL database dump complete"
_PIECE = 2**20


async def dump(address: URL, target: Path) -> tuple[str | None, dict[str, int]]:
    """Write a compressed dump of one snapshot; returns the revision and the rows of each table in it."""
    url = address.render_as_string(hide_password=False)
    async with open_database(url, read_only=True) as db, reading(db) as tx:
        snapshot = (await tx.execute(text("SELECT pg_export_snapshot()"))).scalar_one()
        revision = await stored_revision(tx)
        counted = [select(func.count()).select_from(table) for table in metadata.sorted_tables]
        rows = {
            table.name: (await tx.execute(count)).scalar_one()
            for table, count in zip(metadata.sorted_tables, counted, strict=True)
        }
        options = ("--no-owner", "--no-privileges", f"--exclude-schema={ASIDE}*", f"--snapshot={snapshot}")
        await _pack(await _started("pg_dump", *options, address=address), target)
    return revision, rows


async def fill(address: URL, copy: Path, first: Unit, now: datetime) -> str:
    """Replace everything by a copy, apply `first`, all in one transaction; the name of the former schema."""
    aside = f"{ASIDE}{now:%Y%m%d%H%M%S}"
    child = await _started(
        "psql", "-X", "-q", "-o", os.devnull, "--single-transaction", "-v", "ON_ERROR_STOP=1", address=address
    )
    assert child.stdin
    try:
        child.stdin.write(f"ALTER SCHEMA public RENAME TO {aside};\nCREATE SCHEMA public;\n".encode())
        async for piece in _unpacked(copy):
            child.stdin.write(piece)
            await child.stdin.drain()
        child.stdin.write(f"\nSET search_path TO public;\n{_as_text(first)}".encode())
        child.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        pass  # psql has stopped, and says why
    await _ended(child, "psql")
    return f"schema {aside}"


def whole_dump(copy: Path) -> bool:
    """Whether a dump can be read to its end, and says that it is the end."""
    last = b""
    try:
        with gzip.open(copy, "rb") as packed:
            while piece := packed.read(_PIECE):
                last = last[-4096:] + piece
    except (OSError, EOFError, zlib.error):
        return False
    return END in last[-4096:]


def environment(address: URL) -> Mapping[str, str]:
    """What PostgreSQL's programs need to know of a URL, as they know it."""
    query = {name: value for name, value in address.query.items() if isinstance(value, str)}
    known = {
        "PGHOST": address.host or query.get("host"),
        "PGPORT": str(address.port) if address.port else query.get("port"),
        "PGUSER": address.username,
        "PGPASSWORD": address.password,
        "PGDATABASE": address.database,
    }
    return {name: value for name, value in known.items() if value}


async def _started(program: str, *options: str, address: URL) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    surroundings = {**os.environ, **environment(address), "PGOPTIONS": "-c client_min_messages=error"}
    try:
        return await asyncio.create_subprocess_exec(
            program, *options, stdin=pipe, stdout=pipe, stderr=pipe, env=surroundings
        )
    except FileNotFoundError as error:
        raise InputError("backup", f"there is no {program}", "install postgresql-client") from error


async def _pack(child: asyncio.subprocess.Process, target: Path) -> None:
    assert child.stdout
    with packing(target) as packed:
        while piece := await child.stdout.read(_PIECE):
            await asyncio.to_thread(packed.write, piece)
    await _ended(child, "pg_dump")


async def _unpacked(copy: Path) -> AsyncIterator[bytes]:
    with gzip.open(copy, "rb") as packed:
        while piece := await asyncio.to_thread(packed.read, _PIECE):
            yield piece


async def _ended(child: asyncio.subprocess.Process, program: str) -> None:
    assert child.stderr
    complaint = (await child.stderr.read()).decode(errors="replace").strip()
    if await child.wait():
        raise DatabaseUnavailable(f"{program}: {complaint.splitlines()[0] if complaint else 'failed'}")


def _as_text(unit: Unit) -> str:
    """The statements with their values, for a program that has no other way to be told them."""
    speaker = cast("Any", postgresql.dialect)(paramstyle="named")
    compiled = (
        cast("ClauseElement", statement).compile(dialect=speaker, compile_kwargs={"literal_binds": True})
        for statement, _ in unit
    )
    return "".join(f"{one};\n" for one in compiled)
