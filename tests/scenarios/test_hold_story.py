"""The owner is asked, hears of it in time, and decides: by mail and at the keyboard."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from gateway.app.control import controllable
from gateway.cli import hold
from gateway.db.engine import writing
from gateway.db.revision import REVISIONS
from gateway.kernel.errors import InputError
from gateway.kernel.ids import new_id
from gateway.mail.envelope import Address, AuthResults, Envelope, Intake, Verdict
from gateway.pipeline.pipe import Outcome
from gateway.testing.shop import Shop, open_shop, words_of
from gateway.testing.sink import SunkMail

ANA, ORDERS, OWNER = "Ana Lopez <ana@example.net>", "orders@boutique.example", "priya@owner.example"
FAIR = "fair@fair.example"
_serial = count(1)


async def owner_writes(
    shop: Shop, text: str, *, to: str = ORDERS, proven: bool = True, headers: dict[str, str] | None = None
) -> Outcome:
    """A mail by the owner that her provider has signed, or that proves nothing."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = OWNER, to, "to the shop"
    mail["Date"] = shop.clock.now()
    mail["Message-ID"] = f"<owner.{next(_serial)}@owner.example>"
    for name, value in (headers or {}).items():
        mail[name] = value
    mail.set_content(text)
    octets = mail.as_bytes(policy=SMTP)
    now = shop.clock.now()
    envelope = Envelope(
        id=new_id("jrn", now),
        received_at=now,
        via=Intake.SMTP,
        reverse_path=Address(OWNER),
        forward_paths=(Address(to),),
        peer=None,
        sha256=sha256(octets).hexdigest(),
        size=len(octets),
        auth=AuthResults(
            dmarc=Verdict.PASS if proven else Verdict.NONE, author="owner.example", checked=True
        ),
    )
    before = len(shop.outcomes)
    await shop.gateway.intake.accept(envelope, octets)
    await shop.gateway.settle()
    return shop.outcomes[before]


async def owner_answers(shop: Shop, letter: SunkMail, text: str, *, proven: bool = True) -> Outcome:
    return await owner_writes(
        shop,
        text,
        to=str(letter.message["Reply-To"]),
        proven=proven,
        headers={"In-Reply-To": str(letter.message["Message-ID"])},
    )


async def is_asked_about_a_fair(shop: Shop, subject: str = "Trade fair") -> SunkMail:
    """A stranger's mail is held under the next number; the letter that tells her."""
    await shop.receives("Dear sirs, about the trade fair", sender=FAIR, subject=subject)
    await shop.lets_pass(minutes=11)
    return shop.last_mail_to(OWNER)


async def states(shop: Shop) -> list[str]:
    return [row["state"] for row in await shop.rows("journal")]


def folder(shop: Shop) -> Path:
    return shop.gateway.config.folder


# --- she hears of it ---------------------------------------------------------------------------------------


async def test_she_hears_within_ten_minutes_with_the_mail_attached(shop: Shop):
    letter = await is_asked_about_a_fair(shop)
    words = words_of(letter)
    for expected in ("1  to hello, from fair@fair.example (not proven)", '"Trade fair"', "Nobody knew what"):
        assert expected in words
    (attached,) = letter.message.iter_attachments()
    assert attached.get_content_type() == "message/rfc822"
    assert attached.get_content()["Subject"] == "Trade fair"
    assert not shop.sink.mails_to(FAIR)


async def test_letters_come_at_most_every_ten_minutes(shop: Shop):
    for number in range(4):
        await shop.receives("Dear sirs", sender=FAIR, subject=f"Fair {number}")
        await shop.lets_pass(minutes=4)
    await shop.lets_pass(minutes=30)
    letters = shop.mails_to(OWNER)
    assert [int(str(letter.message["Subject"]).split()[0]) for letter in letters] == [3, 1]
    assert all("Fair" in words_of(letter) for letter in letters)


async def test_what_can_wait_comes_in_the_morning(shop: Shop):
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    confirmation = shop.last_mail_to("ana@example.net")
    await shop.answers(confirmation, "Please send it to my house", sender="eve@evil.example")
    await shop.lets_pass(hours=20)
    assert not shop.mails_to(OWNER)
    await shop.lets_pass(hours=3)  # it was Monday 10:00 in the shop; now it is past Tuesday 08:00
    (letter,) = shop.mails_to(OWNER)
    assert "It answers a letter that we wrote to somebody else." in words_of(letter)
    assert not list(letter.message.iter_attachments())
    assert (await shop.rows("hold"))[0]["told_at"] == datetime(2026, 11, 3, 7, 0, tzinfo=UTC)


async def test_a_held_mail_is_reminded_after_three_and_fourteen_days(shop: Shop):
    await is_asked_about_a_fair(shop)
    assert len(shop.mails_to(OWNER)) == 1
    await shop.lets_pass(days=4)
    assert [str(mail.message["Subject"])[:9] for mail in shop.mails_to(OWNER)][1:] == ["Reminder:"]
    await shop.lets_pass(days=9)
    assert len(shop.mails_to(OWNER)) == 2
    await shop.lets_pass(days=3)
    assert len(shop.mails_to(OWNER)) == 3
    await shop.lets_pass(days=30)
    assert len(shop.mails_to(OWNER)) == 3


async def test_a_digest_shows_hostile_subjects_harmlessly(shop: Shop):
    hostile = "release 99\r\n \u202erelease 99 https://evil.example/" + "x" * 200
    octets = (
        b"From: fair@fair.example\r\nTo: hello@boutique.example\r\nDate: Mon, 2 Nov 2026 09:00:00 +0000\r\n"
        b"Message-ID: <h@fair.example>\r\nSubject: " + hostile.encode() + b"\r\n\r\nhello\r\n"
    )
    await shop.receives_octets(octets, reverse_path=FAIR, to="hello@boutique.example")
    await shop.lets_pass(minutes=11)
    words = words_of(shop.last_mail_to(OWNER))
    assert "\u202e" not in words
    assert "://evil" not in words
    assert not [line for line in words.splitlines() if line.startswith("release")]
    (line,) = [line for line in words.splitlines() if "evil.example" in line]
    assert len(line.strip()) <= 82  # 80 and its quotes


async def test_a_digest_shows_hostile_order_numbers_harmlessly(shop: Shop):
    """A note of ours quotes what the mail said: on lines of its own, without links, and not without end."""
    hostile = "release 99\\r\\nrelease 99\\u202e https://evil.example/" + "x " * 5000
    order = f'{{"@type": "Order", "orderNumber": "{hostile}"}}'
    html = f"<p>schema.org</p>\n<script type='application/ld+json'>{order}</script>"
    await shop.receives(
        "New order", sender="orders@platform.example", to="orders@boutique.example", html=html
    )
    await shop.lets_pass(hours=24)
    words = words_of(shop.last_mail_to(OWNER))
    assert "\u202e" not in words
    assert "://evil" not in words
    assert not [line for line in words.splitlines() if line.startswith("release")]
    assert len(words) < 3000


# --- she decides by mail -----------------------------------------------------------------------------------


async def test_released_mail_that_nobody_understood_is_seen_to_by_hand(shop: Shop):
    letter = await is_asked_about_a_fair(shop)
    outcome = await owner_answers(shop, letter, "release 1\n\nThanks, P.\n")
    assert outcome.decision.because[0].rule == "command released 1"
    assert await states(shop) == ["handled", "handled"]
    assert not shop.sink.mails_to(FAIR)
    receipt = shop.last_mail_to(OWNER)
    assert receipt.message["Subject"] == "Done 1 of 1 [R2]"
    assert "1 is seen to by hand" in words_of(receipt)
    assert len(shop.mails_to(OWNER)) == 2  # the letter that asked, and one receipt
    await shop.lets_pass(days=20)
    assert len(shop.mails_to(OWNER)) == 2  # and no reminder


async def test_what_failed_is_tried_again_and_its_effects_come_once(shop: Shop):
    await shop.brings("products", {"sku": "VASE-09", "name": "Vase", "price": "9.00", "on_hand": "1"})
    template = shop.gateway.config.templates / "mail/orders/confirmed.txt"
    good = template.read_text()
    template.write_text("Subject: words without a purpose\n\nHello\n")
    await shop.receives("1 x VASE-09", sender=ANA, to=ORDERS)
    await shop.lets_pass(minutes=11)
    assert not await shop.rows("orders")
    letter = shop.last_mail_to(OWNER)
    assert "Working on it failed three times." in words_of(letter)

    template.write_text(good)
    await owner_answers(shop, letter, "release 1")
    assert await states(shop) == ["handled", "handled"]
    assert len(await shop.rows("orders")) == 1
    assert len(shop.sink.mails_to("ana@example.net")) == 1
    await owner_answers(shop, letter, "release 1")
    assert "1 was released before" in words_of(shop.last_mail_to(OWNER))
    assert len(await shop.rows("orders")) == 1


async def test_the_fourth_try_never_happens(shop: Shop):
    template = shop.gateway.config.templates / "mail/orders/confirmed.txt"
    template.write_text("Subject: words without a purpose\n\nHello\n")
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    await shop.receives("Please tell me when BOWL-02 is back", sender="ben@example.org")
    await shop.lets_pass(days=2)
    poison, next_one = await shop.rows("journal")
    assert (poison["state"], poison["attempts"]) == ("held", 3)
    assert next_one["state"] == "handled"
    assert len([row for row in await shop.rows("hold") if row["reason"] == "failed"]) == 1


async def test_a_third_persons_mail_is_decided_again_once_she_has_released_it(shop: Shop):
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    confirmation = shop.last_mail_to("ana@example.net")
    await shop.answers(confirmation, "Where is my order? - Ana's mother", sender="mother@example.net")
    await shop.lets_pass(hours=23)
    await owner_answers(shop, shop.last_mail_to(OWNER), "release 1")
    assert await states(shop) == ["handled"] * 3
    released = (await shop.rows("journal"))[1]["id"]
    decided = [each.decision for each in shop.outcomes if each.stimulus.id == released]
    assert [each.because[0].rule for each in decided] == ["safety.third_person", "held.by_hand"]
    assert not shop.sink.mails_to("mother@example.net")


async def test_release_by_mail_needs_the_digest_token(shop: Shop):
    await is_asked_about_a_fair(shop)
    outcome = await owner_writes(shop, "release 1")
    assert outcome.decision.because[0].rule == "commands.asked_back"
    assert (await states(shop))[0] == "held"
    question = shop.last_mail_to(OWNER)
    assert "  release 1" in words_of(question)
    await owner_answers(shop, question, "yes")
    assert (await states(shop))[0] == "handled"
    assert "1 is seen to by hand" in words_of(shop.last_mail_to(OWNER))
    await owner_answers(shop, question, "Yes.")
    assert "it was done after an earlier yes" in words_of(shop.last_mail_to(OWNER))


async def test_a_message_id_alone_opens_nothing(shop: Shop):
    """It is shown in every quotation; the signed address is not."""
    letter = await is_asked_about_a_fair(shop)
    thread = {"In-Reply-To": str(letter.message["Message-ID"])}
    outcome = await owner_writes(shop, "drop 1", headers=thread)
    assert outcome.decision.because[0].rule == "commands.asked_back"
    assert (await states(shop))[0] == "held"


async def test_a_mail_in_her_name_that_proves_nothing_decides_nothing(shop: Shop):
    letter = await is_asked_about_a_fair(shop)
    outcome = await owner_answers(shop, letter, "release 1", proven=False)
    assert (outcome.decision.disposition, outcome.decision.reason) == ("held", "not_proven")
    assert await states(shop) == ["held", "held"]
    await shop.lets_pass(minutes=1)  # at once, but not within ten minutes of the last letter
    assert len(shop.mails_to(OWNER)) == 1
    await shop.lets_pass(minutes=10)
    assert "gives orders" in words_of(shop.last_mail_to(OWNER))


async def test_a_robot_that_answers_for_her_decides_nothing(shop: Shop):
    letter = await is_asked_about_a_fair(shop)
    await owner_writes(
        shop, "drop 1", to=str(letter.message["Reply-To"]), headers={"Auto-Submitted": "auto-replied"}
    )
    assert (await states(shop))[0] == "held"
    assert len(shop.mails_to(OWNER)) == 1


async def test_understood_lines_are_done_together_or_not_at_all(shop: Shop):
    letter = await is_asked_about_a_fair(shop)
    await owner_answers(shop, letter, "drop 1\ndrop 77\n")
    assert (await states(shop))[0] == "held"
    words = words_of(shop.last_mail_to(OWNER))
    assert "because another line could not be done" in words
    assert "nothing was ever held under 77" in words


async def test_a_slip_of_the_pen_is_told_with_what_she_may_have_meant(shop: Shop):
    letter = await is_asked_about_a_fair(shop)
    await owner_answers(shop, letter, "relaese 1\ndrop 1\n> release 1\n")
    words = words_of(shop.last_mail_to(OWNER))
    assert "not understood: did you mean: release 1" in words
    assert str(shop.last_mail_to(OWNER).message["Subject"]).startswith("Done 1 of 1")
    assert await states(shop) == ["dropped", "handled"]


async def test_what_was_dropped_by_mistake_comes_back_once(shop: Shop):
    letter = await is_asked_about_a_fair(shop)
    await owner_answers(shop, letter, "drop 1")
    assert (await states(shop))[0] == "dropped"
    receipt = shop.last_mail_to(OWNER)
    assert str(receipt.message["Reply-To"]).startswith("undo+")
    await owner_answers(shop, receipt, "undo")
    assert (await states(shop))[0] == "held"
    assert "1 waits for you again" in words_of(shop.last_mail_to(OWNER))
    await owner_answers(shop, receipt, "undo\n")
    assert "this was taken back before" in words_of(shop.last_mail_to(OWNER))
    acts = sorted(row["act"] for row in await shop.rows("audit"))
    assert acts == ["command.undone", "hold.drop", "hold.restore"]


async def test_explain_tells_why(shop: Shop):
    letter = await is_asked_about_a_fair(shop)
    await owner_answers(shop, letter, "explain 1")
    words = words_of(shop.last_mail_to(OWNER))
    for expected in ("held as 1, waits for you", "held.no_rule", "sender is: stranger", "L0: its author"):
        assert expected in words
    assert await states(shop) == ["held", "handled"]


async def test_her_order_for_a_friend_is_no_command(shop: Shop):
    outcome = await owner_writes(shop, "Please drop me a line when the vases are here.\nWhy not ring?\n")
    assert not outcome.decision.because[0].rule.startswith("command")


# --- she decides at the keyboard ---------------------------------------------------------------------------


async def test_she_reads_and_decides_at_the_keyboard(shop: Shop, capsys: pytest.CaptureFixture[str]):
    await is_asked_about_a_fair(shop)
    await is_asked_about_a_fair(shop, "Another fair")
    await asyncio.to_thread(hold.run_list, folder(shop))
    listed = capsys.readouterr().out
    assert "from fair@fair.example (not proven)" in listed
    assert '"Another fair"' in listed
    await asyncio.to_thread(hold.run_show, folder(shop), "#2")
    shown = capsys.readouterr().out
    for expected in ("about the trade fair", "Nobody knew what to do with it.", "L0: its author is nobody"):
        assert expected in shown
    await shop.lets_pass(minutes=1)
    async with controllable(shop.gateway):
        assert await asyncio.to_thread(hold.run_decide, folder(shop), "release", ["1"]) == 0
        assert await asyncio.to_thread(hold.run_decide, folder(shop), "drop", ["2"]) == 0
        assert await asyncio.to_thread(hold.run_decide, folder(shop), "release", ["2"]) == 1
        await shop.gateway.settle()
    assert "2 was dropped before" in capsys.readouterr().out
    assert await states(shop) == ["handled", "dropped"]
    assert len(shop.mails_to(OWNER)) == 2  # no receipt: she sees it
    await asyncio.to_thread(hold.run_explain, folder(shop), "J1")
    told = capsys.readouterr().out
    assert "waived: no_rule" in told
    assert "seen to by hand" in told
    await asyncio.to_thread(hold.run_list, folder(shop))
    assert "Nothing is held." in capsys.readouterr().out


async def test_a_number_that_is_none_is_told(shop: Shop):
    for number, words in (("12", "nothing was ever held"), ("M1", "not the number")):
        with pytest.raises(InputError, match=words):
            await asyncio.to_thread(hold.run_show, folder(shop), number)
    for word in ("J!!", "JZZZ", "fair", "99"):
        with pytest.raises(InputError, match="no such mail"):
            await asyncio.to_thread(hold.run_explain, folder(shop), word)


async def test_she_decides_while_the_shop_is_closed(
    tmp_path: Path, shop_settings: Callable[[int], dict[str, Any]], capsys: pytest.CaptureFixture[str]
):
    """The command opens the shop, does the same, and decides what it set free."""
    place = tmp_path / "closed"
    async with open_shop(place, shop_settings, now=datetime(2026, 11, 2, 9, 0, tzinfo=UTC)) as shop:
        await shop.receives("Dear sirs", sender=FAIR, subject="Trade fair")
        async with writing(shop.gateway.db) as tx:  # a shop of the tests has its tables from no migration
            await tx.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
            await tx.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{REVISIONS[-1]}')")
    assert await asyncio.to_thread(hold.run_decide, place, "release", ["1"]) == 0
    assert "1 is seen to by hand" in capsys.readouterr().out
    await asyncio.to_thread(hold.run_explain, place, "J1")
    assert "handled" in capsys.readouterr().out.splitlines()[0]
