"""The mails about whose senders something is being found out: each in a task of its own, many at a time.

A mail whose domain has silent name servers costs five seconds of a task; the others are decided meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection

import structlog

from gateway.kernel.errors import DatabaseUnavailable
from gateway.mail.envelope import AuthResults, Envelope, Verdict
from gateway.pipeline.journal import LARGE, Entry
from gateway.pipeline.proof import Prover

AT_ONCE = 200  # mails
LARGE_AT_ONCE = 2  # mails whose octets are in the spool, up to 20 MiB each

log = structlog.get_logger()


class Proofs:
    """What was found out, by the number of the journal row, until the mail is decided."""

    def __init__(
        self, prover: Prover, octets: Callable[[Envelope], Awaitable[bytes]], found: Callable[[], None]
    ) -> None:
        self._prover = prover
        self._octets = octets
        self._found = found  # called when there is something new
        self._tasks: dict[int, asyncio.Task[AuthResults]] = {}
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)

    @property
    def busy(self) -> bool:
        """Whether anything is being found out, or was and is not used yet."""
        return bool(self._tasks)

    @property
    def full(self) -> bool:
        """Whether nothing more can be found out before something is used or forgotten."""
        return len(self._tasks) >= AT_ONCE

    def begin(self, seq: int, envelope: Envelope, octets: bytes | None = None) -> None:
        """Find out who sent a mail; `octets` if they are at hand."""
        if seq in self._tasks or self.full:
            return
        task = asyncio.create_task(self._prove(envelope, octets), name=f"proof {seq}")
        self._tasks[seq] = task
        task.add_done_callback(lambda _: self._found())

    def of(self, entry: Entry) -> AuthResults | None:
        """What was found out about a mail; None if that takes more time. Raises DatabaseUnavailable."""
        if entry.envelope.auth.checked:
            return entry.envelope.auth
        task = self._tasks.get(entry.seq)
        if task is None:
            self.begin(entry.seq, entry.envelope)
            return None
        if not task.done():
            return None
        del self._tasks[entry.seq]
        return task.result()

    def forget_others(self, seqs: Collection[int]) -> None:
        """Drop what was found out about mails that wait no more, or that others wait before."""
        for seq in [seq for seq, task in self._tasks.items() if task.done() and seq not in seqs]:
            del self._tasks[seq]

    async def close(self) -> None:
        """Stop asking; what was not found out yet is asked again after the next start."""
        tasks = tuple(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _prove(self, envelope: Envelope, octets: bytes | None) -> AuthResults:
        if octets is None and envelope.size > LARGE:
            async with self._large:
                return await self._fetched(envelope)
        return await (self._fetched(envelope) if octets is None else self._prover.check(envelope, octets))

    async def _fetched(self, envelope: Envelope) -> AuthResults:
        try:
            octets = await self._octets(envelope)
        except DatabaseUnavailable:
            raise
        except Exception:  # deciding will fail as well, and counts its tries
            log.exception("mail.not_proven", journal=envelope.id)
            return AuthResults(dmarc=Verdict.TEMPERROR, why="its octets were not to be had", checked=True)
        return await self._prover.check(envelope, octets)
