"""A shop behind its own Postfix, which hands mail over by LMTP and gets an answer for each recipient."""

from email.message import EmailMessage

import pytest

from gateway.testing.shop import Shop

from .conftest import ANA, DOMAIN, TOKEN_DOMAIN, World
from .peer import eventually

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("postfix")]


@pytest.mark.parametrize("world", ["lmtp"], indirect=True)
async def test_each_recipient_has_its_own_answer(world: World, shop: Shop):
    mail = EmailMessage()
    mail["From"] = ANA
    mail["To"] = f"orders@{DOMAIN}, hello@{DOMAIN}, nobody@{DOMAIN}"
    mail["Cc"] = f"reply+forged@{TOKEN_DOMAIN}"
    mail["Subject"] = "Two mugs"
    mail["Date"] = "Mon, 02 Nov 2026 09:01:00 +0000"
    mail["Message-ID"] = "<1.laptop@customers.example>"
    mail.set_content("Please send me\n\n2 x MUG-01\n")
    await world.writes(shop, mail)

    [row] = await shop.rows("journal")
    assert row["via"] == "lmtp"
    assert sorted(row["forward_paths"]) == [f"hello@{DOMAIN}", f"orders@{DOMAIN}"]
    [order] = await shop.rows("orders")
    assert order["status"] == "confirmed"

    async def answered() -> list[str]:
        lines = [line for line in world.postfix.log.splitlines() if "lmtp[" in line and "status=" in line]
        ours = [line for line in lines if f"@{DOMAIN}" in line or f"@{TOKEN_DOMAIN}" in line]
        return ours if len(ours) == 4 else []

    answers = await eventually(answered, "four answers", world.postfix.place)
    told = {
        name: next(line for line in answers if f"<{name}@" in line)
        for name in ("orders", "hello", "nobody", "reply+forged")
    }
    for name in ("orders", "hello"):
        assert "status=sent (250 2.0.0 kept as J1" in told[name]
    for name in ("nobody", "reply+forged"):
        assert "status=bounced" in told[name]
        assert "550 5.1.1 no such address here" in told[name]
    senders = [str(mail.message["From"]) for mail in await world.mails(ANA, 2)]
    assert sum("MAILER-DAEMON@smarthost" in sender for sender in senders) == 1  # her server, and not the shop
