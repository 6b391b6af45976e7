"""A small shop for every story: two products, one supplier, a sales channel and a carrier."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.testing.shop import Shop, open_shop

MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def settings(port: int) -> dict[str, Any]:
    return {
        "shop": {"name": "Blue Door", "domain": "boutique.example", "address": "1 Quay Street, Bristol"},
        "owner": {"addresses": ["priya@owner.example"]},
        "listen": {"host": "127.0.0.1", "port": 0},
        "relay": {"smarthost": "127.0.0.1", "port": port, "tls": "off"},
        "channel": [{"name": "Platform", "addresses": ["orders@platform.example"]}],
        "carrier": [{"name": "Parcels", "addresses": ["parcels.example"]}],
    }


@pytest.fixture
def shop_settings() -> Callable[[int], dict[str, Any]]:
    """The settings of a shop, from the port of its smarthost."""
    return settings


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path / "shop", settings, now=MONDAY) as opened:
        await opened.brings("suppliers", {"name": "Acme Pottery", "email": "sales@pottery.example"})
        await opened.brings(
            "products",
            {
                "sku": "MUG-01",
                "name": "Blue mug",
                "price": "12.50",
                "supplier": "Acme Pottery",
                "reorder_point": "5",
                "reorder_quantity": "50",
                "on_hand": "10",
            },
            {"sku": "BOWL-02", "name": "Large bowl", "price": "24.00", "on_hand": "20"},
        )
        yield opened
