"""Mail of the past is decided again: what was done is done once, and nobody hears stale words."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.app.control import controllable
from gateway.cli import hold
from gateway.kernel.decision import Decision, SetTimer, handled
from gateway.kernel.errors import InputError
from gateway.kernel.ids import Id
from gateway.mail.draft import Draft
from gateway.outbox.message import Send, Tell
from gateway.pipeline.gather import Facts
from gateway.testing.shop import Shop

ANA, ORDERS = "Ana Lopez <ana@example.net>", "orders@boutique.example"
OWNER, FAIR = "priya@owner.example", "fair@fair.example"


async def replays(shop: Shop, *, dry_run: bool = False, send: bool = False) -> None:
    """Everything since the shop opened, asked for at the keyboard."""
    folder: Path = shop.gateway.config.folder
    await shop.lets_pass(minutes=1)
    async with controllable(shop.gateway):
        await asyncio.to_thread(hold.run_replay, folder, "2026-11-01", dry_run=dry_run, send=send)
        await shop.gateway.settle()


def learns(shop: Shop, rule) -> None:
    """From now on the shop asks this rule before its own."""
    pipe = shop.gateway.pipe
    pipe._slices = replace(pipe._slices, mail=(rule, *pipe._slices.mail))


def answer_fairs(facts: Facts) -> Decision | None:
    """A rule of tomorrow: what strangers write about fairs is answered."""
    if "fair" not in facts.mail.subject.lower() or facts.sender.address is None:
        return None
    draft = Draft("waitlist/joined", to=facts.sender.address, context={"product": None, "customer": None})
    return handled("tomorrow.fair", "tests", Send(replace(draft, template="tomorrow/answer")))


def note_fairs(facts: Facts) -> Decision | None:
    """Another one: they are told to the owner."""
    if "fair" not in facts.mail.subject.lower():
        return None
    context = {"route": "the fair", "why": "somebody invites us"}
    return handled("tomorrow.note", "tests", Tell("owner/way_out", context))


async def counted(shop: Shop) -> dict[str, int]:
    tables = ("orders", "applied", "outbound_message", "customer", "stock_movement", "timer")
    return {table: len(await shop.rows(table)) for table in tables}


async def test_replay_applies_nothing_twice(shop: Shop, capsys: pytest.CaptureFixture[str]):
    await shop.receives("2 x MUG-01", sender=ANA, to=ORDERS)
    await shop.receives("Where is my order?", sender=ANA)
    await shop.receives("Please tell me when BOWL-02 is back", sender="ben@example.org")
    before = await counted(shop)
    for _ in range(2):
        await replays(shop, send=True)
        assert await counted(shop) == before
    assert "3 mails were decided again" in capsys.readouterr().out
    assert await shop.stock("MUG-01") == (10, 2, 0)


async def test_replay_is_silent_without_send(shop: Shop, capsys: pytest.CaptureFixture[str]):
    letter = shop.gateway.config.templates / "mail/tomorrow/answer.txt"
    letter.parent.mkdir()
    letter.write_text("Subject: Thank you\nPurpose: transactional\nUses: shop\n\nWe do not go to fairs.\n")
    await shop.receives("Dear sirs", sender=FAIR, subject="Trade fair")
    learns(shop, answer_fairs)

    await replays(shop)
    assert not shop.sink.mails_to(FAIR)
    told = capsys.readouterr().out
    assert "held (no_rule) by held.no_rule -> handled by tomorrow.fair" in told
    assert "not sent without --send: Send; stays held" in told
    assert (await shop.rows("journal"))[0]["state"] == "held"

    await replays(shop, send=True)
    assert len(shop.sink.mails_to(FAIR)) == 1
    assert (await shop.rows("journal"))[0]["state"] == "handled"
    assert (await shop.rows("hold"))[0]["by"] == "replay"
    await replays(shop, send=True)
    assert len(shop.sink.mails_to(FAIR)) == 1


async def test_an_answer_that_went_out_is_not_held_against_its_own_question(
    shop: Shop, capsys: pytest.CaptureFixture[str]
):
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    await shop.receives("Where is my order?", sender=ANA)
    await replays(shop, dry_run=True)
    assert "2 mails were decided again, none differs" in capsys.readouterr().out
    await replays(shop, send=True)
    assert len(shop.mails_to("ana@example.net")) == 2  # the confirmation and the answer


async def test_what_follows_from_a_silent_replay_is_silent_too(shop: Shop):
    """An order that is found late is an order; but its confirmation would come weeks after it was written."""
    pipe = shop.gateway.pipe
    ours, pipe._slices = pipe._slices, replace(pipe._slices, mail=())
    await shop.receives("2 x MUG-01", sender=ANA, to=ORDERS)
    assert not await shop.rows("orders")
    await shop.lets_pass(minutes=30)

    pipe._slices = ours
    await replays(shop)
    assert (await shop.order("1001"))["status"] == "confirmed"
    assert await shop.stock("MUG-01") == (10, 2, 0)
    assert not shop.sink.mails_to("ana@example.net")
    assert [row["state"] for row in await shop.rows("journal")] == ["handled"]
    assert [row["decision"] for row in await shop.rows("hold")] == ["released"]


async def test_replay_with_edited_rules_keeps_old_acts(shop: Shop):
    await shop.receives("2 x MUG-01", sender=ANA, to=ORDERS, subject="for the fair")
    order = await shop.order("1001")
    learns(shop, note_fairs)
    await replays(shop)
    assert await shop.order("1001") == order  # not undone, though the new rule comes first
    assert len(await shop.rows("orders")) == 1
    assert len(shop.mails_to(OWNER)) == 1  # and what only the new rule does is done, once
    await replays(shop)
    assert len(shop.mails_to(OWNER)) == 1


async def test_a_dry_run_only_tells(shop: Shop, capsys: pytest.CaptureFixture[str]):
    await shop.receives("Dear sirs", sender=FAIR, subject="Trade fair")
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    learns(shop, note_fairs)
    before = await counted(shop)
    await replays(shop, dry_run=True)
    told = capsys.readouterr().out
    assert "J1  held (no_rule) by held.no_rule -> handled by tomorrow.note; would: Tell" in told
    assert "J2" not in told
    assert "2 mails were decided again, 1 differs; nothing was done: this was a dry run" in told
    assert await counted(shop) == before
    assert (await shop.rows("journal"))[0]["state"] == "held"


async def test_a_timer_whose_moment_has_passed_is_not_set_by_a_silent_replay(shop: Shop):
    def remind(facts: Facts) -> Decision | None:
        about = Id("ord1")
        return handled(
            "tomorrow.remind", "tests", SetTimer("order.promise", about, facts.envelope.received_at)
        )

    await shop.receives("Dear sirs", sender=FAIR, subject="Trade fair")
    learns(shop, remind)
    await replays(shop)
    assert "ord1" not in [row["about_id"] for row in await shop.rows("timer")]


async def test_one_mail_that_cannot_be_decided_does_not_stop_the_next(
    shop: Shop, capsys: pytest.CaptureFixture[str]
):
    def stumble(facts: Facts) -> Decision | None:
        if "stumble" in facts.mail.subject:
            raise RuntimeError("over a stone")
        return note_fairs(facts)

    await shop.receives("Dear sirs", sender=FAIR, subject="stumble")
    await shop.receives("Dear sirs", sender=FAIR, subject="Trade fair")
    learns(shop, stumble)
    await replays(shop)
    assert "J1  could not be decided: RuntimeError: over a stone" in capsys.readouterr().out
    assert [row["state"] for row in await shop.rows("journal")] == ["held", "handled"]


async def test_a_day_that_is_none_is_told(shop: Shop):
    with pytest.raises(InputError, match="is no day"):
        await asyncio.to_thread(
            hold.run_replay, shop.gateway.config.folder, "yesterday", dry_run=True, send=False
        )
