"""`mailflow data customer`: all that the shop knows about one person."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from gateway.app.config import load
from gateway.app.wiring import address_key, read_keys
from gateway.db.engine import open_database, reading
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
    key = address_key(read_keys(config))(address)
    async with open_database(config.store.address(), read_only=True) as db, reading(db) as tx:
        found = await profile(tx, key)
    if found is None:
        raise InputError(written, "is not known to the shop", "nobody with this address wrote or bought")
    print("\n".join(_lines(found)))
    return 0


def _lines(found: Profile) -> Iterator[str]:
    person = found.customer
    name = person.name or "no name"
    yield f"{name} <{person.email}>, since {person.registered_at:%d %b %Y} ({person.source})"
    for word in found.allowed:
        said = "allowed" if word.granted else "forbade"
        yield f"  {word.at:%d %b %Y}  {said} {word.purpose} ({word.source})"
    yield f"{len(found.orders)} orders"
    for order in found.orders:
        lines = ", ".join(f"{line.quantity} x {line.sku}" for line in order.lines)
        yield f"  {order.placed_on:%d %b %Y}  {order.number}  {order.status}  {order.total}  {lines}"
    yield f"{len(found.contacts)} mails"
    for mail in found.contacts:
        way = "from" if mail.incoming else "to  "
        yield f"  {mail.at:%d %b %Y %H:%M}  {way}  {mail.number:7} {mail.became:10} {mail.subject}"
