"""A copy of the shop: one compressed file, a manifest that vouches for it, and how long it is kept."""

import gzip
import hashlib
import json
import os
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.kernel.errors import InputError, MailFlowError

DAILY, WEEKLY = 7, 3
LONGEST = timedelta(days=28)  # nothing that was erased lives longer than this
ENDING: Mapping[str, str] = {"sqlite": ".db.gz", "postgresql": ".sql.gz"}
_STAMP = "%Y%m%dT%H%M%SZ"
_PIECE = 2**20


class CopyDamaged(MailFlowError):
    """A copy is not what its manifest says."""


class CopyFailed(MailFlowError):
    """No copy could be made; those made earlier are as they were."""

    temporary = True


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the file held when it was made and checked; `rows` counts them by table."""

    file: str
    kind: str  # sqlite or postgresql
    made_at: str
    revision: str | None
    sha256: str  # of the compressed file
    size: int  # octets, compressed
    rows: dict[str, int]


def name_of(kind: str, made_at: datetime) -> str:
    return f"mailflow-{made_at.astimezone(UTC).strftime(_STAMP)}{ENDING[kind]}"


def made_at(file: Path) -> datetime | None:
    """When a copy was made, by its name; None if the name is none of ours."""
    stem = file.name.removeprefix("mailflow-").partition(".")[0]
    try:
        return datetime.strptime(stem, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def manifest_beside(copy: Path) -> Path:
    return copy.with_name(copy.name.partition(".")[0] + ".json")


def read_manifest(copy: Path) -> Manifest:
    """The manifest of a copy; InputError if there is no such copy, or it has none."""
    if not copy.is_file():
        raise InputError(str(copy), "there is no such copy", "name a .gz file of the backup folder")
    try:
        said: dict[str, Any] = json.loads(manifest_beside(copy).read_text())
        return Manifest(**said)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            str(manifest_beside(copy)),
            f"the copy's manifest cannot be read ({error.strerror if isinstance(error, OSError) else error})",
            "bring it back, or take another copy",
        ) from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    part = folder / f".{manifest.file}.json"
    part.write_text(json.dumps(asdict(manifest), indent=2) + "\n")
    settle(part, manifest_beside(folder / manifest.file))


def vouched(copy: Path) -> Manifest:
    """The manifest of a copy whose octets are those it speaks of; CopyDamaged otherwise."""
    manifest = read_manifest(copy)
    if sha256_of(copy) != manifest.sha256:
        raise CopyDamaged(f"{copy} is not the file that was made on {manifest.made_at}; take another copy")
    return manifest


def compress(source: Path, target: Path) -> None:
    with source.open("rb") as plain, packing(target) as packed:
        while piece := plain.read(_PIECE):
            packed.write(piece)


@contextmanager
def packing(target: Path) -> Generator[gzip.GzipFile]:
    """A compressed file to write to, which only its owner may read."""
    with open(target, "wb", opener=_private) as octets, gzip.GzipFile("", "wb", 4, octets, 0) as packed:
        yield packed


def decompress(source: Path, target: Path) -> None:
    """Unpack into a file that only its owner may read."""
    with gzip.open(source, "rb") as packed, open(target, "xb", opener=_private) as plain:
        while piece := packed.read(_PIECE):
            plain.write(piece)


def sha256_of(file: Path) -> str:
    with file.open("rb") as octets:
        return hashlib.file_digest(octets, "sha256").hexdigest()


def settle(part: Path, final: Path) -> None:
    """Give a finished file its name, durably: fsync, rename, fsync of the folder."""
    with part.open("rb") as octets:
        os.fsync(octets.fileno())
    part.replace(final)
    descriptor = os.open(final.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def outdated(made: Iterable[datetime], now: datetime) -> set[datetime]:
    """Which copies may go: all but the newest of each of 7 days and, before those, of each of 3 weeks.

    The last copy of all stays however old it is.
    """
    newest_first = sorted(made, reverse=True)
    daily = list({instant.date(): instant for instant in reversed(newest_first)}.values())[-DAILY:]
    before = [instant for instant in reversed(newest_first) if instant.date() < daily[0].date()]
    weekly = list({instant.isocalendar()[:2]: instant for instant in before}.values())[-WEEKLY:]
    kept = {instant for instant in (*daily, *weekly) if now - instant <= LONGEST}
    return set(newest_first) - kept - set(newest_first[:1])


def remove_outdated(folder: Path, now: datetime) -> list[Path]:
    """Remove what may go, and what an interrupted run left; returns the copies that went."""
    copies = {path: when for path in folder.glob("mailflow-*.gz") if (when := made_at(path))}
    gone = outdated(copies.values(), now)
    removed = sorted(path for path, when in copies.items() if when in gone)
    for path in removed:
        path.unlink()
        manifest_beside(path).unlink(missing_ok=True)
    for part in folder.glob(".mailflow-*"):
        if part.stat().st_mtime < (now - timedelta(days=1)).timestamp():
            part.unlink()
    return removed


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
