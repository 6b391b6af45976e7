"""`mailflow data`: the shop's tables in and out, and copies of all of it."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sqlalchemy import func, select

from gateway.app.config import load
from gateway.app.control import ask
from gateway.cli.counted import counted
from gateway.db.engine import open_database, reading
from gateway.db.metadata import metadata
from gateway.edges.files import read_csv, write_jsonl
from gateway.kernel.clock import SystemClock
from gateway.kernel.errors import InputError
from gateway.pipeline.ingest import COLUMNS

ROWS = 100  # of one stimulus, so that nobody waits long behind an import
_ROWS = {"orders": 20}  # an order is some fifty statements and a letter
_TOGETHER = {"orders": "number"}  # rows that belong together stay together
# Rows that name nothing which a file before them would bring; others are not rehearsed behind one.
_KNOW_NOTHING = frozenset({"customers", "suppliers", "products"})

Row = Mapping[str, str]


def run_import(folder: Path, files: Sequence[Path], *, dry_run: bool) -> int:
    """Take in CSV files; each is checked as a whole before its first row is taken."""
    config = load(folder)
    tables = [(_kind(file), file, read_csv(file, *COLUMNS[_kind(file)])) for file in files]
    for at, (kind, file, rows) in enumerate(tables):
        if not dry_run or at == 0 or kind in _KNOW_NOTHING:
            for first, part in _parts(rows, _ROWS.get(kind, ROWS), _TOGETHER.get(kind)):
                brought = {"kind": kind, "source": file.name, "rows": list(part), "first": first + 2}
                asyncio.run(ask(config, "ingest", **brought, dry_run=dry_run))
        print(
            f"{file.name}: {counted(len(rows), 'row')} of {kind} {'can be read' if dry_run else 'taken in'}"
        )
    return 0


def run_export(folder: Path, target: Path) -> int:
    """Write every table as JSON Lines, and a manifest that counts them."""
    if target.exists() and any(target.iterdir()):
        raise InputError(str(target), "is not empty", "name a new folder")
    target.mkdir(parents=True, exist_ok=True)
    return asyncio.run(_export(folder, target))


def run_backup(folder: Path) -> int:
    """Make a checked copy in the shop's data folder."""
    from gateway.db.backup import back_up

    config = load(folder)
    copy = asyncio.run(back_up(config.store.address(), config.data / "backup", SystemClock().now()))
    print(f"{copy} is made and checked")
    return 0


def run_restore(folder: Path, copy: Path) -> int:
    """Put a copy in place of the present database, which is moved aside."""
    from gateway.db.backup import restore

    config = load(folder)
    aside = asyncio.run(restore(copy, config.store.address(), lock=config.lock, now=SystemClock().now()))
    print(f"{copy.name} is in place; the former database lies in {aside}.")
    print("Mail that was not sent yet is held, see `mailflow queue list`; `queue retry` lets it go.")
    return 0


async def _export(folder: Path, target: Path) -> int:
    counts: dict[str, int] = {}
    async with open_database(load(folder).store.address(), read_only=True) as db, reading(db) as tx:
        for table in metadata.sorted_tables:
            rows = (await tx.execute(select(table).order_by(*table.primary_key))).mappings().all()
            write_jsonl(target / f"{table.name}.jsonl", [dict(row) for row in rows])
            counts[table.name] = await tx.scalar(select(func.count()).select_from(table)) or 0
    (target / "manifest.json").write_text(json.dumps(counts, indent=2) + "\n")
    print(f"{counted(sum(counts.values()), 'row')} of {len(counts)} tables lie in {target}")
    return 0


def _kind(file: Path) -> str:
    """What a file holds, by its name: `orders.csv`, `orders-november.csv`."""
    kind = file.stem.lower().partition("-")[0].partition("_")[0]
    if kind not in COLUMNS:
        raise InputError(
            str(file), "its name does not say what it holds", f"begin it with {', '.join(COLUMNS)}"
        )
    return kind


def _parts(rows: Sequence[Row], size: int, together: str | None) -> Iterator[tuple[int, Sequence[Row]]]:
    """The rows in parts of about `size`, with the index of the first; what belongs together is not torn."""
    start = 0
    while start < len(rows):
        end = min(start + size, len(rows))
        while together and end < len(rows) and rows[end].get(together) == rows[end - 1].get(together):
            end += 1
        yield start, rows[start:end]
        start = end
