"""A mail that is made to wear a parser out: read apart or held by its header, and never in the way."""

import sys

import pytest

from gateway.edges.parser import Parser
from gateway.testing.shop import Shop

ANA, ORDERS = "Ana Lopez <ana@example.net>", "orders@boutique.example"
A_CROWD = ", ".join(f"a{number}@x.example" for number in range(150))
DIES = (sys.executable, "-I", "-c", "import os; os.kill(os.getpid(), 9)")


@pytest.mark.covers("S0-T1")
async def test_a_mail_to_a_crowd_is_still_an_order(shop: Shop):
    shop.gateway.pipe._parse = Parser(clock=60)  # a busy machine is no reason to kill
    outcome = await shop.receives("2 x MUG-01", sender=ANA, to=ORDERS, headers={"Cc": A_CROWD})
    assert outcome.decision.disposition == "handled"
    assert [order["status"] for order in await shop.rows("orders")] == ["confirmed"]


async def test_a_mail_that_kills_its_reader_is_held_by_its_header_and_stops_nobody(shop: Shop):
    shop.gateway.pipe._parse = Parser(DIES)
    outcome = await shop.receives(
        "2 x MUG-01", sender=ANA, to=ORDERS, subject="A letter to all", headers={"Cc": A_CROWD}
    )
    assert (outcome.decision.disposition, outcome.decision.reason) == ("held", "too_complex")
    (journal,) = await shop.rows("journal")
    assert (journal["state"], journal["attempts"]) == ("held", 0)
    assert journal["subject"] == "A letter to all"
    (hold,) = await shop.rows("hold")
    assert hold["reason"] == "too_complex"
    assert not await shop.rows("orders")

    outcome = await shop.receives("2 x MUG-01", sender=ANA, to=ORDERS)
    assert outcome.decision.disposition == "handled"
