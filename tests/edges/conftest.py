"""A listener for tests of the SMTP edge, with an inbox where the journal would be."""

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
def open_door(inbox: Inbox, clock: ManualClock) -> OpenDoor:
    """Opens a listener on a free port, the usual one or one with `config` and what `listening` may get."""

    def opened(config: ListenConfig = USUAL, **more: Any) -> AbstractAsyncContextManager[Listener]:
        return listening(config, SHOP, inbox, clock, **more)

    return opened


@pytest.fixture
async def door(open_door: OpenDoor) -> AsyncGenerator[Listener]:
    async with open_door() as listener:
        yield listener
