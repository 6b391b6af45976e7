"""The journal: every mail accepted, with its octets, in order, and what became of it.

The key of a mail has two parts: its Message-ID, and a hash over what was said (intake.md 6). A sender's
server that did not hear our 250 sends again; such a repeat is a duplicate, not a second order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

from sqlalchemy import RowMapping, Update, bindparam, func, insert, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import CONSTANT, Unit, among
from gateway.db.tables.mail import journal, journal_octets
from gateway.kernel.errors import Stale
from gateway.kernel.ids import Id
from gateway.mail.dkim import relaxed_body
from gateway.mail.envelope import Address, AuthResults, Envelope, Intake, Peer, Verdict
from gateway.mail.header import canonical
from gateway.pipeline.lifecycle import JOURNAL, MailMove

MEMORY = timedelta(days=30)  # how long a repeat is recognised
LARGE = 64 * 1024  # octets
UNDATED_MEMORY = timedelta(hours=24)  # for a mail with neither Message-ID nor Date
_SAID = (b"from", b"to", b"cc", b"subject", b"date", b"in-reply-to", b"references", b"content-type")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the journal, without its octets."""

    seq: int
    envelope: Envelope
    state: str
    attempts: int
    key_id: str
    key_content: str
    hold_number: int | None = None  # under which it was held last
    not_before: datetime | None = None  # it was put off until then


@dataclass(frozen=True, slots=True)
class Key:
    """What makes two mails the same: Message-ID without brackets ("" if it has none), and a content hash."""

    id: str
    content: str
    dated: bool


def key_of(octets: bytes) -> Key:
    """The key, from the fields that providers leave alone and the body, relaxed as in RFC 6376, 3.4."""
    head, _, body = canonical(octets).partition(b"\r\n\r\n")
    fields = _fields(head)
    said = (name + b":" + b" ".join(fields.get(name, b"").split()) for name in _SAID)
    digest = sha256(b"\n".join((*said, relaxed_body(body))))
    identifier = fields.get(b"message-id", b"").strip().strip(b"<>").decode("utf-8", "replace")
    identifier = identifier.replace("\0", "")  # which no SMTP client gets in, but a mailbox may hold
    return Key(identifier[:998], digest.hexdigest(), b"date" in fields)


def _fields(head: bytes) -> dict[bytes, bytes]:
    """The first field of each name, unfolded, by lower-case name."""
    found: dict[bytes, bytes] = {}
    for field in head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n"):
        name, colon, value = field.partition(b":")
        if colon:
            found.setdefault(name.strip().lower(), value)
    return found


def accepting(envelope: Envelope, octets: bytes) -> Unit:
    """The unit that makes a mail ours; its first result holds the row's seq.

    Large octets must be in the spool before: a file without a row is swept, a row without a file is a loss.
    """
    key = key_of(octets)
    row = {
        "id": envelope.id,
        "received_at": envelope.received_at,
        "via": envelope.via,
        "peer": _peer_to_json(envelope.peer),
        "reverse_path": envelope.reverse_path,
        "forward_paths": list(envelope.forward_paths),
        "auth": auth_to_json(envelope.auth),
        "sha256": envelope.sha256,
        "size": envelope.size,
        "key_id": key.id,
        "key_content": key.content,
        "finding": envelope.finding or None,
        "state": "received",
        "attempts": 0,
    }
    kept_here = ((_INSERT_OCTETS, {"journal_id": envelope.id, "octets": octets}),)
    return ((_INSERT, row), *(() if is_large(octets) else kept_here))


def is_large(octets: bytes) -> bool:
    """Whether a mail lies in the spool, not beside its row (store.md 9)."""
    return len(octets) > LARGE


_INSERT = insert(journal).returning(journal.c.seq).execution_options(**{CONSTANT: True})
_INSERT_OCTETS = insert(journal_octets).execution_options(**{CONSTANT: True})


async def waiting(tx: AsyncConnection, now: datetime, most: int = 50) -> tuple[Entry, ...]:
    """Mails not yet decided, the oldest first, without those that were put off until later."""
    is_due = journal.c.not_before.is_(None) | (journal.c.not_before <= now)
    found = await tx.execute(
        select(journal).where(journal.c.state == "received", is_due).order_by(journal.c.seq).limit(most)
    )
    return tuple(_entry(row) for row in found.mappings())


async def next_due(tx: AsyncConnection, now: datetime) -> datetime | None:
    """When, after `now`, the next mail that was put off is to be looked at again."""
    later = (journal.c.state == "received", journal.c.not_before > now)
    return await tx.scalar(select(func.min(journal.c.not_before)).where(*later))


async def put_off(tx: AsyncConnection, journal_id: Id, until: datetime) -> None:
    """Do not decide a mail before `until`."""
    await tx.execute(update(journal).where(journal.c.id == journal_id).values(not_before=until))


async def entry_by_id(tx: AsyncConnection, journal_id: Id) -> Entry | None:
    row = (await tx.execute(select(journal).where(journal.c.id == journal_id))).mappings().first()
    return _entry(row) if row else None


async def entry_by_seq(tx: AsyncConnection, seq: int) -> Entry | None:
    row = (await tx.execute(select(journal).where(journal.c.seq == seq))).mappings().first()
    return _entry(row) if row else None


async def came_since(tx: AsyncConnection, since: datetime, after: int, most: int = 100) -> tuple[Entry, ...]:
    """Mails that came at `since` or later, above the number `after`, in order."""
    found = await tx.execute(
        select(journal)
        .where(journal.c.seq > after, journal.c.received_at >= since)
        .order_by(journal.c.seq)
        .limit(most)
    )
    return tuple(_entry(row) for row in found.mappings())


async def octets_of(tx: AsyncConnection, journal_id: Id) -> bytes | None:
    """The mail exactly as it was received; None if it lies in the spool, or retention has dropped it."""
    return (await tx.execute(_OCTETS, {"mail": journal_id})).scalar_one_or_none()


_OCTETS = select(journal_octets.c.octets).where(journal_octets.c.journal_id == bindparam("mail"))


async def spooled(tx: AsyncConnection, hashes: Sequence[str]) -> frozenset[str]:
    """Which of these SHA-256 name the octets of a mail in the spool that are still to be kept."""
    is_spooled = journal.c.size > literal_column(str(LARGE))  # word for word as in the index
    found = await tx.scalars(
        select(journal.c.sha256).where(
            is_spooled, among(journal.c.sha256, hashes), journal.c.forgotten_at.is_(None)
        )
    )
    return frozenset(found)


async def move(tx: AsyncConnection, journal_id: Id, how: MailMove, now: datetime, **facts: Any) -> None:
    """What became of a mail; `facts` are other columns worth finding it by.

    Raises Stale if the mail does not stand where the table lets it move so.
    """
    (after,) = {state for (_, each), state in JOURNAL.table.items() if each == how}
    new = {"state": after, "settled_at": None if after is JOURNAL.initial else now, **facts}
    values = {f"new_{name}": value for name, value in new.items()}
    moved = await tx.execute(_moving(tuple(new)), values | {"mail": journal_id, "sources": _SOURCES[how]})
    if not moved.rowcount:
        raise Stale(f"mail {journal_id} cannot {how} any more")


@cache
def _moving(names: tuple[str, ...]) -> Update:
    """The statement that sets these columns of a mail that stands in one of some states."""
    return (
        update(journal)
        .where(journal.c.id == bindparam("mail"), among(journal.c.state, bindparam("sources")))
        .values({name: bindparam(f"new_{name}") for name in names})
    )


_SOURCES = {how: [state for state, each in JOURNAL.table if each == how] for how in MailMove}


async def count_attempt(tx: AsyncConnection, journal_id: Id) -> int:
    """The number of tries so far, this one included."""
    counted = await tx.execute(
        update(journal)
        .where(journal.c.id == journal_id)
        .values(attempts=journal.c.attempts + 1)
        .returning(journal.c.attempts)
    )
    return counted.scalar_one()


def _peer_to_json(peer: Peer | None) -> Mapping[str, Any] | None:
    return None if peer is None else {"ip": peer.ip, "helo": peer.helo, "tls": peer.tls}


def _entry(row: RowMapping) -> Entry:
    return Entry(
        seq=row["seq"],
        envelope=Envelope(
            id=row["id"],
            received_at=row["received_at"],
            via=Intake(row["via"]),
            reverse_path=row["reverse_path"],
            forward_paths=_addresses(row["forward_paths"]),
            peer=Peer(**row["peer"]) if row["peer"] else None,
            sha256=row["sha256"],
            size=row["size"],
            auth=_auth(row["auth"] or {}),
            finding=row["finding"] or "",
        ),
        state=row["state"],
        attempts=row["attempts"],
        key_id=row["key_id"] or "",
        key_content=row["key_content"] or "",
        hold_number=row["hold_number"],
        not_before=row["not_before"],
    )


def auth_to_json(auth: AuthResults) -> Mapping[str, Any]:
    """What was found out about the sender, as the column `auth` keeps it: without what says nothing."""
    return {name: value for name, unknown in _UNKNOWN if (value := getattr(auth, name)) != unknown}


_UNKNOWN = tuple(asdict(AuthResults()).items())


def _auth(kept: Mapping[str, Any]) -> AuthResults:
    verdicts = {name: Verdict(kept[name]) for name in ("spf", "dmarc") if name in kept}
    lists = {name: tuple(kept[name]) for name in ("dkim", "enclosed") if name in kept}
    known: dict[str, Any] = {**kept, **verdicts, **lists}
    return AuthResults(**known)


def _addresses(values: Sequence[str]) -> tuple[Address, ...]:
    return tuple(Address(value) for value in values)
