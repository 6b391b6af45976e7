"""The service says when it is ready and when it goes, and does not start as everybody's relay."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.app.new_shop import make_shop
from gateway.app.notify import Notifier
from gateway.app.service import OpenRelay, keep_open
from gateway.app.wiring import Gateway, build
from gateway.db.engine import create_schema
from gateway.edges.admission import ListenConfig
from gateway.edges.smtp_in import Recipients, listening
from gateway.kernel.errors import InputError
from gateway.testing.inbox import Inbox


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    """A shop that is open, and does not work yet."""
    settings = {
        "shop": {"name": "Blue Door", "domain": "boutique.example"},
        "owner": {"addresses": ["priya@owner.example"]},
        "listen": {"host": "127.0.0.1", "port": 0},
        "relay": {"smarthost": "127.0.0.1", "port": 9, "tls": "off"},
    }
    async with build(make_shop(tmp_path / "shop", settings)) as opened:
        await create_schema(opened.db)
        yield opened


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """A service manager, who reads what it is told."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reads:
        reads.bind(f"\0{tmp_path}")
        reads.setblocking(False)
        yield reads


def told(manager: socket.socket) -> list[str]:
    heard: list[str] = []
    while True:
        try:
            heard.append(manager.recv(4096).decode().partition("\n")[0])
        except BlockingIOError:
            return heard


async def test_the_service_will_not_start_as_a_relay(
    gateway: Gateway, manager: socket.socket, tmp_path: Path
):
    everybody = Recipients(frozenset({"boutique.example", "example.com"}), verify=lambda _: True)
    async with listening(ListenConfig(port=0), everybody, Inbox(), gateway.clock) as door:
        relay = replace(gateway, listener=door)
        with pytest.raises(OpenRelay, match=r"takes mail for example\.com"):
            await keep_open(relay, asyncio.Event(), Notifier({"NOTIFY_SOCKET": f"@{tmp_path}"}))
    assert told(manager) == []


async def test_the_service_tells_when_it_is_ready_and_when_it_goes(
    gateway: Gateway, manager: socket.socket, tmp_path: Path
):
    stop = asyncio.Event()
    notifier = Notifier({"NOTIFY_SOCKET": f"@{tmp_path}"})
    opened = asyncio.create_task(keep_open(gateway, stop, notifier))
    async with asyncio.timeout(60):
        while (heard := told(manager)) == []:
            await asyncio.sleep(0.01)
    assert heard == ["READY=1"]
    stop.set()
    await opened
    assert told(manager) == ["STOPPING=1"]


@pytest.mark.parametrize(
    ("listen", "why"),
    [
        (
            {"port": 0, "lmtp": "nowhere/lmtp"},
            r"\[listen\] lmtp: /.*/nowhere/lmtp cannot be .*; make its folder",
        ),
        (
            {"port": 0, "host": "192.0.2.1"},
            r"\[listen\] port: port 0 of 192\.0\.2\.1 .*; this machine has no such",
        ),
    ],
)
async def test_a_door_that_does_not_open_says_which_and_why(
    tmp_path: Path, listen: dict[str, object], why: str
):
    config = make_shop(tmp_path / "shop", {"listen": {"host": "127.0.0.1"} | listen})
    with pytest.raises(InputError, match=why):
        async with build(config):
            pass


async def test_a_port_that_is_taken_is_told(gateway: Gateway, tmp_path: Path):
    taken = gateway.listener.port if gateway.listener else 0
    config = make_shop(tmp_path / "second", {"listen": {"host": "127.0.0.1", "port": taken}})
    with pytest.raises(InputError, match=f"port {taken} of 127.0.0.1 .*; another program listens there"):
        async with build(config):
            pass
