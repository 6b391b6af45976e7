"""When everything stops, and what it takes to go on: counted over rows, on both databases."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from gateway.db.engine import Database, reading, writing
from gateway.db.tables.mail import journal
from gateway.kernel.ids import Id, derived_id
from gateway.mail.draft import Purpose
from gateway.outbox import breaker, intervention
from gateway.outbox.breaker import LEAST, Breaker, limit, sending, usual
from gateway.outbox.message import DeliveryHeld, DeliveryStatus, SendingStopped

from .conftest import NOON, Post


@pytest.mark.parametrize(("mean", "most"), [(0, 50), (9.9, 50), (10, 50), (20, 100)])
def test_five_times_the_usual_but_at_least_fifty(mean: float, most: int):
    assert limit(mean) == most


async def a_cause(db: Database, number: int, party: str = "customer") -> Id:
    journal_id = derived_id("jrn", f"{party}{number}")
    row: dict[str, Any] = {
        "id": journal_id,
        "received_at": NOON,
        "via": "smtp",
        "forward_paths": [],
        "sha256": "0",
        "size": 1,
        "state": "handled",
        "attempts": 0,
        "party": party,
    }
    async with writing(db) as tx:
        await tx.execute(insert(journal).values(row))
    return journal_id


async def answers(post: Post, n: int, *, party: str = "customer", first: int = 0, **more: Any) -> list[int]:
    return [
        await post.enqueues(f"c{number}@x.example", cause=await a_cause(post.db, number, party), **more)
        for number in range(first, first + n)
    ]


async def objection(post: Post) -> str:
    async with reading(post.db) as tx:
        return await Breaker().objection(tx, post.clock.now())


async def test_one_more_than_the_limit_stops(idle_post: Post):
    await answers(idle_post, LEAST)
    assert await objection(idle_post) == ""
    await answers(idle_post, 1, first=LEAST)
    assert "more than 50 mails" in await objection(idle_post)
    idle_post.clock.advance(timedelta(minutes=61))
    assert await objection(idle_post) == ""  # the hour is over


@pytest.mark.parametrize(
    "more",
    [{"party": "channel"}, {"party": "carrier"}, {"purpose": Purpose.OWNER}, {"purpose": Purpose.MARKETING}],
)
async def test_what_is_no_answer_to_a_stranger_does_not_count(idle_post: Post, more: dict[str, Any]):
    await answers(idle_post, LEAST + 10, **more)
    assert await objection(idle_post) == ""


async def test_a_thousand_letters_of_one_cause_are_one_act(idle_post: Post):
    cause = await a_cause(idle_post.db, 1)
    for number in range(LEAST + 10):
        await idle_post.enqueues(f"c{number}@x.example", cause=cause)
    assert await objection(idle_post) == ""


async def test_the_usual_is_the_mean_of_the_hours_before_this_one(idle_post: Post):
    await answers(idle_post, 120)
    idle_post.clock.advance(timedelta(hours=5))
    async with reading(idle_post.db) as tx:
        assert await usual(tx, idle_post.clock.now()) == pytest.approx(120 / 4)


async def test_stopped_is_stopped_after_a_restart_and_resume_lets_everything_go(idle_post: Post):
    seqs = await answers(idle_post, LEAST + 1)
    async with idle_post.working():
        await idle_post.settles()
    assert idle_post.told(SendingStopped) == [SendingStopped(await why(idle_post))]
    assert len(idle_post.told(DeliveryHeld)) == len(seqs)

    async with idle_post.working():  # another process, the same rows
        late = await answers(idle_post, 1, first=500)
        await idle_post.settles()
        assert await idle_post.status(late[0]) is DeliveryStatus.HELD
        assert len(idle_post.told(SendingStopped)) == 1
        async with writing(idle_post.db) as tx:
            released = await intervention.resume_sending(tx, idle_post.clock.now())
        assert set(released) == {*seqs, *late}
        await idle_post.settles()
        assert {await idle_post.status(seq) for seq in released} == {DeliveryStatus.ACCEPTED}
    assert await why(idle_post) == ""


async def test_letters_to_the_owner_go_while_all_else_waits(post: Post):
    async with writing(post.db) as tx:
        await breaker.stop(tx, "a test", post.clock.now())
    letter = await post.enqueues("owner@x.example", Purpose.OWNER)
    order = await post.enqueues("ana@x.example")
    await post.settles()
    assert await post.status(letter) is DeliveryStatus.ACCEPTED
    assert (await post.why(order)).message.why == "breaker: all automatic mail waits: a test"


async def test_stopping_twice_tells_once(sqlite: Database):
    async with writing(sqlite) as tx:
        assert len(await breaker.stop(tx, "one", NOON)) == 1
        assert await breaker.stop(tx, "two", NOON) == ()


async def why(post: Post) -> str:
    async with reading(post.db) as tx:
        return (await sending(tx)).stopped


# --- the same words, and answers of a day ----------------------------------------------------------------


async def test_the_same_words_too_soon_are_not_said_and_later_they_are(post: Post):
    day = timedelta(days=1)
    first = await post.enqueues(template="orders/status", once_since=post.clock.now() - day)
    again = await post.enqueues(template="orders/status", once_since=post.clock.now() - day)
    await post.settles()
    assert await post.status(first) is DeliveryStatus.ACCEPTED
    assert await post.status(again) is DeliveryStatus.SUPPRESSED
    await post.lets_pass(hours=25)
    later = await post.enqueues(template="orders/status", once_since=post.clock.now() - day)
    other = await post.enqueues("ben@x.example", template="orders/status", once_since=post.clock.now() - day)
    await post.settles()
    assert await post.status(later) is DeliveryStatus.ACCEPTED
    assert await post.status(other) is DeliveryStatus.ACCEPTED


async def test_words_about_another_order_are_other_words(post: Post):
    since = post.clock.now() - timedelta(days=1)
    seqs = [
        await post.enqueues(template="orders/status", once_since=since, about=Id(about))
        for about in ("ord1", "ord2", "ord1", "wle1", "wle2")
    ]
    await post.settles()
    assert [await post.status(seq) for seq in seqs] == [
        DeliveryStatus.ACCEPTED,
        DeliveryStatus.ACCEPTED,
        DeliveryStatus.SUPPRESSED,
        DeliveryStatus.SUPPRESSED,  # about no order: told apart by the template alone
        DeliveryStatus.SUPPRESSED,
    ]
