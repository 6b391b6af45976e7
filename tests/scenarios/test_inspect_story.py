"""`mailflow inspect -f` reads a file by what the shop knows, and changes nothing."""

from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from gateway.cli.inspect import _in_shop
from gateway.testing.shop import Shop

ANA, ORDERS = "Ana Lopez <ana@example.net>", "orders@boutique.example"


def a_reply(file: Path, sender: str, to: str, answers: str = "") -> str:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, "Re: my order"
    if answers:
        mail["In-Reply-To"] = answers
    mail.set_content("Where is it?")
    file.write_bytes(mail.as_bytes(policy=SMTP))
    return str(file)


async def said(shop: Shop, path: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert await _in_shop([path], shop.gateway.config.folder) == 0
    return capsys.readouterr().out


async def test_a_file_is_read_by_what_the_shop_knows(shop: Shop, tmp_path: Path, capsys):
    await shop.receives("2 x MUG-01", sender=ANA, to=ORDERS)
    letter = shop.last_mail_to("ana@example.net").message
    journal = await shop.rows("journal")
    reply_to, answers = str(letter["Reply-To"]), str(letter["Message-ID"])

    hers = await said(shop, a_reply(tmp_path / "hers.eml", ANA, reply_to, answers), capsys)
    assert "a customer, Ana Lopez" in hers
    assert "a good reply token" in hers
    assert str(letter["Subject"]) in hers
    assert "L0 as a file, L2 if the service can prove its domain" in hers
    assert (await shop.rows("orders"))[0]["number"] in hers

    eves = await said(shop, a_reply(tmp_path / "eves.eml", "eve@evil.example", reply_to), capsys)
    assert "a stranger to the shop" in eves
    assert "believed in nothing" in eves
    assert "L0, whatever its signatures say" in eves

    forged = f"reply+{'a' * 32}@boutique.example"
    forged = await said(shop, a_reply(tmp_path / "forged.eml", ANA, forged), capsys)
    assert "not made by the shop's keys" in forged

    owner = await said(shop, a_reply(tmp_path / "owner.eml", "priya@owner.example", ORDERS), capsys)
    assert "you, the shop's owner" in owner
    assert "L0 as a file, L1 if" in owner
    assert await shop.rows("journal") == journal
