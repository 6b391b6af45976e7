"""What the listener keeps, and what it says when."""

import asyncio
import hashlib
import socket

import pytest

from gateway.edges.admission import ListenConfig, Waits
from gateway.edges.smtp_in import Listener, Recipients, listening
from gateway.kernel.errors import DatabaseUnavailable, SpoolFull
from gateway.mail.envelope import Intake
from gateway.testing.client import calling, greeted
from gateway.testing.clock import ManualClock
from gateway.testing.inbox import Inbox

MAIL = b"From: Ana <ana@cust.example>\r\nTo: orders@shop.example\r\nSubject: A vase\r\n\r\nHello.\r\n"
DIALOGUE = b"EHLO client.example\r\nMAIL FROM:<ana@cust.example>\r\nRCPT TO:<orders@shop.example>\r\nDATA\r\n"


@pytest.mark.covers("S0-IP1", "S0-K1")
async def test_a_mail_arrives_with_its_envelope(door: Listener, inbox: Inbox, clock: ManualClock):
    async with greeted(door.port) as client:
        await client.begins(
            "Ana@Cust.Example", "orders@SHOP.example", "Stock@shop.example", name="cust.example"
        )
        assert await client.delivers(MAIL) == "250 2.0.0 kept as J1"
    [(envelope, octets)] = inbox.kept
    assert octets == MAIL
    assert envelope.id.startswith("jrn")
    assert (envelope.received_at, envelope.via) == (clock.now(), Intake.SMTP)
    assert envelope.reverse_path == "Ana@cust.example"
    assert envelope.forward_paths == ("orders@shop.example", "Stock@shop.example")
    assert envelope.peer is not None
    assert (envelope.peer.ip, envelope.peer.helo, envelope.peer.tls) == ("127.0.0.1", "cust.example", False)
    assert (envelope.sha256, envelope.size) == (hashlib.sha256(MAIL).hexdigest(), len(MAIL))


async def test_the_null_reverse_path_becomes_none(door: Listener, inbox: Inbox):
    async with greeted(door.port) as client:
        await client.begins("", "bounce+good@t.shop.example")
        await client.delivers(b"Subject: report\r\n\r\nfailed\r\n")
    assert inbox.envelopes[0].reverse_path is None


async def test_dots_of_transparency_are_taken_off_once(door: Listener, inbox: Inbox):
    async with greeted(door.port) as client:
        await client.begins("ana@cust.example", "orders@shop.example")
        await client.delivers(MAIL + b"..\r\n...\r\n..x\r\na.b\r\n")
    assert inbox.octets == [MAIL + b".\r\n..\r\n.x\r\na.b\r\n"]


async def test_two_mails_come_over_one_connection(door: Listener, inbox: Inbox):
    async with greeted(door.port) as client:
        await client.begins("ana@cust.example", "orders@shop.example")
        await client.delivers(MAIL)
        assert (await client.says("RCPT TO:<orders@shop.example>")).startswith("503")  # no MAIL yet
        await client.says("MAIL FROM:<bo@cust.example>", "RCPT TO:<stock@shop.example>")
        assert await client.delivers(MAIL) == "250 2.0.0 kept as J2"
    assert [one.forward_paths for one in inbox.envelopes] == [
        ("orders@shop.example",),
        ("stock@shop.example",),
    ]


async def test_the_same_recipient_twice_is_one(door: Listener, inbox: Inbox):
    async with greeted(door.port) as client:
        await client.begins("ana@cust.example", "orders@shop.example", "orders@shop.example")
        await client.delivers(MAIL)
    assert inbox.envelopes[0].forward_paths == ("orders@shop.example",)


async def test_an_address_beyond_ascii_needs_smtputf8(door: Listener, inbox: Inbox):
    async with greeted(door.port) as client:
        await client.says("EHLO me")
        assert (await client.says("MAIL FROM:<änne@cust.example>")).startswith("553 5.6.7")
        assert (await client.says("MAIL FROM:<änne@cust.example> SMTPUTF8")).startswith("250 2.1.0")
        await client.says("RCPT TO:<orders@shop.example>")
        await client.delivers(MAIL)
    assert inbox.envelopes[0].reverse_path == "änne@cust.example"


async def test_long_lines_are_kept(open_door, inbox: Inbox):
    long = b"x" * 60_000 + b"\r\n"
    async with open_door() as door, greeted(door.port) as client:
        await client.begins("ana@cust.example", "orders@shop.example")
        assert (await client.delivers(MAIL + long)).startswith("250")
    assert inbox.octets == [MAIL + long]


async def test_a_mail_of_many_blocks_arrives_whole(open_door, inbox: Inbox, tmp_path):
    lines = b"".join(b"%06d.\r\n.%d\r\n" % (n, n) for n in range(200_000))
    config = ListenConfig(port=0, max_size=len(lines) * 2)
    async with open_door(config, spill_folder=tmp_path) as door, greeted(door.port) as client:
        await client.begins("ana@cust.example", "orders@shop.example")
        assert (await client.delivers(MAIL + lines.replace(b"\r\n.", b"\r\n.."))).startswith("250")
    assert inbox.octets == [MAIL + lines]
    assert list(tmp_path.iterdir()) == []


async def test_250_is_said_when_accept_has_returned_and_not_before(door: Listener, inbox: Inbox):
    inbox.may_go_on.clear()
    async with greeted(door.port) as client:
        await client.begins("ana@cust.example", "orders@shop.example")
        answer = asyncio.create_task(client.delivers(MAIL))
        await inbox.begun.wait()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(answer), 0.2)
        assert inbox.kept == []
        inbox.may_go_on.set()
        assert await answer == "250 2.0.0 kept as J1"


async def test_a_client_that_hangs_up_during_the_commit_has_its_mail_kept(door: Listener, inbox: Inbox):
    inbox.may_go_on.clear()
    async with greeted(door.port) as client:
        await client.begins("ana@cust.example", "orders@shop.example")
        answer = asyncio.create_task(client.delivers(MAIL))
        await inbox.begun.wait()
        answer.cancel()
        client.writer.transport.abort()
    await asyncio.sleep(0.05)
    inbox.may_go_on.set()
    await until(lambda: inbox.octets == [MAIL])


async def test_a_client_that_closes_its_half_is_still_answered(door: Listener, inbox: Inbox):
    async with calling(door.port) as client:
        client.sends(DIALOGUE + MAIL + b".\r\nQUIT\r\n")
        client.writer.write_eof()
        replies = await client.hears_all()
    assert replies[-2:] == ["250 2.0.0 kept as J1", "221 2.0.0 bye"]
    assert inbox.octets == [MAIL]


async def test_a_mail_without_its_dot_is_no_mail(door: Listener, inbox: Inbox):
    async with calling(door.port) as client:
        client.sends(DIALOGUE + MAIL)
        client.writer.write_eof()
        assert (await client.hears_all())[-1].startswith("354")
    assert not inbox.begun.is_set()


async def test_an_error_inside_is_451_without_details(door: Listener, inbox: Inbox):
    inbox.errors.append(ValueError("secret inside"))
    async with greeted(door.port) as client:
        await client.begins("ana@cust.example", "orders@shop.example")
        assert await client.delivers(MAIL) == "451 4.3.0 temporary trouble here, please try later"
        await client.says("MAIL FROM:<ana@cust.example>", "RCPT TO:<orders@shop.example>")
        assert (await client.delivers(MAIL)).startswith("250")  # the next one is not hurt
    assert len(inbox.kept) == 1


async def test_an_error_while_deciding_about_a_recipient_is_451_too(inbox: Inbox, clock: ManualClock):
    def verify(address: str) -> bool:
        raise ValueError("secret inside")

    shop = Recipients(frozenset({"shop.example"}), verify)
    async with listening(ListenConfig(port=0), shop, inbox, clock) as door, greeted(door.port) as client:
        reply = await client.begins("ana@cust.example", "bounce+x@shop.example")
        assert reply == "451 4.3.0 temporary trouble here, please try later"
        assert (await client.says("RCPT TO:<orders@shop.example>")).startswith("250")


async def test_an_error_that_knows_its_reply_gives_it(door: Listener, inbox: Inbox):
    inbox.errors.extend([DatabaseUnavailable("locked"), SpoolFull("no room")])
    async with greeted(door.port) as client:
        for reply in (DatabaseUnavailable.reply, SpoolFull.reply):
            await client.begins("ana@cust.example", "orders@shop.example")
            assert await client.delivers(MAIL) == str(reply)
    assert inbox.kept == []


async def test_a_full_disk_promises_nothing(open_door, inbox: Inbox):
    full = False

    def room() -> None:
        if full:
            raise SpoolFull("no room")

    async with open_door(room=room) as door, greeted(door.port) as client:
        await client.begins("ana@cust.example", "orders@shop.example")
        full = True
        assert (await client.delivers(MAIL)).startswith("452 4.3.1")
        assert (await client.says("MAIL FROM:<ana@cust.example>")).startswith("452 4.3.1")
        full = False
        await client.says("MAIL FROM:<ana@cust.example>", "RCPT TO:<orders@shop.example>")
        assert (await client.delivers(MAIL)).startswith("250")
    assert len(inbox.kept) == 1


async def test_closing_finishes_the_mail_that_is_being_sent_and_dismisses_the_rest(open_door, inbox: Inbox):
    opened = open_door()
    door = await opened.__aenter__()
    port = door.port
    async with greeted(door.port) as idle, greeted(door.port) as sending, greeted(door.port) as committing:
        await sending.begins("ana@cust.example", "orders@shop.example")
        await sending.says("DATA")
        sending.sends(MAIL)
        inbox.may_go_on.clear()
        await committing.begins("bo@cust.example", "orders@shop.example")
        answer = asyncio.create_task(committing.delivers(MAIL))
        await inbox.begun.wait()
        closed = asyncio.create_task(opened.__aexit__(None, None, None))
        assert [reply[:9] for reply in await idle.hears_all()] == ["421 4.3.2"]
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        assert not closed.done()
        sending.sends(b".\r\n")
        inbox.may_go_on.set()
        assert (await answer).startswith("250 2.0.0")
        assert [reply[:9] for reply in await sending.hears_all()] == ["250 2.0.0", "421 4.3.2"]
        await closed
    assert len(inbox.kept) == 2


async def test_closing_does_not_wait_for_ever(open_door, inbox: Inbox):
    opened = open_door(ListenConfig(port=0, waits=Waits(closing=0.1)))
    door = await opened.__aenter__()
    async with greeted(door.port) as client:
        await client.begins("ana@cust.example", "orders@shop.example")
        await client.says("DATA")
        await opened.__aexit__(None, None, None)
        assert await client.hears() == ""
    assert not door.sessions
    assert not inbox.begun.is_set()


async def test_a_socket_of_somebody_else_is_listened_on(open_door, inbox: Inbox):
    """As systemd hands one over."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        async with open_door(sock=sock) as door, greeted(door.port) as client:
            assert door.port == sock.getsockname()[1]
            await client.begins("ana@cust.example", "orders@shop.example")
            await client.delivers(MAIL)
    assert inbox.octets == [MAIL]


async def until(holds) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)
