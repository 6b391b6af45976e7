"""The composition root: the one place that knows everybody.

`build` makes a Gateway from settings; the service, the demo, the command line and every scenario test enter
by this door. Tests pass another clock and another relay, never another path.
"""

import asyncio
import errno
import ipaddress
import os
import random
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from gateway.app.config import Config, CorrespondentConfig
from gateway.app.defaults import shipped_folder
from gateway.app.mailboxes import watchers
from gateway.app.published import signing_keys
from gateway.app.upkeep import forgetting, sweeping, upkeep, watching
from gateway.commands.authority import OwnerProof
from gateway.commands.decide import Receipt
from gateway.commands.grammar import read
from gateway.commands.verb import SYNONYMS
from gateway.db.engine import Database, open_database, reading
from gateway.edges import smtp_in
from gateway.edges.admission import ListenConfig
from gateway.edges.dns import asking
from gateway.edges.listener import Listener
from gateway.edges.parser import Parser
from gateway.edges.rcpt import Recipients
from gateway.edges.smtp_out import Smarthost
from gateway.edges.spool import Spool
from gateway.edges.watermark import Space, Watermark, measured
from gateway.feedback.model import FeedbackTerms
from gateway.kernel.calendar import ShopCalendar
from gateway.kernel.clock import Clock, SystemClock
from gateway.kernel.errors import InputError
from gateway.kernel.ids import Id, new_id
from gateway.kernel.tokens import Secrets, keyed_hash
from gateway.mail.address import canonical
from gateway.mail.dkim import sign
from gateway.mail.envelope import Address, Envelope
from gateway.mail.envelope import Intake as Door
from gateway.mail.resolve import Resolver
from gateway.mail.verp import AddressPlan, bounce_path, token_at
from gateway.orders.model import OrderTerms
from gateway.outbox.desk import Desk, Sender
from gateway.outbox.handover import Relay, RelayConfig, Tls
from gateway.outbox.relay import RelayWorker
from gateway.outbox.render import Templates
from gateway.pipeline import journal
from gateway.pipeline.command import Ear
from gateway.pipeline.gather import Correspondent, Shop
from gateway.pipeline.intake import Intake, Timers, Worker
from gateway.pipeline.pipe import Outcome, Pipe
from gateway.pipeline.proof import Prover
from gateway.pipeline.replay import REPLAYED, Replayed
from gateway.pipeline.slices import Terms, slices
from gateway.pipeline.stimulus import Ingested, WebAction
from gateway.pipeline.watcher import Watcher
from gateway.purchasing.model import PurchasingTerms

_OPENS: Mapping[int, str] = {
    errno.EADDRINUSE: "another program listens there",
    errno.EADDRNOTAVAIL: "this machine has no such address",
    errno.EACCES: "a port below 1024 needs a right, see systemd/README.md",
    errno.ENOENT: "make its folder",
}


@dataclass(frozen=True, slots=True)
class Gateway:
    """A shop that is open: what the service, the demo and the tests hold in their hands."""

    config: Config
    db: Database
    clock: Clock
    pipe: Pipe
    intake: Intake
    timers: Timers
    relay: RelayWorker
    upkeep: Worker
    listener: Listener | None
    lmtp: Listener | None = None  # for a mail server in front
    watchers: tuple[Watcher, ...] = ()

    async def run(self) -> None:
        """Do the work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.intake.worker.run(), name="intake")
            tasks.create_task(self.timers.worker.run(), name="timers")
            tasks.create_task(self.relay.run(), name="relay")
            tasks.create_task(self.upkeep.run(), name="upkeep")
            for watcher in self.watchers:
                tasks.create_task(watcher.run(), name=f"imap {watcher.place}")

    async def stop_listening(self) -> None:
        """Return when every mail that was being sent has been answered; nothing more comes in."""
        await asyncio.gather(*(each.close() for each in (self.listener, self.lmtp) if each))

    async def ingest(
        self, kind: str, source: str, rows: tuple[Mapping[str, str], ...], first: int = 2
    ) -> Outcome:
        """Take in rows that were brought; InputError says what is wrong with them."""
        stimulus = Ingested(new_id("ing", self.clock.now()), kind, source, rows, first)
        return await self.pipe.ingest(stimulus)

    async def rehearse(self, kind: str, source: str, rows: tuple[Mapping[str, str], ...], first: int) -> None:
        """Take in nothing; InputError says what is wrong with the rows."""
        now = self.clock.now()
        await self.pipe.rehearse(Ingested(new_id("ing", now), kind, source, rows, first), now)

    async def command(self, line: str, by: str) -> Receipt:
        """Do one line of commands for somebody at this machine."""
        words = {**SYNONYMS, **self.config.commands.words}
        action = WebAction(new_id("web", self.clock.now()), line, Id("shop"), by)
        ear = Ear(words, ShopCalendar(self.config.shop.zone))
        return await self.pipe.command(action, read(line, words), ear)

    async def replay(self, since: datetime, *, send: bool, dry_run: bool) -> tuple[Replayed, ...]:
        """Decide the mail that came since then again, in the order in which it came."""
        done: list[Replayed] = []
        after = 0
        while True:
            async with reading(self.db) as tx:
                entries = await journal.came_since(tx, since, after)
            done += [
                await self.pipe.replay(entry, send=send, dry_run=dry_run)
                for entry in entries
                if entry.state in REPLAYED
            ]
            if not entries:
                return tuple(done)
            after = entries[-1].seq

    async def settle(self) -> None:
        """Return when nothing is left to do now: every mail decided, every due timer and message seen.

        Mailboxes are looked into once more, but for those whose server is away or refuses us.
        """
        workers = (*self.watchers, self.intake.worker, self.timers.worker, self.upkeep)
        for worker in workers:
            worker.ring()
        while True:
            for worker in workers:
                await worker.rest()
            await self.relay.idle()
            if all(worker.rests for worker in workers):
                return


def _ignore(outcome: Outcome) -> None:
    """Nobody watches."""


@asynccontextmanager
async def build(
    config: Config,
    *,
    clock: Clock | None = None,
    relay: Relay | None = None,
    resolver: Resolver | None = None,
    rng: random.Random | None = None,
    observe: Callable[[Outcome], None] = _ignore,
    listen: bool = True,
    measure: Callable[[Path], Space] = measured,
) -> AsyncGenerator[Gateway]:
    """An open shop; leaving the block closes its listener first and its database last.

    The caller runs `Gateway.run` in a task of its own. InputError or OSError say what is missing.
    """
    clock = clock or SystemClock()
    keys = config.secrets.keys()
    shop = shop_of(config, keys)
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(open_database(config.store.address(), lock=config.lock))
        templates = Templates(config.templates, shipped_folder("templates"))
        desk = Desk(templates, _sender(config), shop.plan, shop.keys, shop.calendar.today)
        spool = Spool(config.data / "spool")
        trade = slices(_terms(config, shop.calendar), desk, spool.read)
        pipe = Pipe(db, shop, trade, clock, spool.read, Parser())
        dns = resolver or await stack.enter_async_context(asking(clock, config.dns.servers))
        prover = Prover(dns, shop, front=partial(_front, config))
        intake = Intake(db, pipe, clock, spool.keep, prover, spool.read)
        stack.push_async_callback(intake.close)
        timers = Timers(db, pipe, clock)
        relay_config = _relay_config(config)
        next_hop = relay or Smarthost(relay_config)
        stack.push_async_callback(next_hop.close)
        # RSA is signed last and so stands on top, where the simplest verifiers look (RFC 8463, section 3).
        dkim_keys = tuple(reversed(signing_keys(config.dkim, config.shop.domain)))
        worker = RelayWorker(
            db,
            next_hop,
            lambda octets, now: sign(octets, dkim_keys, now),
            clock,
            rng or random.Random(),  # noqa: S311 - jitter of retries, nothing secret
            relay_config,
            pipe.settled,
            reverse_path=lambda seq: bounce_path(shop.keys, seq, shop.plan, shop.calendar.today(clock.now())),
        )
        pipe.watch(lambda outcome: worker.wake() if outcome.done else None)
        pipe.watch(timers.heard)
        pipe.watch(lambda outcome: intake.worker.ring() if isinstance(outcome.stimulus, WebAction) else None)
        pipe.watch(observe)
        watermark = Watermark(config.data, clock, measure)
        watched = watchers(config, shop.plan, db, intake.accept, pipe.happened, clock, watermark.check)
        for watcher in watched:
            pipe.watch(watcher.heard)
        chores = (
            sweeping(db, spool),
            forgetting(db, config.retain.retention, shop.calendar, pipe.settled),
            watching(db, watermark, pipe.settled),
        )
        doors: list[Listener] = []
        for door in _doors(config) if listen else ():
            listening = smtp_in.listening(
                door,
                _recipients(shop),
                intake.accept,
                clock,
                room=watermark.check,
                spill_folder=spool.aside,
            )
            try:
                doors.append(await stack.enter_async_context(listening))
            except OSError as error:
                raise _shut(door, error) from error
        listener, lmtp = (*doors, None, None)[:2]
        yield Gateway(
            config, db, clock, pipe, intake, timers, worker, upkeep(chores, clock), listener, lmtp, watched
        )


def address_key(keys: Secrets) -> Callable[[str], str]:
    """The keyed hash of an address in its canonical form, as columns named *_key hold it."""
    return lambda address: keyed_hash(keys.recipients, canonical(Address(address)))


def shop_of(config: Config, keys: Secrets) -> Shop:
    """What the settings and keys say about the shop."""
    return Shop(
        plan=AddressPlan(
            config.shop.domain, config.shop.token_domain, config.shop.separator, config.shop.base
        ),
        keys=keys.tokens,
        key=address_key(keys),
        calendar=ShopCalendar(config.shop.zone),
        currency=config.shop.currency,
        owner=tuple(Address(address.lower()) for address in config.owner.addresses),
        mailboxes=frozenset(Address(one.lower()) for hosted in config.imap for one in hosted.addresses),
        owner_proof=OwnerProof(config.owner.proof),
        channels=_correspondents(config.channel),
        carriers=_correspondents(config.carrier),
        words=config.commands.words,
    )


def _correspondents(configured: tuple[CorrespondentConfig, ...]) -> tuple[Correspondent, ...]:
    return tuple(Correspondent(each.name, each.is_author) for each in configured)


def _sender(config: Config) -> Sender:
    return Sender(
        name=config.shop.name,
        email=Address(config.shop.email),
        address=config.shop.address,
        web=config.shop.web,
        owner=Address(config.owner.notify),
    )


def _terms(config: Config, calendar: ShopCalendar) -> Terms:
    return Terms(
        orders=OrderTerms(calendar, config.shop.currency, config.orders.promise_days),
        purchasing=PurchasingTerms(calendar, config.purchasing.answer_days, config.purchasing.remind_days),
        feedback=FeedbackTerms(calendar, config.feedback.ask_after_days),
    )


def _front(config: Config, envelope: Envelope) -> str:
    """The authserv-id of the mail server in front, if a mail came through it: by LMTP or its network."""
    if envelope.via is Door.LMTP:
        return config.listen.authserv_id
    if envelope.via is not Door.SMTP or envelope.peer is None or not envelope.peer.ip:
        return ""
    peer = ipaddress.ip_address(envelope.peer.ip.partition("%")[0])
    return config.listen.authserv_id if any(peer in each for each in config.listen.networks) else ""


def _recipients(shop: Shop) -> Recipients:
    return Recipients(
        domains=frozenset({shop.plan.domain}),
        token_domains=frozenset({shop.plan.token_domain}),
        base=shop.plan.base,
        verify=lambda address: token_at(shop.keys, address, shop.plan) is not None,
    )


def _doors(config: Config) -> Iterator[ListenConfig]:
    """Where mail comes in: by SMTP, and by LMTP if a mail server is in front."""
    listen = config.listen
    yield ListenConfig(
        host=listen.host,
        port=listen.port,
        hostname=listen.hostname,
        max_size=listen.max_size,
        certificate=listen.certificate,
        key=listen.key,
        trusted=listen.networks,
    )
    if listen.lmtp:
        host, colon, port = listen.lmtp.rpartition(":")
        yield ListenConfig(
            host=host.strip("[]"),
            port=int(port) if colon else 0,
            unix=None if colon else Path(listen.lmtp),
            hostname=listen.hostname,
            max_size=listen.max_size,
            lmtp=True,
        )


def _shut(door: ListenConfig, error: OSError) -> InputError:
    """Why nobody can come in by this door, and what opens it."""
    place = door.unix or f"port {door.port} of {door.host or 'every address'}"
    problem = f"{place} cannot be listened on: {os.strerror(error.errno) if error.errno else error}"
    return InputError(
        f"[listen] {'lmtp' if door.lmtp else 'port'}", problem, _OPENS.get(error.errno or 0, "")
    )


def _relay_config(config: Config) -> RelayConfig:
    relay = config.relay
    return RelayConfig(
        host=relay.smarthost,
        port=relay.port,
        tls=Tls(relay.tls),
        username=relay.username,
        password=relay.password() or "",
        local_hostname=relay.local_hostname,
        connections=relay.connections,
        rate=relay.limit,
    )
