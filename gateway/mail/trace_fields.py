"""What final delivery writes on top of a mail that is passed on (RFC 5321, 4.4; RFC 8601).

The octets that came are kept as they came; these fields are made from the envelope whenever a mail goes to
somebody. A field that claims our authserv-id and came from outside is left out (RFC 8601, 5).
"""

from email.utils import format_datetime

from gateway.mail import header
from gateway.mail.address import domain_of
from gateway.mail.auth_results import read, written
from gateway.mail.envelope import Envelope, Intake
from gateway.mail.field import field

_NAME = b"authentication-results"


def traced(envelope: Envelope, octets: bytes) -> bytes:
    """The mail as the shop passes it on: what it knows of it on top, then what came.

    Our authserv-id is the domain that the mail was sent to.
    """
    ours = _plain(domain_of(next(iter(envelope.forward_paths), ""))) or "localhost"
    *results, last = written(envelope.auth, ours).split("; ")
    fields = [field("Authentication-Results", *(f"{each};" for each in results), last)]
    if envelope.via is not Intake.IMAP:  # a mailbox has written its own
        fields.insert(0, field("Return-Path", f"<{_plain(envelope.reverse_path or '')}>"))
        fields.append(_received(envelope, ours))
    return b"".join(fields) + without_claims(octets, ours)


def without_claims(octets: bytes, authserv_id: str) -> bytes:
    """The mail without the Authentication-Results that claim to be of `authserv_id`, folded or not."""
    octets = header.canonical(octets)
    end = octets.find(b"\r\n\r\n")
    block, rest = (octets, b"") if end < 0 else (octets[: end + 2], octets[end + 2 :])
    fields: list[list[bytes]] = []
    for line in block.splitlines(keepends=True):
        if fields and line[:1] in (b" ", b"\t"):
            fields[-1].append(line)
        else:
            fields.append([line])
    return b"".join(each for each in map(b"".join, fields) if not _claims(each, authserv_id)) + rest


def _claims(field: bytes, ours: str) -> bool:
    name, _, value = field.partition(b":")
    if name.strip().lower() != _NAME:
        return False
    text = value.decode("latin-1").replace("\r\n", "").lower()
    writer = read(text)[0].strip('"')
    return writer == ours.lower() or (not writer and ours.lower() in text)


def _received(envelope: Envelope, ours: str) -> bytes:
    """How the mail came (RFC 5321, 4.4; the words of RFC 3848 for the protocol)."""
    peer = envelope.peer
    how = "LMTP" if envelope.via is Intake.LMTP else "ESMTPS" if peer and peer.tls else "ESMTP"
    who = (f"from {_plain(peer.helo) or 'unknown'}", f"([{peer.ip}])") if peer and peer.ip else ()
    return field(
        "Received",
        *who,
        f"by {ours}",
        f"with {how}",
        f"id {envelope.id};",
        format_datetime(envelope.received_at),
    )


def _plain(text: str) -> str:
    """The text without what could start another field, or another word."""
    return "".join(character for character in text if character.isascii() and "!" <= character <= "~")
