"""The mail world around a shop: a real Postfix, a real Dovecot behind it, and the shop that uses them."""

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from gateway.pipeline.pipe import Outcome
from gateway.testing.shop import Shop, open_shop

from .dovecot import Dovecot, Received
from .peer import HOST, Place, eventually, free_ports, make_certificate
from .postfix import Postfix

MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ANA, OWNER, LOGIN = "ana@customers.example", "priya@owner.example", "shop@provider.example"
DOMAIN, TOKEN_DOMAIN = "boutique.example", "reply.boutique.example"

OpenShop = Callable[..., AbstractAsyncContextManager[Shop]]


@pytest.fixture(scope="session")
def peers() -> None:
    """Real servers can be run; a test that wants them is skipped where not, and fails where they must be."""
    missing = [program for program in ("postfix", "dovecot") if shutil.which(program) is None]
    if os.geteuid() != 0:
        missing.append("root, who alone can start them")
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
    certificate: tuple[Path, Path]  # its own and its key's file
    lmtp_port: int  # where mail for the shop is handed over instead, if the world is so

    def settings(self, **relay: Any) -> dict[str, Any]:
        """The settings of a shop that sends by this Postfix, but for what `relay` says otherwise."""
        certificate, key = self.certificate
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
                "certificate": certificate,
                "key": key,
                "lmtp": f"{HOST}:{self.lmtp_port}",
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

    async def mails(self, user: str, n: int) -> list[Received]:
        """What lies in a mailbox, once it is `n` mails."""
        return await self.dovecot.mails_once(user, n, self.postfix.place)

    async def hears(self, shop: Shop, is_it: Callable[[Outcome], bool], what: str) -> Outcome:
        """What the shop has made of the mail that `is_it` knows, once that has come and all is settled."""

        async def look() -> list[Outcome]:
            return [outcome for outcome in shop.outcomes if outcome.facts and is_it(outcome)]

        (outcome,) = await eventually(look, what, self.postfix.place, self.dovecot.place)
        await shop.gateway.settle()
        return outcome

    async def writes(self, shop: Shop, message: EmailMessage) -> Outcome:
        """Ana's mail program sends a mail, which reaches the shop by way of Postfix; what came of it."""
        await asyncio.to_thread(self.postfix.submit, ANA, self.dovecot.password, message)
        wanted = str(message["Message-ID"]).strip("<>")

        def is_it(outcome: Outcome) -> bool:
            mail = outcome.facts.mail if outcome.facts else None
            return mail is not None and mail.message_id == wanted

        return await self.hears(shop, is_it, f"{message['Subject']} in the shop")


@pytest.fixture
def world(peers: None, request: pytest.FixtureRequest) -> Iterator[World]:
    """Postfix and Dovecot are running, with empty queues and mailboxes.

    By the parameter "lmtp", Postfix is the shop's own and hands mail over to it.
    """
    smtp, imap, lmtp, listener, handed = free_ports(5)
    is_ours = getattr(request, "param", "smtp") == "lmtp"
    with ExitStack() as at_the_end:
        near, far = Place.new("postfix"), Place.new("dovecot")
        for place in (near, far):
            at_the_end.callback(shutil.rmtree, place.folder, ignore_errors=True)
        dovecot = Dovecot(far, imap, lmtp, (ANA, OWNER, LOGIN))
        near.write("password", f"{dovecot.password}\n")
        certificate = make_certificate(near.folder)
        to_mailbox, to_shop = f"lmtp:inet:{HOST}:{lmtp}", f"smtp:[{HOST}]:{listener}"
        if is_ours:
            to_shop = f"lmtp:inet:{HOST}:{handed}"
        routes = {
            "customers.example": to_mailbox,
            "owner.example": to_mailbox,
            DOMAIN: to_shop,
            TOKEN_DOMAIN: to_shop,
        }
        postfix = Postfix(near, smtp, routes, dovecot.login_socket, certificate)
        at_the_end.callback(dovecot.stop)
        dovecot.start()
        at_the_end.callback(postfix.stop)
        postfix.start()
        yield World(postfix, dovecot, listener, certificate, handed)


@pytest.fixture
def open_the_shop(world: World, tmp_path: Path) -> OpenShop:
    """Opens a shop with one product; [relay] is as usual but for what is given."""

    @asynccontextmanager
    async def opened(**relay: Any) -> AsyncGenerator[Shop]:
        async with open_shop(tmp_path / "shop", lambda _: world.settings(**relay), now=MONDAY) as shop:
            await shop.brings(
                "products", {"sku": "MUG-01", "name": "Blue mug", "price": "12.50", "on_hand": "10"}
            )
            yield shop

    return opened


@pytest.fixture
async def shop(open_the_shop: OpenShop) -> AsyncIterator[Shop]:
    """A shop that sends by Postfix and is found by it."""
    async with open_the_shop() as opened:
        yield opened
