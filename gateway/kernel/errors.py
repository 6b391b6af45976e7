"""One root for every error we raise, and whose turn it is next.

`temporary` means that trying again later may work; the SMTP edge answers 4xx for it and 5xx for the rest
(the habit of maddy). The text is for a person: what went wrong, with which thing, and how to help.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class SmtpReply:
    """One SMTP reply: code (RFC 5321 4.2), enhanced status (RFC 3463, or "" when absent) and text."""

    code: int
    enhanced: str
    text: str

    @property
    def positive(self) -> bool:
        return 200 <= self.code < 300

    @property
    def temporary(self) -> bool:
        return 400 <= self.code < 500

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code), self.enhanced, self.text) if part)


class MailFlowError(Exception):
    """The root; its text can be shown to the owner as it is."""

    temporary: ClassVar[bool] = False
    reply: ClassVar[SmtpReply] = SmtpReply(554, "5.3.0", "this mail could not be accepted")


class SpoolFull(MailFlowError):
    """The disk is too full to promise anything; the sender's server will try again."""

    temporary = True
    reply = SmtpReply(452, "4.3.1", "insufficient system storage, please try later")


class DatabaseUnavailable(MailFlowError):
    """The database could not promise anything; nothing of the unit of work was kept."""

    temporary = True
    reply = SmtpReply(451, "4.3.0", "temporary trouble here, please try later")


class Stale(MailFlowError):
    """A guarded move found another status than the one it was decided on: gather and decide again."""

    temporary = True


class InputError(MailFlowError):
    """Something that a person wrote cannot be used; says where it stands and what would be right."""

    def __init__(self, where: str, problem: str, remedy: str = "") -> None:
        super().__init__(f"{where}: {problem}" + (f"; {remedy}" if remedy else ""))
        self.where, self.problem, self.remedy = where, problem, remedy
