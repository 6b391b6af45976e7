"""Large octets on disk, each file named by the SHA-256 of what is in it.

A file appears under its name when it is whole and durable: written aside, fsync, rename, fsync of the folder.
So what has a name is never half, and what never got one is swept. A file whose row was never committed is an
orphan; it is swept after a day, when no commit can still be on its way.
"""

import asyncio
import contextlib
import errno
import hashlib
import os
import secrets
import threading
from collections.abc import Awaitable, Callable, Collection, Generator, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import structlog

from gateway.kernel.errors import MailFlowError, SpoolFull

log = structlog.get_logger()

ORPHAN_AGE = timedelta(hours=24)
FULL_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT})
SWEPT_AT_ONCE = 500

Needed = Callable[[Sequence[str]], Awaitable[Collection[str]]]  # which of these hashes have a row


class SpoolDamaged(MailFlowError):
    """What is on the disk is not what was written there, or is not there."""


class Spool:
    """A folder of octets, named by what they are: `ab/cd/` and the SHA-256 that begins with abcd."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names = threading.Lock()  # held by whoever makes folders, makes a file young or removes it

    async def keep(self, sha256: str, octets: bytes) -> None:
        """Return when the octets are durable; SpoolFull if the disk has no room for them."""
        await asyncio.to_thread(self._keep, sha256, octets)

    async def read(self, sha256: str) -> bytes:
        """The octets of that hash; SpoolDamaged if they are not there or not they."""
        return await asyncio.to_thread(self._read, sha256)

    async def remove(self, sha256: str) -> None:
        """Forget the octets of that hash; nothing happens if there are none."""
        await asyncio.to_thread(self.path(sha256).unlink, missing_ok=True)

    async def sweep(self, now: datetime, needed: Needed, age: timedelta = ORPHAN_AGE) -> int:
        """Remove what is older than `age` and not needed by any row; returns how many files went."""
        oldest = (now - age).timestamp()
        swept = 0
        files = self._older_than(oldest)
        while batch := await asyncio.to_thread(lambda: list(islice(files, SWEPT_AT_ONCE))):
            wanted = set(await needed([path.name for path in batch]))
            orphans = [path for path in batch if path.name not in wanted]
            swept += await asyncio.to_thread(self._unlink_older_than, oldest, orphans)
        if swept:
            log.info("spool.swept", files=swept)
        return swept

    def path(self, sha256: str) -> Path:
        """Where the octets of that hash are; ValueError if it is no SHA-256 in hexadecimal."""
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise ValueError(f"{sha256!r} is no SHA-256")
        return self.folder / sha256[:2] / sha256[2:4] / sha256

    @property
    def aside(self) -> Path:
        """The folder of files that are being written; made when first asked for."""
        folder = self.folder / "tmp"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def _keep(self, sha256: str, octets: bytes) -> None:
        path = self.path(sha256)
        with told_if_full(self.folder):
            with self._names:
                if _touched(path):  # the same octets again: young again, so that no sweeper takes them
                    return
                _make_durable_folder(path.parent, self.folder)
            _write_durably(self.aside / secrets.token_hex(16), path, octets)

    def _read(self, sha256: str) -> bytes:
        path = self.path(sha256)
        try:
            octets = path.read_bytes()
        except FileNotFoundError:
            raise SpoolDamaged(f"{path}: the octets of this mail are missing; restore a copy") from None
        if hashlib.sha256(octets).hexdigest() != sha256:
            raise SpoolDamaged(f"{path}: the octets of this mail are damaged; restore a copy")
        return octets

    def _unlink_older_than(self, instant: float, paths: Sequence[Path]) -> int:
        """Remove those that nobody has touched meanwhile."""
        gone = 0
        for path in paths:
            with self._names, contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < instant:
                    path.unlink()
                    gone += 1
        return gone

    def _older_than(self, instant: float) -> Iterator[Path]:
        if not self.folder.is_dir():
            return
        for path in self.folder.rglob("*"):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file() and path.stat().st_mtime < instant:
                    yield path


@contextlib.contextmanager
def told_if_full(folder: Path) -> Generator[None]:
    """Turns the system's ways of saying that a disk is full into SpoolFull."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL_ERRORS:
            raise SpoolFull(f"{folder}: the disk is full") from error
        raise


def _touched(path: Path) -> bool:
    """Whether the file is there, and surely so: whoever wrote it may not have come to its last fsync."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    _sync_folder(path.parent)
    return True


def _make_durable_folder(folder: Path, root: Path) -> None:
    """Make `folder` with its parents up to `root`, each new name on the disk before it is used."""
    if not folder.is_dir():
        if folder != root:
            _make_durable_folder(folder.parent, root)
        folder.mkdir(mode=0o700, parents=folder == root, exist_ok=True)
        _sync_folder(folder.parent)


def _write_durably(aside: Path, path: Path, octets: bytes) -> None:
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(descriptor)
        aside.rename(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
