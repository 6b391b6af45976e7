"""The service is killed at random moments while mails come in, or told to stop; nothing promised is lost."""

import asyncio
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.app.new_shop import make_shop
from gateway.testing.client import calling
from gateway.testing.service import Service, free_port, listens
from gateway.testing.sink import SmtpSink

from .storm import TO, mail, read, weathered

KILLS = 24
MAILS = 2000

Settings = Callable[[int], dict[str, Any]]


@pytest.mark.covers("S4-NF-S3", "S4-NF-R2")
async def test_250_means_it_survives_kill_minus_nine(tmp_path: Path, shop_settings: Settings):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    async with SmtpSink() as sink:
        settings = shop_settings(sink.port)
        wrong = await weathered(tmp_path / "shop", settings, sink, kills=KILLS, mails=MAILS, seed=seed)
    assert {what: cases for what, cases in wrong.items() if cases} == {}


async def test_what_is_on_the_wire_is_finished_before_the_service_ends(
    tmp_path: Path, shop_settings: Settings
):
    port = free_port()
    listen = {"listen": {"host": "127.0.0.1", "port": port}}
    async with SmtpSink() as sink:
        config = make_shop(tmp_path / "shop", shop_settings(sink.port) | listen)
        service = Service(tmp_path / "shop")
        await service.start()
        await listens(port)
        async with calling(port) as idle, calling(port) as sending:
            await idle.hears()
            await sending.hears()
            await sending.begins("customer1@example.net", TO)
            await sending.says("DATA")
            sending.sends(mail(1)[:50])
            ended = asyncio.create_task(service.end(signal.SIGTERM))
            assert [reply[:9] for reply in await idle.hears_all()] == ["421 4.3.2"]
            sending.sends(mail(1)[50:] + b".\r\n")
            assert [reply[:9] for reply in await sending.hears_all()] == ["250 2.0.0", "421 4.3.2"]
        assert await ended == 0
    assert read(config, "SELECT key_id FROM journal") == [("1@example.net",)]
