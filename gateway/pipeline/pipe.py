"""The pipe: one stimulus in, one transaction out.

Facts are gathered in a snapshot, decided without the database, and applied in one transaction together with
the trace that explains them. A move that found the world changed (`Stale`) is gathered and decided again.
What failed three times is held with its traceback, the owner is told, and the queue goes on.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from time import perf_counter

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.commands.decide import Receipt
from gateway.commands.decide import decide as decide_commands
from gateway.commands.grammar import Line
from gateway.db.engine import Database, reading, writing
from gateway.kernel.clock import Clock
from gateway.kernel.decision import Decision, Disposition, Event, held
from gateway.kernel.errors import DatabaseUnavailable, InputError, Stale
from gateway.kernel.ids import Id, derived_id
from gateway.mail.envelope import Address, Envelope
from gateway.mail.forwarded import enclosed
from gateway.mail.guard import repaired
from gateway.mail.parsed import Forwarding, Parsed
from gateway.mail.verp import token_at
from gateway.pipeline import held as holding
from gateway.pipeline import ingest, journal, notice, replay, timers, trace
from gateway.pipeline.apply import Done, Hand
from gateway.pipeline.book import Book, mail_book, timer_book
from gateway.pipeline.command import Ear, world_for
from gateway.pipeline.decide import decide
from gateway.pipeline.gather import Facts, Shop, gather
from gateway.pipeline.journal import Entry
from gateway.pipeline.lifecycle import MailMove, MailState
from gateway.pipeline.limits import uncounted
from gateway.pipeline.remembered import columns, explaining
from gateway.pipeline.repeat import Repeat, duplicate, repeat_of
from gateway.pipeline.replay import Replayed
from gateway.pipeline.slices import Slices
from gateway.pipeline.stimulus import Ingested, MailArrived, Stimulus, TimerDue, WebAction

TRIES = 3
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one stimulus, and why."""

    stimulus: Stimulus
    decision: Decision
    done: tuple[Done, ...]
    facts: Facts | None  # of a mail
    took_ms: float


Observer = Callable[[Outcome], None]


class Pipe:
    """Runs stimuli, one after the other or side by side; the database keeps them apart."""

    def __init__(
        self,
        db: Database,
        shop: Shop,
        slices: Slices,
        clock: Clock,
        fetch: Callable[[str], Awaitable[bytes]],
        parse: Callable[[bytes], Awaitable[Parsed]],
    ) -> None:
        self._db = db
        self._shop = shop
        self._slices = slices
        self._clock = clock
        self._fetch = fetch  # large octets, by their SHA-256
        self._parse = parse  # in a place where a hostile mail can do no harm
        self._hand = Hand(slices.appliers, slices.reactions, shop.key)
        self._observers: list[Observer] = []

    def watch(self, observer: Observer) -> None:
        """Tell `observer` of every outcome, once it is durable."""
        self._observers.append(observer)

    async def mail(self, entry: Entry) -> Outcome:
        """Decide a mail of the journal and apply the decision; raises only DatabaseUnavailable."""
        return await self._survive(entry.envelope.id, lambda: self._mail(entry), mail_book(entry))

    async def timer(self, due: TimerDue) -> Outcome:
        """The same for a timer."""
        return await self._survive(due.id, lambda: self._timer(due), timer_book(due))

    async def ingest(self, brought: Ingested) -> Outcome:
        """The same for rows that were brought; InputError tells why nothing of them was taken."""
        for _ in range(TRIES):
            started = perf_counter()
            now = self._clock.now()
            decision = await self.rehearse(brought, now)
            try:
                async with writing(self._db) as tx:
                    done = await self._conclude(tx, brought, decision, now, started)
            except Stale:
                continue
            return self._finish(Outcome(brought, decision, done, None, _since(started)))
        raise Stale(f"{brought.source}: the shop changed meanwhile; bring it again")

    async def rehearse(self, brought: Ingested, now: datetime) -> Decision:
        """What the rows would do; InputError tells why nothing of them would be taken."""
        async with reading(self._db) as tx:
            known = await ingest.known(tx, brought)
        decision = self._slices.ingest[brought.kind](brought, known, now)
        if decision.disposition is Disposition.HANDLED:
            return decision
        raise InputError(brought.source, decision.note, "nothing was taken; correct it and bring it again")

    async def command(self, action: WebAction, lines: tuple[Line, ...], ear: Ear) -> Receipt:
        """Do the commands of somebody who sits at this machine; the receipt says what was done."""
        for _ in range(TRIES):
            started = perf_counter()
            now = self._clock.now()
            async with reading(self._db) as tx:
                world = await world_for(tx, lines, ear, now, by=action.by)
            decision, receipt = decide_commands(lines, world)
            try:
                async with writing(self._db) as tx:
                    done = await self._conclude(tx, action, decision, now, started)
            except Stale:
                continue
            self._finish(Outcome(action, decision, done, None, _since(started)))
            return receipt
        raise Stale("what is held changed meanwhile; look again")

    async def replay(self, entry: Entry, *, send: bool, dry_run: bool) -> Replayed:
        """Decide a mail of the past again; what cannot be decided is told, so that the next one follows."""
        try:
            return await self._replay(entry, send=send, dry_run=dry_run)
        except DatabaseUnavailable:
            raise
        except Exception as error:
            log.exception("replay.failed", stimulus=entry.envelope.id)
            return replay.failed(entry, error)

    async def settled(self, tx: AsyncConnection, events: Sequence[Event]) -> None:
        """What follows from deliveries that were settled, in the settling transaction."""
        for event in events:
            cause = derived_id("set", repr(event), self._clock.now().isoformat())
            await self._hand.react(tx, cause, (event,), self._clock.now())

    async def happened(self, event: Event) -> None:
        """What follows from something that happened outside every stimulus, in a transaction of its own."""
        async with writing(self._db) as tx:
            await self.settled(tx, (event,))

    # --- one try ------------------------------------------------------------------------------------------

    async def _mail(self, entry: Entry) -> Outcome:
        started = perf_counter()
        now = self._clock.now()
        arrived, repeat = await self._arrived(entry)
        repeated = repeat is not None and not repeat.unheard and not arrived.waived
        facts = None if repeated else await self._facts(arrived, now)
        decision = decide(facts, self._slices.mail) if facts else duplicate(repeat)
        async with writing(self._db) as tx:
            done = await self._conclude(tx, arrived, decision, now, started, facts)
            number = await self._hold(tx, arrived, decision, now, facts)
            about = columns(facts, self._shop)
            if repeat:
                about["duplicate_of"] = repeat.of
            about["auth"] = journal.auth_to_json(entry.envelope.auth)
            if number is not None:
                about["hold_number"] = number
            how = MailMove.REPEAT if repeated else _MOVE[decision.disposition]
            await journal.move(tx, arrived.id, how, now, reason=decision.reason or None, **about)
        return self._finish(Outcome(arrived, decision, done, facts, _since(started)))

    async def _arrived(self, entry: Entry) -> tuple[MailArrived, Repeat | None]:
        """The mail with its octets and what the owner has waived, and what it repeats."""
        large = entry.envelope.size > journal.LARGE
        spooled = await self._fetch(entry.envelope.sha256) if large else b""
        async with reading(self._db, brief=True) as tx:
            octets = spooled or await journal.octets_of(tx, entry.envelope.id) or b""
            waived = await holding.waived(tx, entry.envelope.id) if entry.hold_number else ()
            repeat = await repeat_of(tx, entry, octets, self._is_signed)
        envelope = entry.envelope
        if repeat and repeat.unheard:
            envelope = replace(envelope, forward_paths=repeat.unheard)
        return MailArrived(envelope, octets, entry.seq, waived), repeat

    def _is_signed(self, address: Address) -> bool:
        return token_at(self._shop.keys, address, self._shop.plan) is not None

    async def _facts(self, arrived: MailArrived, now: datetime) -> Facts:
        """What the mail says, read outside any transaction, and what the shop knows about it."""
        octets = repaired(arrived.octets)
        mail = await self._parse(_return_path(arrived.envelope) + octets)
        if octets is not arrived.octets:  # no SMTP client gets so far with them; a mailbox may hold such
            mail = replace(mail, defects=(*mail.defects, "line_ends"))
        inner = await self._attached(mail, octets)
        async with reading(self._db, brief=True) as tx:
            return await gather(tx, arrived, mail, self._shop, now, inner)

    async def _attached(self, mail: Parsed, octets: bytes) -> Parsed | None:
        """The mail that the owner attached to hers, read like any other; of others it is not asked."""
        is_attached = mail.forwarded is not None and mail.forwarded.shape is Forwarding.ATTACHED
        if not is_attached or (mail.identity or "").lower() not in self._shop.owner:
            return None
        found = await asyncio.to_thread(enclosed, octets)
        return await self._parse(found) if found else None

    async def _replay(self, entry: Entry, *, send: bool, dry_run: bool) -> Replayed:
        started = perf_counter()
        now = self._clock.now()
        arrived, _ = await self._arrived(entry)
        if not arrived.octets:
            return replay.forgotten(entry)
        facts = await self._facts(arrived, now)
        if entry.state == MailState.HANDLED:
            facts = replace(facts, limits=uncounted(facts.limits))
        decision = decide(facts, self._slices.mail)
        async with reading(self._db) as tx:
            planned = await replay.plan(tx, entry, decision, send=send, now=now)
        if dry_run or not planned.acts:
            return replay.told(planned, acted=False)
        hand = self._hand if send else replace(self._hand, leaves_out=replay.is_late)
        async with writing(self._db) as tx:
            done = await hand.apply(tx, arrived.id, decision, now)
            await trace.keep(tx, arrived.id, decision, done, explaining(facts), now, _since(started))
            await replay.settle(tx, planned, now)
        self._finish(Outcome(arrived, decision, done, facts, _since(started)))
        return replay.told(planned, acted=True)

    async def _timer(self, due: TimerDue) -> Outcome:
        started = perf_counter()
        now = self._clock.now()
        rule = self._slices.timers[due.kind]
        async with reading(self._db) as tx:
            known = await rule.load(tx, due.about)
        decision = rule.decide(known, now)
        async with writing(self._db) as tx:
            await timers.mark_fired(tx, due.id, now)
            done = await self._conclude(tx, due, decision, now, started)
            await self._hold(tx, due, decision, now, None)
        return self._finish(Outcome(due, decision, done, None, _since(started)))

    async def _conclude(
        self,
        tx: AsyncConnection,
        stimulus: Stimulus,
        decision: Decision,
        now: datetime,
        started: float,
        facts: Facts | None = None,
    ) -> tuple[Done, ...]:
        """Apply the decision and store why it was made."""
        done = await self._hand.apply(tx, stimulus.id, decision, now)
        await trace.keep(tx, stimulus.id, decision, done, explaining(facts), now, _since(started))
        return done

    async def _hold(
        self, tx: AsyncConnection, stimulus: Stimulus, decision: Decision, now: datetime, facts: Facts | None
    ) -> int | None:
        """The number under which it is held, if it is."""
        if decision.disposition is not Disposition.HELD:
            return None
        return await notice.hold(tx, stimulus, decision, facts, now, self._shop.calendar)

    def _finish(self, outcome: Outcome) -> Outcome:
        log.info(
            "decision.made",
            stimulus=outcome.stimulus.id,
            disposition=str(outcome.decision.disposition),
            rule=outcome.decision.because[0].rule if outcome.decision.because else "",
            reason=outcome.decision.reason,
            effects=[type(done.effect).__name__ for done in outcome.done],
            took_ms=round(outcome.took_ms, 1),
        )
        for observer in self._observers:
            observer(outcome)
        return outcome

    # --- three tries --------------------------------------------------------------------------------------

    async def _survive(self, stimulus_id: Id, run: Callable[[], Awaitable[Outcome]], book: Book) -> Outcome:
        """The outcome of up to three tries; after the third failure the stimulus is held."""
        while True:
            try:
                return await run()
            except DatabaseUnavailable:
                raise
            except Exception as error:
                if not isinstance(error, Stale):
                    log.exception("stimulus.failed", stimulus=stimulus_id)
                if given_up := await self._failed(stimulus_id, error, book):
                    return given_up

    async def _failed(self, stimulus_id: Id, error: Exception, book: Book) -> Outcome | None:
        """The end of a stimulus that has used up its tries; None if it has some left."""
        now = self._clock.now()
        async with writing(self._db) as tx:
            if await book.count(tx, stimulus_id) < TRIES:
                return None
            decision = held("pipe.failed", "pipeline/pipe.py", "failed", _excerpt(error))
            number = await self._hold(tx, book.stimulus, decision, now, None)
            await book.close(tx, stimulus_id, now, number)
        return self._finish(Outcome(book.stimulus, decision, (), None, 0.0))


def _return_path(envelope: Envelope) -> bytes:
    """What the final delivery of RFC 5321, 4.4 would have put on top; the null reverse-path is read there."""
    return f"Return-Path: <{envelope.reverse_path or ''}>\r\n".encode()


_MOVE = {
    Disposition.HANDLED: MailMove.HANDLE,
    Disposition.HELD: MailMove.HOLD,
    Disposition.DROPPED: MailMove.DROP,
}


def _excerpt(error: Exception) -> str:
    """The end of a traceback, for a letter."""
    return "".join(traceback.format_exception(error))[-1500:]


def _since(started: float) -> float:
    return (perf_counter() - started) * 1000
