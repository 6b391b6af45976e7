"""What is old goes, in small batches; what waits, or proves a consent, stays."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, insert, select

from gateway.db import retention
from gateway.db.engine import Database, reading, writing
from gateway.db.retention import STEPS, Retention
from gateway.db.tables.mail import (
    applied,
    attempt,
    hold,
    journal,
    journal_octets,
    outbound_message,
    outbound_octets,
    outbox,
    timer,
    trace,
)
from gateway.db.tables.shop import consent
from gateway.kernel.ids import derived_id

NOW = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)
KEEP = Retention()


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


async def put(db: Database, table: Table, **values: Any) -> None:
    async with writing(db) as tx:
        await tx.execute(insert(table).values(**values))


async def a_mail(db: Database, name: str, state: str, days: float, **more: Any) -> str:
    """A mail that was settled (or came, if it waits) so many days ago."""
    journal_id = derived_id("jrn", name)
    values: dict[str, Any] = {
        "id": journal_id,
        "received_at": ago(days),
        "via": "smtp",
        "forward_paths": ["orders@shop.example"],
        "sha256": "0" * 64,
        "size": 5,
        "state": state,
        "attempts": 0,
        "settled_at": None if state == "received" else ago(days),
    }
    await put(db, journal, **(values | more))
    await put(db, journal_octets, journal_id=journal_id, octets=b"mail\n")
    return journal_id


async def run(db: Database, now: datetime = NOW, keep: Retention = KEEP) -> dict[str, int]:
    taken: dict[str, int] = {}
    for name, step in STEPS:
        async with writing(db) as tx:
            taken[name] = await step(tx, keep, now)
    return taken


async def rows(db: Database, table: Table, column: str) -> list[Any]:
    async with reading(db) as tx:
        return list(await tx.scalars(select(table.c[column]).order_by(table.c[column])))


@pytest.mark.parametrize(
    ("state", "kind", "days", "kept"),
    [
        ("handled", "Ordinary", 89, True),
        ("handled", "Ordinary", 91, False),
        ("handled", None, 91, False),
        ("handled", "DeliveryReport", 29, True),
        ("handled", "DeliveryReport", 31, False),
        ("handled", "Complaint", 31, False),
        ("handled", "AutoReply", 31, False),
        ("dropped", "Ordinary", 13, True),
        ("dropped", "Ordinary", 15, False),
        ("duplicate", None, 15, False),
        ("held", "Ordinary", 700, True),
        ("received", None, 700, True),
    ],
)
async def test_octets_go_by_age_and_kind_and_never_while_they_wait(
    sqlite: Database, state: str, kind: str | None, days: int, kept: bool
):
    journal_id = await a_mail(sqlite, "one", state, days, kind=kind)
    await run(sqlite)
    assert await rows(sqlite, journal_octets, "journal_id") == ([journal_id] if kept else [])
    (forgotten,) = await rows(sqlite, journal, "forgotten_at")
    assert (forgotten is None) is kept


async def test_everything_works_on_both_databases(database: Database):
    await a_mail(database, "old", "handled", 800)
    await a_mail(database, "held", "held", 800)
    taken = await run(database)
    assert (taken["mails"], taken["journal"]) == (1, 1)
    assert await rows(database, journal, "state") == ["held"]


async def test_a_mail_that_proves_a_consent_stays_three_years(sqlite: Database):
    journal_id = await a_mail(sqlite, "stop", "handled", 800)
    said = {
        "id": "con1",
        "address_key": "k",
        "channel": "mail",
        "purpose": "marketing",
        "granted": False,
        "source": "mail",
        "evidence_id": journal_id,
    }
    await put(sqlite, consent, **said, at=ago(800))
    assert (await run(sqlite))["mails"] == 0
    assert (await run(sqlite, NOW + timedelta(days=400)))["mails"] == 1


async def a_hold(db: Database, stimulus_id: str, days: float, **more: Any) -> None:
    at = ago(days)
    await put(
        db, hold, stimulus_id=stimulus_id, reason="no_rule", note="", held_at=at, **({"tell_at": at} | more)
    )


async def test_a_held_mail_is_announced_a_fortnight_before_it_goes(sqlite: Database):
    journal_id = await a_mail(sqlite, "held", "held", 165)
    await a_hold(sqlite, journal_id, 165)
    async with writing(sqlite) as tx:
        assert await retention.warn(tx, KEEP, NOW) == ()
    day = NOW + timedelta(days=2)
    async with writing(sqlite) as tx:
        assert await retention.warn(tx, KEEP, day) == (1,)
        assert await retention.warn(tx, KEEP, day) == ()  # told once
    assert (await run(sqlite, day + timedelta(days=13)))["held"] == 0
    assert (await run(sqlite, day + timedelta(days=14)))["held"] == 1
    assert await rows(sqlite, journal_octets, "journal_id") == []
    assert await rows(sqlite, journal, "state") == ["dropped"]
    assert await rows(sqlite, hold, "decision") == ["expired"]


async def test_a_held_mail_whose_owner_was_not_warned_stays_however_old(sqlite: Database):
    journal_id = await a_mail(sqlite, "held", "held", 999)
    await a_hold(sqlite, journal_id, 999)
    assert (await run(sqlite))["held"] == 0
    async with writing(sqlite) as tx:
        await retention.warn(tx, KEEP, NOW)
    assert (await run(sqlite, NOW + timedelta(days=1)))["held"] == 0


async def test_a_trace_stays_as_long_as_its_mail_is_held(sqlite: Database):
    for name in ("asked", "done"):
        await put(sqlite, trace, stimulus_id=name, at=ago(100), matches=[], took_ms=1)
    await put(sqlite, trace, stimulus_id="young", at=ago(80), matches=[], took_ms=1)
    await a_hold(sqlite, "asked", 100)
    assert (await run(sqlite))["traces"] == 1
    assert await rows(sqlite, trace, "stimulus_id") == ["asked", "young"]


async def a_message(db: Database, number: int, days: float | None) -> None:
    await put(
        db,
        outbound_message,
        seq=number,
        id=f"msg{number}",
        channel="mail",
        purpose="transactional",
        lane=0,
        template="orders/confirmed",
        recipient_key="k",
        on_doubt="resend",
        status="open" if days is None else "accepted",
        created_at=ago(999),
        expires_at=ago(990),
        settled_at=None if days is None else ago(days),
    )
    await put(db, outbound_octets, seq=number, octets=b"x")
    await put(
        db, attempt, seq=number, number=1, at=ago(999), route_id=1, phase="dot", outcome="replied"
    )  # fmt: skip
    if days is None:
        await put(db, outbox, seq=number, route_id=1, lane=0, due_at=ago(999), status="queued")


async def test_what_was_sent_loses_its_words_and_later_its_row_but_not_what_waits(sqlite: Database):
    for number, days in enumerate((89, 91, 731, None), 1):
        await a_message(sqlite, number, days)
    await run(sqlite)
    assert await rows(sqlite, outbound_octets, "seq") == [1, 4]
    assert await rows(sqlite, outbound_message, "seq") == [1, 2, 4]
    assert await rows(sqlite, attempt, "seq") == [1, 2, 4]


async def test_fired_timers_go_and_waiting_ones_do_not(sqlite: Database):
    for name, fired in (("old", ago(31)), ("young", ago(29)), ("waits", None)):
        await put(
            sqlite, timer, id=name, kind="x", about_id="y", due_at=ago(40), fired_at=fired, attempts=0
        )  # fmt: skip
    await put(sqlite, applied, id="eff1", stimulus_id="s", effect="X", at=ago(399))
    await put(sqlite, applied, id="eff2", stimulus_id="s", effect="X", at=ago(401))
    await run(sqlite)
    assert await rows(sqlite, timer, "id") == ["waits", "young"]
    assert await rows(sqlite, applied, "id") == ["eff1"]


async def test_one_batch_is_small(sqlite: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "CHUNK", 3)
    for number in range(7):
        await a_mail(sqlite, f"m{number}", "handled", 100 + number)
    assert [(await run(sqlite))["mails"] for _ in range(4)] == [3, 3, 1, 0]
