"""Whether a mail came before, and whether it still says something to somebody who has not heard it.

The key has two parts, Message-ID and content (intake.md 6). Both the same is a repeat, for 30 days; a carrier
that uses an id for two mails has sent two. Without an id the content alone decides, for 30 days if it names
its Date and for 24 hours if not: "yes" without either may well be said again on another day. A copy to two
roles of ours is one order; but a copy to a signed address that the first one did not go to is an answer of
its own, and is worked on for that address only.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.tables.mail import journal
from gateway.kernel.decision import Decision, dropped
from gateway.kernel.ids import Id
from gateway.mail.envelope import Address
from gateway.pipeline.journal import MEMORY, UNDATED_MEMORY, Entry, key_of
from gateway.pipeline.lifecycle import MailState


@dataclass(frozen=True, slots=True)
class Repeat:
    """The mail that this one repeats, and the signed addresses that only this one reached."""

    of: Id
    unheard: tuple[Address, ...] = ()


def duplicate(repeat: Repeat | None) -> Decision:
    """Nothing is done about a mail that came before."""
    note = f"the same mail came before as {repeat.of if repeat else 'another one'}"
    return dropped("pipe.duplicate", "pipeline/repeat.py:repeat_of", "duplicate", note)


async def repeat_of(
    tx: AsyncConnection, entry: Entry, octets: bytes, is_signed: Callable[[Address], bool]
) -> Repeat | None:
    """What the mail repeats; None if it is new. `is_signed`: whether an address carries a token of ours."""
    memory = MEMORY if entry.key_id or key_of(octets).dated else UNDATED_MEMORY
    known = {"content": entry.key_content, "identifier": entry.key_id, "this": entry.seq}
    first = (await tx.execute(_FIRST, known | {"since": entry.envelope.received_at - memory})).first()
    if first is None:
        return None
    heard = {*first.forward_paths, *await _heard_since(tx, first.id, entry)}
    paths = entry.envelope.forward_paths
    return Repeat(Id(first.id), tuple(path for path in paths if path not in heard and is_signed(path)))


_FIRST = (
    select(journal.c.id, journal.c.forward_paths)
    .where(
        journal.c.key_content == bindparam("content"),
        journal.c.key_id == bindparam("identifier"),
        journal.c.seq < bindparam("this"),
        journal.c.received_at >= bindparam("since"),
        journal.c.duplicate_of.is_(None),
    )
    .order_by(journal.c.seq)
    .limit(1)
)


async def _heard_since(tx: AsyncConnection, first: str, entry: Entry) -> set[str]:
    """The addresses for which earlier repeats were worked on."""
    found = await tx.scalars(
        select(journal.c.forward_paths).where(
            journal.c.key_content == entry.key_content,
            journal.c.key_id == entry.key_id,
            journal.c.duplicate_of == first,
            journal.c.state != MailState.DUPLICATE,
            journal.c.seq < entry.seq,
        )
    )
    return {path for paths in found for path in paths}
