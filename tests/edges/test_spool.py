"""Large octets keep their promise: durable under their hash, or not there at all."""

import asyncio
import errno
import hashlib
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.edges.spool import Spool, SpoolDamaged, told_if_full
from gateway.kernel.errors import SpoolFull

OCTETS = b"From: a@b.example\r\n\r\n" + b"x" * 100_000
SHA = hashlib.sha256(OCTETS).hexdigest()
NOW = datetime.fromtimestamp(time.time(), UTC)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


async def nobody_needs(names: list[str]) -> set[str]:
    return set()


async def test_octets_come_back_from_under_their_hash(spool: Spool, tmp_path: Path):
    await spool.keep(SHA, OCTETS)
    assert await spool.read(SHA) == OCTETS
    assert (tmp_path / "spool" / SHA[:2] / SHA[2:4] / SHA).stat().st_mode & 0o777 == 0o600
    assert list(spool.aside.iterdir()) == []


async def test_the_same_octets_twice_are_one_file(spool: Spool):
    await asyncio.gather(*(spool.keep(SHA, OCTETS) for _ in range(8)))
    await spool.keep(SHA, OCTETS)
    assert [path.name for path in spool.folder.rglob("*") if path.is_file()] == [SHA]


async def test_many_at_once_are_all_kept(spool: Spool):
    mails = {hashlib.sha256(octets).hexdigest(): octets for octets in (b"%d" % n * 1000 for n in range(50))}
    await asyncio.gather(*(spool.keep(sha, octets) for sha, octets in mails.items()))
    assert {sha: await spool.read(sha) for sha in mails} == mails


async def test_trouble_with_the_disk_leaves_nothing(spool: Spool):
    spool.folder.mkdir()
    (spool.folder / "tmp").symlink_to("/nonexistent")
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on the system
        await spool.keep(SHA, OCTETS)
    assert not spool.path(SHA).exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_as_such(number: int, tmp_path: Path):
    with pytest.raises(SpoolFull, match="full"), told_if_full(tmp_path):
        raise OSError(number, os.strerror(number))


def test_other_trouble_is_not_called_full(tmp_path: Path):
    with pytest.raises(PermissionError), told_if_full(tmp_path):
        raise PermissionError(errno.EACCES, "no")


async def test_damage_is_found_on_reading(spool: Spool):
    await spool.keep(SHA, OCTETS)
    spool.path(SHA).write_bytes(OCTETS[:-1])
    with pytest.raises(SpoolDamaged, match="damaged"):
        await spool.read(SHA)
    await spool.remove(SHA)
    await spool.remove(SHA)
    with pytest.raises(SpoolDamaged, match="missing"):
        await spool.read(SHA)


@pytest.mark.parametrize("name", ["../../etc/passwd", SHA[:-1], SHA.upper(), SHA + "\n", ""])
async def test_only_a_hash_is_a_name(spool: Spool, name: str):
    with pytest.raises(ValueError, match="is no SHA-256"):
        await spool.read(name)


async def test_orphans_are_swept_after_a_day(spool: Spool):
    old, needed, young = (hashlib.sha256(octets).hexdigest() for octets in (b"old", b"needed", b"young"))
    for sha, octets in ((old, b"old"), (needed, b"needed"), (young, b"young")):
        await spool.keep(sha, octets)
    half = spool.aside / "half"
    half.write_bytes(b"written aside when the power went")
    yesterday = (NOW - timedelta(hours=25)).timestamp()
    for path in (spool.path(old), spool.path(needed), half):
        os.utime(path, (yesterday, yesterday))

    async def needs(names):
        assert set(names) <= {old, needed, "half"}
        return {needed}

    assert await spool.sweep(NOW, needs) == 2
    assert sorted(path.name for path in spool.folder.rglob("*") if path.is_file()) == sorted([needed, young])


async def test_an_orphan_that_comes_again_is_young_again(spool: Spool):
    await spool.keep(SHA, OCTETS)
    yesterday = (NOW - timedelta(hours=25)).timestamp()
    os.utime(spool.path(SHA), (yesterday, yesterday))

    async def comes_again_meanwhile(names):
        await spool.keep(SHA, OCTETS)
        return set()

    assert await spool.sweep(NOW, comes_again_meanwhile) == 0
    assert await spool.read(SHA) == OCTETS


async def test_sweeping_nothing_is_fine(spool: Spool):
    assert await spool.sweep(NOW, nobody_needs) == 0
