"""The migrations and the tables say the same, up and down, and the service knows where it stands."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from gateway.db.engine import Database, commit, create_schema, open_database, reading, writing
from gateway.db.metadata import metadata
from gateway.db.migrate import NotMigrated, bring_up, configuration, migrate
from gateway.db.revision import REVISIONS, Standing, TooNew, alembic_version, standing, stored_revision
from gateway.db.sqlite import held
from gateway.db.tables.mail import applied

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


async def in_thread(*arguments: object, **options: object) -> None:
    """Migrate outside this loop, as the child process does."""
    await asyncio.to_thread(migrate, *arguments, **options)


async def revision_of(url: str) -> str | None:
    async with open_database(url, read_only=True) as db, reading(db) as tx:
        return await stored_revision(tx)


async def schema_of(db: Database) -> list[str]:
    """Everything the database says about its tables, in one order."""
    async with reading(db) as tx:
        return sorted(await tx.run_sync(said))


def said(connection: Connection) -> list[str]:
    if connection.engine.name == "sqlite":
        rows = connection.execute(text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
        return ["\n".join(sorted(line.strip(" \t,") for line in row.sql.split("\n"))) for row in rows]
    questions = (
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT relname, reloptions::text FROM pg_class WHERE relkind = 'r' AND relname !~ '^(pg|sql)_'",
        """SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name
        FROM information_schema.columns WHERE table_schema = 'public'""",
    )
    return [repr(tuple(row)) for question in questions for row in connection.execute(text(question))]


async def test_metadata_and_migrations_agree(store_url: str):
    await in_thread(store_url)
    async with open_database(store_url) as db:
        async with reading(db) as tx:
            assert (
                await tx.run_sync(lambda c: compare_metadata(MigrationContext.configure(c), metadata)) == []
            )
            assert await stored_revision(tx) == REVISIONS[-1]
        migrated = await schema_of(db)
        async with writing(db, limit=60) as tx:
            await tx.run_sync(metadata.drop_all)
        await create_schema(db)
        assert await schema_of(db) == migrated


async def test_down_and_up_again(store_url: str):
    await in_thread(store_url)
    async with open_database(store_url) as db:
        first = await schema_of(db)
    for revision in reversed(("base", *REVISIONS[:-1])):
        await in_thread(store_url, revision, down=True)
    async with open_database(store_url) as db:
        left = " ".join(await schema_of(db))
    assert not [name for name in metadata.tables if re.search(rf"\b{name}\b", left)]
    await in_thread(store_url)
    async with open_database(store_url) as db:
        assert await schema_of(db) == first


async def test_migrating_twice_changes_nothing(store_url: str):
    await in_thread(store_url)
    async with open_database(store_url) as db:
        await commit(db, [(applied.insert(), {"id": "a", "stimulus_id": "j", "effect": "e", "at": NOW})])
        before = await schema_of(db)
    await in_thread(store_url)
    async with open_database(store_url) as db:
        assert await schema_of(db) == before
        async with reading(db) as tx:
            assert (await tx.execute(applied.select())).all()


def test_the_list_of_revisions_is_that_of_the_migrations():
    scripts = ScriptDirectory.from_config(configuration())
    assert tuple(script.revision for script in reversed([*scripts.walk_revisions()])) == REVISIONS


def test_every_migration_says_why():
    for script in ScriptDirectory.from_config(configuration()).walk_revisions():
        assert script.doc
        assert script.doc[0].isupper(), script.path


def test_standing_follows_the_stored_revision():
    assert standing(None) is Standing.EMPTY
    assert standing(REVISIONS[-1]) is Standing.CURRENT
    with pytest.raises(TooNew, match="written by a later version; install that one again, or restore a copy"):
        standing("9999")


# --- what the service does -----------------------------------------------------------------------------


@pytest.fixture
def copied() -> list[str]:
    return []


@pytest.fixture
def copy(copied: list[str]) -> Callable[[], Awaitable[None]]:
    async def make() -> None:
        copied.append("copied")

    return make


async def test_a_new_shop_gets_its_tables(store_url: str, copy: Callable, copied: list[str]):
    await bring_up(store_url, copy=copy)
    assert await revision_of(store_url) == REVISIONS[-1]
    assert copied == []
    await bring_up(store_url, copy=copy)
    assert copied == []


async def test_an_old_shop_is_copied_before_it_is_changed(
    store_url: str, copy: Callable, copied: list[str], monkeypatch: pytest.MonkeyPatch
):
    await in_thread(store_url)
    later = ("0000", *REVISIONS)
    monkeypatch.setattr("gateway.db.revision.REVISIONS", later)
    async with open_database(store_url) as db:
        await commit(db, [(alembic_version.update().values(version_num="0000"), None)])
    with pytest.raises(NotMigrated, match="could not be brought to revision"):  # there is no such migration
        await bring_up(store_url, copy=copy)
    assert copied == ["copied"]


async def test_a_shop_of_a_later_version_is_left_alone(store_url: str, copy: Callable, copied: list[str]):
    await in_thread(store_url)
    async with open_database(store_url) as db:
        await commit(db, [(alembic_version.update().values(version_num="9999"), None)])
    with pytest.raises(TooNew, match="revision 9999"):
        await bring_up(store_url, copy=copy)
    assert copied == []
    assert await revision_of(store_url) == "9999"


async def test_a_shop_that_is_open_is_not_migrated(tmp_path: Path):
    lock = tmp_path / "mailflow.lock"
    with held(lock), pytest.raises(NotMigrated, match=r"AlreadyRunning: .* already open in process"):
        await bring_up(f"sqlite:///{tmp_path / 'shop.db'}", lock=lock)


def test_a_person_may_migrate_by_hand(tmp_path: Path):
    file = tmp_path / "shop.db"
    command = [sys.executable, "-m", "gateway.db.migrate", f"sqlite:///{file}"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
    assert asyncio.run(revision_of(f"sqlite:///{file}")) == REVISIONS[-1]
    assert file.stat().st_mode & 0o077 == 0
    down = subprocess.run([*command, "--to", "base", "--down"], cwd=ROOT, check=False)
    assert down.returncode == 0
    assert asyncio.run(revision_of(f"sqlite:///{file}")) is None


def test_a_child_that_fails_says_one_line(tmp_path: Path):
    (tmp_path / "shop.db").write_bytes(b"a letter" * 100)
    command = [sys.executable, "-m", "gateway.db.migrate", f"sqlite:///{tmp_path / 'shop.db'}"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [
        "DatabaseError: (sqlite3.DatabaseError) file is not a database"
    ]


def test_the_service_does_not_load_alembic():
    code = "import sys, gateway.db.engine, gateway.db.migrate; print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
