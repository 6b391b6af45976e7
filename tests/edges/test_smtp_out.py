"""The smarthost over real sockets, against a sink that misbehaves on request."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from gateway.edges.dialogue import stuffed
from gateway.edges.smtp_out import Smarthost
from gateway.kernel.errors import SmtpReply
from gateway.mail.envelope import Address
from gateway.outbox.handover import HandedOver, Outcome, Phase, RelayConfig, Route, Timeouts, Tls, Wire
from gateway.testing.sink import Moment, SmtpSink

ROUTE = Route(1, "smarthost", "default")
QUICK = Timeouts(
    connect=2, ehlo=0.3, tls=2, envelope=0.3, data=0.3, body=0.3, dot=0.3, idle=0.5, farewell=1, drain=1
)
MAIL = b"Message-ID: <1@shop.example>\r\nSubject: hello\r\n\r\nhello\r\n"


def a_wire(to: str = "ana@example.net", octets: bytes = MAIL) -> Wire:
    return Wire(Address("bounce+1@shop.example"), Address(to), octets)


async def yes() -> bool:
    return True


async def slowly() -> bool:
    """The mark is durable when what the sink has to say about the body has come."""
    await asyncio.sleep(0.1)
    return True


@dataclass
class Line:
    """A smarthost and the sink it leads to."""

    sink: SmtpSink
    relay: Smarthost
    config: RelayConfig
    more: list[Smarthost] = field(default_factory=list)

    async def hands_over(
        self, wire: Wire | None = None, commit: Callable[[], Awaitable[bool]] = yes
    ) -> HandedOver:
        async with asyncio.timeout(10):
            return await self.relay.hand_over(ROUTE, wire or a_wire(), commit)

    def is_set_to(self, context: ssl.SSLContext | None = None, **changes: object) -> None:
        self.more.append(self.relay)
        self.config = replace(self.config, **changes)  # type: ignore[arg-type]
        self.relay = Smarthost(self.config, context)


@pytest.fixture
async def sink() -> AsyncIterator[SmtpSink]:
    async with SmtpSink() as sink:
        yield sink


@pytest.fixture
async def line(sink: SmtpSink) -> AsyncIterator[Line]:
    config = RelayConfig(
        "127.0.0.1", sink.port, Tls.OFF, local_hostname="mail.shop.example", connections=3, timeouts=QUICK
    )
    line = Line(sink, Smarthost(config), config)
    yield line
    for relay in (*line.more, line.relay):
        await relay.close()


# --- the good case ----------------------------------------------------------------------------------


async def test_a_message_arrives_as_it_was_signed(line: Line):
    handed = await line.hands_over()
    assert (handed.outcome, handed.phase) == (Outcome.REPLIED, Phase.DOT)
    assert handed.reply == SmtpReply(250, "2.0.0", "taken")
    assert handed.host == f"127.0.0.1:{line.sink.port}"
    (mail,) = line.sink.mails
    assert mail.octets == MAIL
    assert mail.reverse_path == "bounce+1@shop.example"
    assert mail.forward_paths == ("ana@example.net",)
    assert mail.helo == "mail.shop.example"


async def test_the_null_reverse_path_is_said_as_such(line: Line):
    await line.hands_over(Wire(None, Address("ana@example.net"), MAIL))
    assert line.sink.mails[0].reverse_path is None


async def test_one_connection_serves_many_messages(line: Line):
    for number in range(5):
        await line.hands_over(a_wire(f"{number}@example.net"))
    assert line.sink.connections == 1
    assert line.sink.taken == 5


async def test_no_more_connections_than_allowed(line: Line):
    await asyncio.gather(*(line.hands_over(a_wire(f"{number}@example.net")) for number in range(12)))
    assert line.sink.connections == 3
    assert line.sink.taken == 12


async def test_an_idle_connection_says_good_bye_in_time(line: Line):
    await line.hands_over()
    async with asyncio.timeout(3):
        while "C1: QUIT" not in line.sink.transcript:
            await asyncio.sleep(0.02)


async def test_the_mark_is_asked_for_after_the_body_and_before_the_dot(line: Line):
    async def commit() -> bool:
        await asyncio.sleep(0.1)
        assert line.sink.taken == 0
        assert "C1: DATA" in line.sink.transcript
        return True

    assert (await line.hands_over(commit=commit)).phase is Phase.DOT
    assert line.sink.taken == 1


# --- no dot without a mark --------------------------------------------------------------------------


async def test_no_mark_no_dot(line: Line):
    async def no() -> bool:
        return False

    handed = await line.hands_over(commit=no)
    assert handed.outcome is Outcome.WITHHELD
    assert line.sink.taken == 0
    await line.hands_over()  # on a new connection, for the old one was cut inside a body
    assert (line.sink.connections, line.sink.taken) == (2, 1)


async def test_a_mark_that_fails_writes_no_dot(line: Line):
    async def fails() -> bool:
        raise RuntimeError("the database is away")

    with pytest.raises(RuntimeError):
        await line.hands_over(commit=fails)
    assert line.sink.taken == 0


async def test_being_cancelled_writes_no_dot(line: Line):
    waiting = asyncio.Event()

    async def never() -> bool:
        waiting.set()
        await asyncio.Event().wait()
        return True

    task = asyncio.create_task(line.hands_over(commit=never))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await line.hands_over()
    assert line.sink.taken == 1


async def test_a_connection_that_is_lost_during_the_mark_writes_no_dot(line: Line):
    async def commit() -> bool:
        for session in tuple(line.sink.sessions):
            session.cut()
        await asyncio.sleep(0.1)
        return True

    handed = await line.hands_over(commit=commit)
    assert (handed.outcome, handed.phase) == (Outcome.CUT, Phase.COMMIT)


# --- a body cannot end DATA -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b".\r\n",
        b"..\r\n.\r\n",
        b"a\r\n.\r\nQUIT\r\n",
        b"a\r\n.b\r\n...\r\n",
        b".",
        b"without an end",
        b"",
        b"\r\n\r\n.\r\n\r\n",
    ],
)
async def test_a_relayed_body_cannot_end_data(line: Line, body: bytes):
    handed = await line.hands_over(a_wire(octets=body))
    assert handed.outcome is Outcome.REPLIED
    (mail,) = line.sink.mails
    assert mail.octets == body + (b"" if body.endswith(b"\r\n") else b"\r\n")


@given(
    st.lists(st.sampled_from([b"\r\n", b".", b"..", b"a", b"\r\n.\r\n", b"QUIT"]), max_size=12).map(b"".join)
)
def test_no_content_holds_the_end_of_data_once_stuffed(body: bytes):
    wire = stuffed(body)
    assert wire.endswith(b"\r\n")
    assert b"\r\n.\r\n" not in b"\r\n" + wire
    unstuffed = (b"\r\n" + wire).replace(b"\r\n.", b"\r\n")[2:]
    assert unstuffed == body + (b"" if body.endswith(b"\r\n") else b"\r\n")


@pytest.mark.parametrize(
    "body", [b"a\n.\nb\r\n", b"a\r.\rb\r\n", b"a\n.\r\n", b"a\r\n.\n", b"nul\0\r\n", b"\r\r\n"]
)
async def test_bare_line_ends_never_go_out(line: Line, body: bytes):
    handed = await line.hands_over(a_wire(octets=body))
    assert handed.outcome is Outcome.UNFIT
    assert handed.reply is not None
    assert handed.reply.code == 554
    assert line.sink.connections == 0


@pytest.mark.parametrize("to", ["a@b.c>\r\nRCPT TO:<x@y.z", "a b@c.d", "a@b.c\0", "<a@b.c>", "a@b.c\n"])
async def test_a_recipient_cannot_end_its_command(line: Line, to: str):
    handed = await line.hands_over(a_wire(to))
    assert handed.outcome is Outcome.UNFIT
    assert line.sink.connections == 0


async def test_a_large_body_arrives_whole(line: Line):
    body = b"".join(b".%d\r\n" % number for number in range(200_000))
    handed = await line.hands_over(a_wire(octets=body))
    assert handed.outcome is Outcome.REPLIED
    assert line.sink.mails[0].octets == body


# --- refusals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "phase"),
    [
        (Moment.MAIL, Phase.MAIL),
        (Moment.RCPT, Phase.RCPT),
        (Moment.DATA, Phase.DATA),
        (Moment.DOT, Phase.DOT),
    ],
)
async def test_a_refusal_carries_its_phase_and_the_connection_goes_on(
    line: Line, moment: Moment, phase: Phase
):
    line.sink.answer(moment, "550 5.1.1 no such user")
    handed = await line.hands_over()
    assert (handed.outcome, handed.phase) == (Outcome.REPLIED, phase)
    assert handed.reply == SmtpReply(550, "5.1.1", "no such user")
    assert line.sink.taken == 0
    assert (await line.hands_over()).phase is Phase.DOT
    assert (line.sink.taken, line.sink.connections) == (1, 1)


async def test_a_refused_recipient_is_never_asked_for_its_mark(line: Line):
    async def must_not() -> bool:
        raise AssertionError("asked")

    line.sink.answer(Moment.RCPT, "451 4.3.0 later")
    handed = await line.hands_over(commit=must_not)
    assert handed.reply is not None
    assert handed.reply.temporary


async def test_421_ends_the_connection(line: Line):
    line.sink.answer(Moment.RCPT, "421 4.3.2 closing down", cut=True)
    handed = await line.hands_over()
    assert handed.reply is not None
    assert handed.reply.code == 421
    await line.hands_over()
    assert line.sink.connections == 2


@pytest.mark.parametrize("moment", [Moment.CONNECT, Moment.EHLO])
async def test_a_refusal_before_mail_is_the_routes_trouble(line: Line, moment: Moment):
    line.sink.answer(moment, "554 5.3.2 not today", times=None)
    handed = await line.hands_over()
    assert (handed.outcome, handed.phase) == (Outcome.REPLIED, Phase(moment.value))
    assert handed.reply is not None
    assert handed.reply.code == 554


async def test_a_reply_of_several_lines_is_one_reply(line: Line):
    line.sink.answer(Moment.RCPT, "550-5.1.1 The account\r\n550-5.1.1 does not\r\n550 5.1.1 exist")
    handed = await line.hands_over()
    assert handed.reply == SmtpReply(550, "5.1.1", "The account does not exist")


# --- surprises --------------------------------------------------------------------------------------


async def test_nobody_listens(line: Line):
    await line.sink.close()
    handed = await line.hands_over()
    assert (handed.outcome, handed.phase) == (Outcome.CUT, Phase.CONNECT)
    assert handed.text


@pytest.mark.parametrize("moment", [Moment.MAIL, Moment.RCPT, Moment.DATA, Moment.BODY, Moment.DOT])
@pytest.mark.parametrize("how", ["silence", "cut", "garbage", "other"])
async def test_a_surprise_cuts_the_connection(line: Line, moment: Moment, how: str):
    reply = {"garbage": "hello there", "other": "199 what"}.get(how, "")
    line.sink.answer(moment, reply, cut=how == "cut", keep=moment is Moment.DOT or None)
    handed = await line.hands_over(commit=slowly)
    assert handed.outcome is Outcome.CUT
    if moment is Moment.DOT:
        assert handed.phase is Phase.DOT
    else:
        # silence about a body is heard at its dot
        assert handed.phase is not Phase.DOT or (moment, how) == (Moment.BODY, "silence")
        assert line.sink.taken == 0
    before = line.sink.connections
    assert (await line.hands_over()).outcome is Outcome.REPLIED
    assert line.sink.connections == before + 1


async def test_a_dot_that_was_taken_but_not_answered_is_a_doubt(line: Line):
    line.sink.answer(Moment.DOT, "", cut=True)
    handed = await line.hands_over()
    assert (handed.outcome, handed.phase) == (Outcome.CUT, Phase.DOT)
    assert line.sink.taken == 1


async def test_a_reply_out_of_turn_is_never_taken_for_the_dots(line: Line):
    line.sink.answer(Moment.DATA, "354 go ahead\r\n250 2.0.0 taken already")
    handed = await line.hands_over()
    assert handed.outcome is Outcome.CUT
    assert handed.phase is not Phase.DOT
    assert line.sink.taken == 0


async def test_two_replies_to_the_dot_count_once_and_the_connection_is_not_used_again(line: Line):
    line.sink.answer(Moment.DOT, "250 2.0.0 one\r\n250 2.0.0 two")
    assert (await line.hands_over()).reply == SmtpReply(250, "2.0.0", "one")
    line.sink.answer(Moment.MAIL, "550 5.7.1 no")
    handed = await line.hands_over()
    assert handed.phase is Phase.MAIL
    assert line.sink.connections == 2


async def test_a_reply_without_an_end_is_not_read_for_ever(line: Line):
    line.sink.answer(Moment.RCPT, "250-" + "x" * 200_000)
    assert (await line.hands_over()).outcome is Outcome.CUT


async def test_a_kept_connection_that_went_away_costs_nothing(line: Line):
    await line.hands_over()
    for session in tuple(line.sink.sessions):
        session.cut()
    assert (await line.hands_over()).outcome is Outcome.REPLIED
    line.sink.answer(Moment.MAIL, "", cut=True)
    assert (await line.hands_over()).outcome is Outcome.REPLIED
    assert (line.sink.taken, line.sink.connections) == (3, 3)


async def test_a_failed_reset_ends_the_kept_connection(line: Line):
    line.sink.answer(Moment.RCPT, "550 5.1.1 nobody")
    await line.hands_over()
    line.sink.answer(Moment.RSET, "500 what?")
    assert (await line.hands_over()).outcome is Outcome.REPLIED
    assert line.sink.connections == 2


async def test_replies_are_read_however_they_are_split():
    """A server that says one octet at a time."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(text: str) -> None:
            for octet in text.encode():
                writer.write(bytes([octet]))
                await writer.drain()
                await asyncio.sleep(0)

        await say("220-slow\r\n220 server\r\n")
        while command := (await reader.readline()).split(b" ")[0].strip().upper():
            match command:
                case b"EHLO":
                    await say("250-slow\r\n250 SIZE 1000\r\n")
                case b"DATA":
                    await say("354 go\r\n")
                    await reader.readuntil(b"\r\n.\r\n")
                    await say("250-2.0.0 taken\r\n250 2.0.0 slowly\r\n")
                case b"QUIT":
                    break
                case _:
                    await say("250-2.1.0 well\r\n250 2.1.0 ok\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        relay = Smarthost(RelayConfig("127.0.0.1", port, Tls.OFF, timeouts=QUICK))
        handed = await relay.hand_over(ROUTE, a_wire(), yes)
        assert handed.reply == SmtpReply(250, "2.0.0", "taken slowly")
        too_big = await relay.hand_over(ROUTE, a_wire(octets=b"x" * 998 + b"\r\nxx\r\n"), yes)
        assert too_big.outcome is Outcome.UNFIT
        assert too_big.reply is not None
        assert too_big.reply.enhanced == "5.3.4"
        await relay.close()


# --- addresses beyond ASCII -------------------------------------------------------------------------


async def test_an_address_beyond_ascii_goes_where_it_is_understood(line: Line):
    assert (await line.hands_over(a_wire("用户@example.net"))).outcome is Outcome.REPLIED
    assert any("SMTPUTF8" in said for said in line.sink.transcript)
    assert line.sink.mails[0].forward_paths == ("用户@example.net",)


async def test_an_address_beyond_ascii_is_refused_where_it_is_not(line: Line):
    line.sink.extensions = ("PIPELINING",)
    handed = await line.hands_over(a_wire("用户@example.net"))
    assert handed.outcome is Outcome.UNFIT
    assert handed.reply is not None
    assert handed.reply.enhanced == "5.6.7"
    assert not any(said.startswith("C1: MAIL") for said in line.sink.transcript)
    assert (await line.hands_over()).outcome is Outcome.REPLIED
    assert line.sink.connections == 1


# --- TLS and login ----------------------------------------------------------------------------------


@dataclass
class Pki:
    server: ssl.SSLContext
    trusts_it: ssl.SSLContext


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """A certificate for 127.0.0.1, and a client that trusts it."""
    folder: Path = tmp_path_factory.mktemp("pki")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    form, open_key = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, form, open_key))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return Pki(server, ssl.create_default_context(cafile=folder / "cert.pem"))


async def test_a_required_line_is_encrypted_and_kept(line: Line, pki: Pki):
    line.sink.tls = pki.server
    line.is_set_to(pki.trusts_it, tls=Tls.REQUIRED)
    body = b"x" * 900 + b"\r\n"
    handed = await line.hands_over(a_wire(octets=body * 2_000))
    assert handed.tls
    await line.hands_over()
    assert [mail.tls for mail in line.sink.mails] == [True, True]
    assert line.sink.mails[0].octets == body * 2_000
    assert line.sink.connections == 1


async def test_without_starttls_a_required_line_sends_nothing(line: Line):
    line.is_set_to(tls=Tls.REQUIRED)
    handed = await line.hands_over()
    assert (handed.outcome, handed.phase) == (Outcome.UNFIT, Phase.TLS)
    assert "STARTTLS" in handed.text
    assert line.sink.taken == 0


async def test_a_certificate_that_nobody_vouches_for_is_not_good_enough(line: Line, pki: Pki):
    line.sink.tls = pki.server
    line.is_set_to(tls=Tls.REQUIRED)
    handed = await line.hands_over()
    assert (handed.outcome, handed.phase) == (Outcome.UNFIT, Phase.TLS)
    assert "certificate" in handed.text
    assert line.sink.taken == 0


async def test_may_takes_any_certificate_or_none(line: Line, pki: Pki):
    line.is_set_to(tls=Tls.MAY)
    assert not (await line.hands_over()).tls
    line.sink.tls = pki.server
    line.is_set_to(tls=Tls.MAY)
    assert (await line.hands_over()).tls


async def test_implicit_tls_begins_at_once(pki: Pki):
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 tls\r\n")
        while command := (await reader.readline()).split(b" ")[0].strip().upper():
            if command == b"DATA":
                writer.write(b"354 go\r\n")
                await reader.readuntil(b"\r\n.\r\n")
            if command == b"QUIT":
                break
            writer.write(b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=pki.server)
    async with server:
        port = server.sockets[0].getsockname()[1]
        config = RelayConfig("127.0.0.1", port, Tls.IMPLICIT, timeouts=QUICK)
        relay = Smarthost(config, pki.trusts_it)
        handed = await relay.hand_over(ROUTE, a_wire(), yes)
        assert handed.outcome is Outcome.REPLIED
        assert handed.tls
        await relay.close()
        stranger = Smarthost(config)
        handed = await stranger.hand_over(ROUTE, a_wire(), yes)
        assert (handed.outcome, handed.phase) == (Outcome.UNFIT, Phase.TLS)


async def test_the_login_is_said_once_per_connection(line: Line, pki: Pki):
    line.sink.tls = pki.server
    line.sink.extensions = ("AUTH PLAIN",)
    line.is_set_to(pki.trusts_it, tls=Tls.REQUIRED, username="shop", password="secret")
    await line.hands_over()
    await line.hands_over()
    assert len(line.sink.logins) == 1
    assert line.sink.taken == 2


async def test_a_refused_login_is_told_with_its_phase(line: Line):
    line.sink.extensions = ("AUTH PLAIN",)
    line.sink.answer(Moment.AUTH, "535 5.7.8 wrong password")
    line.is_set_to(username="shop", password="secret")
    handed = await line.hands_over()
    assert (handed.outcome, handed.phase) == (Outcome.REPLIED, Phase.AUTH)
    assert handed.reply == SmtpReply(535, "5.7.8", "wrong password")
    assert "secret" not in repr(line.config)


async def test_a_smarthost_without_a_way_to_log_in_gets_no_mail(line: Line):
    line.is_set_to(username="shop", password="secret")
    handed = await line.hands_over()
    assert (handed.outcome, handed.phase) == (Outcome.UNFIT, Phase.AUTH)
    assert line.sink.taken == 0
