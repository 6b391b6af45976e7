"""What a sink and its sessions speak of: moments, lines of the script, mails that were taken."""

import asyncio
import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum


class Moment(StrEnum):
    """Where in the dialogue an answer is due; BODY is the first octet of a mail's content."""

    CONNECT = "connect"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"
    RSET = "rset"
    NOOP = "noop"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class SunkMail:
    """One mail that was taken: its envelope and its octets, dots of transparency removed."""

    reverse_path: str | None
    forward_paths: tuple[str, ...]
    octets: bytes
    helo: str
    tls: bool
    connection: int  # counted from 1
    acknowledged: bool  # a positive answer to the dot was sent, or is to be sent

    @property
    def message(self) -> EmailMessage:
        """The mail, read by the standard library."""
        return email.message_from_bytes(self.octets, policy=email.policy.default)

    @property
    def message_id(self) -> str:
        """The Message-ID without its angle brackets, or ""."""
        for line in self.octets.partition(b"\r\n\r\n")[0].split(b"\r\n"):
            if line[:11].lower() == b"message-id:":
                return line[11:].strip().strip(b"<>").decode("utf-8", "replace")
        return ""


@dataclass(slots=True)
class ScriptLine:
    """One line of the script; `times` counts down, None lasts for ever."""

    moment: Moment
    reply: str
    recipient: str | None
    times: int | None
    cut: bool
    delay: float
    until: asyncio.Event | None
    keep: bool | None
