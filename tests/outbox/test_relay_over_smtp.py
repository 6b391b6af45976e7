"""Worker, smarthost and a real sink together; and what is left when the process is killed."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from gateway.db.engine import open_database, reading, writing
from gateway.db.tables.mail import outbound_message, outbox
from gateway.edges.smtp_out import Smarthost
from gateway.kernel.clock import SystemClock
from gateway.kernel.ids import new_id
from gateway.mail.draft import Purpose
from gateway.mail.envelope import Address
from gateway.outbox import store
from gateway.outbox.message import DeliveryDoubted, DeliveryRefused, DeliveryStatus, RouteSuspended
from gateway.outbox.relay import RelayConfig, Timeouts, Tls
from gateway.testing.sink import Moment, SmtpSink


@pytest.fixture
async def sink() -> AsyncIterator[SmtpSink]:
    async with SmtpSink() as sink:
        yield sink


@pytest.fixture
async def smtp_post(idle_post: Any, sink: SmtpSink) -> AsyncIterator[Any]:
    """An outbox whose worker speaks SMTP to the sink."""
    quick = Timeouts(connect=2, ehlo=1, envelope=1, data=1, body=1, dot=0.5)
    idle_post.config = RelayConfig("127.0.0.1", sink.port, Tls.OFF, connections=4, timeouts=quick)
    relay = Smarthost(idle_post.config)
    async with idle_post.working(relay):
        yield idle_post
    await relay.close()


@pytest.mark.covers("S0-IP1", "S2-IT2")
async def test_messages_arrive_once_each(smtp_post: Any, sink: SmtpSink):
    seqs = [await smtp_post.enqueues(f"{number}@example.net") for number in range(30)]
    await smtp_post.settles()
    assert {await smtp_post.status(seq) for seq in seqs} == {DeliveryStatus.ACCEPTED}
    assert set(sink.copies.values()) == {1}
    assert sink.taken == 30
    assert sink.connections <= 4
    assert sink.mails[0].reverse_path == f"bounce+{seqs[0]}@shop.example"


async def test_every_kind_of_answer_at_once_ends_each_message_in_its_own_way(smtp_post: Any, sink: SmtpSink):
    sink.answer(Moment.RCPT, "550 5.1.1 nobody", recipient="gone@example.net")
    sink.answer(Moment.RCPT, "451 4.3.0 later", recipient="later@example.net")
    sink.answer(Moment.DOT, "", recipient="doubt@example.net", cut=True)
    sink.answer(Moment.DATA, "garbage", recipient="garbage@example.net")
    names = ["gone", "later", "doubt", "garbage", "fine"]
    seqs = {name: await smtp_post.enqueues(f"{name}@example.net") for name in names}
    await smtp_post.settles()
    found = {name: await smtp_post.status(seq) for name, seq in seqs.items()}
    assert found == {
        "gone": DeliveryStatus.REFUSED,
        "later": DeliveryStatus.QUEUED,
        "doubt": DeliveryStatus.UNCERTAIN,
        "garbage": DeliveryStatus.ACCEPTED,  # the line was cut before the dot, so it went once more at once
        "fine": DeliveryStatus.ACCEPTED,
    }
    await smtp_post.lets_pass(seconds=20)
    assert await smtp_post.status(seqs["later"]) is DeliveryStatus.ACCEPTED
    assert await smtp_post.status(seqs["doubt"]) is DeliveryStatus.ACCEPTED
    copies = {recipient.partition("@")[0]: n for (_, recipient), n in sink.copies.items()}
    assert copies == {"later": 1, "doubt": 2, "garbage": 1, "fine": 1}
    assert len({mail.message_id for mail in sink.mails_to("doubt@example.net")}) == 1
    assert [event.seq for event in smtp_post.told(DeliveryRefused)] == [seqs["gone"]]
    assert [event.seq for event in smtp_post.told(DeliveryDoubted)] == [seqs["doubt"]]


async def test_a_silent_dot_is_a_doubt_and_the_others_go_on(smtp_post: Any, sink: SmtpSink):
    sink.answer(Moment.DOT, "", recipient="silent@example.net")
    silent = await smtp_post.enqueues("silent@example.net")
    others = [await smtp_post.enqueues(f"{number}@example.net") for number in range(10)]
    await smtp_post.settles()
    assert await smtp_post.status(silent) is DeliveryStatus.UNCERTAIN
    assert {await smtp_post.status(seq) for seq in others} == {DeliveryStatus.ACCEPTED}


async def test_a_sink_that_was_down_gets_everything_later(smtp_post: Any, sink: SmtpSink):
    await sink.close()
    seqs = [await smtp_post.enqueues(f"{number}@example.net") for number in range(5)]
    await smtp_post.settles()
    assert {await smtp_post.status(seq) for seq in seqs} == {DeliveryStatus.QUEUED}
    assert len(smtp_post.told(RouteSuspended)) == 1  # four connections at once are one trouble
    async with sink:
        await smtp_post.lets_pass(seconds=31)
        assert {await smtp_post.status(seq) for seq in seqs} == {DeliveryStatus.ACCEPTED}


# --- kill -9 ----------------------------------------------------------------------------------------

MESSAGES, KILLS = 500, 6
CHILD = Path(__file__).with_name("child.py")


@pytest.mark.covers("S4-NF-S3", "S4-NF-R2")
async def test_killed_again_and_again_it_loses_nothing_and_doubles_only_what_was_marked(
    shop_url: str, request: pytest.FixtureRequest
):
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    rng = random.Random(seed)
    suspects: set[int] = set()
    async with SmtpSink() as sink:
        sink.answer(Moment.DOT, "250 2.0.0 taken", delay=0.01, times=None)
        await fill(shop_url)
        for _ in range(KILLS):
            await relay_until_killed(shop_url, sink, rng)
            suspects |= await marked(shop_url)
        assert sink.taken < MESSAGES, "the kills came too late to show anything"
        doubted = await relay_the_rest(shop_url, sink)
        copies = {int(message_id.partition(".")[0]): n for (message_id, _), n in sink.copies.items()}

    assert set(copies) == set(range(1, MESSAGES + 1)), "lost"
    doubled = {seq for seq, n in copies.items() if n > 1}
    assert doubled <= suspects, "sent twice without a doubt that has a name"
    assert doubled <= doubted
    assert max(copies.values()) <= 2


async def fill(url: str) -> None:
    now = datetime.now(UTC)
    async with open_database(url) as db:
        for numbers in batched(range(MESSAGES), 50):
            async with writing(db) as tx:
                for number in numbers:
                    to = Address(f"customer{number}@example.net")
                    new = store.Enqueued(
                        new_id("msg", now), Purpose.TRANSACTIONAL, "orders/shipped", to, to, now
                    )
                    await store.enqueue(tx, new, words)


def words(seq: int) -> bytes:
    return b"Message-ID: <%d.x@shop.example>\r\n\r\nIt is on its way.\r\n" % seq


def batched(numbers: range, size: int) -> list[range]:
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]


async def relay_until_killed(url: str, sink: SmtpSink, rng: random.Random) -> None:
    """Let a child relay for a random while after its first message, then kill it."""
    before = sink.taken
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(CHILD), url, str(sink.port), stdout=asyncio.subprocess.DEVNULL
    )
    try:
        await sink.wait_for(before + 1, timeout=60)
        await asyncio.sleep(rng.uniform(0.0, 0.12))
    finally:
        child.kill()
        await child.wait()


async def marked(url: str) -> set[int]:
    async with open_database(url, read_only=True) as db, reading(db) as tx:
        return set(await tx.scalars(select(outbox.c.seq).where(outbox.c.status == "committing")))


async def relay_the_rest(url: str, sink: SmtpSink) -> set[int]:
    """Everything that is left, in this process and with a clock that does not wait; which were in doubt."""
    from gateway.outbox.relay import RelayWorker
    from gateway.testing.clock import ManualClock

    doubted: set[int] = set()

    async def tell(_tx: Any, events: Any) -> None:
        doubted.update(event.seq for event in events if isinstance(event, DeliveryDoubted))

    config = RelayConfig("127.0.0.1", sink.port, Tls.OFF, connections=8)
    clock, relay = ManualClock(SystemClock().now()), Smarthost(config)
    async with open_database(url) as db:
        async with reading(db) as tx:
            doubted.update(await tx.scalars(select(outbox.c.seq).where(outbox.c.status == "uncertain")))
        worker = RelayWorker(
            db,
            relay,
            lambda octets, _: octets,
            clock,
            random.Random(1),
            config,
            tell,
            reverse_path=lambda seq: Address(f"bounce+{seq}@shop.example"),
        )
        working = asyncio.create_task(worker.run())
        async with asyncio.timeout(60):
            await worker.idle()
            clock.advance(timedelta(seconds=30))
            await worker.idle()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await relay.close()
        async with reading(db) as tx:
            assert await tx.scalar(select(func.count()).select_from(outbox)) == 0
            statuses = select(outbound_message.c.status).distinct()
            assert set(await tx.scalars(statuses)) == {"accepted"}
    return doubted
