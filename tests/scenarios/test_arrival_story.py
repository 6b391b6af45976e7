"""How mail comes in at a whole shop: by SMTP, by LMTP from a mail server in front, large and small."""

import asyncio
import hashlib
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.db.engine import writing
from gateway.edges.probe import refuses_relay
from gateway.kernel.tokens import TokenKeys
from gateway.mail.verp import AddressPlan, reply_path
from gateway.testing.client import Client, greeted
from gateway.testing.shop import Shop, open_shop

from .conftest import MONDAY, settings

QUESTION = (
    b"From: Ana <ana@example.net>\r\nTo: orders@boutique.example\r\nSubject: A vase\r\n"
    b"Message-ID: <1@example.net>\r\nDate: Mon, 02 Nov 2026 09:00:00 +0000\r\n\r\nIs it blue?\r\n"
)


def question(number: int) -> bytes:
    return QUESTION.replace(b"<1@", b"<%d@" % number)


def door(shop: Shop) -> int:
    assert shop.gateway.listener is not None
    return shop.gateway.listener.port


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.01)


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


async def test_a_group_is_one_commit(shop: Shop):
    statements: list[str] = []
    async with AsyncExitStack() as clients:
        async with writing(shop.gateway.db, limit=30) as tx:  # while the disk works, mails arrive
            driver = (await tx.get_raw_connection()).driver_connection
            await driver.call(lambda: driver.raw.set_trace_callback(statements.append))
            answers = []
            for number in range(30):
                client = await clients.enter_async_context(greeted(door(shop)))
                await client.begins("ana@example.net", "orders@boutique.example")
                answers.append(asyncio.create_task(client.delivers(question(number))))
            await until(lambda: len(shop.gateway.listener._commits) == 30)
            assert not any(answer.done() for answer in answers)
        assert {(await answer)[:9] for answer in answers} == {"250 2.0.0"}
    kept = [number for number, each in enumerate(statements) if each.startswith("INSERT INTO journal ")]
    assert len(kept) == 30
    assert "COMMIT" not in statements[kept[0] : kept[-1]]


async def test_a_client_that_hangs_up_during_commit_is_a_duplicate_later(shop: Shop):
    async with writing(shop.gateway.db, limit=30), greeted(door(shop)) as client:
        await client.begins("ana@example.net", "orders@boutique.example")
        answer = asyncio.create_task(client.delivers(QUESTION))
        await until(lambda: shop.gateway.listener._commits)
        answer.cancel()
        client.writer.transport.abort()
        await asyncio.sleep(0.05)
    await until(lambda: not shop.gateway.listener._commits)
    await shop.gateway.settle()
    await shop.receives_octets(QUESTION, reverse_path="ana@example.net", to="orders@boutique.example")
    first, second = await shop.rows("journal")
    assert (first["state"], second["state"]) == ("held", "duplicate")
    assert second["duplicate_of"] == first["id"]


async def test_a_commit_that_fails_promises_nothing_to_anybody(shop: Shop):
    async with writing(shop.gateway.db) as tx:
        driver = (await tx.get_raw_connection()).driver_connection
        pages = (await tx.exec_driver_sql("PRAGMA page_count")).scalar_one()
        await driver.call(lambda: driver.raw.execute(f"PRAGMA max_page_count = {pages + 2}"))
    async with greeted(door(shop)) as one, greeted(door(shop)) as other:
        for client in (one, other):
            await client.begins("ana@example.net", "orders@boutique.example")
        replies = await asyncio.gather(
            *(client.delivers(QUESTION + b"a vase\r\n" * 5000) for client in (one, other))
        )
        assert [reply[:9] for reply in replies] == ["451 4.3.0"] * 2
        async with writing(shop.gateway.db):
            await driver.call(lambda: driver.raw.execute("PRAGMA max_page_count = 1000000"))
        await one.begins("ana@example.net", "orders@boutique.example")
        assert (await one.delivers(QUESTION)).startswith("250 2.0.0")
    assert [row["size"] for row in await shop.rows("journal")] == [len(QUESTION)]


async def test_an_expired_token_is_let_in(shop: Shop):
    """Who answers a year later is not turned away, only believed less."""
    keys, plan = (
        shop.gateway.config.secrets.keys().tokens,
        AddressPlan("boutique.example", "boutique.example"),
    )
    a_year_ago = shop.clock.now().date() - timedelta(days=365)
    expired = reply_path(keys, 1, plan, a_year_ago)
    forged = reply_path(TokenKeys({1: bytes(32)}, newest=1), 1, plan, shop.clock.now().date())
    async with greeted(door(shop)) as client:
        assert (await client.begins("ana@example.net", expired)).startswith("250 2.1.5")
        unknown = await client.says("RCPT TO:<nobody@boutique.example>")
        assert await client.says(f"RCPT TO:<{forged}>") == unknown
        assert unknown.startswith("550 5.1.1")
        assert (await client.delivers(QUESTION)).startswith("250 2.0.0")


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
    await until(lambda: not place.exists())
    assert [file.name for file in spool.rglob("*") if file.is_file()] == [kept]
