"""A shop whose mailbox is hosted elsewhere: mail comes by IMAP, and the owner goes on reading it there."""

import asyncio
import smtplib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from gateway.app.wiring import build
from gateway.db.engine import reading
from gateway.db.tables.mail import journal
from gateway.testing.clock import ManualClock
from gateway.testing.imap_server import ImapServer
from gateway.testing.shop import Shop, open_shop, words_of

from .conftest import MONDAY, settings

ANA = "ana@example.net"
OWNER = "priya@owner.example"
MAILBOX = "shop@provider.example"


def a_mail(words: str, *, number: int = 1, to: str = MAILBOX, path: str = ANA, **more: str) -> bytes:
    """A mail of Ana's as the provider delivered it."""
    mail = EmailMessage()
    mail["Return-Path"] = f"<{path}>"
    mail["Delivered-To"] = to
    mail["From"] = f"Ana Lopez <{ANA}>"
    mail["To"] = to
    mail["Subject"] = more.pop("subject", "Hello")
    mail["Date"] = "Mon, 02 Nov 2026 09:00:00 +0000"
    mail["Message-ID"] = f"<{number}.laptop@example.net>"
    for name, value in more.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(words)
    return mail.as_bytes(policy=SMTP)


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    async with ImapServer() as server:
        yield server


def account(server: ImapServer, folder: Path, **more: Any) -> dict[str, Any]:
    secret = folder / "imap-password"
    secret.write_text(f"{server.password}\n")
    return {
        "host": server.host,
        "port": server.port,
        "tls": "off",
        "user": server.user,
        "password_file": secret,
        "addresses": [MAILBOX],
        **more,
    }


OpenShop = Callable[..., AbstractAsyncContextManager[Shop]]


@pytest.fixture
def open_the_shop(server: ImapServer, tmp_path: Path) -> OpenShop:
    """Opens a shop that reads the server's mailbox, as `account` has it but for what is given."""

    @asynccontextmanager
    async def opened(**more: Any) -> AsyncGenerator[Shop]:
        def with_mailbox(port: int) -> dict[str, Any]:
            return {**settings(port), "imap": [account(server, tmp_path, **more)]}

        async with open_shop(tmp_path / "shop", with_mailbox, now=MONDAY) as shop:
            await shop.brings(
                "products", {"sku": "MUG-01", "name": "Blue mug", "price": "12.50", "on_hand": "10"}
            )
            yield shop

    return opened


@pytest.fixture
async def shop(open_the_shop: OpenShop) -> AsyncIterator[Shop]:
    async with open_the_shop() as opened:
        yield opened


async def test_a_customer_writes_to_the_hosted_mailbox_and_is_answered(server: ImapServer, shop: Shop):
    server.append(a_mail("2 x MUG-01"))
    await shop.gateway.settle()
    (journal,) = await shop.rows("journal")
    assert (journal["via"], journal["state"], journal["reverse_path"]) == ("imap", "handled", ANA)
    assert journal["forward_paths"] == [MAILBOX]
    assert "1001" in str(shop.last_mail_to(ANA).message["Subject"])
    assert await shop.stock("MUG-01") == (10, 2, 0)


async def test_a_read_mail_is_fetched(server: ImapServer, shop: Shop):
    """She has read it on her telephone before we came to it."""
    server.append(a_mail("2 x MUG-01"), flags=[r"\Seen"])
    await shop.gateway.settle()
    assert [row["state"] for row in await shop.rows("journal")] == ["handled"]


async def test_nothing_is_marked_seen(server: ImapServer, shop: Shop):
    server.append(a_mail("2 x MUG-01"))
    await shop.gateway.settle()
    assert [mail.flags for mail in server.mails()] == [set()]


async def test_an_answer_to_a_signed_address_finds_what_it_is_about(server: ImapServer, shop: Shop):
    server.append(a_mail("1 x MUG-01"))
    await shop.gateway.settle()
    confirmation = shop.last_mail_to(ANA)
    where = str(confirmation.message["Reply-To"])
    server.append(a_mail("Where is it?", number=2, to=where, subject="Hm"))
    await shop.gateway.settle()
    outcome = shop.outcomes[-1]
    assert outcome.facts is not None
    assert outcome.facts.answered is not None
    assert outcome.facts.answered.evidence == "forward-path"
    assert outcome.facts.order is not None


async def test_a_mail_that_does_not_name_its_sender_is_answered_by_nobody(server: ImapServer, shop: Shop):
    server.append(a_mail("1 x MUG-01"))
    await shop.gateway.settle()
    before = len(shop.sink.mails_to(ANA))
    question = a_mail("Where is my order?", number=2).partition(b"\r\n")[2]  # without its Return-Path
    server.append(question)
    await shop.gateway.settle()
    assert len(shop.sink.mails_to(ANA)) == before


async def test_one_mail_by_smtp_and_imap_is_one(server: ImapServer, shop: Shop):
    octets = a_mail("2 x MUG-01")
    bare = octets[octets.index(b"From: ") :]  # before anybody wrote trace fields on top

    def deliver() -> None:
        assert shop.gateway.listener is not None
        with smtplib.SMTP("127.0.0.1", shop.gateway.listener.port, "test.example", timeout=10) as smtp:
            smtp.sendmail(ANA, ["orders@boutique.example"], bare)

    await asyncio.to_thread(deliver)
    await shop.gateway.settle()
    received = b"Received: from mx.example by imap.example; Mon, 02 Nov 2026 09:00:01 +0000\r\n"
    server.append(received + octets)
    await shop.gateway.settle()
    first, second = await shop.rows("journal")
    assert (first["via"], second["via"]) == ("smtp", "imap")
    assert (first["key_id"], first["key_content"]) == (second["key_id"], second["key_content"])
    assert (second["state"], second["duplicate_of"]) == ("duplicate", first["id"])
    assert await shop.stock("MUG-01") == (10, 2, 0)
    assert len(shop.sink.mails_to(ANA)) == 1


async def test_what_is_settled_is_moved_and_what_is_held_is_not(server: ImapServer, open_the_shop: OpenShop):
    async with open_the_shop(after="move", move_to="Done by MailFlow") as shop:
        server.append(a_mail("2 x MUG-01"))
        server.append(a_mail("Is your shop a nice place to work in?", number=2))
        await shop.gateway.settle()
        assert [row["state"] for row in await shop.rows("journal")] == ["handled", "held"]
    assert [b"nice place" in mail.octets for mail in server.mails()] == [True]
    assert [b"MUG-01" in mail.octets for mail in server.mails("Done by MailFlow")] == [True]


async def test_new_uidvalidity_handles_nothing_twice(server: ImapServer, shop: Shop):
    server.append(a_mail("2 x MUG-01"))
    await shop.gateway.settle()
    server.renumber(first=40)
    server.append(a_mail("3 x MUG-01", number=2))
    for _ in range(3):
        await asyncio.sleep(0.05)
        await shop.lets_pass(minutes=6)
    assert await shop.stock("MUG-01") == (10, 5, 0)
    assert len(shop.sink.mails_to(ANA)) == 2


async def test_a_mail_too_large_is_held_and_told(server: ImapServer, shop: Shop):
    server.append(a_mail("a film of a vase", subject="My vase"), size=30 * 1024 * 1024)
    await shop.gateway.settle()
    await shop.lets_pass(hours=24)
    (held,) = await shop.rows("hold")
    assert held["reason"] == "too_large"
    assert "My vase" in words_of(shop.last_mail_to(OWNER))
    assert not server.said("BODY.PEEK[])")


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (f"From: {OWNER}\r\nFrom: {ANA}", "forged"),
        (f"From: {ANA}\r\nFr\0om: {OWNER}", "forged"),
        (f"From: {ANA}\r\n" + "Received: from a by b\r\n" * 51 + "X: y", "too_complex"),
        (f"From: {ANA}\r\n" + "X-Field: y\r\n" * 1001 + "X: y", "too_complex"),
    ],
)
async def test_what_smtp_would_refuse_is_held(server: ImapServer, shop: Shop, head: str, reason: str):
    server.append(f"Return-Path: <{ANA}>\r\n{head}\r\n\r\n2 x MUG-01\r\n".encode())
    await shop.gateway.settle()
    (row,) = await shop.rows("journal")
    assert (row["state"], row["reason"]) == ("held", reason)
    assert await shop.stock("MUG-01") == (10, 0, 0)


async def test_false_line_ends_are_mended_and_noted(server: ImapServer, shop: Shop):
    server.append(a_mail("2 x MUG-01").replace(b"2 x", b"2\0 x").replace(b"\r\n\r\n", b"\n\n"))
    await shop.gateway.settle()
    (row,) = await shop.rows("journal")
    (octets,) = await shop.rows("journal_octets")
    assert row["state"] == "handled"
    assert b"\0" in octets["octets"]  # kept as it came
    trace = (await shop.rows("trace"))[-1]
    assert "line_ends" in trace["facts"]["defects"]


async def test_the_owner_hears_at_once_of_a_refused_password(server: ImapServer, open_the_shop: OpenShop):
    server.refusal = "[AUTHENTICATIONFAILED] use an app password"
    async with open_the_shop() as shop:
        await shop.gateway.settle()
        told = shop.last_mail_to(OWNER)
        assert "INBOX of shop@provider.example at 127.0.0.1" in str(told.message["Subject"])
        assert "use an app password" in words_of(told)
        await shop.lets_pass(hours=12)
        assert len(shop.mails_to(OWNER, "Mail cannot be fetched")) == 1
        assert server.logins < 10
        server.refusal = ""
        server.append(a_mail("2 x MUG-01"))
        await shop.lets_pass(hours=5)
        assert await shop.stock("MUG-01") == (10, 0, 0)  # it lay there before we ever came in


async def test_the_owner_hears_what_is_left_alone(server: ImapServer, open_the_shop: OpenShop):
    server.append(a_mail("2 x MUG-01"))
    async with open_the_shop() as shop:
        await shop.gateway.settle()
        assert "1 mail that lay there before is left alone" in words_of(shop.last_mail_to(OWNER))
        assert not await shop.rows("journal")


async def test_a_shop_that_was_closed_goes_on_where_it_was(
    server: ImapServer, open_the_shop: OpenShop, tmp_path
):
    async with open_the_shop() as shop:
        server.append(a_mail("1 x MUG-01"))
        await shop.gateway.settle()
        config = shop.gateway.config
        sink = shop.sink
        assert sink.mails_to(ANA)
    server.append(a_mail("2 x MUG-01", number=2))
    clock = ManualClock(MONDAY + timedelta(hours=1))
    async with build(config, clock=clock) as gateway:
        working = asyncio.create_task(gateway.run())
        await gateway.settle()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        async with reading(gateway.db) as tx:
            assert await tx.scalar(select(func.count()).select_from(journal)) == 2


async def test_two_mailboxes_and_an_account_that_is_away(server: ImapServer, tmp_path: Path):
    """One server that does not answer stops nobody else."""
    server.append(b"", "Shop")

    def with_mailboxes(port: int) -> dict[str, Any]:
        here = account(server, tmp_path, mailboxes=["INBOX", "Shop"])
        away = account(server, tmp_path, port=1, user="other")
        return {**settings(port), "imap": [away, here]}

    async with open_shop(tmp_path / "shop", with_mailboxes, now=MONDAY) as shop:
        await shop.gateway.settle()
        server.append(a_mail("1 x MUG-01"))
        server.append(a_mail("2 x MUG-01", number=2), "Shop")
        await shop.gateway.settle()
        assert len(await shop.rows("journal")) == 2
        health = {row["account"]: row["trouble"] for row in await shop.rows("imap_mailbox")}
        assert health["other at 127.0.0.1"]
        assert health["shop@provider.example at 127.0.0.1"] is None
