"""`mailflow queue hold` and `queue explain`: the mail that waits for the owner's word, and why."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.app.config import load
from gateway.app.control import ask
from gateway.cli.counted import counted
from gateway.commands.model import Held
from gateway.commands.reason import reason
from gateway.db.engine import open_database, reading
from gateway.edges.spool import Spool
from gateway.kernel.calendar import ShopCalendar
from gateway.kernel.errors import InputError
from gateway.mail.parse import parse
from gateway.pipeline import explain, held, notice

T = TypeVar("T")


def run_list(folder: Path) -> int:
    """Print what waits for the owner's word, in the order in which it came."""
    calendar = ShopCalendar(load(folder).shop.zone)
    waiting = asyncio.run(_read(folder, held.listing))
    for each in waiting:
        proof = "" if each.level else " (not proven)"
        print(f"{each.number:>4}  {calendar.local(each.held_at):%d %b %H:%M}  to {each.came_to}, "
              f"from {notice.shown(each.author) or 'nobody named'}{proof}")  # fmt: skip
        print(f'      "{notice.shown(each.subject)}"')
        print(f"      {reason(each.reason).sentence}")
    if not waiting:
        print("Nothing is held.")
    return 0


def run_show(folder: Path, number: str) -> int:
    """Print one held mail: what it says, why it is held, and how far its author is believed."""
    from gateway.cli.inspect_view import show

    config = load(folder)
    calendar = ShopCalendar(config.shop.zone)
    spool = Spool(config.data / "spool")

    async def find(tx: AsyncConnection) -> tuple[Held, bytes, Sequence[str]] | None:
        found = (await held.held_by_numbers(tx, [_number(number)])).get(_number(number))
        if found is None:
            return None
        octets = await notice.octets_of(tx, found, spool.read) if found.seq else b""
        explained = await explain.explain(tx, str(found.number))
        return found, octets, explain.told(explained, calendar) if explained else ()

    known = asyncio.run(_read(folder, find))
    if known is None:
        raise InputError(number, "nothing was ever held under this number", "mailflow queue hold list")
    one, octets, lines = known
    if octets:
        show(f"held as {one.number}", parse(octets), arrived=True)
    print("\n".join(lines))
    return 0


def run_decide(folder: Path, verb: str, numbers: Sequence[str]) -> int:
    """Release or drop held mail; 1 if any of it could not be done."""
    line = " ".join((verb, *(str(_number(number)) for number in numbers)))
    answer = asyncio.run(ask(load(folder), "command", line=line))
    for outcome, text in answer["lines"]:
        print(text if outcome == "done" else f"{outcome}: {text}")
    return 0 if all(outcome == "done" for outcome, _ in answer["lines"]) else 1


def run_explain(folder: Path, word: str) -> int:
    """Print every decision about one mail: who decided, what was seen, what was done."""
    calendar = ShopCalendar(load(folder).shop.zone)
    found = asyncio.run(_read(folder, lambda tx: explain.explain(tx, word)))
    if found is None:
        raise InputError(word, "there is no such mail", "it looks like J7F3K, or 12 if it was held")
    print("\n".join(explain.told(found, calendar)))
    return 0


def run_replay(folder: Path, since: str, *, dry_run: bool, send: bool) -> int:
    """Decide the mail of the past again, and print what differs, mail by mail."""
    config = load(folder)
    moment = _moment(since, ShopCalendar(config.shop.zone)).isoformat()
    answer = asyncio.run(ask(config, "queue.replay", since=moment, dry_run=dry_run, send=send))
    for line in answer["lines"]:
        print(line)
    done = "nothing was done: this was a dry run" if dry_run else f"{answer['acted']} led to something new"
    print(f"{_decided(answer['looked_at'])}, {_differ(len(answer['lines']))}; {done}")
    return 0


def _decided(mails: int) -> str:
    return f"{counted(mails, 'mail')} {'was' if mails == 1 else 'were'} decided again"


def _differ(mails: int) -> str:
    return f"{mails or 'none'} {'differ' if mails > 1 else 'differs'}"


def _moment(text: str, calendar: ShopCalendar) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(text, "is no day", "write it as 2026-11-20, or 2026-11-20T14:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=calendar.zone)


async def _read(folder: Path, question: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    async with open_database(load(folder).store.address(), read_only=True) as db, reading(db) as tx:
        return await question(tx)


def _number(text: str) -> int:
    digits = text.removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise InputError(
            text, "is not the number of a held mail", "it looks like 12: mailflow queue hold list"
        )
    return int(digits)
