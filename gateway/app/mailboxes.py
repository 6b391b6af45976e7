"""The hosted mailboxes of a shop, from its settings: one watcher for each."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from gateway.app.config import Config, ImapConfig
from gateway.db.engine import Database
from gateway.edges.imap import ImapAccount, connecting, verified
from gateway.kernel.clock import Clock
from gateway.kernel.decision import Event
from gateway.mail.envelope import Address
from gateway.mail.verp import AddressPlan
from gateway.pipeline.checkpoint import Place
from gateway.pipeline.collect import Accept, Watched
from gateway.pipeline.watcher import Logins, Watcher


def watchers(
    config: Config,
    plan: AddressPlan,
    db: Database,
    accept: Accept,
    tell: Callable[[Event], Awaitable[None]],
    clock: Clock,
    room: Callable[[], None],
) -> tuple[Watcher, ...]:
    """One for each mailbox; those of an account share its login, and all share the room for large mails."""
    one_large = asyncio.Lock()
    made: list[Watcher] = []
    for account in config.imap:
        logins, reached = Logins(), _reached(account, config.listen.max_size)
        for mailbox in account.mailboxes:
            watcher = Watcher(
                _watched(account, mailbox, plan, config.listen.max_size),
                connecting(reached, mailbox),
                db,
                accept,
                clock,
                tell,
                logins=logins,
                rng=random.Random(),  # noqa: S311 - jitter of reconnecting, nothing secret
                room=room,
                one_large=one_large,
                alone=config.lock is not None,
            )
            made.append(watcher)
    return tuple(made)


def _watched(account: ImapConfig, mailbox: str, plan: AddressPlan, max_size: int) -> Watched:
    ours = frozenset(address.lower() for address in account.addresses)
    domains = frozenset({plan.domain, plan.token_domain})
    return Watched(
        place=Place(account.account, mailbox),
        addresses=tuple(map(Address, account.addresses)),
        is_ours=lambda address: address.lower() in ours or address.rpartition("@")[2] in domains,
        move_to=account.target,
        first=account.first,
        max_size=max_size,
        authserv_id=account.authserv_id,
    )


def _reached(account: ImapConfig, max_size: int) -> ImapAccount:
    return ImapAccount(
        host=account.host,
        port=account.port,
        user=account.user,
        secret=account.secret,
        oauth=account.token_file is not None,
        tls=verified() if account.tls == "implicit" else None,
        max_size=max_size,
    )
