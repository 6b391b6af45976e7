"""The worker over a next hop without a network, on both databases."""

import asyncio
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import insert, update

from gateway.db.engine import reading, writing
from gateway.db.tables.mail import outbound_message, outbox, worker
from gateway.db.tables.shop import consent, standing
from gateway.kernel.errors import SmtpReply
from gateway.kernel.ids import Id, new_id
from gateway.mail.draft import Purpose
from gateway.mail.envelope import Address
from gateway.mail.parsed import BounceClass
from gateway.outbox import store
from gateway.outbox.handover import Phase
from gateway.outbox.message import (
    DeliveryAccepted,
    DeliveryDoubted,
    DeliveryExpired,
    DeliveryHeld,
    DeliveryRefused,
    DeliveryStatus,
    OnDoubt,
    RouteSuspended,
    Scope,
    Suppress,
    SuppressionReason,
)

TRY_LATER = SmtpReply(451, "4.3.0", "try again later")
NOBODY = SmtpReply(550, "5.1.1", "no such user here")


async def test_what_is_enqueued_is_signed_and_handed_over(post: Any) -> None:
    seq = await post.enqueues("ana@example.net", about=Id("ord00000000000000000000000001"))
    await post.settles()

    (wire,) = post.relay.taken
    assert wire.recipient == "ana@example.net"
    assert wire.reverse_path == f"bounce+{seq}@shop.example"
    assert wire.octets.startswith(b"DKIM-Signature: by us\r\nTo: ana@example.net\r\n")
    assert await post.status(seq) is DeliveryStatus.ACCEPTED
    assert post.events == [
        DeliveryAccepted(
            seq, "ana@example.net", "ord00000000000000000000000001", None, SmtpReply(250, "2.0.0", "taken")
        )
    ]
    assert await post.rows() == []
    (tried,) = await post.attempts(seq)
    assert (tried.number, tried.phase, tried.outcome, tried.code) == (1, "dot", "replied", 250)


async def test_the_same_cause_enqueues_once(post: Any) -> None:
    cause = Id("msg00000000000000000000000001")
    first, second = await post.enqueues(id=cause), await post.enqueues(id=cause)
    await post.settles()
    again = await post.enqueues(id=cause)
    await post.settles()
    assert first == second == again
    assert len(post.relay.taken) == 1


async def test_nothing_goes_before_its_time(post: Any) -> None:
    seq = await post.enqueues(not_before=post.clock.now() + timedelta(minutes=10))
    await post.lets_pass(minutes=9, seconds=59)
    assert post.relay.tried == []
    await post.lets_pass(seconds=1)
    assert await post.status(seq) is DeliveryStatus.ACCEPTED


# --- temporary trouble ------------------------------------------------------------------------------


@pytest.mark.covers("S2-Q3", "S2-REC1", "S2-UT6")
async def test_a_temporary_refusal_is_tried_again_by_the_waits_of_its_lane(post: Any) -> None:
    post.relay.answer(TRY_LATER, Phase.RCPT, times=3)
    seq = await post.enqueues()
    await post.settles()
    assert len(post.relay.tried) == 1
    assert await post.status(seq) is DeliveryStatus.QUEUED

    for wait in (15, 30, 120):
        await post.lets_pass(seconds=wait * 0.79)
    assert len(post.relay.tried) < 4
    for _ in range(3):
        await post.lets_pass(seconds=120 * 1.2)
    assert await post.status(seq) is DeliveryStatus.ACCEPTED
    assert [row.number for row in await post.attempts(seq)] == [1, 2, 3, 4]
    assert post.told(DeliveryRefused) == []


@pytest.mark.covers("S4-SC9")
async def test_an_advertisement_is_tried_three_times_more_and_then_expires(post: Any) -> None:
    await consents(post, "ana@example.net")
    post.relay.answer(TRY_LATER, times=None)
    seq = await post.enqueues(purpose=Purpose.MARKETING)
    for _ in range(6):
        await post.lets_pass(minutes=73)
    assert await post.status(seq) is DeliveryStatus.EXPIRED
    assert len(post.relay.tried) == 4
    (expired,) = post.told(DeliveryExpired)
    assert "try again later" in expired.why


async def test_a_greylisted_message_waits_five_minutes(post: Any) -> None:
    post.relay.answer(SmtpReply(450, "4.7.1", "greylisted, come back"), Phase.RCPT)
    seq = await post.enqueues()
    await post.settles()
    await post.lets_pass(minutes=3.9)
    assert await post.status(seq) is DeliveryStatus.QUEUED
    await post.lets_pass(minutes=2.2)
    assert await post.status(seq) is DeliveryStatus.ACCEPTED


async def test_the_expiry_sweep_asks_only_how_old_a_message_is(post: Any) -> None:
    queued = await post.enqueues(
        not_before=post.clock.now() + timedelta(days=9), expires_in=timedelta(hours=1)
    )
    held = await post.enqueues(not_before=post.clock.now() + timedelta(days=9), expires_in=timedelta(hours=1))
    kept = await post.enqueues(not_before=post.clock.now() + timedelta(days=1))
    async with writing(post.db) as tx:
        assert await store.hold(tx, [held], "the owner said so") == (held,)
    await post.lets_pass(hours=1, seconds=31)
    assert await post.status(queued) is DeliveryStatus.EXPIRED
    assert await post.status(held) is DeliveryStatus.EXPIRED
    assert await post.status(kept) is DeliveryStatus.QUEUED
    assert {event.seq for event in post.told(DeliveryExpired)} == {queued, held}
    assert post.relay.tried == []


async def test_more_messages_than_one_step_of_the_sweep_expire(post: Any) -> None:
    later = post.clock.now() + timedelta(days=9)
    seqs = [await post.enqueues(not_before=later, expires_in=timedelta(minutes=1)) for _ in range(7)]
    await post.lets_pass(minutes=2)
    assert {event.seq for event in post.told(DeliveryExpired)} == set(seqs)


# --- refusals ---------------------------------------------------------------------------------------


@pytest.mark.covers("S0-E4")
async def test_a_refusal_becomes_an_event_with_its_class(post: Any) -> None:
    post.relay.answer(NOBODY, Phase.RCPT, recipient="gone@example.net")
    seq = await post.enqueues("gone@example.net", customer_id=Id("cus00000000000000000000000001"))
    await post.settles()
    assert await post.status(seq) is DeliveryStatus.REFUSED
    (refused,) = post.told(DeliveryRefused)
    assert refused.bounce is BounceClass.NO_SUCH_USER
    assert refused.recipient == "gone@example.net"
    assert refused.customer_id == "cus00000000000000000000000001"
    assert refused.reply == NOBODY


async def test_the_event_is_told_in_the_settling_transaction(idle_post: Any) -> None:
    async def fails(_tx: Any, _events: Any) -> None:
        raise ValueError("a defect in a reaction")

    async with idle_post.working() as relaying:
        relaying._on_settled = fails
        seq = await idle_post.enqueues()
        await idle_post.settles()
    # what follows is lost and logged; the delivery itself is not forgotten, or it would be sent again
    assert await idle_post.status(seq) is DeliveryStatus.ACCEPTED
    assert len(idle_post.relay.taken) == 1


async def test_refusals_that_blame_us_suspend_the_route_after_three(post: Any) -> None:
    post.relay.answer(SmtpReply(550, "5.7.26", "unauthenticated mail"), Phase.DOT, times=None)
    for number in range(3):
        await post.enqueues(f"{number}@example.net")
        await post.settles()
    (suspended,) = post.told(RouteSuspended)
    assert suspended.urgent
    seq = await post.enqueues("4@example.net")
    await post.settles()
    assert await post.status(seq) is DeliveryStatus.QUEUED


# --- the route --------------------------------------------------------------------------------------


async def test_421_suspends_the_route_and_touches_no_row(post: Any) -> None:
    post.relay.answer(SmtpReply(421, "4.7.0", "closing, come later"), Phase.RCPT)
    first = await post.enqueues("a@example.net")
    await post.settles()
    others = [await post.enqueues(f"{n}@example.net") for n in range(5)]
    await post.settles()
    assert len(post.relay.tried) == 1
    rows = await post.rows()
    assert [row.status for row in rows] == ["queued"] * 6
    assert [row.attempts for row in rows] == [0] * 6
    assert await post.attempts(first) == []
    why = await post.why(others[0])
    assert why.waits_for.startswith("the route default is suspended until 2026-11-20 12:01:00 UTC")

    await post.lets_pass(seconds=61)
    assert len(post.relay.taken) == 6


async def test_a_route_that_was_ill_is_probed_by_one_message(post: Any) -> None:
    gate = asyncio.Event()
    post.relay.answer(SmtpReply(421, "", "busy"), Phase.CONNECT)
    await post.enqueues("0@example.net")
    await post.settles()
    for number in range(1, 5):
        await post.enqueues(f"{number}@example.net")
    await post.settles()
    post.relay.answer(SmtpReply(250, "", "ok"), until=gate)
    tried = len(post.relay.tried)
    post.clock.advance(timedelta(minutes=2))
    post.worker.wake()
    while len(post.relay.tried) == tried:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    assert len(post.relay.tried) == tried + 1
    gate.set()
    await post.settles()
    assert len(post.relay.taken) == 5


async def test_a_smarthost_that_is_down_loses_nothing_and_gets_it_later(post: Any) -> None:
    post.relay.answer(None, Phase.CONNECT, times=4)
    seqs = [await post.enqueues(f"{number}@example.net") for number in range(4)]
    await post.settles()
    assert {await post.status(seq) for seq in seqs} == {DeliveryStatus.QUEUED}
    for _ in range(8):
        await post.lets_pass(minutes=15)
    assert {await post.status(seq) for seq in seqs} == {DeliveryStatus.ACCEPTED}
    assert post.told(DeliveryRefused) == []
    assert post.told(DeliveryExpired) == []
    for seq in seqs:
        assert [row.number for row in await post.attempts(seq)] == [1]


async def test_a_refused_login_bounces_nobody_and_is_told_at_once(post: Any) -> None:
    post.relay.answer(SmtpReply(535, "5.7.8", "authentication failed"), Phase.AUTH)
    seq = await post.enqueues()
    await post.settles()
    (suspended,) = post.told(RouteSuspended)
    assert suspended.urgent
    assert suspended.until == post.clock.now() + timedelta(minutes=15)
    assert await post.status(seq) is DeliveryStatus.QUEUED
    await post.lets_pass(minutes=16)
    assert await post.status(seq) is DeliveryStatus.ACCEPTED
    assert post.told(DeliveryRefused) == []


async def test_a_refused_reverse_path_holds_the_message(post: Any) -> None:
    post.relay.answer(SmtpReply(553, "5.7.1", "sender not owned by user"), Phase.MAIL)
    seq = await post.enqueues()
    await post.settles()
    assert await post.status(seq) is DeliveryStatus.HELD
    assert len(post.told(DeliveryHeld)) == 1
    async with writing(post.db) as tx:
        assert await store.release(tx, [seq], post.clock.now()) == (seq,)
    await post.settles()
    assert await post.status(seq) is DeliveryStatus.ACCEPTED


async def test_a_paused_route_hands_nothing_over_until_it_is_resumed(post: Any) -> None:
    async with writing(post.db) as tx:
        route = await store.default_route(tx)
        await store.pause(tx, route.id, "moving house", post.clock.now())
    seq = await post.enqueues()
    await post.lets_pass(hours=3)
    assert post.relay.tried == []
    assert "paused: moving house" in (await post.why(seq)).waits_for
    async with writing(post.db) as tx:
        await store.resume(tx, route.id)
    await post.settles()
    assert await post.status(seq) is DeliveryStatus.ACCEPTED


async def test_another_smarthost_starts_without_the_old_ones_troubles(idle_post: Any) -> None:
    idle_post.relay.answer(SmtpReply(535, "5.7.8", "no"), Phase.AUTH)
    async with idle_post.working():
        seq = await idle_post.enqueues()
        await idle_post.settles()
        assert await idle_post.status(seq) is DeliveryStatus.QUEUED
    idle_post.config = type(idle_post.config)(host="other.example")
    async with idle_post.working():
        await idle_post.settles()
    assert await idle_post.status(seq) is DeliveryStatus.ACCEPTED


# --- before and after the dot -----------------------------------------------------------------------


async def test_a_cut_before_the_dot_goes_again_at_once(post: Any) -> None:
    post.relay.answer(None, Phase.BODY)
    seq = await post.enqueues()
    await post.settles()
    assert len(post.relay.tried) == 2
    assert len(post.relay.taken) == 1
    assert await post.status(seq) is DeliveryStatus.ACCEPTED
    assert post.told(DeliveryDoubted) == []


async def test_a_next_hop_that_cuts_every_body_is_not_hammered(post: Any) -> None:
    post.relay.answer(None, Phase.BODY, times=None)
    await post.enqueues()
    await post.settles()
    assert len(post.relay.tried) == 2


async def test_a_cut_after_the_dot_is_a_doubt(post: Any) -> None:
    post.relay.answer(None, Phase.DOT)
    seq = await post.enqueues()
    await post.settles()
    assert await post.status(seq) is DeliveryStatus.UNCERTAIN
    (doubted,) = post.told(DeliveryDoubted)
    assert not doubted.closed
    assert post.told(DeliveryAccepted) == []
    assert "nobody knows" in (await post.why(seq)).waits_for


async def test_order_mail_in_doubt_goes_once_more_with_the_same_message_id(post: Any) -> None:
    post.relay.answer(None, Phase.DOT)
    seq = await post.enqueues()
    await post.settles()
    await post.lets_pass(seconds=19)
    assert len(post.relay.tried) == 1
    await post.lets_pass(seconds=1)
    assert await post.status(seq) is DeliveryStatus.ACCEPTED
    first, second = post.relay.taken
    assert first.octets == second.octets
    assert [row.number for row in await post.attempts(seq)] == [1, 2]


async def test_a_second_doubt_is_closed_and_told(post: Any) -> None:
    post.relay.answer(None, Phase.DOT, times=None)
    seq = await post.enqueues()
    for _ in range(4):
        await post.lets_pass(minutes=1)
    assert await post.status(seq) is DeliveryStatus.CLOSED
    assert len(post.relay.tried) == 2
    assert [event.closed for event in post.told(DeliveryDoubted)] == [False, False, True]
    assert await post.rows() == []


async def test_marketing_in_doubt_is_listed_and_never_resent(post: Any) -> None:
    await consents(post, "ana@example.net")
    post.relay.answer(None, Phase.DOT)
    seq = await post.enqueues(purpose=Purpose.MARKETING)
    for _ in range(5):
        await post.lets_pass(hours=1)
    assert len(post.relay.tried) == 1
    async with reading(post.db) as tx:
        (listed,) = await store.listing(tx, store.Filter(status=DeliveryStatus.CLOSED))
    assert listed.message.seq == seq


async def test_a_gift_card_in_doubt_is_held_for_the_owner(post: Any) -> None:
    post.relay.answer(None, Phase.DOT)
    seq = await post.enqueues(on_doubt=OnDoubt.HOLD)
    await post.settles()
    await post.lets_pass(minutes=1)
    assert await post.status(seq) is DeliveryStatus.HELD
    assert len(post.relay.tried) == 1
    assert len(post.told(DeliveryHeld)) == 1


async def test_the_owner_may_send_a_closed_doubt_once_more(post: Any) -> None:
    await consents(post, "ana@example.net")
    post.relay.answer(None, Phase.DOT)
    seq = await post.enqueues(purpose=Purpose.MARKETING)
    for _ in range(3):
        await post.lets_pass(minutes=10)
    async with writing(post.db) as tx:
        assert await store.retry_now(tx, [seq], post.clock.now()) == (seq,)
    await post.settles()
    assert await post.status(seq) is DeliveryStatus.ACCEPTED


async def test_a_report_proves_a_doubt(post: Any) -> None:
    post.relay.answer(None, Phase.DOT)
    seq = await post.enqueues()
    await post.settles()
    async with writing(post.db) as tx:
        assert await store.prove(tx, seq, why="a delivery report names it", now=post.clock.now())
    await post.lets_pass(hours=1)
    assert await post.status(seq) is DeliveryStatus.ACCEPTED
    assert len(post.relay.tried) == 1


# --- what must not happen ---------------------------------------------------------------------------


@pytest.mark.covers("S2-P11", "S2-PBT3", "S2-ST2")
async def test_no_dot_is_written_after_a_suppression(idle_post: Any) -> None:
    """The person is suppressed while the body is on its way: the mark finds nothing."""
    body_written, go_on = asyncio.Event(), asyncio.Event()

    class Slow:
        async def hand_over(self, route: Any, wire: Any, commit: Any) -> Any:
            async def late_commit() -> bool:
                body_written.set()
                await go_on.wait()
                return await commit()

            return await idle_post.relay.hand_over(route, wire, late_commit)

        async def close(self) -> None: ...

    async with idle_post.working(Slow()):
        seq = await idle_post.enqueues("ana@example.net")
        await body_written.wait()
        await suppresses(idle_post, "ana@example.net", "all")
        go_on.set()
        await idle_post.settles()
    assert idle_post.relay.taken == []
    assert await idle_post.status(seq) is DeliveryStatus.SUPPRESSED
    assert idle_post.told(DeliveryAccepted) == []


async def test_a_suppression_removes_waiting_rows_and_keeps_new_ones_from_going(post: Any) -> None:
    waiting = await post.enqueues("ana@example.net", not_before=post.clock.now() + timedelta(hours=1))
    other = await post.enqueues("bea@example.net", not_before=post.clock.now() + timedelta(hours=1))
    events = await suppresses(post, "ana@example.net", "all")
    assert events[0].withdrawn == (waiting,)
    late = await post.enqueues("ana@example.net")
    await post.lets_pass(hours=2)
    assert await post.status(waiting) is DeliveryStatus.SUPPRESSED
    assert await post.status(late) is DeliveryStatus.SUPPRESSED
    assert await post.status(other) is DeliveryStatus.ACCEPTED


@pytest.mark.covers("S3-R1.4", "S2-E2E4")
async def test_an_unsubscribe_never_stops_an_order_mail(post: Any) -> None:
    await consents(post, "ana@example.net")
    later = post.clock.now() + timedelta(hours=1)
    order = await post.enqueues(not_before=later)
    advertisement = await post.enqueues(purpose=Purpose.MARKETING, not_before=later)
    await suppresses(post, "ana@example.net", "marketing")
    another = await post.enqueues(purpose=Purpose.MARKETING)
    await post.lets_pass(hours=2)
    assert await post.status(order) is DeliveryStatus.ACCEPTED
    assert await post.status(advertisement) is DeliveryStatus.SUPPRESSED
    assert await post.status(another) is DeliveryStatus.SUPPRESSED


async def test_no_advertisement_goes_without_consent(post: Any) -> None:
    seq = await post.enqueues(purpose=Purpose.MARKETING)
    await post.settles()
    assert await post.status(seq) is DeliveryStatus.SUPPRESSED
    assert post.relay.tried == []


async def test_the_same_words_to_the_same_person_stop_after_three(post: Any) -> None:
    seqs = [await post.enqueues("ana@example.net", template="orders/confirmed") for _ in range(5)]
    other = await post.enqueues("bea@example.net", template="orders/confirmed")
    await post.settles()
    assert [await post.status(seq) for seq in seqs] == [DeliveryStatus.ACCEPTED] * 3 + [
        DeliveryStatus.HELD
    ] * 2
    assert await post.status(other) is DeliveryStatus.ACCEPTED
    assert len(post.told(DeliveryHeld)) == 2

    async with writing(post.db) as tx:
        await store.release(tx, seqs[3:], post.clock.now())
    await post.settles()
    assert len(post.relay.taken) == 6


async def test_what_is_withdrawn_does_not_go(post: Any) -> None:
    order = Id("ord00000000000000000000000001")
    seq = await post.enqueues(about=order, not_before=post.clock.now() + timedelta(minutes=10))
    async with writing(post.db) as tx:
        assert await store.withdraw(tx, order, "cancelled", post.clock.now()) == (seq,)
    await post.lets_pass(hours=1)
    assert await post.status(seq) is DeliveryStatus.WITHDRAWN
    assert post.relay.tried == []


async def test_a_zombie_writes_no_dot(idle_post: Any) -> None:
    """Another worker has counted this one as dead while the body was on its way."""

    async def is_buried(commit: Any) -> bool:
        async with writing(idle_post.db) as tx:
            await tx.execute(update(worker).values(epoch=worker.c.epoch + 1))
        return await commit()

    class Stalled:
        async def hand_over(self, route: Any, wire: Any, commit: Any) -> Any:
            return await idle_post.relay.hand_over(route, wire, lambda: is_buried(commit))

        async def close(self) -> None: ...

    async with idle_post.working(Stalled()):
        seq = await idle_post.enqueues()
        await idle_post.settles()
        assert idle_post.relay.taken == []
    assert (await idle_post.rows())[0].seq == seq
    async with idle_post.working():
        await idle_post.settles()
    assert len(idle_post.relay.taken) == 1
    assert await idle_post.status(seq) is DeliveryStatus.ACCEPTED


async def test_a_mark_older_than_twenty_seconds_is_not_used(idle_post: Any) -> None:
    """The process slept between asking for the mark and having it: somebody may think it dead."""

    class Suspended:
        async def hand_over(self, route: Any, wire: Any, commit: Any) -> Any:
            if idle_post.relay.tried:
                return await idle_post.relay.hand_over(route, wire, commit)
            marking = asyncio.create_task(commit())
            await asyncio.sleep(0)  # the mark has been asked for
            idle_post.clock.advance(timedelta(seconds=21))

            async def committed() -> bool:
                return await marking

            return await idle_post.relay.hand_over(route, wire, committed)

        async def close(self) -> None: ...

    async with idle_post.working(Suspended()):
        seq = await idle_post.enqueues()
        await idle_post.settles()
    assert len(idle_post.relay.tried) == 2
    assert len(idle_post.relay.taken) == 1
    assert await idle_post.status(seq) is DeliveryStatus.ACCEPTED


async def test_a_defect_in_signing_defers_one_message_and_stops_no_other(post: Any) -> None:
    sign = post.worker._carrier._sign

    def refuses_ana(octets: bytes, now: Any) -> bytes:
        if b"ana@" in octets:
            raise ValueError("no key")
        return sign(octets, now)

    post.worker._carrier._sign = refuses_ana
    ana, bea = await post.enqueues("ana@example.net"), await post.enqueues("bea@example.net")
    await post.settles()
    assert await post.status(bea) is DeliveryStatus.ACCEPTED
    assert await post.status(ana) is DeliveryStatus.QUEUED
    post.worker._carrier._sign = sign
    await post.lets_pass(minutes=16)
    assert await post.status(ana) is DeliveryStatus.ACCEPTED


async def test_a_message_that_kills_its_worker_is_held(post: Any) -> None:
    seq = await post.enqueues(not_before=post.clock.now() + timedelta(hours=1))
    async with writing(post.db) as tx:
        await tx.execute(update(outbox).values(attempts=5))
    await post.lets_pass(hours=2)
    assert await post.status(seq) is DeliveryStatus.HELD
    assert post.relay.tried == []


# --- who goes first, and how fast -------------------------------------------------------------------


async def test_an_order_mail_does_not_wait_for_a_campaign(idle_post: Any) -> None:
    for number in range(20):
        await consents(idle_post, f"{number}@example.net")
        await idle_post.enqueues(f"{number}@example.net", purpose=Purpose.MARKETING)
    await idle_post.enqueues("ana@example.net")
    async with idle_post.working():
        await idle_post.settles()
    assert "ana@example.net" in [wire.recipient for wire in idle_post.relay.tried[:3]]
    assert idle_post.relay.most_open <= 3


@pytest.mark.covers("S4-3.R1")
async def test_a_campaign_goes_at_its_rate(post: Any) -> None:
    for number in range(60):
        await consents(post, f"{number}@example.net")
        await post.enqueues(f"{number}@example.net", purpose=Purpose.MARKETING)
    await post.settles()
    assert len(post.relay.taken) == 20  # the burst of 100/min
    await post.lets_pass(seconds=6)
    assert len(post.relay.taken) == 30
    await post.enqueues("ana@example.net")
    await post.settles()
    assert post.relay.taken[-1].recipient == "ana@example.net"


async def test_the_rate_holds_over_a_restart(idle_post: Any) -> None:
    for number in range(40):
        await consents(idle_post, f"{number}@example.net")
        await idle_post.enqueues(f"{number}@example.net", purpose=Purpose.MARKETING)
    async with idle_post.working():
        await idle_post.settles()
    async with idle_post.working():
        await idle_post.settles()
    assert len(idle_post.relay.taken) == 20


# --- beginning and ending ---------------------------------------------------------------------------


async def test_what_a_dead_worker_held_is_queued_and_what_it_marked_is_a_doubt(idle_post: Any) -> None:
    leased, marked = await idle_post.enqueues("a@example.net"), await idle_post.enqueues("b@example.net")
    now = idle_post.clock.now()
    async with writing(idle_post.db) as tx:
        dead = await store.enlist(tx, "elsewhere", 1, now)
        route = await store.default_route(tx)
    claims = await store.claim(idle_post.db, dead, route.id, 0, 2, now)
    assert set(claims) == {leased, marked}
    assert await store.mark(idle_post.db, dead, marked, now, {})

    async with idle_post.working():
        await idle_post.settles()
        assert await idle_post.status(leased) is DeliveryStatus.ACCEPTED
        assert await idle_post.status(marked) is DeliveryStatus.UNCERTAIN
        assert [event.seq for event in idle_post.told(DeliveryDoubted)] == [marked]
        await idle_post.lets_pass(seconds=20)
        assert await idle_post.status(marked) is DeliveryStatus.ACCEPTED

    # the dead one comes back: it touches nothing
    assert not await store.mark(idle_post.db, dead, leased, now, {})
    async with writing(idle_post.db) as tx:
        assert not await store.put_back(tx, dead, leased, now)


async def test_a_zombies_late_250_proves_the_message(idle_post: Any) -> None:
    seq = await idle_post.enqueues()
    now = idle_post.clock.now()
    async with writing(idle_post.db) as tx:
        dead = await store.enlist(tx, "elsewhere", 1, now)
        alive = await store.enlist(tx, "here", 2, now)
        route = await store.default_route(tx)
    await store.claim(idle_post.db, dead, route.id, 0, 1, now)
    await store.mark(idle_post.db, dead, seq, now, {})
    async with writing(idle_post.db) as tx:
        await store.bury(tx, alive, None)
        (doubted,) = await store.reap(tx, alive, (), now)
    assert doubted.seq == seq
    async with writing(idle_post.db) as tx:
        assert not await store.settle(tx, dead, seq, DeliveryStatus.REFUSED, why="late 550", now=now)
    assert await idle_post.status(seq) is DeliveryStatus.UNCERTAIN
    async with writing(idle_post.db) as tx:
        assert await store.settle(tx, dead, seq, DeliveryStatus.ACCEPTED, why="late 250", now=now)
    assert await idle_post.status(seq) is DeliveryStatus.ACCEPTED


async def test_stopping_leaves_nothing_leased(idle_post: Any) -> None:
    never = asyncio.Event()
    idle_post.relay.answer(SmtpReply(250, "", "ok"), Phase.BODY, times=None, until=never)
    for number in range(5):
        await idle_post.enqueues(f"{number}@example.net")
    async with idle_post.working():
        while idle_post.relay.now_open < 3:
            await asyncio.sleep(0.01)
    rows = await idle_post.rows()
    assert [row.status for row in rows] == ["queued"] * 5
    assert [row.attempts for row in rows] == [0] * 5


async def test_stopping_waits_for_a_reply_after_the_dot(idle_post: Any) -> None:
    replies = asyncio.Event()
    idle_post.relay.answer(SmtpReply(250, "2.0.0", "at last"), until=replies)
    seq = await idle_post.enqueues()
    async with idle_post.working() as relaying:
        while not relaying._flights or not next(iter(relaying._flights)).committed:
            await asyncio.sleep(0.01)
        asyncio.get_running_loop().call_later(0.1, replies.set)
    assert await idle_post.status(seq) is DeliveryStatus.ACCEPTED


async def test_a_message_without_words_is_held(post: Any) -> None:
    now = post.clock.now()
    async with writing(post.db) as tx:
        made = await tx.execute(
            insert(outbound_message).returning(outbound_message.c.seq),
            {
                "id": "msg00000000000000000000000009",
                "purpose": "service",
                "lane": 1,
                "template": "x",
                "recipient": "ana@example.net",
                "recipient_key": "k",
                "created_at": now,
                "expires_at": now + timedelta(days=1),
            },
        )
        seq = made.scalar_one()
        route = await store.default_route(tx)
        await tx.execute(insert(outbox), {"seq": seq, "route_id": route.id, "lane": 1, "due_at": now})
    await post.settles()
    assert await post.status(seq) is DeliveryStatus.HELD


async def test_idle_after_the_end_is_an_error(idle_post: Any) -> None:
    async with idle_post.working() as relaying:
        await relaying.idle()
    with pytest.raises(RuntimeError, match="has ended"):
        await relaying.idle()


async def consents(post: Any, address: str) -> None:
    """This person has asked for advertisements."""
    now = post.clock.now()
    about = {"address_key": key_of(address), "purpose": "marketing", "granted": True}
    evidence = {"id": new_id("con", now), "at": now, "basis": "express", "source": "test", **about}
    async with writing(post.db) as tx:
        await tx.execute(insert(consent), evidence)
        await tx.execute(insert(standing), {**about, "since": now, "consent_id": evidence["id"]})


async def suppresses(post: Any, address: str, scope: str) -> Any:
    effect = Suppress(Address(address), Scope(scope), SuppressionReason.UNSUBSCRIBED)
    now = post.clock.now()
    async with writing(post.db) as tx:
        return await store.suppress(tx, effect, key_of(address), new_id("spr", now), now)


def key_of(address: str) -> str:
    return sha256(address.lower().encode()).hexdigest()[:16]
