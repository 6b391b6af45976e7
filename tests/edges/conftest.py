"""A listener for tests of the SMTP edge, with an inbox where the journal would be."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.edges.admission import ListenConfig
from gateway.edges.smtp_in import Listener, Recipients, listening
from gateway.testing.clock import ManualClock
from gateway.testing.inbox import Inbox

SHOP = Recipients(
    domains=frozenset({"shop.example"}),
    token_domains=frozenset({"t.shop.example"}),
    verify=lambda address: address.endswith("+good@t.shop.example"),
)
USUAL = ListenConfig(port=0, hostname="mail.shop.example", max_size=100_000)

OpenDoor = Callable[..., AbstractAsyncContextManager[Listener]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 21, 9, tzinfo=UTC))


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def nothing_fails_unheard() -> AsyncGenerator[None]:
    """What the loop would only log fails the test."""
    failures: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: failures.append(context))
    yield
    assert failures == []


@pytest.fixture
def open_door(inbox: Inbox, clock: ManualClock, nothing_fails_unheard: None) -> OpenDoor:
    """Opens a listener on a free port, the usual one or one with `config` and what `listening` may get."""

    def opened(config: ListenConfig = USUAL, **more: Any) -> AbstractAsyncContextManager[Listener]:
        return listening(config, SHOP, inbox, clock, **more)

    return opened


@pytest.fixture
async def door(open_door: OpenDoor) -> AsyncGenerator[Listener]:
    async with open_door() as listener:
        yield listener
