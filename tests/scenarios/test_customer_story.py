"""Feedback, waiting lists, people who want no mail, addresses that are dead, machines that answer."""

from dataclasses import replace

import pytest

from gateway.testing.report import bounce_of
from gateway.testing.shop import Shop, words_of
from gateway.testing.sink import Moment

ANA, BEN = "Ana Lopez <ana@example.net>", "Ben Okafor <ben@example.org>"
ORDERS, OWNER, CARRIER = "orders@boutique.example", "priya@owner.example", "news@parcels.example"
TRACKING = "1Z999AA10123456784"


async def delivered(shop: Shop) -> None:
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    for words in (
        f"Parcel {TRACKING} of UPS for order 1001 was collected",
        f"UPS parcel {TRACKING} was delivered",
    ):
        await shop.receives(words, sender=CARRIER, to=ORDERS)


async def asked(shop: Shop):
    await delivered(shop)
    await shop.lets_pass(days=8)
    return shop.last_mail_to("ana@example.net")


# --- feedback --------------------------------------------------------------------------------------------


@pytest.mark.covers("S0-4.1", "S0-4.2", "S0-C4.1", "S0-C4.2", "S0-CS4")
async def test_good_feedback_is_kept_and_thanked(shop: Shop):
    request = await asked(shop)
    assert "How do you like it" in str(request.message["Subject"])
    await shop.answers(request, "5 stars, a wonderful mug, I love it!")
    (feedback,) = await shop.rows("feedback")
    assert (feedback["stars"], feedback["sentiment"]) == (5, "positive")
    assert len(shop.sink.mails_to("ana@example.net")) == 5  # confirmed, shipped, delivered, asked, thanked


@pytest.mark.covers("S0-4.3", "S0-C4.3")
async def test_bad_feedback_is_a_draft_for_the_owner_and_nothing_for_the_customer(shop: Shop):
    request = await asked(shop)
    before = len(shop.sink.mails_to("ana@example.net"))
    await shop.answers(request, "1 star. It was broken and nobody helped. Terrible.")
    assert len(shop.sink.mails_to("ana@example.net")) == before
    told = words_of(shop.last_mail_to(OWNER))
    assert "broken" in told
    assert "sorry" in told.lower()


async def test_a_customer_is_asked_once_and_not_for_what_came_back(shop: Shop):
    await asked(shop)
    await shop.lets_pass(days=30)
    assert len(shop.mails_to("ana@example.net", "How do you like it")) == 1


async def test_a_second_answer_is_kept_with_the_first(shop: Shop):
    request = await asked(shop)
    await shop.answers(request, "5 stars, wonderful!")
    sent = len(shop.sink.mails)
    await shop.answers(request, "And the colour is lovely too.")
    (feedback,) = await shop.rows("feedback")
    assert "wonderful" in feedback["text"]
    assert "colour" in feedback["text"]
    assert len(shop.sink.mails) == sent


# --- back in stock ---------------------------------------------------------------------------------------


@pytest.mark.covers("S3-R19.1", "S3-R19.2", "S3-R19.3", "S3-R19.4", "S2-P33", "S0-C3.4")
async def test_everybody_who_waits_is_told_the_eldest_first(shop: Shop):
    await shop.brings("stock", {"sku": "BOWL-02", "on_hand": "0"})
    for person in (BEN, ANA):
        await shop.receives("Please tell me when BOWL-02 is back!", sender=person)
        await shop.lets_pass(minutes=5)
    await shop.brings("stock", {"sku": "BOWL-02", "on_hand": "1"})
    queued = [row for row in await shop.rows("outbound_message") if row["template"] == "waitlist/back"]
    assert [row["recipient"] for row in queued] == ["ben@example.org", "ana@example.net"]
    assert len(shop.sink.mails_to("ana@example.net")) == 2  # the promise, and the news

    await shop.brings("stock", {"sku": "BOWL-02", "on_hand": "0"})
    sent = len(shop.sink.mails)
    await shop.brings("stock", {"sku": "BOWL-02", "on_hand": "9"})
    assert len(shop.sink.mails) == sent  # told once


@pytest.mark.covers("S3-R19.5", "S2-P34")
async def test_who_buys_it_waits_no_longer(shop: Shop):
    await shop.receives("Please tell me when BOWL-02 is back in stock", sender=ANA)
    await shop.receives("1 x BOWL-02", sender=ANA, to=ORDERS)
    (entry,) = await shop.rows("waitlist_entry")
    assert entry["left_at"] is not None


async def test_units_that_only_pass_through_are_not_back(shop: Shop):
    await shop.brings("stock", {"sku": "BOWL-02", "on_hand": "2"})
    await shop.receives("2 x BOWL-02", sender=BEN, to=ORDERS)
    await shop.receives("Please tell me when BOWL-02 is back", sender=ANA)
    sent = len(shop.sink.mails)
    await shop.receives(f"Parcel {TRACKING} of UPS for order 1001 was collected", sender=CARRIER, to=ORDERS)
    assert [mail.forward_paths[0] for mail in shop.sink.mails[sent:]] == ["ben@example.org"]


async def test_asking_twice_keeps_one_place(shop: Shop):
    for _ in range(2):
        await shop.receives("Tell me when BOWL-02 is back", sender=ANA)
        await shop.lets_pass(minutes=1)
    assert len(await shop.rows("waitlist_entry")) == 1


# --- people who want no mail, and addresses that are dead ------------------------------------------------


@pytest.mark.covers("S3-R1.4", "S2-P4", "S2-P31", "S0-C2.3")
async def test_stop_ends_advertising_and_never_order_mail(shop: Shop):
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    await shop.receives("STOP", sender=ANA)
    (consent,) = await shop.rows("consent")
    assert (consent["purpose"], consent["granted"]) == ("marketing", False)
    (suppression,) = await shop.rows("suppression")
    assert suppression["scope"] == "marketing"
    sent = len(shop.sink.mails_to("ana@example.net"))
    await shop.receives(f"Parcel {TRACKING} of UPS for order 1001 was collected", sender=CARRIER, to=ORDERS)
    assert len(shop.sink.mails_to("ana@example.net")) == sent + 1


@pytest.mark.covers("S0-E4", "S4-OOS5")
async def test_a_hard_bounce_ends_all_mail_to_a_dead_address(shop: Shop):
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    first = shop.last_mail_to("ana@example.net")
    report = bounce_of(first, status="5.1.1", diagnostic="550 5.1.1 no such user here")
    await shop.receives_octets(report, reverse_path="", to=first.reverse_path or "")
    (message, *_) = await shop.rows("outbound_message")
    assert (message["status"], message["bounce_class"]) == ("accepted", "no_such_user")
    assert "ana@example.net" in words_of(shop.last_mail_to(OWNER))

    await shop.receives(f"Parcel {TRACKING} of UPS for order 1001 was collected", sender=CARRIER, to=ORDERS)
    assert len(shop.sink.mails_to("ana@example.net")) == 1


async def test_a_full_mailbox_is_not_a_dead_address(shop: Shop):
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    first = shop.last_mail_to("ana@example.net")
    report = bounce_of(first, status="5.2.2", diagnostic="552 5.2.2 mailbox full")
    await shop.receives_octets(report, reverse_path="", to=first.reverse_path or "")
    assert not await shop.rows("suppression")


async def test_a_bounce_without_token_never_suppresses(shop: Shop):
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    first = shop.last_mail_to("ana@example.net")
    report = bounce_of(
        replace(first, reverse_path=ORDERS), status="5.1.1", diagnostic="550 5.1.1 no such user here"
    )
    outcome = await shop.receives_octets(report, reverse_path="", to=ORDERS)
    assert outcome.decision.disposition == "dropped"
    assert not await shop.rows("suppression")


async def test_an_out_of_office_is_not_answered(shop: Shop):
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    sent = len(shop.sink.mails)
    outcome = await shop.answers(
        shop.last_mail_to("ana@example.net"),
        "I am out of office. Where is my order? I do not know.",
        headers={"Auto-Submitted": "auto-replied"},
        reverse_path="",
    )
    assert outcome.decision.because[0].rule == "safety.auto_reply"
    assert len(shop.sink.mails) == sent


async def test_a_question_from_a_list_is_not_answered_by_a_machine(shop: Shop):
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    sent = len(shop.sink.mails)
    outcome = await shop.receives("Where is my order?", sender=ANA, headers={"List-Id": "<talk.example.org>"})
    assert outcome.decision.disposition == "held"
    assert len(shop.sink.mails) == sent


# --- the rest --------------------------------------------------------------------------------------------


async def test_a_strangers_mail_is_held_and_the_owner_told_once(shop: Shop):
    await shop.receives("Dear sirs, about the trade fair", sender="fair@fair.example", subject="Trade fair")
    await shop.receives("Dear sirs, once more", sender="fair@fair.example", subject="Trade fair again")
    await shop.lets_pass(hours=1)
    told = shop.sink.mails_to(OWNER)
    assert len(told) == 1
    assert "Trade fair again" in words_of(told[0])
    assert not shop.sink.mails_to("fair@fair.example")  # no bounce is ever sent to a stranger


async def test_a_mail_that_cannot_be_worked_on_is_held_and_harms_no_other(shop: Shop):
    template = shop.gateway.config.templates / "mail/orders/confirmed.txt"
    template.write_text(
        "Subject: x\nPurpose: transactional\nUses: order, customer, shop\n\n{{ order.nothing_like_this }}\n"
    )
    outcome = await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    assert (outcome.decision.disposition, outcome.decision.reason) == ("held", "failed")
    assert "nothing_like_this" in outcome.decision.note
    assert not await shop.rows("orders")  # all of it was rolled back
    (journal,) = await shop.rows("journal")
    assert (journal["state"], journal["attempts"]) == ("held", 3)

    await shop.receives("Please tell me when BOWL-02 is back", sender=BEN)
    assert shop.sink.mails_to("ben@example.org")


async def test_an_address_that_is_refused_at_the_door_is_dead_too(shop: Shop):
    shop.sink.answer(Moment.RCPT, "550 5.1.1 no such user here", recipient="ana@example.net")
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    (suppression,) = await shop.rows("suppression")
    assert (suppression["scope"], suppression["reason"]) == ("all", "dead_address")
    assert "no such user" in words_of(shop.last_mail_to(OWNER))


async def test_a_mail_that_nobody_takes_is_told_when_it_expires(shop: Shop):
    shop.sink.answer(Moment.RCPT, "450 4.2.0 try later", recipient="ana@example.net", times=None)
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    await shop.lets_pass(days=5)
    assert not shop.sink.mails_to("ana@example.net")
    assert "too old" in words_of(shop.last_mail_to(OWNER))
    assert not await shop.rows("suppression")


async def test_a_smarthost_that_is_down_loses_nothing(shop: Shop):
    shop.sink.answer(Moment.CONNECT, "421 4.3.2 not now", times=3)
    await shop.receives("1 x MUG-01", sender=ANA, to=ORDERS)
    assert not shop.sink.mails_to("ana@example.net")
    await shop.lets_pass(hours=1)
    assert len(shop.sink.mails_to("ana@example.net")) == 1
