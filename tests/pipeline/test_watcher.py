"""The watcher over a scripted mailbox: what it takes, what it leaves, and how it comes back."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, select, update

from gateway.db.engine import Database, Unit, commit, reading, writing
from gateway.db.tables.mail import imap_cursor, imap_mailbox, journal
from gateway.kernel.decision import Event
from gateway.kernel.errors import DatabaseUnavailable
from gateway.mail.envelope import Address, Envelope
from gateway.pipeline.checkpoint import Place
from gateway.pipeline.collect import Watched
from gateway.pipeline.folder import LoginRefused
from gateway.pipeline.journal import accepting
from gateway.pipeline.mailbox import MailboxOpened, MailboxTroubled
from gateway.pipeline.watcher import RENEW, Watcher
from gateway.testing.clock import ManualClock
from gateway.testing.scripted_folder import ScriptedFolder

MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC)
PLACE = Place("shop at imap.example", "INBOX")


def a_mail(number: int = 1, words: str = "Hello") -> bytes:
    head = f"Return-Path: <ana@example.net>\r\nFrom: ana@example.net\r\nMessage-ID: <{number}@example.net>"
    return f"{head}\r\nSubject: Mail {number}\r\n\r\n{words}\r\n".encode()


class Desk:
    """A journal that can refuse, and what the owner was told."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.taken: list[Envelope] = []
        self.errors: list[Exception] = []
        self.told: list[Event] = []

    async def accept(self, envelope: Envelope, octets: bytes, also: Unit = ()) -> str:
        if self.errors:
            raise self.errors.pop(0)
        await commit(self.db, [*accepting(envelope, octets), *also])
        self.taken.append(envelope)
        return "kept"

    async def tell(self, event: Event) -> None:
        self.told.append(event)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MONDAY)


@pytest.fixture
def folder() -> ScriptedFolder:
    return ScriptedFolder()


@pytest.fixture
def desk(sqlite: Database) -> Desk:
    return Desk(sqlite)


Watching = Callable[..., Any]


@pytest.fixture
def watching(sqlite: Database, folder: ScriptedFolder, desk: Desk, clock: ManualClock) -> Watching:
    """A watcher at work; left, it has ended. What it was told by `Watched` may be given."""

    @asynccontextmanager
    async def watched(connect: ScriptedFolder = folder, **more: Any) -> AsyncIterator[Watcher]:
        settings = Watched(PLACE, (Address("shop@example.com"),), lambda _: False, **more)
        watcher = Watcher(settings, connect, sqlite, desk.accept, clock, desk.tell, rng=random.Random(1))
        task = asyncio.create_task(watcher.run())
        try:
            await watcher.rest()
            yield watcher
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return watched


async def turns(clock: ManualClock, watcher: Watcher, step: timedelta, times: int = 1) -> None:
    """Time goes by in steps, and after each one everybody has had his turn."""
    for _ in range(times):
        clock.advance(step)
        await asyncio.sleep(0.01)
        async with asyncio.timeout(60):
            await watcher.rest()


async def renewals(clock: ManualClock, db: Database, times: int) -> None:
    """The lease is renewed so many times, each of which is waited for."""
    for _ in range(times):
        async with asyncio.timeout(60):
            while not sleeps_until(clock, clock.now() + RENEW):
                await asyncio.sleep(0.002)
            clock.advance(RENEW)
            while (await rows(db, imap_mailbox))[0].held_until != clock.now() + timedelta(seconds=60):
                await asyncio.sleep(0.002)
        await asyncio.sleep(0.002)


def sleeps_until(clock: ManualClock, instant: datetime) -> bool:
    """Whether somebody does already: who comes to it after the clock was turned would sleep too long."""
    return any(at == instant and not woken.done() for at, _, woken in clock._sleepers)


async def looks(watcher: Watcher) -> None:
    watcher.ring()
    await watcher.rest()


async def rows(db: Database, table: Any) -> list[Row[Any]]:
    async with reading(db) as tx:
        return list(await tx.execute(select(table)))


async def settle(db: Database) -> None:
    async with writing(db) as tx:
        await tx.execute(update(journal).values(state="handled"))


# --- what is taken ----------------------------------------------------------------------------------------


async def test_what_was_there_before_is_left_alone_and_the_owner_hears_how_much(folder, desk, watching):
    folder.append(a_mail(1))
    folder.append(a_mail(2))
    async with watching() as watcher:
        assert not desk.taken
        assert desk.told == [MailboxOpened(str(PLACE), left_alone=2, taken=0)]
        folder.append(a_mail(3))
        await looks(watcher)
    assert [envelope.reverse_path for envelope in desk.taken] == ["ana@example.net"]
    assert [envelope.forward_paths for envelope in desk.taken] == [("shop@example.com",)]


async def test_the_first_start_may_take_the_last_seven_days(folder, desk, watching):
    folder.append(a_mail(1), received_at=MONDAY - timedelta(days=8))
    folder.append(a_mail(2), received_at=MONDAY - timedelta(days=6))
    folder.append(a_mail(3), received_at=MONDAY - timedelta(days=9))  # moved in from elsewhere
    async with watching(first="7d"):
        pass
    assert len(desk.taken) == 1
    assert folder.asked.count("fetch 2") == 1


async def test_news_is_taken_without_being_asked_for(folder, desk, watching):
    async with watching():
        folder.append(a_mail(1))
        for _ in range(100):
            await asyncio.sleep(0.005)
            if desk.taken:
                break
    assert len(desk.taken) == 1


async def test_the_last_uid_is_not_new_mail(folder, desk, watching):
    async with watching() as watcher:
        folder.append(a_mail(1))
        await looks(watcher)
        await looks(watcher)
        await looks(watcher)
    assert len(desk.taken) == 1
    assert folder.asked.count("fetch 1") == 1


async def test_five_thousand_waiting_mails_come_in_groups(folder, desk, watching):
    """Of groups, a fifth of them is enough to see."""
    async with watching() as watcher:
        for number in range(1000):
            folder.append(a_mail(number))
        await looks(watcher)
    assert len(desk.taken) == 1000
    groups = [asked for asked in folder.asked if asked.startswith("listing")]
    assert groups == ["listing 50"] * 20


async def test_an_oversized_mail_is_held_by_its_header(folder, desk, watching):
    async with watching(max_size=1000) as watcher:
        folder.append(a_mail(1, "a photo " * 1000))
        folder.append(a_mail(2))
        await looks(watcher)
    large, small = desk.taken
    assert (large.finding, small.finding) == ("too_large", "")
    assert large.size < 200
    assert "fetch 1" not in folder.asked


async def test_a_mail_that_cannot_be_had_is_held_by_its_header_and_stops_nobody(
    folder, desk, watching, clock
):
    async with watching() as watcher:
        folder.append(a_mail(1))
        folder.append(a_mail(2))
        folder.fails("fetch", times=3)
        watcher.ring()
        await turns(clock, watcher, timedelta(minutes=5), times=4)
    assert [envelope.finding for envelope in desk.taken] == ["unreadable", ""]


async def test_a_mail_with_no_header_either_is_held_by_its_place(folder, desk, watching, clock):
    async with watching() as watcher:
        folder.append(a_mail(1))
        folder.append(a_mail(2))
        folder.fails("fetch", times=3)
        folder.fails("fetch_header", times=3)
        watcher.ring()
        await turns(clock, watcher, timedelta(minutes=5), times=7)
    assert [(envelope.finding, envelope.size > 0) for envelope in desk.taken] == [
        ("unreadable", False),
        ("", True),
    ]


async def test_two_authors_are_held_as_forged(folder, desk, watching):
    async with watching() as watcher:
        folder.append(b"From: ana@example.net\r\nFr\0om: priya@owner.example\r\n\r\nShip it\r\n")
        await looks(watcher)
    assert desk.taken[0].finding == "forged"


# --- after a crash ----------------------------------------------------------------------------------------


async def test_a_crash_between_fetch_and_commit_fetches_again(folder, desk, watching, sqlite):
    async with watching():
        pass
    folder.append(a_mail(1))
    desk.errors = [DatabaseUnavailable("the power is gone")]
    async with watching():
        assert not desk.taken
    assert [row.uid for row in await rows(sqlite, imap_cursor)] == [0]
    async with watching():
        pass
    assert len(desk.taken) == 1
    assert [row.uid for row in await rows(sqlite, imap_cursor)] == [1]


async def test_a_crash_after_the_commit_fetches_nothing_again(folder, desk, watching, sqlite):
    async with watching() as watcher:
        folder.append(a_mail(1))
        await looks(watcher)
    async with watching():
        pass
    assert len(await rows(sqlite, journal)) == 1
    assert folder.asked.count("fetch 1") == 1


async def test_new_uidvalidity_handles_nothing_twice(folder, desk, watching):
    async with watching() as watcher:
        folder.append(a_mail(1))
        folder.append(a_mail(2))
        await looks(watcher)
    folder.box.renumber(first=100)
    folder.append(a_mail(3))
    async with watching():
        assert len(desk.taken) == 3
    assert [asked for asked in folder.asked if asked.startswith("fetch")] == [
        "fetch 1",
        "fetch 2",
        "fetch 102",
    ]


async def test_mails_with_new_numbers_that_nobody_knows_are_taken_if_they_are_young(folder, desk, watching):
    folder.append(a_mail(1), received_at=MONDAY - timedelta(days=31))
    folder.append(a_mail(2), received_at=MONDAY - timedelta(days=2))
    async with watching():
        assert not desk.taken
    folder.box.renumber()
    async with watching():
        pass
    assert folder.asked.count("fetch 2") == 1
    assert folder.asked.count("fetch 1") == 0


# --- afterwards -------------------------------------------------------------------------------------------


async def test_only_what_is_settled_is_moved(folder, desk, watching, sqlite):
    async with watching(move_to="Done") as watcher:
        folder.append(a_mail(1))
        await looks(watcher)
        assert not folder.elsewhere
        await settle(sqlite)
        await looks(watcher)
        assert [mail.uid for mail in folder.elsewhere["Done"]] == [1]


async def test_what_is_held_stays_in_its_place(folder, desk, watching, sqlite):
    async with watching(move_to="Done") as watcher:
        folder.append(a_mail(1))
        await looks(watcher)
        async with writing(sqlite) as tx:
            await tx.execute(update(journal).values(state="held"))
        await looks(watcher)
    assert not folder.elsewhere


async def test_a_crash_before_move_moves_later(folder, desk, watching, sqlite, clock):
    async with watching(move_to="Done") as watcher:
        folder.append(a_mail(1))
        await looks(watcher)
        await settle(sqlite)
        folder.fails("move")
        await looks(watcher)
        assert not folder.elsewhere
    async with watching(move_to="Done"):
        assert [mail.uid for mail in folder.elsewhere["Done"]] == [1]
    async with watching(move_to="Done"):
        pass
    assert folder.asked.count("move 1") == 2


async def test_a_server_that_cannot_move_goes_on_being_read(folder, desk, watching, sqlite):
    folder.can_move = False
    async with watching(move_to="Done") as watcher:
        folder.append(a_mail(1))
        await looks(watcher)
        await settle(sqlite)
        folder.append(a_mail(2))
        await looks(watcher)
    assert len(desk.taken) == 2
    assert len(folder.box.mails) == 2


# --- trouble ----------------------------------------------------------------------------------------------


async def test_a_refused_login_is_not_hammered(folder, desk, watching, clock):
    folder.fails("connect", LoginRefused("the password is wrong"), times=5)
    async with watching() as watcher:
        assert watcher.trouble == "the password is wrong"
        for _ in range(10):
            watcher.ring()
        await turns(clock, watcher, timedelta(minutes=1), times=14)
        assert folder.connections == 1
        assert desk.told == [
            MailboxTroubled(str(PLACE), "the password is wrong", MONDAY + timedelta(minutes=15))
        ]
        await turns(clock, watcher, timedelta(minutes=1), times=2)
        assert folder.connections == 2
        await turns(clock, watcher, timedelta(minutes=25))
        assert folder.connections == 2
        await turns(clock, watcher, timedelta(minutes=6))
        assert folder.connections == 3
        await turns(clock, watcher, timedelta(hours=9), times=3)
        assert watcher.trouble == ""
    assert len([event for event in desk.told if isinstance(event, MailboxTroubled)]) == 1


async def test_the_trouble_is_noted_where_the_owner_looks(folder, watching, sqlite, clock):
    folder.fails("connect", LoginRefused("the password is wrong"))
    async with watching() as watcher:
        (row,) = await rows(sqlite, imap_mailbox)
        assert (row.trouble, row.trouble_since) == ("the password is wrong", MONDAY)
        await turns(clock, watcher, timedelta(minutes=16))
        (row,) = await rows(sqlite, imap_mailbox)
        assert (row.trouble, row.trouble_since) == (None, None)


async def test_bye_reconnects_with_backoff(folder, desk, watching, clock):
    async with watching() as watcher:
        folder.fails("idle")
        folder.fails("connect", times=4)
        await looks(watcher)
        waits: list[float] = []
        for _ in range(4):
            before, waited = folder.connections, 0
            while folder.connections == before and waited < 100:
                await turns(clock, watcher, timedelta(seconds=0.25))
                waited += 1
            waits.append(waited * 0.25)
        assert max(waits) <= 16
        assert max(waits[2:]) > 1
        await turns(clock, watcher, timedelta(seconds=30))
        folder.append(a_mail(1))
        await looks(watcher)
    assert len(desk.taken) == 1


async def test_idle_that_breaks_thrice_in_an_hour_is_polled(folder, desk, watching, clock):
    async with watching() as watcher:
        folder.fails("idle", times=3)
        await looks(watcher)
        await turns(clock, watcher, timedelta(seconds=20), times=6)
        idled = folder.asked.count("idle")
        folder.append(a_mail(1))
        await turns(clock, watcher, timedelta(seconds=61))
        assert len(desk.taken) == 1
        assert folder.asked.count("idle") == idled


async def test_a_server_without_idle_is_polled_every_minute(folder, desk, watching, clock):
    folder.can_idle = False
    async with watching() as watcher:
        folder.append(a_mail(1))
        await turns(clock, watcher, timedelta(seconds=59))
        assert not desk.taken
        await turns(clock, watcher, timedelta(seconds=2))
    assert len(desk.taken) == 1
    assert "idle" not in folder.asked


async def test_a_silent_idle_is_found_in_twelve_minutes(folder, desk, watching, clock, sqlite):
    async with watching() as watcher:
        folder.deaf = True
        await looks(watcher)
        folder.append(a_mail(1))
        await renewals(clock, sqlite, 34)
        assert folder.connections == 1
        folder.deaf = False
        await renewals(clock, sqlite, 4)
        await watcher.rest()
        assert folder.connections == 2
    assert len(desk.taken) == 1


async def test_a_quarter_of_an_hour_without_contact_is_told_once(folder, desk, watching, clock, sqlite):
    async with watching() as watcher:
        folder.fails("idle")
        folder.fails("connect", times=1000)
        await looks(watcher)
        await renewals(clock, sqlite, 43)
        assert not [event for event in desk.told if isinstance(event, MailboxTroubled)]
        await renewals(clock, sqlite, 50)
    told = [event for event in desk.told if isinstance(event, MailboxTroubled)]
    assert [(event.why, event.again_at) for event in told] == [("lost at connect", None)]


async def test_a_defect_of_ours_ends_no_watcher(folder, desk, watching, clock):
    async with watching() as watcher:
        folder.fails("listing", RuntimeError("a defect"))
        folder.append(a_mail(1))
        watcher.ring()
        await turns(clock, watcher, timedelta(seconds=2), times=2)
    assert len(desk.taken) == 1


# --- one watcher ------------------------------------------------------------------------------------------


async def test_two_processes_one_watcher(folder, desk, watching, clock):
    async with watching() as first, watching() as second:
        assert (first.trouble, second.trouble) == ("", "another MailFlow watches it")
        folder.append(a_mail(1))
        await looks(first)
        await turns(clock, second, timedelta(seconds=20), times=6)
        assert folder.connections == 1
    assert len(desk.taken) == 1


async def test_the_second_goes_on_where_the_first_has_ended(folder, desk, watching, clock):
    async with watching() as second:
        pass
    async with watching() as second:
        folder.append(a_mail(1))
        await looks(second)
    assert len(desk.taken) == 1


async def test_who_loses_the_lease_drops_the_connection(folder, desk, watching, clock, sqlite):
    async with watching() as watcher:
        async with writing(sqlite) as tx:
            await tx.execute(
                update(imap_mailbox).values(holder="somebody else", held_until=MONDAY.replace(hour=12))
            )
        await turns(clock, watcher, timedelta(seconds=21))
        folder.append(a_mail(1))
        watcher.ring()
        await turns(clock, watcher, timedelta(seconds=21))
        assert watcher.trouble == "another MailFlow watches it"
    assert not desk.taken
