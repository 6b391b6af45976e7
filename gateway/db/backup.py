"""Checked copies of the whole shop, made while it is open, and the way back from one.

A SQLite copy is made by VACUUM INTO on a connection that only reads: nobody waits, and freed pages, with the
people who were erased from them, are not in it. It is checked before it gets its name. A restore never writes
over the present database, and every message that was not sent yet comes back held: it may have gone out after
the copy was made.
"""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager, nullcontext, suppress
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import make_url, update

from gateway.db.copies import (
    LONGEST,
    CopyDamaged,
    CopyFailed,
    Manifest,
    compress,
    decompress,
    name_of,
    remove_outdated,
    settle,
    sha256_of,
    vouched,
    write_manifest,
)
from gateway.db.dump import dump, fill, whole_dump
from gateway.db.engine import commit, open_database
from gateway.db.revision import standing
from gateway.db.sqlite import held
from gateway.db.tables.mail import outbound_message, outbox
from gateway.db.unit import Unit
from gateway.kernel.errors import InputError

log = structlog.get_logger()

# What a restored shop does first: nothing goes out until the owner says so.
HOLD_ALL: Unit = (
    (update(outbox).values(status="held", worker_id=None, epoch=None, marked_at=None), None),
    (update(outbound_message).where(outbound_message.c.status == "open").values(why="restored"), None),
)


async def back_up(url: str, folder: Path, now: datetime, *, spool: Path | None = None) -> Path:
    """Make a copy in `folder` and check it; returns its file. Older copies go as `copies.outdated` says.

    Large octets, files under `spool`, are linked beside it, or copied where the folder is on another disk.
    CopyFailed: nothing was made.
    """
    address = make_url(url)
    kind = address.get_backend_name()
    file = folder / name_of(kind, now)
    part = folder / f".{file.name}"
    with _failing_plainly(folder, part):
        await asyncio.to_thread(_make_folder, folder)
        if kind == "sqlite":
            revision, rows = await asyncio.to_thread(_copy_sqlite, Path(str(address.database)), part)
        else:
            revision, rows = await dump(address, part)
        await asyncio.to_thread(_publish, part, file, kind, now, revision, rows)
        if spool is not None:
            await asyncio.to_thread(_keep_spool, spool, folder / "spool", now)
        removed = await asyncio.to_thread(remove_outdated, folder, now)
    log.info("store.copied", file=file.name, rows=sum(rows.values()), removed=len(removed))
    return file


async def check_copy(copy: Path) -> Manifest:
    """The manifest of a copy, which was unpacked and found to be what it says; CopyDamaged otherwise."""
    return await asyncio.to_thread(_check, copy)


async def restore(copy: Path, url: str, *, now: datetime, lock: Path | None = None) -> str:
    """Put a copy in place of the present database; returns where the present one went.

    That is a file beside it, or on PostgreSQL a schema; empty if there was none. Everything in the outbox is
    held. AlreadyRunning while the shop is open; TooNew for a copy that a later version made.
    """
    address = make_url(url)
    manifest = await asyncio.to_thread(vouched, copy)
    if manifest.kind != address.get_backend_name():
        raise InputError(
            str(copy), f"is a copy of a {manifest.kind} database", "use `mailflow data import` to change over"
        )
    standing(manifest.revision)
    with held(lock) if lock else nullcontext():
        if manifest.kind == "postgresql":
            aside = await fill(address, copy, HOLD_ALL, now)
        else:
            aside = await _restore_sqlite(copy, manifest, Path(str(address.database)), now)
    log.info("store.restored", file=copy.name, aside=aside)
    return aside


async def _restore_sqlite(copy: Path, manifest: Manifest, file: Path, now: datetime) -> str:
    fresh = file.with_name(f".{file.name}.restored")
    await asyncio.to_thread(_unpack, copy, manifest, fresh)
    async with open_database(f"sqlite:///{fresh}") as db:
        await commit(db, HOLD_ALL)
    aside = file.with_name(f"{file.name}.before-{now:%Y%m%dT%H%M%SZ}")
    try:
        return await asyncio.to_thread(_put_in_place, fresh, file, aside)
    except OSError as error:
        raise CopyFailed(f"{copy} could not be put in place: {error}") from error


def _put_in_place(fresh: Path, file: Path, aside: Path) -> str:
    """Swap the files so that at every moment there is a database: the former one, or the copy."""
    if not file.exists():
        settle(fresh, file)
        return ""
    with closing(sqlite3.connect(file)) as former:
        try:
            former.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # what a crash left in the log belongs to it
        except sqlite3.DatabaseError:
            log.warning("store.former_damaged", file=aside.name)
    os.link(file, aside)
    for ending in "-wal", "-shm":
        log_file = file.with_name(file.name + ending)
        if log_file.exists():
            log_file.rename(aside.with_name(aside.name + ending))
    settle(fresh, file)
    return str(aside)


def _copy_sqlite(source: Path, part: Path) -> tuple[str | None, dict[str, int]]:
    """Write a checked, compressed copy; returns its revision and rows."""
    if not source.is_file():
        raise InputError("[store] url", f"there is no database {source}")
    plain = part.with_suffix(".plain")
    plain.unlink(missing_ok=True)
    try:
        os.close(
            os.open(plain, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        )  # VACUUM INTO takes an empty file
        with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as reader:
            reader.execute("VACUUM INTO ?", (str(plain),))
        found = _inspect(plain)
        compress(plain, part)
        return found
    finally:
        plain.unlink(missing_ok=True)


def _inspect(plain: Path) -> tuple[str | None, dict[str, int]]:
    """The revision and the rows of each table of a sound file; CopyDamaged if it is not sound."""
    with closing(sqlite3.connect(f"{plain.absolute().as_uri()}?mode=ro", uri=True)) as db:
        try:
            said = [row[0] for row in db.execute("PRAGMA integrity_check(10)")]
            if said != ["ok"]:
                raise CopyDamaged(f"{plain.name}: {'; '.join(said)}")
            if broken := db.execute("PRAGMA foreign_key_check").fetchall():
                raise CopyDamaged(f"{plain.name}: {len(broken)} rows refer to nothing, in {broken[0][0]}")
            tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            names = [name for (name,) in db.execute(tables)]
            rows = {
                name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in sorted(names)
            }
            versions = (
                db.execute("SELECT version_num FROM alembic_version") if "alembic_version" in rows else ()
            )
            return next((version for (version,) in versions), None), rows
        except sqlite3.DatabaseError as error:
            raise CopyDamaged(f"{plain.name}: {error}") from error


def _check(copy: Path) -> Manifest:
    manifest = vouched(copy)
    if manifest.kind == "postgresql":
        if not whole_dump(copy):
            raise CopyDamaged(f"{copy} ends before its end")
        return manifest
    trial = copy.with_name(f".{copy.name}.check")
    try:
        _unpack(copy, manifest, trial)
    finally:
        trial.unlink(missing_ok=True)
    return manifest


def _unpack(copy: Path, manifest: Manifest, plain: Path) -> None:
    plain.unlink(missing_ok=True)
    decompress(copy, plain)
    if (found := _inspect(plain)) != (manifest.revision, manifest.rows):
        raise CopyDamaged(f"{copy} holds {sum(found[1].values())} rows, not those of its manifest")


def _publish(
    part: Path, file: Path, kind: str, now: datetime, revision: str | None, rows: dict[str, int]
) -> None:
    """Give the copy its name; the manifest comes first, so that no copy is without."""
    size = part.stat().st_size
    write_manifest(
        file.parent, Manifest(file.name, kind, now.isoformat(), revision, sha256_of(part), size, rows)
    )
    settle(part, file)


def _keep_spool(spool: Path, kept: Path, now: datetime) -> None:
    """Have under `kept` what is under `spool`, and what was there until `LONGEST` ago.

    Files are named by what they hold and never change. The change time of one that is gone from `spool` tells
    since when: a link less changes it, and of a copy on another disk it is renewed while it is wanted.
    """
    wanted = {path.relative_to(spool) for path in spool.glob("??/??/*") if path.is_file()}
    for name in wanted:
        _have(spool / name, kept / name)
    for path in kept.glob("??/??/*"):
        gone_since = path.stat().st_ctime
        if path.relative_to(kept) not in wanted and gone_since < (now - LONGEST).timestamp():
            path.unlink()


def _have(source: Path, target: Path) -> None:
    if target.exists():
        if target.stat().st_nlink == 1:
            os.utime(target)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another disk
        part = target.with_name(f".{target.name}")
        shutil.copyfile(source, part)
        settle(part, target)


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextmanager
def _failing_plainly(folder: Path, part: Path) -> Generator[None]:
    try:
        yield
    except (OSError, EOFError, sqlite3.Error, CopyDamaged) as error:
        raise CopyFailed(f"no copy was made in {folder}: {error}") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
