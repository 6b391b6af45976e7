"""What a shop publishes in DNS, so that its mail arrives and is believed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.app.config import Config, DkimConfig, RelayConfig
from gateway.app.setting import ip
from gateway.kernel.errors import InputError
from gateway.mail.dkim import ED25519, REMEDY, RSA, DkimKey, dns_record, load_key

_STRING = 255  # octets of one character-string of a TXT record (RFC 1035, 3.3)


@dataclass(frozen=True, slots=True)
class Record:
    """One DNS record; `value` is as a zone file has it, but for the quotes of a TXT."""

    name: str
    type: str
    value: str
    why: str

    def line(self) -> str:
        """The record as a line of a zone file; a long TXT in strings of 255 octets."""
        value = " ".join(map(_quoted, _strings(self.value))) if self.type == "TXT" else self.value
        return f"{self.name}. IN {self.type} {value}"


def signing_keys(dkim: DkimConfig, domain: str) -> tuple[DkimKey, ...]:
    """The keys that the settings name; InputError for a file that cannot be read or used."""
    files = ((dkim.key_rsa, dkim.selector_rsa, RSA), (dkim.key_ed25519, dkim.selector_ed25519, ED25519))
    return tuple(_key(file, selector, kind, domain) for file, selector, kind in files if file is not None)


def records(config: Config, keys: Iterable[DkimKey]) -> Iterator[Record]:
    """The records for a shop: where its mail goes to, who may send for it, how that is proved.

    With a token domain of its own, the main domain's MX and SPF stay as they are: answers and bounces come to
    the token domain, which is also the reverse-path that SPF looks at.
    """
    shop, host = config.shop, config.listen.hostname
    yield Record(host, "A", "ADDRESS", "the IP address of this machine; AAAA likewise, if it has IPv6")
    yield Record(shop.token_domain, "MX", f"10 {host}.", "mail for the shop comes to this machine")
    sends = f"v=spf1 mx{_mechanism(config.relay)} ~all"
    yield Record(shop.token_domain, "TXT", sends, "SPF: who sends for it; ask your provider for its own")
    for key in keys:
        name, value = dns_record(key)
        yield Record(name, "TXT", value, f"DKIM: how our signatures are checked ({key.algorithm})")
    report = f"v=DMARC1; p=none; rua=mailto:postmaster@{shop.domain}"
    yield Record(f"_dmarc.{shop.domain}", "TXT", report, "DMARC: p=quarantine once its reports are clean")


def _key(file: Path, selector: str, kind: str, domain: str) -> DkimKey:
    key = load_key(_octets(file), domain=domain, selector=selector, where=str(file))
    if key.algorithm != kind:
        raise InputError(str(file), f"is a key of the kind {key.algorithm}", f"here stands one of {kind}")
    return key


def _mechanism(relay: RelayConfig) -> str:
    """The smarthost in SPF's words (RFC 7208, 5); one on this machine is the MX already."""
    if relay.on_this_machine:
        return ""
    address = ip(relay.smarthost)
    return f" ip{address.version}:{address}" if address else f" a:{relay.smarthost}"


def _strings(value: str) -> Sequence[str]:
    return [value[at : at + _STRING] for at in range(0, len(value), _STRING)]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _octets(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(str(file), f"cannot be read: {error.strerror}", REMEDY) from None
