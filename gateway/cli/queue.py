"""`mailflow queue`: what waits to be sent, why, and what a person can do about it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from gateway.app.config import load
from gateway.app.control import ask
from gateway.cli.counted import counted
from gateway.db.engine import open_database, reading
from gateway.kernel.calendar import ShopCalendar
from gateway.kernel.clock import SystemClock
from gateway.kernel.errors import InputError
from gateway.kernel.ids import heard, spoken
from gateway.outbox.inspection import Filter, Why, listing, why


def run_list(folder: Path, *, everything: bool) -> int:
    """Print the messages that wait, or all of them."""
    return asyncio.run(_list(folder, everything))


def run_why(folder: Path, number: str) -> int:
    """Print one message, from its cause to its fate."""
    return asyncio.run(_why(folder, _seq(number)))


def run_retry(folder: Path, numbers: Sequence[str]) -> int:
    """Have messages tried again now."""
    seqs = [_seq(number) for number in numbers]
    done = asyncio.run(ask(load(folder), "queue.retry", seqs=seqs))["done"]
    return _tell(seqs, done, "due now", "is not waiting")


def run_keep(folder: Path, numbers: Sequence[str]) -> int:
    """Keep messages back."""
    seqs = [_seq(number) for number in numbers]
    done = asyncio.run(ask(load(folder), "queue.keep", seqs=seqs, why="kept back at the keyboard"))["done"]
    return _tell(seqs, done, "kept back", "could not be kept back: it is settled, or already on its way")


def run_resume(folder: Path) -> int:
    """Let automatic mail go again, and with it what the breaker held."""
    done = asyncio.run(ask(load(folder), "queue.resume"))["done"]
    print(f"Automatic mail goes out again. {_released(len(done))}")
    return 0


async def _list(folder: Path, everything: bool) -> int:
    config = load(folder)
    local = ShopCalendar(config.shop.zone).local
    async with open_database(config.store.address(), read_only=True) as db, reading(db) as tx:
        rows = await listing(tx, Filter(settled=everything), limit=1000)
    for row in rows:
        message = row.message
        due = f"{local(row.due_at):%d %b %H:%M}" if row.due_at else ""
        print(
            f"{spoken('M', message.seq):8} {message.status:10} {message.purpose:13} {due:12} "
            f"{message.template:24} {message.recipient or 'forgotten'}"
        )
    if not rows:
        print("Nothing waits to be sent." if not everything else "Nothing was ever sent.")
    return 0


async def _why(folder: Path, seq: int) -> int:
    config = load(folder)
    async with open_database(config.store.address(), read_only=True) as db, reading(db) as tx:
        found = await why(tx, seq, SystemClock().now())
    if found is None:
        raise InputError(spoken("M", seq), "there is no such message", "mailflow queue list --all names them")
    print("\n".join(_lines(found, ShopCalendar(config.shop.zone))))
    return 0


def _lines(found: Why, calendar: ShopCalendar) -> list[str]:
    message, local = found.message, calendar.local
    made, expires = local(message.created_at), local(message.expires_at)
    lines = [
        f"{spoken('M', message.seq)}  {message.template} to {message.recipient or 'somebody forgotten'}",
        f"  {_fate(found)}",
        f"  made {made:%d %b %Y %H:%M}, expires {expires:%d %b %Y %H:%M}",
        f"  about {message.about or 'nothing'}; purpose {message.purpose}, lane {message.lane.name.lower()}",
    ]
    if found.due_at:
        lines.append(
            f"  due {local(found.due_at):%d %b %Y %H:%M:%S}, tried {counted(found.attempts, 'time')}"
        )
    if found.route and found.route.suspended_until:
        lines.append(f"  the way out is suspended until {local(found.route.suspended_until):%H:%M:%S}")
    lines += [
        f"  {local(tried.at):%d %b %H:%M:%S}  {tried.phase} at {tried.host}: {tried.reply or tried.outcome}"
        for tried in found.tries
    ]
    if message.heard_at:
        lines.append(f"  learned {local(message.heard_at):%d %b %H:%M}: {message.heard}")
    if message.bounced_at:
        lines.append(f"  came back {local(message.bounced_at):%d %b %H:%M}: {message.bounce}")
    return lines


def _fate(found: Why) -> str:
    """Its status and why, which begins with the status once it is settled."""
    status, why = str(found.message.status), found.waits_for
    return why if why.startswith(status) else f"{status}: {why}"


def _released(number: int) -> str:
    return (
        "Nothing was held."
        if not number
        else f"{counted(number, 'held mail')} {'is' if number == 1 else 'are'} due now."
    )


def _seq(number: str) -> int:
    problem = InputError(number, "is not the number of a message", "it looks like M4QZ9")
    if number[:1].upper() != "M":
        raise problem
    try:
        return heard(number)
    except ValueError as error:
        raise problem from error


def _tell(asked: Sequence[int], done: Sequence[int], well: str, badly: str) -> int:
    for seq in asked:
        print(f"{spoken('M', seq)} {well if seq in done else badly}")
    return 0 if set(asked) <= set(done) else 1
