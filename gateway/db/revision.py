"""Which revision of the tables this program was written for, and which a database has.

The service asks here and never imports Alembic, which costs 45 MB; a test holds the list to the migrations.
"""

from enum import Enum

from sqlalchemy import Column, MetaData, Table, Text, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.kernel.errors import MailFlowError

REVISIONS = ("0001",)  # oldest first; the last is ours
alembic_version = Table("alembic_version", MetaData(), Column("version_num", Text, primary_key=True))


class Standing(Enum):
    """How a database stands to this program."""

    EMPTY = "empty"  # no tables yet
    BEHIND = "behind"
    CURRENT = "current"


class TooNew(MailFlowError):
    """A later version of MailFlow wrote this database; only that one, or a later one, can read it."""


async def stored_revision(tx: AsyncConnection) -> str | None:
    """The revision of the tables; None if no migration has run."""
    if not await tx.run_sync(lambda connection: inspect(connection).has_table(alembic_version.name)):
        return None
    return (await tx.execute(select(alembic_version.c.version_num))).scalar_one_or_none()


def standing(stored: str | None) -> Standing:
    """What must be done about a stored revision; TooNew if nothing can be."""
    if stored is None:
        return Standing.EMPTY
    if stored not in REVISIONS:
        raise TooNew(
            f"the database has revision {stored}, this version of MailFlow knows {REVISIONS[-1]} at most: "
            "it was written by a later version; install that one again, or restore a copy made before it"
        )
    return Standing.CURRENT if stored == REVISIONS[-1] else Standing.BEHIND
