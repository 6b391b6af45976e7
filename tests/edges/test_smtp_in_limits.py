"""What the listener does not put up with: size, smuggling, guessing, floods and silence."""

import asyncio
import socket
from datetime import timedelta

import pytest

from gateway.edges.admission import ListenConfig, Waits
from gateway.edges.smtp_in import Listener
from gateway.edges.smtp_line import OTHER_REPEATS, REPEATS
from gateway.testing.client import calling, greeted
from gateway.testing.clock import ManualClock
from gateway.testing.inbox import Inbox

MAIL = b"From: Ana <ana@cust.example>\r\nTo: orders@shop.example\r\nSubject: A vase\r\n\r\nHello.\r\n"
DIALOGUE = b"EHLO client.example\r\nMAIL FROM:<ana@cust.example>\r\nRCPT TO:<orders@shop.example>\r\nDATA\r\n"


async def test_a_mail_announced_as_too_large_is_refused_at_once(door: Listener):
    async with greeted(door.port) as client:
        await client.says("EHLO me")
        assert (await client.says("MAIL FROM:<a@b.example> SIZE=100001")).startswith("552 5.3.4")
        assert (await client.says("MAIL FROM:<a@b.example> SIZE=100000")).startswith("250")


async def test_a_mail_that_turns_out_too_large_is_refused_after_its_dot(door: Listener, inbox: Inbox):
    async with greeted(door.port) as client:
        await client.begins("ana@cust.example", "orders@shop.example")
        assert (await client.delivers(MAIL + b"0123456789\r\n" * 10_000)).startswith("552 5.3.4")
        await client.begins("ana@cust.example", "orders@shop.example")
        assert (await client.delivers(MAIL)).startswith("250")
    assert len(inbox.kept) == 1


async def test_a_line_without_end_is_not_collected(door: Listener, inbox: Inbox):
    async with greeted(door.port) as client:
        await client.begins("ana@cust.example", "orders@shop.example")
        await client.says("DATA")
        client.sends(b"x" * 90_000 + b"\r\n.\r\n")
        assert (await client.hears()).startswith("554 5.6.0")
        await client.begins("ana@cust.example", "orders@shop.example")
        await client.says("DATA")
        client.sends(b"x" * 4_000_000)
        with_end = await client.hears_all()
    assert with_end in (["552 5.3.4 this mail is too large"], [])  # the reply may be lost in the flood
    assert not inbox.begun.is_set()


FALSE_ENDINGS = [b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r"]


@pytest.mark.parametrize("ending", FALSE_ENDINGS)
async def test_six_false_endings_never_end_data(door: Listener, inbox: Inbox, ending: bytes):
    smuggled = b"MAIL FROM:<owner@shop.example>\r\nRCPT TO:<stock@shop.example>\r\nDATA\r\n"
    async with calling(door.port) as client:
        client.sends(DIALOGUE + MAIL + b"x" + ending + smuggled + MAIL + b".\r\nNOOP\r\n")
        replies = await client.hears_all()
    assert [reply[:3] for reply in replies] == ["220", "250", "250", "250", "354", "550"]
    assert replies[-1].startswith("550 5.5.2")
    assert not inbox.begun.is_set()


async def test_nul_is_refused(door: Listener, inbox: Inbox):
    async with greeted(door.port) as client:
        await client.begins("ana@cust.example", "orders@shop.example")
        assert (await client.delivers(MAIL + b"a\0b\r\n")).startswith("550 5.5.2")
    assert not inbox.begun.is_set()


async def test_a_second_from_is_refused(door: Listener, inbox: Inbox):
    async with greeted(door.port) as client:
        await client.begins("ana@cust.example", "orders@shop.example")
        assert (await client.delivers(b"From: <owner@shop.example>\r\n" + MAIL)).startswith("550 5.6.0")
        await client.begins("ana@cust.example", "orders@shop.example")
        assert (await client.delivers(MAIL)).startswith("250")  # the connection goes on
    assert inbox.octets == [MAIL]


STRANGE = ListenConfig(port=0, trusted=(), connections_per_network=3, connections=5)


async def test_a_network_has_so_many_connections(open_door):
    async with open_door(STRANGE) as door:
        async with greeted(door.port), greeted(door.port), greeted(door.port), calling(door.port) as fourth:
            assert [reply[:9] for reply in await fourth.hears_all()] == ["421 4.7.0"]
        await until(lambda: not door.sessions)
        async with calling(door.port) as again:
            assert (await again.hears()).startswith("220")


async def test_all_networks_together_have_so_many_connections(open_door):
    async with (
        open_door(ListenConfig(port=0, connections=2)) as door,
        greeted(door.port),
        greeted(door.port),
        calling(door.port) as third,
    ):
        assert [reply[:9] for reply in await third.hears_all()] == ["421 4.7.0"]


async def test_guessing_addresses_is_slow_and_ends(open_door, clock: ManualClock):
    async with open_door(STRANGE) as door, greeted(door.port) as client:
        await client.says("EHLO me", "MAIL FROM:<a@b.example>")
        for n in range(6):
            answer = asyncio.create_task(client.says(f"RCPT TO:<guess{n}@shop.example>"))
            await until(lambda: clock._sleepers)
            assert not answer.done()
            clock.advance(timedelta(seconds=1))
            assert (await answer).startswith("550 5.1.1" if n < 5 else "421 4.7.0")
        assert await client.hears() == ""


async def flooded(port: int) -> None:
    """240 mails at once from one network, which is all it may."""
    for _ in range(3):
        async with greeted(port) as client:
            await client.says("EHLO me", *["MAIL FROM:<a@b.example>", "RSET"] * 80)


async def test_a_flood_is_told_to_come_back(open_door, inbox: Inbox, clock: ManualClock):
    async with open_door(STRANGE) as door, greeted(door.port) as client:
        await flooded(door.port)
        assert (await client.begins("a@b.example", "orders@shop.example")).startswith("450 4.7.1")
        assert (await client.says("DATA")).startswith("503 5.5.1")
        clock.advance(timedelta(minutes=1))
        await client.says("RSET")
        assert (await client.begins("a@b.example", "orders@shop.example")).startswith("250 2.1.5")
        assert (await client.delivers(MAIL)).startswith("250 2.0.0")
    assert len(inbox.kept) == 1


async def test_postmaster_is_always_let_in(open_door, inbox: Inbox):
    """Past every rate and number; only a full disk or house keeps anybody out."""
    spelled = ("postmaster@shop.example", "Abuse@SHOP.example", "postmaster@t.shop.example", "PostMaster")
    async with open_door(STRANGE) as door, greeted(door.port) as client:
        await flooded(door.port)
        assert (await client.begins("", "orders@shop.example")).startswith("450 4.7.1")
        for path in spelled:
            assert (await client.says(f"RCPT TO:<{path}>")).startswith("250 2.1.5")
        assert (await client.says("RCPT TO:<postmaster@example.com>")).startswith("550 5.7.1")
        assert (await client.delivers(MAIL)).startswith("250 2.0.0")
    assert len(inbox.envelopes[0].forward_paths) == len(spelled)


async def test_a_trusted_network_guesses_without_being_slowed(door: Listener):
    async with greeted(door.port) as client:
        await client.says("EHLO me", "MAIL FROM:<a@b.example>")
        for n in range(20):
            assert (await client.says(f"RCPT TO:<guess{n}@shop.example>")).startswith("550 5.1.1")


@pytest.mark.parametrize(("command", "times"), [*REPEATS.items(), ("HELP", OTHER_REPEATS)])
async def test_each_command_has_its_share(open_door, command: str, times: int):
    async with open_door(STRANGE) as door, calling(door.port) as client:
        client.sends(f"{command}\r\n".encode() * (times + 5))
        replies = await client.hears_all()
    assert len(replies) == 1 + times + 1
    assert replies[-1].startswith("421 4.7.0")


async def test_a_connection_does_not_last_for_ever(open_door):
    config = ListenConfig(port=0, trusted=(), waits=Waits(connection=0.1))
    async with open_door(config) as door, greeted(door.port) as client:
        assert (await client.says("EHLO me")).startswith("250")
        await asyncio.sleep(0.15)
        assert (await client.says("NOOP")).startswith("421 4.7.0")
        assert await client.hears() == ""


@pytest.mark.parametrize(("octets", "reply"), [(1024, "250 2.1.0"), (1025, "500 5.5.2")])
async def test_a_command_has_1024_octets(door: Listener, octets: int, reply: str):
    async with greeted(door.port) as client:
        await client.says("EHLO me")
        line = "MAIL FROM:<ana@cust.example>"
        assert (await client.says(line + " " * (octets - len(line)))).startswith(reply)


async def test_who_does_not_read_is_not_waited_for(open_door):
    config = ListenConfig(port=0, waits=Waits(command=0.2))
    async with open_door(config) as door, greeted(door.port) as client:
        client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.writer.transport.pause_reading()
        client.sends(b"EHLO me\r\n" * 20_000)  # more replies than the sockets hold
        await until(lambda: not door.sessions)


BOMBS = {
    "fields": b"X: y\r\n" * 1001,
    "one field": b"X: " + b"y" * 60_000 + b"\r\n " + b"y" * 6000 + b"\r\n",
    "the header": (b"X: " + b"y" * 900 + b"\r\n") * 300,
    "addresses": b"To: " + b"a@b.example,\r\n " * 1001 + b"a@b.example\r\n",
    "encoded words": b"X: " + b"=?utf-8?q?a?=\r\n " * 2001 + b"y\r\n",
    "boundaries": b"".join(b"Content-Type: multipart/mixed;\r\n boundary=b%d\r\n" % n for n in range(101)),
    "parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 1001,
    "hops": b"Received: by mx.example; Mon, 02 Nov 2026 09:00:00 +0000\r\n" * 51,
}


@pytest.mark.parametrize("bomb", BOMBS)
async def test_each_bomb_is_refused_before_any_parser_sees_it(open_door, inbox: Inbox, bomb: str):
    async with open_door(ListenConfig(port=0)) as door, greeted(door.port) as client:
        await client.begins("ana@cust.example", "orders@shop.example")
        reply = await client.delivers(b"From: Ana <ana@cust.example>\r\n" + BOMBS[bomb] + b"\r\nHello.\r\n")
        assert reply.startswith("554 5.4.6" if bomb == "hops" else "554 5.6.0")
        await client.says("MAIL FROM:<ana@cust.example>", "RCPT TO:<orders@shop.example>")
        assert (await client.delivers(MAIL)).startswith("250 2.0.0")  # the connection goes on
    assert inbox.octets == [MAIL]


async def test_a_connection_is_worn_out_by_repetition_unless_it_is_trusted(open_door):
    async with open_door(STRANGE) as door, greeted(door.port) as client:
        client.sends(b"NOOP\r\n" * 60)
        replies = await client.hears_all()
        assert len(replies) == 51
        assert replies[-1].startswith("421 4.7.0")
    async with open_door() as door, greeted(door.port) as client:
        assert (await client.says(*["NOOP"] * 60)).startswith("250")


async def test_who_says_nothing_is_told_and_left(open_door):
    config = ListenConfig(port=0, waits=Waits(command=0.1))
    async with open_door(config) as door, greeted(door.port) as client:
        assert (await client.hears()).startswith("421 4.4.2")
        assert await client.hears() == ""


async def test_who_has_spoken_meanwhile_is_waited_for_again(door: Listener):
    async with greeted(door.port) as client:
        [session] = door.sessions
        session._timeout_cb()  # as the timer does that was wound up before the last command
        assert (await client.says("NOOP")).startswith("250")


async def test_scarce_connections_wait_less(open_door):
    config = ListenConfig(port=0, connections=1, waits=Waits(stressed=0.1))
    async with open_door(config) as door, greeted(door.port) as client:
        assert (await client.hears()).startswith("421 4.4.2")


async def test_the_content_must_come_to_its_end_in_time(open_door, inbox: Inbox):
    config = ListenConfig(port=0, waits=Waits(data=0.1))
    async with open_door(config) as door, greeted(door.port) as client:
        await client.begins("ana@cust.example", "orders@shop.example")
        await client.says("DATA")
        client.sends(MAIL)
        assert (await client.hears()).startswith("421 4.4.2")
    assert not inbox.begun.is_set()


async def test_a_commit_that_takes_too_long_is_not_promised_and_not_stopped(open_door, inbox: Inbox):
    inbox.may_go_on.clear()
    config = ListenConfig(port=0, waits=Waits(commit=0.1))
    async with open_door(config) as door, greeted(door.port) as client:
        await client.begins("ana@cust.example", "orders@shop.example")
        assert (await client.delivers(MAIL)).startswith("421 4.4.2")
        inbox.may_go_on.set()
    assert len(inbox.kept) == 1


async def until(holds) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)
