"""`mailflow data customer`: all that the shop knows about one person."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from gateway.app.config import load
from gateway.app.wiring import address_key
from gateway.cli.counted import counted
from gateway.db.engine import open_database, reading
from gateway.kernel.calendar import ShopCalendar
from gateway.kernel.errors import InputError
from gateway.mail.address import address as read_address
from gateway.pipeline.profile import Profile, profile


def run(folder: Path, written: str) -> int:
    """Print the customer with this address."""
    return asyncio.run(_show(folder, written))


async def _show(folder: Path, written: str) -> int:
    config = load(folder)
    address = read_address(written)
    if address is None:
        raise InputError(written, "is no mail address", "it looks like ana@example.net")
    key = address_key(config.secrets.keys())(address)
    async with open_database(config.store.address(), read_only=True) as db, reading(db) as tx:
        found = await profile(tx, key)
    if found is None:
        raise InputError(written, "is not known to the shop", "nobody with this address wrote or bought")
    print("\n".join(_lines(found, ShopCalendar(config.shop.zone))))
    return 0


def _lines(found: Profile, calendar: ShopCalendar) -> Iterator[str]:
    person = found.customer
    name = person.name or "no name"
    yield f"{name} <{person.email}>, since {calendar.local(person.registered_at):%d %b %Y} ({person.source})"
    for word in found.allowed:
        said = "allowed" if word.granted else "forbade"
        yield f"  {calendar.local(word.at):%d %b %Y}  {said} {word.purpose} ({word.source})"
    yield counted(len(found.orders), "order")
    for order in found.orders:
        lines = ", ".join(f"{line.quantity} x {line.sku}" for line in order.lines)
        yield f"  {order.placed_on:%d %b %Y}  {order.number}  {order.status}  {order.total}  {lines}"
    yield counted(len(found.contacts), "mail")
    for mail in found.contacts:
        way = "from" if mail.incoming else "to  "
        at = calendar.local(mail.at)
        yield f"  {at:%d %b %Y %H:%M}  {way}  {mail.number:7} {mail.became:10} {mail.subject}"
