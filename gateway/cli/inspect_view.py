"""A mail as we understand it, laid out for a person.

Nothing of the mail is taken for markup: it is put in as plain text, already free of controls.
"""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from gateway.cli.understood import KINDS, mailbox_text, orders, parcels, refusal
from gateway.mail.parsed import AutoReply, Complaint, DeliveryReport, Parsed
from gateway.orders.tracking import tracking_url

_MOST_LINES = 40  # of the new words; the rest is said in one line


def show(file: str, mail: Parsed) -> None:
    """Print one mail."""
    console = Console(highlight=False, soft_wrap=True)
    for line in _lines(file, mail):
        console.print(line)


def _lines(file: str, mail: Parsed) -> Iterator[Text]:
    yield Text(file, style="bold")
    for name, value in _facts(mail):
        yield Text.assemble((f"  {name:<10}  ", "dim"), value)
    words = mail.reply.splitlines()
    if words:
        yield Text("  new words", style="dim")
        yield from (Text(f"  | {line}".rstrip()) for line in words[:_MOST_LINES])
    if len(words) > _MOST_LINES:
        yield Text(f"  | ... and {len(words) - _MOST_LINES} lines more", style="dim")
    yield Text()


def _facts(mail: Parsed) -> Iterator[tuple[str, str]]:
    """Name and value of everything that is there to be told."""
    refused = refusal(mail)
    rows = (
        ("kind", KINDS[type(mail.kind)] + (f": {mail.kind_why}" if mail.kind_why else "")),
        ("answerable", "yes" if not refused else f"no: {refused}"),
        ("author", mailbox_text(mail.author)),
        ("to", ", ".join(map(mailbox_text, mail.to))),
        ("subject", mail.subject),
        ("date", mail.date.isoformat(sep=" ") if mail.date else ""),
        ("message", mail.message_id or ""),
        ("answers", " ".join(mail.in_reply_to or mail.references[-1:])),
        *_kind(mail),
        *(("parcel", f"{found.carrier} {found.number}  {tracking_url(found.carrier, found.number)}".strip())
          for found in parcels(mail)),
        ("orders", ", ".join(orders(mail))),
        *(("attached", f"{part.filename or '(no name)'}, {part.media_type}, {part.size} octets")
          for part in mail.attachments),
        *(("defect", defect) for defect in mail.defects),
    )  # fmt: skip
    yield from (row for row in rows if row[1])


def _kind(mail: Parsed) -> Iterator[tuple[str, str]]:
    """What only this kind of mail has to say."""
    match mail.kind:
        case DeliveryReport(recipients):
            for status in recipients:
                fate = "for good" if status.permanent else "for now"
                dead = ", the address is dead" if status.dead_address else ""
                said = f"{status.action} {status.status} {status.bounce}"
                yield "report", f"{status.recipient}: {said} ({fate}{dead})"
                yield "", status.diagnostic
        case Complaint(kind, recipient, message_id):
            yield "complaint", " ".join(part for part in (kind, recipient, message_id) if part)
        case AutoReply(back_on, alternate, gone):
            yield "back on", back_on.isoformat() if back_on else ""
            yield "instead", alternate
            yield "gone", "yes, for good" if gone else ""
        case _:
            return
