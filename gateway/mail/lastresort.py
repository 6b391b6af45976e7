"""flufl.bounce, asked last: odd formats of old mail systems that no family of ours reads.

It looks at the mail as the standard library's message, so one is built from our parts, decoded. It raises on
mails that it does not expect and sees bounces in ordinary mail; both are the caller's to know: it is asked
only when a mail system is certainly the author. (It knows no classes; our tables decide those.)
"""

from collections.abc import Sequence
from email.message import Message
from typing import Any, cast

from gateway.mail.mime import Part
from gateway.mail.original import ENCLOSED
from gateway.mail.parsed import DsnAction, Parsed

_TOLD = ("From", "To", "Subject", "X-Mailer", "Received", "Precedence")
# What it is shown of a part: it tries some sixty backtracking patterns on every line.
_LONGEST = 16384  # characters
_LINES = 300


def recipients(mail: Parsed, parts: Sequence[Part]) -> tuple[tuple[str, DsnAction], ...]:
    """The addresses that flufl.bounce finds, () when it finds none or gives up."""
    try:
        from flufl import bounce  # pyright: ignore[reportMissingTypeStubs]

        delayed, failed = cast("Any", bounce).all_failures(_message(mail, parts))
        found = [(address, DsnAction.FAILED) for address in failed]
        found += [(address, DsnAction.DELAYED) for address in delayed if address not in failed]
        return tuple(sorted((_text(address), action) for address, action in found if b"@" in bytes(address)))
    except Exception:  # noqa: BLE001 - it is foreign code on hostile text, and not finding anything is an answer
        return ()


def _text(address: bytes) -> str:
    return address.decode("utf-8", "replace")


def _message(mail: Parsed, parts: Sequence[Part]) -> Message:
    made = Message()
    made["From"] = "nobody@localhost"  # it raises without one
    for name in _TOLD:
        for value in mail.headers.all(name):
            del made["From" if name == "From" else "X-None"]
            made[name] = value.encode("ascii", "replace").decode("ascii")
    told = (part for part in parts if part.media_type.startswith(("text/", "message/")))
    leaves = [_leaf(part) for part in told if part.media_type not in ENCLOSED]
    if len(leaves) == 1 and leaves[0].get_content_maintype() == "text":
        made.set_payload(leaves[0].get_payload())
        return made
    reports = any(one.get_content_type().endswith("-status") for one in leaves)
    made["Content-Type"] = "multipart/report" if reports else "multipart/mixed"
    made.set_payload(cast("Any", leaves))
    return made


def _leaf(part: Part) -> Message:
    leaf = Message()
    leaf["Content-Type"] = part.media_type
    text = "\n".join(part.text[:_LONGEST].splitlines()[:_LINES])
    if part.media_type.endswith("delivery-status"):
        blocks: list[Message] = []
        for block in text.split("\n\n"):
            one = Message()
            for line in block.splitlines():
                name, colon, value = line.partition(":")
                if colon and name.replace("-", "").isalnum():
                    one[name] = value.strip()
            blocks.append(one)
        leaf.set_payload(cast("Any", blocks))
    else:
        leaf.set_payload(text)
    return leaf
