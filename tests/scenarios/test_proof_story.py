"""Who is believed, told by what a shop does: forgers, third persons, silent name servers, forwarded mail."""

import asyncio
import json
from datetime import date
from email.message import EmailMessage
from email.policy import SMTP
from smtplib import SMTPDataError
from typing import Any

import pytest

from gateway.commands.authority import Level
from gateway.kernel.tokens import TokenKind
from gateway.mail.resolve import Record
from gateway.mail.verp import AddressPlan, token_address
from gateway.pipeline.pipe import Outcome
from gateway.testing.shop import Shop, words_of

OWNER, ACME = "priya@owner.example", "sales@pottery.example"
CHANNEL, CARRIER = "orders@platform.example", "news@parcels.example"
ANA, BEN = "Ana Lopez <ana@example.net>", "Ben Okafor <ben@example.org>"
ORDERS, SUPPLIERS, HELLO = "orders@boutique.example", "suppliers@boutique.example", "hello@boutique.example"
TRACKING = "1Z999AA10123456784"


def notice(number: str) -> str:
    """A platform's HTML with one order in JSON-LD."""
    order = {
        "@context": "http://schema.org",
        "@type": "Order",
        "orderNumber": number,
        "orderStatus": "http://schema.org/OrderProcessing",
        "customer": {"@type": "Person", "name": "Ana Lopez", "email": "ana@example.net"},
        "acceptedOffer": {
            "@type": "Offer",
            "price": "12.50",
            "priceCurrency": "EUR",
            "itemOffered": {"@type": "Product", "sku": "MUG-01", "name": "Blue mug"},
            "eligibleQuantity": {"@type": "QuantitativeValue", "value": 2},
        },
    }
    return f'<p>New</p><script type="application/ld+json">{json.dumps(order)}</script>'


def a_notice(shop: Shop, number: str = "2042", to: str = ORDERS) -> bytes:
    """The platform's mail, as it signs it."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = CHANNEL, to, f"New order {number}"
    mail["Date"] = shop.clock.now()
    mail["Message-ID"] = f"<{number}@platform.example>"
    mail.set_content("New order")
    mail.add_alternative(notice(number), subtype="html")
    return shop.senders.signed(mail.as_bytes(policy=SMTP), "platform.example", shop.clock.now())


async def buys(shop: Shop, mugs: int = 6, who: str = ANA) -> Outcome:
    return await shop.receives(f"{mugs} x MUG-01", sender=who, to=ORDERS)


async def sends(shop: Shop, octets: bytes, reverse_path: str, to: str = ORDERS) -> None:
    """A mail comes in; whatever can be done about it now is done."""
    await asyncio.to_thread(shop._deliver, octets, reverse_path, to)
    await shop.gateway.settle()


def held(outcome: Outcome) -> tuple[str, str]:
    return str(outcome.decision.disposition), outcome.decision.reason


def level(outcome: Outcome) -> Level:
    assert outcome.facts is not None
    return outcome.facts.standing.level


# --- forgers -----------------------------------------------------------------------------------------------


async def test_a_forged_mail_of_the_owner_is_refused_at_the_final_dot(shop: Shop):
    with pytest.raises(SMTPDataError) as refused:
        await shop.receives("drop 1", sender=OWNER, reverse_path="thief@evil.example", signed=False)
    assert refused.value.smtp_code == 550
    assert refused.value.smtp_error.startswith(b"5.7.26")
    assert not await shop.rows("journal")


async def test_a_report_in_the_shop_s_own_name_is_not_refused(shop: Shop):
    """A mail server of the shop's writes so, unsigned; nothing hangs on its From."""
    outcome = await shop.receives(
        "I could not deliver it", sender="MAILER-DAEMON@boutique.example", reverse_path="", signed=False
    )
    assert outcome.decision.disposition == "held"


async def test_the_owner_from_a_host_that_proves_nothing_is_asked_about(shop: Shop):
    mail = f"From: {OWNER}\r\nTo: {ORDERS}\r\nSubject: Mugs\r\nMessage-ID: <1@o>\r\n\r\ndrop 1\r\n".encode()
    outcome = await shop.receives_octets(mail, reverse_path=OWNER, to=ORDERS)
    assert held(outcome) == ("held", "not_proven")
    assert level(outcome) is Level.L0


async def test_a_sales_channel_is_believed_by_its_signature_alone(shop: Shop):
    forged = await shop.receives("New order", sender=CHANNEL, to=ORDERS, html=notice("2042"), signed=False)
    assert held(forged) == ("held", "not_proven")
    assert "platform.example" in forged.decision.note
    assert not await shop.rows("orders")
    assert not shop.sink.mails_to("ana@example.net")

    real = await shop.receives("New order", sender=CHANNEL, to=ORDERS, html=notice("2042"))
    assert (real.decision.disposition, level(real)) == ("handled", Level.L1)
    assert (await shop.order("2042"))["status"] == "confirmed"


async def test_a_notice_to_another_shop_orders_nothing_here(shop: Shop):
    """The platform signs for all its shops: who runs one can bring its notices here, unchanged."""
    octets = a_notice(shop, "9001", to="eve@evil.example")
    brought = await shop.receives_octets(octets, reverse_path="eve@evil.example", to=ORDERS)
    assert (held(brought), level(brought)) == (("held", "not_proven"), Level.L0)
    assert not await shop.rows("orders")
    assert not shop.sink.mails_to("ana@example.net")


async def test_a_notice_to_an_unknown_address_counts_if_the_platform_itself_brings_it(shop: Shop):
    shop.senders.zone.add("platform.example", Record.TXT, "v=spf1 ip4:127.0.0.1 -all")
    outcome = await shop.receives_octets(
        a_notice(shop, "9001", to="old-name@door.example"), reverse_path=CHANNEL, to=ORDERS
    )
    assert (outcome.decision.disposition, level(outcome)) == ("handled", Level.L1)


async def test_what_the_owner_wrote_to_others_commands_nothing(shop: Shop):
    """Who got her to write a word can bring it here under her own signature."""
    words = f"From: {OWNER}\r\nTo: eve@evil.example\r\nMessage-ID: <1@owner.example>\r\n\r\nexplain 1\r\n"
    octets = shop.senders.signed(words.encode(), "owner.example", shop.clock.now())
    brought = await shop.receives_octets(octets, reverse_path="eve@evil.example", to=ORDERS)
    assert (held(brought), level(brought)) == (("held", "not_proven"), Level.L0)


async def test_a_channel_s_neighbour_is_nobody(shop: Shop):
    outcome = await shop.receives(
        "New", sender="orders@platform.example.evil.example", to=ORDERS, html=notice("1")
    )
    assert level(outcome) is Level.L0
    assert not await shop.rows("orders")


async def test_an_unproven_carrier_moves_no_parcel(shop: Shop):
    await shop.receives("New order", sender=CHANNEL, to=ORDERS, html=notice("2042"))
    words = f"UPS parcel {TRACKING} for order 2042 was collected."
    outcome = await shop.receives(words, sender=CARRIER, to=ORDERS, subject="Collected", signed=False)
    assert held(outcome) == ("held", "not_proven")
    assert (await shop.order("2042"))["status"] == "confirmed"
    await shop.receives(words, sender=CARRIER, to=ORDERS, subject="Collected")
    assert (await shop.order("2042"))["status"] == "shipped"


async def test_a_forged_supplier_confirms_nothing(shop: Shop):
    await buys(shop)
    letter = shop.last_mail_to(ACME)
    outcome = await shop.answers(letter, "PO-1042 will ship 12 Nov, 40 of 50 units.", signed=False)
    assert held(outcome) == ("held", "forged")
    assert (await shop.rows("purchase_order"))[0]["status"] == "sent"


async def test_a_supplier_whose_host_does_not_sign_is_asked_about(shop: Shop):
    await buys(shop)
    letter = shop.last_mail_to(ACME)
    mail = (
        f"From: {ACME}\r\nTo: {letter.message['Reply-To']}\r\nSubject: Re: PO-1042\r\n"
        f"Message-ID: <2@pottery>\r\n\r\nPO-1042 will ship 12 Nov, 40 of 50 units.\r\n"
    ).encode()
    outcome = await shop.receives_octets(mail, reverse_path=ACME, to=str(letter.message["Reply-To"]))
    assert held(outcome) == ("held", "not_proven")
    assert (await shop.rows("purchase_order"))[0]["status"] == "sent"


async def test_nobody_writes_to_suppliers_under_a_denied_name(shop: Shop):
    outcome = await shop.receives("Where is my order?", sender=ANA, to=SUPPLIERS, signed=False)
    assert held(outcome) == ("held", "not_proven")


async def test_nobody_is_written_to_for_a_forger(shop: Shop):
    """An order in Ana's name, which her domain denies: she hears nothing, nothing is reserved."""
    outcome = await shop.receives("6 x MUG-01", sender=ANA, to=ORDERS, signed=False)
    assert outcome.decision.disposition == "held"
    assert not shop.sink.mails_to("ana@example.net")
    assert await shop.stock("MUG-01") == (10, 0, 0)


@pytest.mark.parametrize("domain", ["ｅxample.net", "example。net", "exam\u00adple.net"])
async def test_a_domain_in_other_letters_is_asked_all_the_same(domain: str, shop: Shop):
    """What IDNA reads as her domain is her domain, also for what that says about its mail."""
    await buys(shop, 1)
    letters = len(shop.sink.mails_to("ana@example.net"))
    mail = f"From: ana@{domain}\r\nTo: {ORDERS}\r\nMessage-ID: <1@evil.example>\r\n\r\n2 x BOWL-02\r\n"
    outcome = await shop.receives_octets(mail.encode(), reverse_path="eve@evil.example", to=ORDERS)
    assert outcome.decision.disposition == "held"
    assert len(shop.sink.mails_to("ana@example.net")) == letters


@pytest.mark.parametrize("author", ["priya@ｏwner.example", "orders@boutique。example"])
async def test_our_own_domain_in_other_letters_is_forged(author: str, shop: Shop):
    shop.senders.publishes("owner.example")
    shop.senders.publishes("boutique.example")
    mail = f"From: {author}\r\nTo: {ORDERS}\r\nMessage-ID: <1@evil.example>\r\n\r\ndrop 1\r\n"
    with pytest.raises(SMTPDataError) as refused:
        await shop.receives_octets(mail.encode(), reverse_path="eve@evil.example", to=ORDERS)
    assert refused.value.smtp_error.startswith(b"5.7.26")


async def test_a_customer_needs_no_proof_to_order_to_ask_and_to_leave(shop: Shop):
    """Of a host that neither signs nor publishes anything; whatever it says costs nobody but itself."""
    address = "dan@quiet.example"
    said = {"An order": "2 x MUG-01", "My order": "Hi, where is my order 1001?", "Leave": "STOP"}
    for number, (subject, words) in enumerate(said.items()):
        mail = (
            f"From: Dan <{address}>\r\nTo: {ORDERS}\r\nSubject: {subject}\r\n"
            f"Date: Mon, 2 Nov 2026 09:0{number}:00 +0000\r\nMessage-ID: <{number}@quiet.example>\r\n\r\n"
            f"{words}\r\n"
        )
        outcome = await shop.receives_octets(mail.encode(), reverse_path=address, to=ORDERS)
        assert (outcome.decision.disposition, level(outcome)) == ("handled", Level.L0), subject
    assert (await shop.order("1001"))["status"] == "confirmed"
    assert len(shop.mails_to(address)) == 3


# --- tokens, numbers, contradictions -----------------------------------------------------------------------


async def test_a_visible_number_alone_opens_nothing(shop: Shop):
    await buys(shop, 2, ANA)
    await buys(shop, 1, BEN)
    outcome = await shop.receives("Where is my order 1001?", sender=BEN, to=HELLO)
    assert outcome.facts is not None
    assert outcome.facts.order is None or outcome.facts.order.number == "1002"
    assert "1001" not in "".join(words_of(mail) for mail in shop.mails_to("ben@example.org"))


async def test_a_token_and_a_number_that_disagree_are_a_question(shop: Shop):
    await buys(shop, 1, ANA)
    first = shop.last_mail_to("ana@example.net")
    await shop.lets_pass(hours=2)
    await shop.receives("1 x BOWL-02", sender=ANA, to=ORDERS)
    outcome = await shop.answers(first, "Please cancel order #1002.")
    assert held(outcome) == ("held", "unsure")
    assert "1001" in outcome.decision.note
    assert "1002" in outcome.decision.note


async def test_two_tokens_that_disagree_are_a_question(shop: Shop):
    await buys(shop, 1, ANA)
    first = shop.last_mail_to("ana@example.net")
    await shop.lets_pass(hours=2)
    await shop.receives("1 x BOWL-02", sender=ANA, to=ORDERS)
    second = shop.last_mail_to("ana@example.net")
    outcome = await shop.receives(
        "Thank you, and when?",
        sender=ANA,
        to=str(first.message["Reply-To"]),
        headers={"In-Reply-To": str(second.message["Message-ID"])},
    )
    assert held(outcome) == ("held", "unsure")


async def test_an_expired_token_is_let_in_and_not_believed(shop: Shop):
    await buys(shop)
    keys, plan = shop.gateway.pipe._shop.keys, AddressPlan("boutique.example", "boutique.example")
    seq = next(row["seq"] for row in await shop.rows("outbound_message") if row["recipient"] == ACME)
    old = token_address(TokenKind.REPLY, keys, seq, plan, date(2026, 1, 1))
    outcome = await shop.receives("PO-1042 will ship 12 Nov, 40 of 50 units.", sender=ACME, to=old)
    assert level(outcome) is Level.L0
    assert held(outcome) == ("held", "not_proven")
    assert outcome.facts is not None
    assert outcome.facts.answered is not None
    assert outcome.facts.answered.confidence == "likely"


async def test_a_good_token_lifts_who_is_proven(shop: Shop):
    await buys(shop)
    outcome = await shop.answers(shop.last_mail_to(ACME), "PO-1042 will ship 12 Nov, 40 of 50 units.")
    assert (outcome.decision.disposition, level(outcome)) == ("handled", Level.L2)


# --- silent name servers -----------------------------------------------------------------------------------


async def test_dns_trouble_puts_a_mail_off_once(shop: Shop):
    octets = a_notice(shop)
    shop.senders.zone.add("platform.example", Record.TXT, "TROUBLE")
    shop.senders.zone.fails = True
    await sends(shop, octets, CHANNEL)
    (waiting,) = await shop.rows("journal")
    assert waiting["state"] == "received"
    assert (waiting["not_before"] - shop.clock.now()).total_seconds() == 60

    shop.senders.zone.fails = False
    await shop.lets_pass(seconds=61)
    assert (await shop.order("2042"))["status"] == "confirmed"


async def test_after_the_second_look_it_counts_as_unproven(shop: Shop):
    octets = a_notice(shop)
    shop.senders.zone.fails = True
    await sends(shop, octets, CHANNEL)
    await shop.lets_pass(seconds=61)
    (row,) = await shop.rows("journal")
    assert (row["state"], row["reason"]) == ("held", "not_proven")
    assert row["auth"]["dmarc"] == "temperror"
    assert not await shop.rows("orders")


async def test_a_silent_domain_delays_nobody_else(shop: Shop):
    shop.senders.publishes("platform.example")
    octets = a_notice(shop)
    shop.senders.zone.remove("_dmarc.platform.example", Record.TXT)
    shop.senders.zone.add("_dmarc.platform.example", Record.TXT, "TROUBLE")
    await sends(shop, octets, CHANNEL)
    outcome = await shop.receives("2 x MUG-01", sender=ANA, to=ORDERS)
    assert outcome.decision.disposition == "handled"
    assert [row["state"] for row in await shop.rows("journal")] == ["received", "handled"]


async def test_what_was_found_out_is_kept_and_not_asked_again(shop: Shop):
    """Keys are taken back and records change; a mail that is released has the proof that it came with."""
    await shop.receives("New order", sender=CHANNEL, to=ORDERS, html=notice("2042"))
    (row,) = await shop.rows("journal")
    assert row["auth"] == {
        "dkim": ["platform.example"],
        "dmarc": "pass",
        "spf_domain": "platform.example",
        "author": "platform.example",
        "policy": "reject",
        "why": "DKIM passed for platform.example",
        "checked": True,
    }


# --- forwarded mail ----------------------------------------------------------------------------------------


def attaching(shop: Shop, inner: bytes, author: str = OWNER) -> bytes:
    """A mail of the owner's that has another one attached, as her program does it."""
    head = (
        f"From: {author}\r\nTo: {ORDERS}\r\nSubject: Fwd: New order\r\nMessage-ID: <f@owner.example>\r\n"
        f"Date: Mon, 2 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/mixed; boundary="outer"\r\n\r\n--outer\r\nContent-Type: text/plain\r\n\r\n'
        f"See below.\r\n--outer\r\nContent-Type: message/rfc822\r\n\r\n"
    )
    return head.encode() + inner + b"\r\n--outer--\r\n"


async def test_each_shape_of_forwarding(shop: Shop):
    """Attached: as good as the platform's signature. Redirected: still the platform's. Inline: her word."""

    async def arrives(octets: bytes, path: str = OWNER) -> Any:
        outcome = await shop.receives_octets(octets, reverse_path=path, to=ORDERS)
        assert outcome.facts is not None
        found = outcome.facts.passed_on
        shape = found and (found.shape, found.channel, found.standing.level.name)
        return outcome.decision.disposition, shape

    attached = attaching(shop, a_notice(shop, "3001"))
    assert await arrives(attached) == ("handled", ("attached", "Platform", "L1"))
    assert (await shop.order("3001"))["status"] == "confirmed"

    touched = attaching(shop, a_notice(shop, "3002").replace(b"Blue mug", b"Best mug"))
    touched = touched.replace(b"<f@owner", b"<g@owner")
    assert await arrives(touched) == ("held", ("attached", "", "L0"))

    hers = shop.senders.signed(touched.replace(b"<g@owner", b"<h@owner"), "owner.example", shop.clock.now())
    assert await arrives(hers) == ("handled", ("attached", "", "L1"))

    redirected = f"Delivered-To: {OWNER}\r\n".encode() + a_notice(shop, "3003", to=OWNER)
    assert await arrives(redirected) == ("handled", ("redirected", "Platform", "L1"))

    strangers = attaching(shop, a_notice(shop, "3004"), author="eve@evil.example")
    assert await arrives(strangers, "eve@evil.example") == ("held", None)

    inline = (
        f"From: {OWNER}\r\nTo: {ORDERS}\r\nSubject: Fwd: New order 3005\r\nMessage-ID: <i@owner.example>\r\n"
        f"Date: Mon, 2 Nov 2026 09:00:00 +0000\r\n\r\n---------- Forwarded message ---------\r\n"
        f"From: {CHANNEL}\r\nSubject: New order 3005\r\nTo: {OWNER}\r\n\r\nNew order 3005\r\n"
    ).encode()
    signed = shop.senders.signed(inline, "owner.example", shop.clock.now())
    assert (await arrives(signed))[1] == ("inline", "Platform", "L1")
    assert {row["number"] for row in await shop.rows("orders")} == {"3001", "3002", "3003"}


async def test_the_trace_shows_level_and_why(shop: Shop):
    outcome = await shop.receives("New order", sender=CHANNEL, to=ORDERS, html=notice("2042"))
    (test,) = [each for each in outcome.decision.because[0].tests if each.question == "level"]
    assert test.seen.startswith("L1, it is from the sales channel Platform, and DKIM passed for platform")
    facts = (await shop.rows("trace"))[-1]["facts"]
    assert (facts["level"], facts["dmarc"], facts["dkim"]) == ("L1", "pass", ["platform.example"])
