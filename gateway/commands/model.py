"""What the owner decides by a word of hers: held things as she sees them, and the effects of her word."""

from dataclasses import dataclass
from datetime import datetime

from gateway.kernel.decision import Effect
from gateway.kernel.ids import Id


@dataclass(frozen=True, slots=True)
class Held:
    """One thing the owner is asked about; `number` is what she calls it."""

    number: int
    stimulus_id: Id  # a mail of the journal, or a timer
    reason: str  # a word of commands/reason.py
    note: str  # what the decision says about this one
    held_at: datetime
    tell_at: datetime  # when she hears of it at the latest
    seq: int | None = None  # of the journal; None: no mail, but something the shop meant to do
    came_to: str = ""  # the local part, such as "orders"; of a timer its kind
    author: str = ""
    subject: str = ""
    level: int | None = None  # how well the author is proven; None: not at all
    size: int = 0  # octets of the mail
    told_at: datetime | None = None
    reminded_at: datetime | None = None
    decision: str = ""  # "released", "dropped"; empty while it waits
    decided_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.decided_at is None


# --- effects --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReleaseHeld(Effect):
    """Go on with it: its reason is waived, and the word of whoever says so counts as proof."""

    number: int
    by: str  # "mail" or "keyboard"


@dataclass(frozen=True, slots=True)
class DropHeld(Effect):
    """Nothing needs to be done with it, ever."""

    number: int
    by: str


@dataclass(frozen=True, slots=True)
class RestoreHeld(Effect):
    """It was dropped by mistake and waits again."""

    number: int
    by: str


@dataclass(frozen=True, slots=True)
class MarkAnswered(Effect):
    """The commands of this mail, which were asked back, are done: a second yes does nothing."""

    mail: Id


@dataclass(frozen=True, slots=True)
class MarkUndone(Effect):
    """The receipt of this mail of commands is taken back: it cannot be taken back again."""

    mail: Id


# --- what her answers are about -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """A letter that asked whether she meant it: which mail it was about, and what that mail said."""

    mail: Id
    text: str
    answered: bool  # it was done already


@dataclass(frozen=True, slots=True)
class Undoable:
    """A receipt that she takes back: what it did that has an inverse, and whether she did so before."""

    mail: Id
    dropped: tuple[int, ...]
    undone: bool
