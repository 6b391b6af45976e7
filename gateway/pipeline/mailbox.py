"""What happens to a mailbox that lives elsewhere, and what the owner is told of it."""

from dataclasses import dataclass
from datetime import datetime

from gateway.kernel.decision import Effect, Event
from gateway.outbox.message import Tell


@dataclass(frozen=True, slots=True)
class MailboxOpened(Event):
    """A mailbox is read for the first time."""

    name: str
    left_alone: int  # mails that were there before and are not looked at
    taken: int  # mails of the last days that are


@dataclass(frozen=True, slots=True)
class MailboxTroubled(Event):
    """Mail cannot be fetched, and waiting may not mend it."""

    name: str
    why: str
    again_at: datetime | None  # None: it is tried all the time


def on_opened(event: MailboxOpened, _: None, now: datetime) -> tuple[Effect, ...]:
    """The owner hears that what lay there before is hers to read."""
    if not event.left_alone:
        return ()
    context = {"mailbox": event.name, "left_alone": event.left_alone, "taken": event.taken}
    return (Tell("owner/mailbox_opened", context),)


def on_troubled(event: MailboxTroubled, _: None, now: datetime) -> tuple[Effect, ...]:
    """The owner hears it once, by the mail that still goes out."""
    context = {"mailbox": event.name, "why": event.why, "again_at": event.again_at}
    return (Tell("owner/mailbox_trouble", context),)
