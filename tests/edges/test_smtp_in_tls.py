"""STARTTLS: what is offered, what is forgotten, and a certificate that is renewed under way."""

import asyncio
import os
import ssl
from pathlib import Path

import pytest

from gateway.edges.admission import ListenConfig, Waits
from gateway.edges.certificate import Certificate
from gateway.testing.certificate import write_certificate
from gateway.testing.client import calling, greeted
from gateway.testing.inbox import Inbox

NAME = "mail.shop.example"
MAIL = b"From: Ana <ana@cust.example>\r\nSubject: A vase\r\n\r\nHello.\r\n"


@pytest.fixture
def secured(tmp_path: Path) -> tuple[ListenConfig, ssl.SSLContext]:
    certificate, key, trusted = write_certificate(tmp_path, NAME)
    return ListenConfig(port=0, hostname=NAME, certificate=certificate, key=key), trusted


async def test_a_mail_arrives_encrypted(open_door, inbox: Inbox, secured):
    config, trusted = secured
    async with open_door(config) as door, greeted(door.port) as client:
        assert "250-STARTTLS" in await client.says("EHLO me")
        assert (await client.encrypts(trusted, NAME)).startswith("220 2.0.0")
        assert "STARTTLS" not in await client.says("EHLO again")
        assert (await client.says("STARTTLS")).startswith("503 5.5.1")
        await client.begins("ana@cust.example", "orders@shop.example", name="again")
        assert (await client.delivers(MAIL + b"x\r\n" * 60_000)).startswith("250 2.0.0")
        assert await client.says("QUIT") == "221 2.0.0 bye"
    assert inbox.octets == [MAIL + b"x\r\n" * 60_000]
    assert inbox.envelopes[0].peer is not None
    assert inbox.envelopes[0].peer.tls
    assert inbox.envelopes[0].peer.helo == "again"


async def test_it_is_not_offered_without_a_certificate(door):
    async with greeted(door.port) as client:
        assert "STARTTLS" not in await client.says("EHLO me")
        assert (await client.says("STARTTLS")).startswith("454 4.7.0")


async def test_auth_is_not_offered_there_either(open_door, secured):
    config, trusted = secured
    async with open_door(config) as door, greeted(door.port) as client:
        await client.says("EHLO me")
        await client.encrypts(trusted, NAME)
        assert "AUTH" not in await client.says("EHLO me")
        assert (await client.says("AUTH PLAIN AGFuYQBzZWNyZXQ=")).startswith("502 5.5.1")


async def test_commands_before_tls_are_forgotten(open_door, inbox: Inbox, secured):
    config, trusted = secured
    async with open_door(config) as door, greeted(door.port) as client:
        await client.begins("evil@cust.example", "orders@shop.example")
        client.sends(b"STARTTLS\r\nNOOP\r\nRSET\r\nMAIL FROM:<evil@cust.example>\r\n")
        assert (await client.hears()).startswith("220")
        await client.writer.start_tls(trusted, server_hostname=NAME)
        assert (await client.says("NOOP")).startswith("250")  # the first answer, not one to what was injected
        assert (await client.says("RCPT TO:<orders@shop.example>")).startswith("503")
        assert (await client.says("MAIL FROM:<a@b.example>")).startswith("503")  # EHLO is wanted again
    assert not inbox.begun.is_set()


async def test_the_per_address_cap_counts_a_tls_connection_once(open_door, secured):
    config, trusted = secured
    strict = ListenConfig(**{**fields(config), "trusted": (), "connections_per_network": 2})
    async with open_door(strict) as door:
        async with greeted(door.port) as client:
            await client.says("EHLO me")
            await client.encrypts(trusted, NAME)
            await client.says("EHLO me")
            async with calling(door.port) as second:
                assert (await second.hears()).startswith("220")
            await client.says("QUIT")
        await gone(door)
        assert door.admission.open == 0


async def test_a_failed_handshake_leaves_nothing_behind(open_door, secured):
    config, _ = secured
    async with open_door(config) as door:
        async with greeted(door.port) as client:
            await client.says("EHLO me", "STARTTLS")
            client.sends(b"this is no handshake\r\n" * 10)
            await client.reader.read()
        async with greeted(door.port) as client:
            await client.says("EHLO me", "STARTTLS")
            client.writer.transport.abort()
        async with greeted(door.port) as client:
            await client.says("EHLO me")
            with pytest.raises(ssl.SSLCertVerificationError):
                await client.encrypts(ssl.create_default_context(), NAME)
        await gone(door)
        assert door.admission.open == 0


async def test_old_tls_is_refused(open_door, secured):
    config, trusted = secured
    trusted.set_ciphers("ALL:@SECLEVEL=0")  # a client that would still speak it
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        trusted.minimum_version = trusted.maximum_version = ssl.TLSVersion.TLSv1_1
    async with open_door(config) as door, greeted(door.port) as client:
        await client.says("EHLO me")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await client.encrypts(trusted, NAME)
    assert Certificate(config.certificate, config.key).context().minimum_version is ssl.TLSVersion.TLSv1_2


async def test_who_never_shakes_hands_is_left(open_door, secured):
    config, _ = secured
    quick = ListenConfig(**{**fields(config), "waits": Waits(command=0.2)})
    async with open_door(quick) as door, greeted(door.port) as client:
        await client.says("EHLO me", "STARTTLS")
        await gone(door)
        assert door.admission.open == 0


async def test_a_renewed_certificate_needs_no_restart(open_door, secured, tmp_path: Path):
    config, old = secured
    async with open_door(config) as door:
        _, _, new = write_certificate(tmp_path, NAME, days=60)
        os.utime(tmp_path / "cert.pem", (1, 1))  # whatever the clock of the file system
        async with greeted(door.port) as client:
            await client.says("EHLO me")
            await client.encrypts(new, NAME)
            assert (await client.says("EHLO me")).startswith("250")
        async with greeted(door.port) as client:
            await client.says("EHLO me")
            with pytest.raises(ssl.SSLCertVerificationError):
                await client.encrypts(old, NAME)


async def test_a_broken_renewal_leaves_the_old_certificate(open_door, secured, tmp_path: Path):
    config, trusted = secured
    async with open_door(config) as door:
        (tmp_path / "cert.pem").write_text("half of it")
        async with greeted(door.port) as client:
            await client.says("EHLO me")
            await client.encrypts(trusted, NAME)
            assert (await client.says("EHLO me")).startswith("250")


async def test_a_certificate_that_cannot_be_read_stops_the_start(open_door, tmp_path: Path):
    (tmp_path / "cert.pem").write_text("nothing")
    with pytest.raises(ssl.SSLError):
        async with open_door(ListenConfig(port=0, certificate=tmp_path / "cert.pem")):
            pass


def fields(config: ListenConfig) -> dict[str, object]:
    return {name: getattr(config, name) for name in config.__slots__}


async def gone(door) -> None:
    async with asyncio.timeout(5):
        while door.sessions:
            await asyncio.sleep(0.01)
