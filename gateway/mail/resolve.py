"""DNS as pure functions see it: questions, and a `resolve` that answers them or says that it cannot now.

A name that does not exist and a name without such records are the same answer, nothing (the "void lookup" of
RFC 7208, 4.6.4); only trouble is told apart, for it says nothing about the sender.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from gateway.kernel.errors import MailFlowError


class Record(StrEnum):
    """The types that proof asks for."""

    A = "A"
    AAAA = "AAAA"
    MX = "MX"
    PTR = "PTR"
    TXT = "TXT"


class DnsTrouble(MailFlowError):
    """A question was not answered: no server, a broken one, or no time left. Asking later may help."""

    temporary = True


Resolve = Callable[[str, Record], tuple[str, ...]]
"""What is known of a name: addresses, host names (MX in order of preference), or texts whose characters
are octets. () where there is nothing; raises DnsTrouble."""


class Resolver(Protocol):
    """The port to DNS; `edges.dns` asks real servers, `testing.zone` reads zone files."""

    async def lookup(self, name: str, of: Record) -> tuple[str, ...]:
        """The same as a `Resolve`, asked over the network."""
        ...


def is_name(name: str) -> bool:
    """Whether a name can be asked for: printable ASCII in labels of 1 to 63, 253 in all (RFC 1035, 2.3.4)."""
    name = name.removesuffix(".")
    return (
        0 < len(name) <= 253
        and name.isascii()
        and name.isprintable()
        and "\\" not in name  # c-ares reads it as an escape
        and all(0 < len(label) <= 63 for label in name.split("."))
    )
