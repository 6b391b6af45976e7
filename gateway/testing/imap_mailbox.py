"""What a fake IMAP server holds: mailboxes, and mails with UIDs and flags."""

from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class KeptMail:
    """One mail in a mailbox."""

    uid: int
    octets: bytes
    flags: set[str]
    received_at: datetime
    size: int | None = None  # what the server says of it, if that is a lie

    @property
    def told_size(self) -> int:
        return len(self.octets) if self.size is None else self.size

    @property
    def header(self) -> bytes:
        return self.octets.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"

    def field(self, name: str) -> bytes:
        """The lines of one field, as BODY[HEADER.FIELDS (name)] has them."""
        lines, found = self.header.split(b"\r\n"), bytearray()
        wanted = name.lower().encode() + b":"
        inside = False
        for line in lines:
            inside = (line.startswith((b" ", b"\t")) and inside) or line.lower().startswith(wanted)
            if inside:
                found += line + b"\r\n"
        return bytes(found) + b"\r\n"


@dataclass
class KeptMailbox:
    """A mailbox; `changed` counts what its watchers must be told of."""

    uid_validity: int = 1
    uid_next: int = 1
    mails: list[KeptMail] = field(default_factory=list[KeptMail])

    def append(self, octets: bytes, flags: set[str], received_at: datetime, size: int | None) -> int:
        mail = KeptMail(self.uid_next, octets, flags, received_at, size)
        self.mails.append(mail)
        self.uid_next += 1
        return mail.uid

    def renumber(self, uid_validity: int | None = None, first: int = 1) -> None:
        """Give every mail a new UID, as a server does that was restored from a copy."""
        self.uid_validity = uid_validity or self.uid_validity + 1
        for uid, mail in enumerate(self.mails, first):
            mail.uid = uid
        self.uid_next = first + len(self.mails)

    def chosen(self, spelled: str) -> list[KeptMail]:
        """The mails of a UID set such as `1,3:5,9:*`; `n:*` has the last one even if n is beyond it."""
        last = max((mail.uid for mail in self.mails), default=0)
        wanted: set[int] = set()
        for part in spelled.split(","):
            low, colon, high = part.partition(":")
            ends = sorted(last if end == "*" else int(end) for end in (low, high if colon else low))
            wanted.update(mail.uid for mail in self.mails if ends[0] <= mail.uid <= ends[1])
        return [mail for mail in self.mails if mail.uid in wanted]


NOON = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
