"""Copies made while the shop is open, and what a restore does and never does."""

import asyncio
import gzip
import json
import os
import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway.db.backup import back_up, check_copy, restore
from gateway.db.copies import CopyDamaged, CopyFailed, manifest_beside, read_manifest
from gateway.db.dump import environment
from gateway.db.engine import Database, commit, open_database, reading, writing
from gateway.db.migrate import migrate
from gateway.db.revision import REVISIONS, TooNew, alembic_version
from gateway.db.sqlite import AlreadyRunning, held
from gateway.db.tables.mail import applied, outbound_message, outbox
from gateway.kernel.errors import InputError

NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
async def shop(store_url: str) -> str:
    """The URL of a shop at our revision, with mail in every state of the outbox."""
    await asyncio.to_thread(migrate, store_url)
    states = ("queued", "held", "leased", "committing", "uncertain")
    async with open_database(store_url) as db:
        await commit(db, [(applied.insert(), [act(f"old{n}") for n in range(50)])])
        for state in states:
            unit = outbound_message.insert().returning(outbound_message.c.seq)
            [[[seq]]] = await commit(db, [(unit, message(state))])
            leased = {"worker_id": 1, "epoch": 1} if state in {"leased", "committing"} else {}
            await commit(
                db,
                [
                    (
                        outbox.insert(),
                        {"seq": seq, "route_id": 1, "lane": 0, "status": state, "due_at": NOW} | leased,
                    )
                ],
            )
        await commit(db, [(outbound_message.insert(), message("sent") | {"status": "accepted"})])
    return store_url


def act(name: str) -> dict[str, object]:
    return {"id": name, "stimulus_id": "jrn", "effect": "MoveStock; it's", "at": NOW}


def message(name: str) -> dict[str, object]:
    return {
        "id": f"msg{name}",
        "purpose": "transactional",
        "lane": 0,
        "template": "orders/shipped",
        "recipient": "ana@example.net",
        "recipient_key": "k",
        "created_at": NOW,
        "expires_at": NOW,
    }


async def names(db: Database) -> set[str]:
    async with reading(db) as tx:
        return set((await tx.execute(select(applied.c.id))).scalars())


async def test_a_copy_is_the_shop(shop: str, tmp_path: Path):
    copy = await back_up(shop, tmp_path / "backup", NOW)
    manifest = await check_copy(copy)
    assert copy.name.startswith("mailflow-20261121T033000Z.")
    assert manifest.revision == REVISIONS[-1]
    assert manifest.rows["applied"] == 50
    assert manifest.rows["outbox"] == 5
    assert manifest.size == copy.stat().st_size
    assert {path.name for path in (tmp_path / "backup").iterdir()} == {copy.name, manifest_beside(copy).name}


async def test_a_copy_is_for_the_shop_alone(shop: str, tmp_path: Path):
    copy = await back_up(shop, tmp_path / "backup", NOW)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700


async def test_a_copy_is_made_while_others_write(shop: str, tmp_path: Path):
    async with open_database(shop) as db:
        numbers = iter(range(10_000))
        done = asyncio.Event()

        async def work() -> None:
            while not done.is_set():
                n = next(numbers)
                await commit(db, [(applied.insert(), [act(f"a{n}"), act(f"b{n}")])])

        working = asyncio.create_task(work())
        copy = await back_up(shop, tmp_path / "backup", NOW)
        done.set()
        await working
    manifest = await check_copy(copy)
    assert manifest.rows["applied"] >= 50
    assert manifest.rows["applied"] % 2 == 0  # no unit in part


async def test_a_restored_copy_sends_nothing_by_itself(shop: str, tmp_path: Path):
    copy = await back_up(shop, tmp_path / "backup", NOW)
    async with open_database(shop) as db:
        await commit(db, [(applied.insert(), act("later"))])
    aside = await restore(copy, shop, now=NOW + HOUR)
    assert aside
    async with open_database(shop) as db:
        assert await names(db) == {f"old{n}" for n in range(50)}
        async with reading(db) as tx:
            rows = (await tx.execute(select(outbox))).all()
            held_back = select(outbound_message.c.id).where(outbound_message.c.why == "restored")
            assert len((await tx.execute(held_back)).all()) == 5
            accepted = select(outbound_message.c.why).where(outbound_message.c.status == "accepted")
            assert (await tx.execute(accepted)).scalars().all() == [None]
        assert [row.status for row in rows] == ["held"] * 5
        assert {row.worker_id for row in rows} == {None}
        await commit(db, [(outbound_message.insert(), message("new"))])  # numbers go on where they were


async def test_the_former_database_is_moved_aside(shop: str, tmp_path: Path, kind: str):
    copy = await back_up(shop, tmp_path / "backup", NOW)
    async with open_database(shop) as db:
        await commit(db, [(applied.insert(), act("later"))])
    aside = await restore(copy, shop, now=NOW + HOUR)
    if kind == "sqlite":
        async with open_database(f"sqlite:///{aside}", read_only=True) as db:
            assert "later" in await names(db)
    else:
        async with open_database(shop) as db, reading(db) as tx:
            former = f"SELECT id FROM {aside.removeprefix('schema ')}.applied"
            assert "later" in {row.id for row in await tx.exec_driver_sql(former)}
        again = await back_up(shop, tmp_path / "backup", NOW + 2 * HOUR)
        with gzip.open(again, "rt") as text:
            assert aside.removeprefix("schema ") not in text.read()  # what was moved aside is not copied


async def test_a_shop_that_crashed_is_moved_aside_whole(tmp_path: Path, empty_shop: Path):
    """What stood only in the log of a killed service is in the file that is moved aside."""
    file = tmp_path / "shop.db"
    shutil.copyfile(empty_shop, tmp_path / "live.db")
    async with open_database(f"sqlite:///{tmp_path / 'live.db'}") as db:
        await commit(db, [(applied.insert(), act("in the log"))])
        for ending in "", "-wal":
            shutil.copyfile(tmp_path / f"live.db{ending}", f"{file}{ending}")
        copy = await back_up(f"sqlite:///{empty_shop}", tmp_path / "backup", NOW)
    aside = await restore(copy, f"sqlite:///{file}", now=NOW)
    async with open_database(f"sqlite:///{aside}", read_only=True) as db:
        assert await names(db) == {"in the log"}
    async with open_database(f"sqlite:///{file}", read_only=True) as db:
        assert await names(db) == set()


async def test_a_damaged_shop_can_be_restored(tmp_path: Path, empty_shop: Path):
    copy = await back_up(f"sqlite:///{empty_shop}", tmp_path / "backup", NOW)
    file = tmp_path / "shop.db"
    file.write_bytes(b"this was a database once" * 1000)
    aside = await restore(copy, f"sqlite:///{file}", now=NOW)
    assert Path(aside).read_bytes().startswith(b"this was")
    async with open_database(f"sqlite:///{file}", read_only=True) as db:
        assert await names(db) == set()


async def test_a_copy_can_be_restored_where_nothing_was(tmp_path: Path, empty_shop: Path):
    copy = await back_up(f"sqlite:///{empty_shop}", tmp_path / "backup", NOW)
    assert await restore(copy, f"sqlite:///{tmp_path / 'new.db'}", now=NOW) == ""
    async with open_database(f"sqlite:///{tmp_path / 'new.db'}", read_only=True) as db:
        assert await names(db) == set()


async def test_an_open_shop_is_not_restored(tmp_path: Path, empty_shop: Path):
    file = tmp_path / "shop.db"
    shutil.copyfile(empty_shop, file)
    copy = await back_up(f"sqlite:///{file}", tmp_path / "backup", NOW)
    before = file.read_bytes()
    with held(tmp_path / "lock"), pytest.raises(AlreadyRunning):
        await restore(copy, f"sqlite:///{file}", now=NOW, lock=tmp_path / "lock")
    assert file.read_bytes() == before


async def test_a_copy_of_a_later_version_is_refused(shop: str, tmp_path: Path):
    async with open_database(shop) as db:
        await commit(db, [(alembic_version.update().values(version_num="9999"), None)])
    copy = await back_up(shop, tmp_path / "backup", NOW)
    with pytest.raises(TooNew):
        await restore(copy, shop, now=NOW)


async def test_a_copy_of_the_other_kind_is_refused(shop: str, tmp_path: Path, kind: str):
    copy = await back_up(shop, tmp_path / "backup", NOW)
    other = "postgresql://nobody@/nothing" if kind == "sqlite" else f"sqlite:///{tmp_path / 'a.db'}"
    with pytest.raises(InputError, match="mailflow data import"):
        await restore(copy, other, now=NOW)


@pytest.mark.parametrize("harm", ["flipped", "cut", "emptied"])
async def test_a_damaged_copy_is_found_and_changes_nothing(shop: str, tmp_path: Path, harm: str):
    copy = await back_up(shop, tmp_path / "backup", NOW)
    octets = bytearray(copy.read_bytes())
    middle = len(octets) // 2
    octets[middle] ^= 1
    copy.write_bytes({"flipped": octets, "cut": octets[:middle], "emptied": b""}[harm])
    with pytest.raises(CopyDamaged, match="is not the file that was made"):
        await check_copy(copy)
    with pytest.raises(CopyDamaged):
        await restore(copy, shop, now=NOW)
    async with open_database(shop) as db:
        assert len(await names(db)) == 50


async def test_a_copy_that_lies_about_its_rows_is_found(tmp_path: Path, empty_shop: Path):
    copy = await back_up(f"sqlite:///{empty_shop}", tmp_path / "backup", NOW)
    said = json.loads(manifest_beside(copy).read_text())
    said["rows"]["orders"] += 1
    manifest_beside(copy).write_text(json.dumps(said))
    with pytest.raises(CopyDamaged, match="not those of its manifest"):
        await check_copy(copy)
    assert [path.name for path in copy.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("said", ["", "{}", "[]", '{"file": 1, "no": 2}'])
async def test_a_manifest_that_cannot_be_read_is_told(tmp_path: Path, empty_shop: Path, said: str):
    copy = await back_up(f"sqlite:///{empty_shop}", tmp_path / "backup", NOW)
    manifest_beside(copy).write_text(said)
    with pytest.raises(InputError, match="manifest cannot be read"):
        read_manifest(copy)
    with pytest.raises(InputError, match="there is no such copy"):
        read_manifest(tmp_path / "no.gz")


async def test_a_damaged_shop_is_not_copied_over_good_copies(tmp_path: Path, empty_shop: Path):
    file = tmp_path / "shop.db"
    shutil.copyfile(empty_shop, file)
    async with open_database(f"sqlite:///{file}") as db:
        await commit(db, [(applied.insert(), [act(f"a{n}") for n in range(2000)])])
    good = await back_up(f"sqlite:///{file}", tmp_path / "backup", NOW)
    octets = bytearray(file.read_bytes())
    octets[len(octets) // 2 :] = os.urandom(len(octets) - len(octets) // 2)
    file.write_bytes(octets)
    with pytest.raises(CopyFailed, match="no copy was made in"):
        await back_up(f"sqlite:///{file}", tmp_path / "backup", NOW + HOUR)
    assert {path.name for path in good.parent.iterdir()} == {good.name, manifest_beside(good).name}


async def test_nothing_of_a_deleted_row_is_in_a_copy(tmp_path: Path, empty_shop: Path):
    file = tmp_path / "shop.db"
    shutil.copyfile(empty_shop, file)
    secret = b"somebody-who-was-erased"
    async with open_database(f"sqlite:///{file}") as db:
        await commit(db, [(applied.insert(), act("a") | {"effect": secret.decode()})])
        await commit(db, [(applied.delete(), None)])
        copy = await back_up(f"sqlite:///{file}", tmp_path / "backup", NOW)
    with gzip.open(copy) as packed:
        assert secret not in packed.read()


async def test_older_copies_go(tmp_path: Path, empty_shop: Path):
    url = f"sqlite:///{empty_shop}"
    for days in range(12):
        newest = await back_up(url, tmp_path, NOW + timedelta(days=days))
    days = sorted(path.name[9:17] for path in tmp_path.glob("*.gz"))
    # 7 days, and the last of each week before them: 22 November 2026 is a Sunday
    assert days == [
        "20261122",
        "20261125",
        "20261126",
        "20261127",
        "20261128",
        "20261129",
        "20261130",
        "20261201",
        "20261202",
    ]
    assert len(list(tmp_path.glob("*.json"))) == len(days)
    assert newest.is_file()


async def test_large_octets_are_kept_beside(tmp_path: Path, empty_shop: Path):
    spool, folder = tmp_path / "spool", tmp_path / "backup"
    first, second = (spool / "ab" / "cd" / f"abcd{n}" for n in "12")
    first.parent.mkdir(parents=True)
    first.write_bytes(b"1" * 70_000)
    second.write_bytes(b"2" * 70_000)
    await back_up(f"sqlite:///{empty_shop}", folder, NOW, spool=spool)
    first.unlink()
    soon = datetime.now(UTC) + timedelta(days=5)
    await back_up(f"sqlite:///{empty_shop}", folder, soon, spool=spool)
    kept = folder / "spool" / "ab" / "cd"
    assert (kept / "abcd1").read_bytes() == b"1" * 70_000
    assert (kept / "abcd2").stat().st_ino == second.stat().st_ino  # a link, no second octet
    await back_up(f"sqlite:///{empty_shop}", folder, soon + timedelta(days=25), spool=spool)
    assert {path.name for path in kept.iterdir()} == {"abcd2"}


async def test_a_shop_that_is_not_there_has_no_copy(tmp_path: Path):
    with pytest.raises(InputError, match="there is no database"):
        await back_up(f"sqlite:///{tmp_path / 'no.db'}", tmp_path / "backup", NOW)


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, empty_shop: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CopyFailed, match="no copy was made in"):
        await back_up(f"sqlite:///{empty_shop}", tmp_path / "file" / "backup", NOW)


def test_no_password_is_an_argument():
    from sqlalchemy import make_url

    told = environment(make_url("postgresql://shop:se%20cret@db.example:5433/mail"))
    assert told == {
        "PGHOST": "db.example",
        "PGPORT": "5433",
        "PGUSER": "shop",
        "PGPASSWORD": "se cret",
        "PGDATABASE": "mail",
    }
    assert environment(make_url("postgresql://a@/b?host=/run/pg"))["PGHOST"] == "/run/pg"


async def test_a_restore_that_fails_on_the_way_leaves_all_as_it_was(cluster, template: str, tmp_path: Path):
    """PostgreSQL: one transaction, so a dump that stops half way changes nothing."""
    from gateway.db.copies import sha256_of, write_manifest

    name = cluster.create(template)
    url = cluster.url(name)
    async with open_database(url) as db:
        await commit(db, [(applied.insert(), act("a"))])
    copy = await back_up(url, tmp_path, NOW)
    with gzip.open(copy, "rt") as packed:
        text = packed.read()
    with gzip.open(copy, "wt") as packed:
        packed.write(text[: len(text) // 2] + "\nthis is no SQL;\n")
    manifest = read_manifest(copy)
    said = {field: getattr(manifest, field) for field in manifest.__slots__} | {"sha256": sha256_of(copy)}
    write_manifest(tmp_path, type(manifest)(**said))
    with pytest.raises(CopyDamaged, match="ends before its end"):
        await check_copy(copy)
    with pytest.raises(Exception, match="psql: "):
        await restore(copy, url, now=NOW)
    async with open_database(url) as db:
        assert await names(db) == {"a"}
        async with writing(db) as tx:
            assert (await tx.execute(select(func.count()).select_from(outbox))).scalar() == 0
    cluster.drop(name)
