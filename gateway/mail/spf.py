"""Whether a host may send for a domain (RFC 7208), as a pure function over `resolve`.

Our own, because pyspf cannot be made pure: it asks DNS through a module-level function, reads strangers'
records with backtracking expressions, and brings dnspython along (18 MB of a service that has 120). The
limits of 4.6.4 are kept: ten terms that ask DNS, two answers without records, ten names of an MX or PTR.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import quote

from gateway.mail.address import domain_of, local_part
from gateway.mail.envelope import Verdict
from gateway.mail.pattern import Match, compile_pattern
from gateway.mail.resolve import DnsTrouble, Record, Resolve, is_name
from gateway.mail.spf_record import BadRecord, SpfRecord, Term, is_spf, read

TERMS = 10  # that ask DNS, over all records together (4.6.4)
VOID = 2  # answers without records
NAMES = 10  # of one MX or PTR

_MACRO = compile_pattern(
    r"%(?:(?P<sign>[%_-])|\{(?P<letter>[a-z])(?P<digits>\d*)(?P<reverse>r?)(?P<delimiters>[-.+,/_=]*)\})",
    ignore_case=True,
)
_SIGNS = {"%": "%", "_": " ", "-": "%20"}

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Spf:
    """The result for one connection: whose record was asked, and which term or trouble decided."""

    verdict: Verdict = Verdict.NONE
    domain: str = ""
    why: str = ""


def check(ip: str, helo: str, reverse_path: str | None, resolve: Resolve) -> Spf:
    """Whether `ip` may send with this reverse-path; for the null one the name in EHLO is asked (2.4).

    Trouble with DNS is `temperror`; a record that cannot be used is `permerror`.
    """
    sender = reverse_path if reverse_path and "@" in reverse_path else f"postmaster@{reverse_path or helo}"
    domain = domain_of(sender).removesuffix(".")
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return Spf(Verdict.NONE, domain, "the mail did not come from an IP address")
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if not is_name(domain) or "." not in domain:
        return Spf(Verdict.NONE, domain, "the sender has no domain")
    evaluation = _Evaluation(address, helo, sender, resolve)
    try:
        verdict, why = evaluation.host(domain)
    except DnsTrouble as trouble:
        return Spf(Verdict.TEMPERROR, domain, str(trouble))
    except BadRecord as error:
        return Spf(Verdict.PERMERROR, domain, str(error))
    return Spf(verdict, domain, why)


class _Evaluation:
    """One evaluation with its counts."""

    def __init__(self, ip: Ip, helo: str, sender: str, resolve: Resolve) -> None:
        self._ip = ip
        self._helo = helo
        self._sender = sender if local_part(sender) else f"postmaster{sender}"  # 4.3
        self._resolve = resolve
        self._terms = 0
        self._void = 0

    def host(self, domain: str) -> tuple[Verdict, str]:
        """check_host() of section 4."""
        record = self._record(domain)
        if record is None:
            return Verdict.NONE, f"{domain} has no SPF record"
        for term in record.terms:
            if self._fits(term, domain):
                return term.verdict, f"{term.text} of {domain}"
        if not record.redirect:
            return Verdict.NEUTRAL, f"nothing in the record of {domain} fits"
        self._count()
        target = self._expanded(record.redirect, domain)
        verdict, why = self.host(target) if is_name(target) else (Verdict.NONE, "")
        if verdict is Verdict.NONE:
            raise BadRecord(f"{domain} sends on to {target}, which has no SPF record")
        return verdict, why

    def _record(self, domain: str) -> SpfRecord | None:
        found = [text for text in self._resolve(domain, Record.TXT) if is_spf(text)]
        if len(found) > 1:
            raise BadRecord(f"{domain} has {len(found)} SPF records")
        if found and not found[0].isascii():
            raise BadRecord(f"the record of {domain} is not ASCII")
        return read(found[0]) if found else None

    def _fits(self, term: Term, domain: str) -> bool:
        if term.name == "all":
            return True
        if term.network is not None:
            return self._ip in term.network
        self._count()
        target = self._expanded(term.domain, domain) if term.domain else domain
        match term.name:
            case "include":
                return self._includes(target)
            case "a":
                return self._is_in(self._addresses(target), term)
            case "mx":
                return any(self._is_in(self._addresses(name), term) for name in self._exchangers(target))
            case "ptr":
                return any(_is_below(name, target) for name in self._own_names())
            case _:  # exists: always A, whatever the connection (5.7)
                return bool(self._asked(target, Record.A))

    def _includes(self, target: str) -> bool:
        verdict, _ = self.host(target) if is_name(target) else (Verdict.NONE, "")
        if verdict is Verdict.NONE:
            raise BadRecord(f"{target}, which is included, has no SPF record")
        return verdict is Verdict.PASS

    def _is_in(self, addresses: tuple[str, ...], term: Term) -> bool:
        length = term.v4 if self._ip.version == 4 else term.v6
        return any(self._ip in ipaddress.ip_network((address, length), strict=False) for address in addresses)

    def _addresses(self, name: str) -> tuple[str, ...]:
        return self._asked(name, self._address_record)

    @property
    def _address_record(self) -> Record:
        return Record.A if self._ip.version == 4 else Record.AAAA

    def _exchangers(self, target: str) -> tuple[str, ...]:
        names = self._asked(target, Record.MX)
        if len(names) > NAMES:
            raise BadRecord(f"{target} has more than {NAMES} mail servers")
        return names

    def _own_names(self) -> list[str]:
        """The names of the connecting host that lead back to it (5.5); trouble on the way is no name."""
        try:
            names = self._asked(self._ip.reverse_pointer, Record.PTR)[:NAMES]
        except DnsTrouble:
            return []
        return [name for name in names if self._leads_back(name)]

    def _leads_back(self, name: str) -> bool:
        if not is_name(name):
            return False
        try:
            found = self._resolve(name, self._address_record)
        except DnsTrouble:
            return False
        return any(ipaddress.ip_address(address) == self._ip for address in found)

    def _asked(self, name: str, of: Record) -> tuple[str, ...]:
        found = self._resolve(name, of) if is_name(name) else ()
        if not found:
            self._void += 1
            if self._void > VOID:
                raise BadRecord(f"more than {VOID} names of the record lead to nothing")
        return found

    def _count(self) -> None:
        self._terms += 1
        if self._terms > TERMS:
            raise BadRecord(f"the record asks for more than {TERMS} look-ups")

    # macros (section 7)

    def _expanded(self, spec: str, domain: str) -> str:
        text = _MACRO.sub(lambda match: self._value(match, domain), spec).removesuffix(".").lower()
        while len(text) > 253 and "." in text:  # 7.3: the left side is cut
            text = text.partition(".")[2]
        return text

    def _value(self, match: Match, domain: str) -> str:
        if sign := match.group("sign"):
            return _SIGNS[sign]
        letter = match.group("letter") or ""
        value = self._letter(letter.lower(), domain)
        delimiters = match.group("delimiters") or "."
        for other in delimiters[1:]:
            value = value.replace(other, delimiters[0])
        labels = value.split(delimiters[0])
        if match.group("reverse"):
            labels.reverse()
        digits = match.group("digits")
        text = ".".join(labels[-int(digits) :] if digits else labels)
        return quote(text, safe="-._~") if letter.isupper() else text

    def _letter(self, letter: str, domain: str) -> str:
        match letter:
            case "s":
                return self._sender
            case "l":
                return local_part(self._sender)
            case "o":
                return domain_of(self._sender)
            case "d":
                return domain
            case "i":
                return (
                    str(self._ip) if self._ip.version == 4 else ".".join(self._ip.exploded.replace(":", ""))
                )
            case "p":
                return self._own_name(domain)
            case "v":
                return "in-addr" if self._ip.version == 4 else "ip6"
            case _:
                return self._helo

    def _own_name(self, domain: str) -> str:
        """The host's name for `%{p}`: the domain itself, one below it, any, or "unknown" (7.3)."""
        names = self._own_names()
        nearest = sorted(names, key=lambda name: (name.lower() != domain, not _is_below(name, domain)))
        return nearest[0] if nearest else "unknown"


def _is_below(name: str, domain: str) -> bool:
    return f".{name.lower().removesuffix('.')}".endswith(f".{domain.lower()}")
