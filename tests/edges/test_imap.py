"""The IMAP edge against a server that misbehaves, over real sockets."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.edges.imap import ImapAccount, Waits, connecting
from gateway.kernel.errors import InputError
from gateway.pipeline.folder import CannotMove, Folder, FolderLost, Listed, LoginRefused
from gateway.testing.certificate import write_certificate
from gateway.testing.imap_server import ImapServer

QUICK = Waits(command=0.5, group=0.5, mail=0.5, idle=0.5)
HASTY = Waits(command=10, group=0.5, mail=0.5, idle=0.5)  # once it is logged in
PATIENT = Waits(command=20, group=20, mail=20, idle=20)
MAIL = b"From: ana@example.net\r\nMessage-ID: <1@example.net>\r\nSubject: Hello\r\n\r\n(two) * mugs {9}\r\n"


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    async with ImapServer() as server:
        yield server


def account(server: ImapServer, **more: Any) -> ImapAccount:
    said = {"user": server.user, "secret": lambda: server.password, "waits": PATIENT, **more}
    return ImapAccount(server.host, server.port, **said)


@asynccontextmanager
async def opened(server: ImapServer, mailbox: str = "INBOX", **more: Any) -> AsyncIterator[Folder]:
    """A folder of a mailbox that has been selected."""
    async with connecting(account(server, **more), mailbox)() as folder:
        await folder.select()
        yield folder


async def lost(what: Any) -> str:
    with pytest.raises(FolderLost) as raised:
        await what
    return str(raised.value)


# --- reading ----------------------------------------------------------------------------------------------


async def test_a_mail_is_listed_and_fetched_octet_by_octet(server):
    uid = server.append(MAIL, received_at=datetime(2026, 11, 2, 9, tzinfo=UTC))
    async with opened(server) as folder:
        assert await folder.uids_above(0) == [uid]
        (listed,) = await folder.listing([uid])
        assert listed == Listed(uid, len(MAIL), datetime(2026, 11, 2, 9, tzinfo=UTC), "1@example.net")
        assert await folder.fetch(uid, listed.size) == MAIL
        assert await folder.fetch_header(uid) == MAIL.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


async def test_nothing_is_marked_seen(server):
    uid = server.append(MAIL)
    async with opened(server) as folder:
        await folder.listing([uid])
        await folder.fetch(uid, 10)
        await folder.fetch_header(uid)
    assert server.mails()[0].flags == set()
    assert not server.said("UNSEEN")
    assert all("PEEK" in line for line in server.said("BODY"))


async def test_the_last_uid_is_not_new_mail(server):
    uid = server.append(MAIL)
    async with opened(server) as folder:
        assert await folder.uids_above(uid) == []
    assert server.said(f"UID SEARCH UID {uid + 1}:*")


async def test_a_mail_that_is_gone_is_none(server):
    server.append(MAIL)
    async with opened(server) as folder:
        assert await folder.fetch(77, 10) is None
        assert await folder.listing([77]) == []


async def test_a_mail_that_is_said_twice_is_one(server):
    uid = server.append(MAIL)
    server.repeats = 2
    async with opened(server) as folder:
        assert [mail.uid for mail in await folder.listing([uid])] == [uid]
        assert await folder.fetch(uid, 10) == MAIL


async def test_a_mail_without_octets_is_one_too(server):
    uid = server.append(b"")
    async with opened(server) as folder:
        assert await folder.fetch(uid, 0) == b""


@pytest.mark.parametrize("name", ["Entwürfe & Bestellungen", 'a "b" \\c', "日本語", "INBOX/Blaue Tür"])
async def test_umlaut_and_blank_in_a_mailbox_name(server, name):
    from gateway.edges.imap_name import modified_utf7

    server.append(MAIL, modified_utf7(name))
    async with opened(server, name) as folder:
        assert await folder.uids_above(0) == [1]


async def test_a_user_with_a_quote_and_a_blank_logs_in(server):
    server.users = {'shop "blue door"': 'a "secret" \\ word'}
    async with opened(server, user='shop "blue door"', secret=lambda: 'a "secret" \\ word'):
        pass


# --- IDLE -------------------------------------------------------------------------------------------------


async def test_idle_ends_when_mail_comes(server):
    async with opened(server) as folder, asyncio.timeout(30):
        idling = asyncio.create_task(folder.idle(asyncio.Event()))
        await server.idled.wait()
        server.say("* OK Still here")
        await asyncio.sleep(0.05)
        assert not idling.done()
        server.append(MAIL)
        await idling
        assert await folder.uids_above(0) == [1]


async def test_idle_ends_when_somebody_rings(server):
    woken = asyncio.Event()
    async with opened(server) as folder, asyncio.timeout(30):
        idling = asyncio.create_task(folder.idle(woken))
        await server.idled.wait()
        woken.set()
        await idling
        assert await folder.uids_above(0) == []


async def test_bye_in_idle_is_the_end(server):
    async with opened(server) as folder, asyncio.timeout(30):
        idling = asyncio.create_task(folder.idle(asyncio.Event()))
        await server.idled.wait()
        server.bye()
        with pytest.raises(FolderLost, match="going down") as raised:
            await idling
        assert raised.value.idle


async def test_a_line_that_is_cut_in_idle_is_noticed(server):
    async with opened(server) as folder, asyncio.timeout(30):
        idling = asyncio.create_task(folder.idle(asyncio.Event()))
        await server.idled.wait()
        server.cut()
        await lost(idling)


async def test_idle_that_never_begins_is_given_up(server):
    async with opened(server, waits=HASTY) as folder:
        server.silent = True
        assert "IDLE: no answer" in await lost(folder.idle(asyncio.Event()))


async def test_a_server_without_idle_says_so(server):
    server.capabilities = ("IMAP4rev1",)
    async with opened(server) as folder:
        assert not folder.can_idle


# --- a hostile server -------------------------------------------------------------------------------------


async def test_a_lying_server_is_left(server):
    """It says that a mail is small, and sends what is not."""
    uid = server.append(b"Subject: x\r\n\r\n" + b"a" * 3 * 1024 * 1024, size=100)
    async with opened(server, max_size=1024 * 1024) as folder:
        (listed,) = await folder.listing([uid])
        assert listed.size == 100
        assert "more than it said" in await lost(folder.fetch(uid, listed.size))


async def test_a_server_that_falls_silent_is_left(server):
    uid = server.append(MAIL)
    async with opened(server, waits=HASTY) as folder:
        server.silent = True
        assert "no answer" in await lost(folder.fetch(uid, 10))


async def test_a_connection_cut_inside_a_mail_is_noticed(server):
    uid = server.append(MAIL * 1000)
    server.cuts = {uid: 1}
    async with opened(server) as folder:
        await lost(folder.fetch(uid, len(MAIL) * 1000))
    async with opened(server) as folder:
        assert await folder.fetch(uid, len(MAIL) * 1000) == MAIL * 1000


async def test_a_burst_of_lines_ends_the_connection_and_not_the_program(server):
    async with opened(server) as folder, asyncio.timeout(30):
        server.say("\r\n".join(f"* {number} EXPUNGE" for number in range(20_000)))
        await lost(folder.uids_above(0))


async def test_a_line_without_end_is_not_collected(server):
    async with opened(server) as folder, asyncio.timeout(20):
        idling = asyncio.create_task(folder.idle(asyncio.Event()))
        await server.idled.wait()
        server.say("* " + "x" * 17 * 1024 * 1024)
        assert "more than it said" in await lost(idling)


@pytest.mark.parametrize("greeting", ["* BYE too many connections", "", "+ what", "HTTP/1.1 400 Bad Request"])
async def test_a_server_that_does_not_greet_is_left(server, greeting):
    server.greeting = greeting
    with pytest.raises(FolderLost):
        async with opened(server, waits=QUICK):
            pass


async def test_nobody_there_is_lost_and_leaves_no_task(server):
    await server.stop()
    before = len(asyncio.all_tasks())
    with pytest.raises(FolderLost, match="greeting"):
        async with opened(server):
            pass
    assert len(asyncio.all_tasks()) == before


async def test_a_dropped_connection_leaves_no_task(server):
    await server.stop()
    before = len(asyncio.all_tasks())
    async with ImapServer() as other, opened(other) as folder:
        idling = asyncio.create_task(folder.idle(asyncio.Event()))
        await other.idled.wait()
        idling.cancel()
        await asyncio.gather(idling, return_exceptions=True)
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == before


async def test_no_uidvalidity_is_no_mailbox(server):
    server.mailboxes["INBOX"].uid_validity = 0
    with pytest.raises(FolderLost, match="UIDVALIDITY"):
        async with opened(server):
            pass


# --- logging in -------------------------------------------------------------------------------------------


async def test_a_wrong_password_is_told_in_the_servers_words(server):
    with pytest.raises(LoginRefused, match=r"127\.0\.0\.1 refuses shop@provider\.example: .*failed"):
        async with opened(server, secret=lambda: "wrong"):
            pass
    assert server.logins == 1


async def test_a_server_in_trouble_is_no_refusal(server):
    server.refusal = "[UNAVAILABLE] try later"
    with pytest.raises(FolderLost, match="try later"):
        async with opened(server):
            pass


async def test_a_missing_password_is_not_tried(server, tmp_path):
    def missing() -> str:
        raise InputError(str(tmp_path / "secret"), "cannot be read")

    with pytest.raises(LoginRefused, match="cannot be read"):
        async with opened(server, secret=missing):
            pass
    assert server.logins == 0


async def test_a_password_is_never_part_of_an_error(server):
    for secret in ("sesame\r\nA1 DELETE INBOX", "sesame\0"):
        with pytest.raises(LoginRefused) as raised:
            async with opened(server, secret=lambda secret=secret: secret):
                pass
        assert "sesame" not in str(raised.value)
    assert not server.said("DELETE")


async def test_a_token_is_read_afresh_for_each_login(server):
    tokens = iter(["ya29.first", "ya29.second"])
    server.users = {server.user: "ya29.first"}
    signed_in = account(server, oauth=True, secret=lambda: next(tokens))
    async with connecting(signed_in, "INBOX")() as folder:
        await folder.select()
    server.users = {server.user: "ya29.second"}
    async with connecting(signed_in, "INBOX")() as folder:
        await folder.select()


async def test_an_expired_token_is_a_refusal(server):
    with pytest.raises(LoginRefused):
        async with opened(server, oauth=True, secret=lambda: "expired"):
            pass


async def test_a_certificate_that_nobody_vouches_for_gets_no_password(server, tmp_path: Path):
    certificate, key, trusted = write_certificate(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    async with ImapServer(tls=context) as shut:
        with pytest.raises(FolderLost):
            async with opened(shut, tls=ssl.create_default_context()):
                pass
        assert shut.logins == 0
        reached = ImapAccount("localhost", shut.port, shut.user, lambda: shut.password, tls=trusted)
        async with connecting(reached, "INBOX")() as folder:
            await folder.select()


# --- moving -----------------------------------------------------------------------------------------------


async def test_a_move_makes_the_mailbox_that_is_missing(server):
    uids = [server.append(MAIL), server.append(MAIL), server.append(MAIL)]
    async with opened(server) as folder:
        await folder.move(uids[:2], "Done")
        await folder.move(uids[:2], "Done")  # once more does nothing
    assert [mail.uid for mail in server.mails()] == uids[2:]
    assert len(server.mails("Done")) == 2


async def test_without_move_only_the_mails_that_are_meant_are_expunged(server):
    server.capabilities = ("IMAP4rev1", "IDLE", "UIDPLUS")
    uids = [server.append(MAIL), server.append(MAIL, flags=[r"\Deleted"])]
    async with opened(server) as folder:
        await folder.move(uids[:1], "Done")
    assert [mail.uid for mail in server.mails()] == uids[1:]
    assert len(server.mails("Done")) == 1
    assert all("UID EXPUNGE" in line for line in server.said("EXPUNGE"))


async def test_without_move_and_uidplus_nothing_is_touched(server):
    server.capabilities = ("IMAP4rev1",)
    uid = server.append(MAIL)
    async with opened(server) as folder:
        with pytest.raises(CannotMove):
            await folder.move([uid], "Done")
    assert server.mails()[0].flags == set()
    assert not server.said("EXPUNGE")
    assert not server.said("COPY")
