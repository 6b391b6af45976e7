"""The mail world around a shop: a real Postfix, a real Dovecot behind it, and the shop that uses them."""

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.testing.shop import Shop, open_shop

from .dovecot import Dovecot
from .peer import HOST, Place, free_ports, make_certificate
from .postfix import Postfix

MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ANA, OWNER, LOGIN = "ana@customers.example", "priya@owner.example", "shop@provider.example"
DOMAIN, TOKEN_DOMAIN = "boutique.example", "reply.boutique.example"

OpenShop = Callable[..., AbstractAsyncContextManager[Shop]]


@pytest.fixture(scope="session")
def peers() -> None:
    """Real servers can be run; a test that wants them is skipped where not, and fails where they must be."""
    missing = [program for program in ("postfix", "dovecot", "doveadm") if shutil.which(program) is None]
    if os.geteuid() != 0:
        missing.append("root, by whom they are started")
    if missing:
        reason = f"real mail servers cannot be run: no {', no '.join(missing)}"
        if os.environ.get("MAILFLOW_REQUIRE_PEERS") == "1" or os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@dataclass(frozen=True, slots=True)
class World:
    """Who is there beside the shop."""

    postfix: Postfix
    dovecot: Dovecot
    listener_port: int  # where mail for the shop is sent to
    certificate: Path
    key: Path

    def settings(self, **relay: Any) -> dict[str, Any]:
        """The settings of a shop that sends by this Postfix, as [relay] says otherwise."""
        return {
            "shop": {
                "name": "Blue Door",
                "domain": DOMAIN,
                "token_domain": TOKEN_DOMAIN,
                "address": "1 Quay Street, Bristol",
            },
            "owner": {"addresses": [OWNER]},
            "listen": {
                "host": HOST,
                "port": self.listener_port,
                "certificate": self.certificate,
                "key": self.key,
            },
            "relay": {
                "smarthost": HOST,
                "port": self.postfix.port,
                "tls": "may",
                "username": LOGIN,
                "password_file": self.postfix.place.folder / "password",
                **relay,
            },
        }


@pytest.fixture
def world(peers: None) -> Iterator[World]:
    """Postfix and Dovecot are running, with empty queues and mailboxes."""
    smtp, imap, lmtp, listener = free_ports(4)
    places = Place.new("dovecot"), Place.new("postfix")
    try:
        dovecot = Dovecot(places[0], imap, lmtp, (ANA, OWNER, LOGIN))
        to_mailbox, to_shop = f"lmtp:inet:{HOST}:{lmtp}", f"smtp:[{HOST}]:{listener}"
        routes = {
            "customers.example": to_mailbox,
            "owner.example": to_mailbox,
            DOMAIN: to_shop,
            TOKEN_DOMAIN: to_shop,
        }
        certificate, key = make_certificate(places[1].folder)
        places[1].write("password", f"{Dovecot.password}\n")
        postfix = Postfix(places[1], smtp, routes, dovecot.login_socket, (certificate, key))
        dovecot.start()
        try:
            postfix.start()
            try:
                yield World(postfix, dovecot, listener, certificate, key)
            finally:
                if postfix.is_running():
                    postfix.stop()
        finally:
            dovecot.stop()
    finally:
        for place in places:
            shutil.rmtree(place.folder, ignore_errors=True)


@pytest.fixture
def open_the_shop(world: World, tmp_path: Path) -> OpenShop:
    """Opens the shop, with what [relay] says otherwise."""

    def opened(**relay: Any) -> AbstractAsyncContextManager[Shop]:
        return open_shop(tmp_path / "shop", lambda _: world.settings(**relay), now=MONDAY)

    return opened


@pytest.fixture
async def shop(open_the_shop: OpenShop) -> AsyncIterator[Shop]:
    """A shop with one product, which sends by Postfix and is found by it."""
    async with open_the_shop() as opened:
        await stock_up(opened)
        yield opened


async def stock_up(shop: Shop) -> None:
    """The shop has something to sell."""
    await shop.brings("products", {"sku": "MUG-01", "name": "Blue mug", "price": "12.50", "on_hand": "10"})
