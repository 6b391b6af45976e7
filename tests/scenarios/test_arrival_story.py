"""How mail comes in at a whole shop: by SMTP, by LMTP from a mail server in front, large and small."""

import asyncio
import hashlib
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.edges.probe import refuses_relay
from gateway.testing.client import Client
from gateway.testing.shop import Shop, open_shop

from .conftest import MONDAY, settings

QUESTION = (
    b"From: Ana <ana@example.net>\r\nTo: orders@boutique.example\r\nSubject: A vase\r\n"
    b"Message-ID: <1@example.net>\r\nDate: Mon, 02 Nov 2026 09:00:00 +0000\r\n\r\nIs it blue?\r\n"
)


def behind_a_mail_server(lmtp: str):
    def made(port: int) -> dict[str, Any]:
        return settings(port) | {"listen": {"host": "127.0.0.1", "port": 0, "lmtp": lmtp}}

    return made


async def hand_over(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *recipients: str
) -> list[str]:
    """What the shop says to a mail server that hands a mail over by LMTP, after the 354."""
    client = Client(reader, writer)
    await client.hears()
    await client.says(
        "LHLO mta.example", "MAIL FROM:<ana@example.net>", *(f"RCPT TO:<{one}>" for one in recipients)
    )
    first = await client.delivers(QUESTION)
    client.sends(b"QUIT\r\n")
    return [first, *await client.hears_all()][:-1]


@pytest.mark.parametrize("place", ["127.0.0.1:0", "data/lmtp"])
async def test_a_mail_server_in_front_hands_over_by_lmtp(tmp_path: Path, place: str):
    async with open_shop(tmp_path / "shop", behind_a_mail_server(place), now=MONDAY) as shop:
        assert shop.gateway.lmtp is not None
        assert shop.gateway.listener is not None
        if place == "data/lmtp":
            ends = await asyncio.open_unix_connection(tmp_path / "shop/data/lmtp")
        else:
            ends = await asyncio.open_connection("127.0.0.1", shop.gateway.lmtp.port)
        replies = await hand_over(*ends, "orders@boutique.example", "suppliers@boutique.example")
        assert replies == ["250 2.0.0 kept as J1", "250 2.0.0 kept as J1"]
        await shop.gateway.settle()
        [row] = await shop.rows("journal")
        assert row["via"] == "lmtp"
        assert row["forward_paths"] == ["orders@boutique.example", "suppliers@boutique.example"]
        ends[1].close()
    assert not (tmp_path / "shop/data/lmtp").exists()


async def test_both_doors_are_closed_before_work_ends(tmp_path: Path):
    async with open_shop(tmp_path / "shop", behind_a_mail_server("127.0.0.1:0"), now=MONDAY) as shop:
        assert shop.gateway.listener is not None
        assert shop.gateway.lmtp is not None
        ports = [shop.gateway.listener.port, shop.gateway.lmtp.port]
        assert 0 not in ports
        await shop.gateway.stop_listening()
        for port in ports:
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)


async def test_without_a_mail_server_in_front_there_is_one_door(shop: Shop):
    assert shop.gateway.lmtp is None
    assert shop.gateway.listener is not None
    assert await refuses_relay("127.0.0.1", shop.gateway.listener.port)


async def test_orphans_of_the_spool_are_swept_by_the_service_itself(shop: Shop):
    spool = shop.gateway.config.data / "spool"
    large = QUESTION + b"a vase, or two\r\n" * 10_000
    await shop.receives_octets(large, reverse_path="ana@example.net", to="orders@boutique.example")
    kept, orphan = (hashlib.sha256(octets).hexdigest() for octets in (large, b"nobody's"))
    place = spool / orphan[:2] / orphan[2:4] / orphan
    place.parent.mkdir(parents=True)
    place.write_bytes(b"nobody's")
    now = shop.clock.now().timestamp()
    for file in spool.rglob("*"):
        os.utime(file, (now, now))

    shop.clock.advance(timedelta(hours=23))
    await asyncio.sleep(0.2)
    assert place.exists()
    shop.clock.advance(timedelta(hours=6))
    async with asyncio.timeout(10):
        while place.exists():
            await asyncio.sleep(0.01)
    assert [file.name for file in spool.rglob("*") if file.is_file()] == [kept]
