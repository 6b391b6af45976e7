"""What a single setting may be: the small grammars of names, addresses, networks, rates and paths.

A check returns the value in its one spelling, or raises ValueError with what would be right.
"""

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from gateway.outbox.throttle import parse_rate

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")  # dot-atom
SQLITE = "sqlite:///"


def ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that `text` is, or None."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def domain(text: str) -> str:
    """A domain of two labels or more, in lower case."""
    if not (_HOST.fullmatch(text) and "." in text):
        raise ValueError(f"{text!r} is not a domain such as example.com (umlauts are written as xn--...)")
    return text.lower()


def host(text: str) -> str:
    """A host name, which may be a single label, or an IP address."""
    if not (_HOST.fullmatch(text) or ip(text)):
        port = "; its port is a key of its own" if text.rpartition(":")[2].isdigit() else ""
        raise ValueError(f"{text!r} is not a host name or an IP address{port}")
    return text.lower()


def address(text: str) -> str:
    """An addr-spec (RFC 5321 4.1.2, dot-string only) with its domain in lower case."""
    local, at, name = text.rpartition("@")
    if not (at and len(local) <= 64 and _LOCAL.fullmatch(local)):
        raise ValueError(f"{text!r} is not an address such as hello@example.com")
    return f"{local}@{domain(name)}"


def address_or_domain(text: str) -> str:
    return address(text) if "@" in text else domain(text)


def one_line(text: str) -> str:
    """A text that can stand in a header field: no controls, no blanks around it."""
    if any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in text):
        raise ValueError("must be one line without control characters")
    return text.strip()


def listening(text: str) -> str:
    """An IP address to listen on; empty means every address of this machine."""
    if text not in ("", "localhost") and not ip(text):
        raise ValueError(f"{text!r} is not an IP address; empty means every address of this machine")
    return text


def lmtp(text: str, info: ValidationInfo) -> str:
    """Where LMTP is spoken: `IP:PORT` of this machine alone, or the path of a socket."""
    place, colon, number = text.rpartition(":")
    if not text or (colon and number.isdigit() and _is_loopback(place) and int(number) <= 65535):
        return text
    if colon:
        raise ValueError(f"{text!r} is neither a port of this machine such as 127.0.0.1:2424 nor a path")
    return str(folder_of(info).absolute() / Path(text).expanduser())


def _is_loopback(text: str) -> bool:
    found = ip(text.removeprefix("[").removesuffix("]"))
    return found is not None and found.is_loopback


def network(text: str) -> str:
    """A network in CIDR notation."""
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is not a network such as 192.0.2.0/24") from None
    if ip(text.partition("/")[0]) != found.network_address:
        raise ValueError(f"{text!r} is not a network, but a host in one; did you mean {found}?")
    return str(found)


def name_server(text: str) -> str:
    """An IP address, with a port if it is not 53: `192.0.2.53`, `127.0.0.1:5353`, `[::1]:5353`."""
    place, colon, port = text.rpartition(":")
    has_port = bool(colon) and port.isdigit() and 1 <= int(port) <= 65535 and not ip(text)
    address = place.removeprefix("[").removesuffix("]") if has_port else text
    if not ip(address):
        raise ValueError(f"{text!r} is no name server such as 192.0.2.53 or 127.0.0.1:5353")
    return text


def authserv_id(text: str) -> str:
    """The name under which a server writes Authentication-Results (RFC 8601, 2.5)."""
    if any(character.isspace() or character in ';="' for character in text) or not text.isascii():
        raise ValueError(f"{text!r} is no authserv-id; it is often the host name of that server")
    return text


def rate(text: str) -> str:
    """So many messages in a unit of time."""
    parse_rate(text)
    return text


def database(url: str, folder: Path) -> str:
    """A database's URL, an SQLite file counted from `folder`."""
    if url.startswith(SQLITE) and len(url) > len(SQLITE):
        return SQLITE + str(folder.absolute() / url.removeprefix(SQLITE))
    parts = urlsplit(url)
    if parts.scheme != "postgresql" or not parts.path.strip("/"):
        raise ValueError("must look like sqlite:///data/mailflow.db or postgresql://user@host/database")
    if parts.password:
        raise ValueError("holds a password; put it into a file and name that in password_file")
    return url


def like(pattern: str, what: str) -> AfterValidator:
    """A check that a text matches `pattern` as a whole."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"{text!r} is not {what}")
        return text

    return AfterValidator(check)


def unless_empty(check: Callable[[str], str]) -> AfterValidator:
    return AfterValidator(lambda text: check(text) if text else text)


def folder_of(info: ValidationInfo) -> Path:
    """The shop's folder, which `config.load` passes along."""
    context: dict[str, Path] = info.context or {}
    return context.get("folder", Path())


def _in_folder(value: object, info: ValidationInfo) -> object:
    """A path counted from the shop's folder; None for the empty text."""
    if not isinstance(value, str):
        return value
    return folder_of(info) / Path(value).expanduser() if value else None


def written(default: str) -> Any:
    """A default as the file would write it, checked like anything written there."""
    return default


Line = Annotated[str, AfterValidator(one_line)]
Name = Annotated[str, AfterValidator(one_line), Field(min_length=1)]
Domain = Annotated[str, AfterValidator(domain)]
DomainOrNone = Annotated[str, unless_empty(domain)]
Host = Annotated[str, AfterValidator(host)]
HostOrNone = Annotated[str, unless_empty(host)]
MailAddress = Annotated[str, AfterValidator(address)]
MailAddressOrNone = Annotated[str, unless_empty(address)]
AddressOrDomain = Annotated[str, AfterValidator(address_or_domain)]
Network = Annotated[str, AfterValidator(network)]
NameServer = Annotated[str, AfterValidator(name_server)]
AuthservIdOrNone = Annotated[str, AfterValidator(authserv_id)]
Listening = Annotated[str, AfterValidator(listening)]
LmtpOrNone = Annotated[str, AfterValidator(lmtp)]
LocalPartOrNone = Annotated[str, like(r"([a-z0-9]([a-z0-9._-]*[a-z0-9])?)?", "a local part such as shop")]
RateOrNone = Annotated[str, unless_empty(rate)]
Selector = Annotated[str, like(rf"{_LABEL}(\.{_LABEL})*", "a selector such as mailflow")]
File = Annotated[Path, BeforeValidator(_in_folder)]
FileOrNone = Annotated[Path | None, BeforeValidator(_in_folder)]
ManyDays = Annotated[int, Field(ge=1, le=3650)]
Days = Annotated[int, Field(ge=1, le=365)]
Port = Annotated[int, Field(ge=1, le=65535)]
PortOrAny = Annotated[int, Field(ge=0, le=65535)]  # 0: one that is free
