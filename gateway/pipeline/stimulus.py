"""What sets the pipe in motion. Whatever happens to the shop is one of these four."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.kernel.ids import Id
from gateway.mail.envelope import Envelope


@dataclass(frozen=True, slots=True)
class MailArrived:
    """An accepted mail with its octets; the stimulus id is the journal row's."""

    envelope: Envelope
    octets: bytes
    seq: int  # of the journal row
    waived: tuple[str, ...] = ()  # reasons for holding it that the owner has waived

    @property
    def id(self) -> Id:
        return self.envelope.id


@dataclass(frozen=True, slots=True)
class TimerDue:
    """A timer's moment has come."""

    id: Id
    kind: str
    about: Id
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Ingested:
    """Rows that a person or program brought: `kind` is orders, products, suppliers, customers or stock."""

    id: Id
    kind: str
    source: str
    rows: tuple[Mapping[str, str], ...]
    first: int = 2  # number of the first row in its file, under the line of headings


@dataclass(frozen=True, slots=True)
class WebAction:
    """Something pressed on a page or asked at the keyboard."""

    id: Id
    action: str
    about: Id
    by: str


Stimulus = MailArrived | TimerDue | Ingested | WebAction
