"""The port of a mailbox that lives elsewhere: what the watcher asks of IMAP, and how it goes wrong.

One Folder is one connection with one mailbox selected. On any surprise it raises and is not used again:
a connection is dropped, never repaired. `edges.imap` is the real one, `testing.scripted_folder` the other.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from gateway.kernel.errors import MailFlowError


class FolderLost(MailFlowError):
    """The server is away, silent, or says what cannot be; nothing is known to be wrong with our settings."""

    temporary = True

    def __init__(self, why: str, *, idle: bool = False) -> None:
        super().__init__(why)
        self.idle = idle  # it broke while nothing was asked but to be told of new mail


class LoginRefused(MailFlowError):
    """The server does not know us: user, password or token are wrong, and trying again does harm."""


class CannotMove(MailFlowError):
    """The server has no way to move a mail that leaves all others alone."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a server says when it opens a mailbox (RFC 3501, 6.3.1)."""

    uid_validity: int
    uid_next: int  # 0: it did not say
    exists: int  # mails in it


@dataclass(frozen=True, slots=True)
class Listed:
    """One mail, before it is fetched."""

    uid: int
    size: int  # octets, as the server believes
    received_at: datetime | None  # INTERNALDATE; None: unreadable
    message_id: str  # without angle brackets; "" if it has none


class Folder(Protocol):
    """A selected mailbox. Every method may raise FolderLost."""

    can_idle: bool

    async def select(self) -> Opened:
        """Open the mailbox; nothing is marked by that."""
        ...

    async def uids_above(self, uid: int) -> Sequence[int]:
        """The UIDs above `uid`, ascending."""
        ...

    async def uids_since(self, day: date) -> Sequence[int]:
        """The UIDs of mails that came on `day` or later, by the server's own calendar, ascending."""
        ...

    async def listing(self, uids: Sequence[int]) -> Sequence[Listed]:
        """What is known of these mails, ascending; those that are gone are missing."""
        ...

    async def fetch(self, uid: int, size: int) -> bytes | None:
        """The octets of a mail, which stays unread; None if it is gone. `size` says how long to wait."""
        ...

    async def fetch_header(self, uid: int) -> bytes | None:
        """Its header block alone."""
        ...

    async def move(self, uids: Sequence[int], target: str) -> None:
        """Move mails to another mailbox, which is made if it is missing; repeating it does no harm.

        CannotMove if that could not be done without touching other mails.
        """
        ...

    async def idle(self, woken: asyncio.Event) -> None:
        """Return when the server tells of something new, or soon after `woken` is set (RFC 2177)."""
        ...


class Connect(Protocol):
    """How a watcher gets at its mailbox: logged in when entered, gone when left.

    LoginRefused or FolderLost tell why not.
    """

    def __call__(self) -> AbstractAsyncContextManager[Folder]: ...
