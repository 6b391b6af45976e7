"""The worker over the journal: whatever waits is decided, however much of it there is."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, cast

from gateway.db.engine import Database, commit, reading, writing
from gateway.kernel.ids import new_id
from gateway.mail.envelope import Address, AuthResults, Envelope
from gateway.mail.envelope import Intake as Door
from gateway.pipeline import journal
from gateway.pipeline.intake import Intake
from gateway.pipeline.journal import Entry
from gateway.pipeline.lifecycle import MailMove
from gateway.pipeline.proofs import AT_ONCE
from gateway.testing.clock import ManualClock

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Knows:
    """A prover that knows at once."""

    async def admitted(self, envelope: Envelope, octets: bytes) -> Envelope:
        return envelope

    async def check(self, envelope: Envelope, octets: bytes) -> AuthResults:
        return AuthResults(checked=True)


class Handles:
    """A pipe that handles every mail."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def mail(self, entry: Entry) -> None:
        async with writing(self._db) as tx:
            await journal.move(tx, entry.envelope.id, MailMove.HANDLE, NOW)


def a_mail(number: int) -> tuple[Envelope, bytes]:
    octets = (
        f"From: Ana <ana{number}@example.net>\r\nMessage-ID: <{number}@example.net>\r\n\r\nx\r\n".encode()
    )
    envelope = Envelope(
        id=new_id("jrn", NOW),
        received_at=NOW + timedelta(seconds=number),
        via=Door.SMTP,
        reverse_path=Address(f"ana{number}@example.net"),
        forward_paths=(Address("orders@boutique.example"),),
        peer=None,
        sha256=sha256(octets).hexdigest(),
        size=len(octets),
    )
    return envelope, octets


async def nothing(*_: object) -> Any:
    raise AssertionError("no mail here is large")


async def test_what_a_crash_left_is_decided_before_what_came_since(sqlite: Database):
    """More is left over than is looked at together, and more has come meanwhile than is proven together."""
    left, since = AT_ONCE + 20, AT_ONCE + 20
    for number in range(left):
        await commit(sqlite, list(journal.accepting(*a_mail(number))))
    clock = ManualClock(NOW)
    intake = Intake(sqlite, cast("Any", Handles(sqlite)), clock, nothing, cast("Any", Knows()), nothing)
    for number in range(left, left + since):
        await intake.accept(*a_mail(number))
    running = asyncio.create_task(intake.worker.run())
    async with asyncio.timeout(60):
        while await waiting(sqlite):
            await asyncio.sleep(0.05)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await intake.close()


async def waiting(db: Database) -> int:
    async with reading(db) as tx:
        return len(await journal.waiting(tx, NOW, 10_000))
