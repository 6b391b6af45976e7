"""Who is who in the story, and its calendar."""

from datetime import UTC, datetime

DOMAIN = "bluedoor.example"
BEGIN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
OWNER = "priya@bluedoor-owner.example"
PLATFORM = "orders@platform.example"
CARRIER = "news@parcels.example"
ACME, NORTH = "sales@acme-pottery.example", "office@northwool.example"
ANA, BEN, CLARA = (
    "Ana Lopez <ana@example.net>",
    "Ben Okafor <ben@example.org>",
    "Clara Stein <clara@example.net>",
)
GINA = "Gina Wolf <gina@example.net>"
DAN, ERIN, FAY = "Dan Ito <dan@example.org>", "Erin Gray <erin@gone.example>", "Fay Novak <fay@example.com>"
TRACKING_ANA, TRACKING_BEN = "JD014600003828392837", "1Z999AA10123456784"

MAILBOX = "bluedoor@provider.example"  # the shop's old address, a mailbox at a provider


def at(day: int, hour: int) -> datetime:
    """An hour of a day of November 2026, in UTC (which is London's winter time)."""
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def address_of(person: str) -> str:
    """The address alone."""
    return person.rpartition("<")[2].rstrip(">")
