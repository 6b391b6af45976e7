"""The envelope of a mail that lies in a mailbox, as the server that delivered it wrote it on top.

SMTP's own envelope is gone by then. What is left of it are the trace fields: Return-Path (RFC 5321, 4.4) and
the de facto Delivered-To and X-Original-To. Only the first Return-Path is the deliverer's; without one nobody
knows to whom an answer may go, so it counts as the null reverse-path.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.mail import header
from gateway.mail.address import address
from gateway.mail.envelope import Address

_RECIPIENTS = ("x-original-to", "delivered-to")  # the first has the address before aliases and folding


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the trace fields say; `has_return_path` tells a missing field from the null reverse-path."""

    reverse_path: Address | None
    forward_paths: tuple[Address, ...]  # only addresses of ours, each once
    has_return_path: bool


def delivered(octets: bytes, is_ours: Callable[[Address], bool]) -> Delivered:
    """The envelope of a mail in a mailbox; fields that anybody may have written name no address but ours."""
    fields, _, _ = header.split(header.canonical(octets[: header.BLOCK]))
    returned = next((one.raw for one in fields if one.key == "return-path"), None)
    named = (_path(one.raw) for key in _RECIPIENTS for one in fields if one.key == key)
    ours = (path for path in named if path is not None and is_ours(path))
    return Delivered(
        reverse_path=None if returned is None else _path(returned),
        forward_paths=tuple(dict.fromkeys(ours)),
        has_return_path=returned is not None,
    )


def _path(raw: bytes) -> Address | None:
    """The address of `a@b` or `<a@b>`; None for `<>` and for whatever is no address."""
    return address(header.text_of(raw).strip().removeprefix("<").removesuffix(">").strip())
