"""Attacks on a whole shop, by SMTP; the table of all of them is in tests/architecture/test_threats.py."""

import io
import json
import random
import zipfile
from base64 import encodebytes
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from gateway.app import logs
from gateway.testing.client import calling, greeted
from gateway.testing.shop import Shop, words_of

ANA, OWNER, CARRIER = "Ana Lopez <ana@example.net>", "priya@owner.example", "news@parcels.example"
ORDERS = "orders@boutique.example"
HEAD = b"From: Mallory <mallory@evil.example>\r\nTo: orders@boutique.example\r\nSubject: Hello\r\n"


def door(shop: Shop) -> int:
    assert shop.gateway.listener is not None
    return shop.gateway.listener.port


async def delivered(shop: Shop, octets: bytes, reverse_path: str = "mallory@evil.example") -> str:
    """What the shop says to a mail, whatever stands in it; all that follows from it is done."""
    async with greeted(door(shop)) as client:
        await client.begins(reverse_path, ORDERS)
        reply = await client.delivers(octets)
    await shop.gateway.settle()
    return reply


# --- bombs -----------------------------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    """A multipart in a multipart in a multipart."""
    opened = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth)
    )
    return HEAD + b"MIME-Version: 1.0\r\n" + opened + b"\r\nHello.\r\n"


def of_parts(count: int) -> bytes:
    head = HEAD + b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    return head + b"--b\r\n\r\nx\r\n" * count + b"--b--\r\n"


def of_html(words: bytes) -> bytes:
    return HEAD + b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + words + b"\r\n"


BOMBS = {
    "100,000 parts": of_parts(100_000),
    "parts just below the limit": of_parts(990),
    "3,000 nested multiparts": nested(3000),
    "90 nested multiparts": nested(90),
    "messages in messages": HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 2000 + b"x\r\n",
    "20,000 addresses": HEAD + b"Cc: " + b"a@b.example,\r\n " * 20_000 + b"a@b.example\r\n\r\nx\r\n",
    "addresses just below the limit": HEAD
    + b"Cc: "
    + b"a@b.example,\r\n " * 900
    + b"a@b.example\r\n\r\nx\r\n",
    "brackets in an address": HEAD + b"Cc: " + b"(" * 8000 + b"<" * 8000 + b"\r\n\r\nx\r\n",
    "encoded words": HEAD + b"X-Words: " + b"=?utf-8?q?a?=\r\n " * 1900 + b"y\r\n\r\nx\r\n",
    "a long header": HEAD + (b"X: " + b"y" * 900 + b"\r\n") * 250 + b"\r\nx\r\n",
    "nested elements": of_html(b"<div>\r\n" * 50_000),
    "unfinished elements": of_html(b"<a href='\r\n" * 50_000),
    "a notice of tags that never end": HEAD.replace(b"mallory@evil.example", b"orders@platform.example")
    + b"Content-Type: text/html\r\n\r\nschema.org\r\n"
    + b"<a \r\n" * 100_000,
    "quotation marks": HEAD + b"\r\n" + b">" * 60_000 + b" x\r\n",
    "many lines of quotation": HEAD + b"\r\n" + b"> > > x\r\n" * 50_000,
    "blanks": HEAD + b"\r\n" + b" " * 60_000 + b"x\r\n" + (b" " * 900 + b"\r\n") * 500,
    "an attribution that does not end": HEAD + b"\r\n" + b"On Monday, " * 5000 + b"\r\n",
}


@pytest.mark.parametrize(
    "odd", ["d=evil\r\n .example; s=s1", "d=evil.example; s=s 1", "d=e\x1cvil.example; s=s1"]
)
async def test_a_signature_that_libraries_read_differently_stops_nobody(odd: str, shop: Shop):
    signature = f"DKIM-Signature: v=1; a=rsa-sha256; {odd}; h=from; bh=YQ==; b=YQ==\r\n".encode()
    assert (await delivered(shop, signature + HEAD + b"\r\nHello.\r\n")).startswith("250")
    outcome = await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    assert outcome.decision.disposition == "handled"


async def test_each_bomb_ends_in_a_refusal_or_a_hold(shop: Shop):
    states: dict[str, str] = {}
    for number, (bomb, octets) in enumerate(BOMBS.items()):
        reply = await delivered(shop, b"Message-ID: <%d@evil.example>\r\n" % number + octets)
        kept = (await shop.rows("journal"))[-1:]
        if reply.startswith("554 5.6.0"):
            states[bomb] = "refused"
        elif reply.startswith("250 2.0.0"):
            states[bomb] = f"{kept[0]['state']} after {kept[0]['attempts']} failures"
        else:
            states[bomb] = reply
    assert set(states.values()) == {"refused", "held after 0 failures"}, states
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)  # the next mail finds a shop that works
    assert (await shop.order("1001"))["status"] == "confirmed"


def zip_bomb() -> bytes:
    """Sixty megabytes of nothing in sixty kilobytes, with a name that climbs."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../../etc/cron.d/evil", bytes(60_000_000))
    return packed.getvalue()


async def test_attachments_are_listed_not_opened(shop: Shop):
    image = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\xff\xff\xff\x7f" * 2 + b"\x08\x06\0\0\0"
    contents = {"stock.zip": zip_bomb(), "vase.png": image, "letter.pdf": b"%PDF-1.7 /JavaScript (x)"}
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "mallory@evil.example", ORDERS, "Three files"
    mail.set_content("See the files.")
    for name, octets in contents.items():
        mail.add_attachment(octets, maintype="application", subtype="octet-stream", filename=name)
    outcome = await shop.receives_octets(
        mail.as_bytes(policy=SMTP), reverse_path="mallory@evil.example", to=ORDERS
    )
    assert outcome.facts is not None
    listed = {each.filename: each.size for each in outcome.facts.mail.attachments}
    assert listed == {name: len(octets) for name, octets in contents.items()}
    assert outcome.facts.mail.text.strip() == "See the files."
    spooled = [file for file in shop.gateway.config.data.rglob("*") if file.is_file() and "evil" in file.name]
    assert spooled == []


# --- in somebody else's name -----------------------------------------------------------------------------


async def test_the_same_order_twice_moves_stock_once(shop: Shop):
    """A mail that was overheard is sent again: as it was, with other trace fields, and by another way."""
    order = (
        b"From: Ana <ana@example.net>\r\nTo: orders@boutique.example\r\nSubject: Mugs\r\n"
        b"Message-ID: <1@example.net>\r\nDate: Mon, 02 Nov 2026 08:00:00 +0000\r\n\r\n3 x MUG-01\r\n"
    )
    assert (await delivered(shop, order, "ana@example.net")).startswith("250")
    assert (await delivered(shop, order)).startswith("250")
    trace = b"Received: from evil.example by mx.example; Mon, 02 Nov 2026 08:30:00 +0000\r\n"
    assert (await delivered(shop, trace + order)).startswith("250")
    assert await shop.stock("MUG-01") == (10, 3, 0)
    assert [row["state"] for row in await shop.rows("journal")] == ["handled", "duplicate", "duplicate"]
    assert len(shop.sink.mails_to("ana@example.net")) == 1


async def test_a_forwarded_token_shows_but_changes_nothing(shop: Shop):
    """Ana passes our letter on; whoever has it writes to its address."""
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    letter = shop.last_mail_to("ana@example.net")
    before, stock = await shop.order("1001"), await shop.stock("MUG-01")
    for words in ("Please cancel my order", "Where is my order?", "STOP"):
        outcome = await shop.answers(letter, words, sender="Mallory <mallory@evil.example>")
        assert (outcome.decision.disposition, outcome.decision.reason) == ("held", "third_person")
    assert (await shop.order("1001"), await shop.stock("MUG-01")) == (before, stock)
    assert not await shop.rows("suppression")
    assert not shop.sink.mails_to("mallory@evil.example")
    assert len(shop.sink.mails_to("ana@example.net")) == 1
    await shop.lets_pass(hours=24)
    assert any("mallory@evil.example" in words_of(mail) for mail in shop.sink.mails_to(OWNER))


async def test_a_forged_stop_costs_only_marketing(shop: Shop):
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    before = len(shop.sink.mails_to("ana@example.net"))
    for _ in range(3):
        await shop.receives("STOP", sender=ANA, reverse_path="mallory@evil.example")
        await shop.receives("unsubscribe", sender=ANA, reverse_path="mallory@evil.example")
    assert {(row["scope"], row["reason"]) for row in await shop.rows("suppression")} == {
        ("marketing", "unsubscribed")
    }
    told = len(shop.sink.mails_to("ana@example.net")) - before
    assert told <= 1, "she is told, and not flooded"
    assert not shop.sink.mails_to("mallory@evil.example")
    await shop.receives("Parcel 1Z999AA10123456784 of UPS for order 1001 was collected", sender=CARRIER)
    assert len(shop.sink.mails_to("ana@example.net")) == before + told + 1  # order mail goes on


async def test_no_bounce_is_ever_sent_to_a_stranger(shop: Shop):
    victim = "victim@elsewhere.example"
    head = f"From: {victim}\r\nTo: {ORDERS}\r\nSubject: Hello\r\n".encode()
    attempts = [
        head + b"\r\nWhatever.\r\n",
        head + b"From: second@elsewhere.example\r\n\r\nx\r\n",
        head + b"\r\nbare\nnewline\r\n",
        head + b"X: y\r\n" * 2000 + b"\r\nx\r\n",
        head + b"\r\n" + b"x" * 900 * 100 + b"\r\n",
        b"Subject: from nobody\r\n\r\nx\r\n",
        head + b"Content-Type: multipart/mixed\r\n\r\n\x80\xff\r\n",
        b"",
    ]
    for octets in attempts:
        await delivered(shop, octets, victim)
    async with greeted(door(shop)) as client:
        for path in ("nobody@boutique.example", "reply+forged@boutique.example", "a@example.com"):
            assert (await client.begins(victim, path)).startswith("550")
    await shop.lets_pass(hours=1)
    assert {path for mail in shop.sink.mails for path in mail.forward_paths} <= {OWNER}
    assert all(mail.reverse_path for mail in shop.sink.mails)  # not one report among them


# --- lines that want to be two ---------------------------------------------------------------------------


@pytest.fixture
def written() -> io.StringIO:
    """The service's log, as it is written for a machine."""
    out = io.StringIO()
    logs.set_up("debug", out=out)
    return out


FORGED = '{"event": "mail.received", "journal": "forged"}'
BREAKS = ("\\n", "\r", "\n", "\x0b", "\x0c", "\x85", "\u2028", "\x1b[2K", "%0d%0a", "\\u000a")


async def test_a_newline_in_helo_is_one_log_line(shop: Shop, written: io.StringIO):
    for broken in BREAKS:
        async with calling(door(shop)) as client:
            client.sends(f"EHLO me{broken}{FORGED}\r\nMAIL FROM:<me{broken}@evil.example>\r\n".encode())
            client.sends(f"EHLO me\r\nMAIL FROM:<mallory@evil.example>\r\nRCPT TO:<{ORDERS}>\r\n".encode())
            client.sends(f"RCPT TO:<{broken}{FORGED}>\r\n{broken}{FORGED}\r\nQUIT\r\n".encode())
            await client.hears_all()
        subject = f"=?utf-8?q?x=0D=0A{FORGED.encode().hex('=')}?="
        fields = f"From: M <m@evil.example>\r\nSubject: {subject}\r\nMessage-ID: <x{broken.strip()}@e>\r\n"
        await delivered(shop, f"{fields}\r\nx\r\n".encode())
    lines = written.getvalue().split("\n")[:-1]
    events = [json.loads(line) for line in lines]  # each is one event, and whole
    assert {event["event"] for event in events} >= {"mail.received", "decision.made"}
    assert not [event for event in events if event.get("journal") == "forged"]
    assert not [line for line in lines if not line.isprintable()]


def mutations(octets: bytes, seed: int) -> Iterator[bytes]:
    """Mails that were damaged at random places."""
    rng = random.Random(seed)
    for _ in range(20):
        damaged = bytearray(octets)
        for _ in range(rng.randrange(1, 30)):
            at = rng.randrange(len(damaged))
            damaged[at : at + rng.randrange(3)] = rng.choice([b"", b"\xff", b"=", b"\r\n", b'"', b"<", b"\0"])
        whole = damaged if damaged.endswith(b"\r\n") else damaged + b"\r\n"  # or the dot were no end
        yield bytes(whole).replace(b"\r\n.\r\n", b"\r\n..\r\n")


async def test_damage_stops_nothing(shop: Shop):
    """Whatever arrives is refused with a reason, handled or held; the mail after it is read."""
    photo = encodebytes(random.Random(1).randbytes(3000)).replace(b"\n", b"\r\n")
    whole = (
        HEAD + b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        b"Gr=C3=BC=C3=9Fe\r\n--b\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + photo
        + b"--b--\r\n"
    )
    replies = [await delivered(shop, octets) for octets in mutations(whole, seed=random.randrange(2**32))]
    assert {reply[:3] for reply in replies} <= {"250", "550", "554"}
    rows = await shop.rows("journal")
    assert {row["state"] for row in rows} <= {"held", "handled", "duplicate"}
    assert {row["attempts"] for row in rows} <= {0}
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    assert [row["status"] for row in await shop.rows("orders")] == ["confirmed"]
