"""A shop whose mailbox is hosted elsewhere: mail comes by IMAP, and the owner goes on reading it there."""

from collections.abc import AsyncIterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from gateway.testing.imap_server import ImapServer
from gateway.testing.shop import Shop, open_shop

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


@pytest.fixture
async def shop(server: ImapServer, tmp_path: Path) -> AsyncIterator[Shop]:
    def with_mailbox(port: int) -> dict[str, Any]:
        return {**settings(port), "imap": [account(server, tmp_path)]}

    async with open_shop(tmp_path / "shop", with_mailbox, now=MONDAY) as opened:
        await opened.brings(
            "products", {"sku": "MUG-01", "name": "Blue mug", "price": "12.50", "on_hand": "10"}
        )
        yield opened


async def test_a_customer_writes_to_the_hosted_mailbox_and_is_answered(server: ImapServer, shop: Shop):
    server.append(a_mail("2 x MUG-01"))
    await shop.gateway.settle()
    (journal,) = await shop.rows("journal")
    assert (journal["via"], journal["state"], journal["reverse_path"]) == ("imap", "handled", ANA)
    assert journal["forward_paths"] == [MAILBOX]
    assert "1001" in str(shop.last_mail_to(ANA).message["Subject"])
    assert await shop.stock("MUG-01") == (10, 2, 0)
