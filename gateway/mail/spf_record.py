"""An SPF record, read (RFC 7208, sections 4.6.1, 5 to 7, 12); `mail.spf` weighs what the record says.

A record is read whole before anything is looked up: an error in its last term spoils it all (4.6).
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.mail.envelope import Verdict
from gateway.mail.pattern import compile_pattern

VERDICTS: Mapping[str, Verdict] = {
    "": Verdict.PASS,
    "+": Verdict.PASS,
    "-": Verdict.FAIL,
    "~": Verdict.SOFTFAIL,
    "?": Verdict.NEUTRAL,
}
NEEDS_DOMAIN = frozenset({"include", "exists"})
MAY_HAVE_DOMAIN = frozenset({"a", "mx", "ptr"})
HAS_LENGTH = frozenset({"a", "mx"})

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_VERSION = compile_pattern(r"v=spf1(?: |$)", ignore_case=True)
_MECHANISM = compile_pattern(
    r"(?P<qualifier>[-+~?]?)(?P<name>all|include|a|mx|ptr|ip4|ip6|exists)(?P<rest>[:/].*)?", ignore_case=True
)
_MODIFIER = compile_pattern(r"(?P<name>[a-z][a-z0-9_.-]*)=(?P<value>.*)", ignore_case=True)
_ARGUMENT = compile_pattern(r"(?::(?P<domain>.*?))?(?:/(?P<v4>0|[1-9]\d?))?(?://(?P<v6>0|[1-9]\d{0,2}))?")
_MACROS = compile_pattern(
    r"(?:[!-$&-~]|%%|%_|%-|%\{[slodiphcrtv](?:[1-9]\d{0,2})?r?[-.+,/_=]*\})*", ignore_case=True
)
_DOMAIN_SPEC = compile_pattern(
    r"(?:[!-$&-~]|%%|%_|%-|%\{[slodiphv](?:[1-9]\d{0,2})?r?[-.+,/_=]*\})*"
    r"(?:%\{[slodiphv](?:[1-9]\d{0,2})?r?[-.+,/_=]*\}|\.[a-z0-9]*(?:[a-z]|[a-z0-9]-)[a-z0-9-]*[a-z0-9]?\.?)",
    ignore_case=True,
)


class BadRecord(Exception):
    """The record cannot be used: permerror (RFC 7208, 2.6.7). Never leaves `mail.spf`."""


@dataclass(frozen=True, slots=True)
class Term:
    """One mechanism; `domain` is not yet expanded, "" means the domain of the record."""

    verdict: Verdict
    name: str
    domain: str = ""
    v4: int = 32
    v6: int = 128
    network: Network | None = None
    text: str = ""  # as it was written


@dataclass(frozen=True, slots=True)
class SpfRecord:
    """The mechanisms in order, and where the record sends those whom none of them fits."""

    terms: tuple[Term, ...]
    redirect: str = ""


def is_spf(text: str) -> bool:
    """Whether a TXT record is for SPF (RFC 7208, 4.5)."""
    return _VERSION.match(text) is not None


def read(text: str) -> SpfRecord:
    """The record that `text` is; BadRecord says what is wrong with it."""
    terms: list[Term] = []
    modifiers: dict[str, str] = {}
    for word in text.split(" ")[1:]:
        if not word:
            continue
        if modifier := _MODIFIER.fullmatch(word):
            name, value = (modifier.group("name") or "").lower(), modifier.group("value") or ""
            _check_modifier(name, value, modifiers)
            modifiers[name] = value
        else:
            terms.append(_term(word))
    return SpfRecord(tuple(terms), modifiers.get("redirect", ""))


def _check_modifier(name: str, value: str, known: Mapping[str, str]) -> None:
    if name in ("redirect", "exp"):
        if name in known:
            raise BadRecord(f"{name}= stands twice")
        _check_domain(value)
    elif not _MACROS.fullmatch(value):
        raise BadRecord(f"{name}={value} is no macro string")


def _term(word: str) -> Term:
    match = _MECHANISM.fullmatch(word)
    if match is None:
        raise BadRecord(f"{word!r} is no mechanism")
    name, rest = (match.group("name") or "").lower(), match.group("rest") or ""
    verdict = VERDICTS[match.group("qualifier") or ""]
    if name == "all":
        if rest:
            raise BadRecord("`all` takes nothing")
        return Term(verdict, name, text=word)
    if name in ("ip4", "ip6"):
        return Term(verdict, name, network=_network(name, rest), text=word)
    argument = _ARGUMENT.fullmatch(rest)
    if argument is None:
        raise BadRecord(f"{word!r} cannot be read")
    domain, v4, v6 = argument.group("domain"), argument.group("v4"), argument.group("v6")
    if domain is not None:
        _check_domain(domain)
    elif name in NEEDS_DOMAIN:
        raise BadRecord(f"{name} without a domain")
    if (v4 or v6) and name not in HAS_LENGTH:
        raise BadRecord(f"{name} takes no prefix length")
    term = Term(verdict, name, domain or "", int(v4 or 32), int(v6 or 128), text=word)
    if term.v4 > 32 or term.v6 > 128:
        raise BadRecord(f"{word!r} has a prefix that is too long")
    return term


def _network(name: str, rest: str) -> Network:
    address, slash, length = rest.removeprefix(":").partition("/")
    if (
        not rest.startswith(":")
        or (slash and not length)
        or (len(length) > 1 and length[0] == "0")
        or (length and not (length.isascii() and length.isdigit()))
    ):
        raise BadRecord(f"{name}{rest} is no network")
    try:
        if name == "ip4":
            return ipaddress.IPv4Network((address, int(length or 32)), strict=False)
        return ipaddress.IPv6Network((address, int(length or 128)), strict=False)
    except ValueError:
        raise BadRecord(f"{name}{rest} is no network") from None


def _check_domain(spec: str) -> None:
    if not _DOMAIN_SPEC.fullmatch(spec):
        raise BadRecord(f"{spec!r} is no domain")
