"""What the listener says to each line, spoken to by hand over loopback."""

import asyncio
import re

import pytest

from gateway.edges.admission import ListenConfig
from gateway.edges.smtp_in import Listener, refuses_relay
from gateway.mail.envelope import Intake
from gateway.testing.client import calling, greeted
from gateway.testing.inbox import Inbox
from gateway.testing.sink import SmtpSink

MAIL = b"From: Ana <ana@cust.example>\r\nTo: orders@shop.example\r\nSubject: A vase\r\n\r\nHello.\r\n"
DIALOGUE = b"EHLO client.example\r\nMAIL FROM:<ana@cust.example>\r\nRCPT TO:<orders@shop.example>\r\nDATA\r\n"


async def test_an_unknown_address_is_refused(door: Listener, inbox: Inbox):
    async with greeted(door.port) as client:
        assert (await client.begins("ana@cust.example", "nobody@shop.example")).startswith("550 5.1.1")
        assert (await client.says("DATA")).startswith("503 5.5.1")
    assert not inbox.begun.is_set()


async def test_nobody_is_relayed_for(door: Listener):
    async with greeted(door.port) as client:
        for path in ("a@example.com", "orders@shop.example.com", "orders@sub.shop.example"):
            assert (await client.begins("orders@shop.example", path)).startswith("550 5.7.1")
        for path in ("<a@example.com@shop.example>", "<@shop.example:a@example.com>", "<a%example.com>"):
            assert (await client.says(f"RCPT TO:{path}")).startswith("553 5.1.3")
    assert await refuses_relay("127.0.0.1", door.port)


async def test_a_relay_is_found_out():
    async with SmtpSink() as relay:
        assert not await refuses_relay(relay.host, relay.port)
        assert relay.taken == 0
    with pytest.raises(OSError):  # noqa: PT011 - whatever the machine says
        await refuses_relay(relay.host, relay.port)


async def test_a_bad_path_is_refused(door: Listener):
    async with greeted(door.port) as client:
        await client.says("EHLO me")
        for path in ("<ana>", "ana@cust.example", "<ana@cust.example", "<a (b)@c.example>", "<a@b>x"):
            assert (await client.says(f"MAIL FROM:{path}")).startswith("553 5.1.3")
        await client.says("MAIL FROM:<ana@cust.example>")
        assert (await client.says("RCPT TO:<>")).startswith("553 5.1.3")


async def test_the_hundred_and_first_recipient_waits(door: Listener, inbox: Inbox):
    async with greeted(door.port) as client:
        many = [f"orders+{n}@shop.example" for n in range(100)]
        assert (await client.begins("ana@cust.example", *many)).startswith("250 2.1.5")
        assert (await client.says("RCPT TO:<orders@shop.example>")).startswith("452 4.5.3")
        assert (await client.says("RCPT TO:<postmaster>")).startswith("250 2.1.5")
        await client.delivers(MAIL)
    assert len(inbox.envelopes[0].forward_paths) == 101


async def test_a_report_has_one_recipient(door: Listener):
    async with greeted(door.port) as client:
        assert (await client.begins("", "bounce+good@t.shop.example")).startswith("250")
        assert (await client.says("RCPT TO:<reply+good@t.shop.example>")).startswith("550 5.5.3")


async def test_a_pipelined_dialogue_survives_any_split(door: Listener, inbox: Inbox):
    whole = DIALOGUE + MAIL + b"..\r\n.\r\nRSET\r\n" + DIALOGUE[21:] + MAIL + b".\r\nQUIT\r\n"
    codes = ["220", "250", "250", "250", "354", "250", "250", "250", "250", "354", "250", "221"]

    async def split_at(at: int) -> None:
        async with calling(door.port) as client:
            client.sends(whole[:at])
            await asyncio.sleep(0.005)
            client.sends(whole[at:])
            assert [reply[:3] for reply in await client.hears_all()] == codes

    for start in range(1, len(whole), 50):
        await asyncio.gather(*(split_at(at) for at in range(start, min(start + 50, len(whole)))))
    assert set(inbox.octets) == {MAIL, MAIL + b".\r\n"}
    assert len(inbox.kept) == 2 * (len(whole) - 1)


async def test_a_dialogue_octet_by_octet(door: Listener, inbox: Inbox):
    async with calling(door.port) as client:
        for octet in DIALOGUE + MAIL + b"..\r\n.\r\nQUIT\r\n":
            client.sends(bytes([octet]))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert (await client.hears_all())[-1] == "221 2.0.0 bye"
    assert inbox.octets == [MAIL + b".\r\n"]


async def test_ehlo_offers_what_is_kept_and_nothing_else(door: Listener):
    async with calling(door.port) as client:
        assert await client.hears() == "220 mail.shop.example ESMTP"
        assert (await client.says("EHLO me")).split("\n") == [
            "250-mail.shop.example",
            "250-SIZE 100000",
            "250-8BITMIME",
            "250-SMTPUTF8",
            "250-PIPELINING",
            "250 ENHANCEDSTATUSCODES",
        ]
        assert await client.says("HELO me") == "250 mail.shop.example"


LINES = """
NOOP|RSET|MAIL FROM:<a@b.example>|RCPT TO:<orders@shop.example>|DATA|VRFY ana|EXPN all|HELP|AUTH PLAIN x
STARTTLS|EHLO|HELO|HELO me|MAIL|MAIL TO:<x>|MAIL FROM:|MAIL FROM:<a@b.example> SIZE=1
MAIL FROM:<a@b.example>|EHLO me|MAIL FROM:<a@b.example> SIZE=x|MAIL FROM:<a@b.example> SIZE=999999999
MAIL FROM:<a@b.example> BODY=9BIT|MAIL FROM:<a@b.example> FOO=1|MAIL FROM:<a@b.example> SMTPUTF8=1
MAIL FROM:<a@b.example> AUTH=<>|MAIL FROM:<a@b.example> BODY=8BITMIME SIZE=100|MAIL FROM:<c@d.example>
DATA|RCPT|RCPT FROM:<x@y.example>|RCPT TO:<x@y.example>|RCPT TO:<orders@shop.example> NOTIFY=NEVER
RCPT TO:<orders@shop.example>|DATA now|NOOP x|RSET x|BDAT 10 LAST|nonsense|LHLO me|QUIT
"""


async def test_every_reply_has_an_enhanced_code(door: Listener):
    async with greeted(door.port) as client:
        for line in LINES.strip().replace("\n", "|").split("|"):
            reply = await client.says(line)
            if line in {"EHLO me", "HELO me"}:  # RFC 2034, section 4
                assert reply.startswith("250"), line
            else:
                assert re.match(r"([245])\d\d \1\.\d\.\d+ \S", reply), (line, reply)


async def test_auth_is_never_offered(door: Listener):
    async with greeted(door.port) as client:
        assert "AUTH" not in await client.says("EHLO me")
        assert (await client.says("AUTH LOGIN")).startswith("502 5.5.1")


async def test_a_line_that_ends_in_a_bare_newline_is_no_command(door: Listener, inbox: Inbox):
    async with greeted(door.port) as client:
        client.sends(b"EHLO me\nMAIL FROM:<a@b.example>\r\n")
        assert (await client.hears()).startswith("500 5.5.2")
        assert (await client.hears()).startswith("503 5.5.1")  # EHLO was not obeyed
        client.sends(b"NOOP\rNOOP\r\nNO\0OP\r\n")
        assert [(await client.hears())[:9], (await client.hears())[:9]] == ["500 5.5.2"] * 2


async def test_a_command_without_end_is_not_collected(door: Listener):
    async with greeted(door.port) as client:
        for _ in range(200):
            client.sends(b"x" * 65536)
            await client.writer.drain()
        [session] = door.sessions
        assert len(session._input) < 3 * 65536
        client.sends(b"\r\nNOOP\r\n")
        assert (await client.hears()).startswith("500 5.5.2")
        assert (await client.hears()).startswith("250 2.0.0")


async def test_nonsense_is_suffered_five_times(door: Listener):
    async with greeted(door.port) as client:
        client.sends(b"what\r\n" * 9)
        replies = await client.hears_all()
    assert [reply[:9] for reply in replies] == ["500 5.5.1"] * 5 + ["421 4.7.0"]


async def test_a_browser_is_shown_the_door(door: Listener):
    async with greeted(door.port) as client:
        client.sends(b"POST / HTTP/1.1\r\nHost: mail\r\n\r\nEHLO me\r\nMAIL FROM:<a@b.example>\r\n")
        assert [reply[:9] for reply in await client.hears_all()] == ["421 4.7.0"]


async def test_helo_with_controls_is_refused(door: Listener):
    async with greeted(door.port) as client:
        assert (await client.says("EHLO a\x1b[2Jb")).startswith("501 5.5.4")
        client.sends(b"EHLO \xff\xfe\r\n")
        assert (await client.hears()).startswith("501 5.5.4")


async def test_lmtp_answers_each_recipient(open_door, inbox: Inbox, tmp_path):
    config = ListenConfig(lmtp=True, unix=tmp_path / "lmtp")
    async with open_door(config):
        reader, writer = await asyncio.open_unix_connection(tmp_path / "lmtp")
        lmtp = (
            b"LHLO mta\r\nMAIL FROM:<>\r\nRCPT TO:<orders@shop.example>\r\nRCPT TO:<nobody@shop.example>\r\n"
        )
        writer.write(
            b"EHLO mta\r\n" + lmtp.replace(b"<>", b"<a@b.example>") + b"RCPT TO:<stock@shop.example>\r\n"
        )
        writer.write(b"DATA\r\n" + MAIL + b".\r\nQUIT\r\n")
        replies = [line.decode() for line in (await reader.read(-1)).splitlines() if line[3:4] == b" "]
        writer.close()
    assert [reply[:3] for reply in replies] == [
        *("220", "500", "250", "250", "250", "550", "250", "354", "250", "250", "221")
    ]
    [envelope] = inbox.envelopes
    assert envelope.via is Intake.LMTP
    assert envelope.forward_paths == ("orders@shop.example", "stock@shop.example")
    assert envelope.peer is not None
    assert envelope.peer.ip == ""
