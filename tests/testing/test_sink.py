"""The sink is a real server: it is spoken to over real sockets, by aiosmtplib and by hand."""

import asyncio
import ssl

import aiosmtplib
import pytest

from gateway.testing.certificate import write_certificate
from gateway.testing.client import greeted
from gateway.testing.sink import Moment, SmtpSink

MAIL = b"From: a@shop.example\r\nTo: b@c.example\r\nMessage-ID: <1@shop.example>\r\n\r\n.one\r\n..two\r\n"
DIALOGUE = b"EHLO me\r\nMAIL FROM:<a@shop.example>\r\nRCPT TO:<b@c.example>\r\nDATA\r\n"


async def says(sink: SmtpSink, octets: bytes) -> bytes:
    """Everything the sink answers until it closes or 5 s have passed."""
    reader, writer = await asyncio.open_connection(sink.host, sink.port)
    writer.write(octets)
    heard = bytearray()
    try:
        async with asyncio.timeout(5):
            while chunk := await reader.read(4096):
                heard += chunk
    except ConnectionResetError:
        heard += b"(reset)"
    finally:
        writer.close()
    return bytes(heard)


def client(sink: SmtpSink) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=sink.host, port=sink.port, start_tls=False, use_tls=False, local_hostname="me.example"
    )


async def test_a_mail_arrives_as_it_was_written():
    async with SmtpSink() as sink, client(sink) as smtp:
        await smtp.sendmail("a@shop.example", ["b@c.example", "d@c.example"], MAIL)
        [mail] = await sink.wait_for(1)
    assert mail.octets == MAIL
    assert (mail.reverse_path, mail.forward_paths) == ("a@shop.example", ("b@c.example", "d@c.example"))
    assert (mail.helo, mail.tls, mail.acknowledged) == ("me.example", False, True)
    assert mail.message_id == "1@shop.example"
    assert sink.copies == {("1@shop.example", "b@c.example"): 1, ("1@shop.example", "d@c.example"): 1}


async def test_a_pipelined_dialogue_in_one_packet_is_answered_in_order():
    octets = DIALOGUE + b".\r\n" + DIALOGUE[9:] + b"x\r\n.\r\nQUIT\r\n"
    async with SmtpSink() as sink:
        heard = await says(sink, octets)
        assert [mail.octets for mail in sink.mails] == [b"", b"x\r\n"]
    codes = [line[:3] for line in heard.decode().splitlines() if line[3:4] == " "]
    assert codes == ["220", "250", "250", "250", "354", "250", "250", "250", "354", "250", "221"]


async def test_a_pipelined_dialogue_survives_any_split():
    octets = DIALOGUE + b"a\r\n..\r\n.b\r\n.\r\nQUIT\r\n"
    async with SmtpSink() as sink:
        for at in range(1, len(octets)):
            reader, writer = await asyncio.open_connection(sink.host, sink.port)
            writer.write(octets[:at])
            await asyncio.sleep(0)
            writer.write(octets[at:])
            await reader.read()
            writer.close()
        assert {mail.octets for mail in sink.mails} == {b"a\r\n.\r\nb\r\n"}
        assert sink.taken == len(octets) - 1


@pytest.mark.parametrize("moment", [Moment.MAIL, Moment.RCPT, Moment.DATA, Moment.DOT])
@pytest.mark.parametrize("reply", ["451 4.7.1 later", "550 5.1.1 never"])
async def test_it_refuses_at_any_command_once_and_keeps_nothing(moment: Moment, reply: str):
    async with SmtpSink() as sink:
        sink.answer(moment, reply)
        async with client(sink) as smtp:
            with pytest.raises(aiosmtplib.SMTPException):
                await smtp.sendmail("a@shop.example", ["b@c.example"], MAIL)
            assert sink.taken == 0
            await smtp.sendmail("a@shop.example", ["b@c.example"], MAIL)
        assert sink.taken == 1


async def test_a_line_of_the_script_can_be_meant_for_one_recipient():
    async with SmtpSink() as sink, client(sink) as smtp:
        sink.answer(Moment.RCPT, "550 5.1.1 gone", recipient="gone@c.example", times=None)
        errors, _ = await smtp.sendmail("a@shop.example", ["gone@c.example", "b@c.example"], MAIL)
        assert list(errors) == ["gone@c.example"]
        assert sink.mails_to("b@c.example")
        assert not sink.mails_to("gone@c.example")


async def test_cut_after_the_dot_leaves_a_copy_and_no_answer():
    async with SmtpSink() as sink:
        sink.answer(Moment.DOT, cut=True)
        heard = await says(sink, DIALOGUE + MAIL + b".\r\n")
        assert sink.taken == 1
        assert not sink.mails[0].acknowledged
    assert b"taken" not in heard


async def test_cut_before_the_dot_leaves_no_copy():
    async with SmtpSink() as sink:
        sink.answer(Moment.BODY, cut=True)
        await says(sink, DIALOGUE + MAIL + b".\r\n")
        assert sink.taken == 0
        await says(sink, DIALOGUE + MAIL + b".\r\nQUIT\r\n")
        assert sink.taken == 1


async def test_silence_lasts_and_two_replies_come_together():
    async with SmtpSink() as sink:
        sink.answer(Moment.DOT, "250 2.0.0 one\r\n250 2.0.0 two")
        assert b"one\r\n250 2.0.0 two\r\n221" in await says(sink, DIALOGUE + MAIL + b".\r\nQUIT\r\n")
        sink.answer(Moment.EHLO)
        reader, writer = await asyncio.open_connection(sink.host, sink.port)
        writer.write(b"EHLO me\r\nNOOP\r\n")
        await reader.readline()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.readline(), 0.1)
        writer.close()


async def test_an_answer_can_wait_for_an_event_and_the_mail_is_taken_meanwhile():
    async with SmtpSink() as sink:
        gate = asyncio.Event()
        sink.answer(Moment.DOT, "250 2.0.0 at last", until=gate)
        talk = asyncio.create_task(says(sink, DIALOGUE + MAIL + b".\r\nQUIT\r\n"))
        await sink.wait_for(1)
        assert not talk.done()
        gate.set()
        assert b"at last\r\n221" in await talk


async def test_a_greeting_of_421_and_garbage_are_possible():
    async with SmtpSink() as sink:
        sink.answer(Moment.CONNECT, "421 4.3.2 closed", cut=True)
        assert await says(sink, b"") == b"421 4.3.2 closed\r\n"
        sink.answer(Moment.CONNECT, "\x00\xff what", cut=True)
        assert await says(sink, b"") == b"\x00\xff what\r\n"


async def test_a_login_can_be_refused():
    async with SmtpSink(extensions=("PIPELINING", "AUTH PLAIN")) as sink, client(sink) as smtp:
        sink.answer(Moment.AUTH, "535 5.7.8 no")
        with pytest.raises(aiosmtplib.SMTPAuthenticationError):
            await smtp.auth_plain("shop", "secret")
        await smtp.auth_plain("shop", "secret")
        assert len(sink.logins) == 2


async def test_mails_are_written_to_a_folder(tmp_path):
    async with SmtpSink(folder=tmp_path, keep=False) as sink, client(sink) as smtp:
        await smtp.sendmail("a@shop.example", ["../b@c.example"], MAIL)
    [path] = tmp_path.iterdir()
    assert path.read_bytes() == MAIL
    assert path.name == "00001-.._b@c.example.eml"
    assert sink.mails == []
    assert sink.taken == 1


async def test_waiting_in_vain_says_what_is_there():
    async with SmtpSink() as sink:
        with pytest.raises(TimeoutError, match="0 of 1 mails"):
            await sink.wait_for(1, timeout=0.05)


async def test_it_encrypts_and_knows_it(tmp_path):
    chain, key, trusted = write_certificate(tmp_path, "sink.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    async with SmtpSink(tls=context) as sink, greeted(sink.port) as client:
        assert "STARTTLS" in await client.says("EHLO me")
        assert (await client.encrypts(trusted, "sink.example")).startswith("220")
        assert "STARTTLS" not in await client.says("EHLO again")
        await client.says("MAIL FROM:<a@shop.example>", "RCPT TO:<b@c.example>")
        assert (await client.delivers(MAIL.replace(b"\n.", b"\n.."))).startswith("250")
        [mail] = sink.mails
    assert mail.tls
    assert mail.octets == MAIL
    assert mail.helo == "again"
    assert mail.message["To"] == "b@c.example"


async def test_a_late_answer_is_late():
    async with SmtpSink() as sink:
        sink.answer(Moment.MAIL, "250 2.1.0 at last", delay=0.1)
        began = asyncio.get_running_loop().time()
        await says(sink, b"EHLO me\r\nMAIL FROM:<>\r\nQUIT\r\n")
        assert asyncio.get_running_loop().time() - began >= 0.09
