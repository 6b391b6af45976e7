"""The outbox's rows, on both databases: what people do to them, whom not to write to, and why."""

import asyncio
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.db.engine import Database, reading, writing
from gateway.db.tables.mail import outbound_message, outbound_octets, outbox, suppression
from gateway.kernel.ids import Id, new_id
from gateway.mail.draft import Purpose
from gateway.mail.envelope import Address
from gateway.mail.parsed import BounceClass
from gateway.outbox import store
from gateway.outbox.gate import Go, Stop
from gateway.outbox.message import (
    DELIVERY,
    FINAL,
    DeliveryStatus,
    Lane,
    Move,
    Scope,
    Suppress,
    SuppressionReason,
)
from gateway.outbox.row import stands

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ANA = Address("ana@example.net")


def key_of(address: str) -> str:
    return sha256(address.lower().encode()).hexdigest()[:16]


async def enqueues(db: Database, to: str = ANA, **more: Any) -> int:
    new = store.Enqueued(
        **{
            "id": new_id("msg", NOW),
            "purpose": Purpose.TRANSACTIONAL,
            "template": "orders/confirmed",
            "recipient": Address(to),
            "recipient_key": key_of(to),
            "created_at": NOW,
        }
        | more
    )
    async with writing(db) as tx:
        return await store.enqueue(tx, new, lambda seq: b"Subject: %d\r\n\r\nhello\r\n" % seq)


async def suppresses(
    db: Database,
    scope: Scope = Scope.ALL,
    reason: SuppressionReason = SuppressionReason.DEAD_ADDRESS,
    now: datetime = NOW,
    until: datetime | None = None,
) -> Any:
    effect = Suppress(ANA, scope, reason)
    async with writing(db) as tx:
        return await store.suppress(tx, effect, key_of(ANA), new_id("spr", now), now, until=until)


async def message(db: Database, seq: int) -> Any:
    async with reading(db) as tx:
        return await store.message_by_seq(tx, seq)


async def enlists(db: Database) -> tuple[store.Worker, int]:
    async with writing(db) as tx:
        me = await store.enlist(tx, "here", 1, NOW)
        return me, (await store.default_route(tx)).id


# --- enqueue ----------------------------------------------------------------------------------------


async def test_a_message_is_stored_whole(database: Database):
    seq = await enqueues(
        database, subject="Your order", about=Id("ord00000000000000000000000001"), purpose=Purpose.SERVICE
    )
    found = await message(database, seq)
    assert found.status is DeliveryStatus.QUEUED
    assert found.lane is Lane.SERVICE
    assert found.subject == "Your order"
    assert found.about == "ord00000000000000000000000001"
    assert found.expires_at == NOW + timedelta(days=4)
    async with reading(database) as tx:
        octets = await tx.scalar(select(outbound_octets.c.octets).where(outbound_octets.c.seq == seq))
        stored = await tx.scalar(select(outbound_message.c.sha256))
    assert octets == b"Subject: %d\r\n\r\nhello\r\n" % seq
    assert stored == sha256(octets).hexdigest()
    assert found.size == len(octets)


async def test_the_message_goes_when_its_cause_goes(database: Database):
    new = store.Enqueued(new_id("msg", NOW), Purpose.SERVICE, "x", ANA, key_of(ANA), NOW)

    def template_error(seq: int) -> bytes:
        raise ValueError(f"a template error in {seq}")

    async def cause() -> None:
        async with writing(database) as tx:
            await store.enqueue(tx, new, template_error)

    with pytest.raises(ValueError, match="a template error"):
        await cause()
    async with reading(database) as tx:
        assert await store.listing(tx) == []


async def test_numbers_are_never_used_again(database: Database):
    first = await enqueues(database)
    async with writing(database) as tx:
        for table in (outbox, outbound_octets, outbound_message):
            await tx.execute(table.delete())
    assert await enqueues(database) > first


# --- claims -----------------------------------------------------------------------------------------


async def test_two_workers_never_hold_one_row(database: Database):
    for _ in range(40):
        await enqueues(database)
    one, route = await enlists(database)
    other, _ = await enlists(database)
    claims = await asyncio.gather(
        *(store.claim(database, who, route, Lane.TRANSACTIONAL, 7, NOW) for who in (one, other) * 4)
    )
    taken = [seq for claim in claims for seq in claim]
    assert len(taken) == len(set(taken)) == 40


async def test_the_longest_due_goes_first_and_other_lanes_are_left(database: Database):
    late = await enqueues(database, not_before=NOW + timedelta(minutes=5))
    early = await enqueues(database)
    service = await enqueues(database, purpose=Purpose.SERVICE)
    me, route = await enlists(database)
    assert list(await store.claim(database, me, route, Lane.TRANSACTIONAL, 5, LATER)) == [early, late]
    async with reading(database) as tx:
        assert set(await store.ready(tx, route)) == {Lane.SERVICE}
    assert list(await store.claim(database, me, route, Lane.SERVICE, 5, LATER)) == [service]


async def test_a_worker_that_was_struck_off_claims_and_marks_nothing(database: Database):
    seq = await enqueues(database)
    dead, route = await enlists(database)
    await store.claim(database, dead, route, Lane.TRANSACTIONAL, 1, NOW)
    alive, _ = await enlists(database)
    async with writing(database) as tx:
        assert await store.bury(tx, alive, None) == 1
        assert not await store.beat(tx, dead, NOW)
    assert not await store.mark(database, dead, seq, NOW, {})
    await enqueues(database)
    assert await store.claim(database, dead, route, Lane.TRANSACTIONAL, 5, NOW) == {}


async def test_only_the_silent_are_struck_off_where_others_may_live(database: Database):
    one, _ = await enlists(database)
    other, _ = await enlists(database)
    async with writing(database) as tx:
        assert await store.beat(tx, other, LATER)
        assert await store.bury(tx, one, NOW + timedelta(minutes=30)) == 0
        assert await store.bury(tx, other, NOW + timedelta(minutes=30)) == 1


async def test_a_settle_applied_twice_is_a_settle_applied_once(database: Database):
    seq = await enqueues(database)
    me, route = await enlists(database)
    await store.claim(database, me, route, Lane.TRANSACTIONAL, 1, NOW)
    async with writing(database) as tx:
        assert await store.settle(tx, me, seq, DeliveryStatus.REFUSED, why="550", now=NOW)
    async with writing(database) as tx:
        assert not await store.settle(tx, me, seq, DeliveryStatus.ACCEPTED, why="250", now=LATER)
    found = await message(database, seq)
    assert (found.status, found.settled_at) == (DeliveryStatus.REFUSED, NOW)


# --- people -----------------------------------------------------------------------------------------


async def test_hold_and_release(database: Database):
    seq, other = await enqueues(database), await enqueues(database)
    me, route = await enlists(database)
    async with writing(database) as tx:
        assert await store.hold(tx, [seq], "wait for me") == (seq,)
        assert await store.hold(tx, [seq], "twice") == ()
    assert list(await store.claim(database, me, route, Lane.TRANSACTIONAL, 5, LATER)) == [other]
    async with reading(database) as tx:
        why = await store.why(tx, seq, NOW)
    assert why is not None
    assert why.waits_for == "held for the owner: wait for me"
    async with writing(database) as tx:
        assert await store.release(tx, [seq, other], LATER) == (seq,)
    assert list(await store.claim(database, me, route, Lane.TRANSACTIONAL, 5, LATER)) == [seq]


async def test_retry_now_makes_a_waiting_message_due(database: Database):
    seq = await enqueues(database, not_before=LATER)
    held = await enqueues(database)
    me, route = await enlists(database)
    async with writing(database) as tx:
        await store.hold(tx, [held], "no")
        assert await store.retry_now(tx, [seq, held, 999], NOW) == (seq,)
    assert list(await store.claim(database, me, route, Lane.TRANSACTIONAL, 5, NOW)) == [seq]


async def test_withdraw_takes_back_what_waits_about_one_object(database: Database):
    order, another = Id("ord00000000000000000000000001"), Id("ord00000000000000000000000002")
    mine = [await enqueues(database, about=order) for _ in range(3)]
    other = await enqueues(database, about=another)
    me, route = await enlists(database)
    claims = await store.claim(database, me, route, Lane.TRANSACTIONAL, 2, NOW)
    assert await store.mark(database, me, mine[0], NOW, {})
    async with writing(database) as tx:
        assert await store.withdraw(tx, order, "cancelled", NOW) == tuple(mine[1:])
    assert set(claims) == set(mine[:2])
    assert not await store.mark(database, me, mine[1], NOW, {})
    assert (await message(database, mine[0])).status is DeliveryStatus.COMMITTING
    assert (await message(database, other)).status is DeliveryStatus.QUEUED
    withdrawn = await message(database, mine[2])
    assert (withdrawn.status, withdrawn.why) == (DeliveryStatus.WITHDRAWN, "cancelled")


async def test_withdraw_by_person_and_by_number(database: Database):
    ana, bea = await enqueues(database), await enqueues(database, "bea@example.net")
    async with writing(database) as tx:
        assert await store.withdraw(tx, None, "moved", NOW, recipient_key=key_of(ANA)) == (ana,)
        assert await store.withdraw(tx, None, "wrong words", NOW, seqs=[ana, bea]) == (bea,)


async def test_withdraw_never_takes_back_everything(database: Database):
    await enqueues(database)
    async with writing(database) as tx:
        with pytest.raises(ValueError, match="never takes back everything"):
            await store.withdraw(tx, None, "oops", NOW)


async def test_a_bounce_is_a_fact_learned_later(database: Database):
    seq = await enqueues(database)
    me, route = await enlists(database)
    await store.claim(database, me, route, Lane.TRANSACTIONAL, 1, NOW)
    async with writing(database) as tx:
        await store.settle(tx, me, seq, DeliveryStatus.ACCEPTED, why="250", now=NOW)
        assert await store.note_bounce(tx, seq, BounceClass.MAILBOX_FULL, LATER)
        assert not await store.note_bounce(tx, 999, BounceClass.MAILBOX_FULL, LATER)
    found = await message(database, seq)
    assert found.status is DeliveryStatus.ACCEPTED
    assert (found.bounce, found.bounced_at) == (BounceClass.MAILBOX_FULL, LATER)


# --- suppression ------------------------------------------------------------------------------------


async def test_suppressing_twice_is_one_entry_and_no_event(database: Database):
    (event,) = await suppresses(database)
    assert (event.address, event.scope, event.withdrawn) == (ANA, Scope.ALL, ())
    assert await suppresses(database) == ()
    async with reading(database) as tx:
        assert len(list(await tx.execute(select(suppression)))) == 1


async def test_a_scope_reaches_as_far_as_it_says(database: Database):
    await suppresses(database, Scope.MARKETING, SuppressionReason.COMPLAINT)
    async with reading(database) as tx:
        assert await store.is_suppressed(tx, key_of(ANA), now=NOW, scope=Scope.MARKETING)
        assert not await store.is_suppressed(tx, key_of(ANA), now=NOW)
        assert not await store.is_suppressed(tx, key_of("bea@example.net"), now=NOW, scope=Scope.MARKETING)
    await suppresses(database, Scope.ALL)
    async with reading(database) as tx:
        assert await store.is_suppressed(tx, key_of(ANA), now=NOW)
        assert await store.is_suppressed(tx, key_of(ANA), now=NOW, scope=Scope.MARKETING)


async def test_proof_of_life_lifts_a_dead_address_but_no_complaint(database: Database):
    await suppresses(database)
    await suppresses(database, Scope.MARKETING, SuppressionReason.COMPLAINT)
    async with writing(database) as tx:
        reasons = {SuppressionReason.DEAD_ADDRESS}
        assert await store.lift_suppression(tx, key_of(ANA), now=LATER, reasons=reasons) == 1
    async with reading(database) as tx:
        assert not await store.is_suppressed(tx, key_of(ANA), now=LATER)
        assert await store.is_suppressed(tx, key_of(ANA), now=LATER, scope=Scope.MARKETING)
    assert len(await suppresses(database, now=LATER)) == 1  # she is dead again: a new entry


async def test_an_entry_with_an_end_ends_and_may_come_again(database: Database):
    month = NOW + timedelta(days=30)
    await suppresses(database, Scope.MARKETING, SuppressionReason.BOUNCES, until=month)
    async with reading(database) as tx:
        assert await store.is_suppressed(tx, key_of(ANA), now=NOW, scope=Scope.MARKETING)
        assert not await store.is_suppressed(tx, key_of(ANA), now=month, scope=Scope.MARKETING)
    assert len(await suppresses(database, Scope.MARKETING, SuppressionReason.BOUNCES, now=month)) == 1


async def test_a_marked_message_is_left_to_its_worker(database: Database):
    seq = await enqueues(database)
    me, route = await enlists(database)
    await store.claim(database, me, route, Lane.TRANSACTIONAL, 1, NOW)
    await store.mark(database, me, seq, NOW, {})
    (event,) = await suppresses(database)
    assert event.withdrawn == ()
    async with writing(database) as tx:
        assert await store.settle(tx, me, seq, DeliveryStatus.ACCEPTED, why="250", now=NOW)


# --- why --------------------------------------------------------------------------------------------


async def test_why_says_what_a_message_waits_for(database: Database):
    due, later = await enqueues(database), await enqueues(database, not_before=LATER)
    async with reading(database) as tx:
        assert await store.why(tx, 999, NOW) is None
        now, then = await store.why(tx, due, NOW), await store.why(tx, later, NOW)
    assert now is not None
    assert then is not None
    assert (now.waits_for, now.gate) == ("due now", Go())
    assert then.waits_for == "due at 2026-11-20 13:00:00 UTC"
    await suppresses(database)
    async with reading(database) as tx:
        gone = await store.why(tx, due, NOW)
    assert gone is not None
    assert (gone.gate, gone.waits_for) == (None, "suppressed: dead_address")


async def test_why_shows_the_gates_objection(database: Database):
    await suppresses(database)
    seq = await enqueues(database)
    async with reading(database) as tx:
        why = await store.why(tx, seq, NOW)
    assert why is not None
    assert isinstance(why.gate, Stop)
    assert why.waits_for == "the gate says: this address must not be written to"


async def test_the_listing_narrows_and_is_oldest_first(database: Database):
    order = Id("ord00000000000000000000000001")
    first = await enqueues(database, about=order)
    second = await enqueues(database, "bea@example.net", purpose=Purpose.SERVICE)
    third = await enqueues(database, created_at=LATER)
    async with writing(database) as tx:
        await store.hold(tx, [second], "no")
        await store.withdraw(tx, None, "gone", NOW, seqs=[third])

    async def listed(**only: Any) -> list[int]:
        async with reading(database) as tx:
            return [waiting.message.seq for waiting in await store.listing(tx, store.Filter(**only))]

    assert await listed() == [first, second]
    assert await listed(status=DeliveryStatus.HELD) == [second]
    assert await listed(status=DeliveryStatus.WITHDRAWN) == [third]
    assert await listed(status=DeliveryStatus.CLOSED) == []
    assert await listed(lane=Lane.SERVICE) == [second]
    assert await listed(about=order) == [first]
    assert await listed(recipient_key=key_of("bea@example.net")) == [second]
    assert await listed(created_before=NOW) == []


async def test_figures_count_by_lane_and_status(database: Database):
    for _ in range(3):
        await enqueues(database)
    held = await enqueues(database, purpose=Purpose.SERVICE)
    async with writing(database) as tx:
        await store.hold(tx, [held], "no")
    async with reading(database) as tx:
        figures = await store.figures(tx)
    assert [(figure.lane, figure.status, figure.count) for figure in figures] == [
        (Lane.TRANSACTIONAL, DeliveryStatus.QUEUED, 3),
        (Lane.SERVICE, DeliveryStatus.HELD, 1),
    ]


# --- a law ------------------------------------------------------------------------------------------


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["claim", "mark", "accept", "defer", "doubt", *Move]), max_size=15))
async def test_whatever_happens_a_message_moves_only_as_the_table_says(sqlite: Database, acts: list[str]):
    """Every statement may be asked for at any time; the guards in the SQL let through what the table has."""
    seq = await enqueues(sqlite, recipient_key=new_id("key", NOW))
    me, route = await enlists(sqlite)
    before = DeliveryStatus.QUEUED
    for act in acts:
        await _do(sqlite, act, seq, me, route)
        async with reading(sqlite) as tx:
            final = await tx.scalar(select(outbound_message.c.status).where(outbound_message.c.seq == seq))
            row = await tx.scalar(select(outbox.c.status).where(outbox.c.seq == seq))
        assert (final == "open") is (row is not None)
        after = stands(str(final), row)
        assert after is before or after in _reachable(before)
        if before in FINAL and before is not DeliveryStatus.CLOSED:
            assert after is before
        before = after


def _reachable(status: DeliveryStatus) -> set[DeliveryStatus]:
    return {target for (source, _), target in DELIVERY.table.items() if source is status}


async def _do(db: Database, act: str, seq: int, me: store.Worker, route: int) -> None:
    if act == "claim":
        await store.claim(db, me, route, Lane.TRANSACTIONAL, 64, LATER)
    elif act == "mark":
        await store.mark(db, me, seq, NOW, {"k": NOW})
    else:
        async with writing(db) as tx:
            match act:
                case "accept" | "refuse":
                    marked = (
                        await tx.scalar(select(outbox.c.status).where(outbox.c.seq == seq)) == "committing"
                    )
                    if act == "refuse" or marked:
                        status = DeliveryStatus.ACCEPTED if act == "accept" else DeliveryStatus.REFUSED
                        await store.settle(tx, me, seq, status, why=act, now=NOW)
                case "defer" | "wait" | "abort" | "lose":
                    await store.put_back(tx, me, seq, NOW)
                case "doubt":
                    await store.reap(tx, me, (), NOW)
                case "resend" | "close":
                    await store.resolve_doubts(tx, LATER, resends=act == "resend")
                case "hold":
                    await store.hold(tx, [seq], "no")
                case "release":
                    await store.release(tx, [seq], NOW)
                case "retry":
                    await store.retry_now(tx, [seq], NOW)
                case "withdraw":
                    await store.withdraw(tx, None, "no", NOW, seqs=[seq])
                case "prove":
                    await store.prove(tx, seq, why="a report", now=NOW)
                case "expire":
                    await store.expire(tx, NOW + timedelta(days=9))
                case _:
                    pass
