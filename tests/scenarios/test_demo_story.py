"""The demo's three weeks go as written, on either database."""

from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from gateway.cli import demo, story
from gateway.cli.cast import BEGIN, MAILBOX
from gateway.cli.stage import Stage
from gateway.cli.transcript import Transcript
from gateway.testing.imap_server import ImapServer
from gateway.testing.shop import open_shop


@pytest.mark.covers("S0-CS1", "S0-CS3", "S0-CS4", "S0-COV5", "S0-T1", "S0-T2", "S0-T3")
async def test_three_weeks_of_a_boutique_go_as_written(tmp_path: Path, store_url: str):
    mailbox = ImapServer(user=MAILBOX)

    def settings(port: int) -> dict[str, object]:
        written = story.settings(port, mailbox=mailbox, password_file=tmp_path / "imap-password")
        return written | {"store": {"url": store_url}}

    told = StringIO()
    async with mailbox, open_shop(tmp_path / "shop", settings, now=BEGIN) as shop:
        stage = Stage(shop, Transcript(Console(file=told, width=80), ZoneInfo("Europe/London")), mailbox)
        for act in story.ACTS:
            await act(stage)
        assert stage.broken == []
        stock = {row["product_id"]: row for row in await shop.rows("stock")}
        ledger: dict[str, int] = {}
        for line in await shop.rows("stock_movement"):
            ledger[line["product_id"]] = ledger.get(line["product_id"], 0) + line["change"]
        assert {product: row["on_hand"] for product, row in stock.items() if row["on_hand"]} == ledger
    assert "…" not in told.getvalue()  # every heading fits on a line
    for words in ("Where is my order", "2 x MUG-01", "Undelivered", "STOP", "held.no_rule", "PO-1042"):
        assert words in told.getvalue()


def test_the_demo_ends_well_and_leaves_its_letters(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert demo.run(tmp_path / "shop") == 0
    said = capsys.readouterr().out
    assert "The story went as written." in said
    assert "not_proven" not in said.partition("Waiting for Priya's word")[2]  # she dropped it
    letters = sorted((tmp_path / "shop" / "sent").glob("*.eml"))
    assert len(letters) > 20
    assert all(letter.read_bytes().startswith(b"DKIM-Signature:") for letter in letters)
