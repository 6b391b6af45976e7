"""What is understood of a mail, as the JSON object that `mailflow inspect --json` prints.

Other programs rely on its keys: there may come more, none is renamed. What a mail does not say is null or
empty, never absent.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from gateway.mail.address import address
from gateway.mail.autoreply import why_not_answer
from gateway.mail.parsed import (
    AutoReply,
    Challenge,
    Complaint,
    DeliveryReport,
    Mailbox,
    Ordinary,
    Parsed,
    UnsubscribeRequest,
)
from gateway.mail.schema_org import every, things
from gateway.orders.numbers import order_numbers
from gateway.orders.tracking import TrackingNumber, tracking_numbers

KINDS: Mapping[type, str] = MappingProxyType(
    {
        DeliveryReport: "delivery_report",
        Complaint: "complaint",
        Challenge: "challenge",
        AutoReply: "auto_reply",
        UnsubscribeRequest: "unsubscribe",
        Ordinary: "ordinary",
    }
)


def understood(file: str, mail: Parsed) -> dict[str, Any]:
    """The object for one mail; `file` is where it was found."""
    return {
        "file": file,
        "kind": KINDS[type(mail.kind)],
        "answerable": refusal(mail) == "",
        "report": [
            {
                "recipient": status.recipient,
                "action": status.action,
                "status": status.status,
                "bounce_class": status.bounce,
                "permanent": status.permanent,
                "dead_address": status.dead_address,
                "diagnostic": status.diagnostic,
            }
            for status in (mail.kind.recipients if isinstance(mail.kind, DeliveryReport) else ())
        ],
        "complaint": _complaint(mail),
        "author": {"name": mail.author.name, "address": mail.author.address} if mail.author else None,
        "to": [mailbox.address for mailbox in mail.to],
        "subject": mail.subject,
        "date": mail.date.isoformat() if mail.date else None,
        "message_id": mail.message_id,
        "in_reply_to": list(mail.in_reply_to),
        "references": list(mail.references),
        "text": mail.text,
        "reply": mail.reply,
        "attachments": [
            {"filename": part.filename, "media_type": part.media_type, "size": part.size}
            for part in mail.attachments
        ],
        "tracking_numbers": [{"carrier": found.carrier, "number": found.number} for found in parcels(mail)],
        "order_numbers": list(orders(mail)),
        "defects": list(mail.defects),
    }


def parcels(mail: Parsed) -> tuple[TrackingNumber, ...]:
    """The parcels that a mail names, in its markup (schema.org ParcelDelivery) or in words, each once."""
    found = {each.number: each for each in _marked_parcels(mail)}
    for each in tracking_numbers(_words(mail)):
        found.setdefault(each.number, each)
    return tuple(found.values())


def orders(mail: Parsed) -> tuple[str, ...]:
    """The numbers of orders that a mail names, in its markup (schema.org Order) or in words, each once."""
    marked = [thing.text("orderNumber") for thing in every(things(mail.html), "Order")]
    return tuple(dict.fromkeys(number for number in (*marked, *order_numbers(_words(mail))) if number))


def refusal(mail: Parsed) -> str:
    """Why no automatic answer may go out (RFC 3834); empty if one may.

    What one file cannot tell does not count against it: an absent Return-Path, and which addresses are ours.
    """
    path = address(mail.headers.get("Return-Path").strip().strip("<>"))
    refused = why_not_answer(mail, reverse_path=path, reverse_path_known=path is not None)
    return refused.reason if refused else ""


def mailbox_text(mailbox: Mailbox | None) -> str:
    """A mailbox for a person to read."""
    if mailbox is None:
        return ""
    return f"{mailbox.name} <{mailbox.address}>" if mailbox.name else mailbox.address


def _complaint(mail: Parsed) -> dict[str, Any] | None:
    if not isinstance(mail.kind, Complaint):
        return None
    return {
        "type": mail.kind.type,
        "recipient": mail.kind.recipient,
        "message_id": mail.kind.message_id,
    }


def _words(mail: Parsed) -> str:
    return f"{mail.subject}\n\n{mail.text}"


def _marked_parcels(mail: Parsed) -> Iterator[TrackingNumber]:
    for thing in every(things(mail.html), "ParcelDelivery"):
        if number := thing.text("trackingNumber"):
            carrier = thing.text("carrier") or thing.text("provider")
            yield TrackingNumber(carrier, "".join(number.split()).upper())
