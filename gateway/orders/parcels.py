"""What carriers say about parcels: values read from markup or words, never acted upon here.

The words are tried from the gravest to the mildest, for a notice of a failed delivery talks of delivery too.
"""

from dataclasses import dataclass
from datetime import date, datetime

from gateway.mail.parsed import Parsed
from gateway.mail.pattern import Pattern, compile_pattern
from gateway.mail.schema_org import every, things
from gateway.orders.model import ShipmentMove as Move
from gateway.orders.numbers import order_numbers
from gateway.orders.tracking import tracking_numbers
from gateway.rules.extract import find_date


@dataclass(frozen=True, slots=True)
class ParcelNews:
    """What a carrier says about one parcel."""

    tracking_number: str
    carrier: str
    move: Move
    what: str  # in the carrier's words, one line
    at: datetime | None = None
    place: str = ""
    promised_on: date | None = None
    order_number: str = ""  # of the shop, if the carrier was told it


def _any(*phrases: str) -> Pattern:
    return compile_pattern(rf"\b(?:{'|'.join(phrases)})", ignore_case=True)


_SAYS: tuple[tuple[Move, Pattern], ...] = (
    (
        Move.LOSE,
        _any(r"(?:is|was|been|seems) lost", r"verloren gegangen", r"perdu\b", r"extraviad", r"smarrit"),
    ),
    (
        Move.SEND_BACK,
        _any(
            r"return(?:ed|ing)? to (?:the )?sender",
            r"sent back",
            r"zurück an (?:den )?absender",
            r"retour(?:né)? à l'expéditeur",
            r"devuelto al remitente",
            r"restituito al mittente",
        ),
    ),
    (
        Move.MEET_TROUBLE,
        _any(
            r"delay(?:ed)?\b",
            r"could not (?:be )?deliver",
            r"unable to deliver",
            r"delivery (?:attempt )?failed",
            r"failed delivery",
            r"exception\b",
            r"damaged",
            r"verspät\w*",
            r"verzöger\w*",
            r"nicht zugestellt",
            r"retardé",
            r"retraso",
            r"in ritardo",
        ),
    ),
    (
        Move.LOAD,
        _any(
            r"out for delivery",
            r"will be delivered today",
            r"in zustellung",
            r"wird heute zugestellt",
            r"en cours de livraison",
            r"en reparto",
            r"in consegna",
        ),
    ),
    (
        Move.HAND_OVER,
        _any(
            r"(?:has been|was|is) (?:successfully )?delivered",
            r"delivered\b",
            r"wurde (?:erfolgreich )?zugestellt",
            r"zugestellt\b",
            r"a été livré",
            r"entregado",
            r"consegnat[oa]",
            r"bezorgd",
        ),
    ),
    (
        Move.COLLECT,
        _any(
            r"collected",
            r"picked up",
            r"in transit",
            r"on (?:its|the) way",
            r"shipped",
            r"received by",
            r"unterwegs",
            r"abgeholt",
            r"en transit",
            r"en camino",
            r"in viaggio",
            r"onderweg",
        ),
    ),
)
_NEAR = (
    "new",
    "expected",
    "estimated",
    "arrive",
    "arrival",
    "delivery",
    "deliver",
    "by",
    "zustellung",
    "voraussichtlich",
    "livraison",
    "entrega",
    "consegna",
    "until",
)


def parcel_news(mail: Parsed, today: date) -> tuple[ParcelNews, ...]:
    """What a carrier's mail says, parcel by parcel; none if it names no parcel or says nothing we know."""
    words = f"{mail.subject}\n{mail.text}"
    said = _said(words)
    if said is None:
        return ()
    move, what = said
    foreseen = (
        find_date(words, today=today, near=_NEAR) if move in (Move.MEET_TROUBLE, Move.COLLECT) else None
    )
    numbers = order_numbers(words)
    number = numbers[0] if len(numbers) == 1 else ""
    read = {
        found.number: ParcelNews(found.number, found.carrier, move, what, mail.date, "", foreseen, number)
        for found in tracking_numbers(words)
    }
    for thing in every(things(mail.html), "ParcelDelivery"):
        if tracking := thing.text("trackingNumber"):
            read[tracking] = ParcelNews(
                tracking,
                thing.text("carrier") or thing.text("provider"),
                move,
                what,
                mail.date,
                promised_on=_day(thing.text("expectedArrivalUntil")) or foreseen,
                order_number=thing.text("partOfOrder", "orderNumber") or number,
            )
    return tuple(read.values())


def _said(words: str) -> tuple[Move, str] | None:
    """What the words report, and the line that reports it."""
    for move, pattern in _SAYS:
        if found := pattern.search(words):
            start = words.rfind("\n", 0, found.start()) + 1
            line = words[start:].partition("\n")[0]
            return move, " ".join(line.split())[:200]
    return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
