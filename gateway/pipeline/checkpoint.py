"""How far each mailbox has been read, who watches it, and where each of its mails went.

A mail's row by its UID and its journal row are one unit: after a crash either both are there or neither. So
even two watchers at once could not take a mail twice: the second unit fails. The cursor only says where to
begin to look.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import Unit, among, greatest, insert_new
from gateway.db.tables.mail import imap_cursor, imap_mail, imap_mailbox, journal
from gateway.kernel.ids import Id

SETTLED = ("handled", "dropped", "duplicate")  # what is held stays where the owner can see it
LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Place:
    """A mailbox of an account, by the names that the owner knows."""

    account: str
    mailbox: str

    def __str__(self) -> str:
        return f"{self.mailbox} of {self.account}"


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far one generation of UIDs has been read."""

    uid_validity: int
    uid: int
    since: datetime | None = None  # mails that came before are left alone
    anew: bool = False  # the UIDs are new, the mails may be known


@dataclass(frozen=True, slots=True)
class Health:
    """How a mailbox is doing, for whoever looks."""

    place: Place
    contact_at: datetime | None  # when the server last answered; None: never
    trouble: str
    since: datetime | None  # of the trouble; None: it is watched


# --- how far -----------------------------------------------------------------------------------------------

_INSERT_MAIL = insert(imap_mail)
_ADVANCE = (
    update(imap_cursor)
    .where(
        imap_cursor.c.account == bindparam("in_account"),
        imap_cursor.c.mailbox == bindparam("in_mailbox"),
        imap_cursor.c.uid_validity == bindparam("in_validity"),
    )
    .values(
        uid=greatest(imap_cursor.c.uid, bindparam("up_to", type_=imap_cursor.c.uid.type)),
        checked_at=bindparam("at", type_=imap_cursor.c.checked_at.type),
    )
)


async def cursor_of(tx: AsyncConnection, place: Place, uid_validity: int) -> Cursor | None:
    """Where reading goes on; None if this generation of UIDs has never been read."""
    found = await tx.execute(_of(place).where(imap_cursor.c.uid_validity == uid_validity))
    row = found.mappings().first()
    return Cursor(uid_validity, row["uid"], row["since"], row["anew"]) if row else None


async def is_known(tx: AsyncConnection, place: Place) -> bool:
    """Whether the mailbox has been read before, by whatever UIDs."""
    return (await tx.execute(_of(place).limit(1))).first() is not None


def beginning(place: Place, cursor: Cursor, now: datetime) -> Unit:
    """The first step into a generation of UIDs."""
    row = {
        "account": place.account,
        "mailbox": place.mailbox,
        "uid_validity": cursor.uid_validity,
        "uid": cursor.uid,
        "since": cursor.since,
        "anew": cursor.anew,
        "checked_at": now,
    }
    return ((insert_new(imap_cursor), row),)


def taking(place: Place, cursor: Cursor, uid: int, journal_id: Id, move_to: str) -> Unit:
    """The row of a mail that the journal has, or gets in the same unit."""
    row = {
        "account": place.account,
        "mailbox": place.mailbox,
        "uid_validity": cursor.uid_validity,
        "uid": uid,
        "journal_id": journal_id,
        "move_to": move_to or None,
    }
    return ((_INSERT_MAIL, row),)


def stepping(place: Place, cursor: Cursor, uid: int, now: datetime) -> Unit:
    """The step over everything up to `uid`."""
    step = {
        "in_account": place.account,
        "in_mailbox": place.mailbox,
        "in_validity": cursor.uid_validity,
        "up_to": uid,
        "at": now,
    }
    return ((_ADVANCE, step),)


async def taken(tx: AsyncConnection, place: Place, uid_validity: int, uids: Sequence[int]) -> frozenset[int]:
    """Those of these mails that the journal has."""
    found = await tx.scalars(
        select(imap_mail.c.uid).where(
            imap_mail.c.account == place.account,
            imap_mail.c.mailbox == place.mailbox,
            imap_mail.c.uid_validity == uid_validity,
            among(imap_mail.c.uid, uids),
        )
    )
    return frozenset(found)


async def known_mail(tx: AsyncConnection, message_id: str, size: int, since: datetime) -> Id | None:
    """The journal's mail of that Message-ID and size, if it has come lately."""
    if not message_id:
        return None
    found = await tx.execute(
        select(journal.c.id)
        .where(journal.c.key_id == message_id, journal.c.size == size, journal.c.received_at >= since)
        .order_by(journal.c.seq)
        .limit(1)
    )
    return found.scalar_one_or_none()


# --- afterwards --------------------------------------------------------------------------------------------


async def to_move(
    tx: AsyncConnection, place: Place, uid_validity: int, most: int = 50
) -> dict[str, list[int]]:
    """The UIDs of mails that are settled and shall lie elsewhere, ascending, by where."""
    found = await tx.execute(
        select(imap_mail.c.move_to, imap_mail.c.uid)
        .join(journal, journal.c.id == imap_mail.c.journal_id)
        .where(
            imap_mail.c.account == place.account,
            imap_mail.c.mailbox == place.mailbox,
            imap_mail.c.uid_validity == uid_validity,
            imap_mail.c.move_to.is_not(None),
            among(journal.c.state, SETTLED),
        )
        .order_by(imap_mail.c.uid)
        .limit(most)
    )
    by_target: dict[str, list[int]] = {}
    for target, uid in found:
        by_target.setdefault(target, []).append(uid)
    return by_target


def moved(place: Place, uid_validity: int, uids: Sequence[int], now: datetime) -> Unit:
    """They lie where they belong."""
    change = (
        update(imap_mail)
        .where(
            imap_mail.c.account == place.account,
            imap_mail.c.mailbox == place.mailbox,
            imap_mail.c.uid_validity == uid_validity,
            among(imap_mail.c.uid, uids),
        )
        .values(move_to=None, moved_at=now)
    )
    return ((change, None),)


# --- who watches, and how it goes --------------------------------------------------------------------------


async def take(tx: AsyncConnection, place: Place, holder: str, now: datetime, *, alone: bool) -> bool:
    """Whether `holder` watches the mailbox from now on; `alone`: nobody else can be alive."""
    await tx.execute(insert_new(imap_mailbox, {"account": place.account, "mailbox": place.mailbox}))
    free = or_(
        imap_mailbox.c.holder.is_(None), imap_mailbox.c.holder == holder, imap_mailbox.c.held_until < now
    )
    change = _mailbox(place).values(holder=holder, held_until=now + LEASE)
    taken = await tx.execute((change if alone else change.where(free)).returning(imap_mailbox.c.account))
    return taken.first() is not None


def renewing(place: Place, holder: str, contact_at: datetime | None, trouble: str, now: datetime) -> Unit:
    """Say that it is still watched; the unit returns no row to whom it was taken from."""
    since = imap_mailbox.c.trouble_since
    change = (
        _mailbox(place)
        .where(imap_mailbox.c.holder == holder)
        .values(
            held_until=now + LEASE,
            **({"contact_at": contact_at} if contact_at else {}),
            trouble=trouble or None,
            trouble_since=(since if trouble else None),
        )
        .returning(imap_mailbox.c.account)
    )
    began = _mailbox(place).where(imap_mailbox.c.holder == holder, since.is_(None)).values(trouble_since=now)
    return ((change, None), *(((began, None),) if trouble else ()))


def letting_go(place: Place, holder: str) -> Unit:
    """Nobody watches it any more."""
    change = _mailbox(place).where(imap_mailbox.c.holder == holder).values(holder=None, held_until=None)
    return ((change, None),)


async def health(tx: AsyncConnection) -> tuple[Health, ...]:
    """How every mailbox is doing that was ever watched."""
    found = await tx.execute(select(imap_mailbox).order_by(imap_mailbox.c.account, imap_mailbox.c.mailbox))
    return tuple(
        Health(
            Place(row["account"], row["mailbox"]),
            row["contact_at"],
            row["trouble"] or "",
            row["trouble_since"],
        )
        for row in found.mappings()
    )


def _of(place: Place):
    return select(imap_cursor).where(
        imap_cursor.c.account == place.account, imap_cursor.c.mailbox == place.mailbox
    )


def _mailbox(place: Place):
    return update(imap_mailbox).where(
        imap_mailbox.c.account == place.account, imap_mailbox.c.mailbox == place.mailbox
    )
