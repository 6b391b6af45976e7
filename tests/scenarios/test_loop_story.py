"""Programs that answer programs: nothing rings for long, nothing is lost, and the owner has the last word."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gateway.edges.watermark import LOW_MARK, Space
from gateway.outbox.allowance import ANSWERS
from gateway.outbox.breaker import LEAST
from gateway.pipeline.limits import OBJECTS
from gateway.testing.report import bounce_of
from gateway.testing.shop import Shop, open_shop, words_of
from gateway.testing.sink import SunkMail

from .conftest import MONDAY, settings

ROBOT, ORDERS, OWNER = "desk@robots.example", "orders@boutique.example", "priya@owner.example"
QUESTION = "Where is my order? We have opened a ticket for your mail."


async def buys(shop: Shop, *, by: str = ROBOT, number: str = "77") -> None:
    """A customer buys in the web shop, so that our confirmation is no answer to a mail of theirs."""
    await shop.brings("orders", {"number": number, "email": by, "sku": "MUG-01", "quantity": "1"})


async def robot_answers(
    shop: Shop, seen: int, *, words: str = QUESTION, rounds: int = 12, headers: dict[str, str] | None = None
) -> Sequence[SunkMail]:
    """A program that answers every mail it gets, each time in a new ticket; what it got besides `seen`."""
    for ticket in range(rounds):
        got = shop.sink.mails_to(ROBOT)
        if len(got) == seen:
            break
        seen += 1
        await shop.receives(
            words, sender=ROBOT, to=ORDERS, subject=f"[Ticket {ticket}] {got[seen - 1].message['Subject']}",
            headers=headers,
        )  # fmt: skip
    return shop.sink.mails_to(ROBOT)


async def answers_to(shop: Shop, address: str) -> list[SunkMail]:
    return [mail for mail in shop.sink.mails_to(address) if "at Blue Door" in str(mail.message["Subject"])]


# --- two robots ------------------------------------------------------------------------------------------


async def test_two_answering_robots_exchange_one_mail(shop: Shop):
    await buys(shop)
    got = await robot_answers(shop, 0)
    assert [str(mail.message["Subject"]) for mail in got] == [
        "Thank you! We have your order 77",
        "Your order 77 at Blue Door",
    ]
    held = shop.outcomes[-1].decision
    assert (held.disposition, held.reason) == ("held", "breaker")
    assert "the same answer" in held.note


async def test_a_robot_that_says_what_it_is_gets_nothing_at_all(shop: Shop):
    await buys(shop)
    got = await robot_answers(shop, 0, headers={"Auto-Submitted": "auto-replied"})
    assert len(got) == 1


async def test_a_loop_of_days_is_one_mail_a_day(shop: Shop):
    await buys(shop)
    for _ in range(3):
        await shop.receives(QUESTION, sender=ROBOT, to=ORDERS)
        await robot_answers(shop, len(shop.sink.mails_to(ROBOT)) - 1)
        await shop.lets_pass(hours=25)
    assert len(await answers_to(shop, ROBOT)) == 3


async def test_a_customer_who_asks_twice_a_day_reaches_a_person(shop: Shop):
    await buys(shop, by="ana@example.net")
    await shop.receives("Where is my order?", sender="ana@example.net", to=ORDERS)
    outcome = await shop.receives("Where is my order??", sender="ana@example.net", to=ORDERS)
    assert outcome.decision.disposition == "held"
    assert any(test.question == "may be answered once more" for test in outcome.decision.because[0].tests)


async def test_our_own_mail_that_comes_back_is_not_answered(shop: Shop):
    await buys(shop)
    ours = shop.last_mail_to(ROBOT)
    mark = {"X-MailFlow-Id": str(ours.message["X-MailFlow-Id"])}
    outcome = await shop.receives(QUESTION, sender=ROBOT, to=ORDERS, headers=mark)
    assert outcome.facts
    assert outcome.facts.refusal.startswith("own_mark: ")
    assert len(shop.sink.mails_to(ROBOT)) == 1


# --- limits ----------------------------------------------------------------------------------------------


async def test_orders_in_a_loop_are_confirmed_three_times_and_then_wait_for_the_owner(shop: Shop):
    for number in range(5):
        await shop.receives("1 x BOWL-02", sender=ROBOT, to=ORDERS, subject=f"order {number}")
    assert len(shop.sink.mails_to(ROBOT)) == 3
    (told,) = shop.mails_to(OWNER, "looks like a loop")
    await shop.answers(told, "resume")
    assert len(shop.sink.mails_to(ROBOT)) == 5


async def test_ten_answers_a_day_are_enough_for_anybody(shop: Shop):
    for _ in range(ANSWERS + 2):
        await shop.receives("1 x BOWL-02", sender=ROBOT, to=ORDERS)
        await shop.lets_pass(minutes=61)
    assert len(shop.sink.mails_to(ROBOT)) == ANSWERS
    waiting = [row for row in await shop.rows("outbox") if row["status"] == "held"]
    assert len(waiting) == 2


async def test_the_twenty_first_order_of_one_sender_is_held_but_not_that_of_a_channel(shop: Shop):
    await shop.brings("stock", {"sku": "BOWL-02", "on_hand": "500"})
    for number in range(OBJECTS + 1):
        outcome = await shop.receives("1 x BOWL-02", sender=ROBOT, to=ORDERS, subject=f"order {number}")
    assert outcome.decision.reason == "breaker"
    assert len(await shop.rows("orders")) == OBJECTS
    await shop.lets_pass(minutes=121)
    await shop.receives("1 x BOWL-02", sender=ROBOT, to=ORDERS, subject="later")
    assert len(await shop.rows("orders")) == OBJECTS + 1


# --- the breaker -----------------------------------------------------------------------------------------


async def many_ask(shop: Shop, n: int, *, first: int = 0) -> None:
    for number in range(first, first + n):
        await shop.receives("1 x BOWL-02", sender=f"c{number}@crowd.example", to=ORDERS)


async def test_far_more_than_usual_stops_until_the_owner_says_resume(shop: Shop):
    await shop.brings("stock", {"sku": "BOWL-02", "on_hand": "500"})
    await many_ask(shop, LEAST + 3)
    crowd = [mail for mail in shop.sink.mails if "crowd.example" in mail.forward_paths[0]]
    assert len(crowd) == LEAST
    (told,) = shop.mails_to(OWNER, "has stopped answering by itself")
    assert not shop.mails_to(OWNER, "looks like a loop")
    assert [row["status"] for row in await shop.rows("outbox")].count("held") == 3

    await shop.answers(told, "resume")
    crowd = [mail for mail in shop.sink.mails if "crowd.example" in mail.forward_paths[0]]
    assert len(crowd) == LEAST + 3
    await many_ask(shop, 1, first=900)  # counted anew: one more does not stop it again
    assert shop.sink.mails_to("c900@crowd.example")


async def test_a_shop_that_sells_well_does_not_fall_silent(shop: Shop):
    await shop.brings("stock", {"sku": "BOWL-02", "on_hand": "500"})
    for number in range(LEAST + 5):
        await buys(shop, by=f"c{number}@crowd.example", number=str(5000 + number))
    assert not shop.mails_to(OWNER, "has stopped")
    assert len(shop.sink.mails) >= LEAST + 5


# --- the disk --------------------------------------------------------------------------------------------


async def test_the_owner_is_told_once_while_the_disk_fills_and_again_the_next_time(tmp_path: Path):
    marks = 9.0

    def measure(_: Path) -> Space:
        return Space(10 * LOW_MARK, int(marks * LOW_MARK), 0, 0)

    async with open_shop(tmp_path / "shop", settings, now=MONDAY, measure=measure) as shop:
        for marks, letters in ((3.0, 0), (1.9, 1), (1.7, 1), (2.1, 1), (1.8, 1), (2.5, 1), (1.9, 2)):
            await shop.lets_pass(minutes=2)
            await shop.gateway.settle()
            assert len(shop.mails_to(OWNER, "nearly full")) == letters, marks
        assert f"{int(1.9 * LOW_MARK) // 2**20} MiB" in words_of(shop.last_mail_to(OWNER))


# --- what comes back -------------------------------------------------------------------------------------


async def test_a_dead_address_is_not_answered_and_the_owner_sees_what_is_still_open(shop: Shop):
    await buys(shop)
    ours = shop.last_mail_to(ROBOT)
    report = bounce_of(ours, status="5.1.1", diagnostic="550 5.1.1 no such user here")
    await shop.receives_octets(report, reverse_path="", to=ours.reverse_path)
    told = words_of(shop.last_mail_to(OWNER))
    assert "order 77" in told  # what she still owes this customer
    claims = f"From: {ROBOT}\r\nTo: {ORDERS}\r\nMessage-ID: <1@x.example>\r\n\r\nWhere is my order?\r\n"
    outcome = await shop.receives_octets(claims.encode(), reverse_path=ROBOT, to=ORDERS)
    assert outcome.facts
    assert not outcome.facts.alive  # nothing proves that it is she
    assert outcome.facts.refusal.startswith("suppressed: ")
    assert len(shop.sink.mails_to(ROBOT)) == 1


async def test_a_forged_author_is_not_answered(shop: Shop):
    await buys(shop)
    outcome = await shop.receives("Where is my order?", sender=ROBOT, to=ORDERS, signed=False)
    assert outcome.facts
    assert outcome.facts.refusal.startswith("forged: ")
    assert len(shop.sink.mails_to(ROBOT)) == 1


async def test_who_answers_our_letter_is_alive_whatever_a_report_said(shop: Shop):
    await buys(shop)
    ours = shop.last_mail_to(ROBOT)
    report = bounce_of(ours, status="5.1.1", diagnostic="550 5.1.1 no such user here")
    await shop.receives_octets(report, reverse_path="", to=ours.reverse_path)
    outcome = await shop.answers(ours, "Where is my order?")
    assert outcome.facts
    assert outcome.facts.alive
    assert outcome.facts.refusal == ""
    (entry,) = await shop.rows("suppression")
    assert entry["lifted_at"] is not None
    assert len(shop.sink.mails_to(ROBOT)) == 2


async def test_five_failures_on_three_days_end_advertising_and_nothing_else(shop: Shop):
    for number in range(5):
        await buys(shop, number=str(100 + number))
        ours = shop.last_mail_to(ROBOT)
        report = bounce_of(ours, status="4.2.2", diagnostic="452 4.2.2 mailbox full")
        assert not await shop.rows("suppression")
        await shop.receives_octets(report, reverse_path="", to=ours.reverse_path)
        await shop.lets_pass(hours=14)
    (entry,) = await shop.rows("suppression")
    assert (entry["scope"], entry["reason"]) == ("marketing", "bounces")
    before = len(shop.sink.mails_to(ROBOT))
    await buys(shop, number="200")
    assert len(shop.sink.mails_to(ROBOT)) == before + 1


async def test_a_bounce_without_token_never_suppresses(shop: Shop):
    await buys(shop)
    ours = replace(shop.last_mail_to(ROBOT), reverse_path=ORDERS)
    for day in range(30):
        report = bounce_of(ours, status="5.1.1", diagnostic=f"550 5.1.1 no such user ({day})")
        await shop.receives_octets(report, reverse_path="", to=ORDERS)
        await shop.lets_pass(hours=23)
    assert not await shop.rows("suppression")
    points = await shop.rows("bounce")
    assert {(row["quarters"], row["seq"]) for row in points} == {(1, None)}


async def test_a_delay_and_an_absence_are_noted_at_the_message_and_suppress_nobody(shop: Shop):
    await buys(shop)
    ours = shop.last_mail_to(ROBOT)
    late = bounce_of(ours, status="4.4.1", diagnostic="451 4.4.1 no answer from host", action="delayed")
    await shop.receives_octets(late, reverse_path="", to=ours.reverse_path)
    (message,) = [row for row in await shop.rows("outbound_message") if row["recipient"] == ROBOT]
    assert message["heard"].startswith("delayed: ")
    await shop.receives(
        "I am away until 20 November 2026.",
        sender=ROBOT,
        to=ours.reverse_path,
        subject="Out of office",
        headers={"Auto-Submitted": "auto-replied"},
        reverse_path="",
    )
    (message,) = [row for row in await shop.rows("outbound_message") if row["recipient"] == ROBOT]
    assert "away" in message["heard"]
    assert not await shop.rows("suppression")
