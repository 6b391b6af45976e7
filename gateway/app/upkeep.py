"""What is done now and then, whatever arrives: files that no mail needs are swept out of the spool.

A crash between the file and its journal row leaves such a file (intake.md, 4); its sender still has the mail.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import structlog

from gateway.db.engine import Database, reading
from gateway.edges.spool import Spool
from gateway.kernel.clock import Clock
from gateway.pipeline import journal
from gateway.pipeline.intake import Worker

SWEPT_EVERY = timedelta(hours=6)

log = structlog.get_logger()


def upkeep(db: Database, spool: Spool, clock: Clock) -> Worker:
    """The worker that sweeps at the start and then four times a day; trouble with the disk is for the log."""

    async def needed(hashes: Sequence[str]) -> Collection[str]:
        async with reading(db) as tx:
            return await journal.spooled(tx, hashes)

    async def sweep() -> datetime:
        now = clock.now()
        try:
            await spool.sweep(now, needed)
        except OSError as error:
            log.warning("spool.not_swept", error=str(error))
        return now + SWEPT_EVERY

    return Worker(sweep, clock)
