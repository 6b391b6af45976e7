"""`mailflow inspect`: what we understand of mails that lie in files, for a person or as JSON.

One damaged mail never stops the next: it still gives its line. A path that cannot be read is told on
standard error, the others follow, and the exit status is 1.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from gateway.cli.mbox import mails
from gateway.cli.understood import understood
from gateway.kernel.errors import InputError
from gateway.mail.parse import parse
from gateway.mail.parsed import Parsed

STANDARD_INPUT = "-"


def run(paths: Sequence[str], *, as_json: bool, folder: Path | None = None) -> int:
    """Show every mail, in the light of what the shop in `folder` knows; 1 if a path could not be read."""
    if folder is not None and as_json:
        raise InputError("--json", "tells only what a mail says, not what a shop knows", "leave out -f")
    if folder is not None:
        return asyncio.run(_in_shop(paths, folder))
    show = _json if as_json else _view()
    unreadable: list[str] = []
    for file, octets in _mails(paths, unreadable):
        show(file, _read(octets))
    return 1 if unreadable else 0


async def _in_shop(paths: Sequence[str], folder: Path) -> int:
    from gateway.cli.inspect_shop import asking
    from gateway.cli.inspect_view import show

    unreadable: list[str] = []
    async with asking(folder) as ask:
        for file, octets in _mails(paths, unreadable):
            mail = _read(octets)
            show(file, mail, await ask(octets, mail))
    return 1 if unreadable else 0


def _mails(paths: Sequence[str], unreadable: list[str]) -> Iterator[tuple[str, bytes]]:
    """Each mail with its path; a path that cannot be read is told and added to `unreadable`."""
    for path in paths:
        for file in _files(path):
            try:
                octets = sys.stdin.buffer.read() if file == STANDARD_INPUT else Path(file).read_bytes()
            except OSError as error:
                unreadable.append(file)
                print(f"{file}: cannot be read: {error.strerror}", file=sys.stderr)
            else:
                found = list(mails(octets))
                yield from ((_named(file, at, len(found)), each) for at, each in enumerate(found, start=1))


def _named(file: str, at: int, of: int) -> str:
    return file if of == 1 else f"{file}, mail {at} of {of}"


def _files(path: str) -> Iterator[str]:
    """The path itself, or every *.eml below a folder, in the order of their names."""
    folder = Path(path)
    if path == STANDARD_INPUT or not folder.is_dir():
        yield path
        return
    files = sorted(each for each in folder.rglob("*") if each.suffix.lower() == ".eml" and not each.is_dir())
    if not files:
        print(f"{path}: there is no *.eml in this folder", file=sys.stderr)
    yield from map(str, files)


def _read(octets: bytes) -> Parsed:
    try:
        return parse(octets)
    except Exception as error:  # noqa: BLE001 - parse is total; if it is not, this mail still has its line
        return Parsed(defects=(f"unreadable: {type(error).__name__}",))


def _json(file: str, mail: Parsed) -> None:
    print(json.dumps(understood(file, mail)), flush=True)


def _view() -> Callable[[str, Parsed], None]:
    from gateway.cli.inspect_view import show

    return show
