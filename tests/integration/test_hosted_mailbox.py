"""The shop reads its mailbox at a real Dovecot: news by IDLE, restarts, cut lines, many and large mails."""

import asyncio
import imaplib
import os
import shutil
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from gateway.app.wiring import build
from gateway.db.engine import reading
from gateway.db.tables.mail import journal
from gateway.edges.imap_name import mailbox as spelled
from gateway.testing.clock import ManualClock
from gateway.testing.shop import Shop, open_shop

from .conftest import MONDAY, OWNER
from .dovecot import Dovecot
from .peer import HOST, Place, eventually, free_ports

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("postfix")]

USER, ANA = "shop@provider.example", "ana@customers.example"

OpenShop = Callable[..., AbstractAsyncContextManager[Shop]]


def a_mail(number: int = 1, words: str = "1 x MUG-01") -> bytes:
    head = f"Return-Path: <{ANA}>\r\nFrom: Ana <{ANA}>\r\nTo: {USER}\r\nSubject: Mail {number}"
    dated = f"Date: Mon, 02 Nov 2026 09:00:00 +0000\r\nMessage-ID: <{number}.phone@customers.example>"
    return f"{head}\r\n{dated}\r\n\r\n{words}\r\n".encode()


@pytest.fixture
def dovecot(peers: None) -> Iterator[Dovecot]:
    imap, lmtp = free_ports(2)
    with ExitStack() as at_the_end:
        place = Place.new("dovecot")
        at_the_end.callback(shutil.rmtree, place.folder, ignore_errors=True)
        server = Dovecot(place, imap, lmtp, (USER,))
        at_the_end.callback(server.stop)
        server.start()
        yield server


@pytest.fixture
def open_the_shop(dovecot: Dovecot, tmp_path: Path) -> OpenShop:
    """Opens a shop that reads the mailbox; [[imap]] is as usual but for what is given."""
    secret = tmp_path / "password"
    secret.write_text(f"{dovecot.password}\n")

    @asynccontextmanager
    async def opened(**more: Any) -> AsyncGenerator[Shop]:
        def settings(port: int) -> dict[str, Any]:
            account = {
                "host": HOST,
                "port": dovecot.imap_port,
                "tls": "off",
                "user": USER,
                "password_file": secret,
                "addresses": [USER],
            }
            return {
                "shop": {"name": "Blue Door", "domain": "boutique.example"},
                "owner": {"addresses": [OWNER]},
                "listen": {"host": HOST, "port": 0},
                "relay": {"smarthost": HOST, "port": port, "tls": "off"},
                "imap": [{**account, **more}],
            }

        async with open_shop(tmp_path / "shop", settings, now=MONDAY) as shop:
            await shop.brings("products", {"sku": "MUG-01", "name": "Blue mug", "on_hand": "9000"})
            yield shop

    return opened


def delivered(dovecot: Dovecot, *mails: bytes, mailbox: str = "INBOX") -> None:
    """Mails arrive by IMAP's own APPEND."""
    imap = imaplib.IMAP4(HOST, dovecot.imap_port, timeout=20)
    imap.login(USER, dovecot.password)
    imap.create(spelled(mailbox))
    for octets in mails:
        status, said = imap.append(spelled(mailbox), "", imaplib.Time2Internaldate(time.time()), octets)
        assert status == "OK", said
    imap.logout()


def dropped_into(dovecot: Dovecot, mails: Iterator[bytes]) -> None:
    """Many mails at once, as files in the Maildir."""
    folder = dovecot.place.folder / "mail" / USER
    owner = folder.stat()
    for number, octets in enumerate(mails):
        file = folder / "tmp" / f"1762074000.M{number:06d}.mailbox"
        file.write_bytes(octets)
        os.chown(file, owner.st_uid, owner.st_gid)
        file.rename(folder / "new" / file.name)


async def count(shop: Shop) -> int:
    async with reading(shop.gateway.db) as tx:
        return await tx.scalar(select(func.count()).select_from(journal)) or 0


async def has(shop: Shop, n: int, dovecot: Dovecot) -> None:
    async def look() -> bool:
        return await count(shop) >= n

    await eventually(look, f"{n} mails in the journal", dovecot.place)
    assert await count(shop) == n


def seen(dovecot: Dovecot, mailbox: str = "INBOX") -> list[str]:
    imap = imaplib.IMAP4(HOST, dovecot.imap_port, timeout=20)
    imap.login(USER, dovecot.password)
    imap.select(spelled(mailbox), readonly=True)
    _, (found,) = imap.uid("SEARCH", "SEEN")
    imap.logout()
    return found.decode().split()


async def test_idle_tells_of_a_mail_and_nothing_is_marked_seen(dovecot: Dovecot, open_the_shop: OpenShop):
    async with open_the_shop() as shop:
        await shop.gateway.settle()
        await asyncio.to_thread(delivered, dovecot, a_mail())  # from here on nobody rings, no clock is turned
        await has(shop, 1, dovecot)
        await shop.gateway.settle()
        assert [row["state"] for row in await shop.rows("journal")] == ["handled"]
        assert shop.mails_to(ANA)
    assert seen(dovecot) == []


async def test_a_restart_in_the_middle_of_idle_loses_nothing(dovecot: Dovecot, open_the_shop: OpenShop):
    async with open_the_shop() as shop:
        await shop.gateway.settle()
        await asyncio.to_thread(dovecot.stop)
        await asyncio.to_thread(dovecot.start)
        await asyncio.to_thread(delivered, dovecot, a_mail())
        for _ in range(6):
            await shop.lets_pass(minutes=5)
            if await count(shop):
                break
        await has(shop, 1, dovecot)


async def test_new_uidvalidity_handles_nothing_twice(dovecot: Dovecot, open_the_shop: OpenShop):
    async with open_the_shop() as shop:
        await shop.gateway.settle()
        await asyncio.to_thread(delivered, dovecot, a_mail(1), a_mail(2))
        await has(shop, 2, dovecot)
        await asyncio.to_thread(dovecot.stop)
        for file in (dovecot.place.folder / "mail" / USER).glob("dovecot*"):
            file.unlink()
        await asyncio.sleep(1)  # UIDVALIDITY is the second in which it is made
        await asyncio.to_thread(dovecot.start)
        await asyncio.to_thread(delivered, dovecot, a_mail(3))
        for _ in range(6):
            await shop.lets_pass(minutes=5)
            if await count(shop) > 2:
                break
        await has(shop, 3, dovecot)
        cursors = {row["uid_validity"] for row in await shop.rows("imap_cursor")}
        assert len(cursors) == 2


async def test_five_thousand_waiting_mails_come_in_groups(dovecot: Dovecot, open_the_shop: OpenShop):
    """They all come while the shop decides nothing: only the watcher is at work."""
    async with open_the_shop() as shop:
        await shop.gateway.settle()
        config = shop.gateway.config
    await asyncio.to_thread(dropped_into, dovecot, (a_mail(number, "Hello") for number in range(5000)))
    async with build(config, clock=ManualClock(MONDAY), listen=False) as gateway:
        (watcher,) = gateway.watchers
        working = asyncio.create_task(watcher.run())
        async with asyncio.timeout(90):
            await watcher.rest()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        async with reading(gateway.db) as tx:
            keys = (await tx.scalars(select(journal.c.key_id))).all()
    assert len(keys) == len(set(keys)) == 5000
    assert watcher.trouble == ""


async def test_a_mail_of_nearly_twenty_mib_comes_whole(dovecot: Dovecot, open_the_shop: OpenShop):
    photo = "\r\n".join(["a" * 76] * (19 * 1024 * 1024 // 78))
    octets = a_mail(1, photo)
    async with open_the_shop() as shop:
        await shop.gateway.settle()
        await asyncio.to_thread(delivered, dovecot, octets, a_mail(2))
        await has(shop, 2, dovecot)
        await shop.gateway.settle()
        large, small = await shop.rows("journal")
        assert large["size"] == len(octets)
        assert (large["finding"], small["state"]) == (None, "handled")


async def test_a_line_that_is_cut_inside_a_mail_is_taken_up_again(dovecot: Dovecot, open_the_shop: OpenShop):
    """A proxy between us cuts the line once, in the midst of the second mail."""
    big = a_mail(2, "\r\n".join(["line of a long letter"] * 20_000))
    async with Cutting(dovecot.imap_port, after=200_000) as proxy, open_the_shop(port=proxy.port) as shop:
        await shop.gateway.settle()
        await asyncio.to_thread(delivered, dovecot, a_mail(1), big, a_mail(3))
        for _ in range(20):
            await asyncio.sleep(0.1)
            await shop.lets_pass(seconds=30)
            if await count(shop) == 3:
                break
        assert proxy.cuts == 1
        await has(shop, 3, dovecot)
        sizes = [row["size"] for row in await shop.rows("journal")]
        assert sizes[1] == len(big)


async def test_umlaut_and_blank_in_a_mailbox_name(dovecot: Dovecot, open_the_shop: OpenShop):
    name = "Grüße & Bestellungen"
    await asyncio.to_thread(delivered, dovecot, mailbox=name)
    async with open_the_shop(mailboxes=[name]) as shop:
        await shop.gateway.settle()
        await asyncio.to_thread(delivered, dovecot, a_mail(), mailbox=name)
        await has(shop, 1, dovecot)


async def test_settled_mails_are_moved_to_a_mailbox_that_is_made(dovecot: Dovecot, open_the_shop: OpenShop):
    async with open_the_shop(after="move", move_to="Erledigt für heute") as shop:
        await shop.gateway.settle()
        await asyncio.to_thread(delivered, dovecot, a_mail(1), a_mail(2, "Do you sell lamps?"))
        await has(shop, 2, dovecot)
        await shop.gateway.settle()
        assert [row["state"] for row in await shop.rows("journal")] == ["handled", "held"]
    assert [mail.subject for mail in dovecot.mails(USER)] == ["Mail 2"]
    assert seen(dovecot, "Erledigt für heute") == []


async def test_a_wrong_password_is_told_and_not_tried_again(
    dovecot: Dovecot, open_the_shop: OpenShop, tmp_path: Path
):
    wrong = tmp_path / "wrong"
    wrong.write_text("open barley\n")
    async with open_the_shop(password_file=wrong) as shop:
        await shop.gateway.settle()
        assert "AUTHENTICATIONFAILED" in shop.gateway.watchers[0].trouble
        (told,) = shop.mails_to(OWNER)
        assert "Mail cannot be fetched" in str(told.message["Subject"])
        assert shop.clock.now() < MONDAY + timedelta(minutes=1)


class Cutting:
    """A proxy that cuts the first line over which so many octets have come from the server."""

    def __init__(self, port: int, after: int) -> None:
        self._to, self._after = port, after
        self.port, self.cuts = 0, 0

    async def __aenter__(self) -> "Cutting":
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(HOST, self._to)
        there = asyncio.create_task(self._carry(reader, far_writer, 0))
        back = asyncio.create_task(self._carry(far_reader, writer, self._after))
        await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
        for task in (there, back):
            task.cancel()
        await asyncio.gather(there, back, return_exceptions=True)
        writer.transport.abort()
        far_writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int) -> None:
        carried = 0
        while octets := await reader.read(16 * 1024):
            carried += len(octets)
            if limit and not self.cuts and carried > limit:
                self.cuts += 1
                return
            writer.write(octets)
            await writer.drain()
