"""The owner at her keyboard, while the shop is open and while it is closed."""

import asyncio
import json
from pathlib import Path

import pytest

from gateway.app.control import controllable
from gateway.cli import customer, data, queue
from gateway.kernel.errors import InputError, MailFlowError
from gateway.testing.shop import Shop
from gateway.testing.sink import Moment

ANA, ORDERS = "Ana Lopez <ana@example.net>", "orders@boutique.example"


def folder(shop: Shop) -> Path:
    return shop.gateway.config.folder


@pytest.mark.covers("S0-C2.3", "S0-C2.1")
async def test_all_that_is_known_about_a_customer(shop: Shop, capsys: pytest.CaptureFixture[str]):
    await shop.receives("2 x MUG-01", sender=ANA, to=ORDERS, subject="Mugs please")
    await shop.receives("STOP", sender=ANA)
    await asyncio.to_thread(customer.run, folder(shop), "ANA@example.net")
    told = capsys.readouterr().out
    for words in (
        "Ana Lopez",
        "1001",
        "2 x MUG-01",
        "Mugs please",
        "Thank you! We have your order",
        "forbade",
    ):
        assert words in told
    with pytest.raises(InputError, match="not known"):
        await asyncio.to_thread(customer.run, folder(shop), "nobody@example.net")


async def test_a_file_is_taken_in_while_the_shop_is_open(shop: Shop, tmp_path: Path):
    file = tmp_path / "stock.csv"
    file.write_text("sku;on_hand\nMUG-01;42\n")
    async with controllable(shop.gateway):
        assert await asyncio.to_thread(data.run_import, folder(shop), [file], dry_run=False) == 0
    assert (await shop.stock("MUG-01"))[0] == 42


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("products.csv", "sku,prize\nMUG-01,12\n", "did you mean price?"),
        ("products.csv", "name\nMug\n", "no column sku"),
        ("products.csv", "sku,price\nMUG-01,cheap\n", "row 2: price 'cheap': is no amount"),
        ("products.csv", "sku,price\nMUG-01\n", "row 2: has 1 cells"),
        ("stock.csv", "sku,on_hand\nMUG-01,1\nGHOST,3\n", "no product GHOST"),
        (
            "orders.csv",
            "number,email,sku,quantity\n7,nobody,MUG-01,1\n",
            "email 'nobody': is no mail address",
        ),
        ("letters.csv", "a\n1\n", "its name does not say what it holds"),
        ("products.csv", "", "is empty"),
        ("products.csv", 'sku,name\nA,"open\n', "row"),
    ],
)
async def test_what_is_wrong_with_a_file_is_told_and_nothing_taken(
    shop: Shop, tmp_path: Path, name: str, text: str, words: str
):
    file = tmp_path / name
    file.write_text(text)
    before = await shop.stock("MUG-01")
    async with controllable(shop.gateway):
        with pytest.raises(MailFlowError, match=r"\w") as told:
            await asyncio.to_thread(data.run_import, folder(shop), [file], dry_run=False)
    assert words in str(told.value)
    assert await shop.stock("MUG-01") == before


async def test_a_dry_run_finds_the_cell_that_is_wrong_and_takes_nothing(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    products, stock = tmp_path / "products.csv", tmp_path / "stock.csv"
    products.write_text("sku,price\nJUG-05,cheap\n")
    stock.write_text("sku,on_hand\nJUG-05,4\n")
    async with controllable(shop.gateway):
        with pytest.raises(MailFlowError, match="price 'cheap': is no amount"):
            await asyncio.to_thread(data.run_import, folder(shop), [products, stock], dry_run=True)
        products.write_text("sku,price\nJUG-05,9.50\n")
        assert await asyncio.to_thread(data.run_import, folder(shop), [products, stock], dry_run=True) == 0
    assert "products.csv: 1 row of products can be read" in capsys.readouterr().out
    assert "JUG-05" not in [row["sku"] for row in await shop.rows("product")]


async def test_a_message_can_be_kept_back_and_let_go(shop: Shop, capsys: pytest.CaptureFixture[str]):
    shop.sink.answer(Moment.RCPT, "450 4.2.0 try later", recipient="ana@example.net")
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    async with controllable(shop.gateway):
        assert await asyncio.to_thread(queue.run_keep, folder(shop), ["M1"]) == 0
        await shop.lets_pass(hours=2)
        assert not shop.sink.mails_to("ana@example.net")
        await asyncio.to_thread(queue.run_why, folder(shop), "M1")
        assert "450 4.2.0" in capsys.readouterr().out
        assert await asyncio.to_thread(queue.run_retry, folder(shop), ["M1"]) == 0
        await shop.gateway.settle()
    assert len(shop.sink.mails_to("ana@example.net")) == 1
    await asyncio.to_thread(queue.run_why, folder(shop), "M1")
    assert "\n  accepted: dot: 250" in capsys.readouterr().out
    await asyncio.to_thread(queue.run_list, folder(shop), everything=True)
    assert "accepted" in capsys.readouterr().out


async def test_a_number_that_is_none_is_told(shop: Shop):
    with pytest.raises(InputError, match="M4QZ9"):
        await asyncio.to_thread(queue.run_why, folder(shop), "M!!")
    with pytest.raises(InputError, match="no such message"):
        await asyncio.to_thread(queue.run_why, folder(shop), "MZZZ")


@pytest.mark.covers("S0-IP5")
async def test_every_table_can_be_taken_out(shop: Shop, tmp_path: Path):
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    target = tmp_path / "out"
    await asyncio.to_thread(data.run_export, folder(shop), target)
    (order,) = [json.loads(line) for line in (target / "orders.jsonl").read_text().splitlines()]
    assert (order["number"], order["total_minor"]) == ("1001", 1250)
    assert json.loads((target / "manifest.json").read_text())["orders"] == 1
    with pytest.raises(InputError, match="not empty"):
        await asyncio.to_thread(data.run_export, folder(shop), target)
