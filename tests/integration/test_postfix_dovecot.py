"""The shop among real mail servers: Postfix takes its mail, Dovecot keeps it, customers answer by Postfix.

Nothing here is ours but the shop. Whoever writes to it does so by Postfix too, which takes it to our listener
as any mail server would; what cannot be delivered, Postfix tells us in its own words.
"""

import asyncio
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest

from gateway.app.published import signing_keys
from gateway.kernel.tokens import TokenKind
from gateway.mail.dkim import DkimKey, dns_record, verify
from gateway.mail.parsed import DeliveryReport
from gateway.mail.verp import AddressPlan, token_at
from gateway.pipeline.pipe import Outcome
from gateway.testing.shop import Shop

from .conftest import ANA, DOMAIN, LOGIN, OWNER, TOKEN_DOMAIN, OpenShop, World
from .dovecot import Received

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("postfix")]

ORDERS, GONE = f"orders@{DOMAIN}", "gone@customers.example"


def a_mail(words: str, *, number: int, to: str = ORDERS, subject: str = "", **thread: str) -> EmailMessage:
    """A mail as Ana's mail program writes it."""
    mail = EmailMessage()
    mail["From"] = Address("Ana Muñoz", addr_spec=ANA)
    mail["To"] = to
    mail["Subject"] = subject or f"Mail number {number}"
    mail["Date"] = f"Mon, 02 Nov 2026 09:0{number}:00 +0000"
    mail["Message-ID"] = f"<{number}.laptop@customers.example>"
    for name, value in thread.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(f"{words}\n\nAna Muñoz\n")
    return mail


def an_answer(mail: Received, words: str, *, number: int) -> EmailMessage:
    """Ana answers a mail with a subject of her own; what it is about, only her mail program says."""
    answered = str(mail.message["Message-ID"])
    return a_mail(
        words,
        number=number,
        to=str(mail.message["Reply-To"]),
        subject="Another question",
        In_Reply_To=answered,
        References=answered,
    )


def holds(octets: bytes, *keys: DkimKey) -> bool:
    """Whether the shop's signature holds for somebody who can ask DNS for these keys."""
    records = dict(map(dns_record, keys))

    def record(name: str) -> bytes | None:
        return records[name].encode() if name in records else None

    return verify(octets, record) == (DOMAIN,)


async def the_only(shop: Shop, table: str) -> dict[str, Any]:
    (row,) = await shop.rows(table)
    return dict(row)


# --- there and back ---------------------------------------------------------------------------------------


@pytest.mark.covers("S0-1.1")
async def test_a_confirmation_lies_in_her_mailbox_as_the_shop_signed_it(world: World, shop: Shop):
    await world.writes(shop, a_mail("Two of the blue ones please:\n\n2 x MUG-01", number=1))

    (mail,) = await world.mails(ANA, 1)
    message = mail.message
    assert "1001" in mail.subject
    assert parseaddr(str(message["From"])) == ("Blue Door", f"hello@{DOMAIN}")
    assert str(message["To"]) == f"Ana Muñoz <{ANA}>"
    assert str(message["Message-ID"]).endswith(f"@{DOMAIN}>")
    assert "2 × Blue mug" in mail.body("plain")
    assert "Blue mug" in mail.body("html")
    assert "€25.00" in mail.body("html")

    keys = signing_keys(shop.gateway.config.dkim, DOMAIN)
    assert all(holds(mail.octets, key) for key in keys)  # each alone, for not all receivers know Ed25519
    assert not holds(mail.octets.replace(b"Blue mug", b"Gold mug"), *keys)

    tokens, plan = shop.gateway.config.secrets.keys().tokens, AddressPlan(DOMAIN, TOKEN_DOMAIN)
    path = {name: parseaddr(str(message[name]))[1] for name in ("Reply-To", "Return-Path")}
    kinds = {name: token.kind for name in path if (token := token_at(tokens, path[name], plan))}
    assert kinds == {"Reply-To": TokenKind.REPLY, "Return-Path": TokenKind.BOUNCE}


async def test_both_ways_are_encrypted_and_the_shop_logs_in(world: World, shop: Shop):
    await world.writes(shop, a_mail("1 x MUG-01", number=1))
    attempt = await the_only(shop, "attempt")
    assert (attempt["tls"], attempt["code"], attempt["enhanced"]) == (True, 250, "2.0.0")
    assert f"sasl_username={LOGIN}" in world.postfix.log
    peer = (await the_only(shop, "journal"))["peer"]
    assert (peer["helo"], peer["tls"]) == ("smarthost.provider.example", True)


async def test_her_answer_finds_the_order_it_is_about(world: World, shop: Shop):
    await world.writes(shop, a_mail("1 x MUG-01", number=1))
    await world.writes(shop, a_mail("3 x MUG-01", number=2))
    first, second = sorted(await world.mails(ANA, 2), key=lambda mail: mail.subject)
    assert "1001" in first.subject
    assert "1002" in second.subject

    question = an_answer(first, "Where is my order? I cannot wait.", number=3)
    outcome = await world.writes(shop, question)
    assert outcome.facts is not None
    assert outcome.facts.answered is not None
    assert outcome.facts.answered.evidence == "forward-path"
    assert outcome.facts.order is not None
    assert outcome.facts.order.number == "1001"

    *_, answer = await world.mails(ANA, 3)
    assert answer.message["In-Reply-To"] == question["Message-ID"]
    assert "Order 1001" in answer.body("plain")


# --- what cannot be delivered -----------------------------------------------------------------------------


def is_report(outcome: Outcome) -> bool:
    return outcome.facts is not None and isinstance(outcome.facts.mail.kind, DeliveryReport)


@pytest.mark.covers("S0-E4", "S4-OOS5")
async def test_postfix_bounces_a_dead_address_and_it_is_never_written_to_again(world: World, shop: Shop):
    await shop.receives("1 x MUG-01", sender=f"Gone <{GONE}>", to=ORDERS)
    outcome = await world.hears(shop, is_report, "Postfix's report about a dead address")
    assert outcome.facts is not None
    assert outcome.facts.envelope.reverse_path is None
    assert outcome.facts.role == "bounce"

    suppression = await the_only(shop, "suppression")
    assert (suppression["address"], suppression["scope"], suppression["reason"]) == (
        GONE,
        "all",
        "dead_address",
    )
    confirmation, *_ = await shop.rows("outbound_message")
    assert (confirmation["status"], confirmation["bounce_class"]) == ("accepted", "no_such_user")
    assert confirmation["bounced_at"] is not None
    (told,) = await world.mails(OWNER, 1)
    assert GONE in told.body("plain")

    await shop.brings("orders", {"number": "2001", "email": GONE, "sku": "MUG-01", "quantity": "2"})
    second = [row for row in await shop.rows("outbound_message") if row["recipient"] == GONE][1]
    assert second["status"] == "suppressed"
    assert world.postfix.log.count(f"to=<{GONE}>") == 1


async def test_a_report_is_answered_by_nobody(world: World, shop: Shop):
    await shop.receives("1 x MUG-01", sender=f"Gone <{GONE}>", to=ORDERS)
    await world.hears(shop, is_report, "Postfix's report about a dead address")
    await world.mails(OWNER, 1)
    await shop.lets_pass(hours=1)
    recipients = [row["recipient"] for row in await shop.rows("outbound_message")]
    assert recipients == [GONE, OWNER]


# --- a smarthost with troubles ----------------------------------------------------------------------------


@pytest.mark.covers("S2-Q3", "S2-REC2")
async def test_what_waits_for_a_smarthost_that_is_down_is_delivered_once_it_is_up(world: World, shop: Shop):
    await asyncio.to_thread(world.postfix.stop)
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    assert (await the_only(shop, "outbox"))["status"] == "queued"
    route = await the_only(shop, "route")
    assert route["suspended_until"] > shop.clock.now()
    assert route["suspended_why"].startswith("connect: ")

    await asyncio.to_thread(world.postfix.start)
    await shop.lets_pass(minutes=2)
    (mail,) = await world.mails(ANA, 1)
    assert "1001" in mail.subject
    assert (await the_only(shop, "outbound_message"))["status"] == "accepted"
    assert (await the_only(shop, "attempt"))["code"] == 250
    assert (await the_only(shop, "route"))["suspended_until"] is None


async def test_a_certificate_that_the_machine_trusts_is_enough(
    world: World, open_the_shop: OpenShop, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(world.certificate[0]))  # as an owner does for her own authority
    async with open_the_shop(tls="required") as shop:
        await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
        await world.mails(ANA, 1)
        assert (await the_only(shop, "attempt"))["tls"]


async def waits(shop: Shop, why: str) -> None:
    """Nothing was refused: her mail waits, a quarter of an hour at first, and so does word to the owner."""
    messages = await shop.rows("outbound_message")
    assert [(row["recipient"], row["status"]) for row in messages] == [(ANA, "open"), (OWNER, "open")]
    assert not await shop.rows("attempt")
    route = await the_only(shop, "route")
    assert route["suspended_why"].startswith(why)
    assert route["suspended_until"] == shop.clock.now() + timedelta(minutes=15)


async def test_a_certificate_that_nobody_vouches_for_gets_neither_mail_nor_password(
    world: World, open_the_shop: OpenShop
):
    async with open_the_shop(tls="required") as shop:
        await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
        await waits(shop, "tls: its certificate does not hold")
    assert "sasl_username" not in world.postfix.log
    assert not world.dovecot.mails(ANA)


async def test_a_wrong_password_bounces_nobody(world: World, open_the_shop: OpenShop, tmp_path: Path):
    wrong = tmp_path / "wrong"
    wrong.write_text("open barley\n")
    async with open_the_shop(password_file=wrong) as shop:
        await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
        await waits(shop, "auth: 535 5.7.8 ")
