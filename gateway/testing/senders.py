"""The others of a story: people and firms whose domains sign their mail, and the zone that says so.

A domain that a story uses is given a DKIM key and a DMARC record when it first sends; an unknown one is left
out by `signed=False`, which is how forgers write. One key serves all domains, for making keys takes time.
"""

from datetime import datetime
from functools import cache

from gateway.mail.dkim import DkimKey, dns_record, generate_ed25519, load_key, sign
from gateway.mail.resolve import Record
from gateway.testing.zone import Zone

SELECTOR = "test"


@cache
def _pem() -> bytes:
    return generate_ed25519()


class Senders:
    """Whoever writes to the shop, with what DNS knows about them."""

    def __init__(self, zone: Zone | None = None) -> None:
        self.zone = zone or Zone()
        self._keys: dict[str, DkimKey] = {}

    def publishes(self, domain: str, *, policy: str = "reject") -> DkimKey:
        """The key of a domain that signs its mail and says so in DNS."""
        domain = domain.lower()
        if domain not in self._keys:
            key = self._keys[domain] = load_key(_pem(), SELECTOR, domain)
            name, value = dns_record(key)
            self.zone.add(name, Record.TXT, value)
            self.zone.add(f"_dmarc.{domain}", Record.TXT, f"v=DMARC1; p={policy}")
        return self._keys[domain]

    def signed(self, octets: bytes, domain: str, now: datetime) -> bytes:
        """The mail with the signature of a domain."""
        return sign(octets, (self.publishes(domain),), now)
