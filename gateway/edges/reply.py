"""Replies on the wire: each has an enhanced status, and therefore ENHANCEDSTATUSCODES may be announced.

RFC 2034 wants one in every 2xx, 4xx and 5xx reply but the greeting and those to EHLO and HELO. Most replies
that aiosmtpd makes itself have none; it is put in here, by code.
"""

from functools import lru_cache
from types import MappingProxyType

from gateway.kernel.errors import SmtpReply

TROUBLE = SmtpReply(451, "4.3.0", "temporary trouble here, please try later")

_ENHANCED = MappingProxyType(
    {
        "214": "2.0.0",
        "220": "2.0.0",
        "221": "2.0.0",
        "250": "2.0.0",
        "252": "2.5.0",
        "421": "4.3.0",
        "451": "4.3.0",
        "452": "4.3.1",
        "454": "4.7.0",
        "500": "5.5.2",
        "501": "5.5.4",
        "502": "5.5.1",
        "503": "5.5.1",
        "504": "5.5.4",
        "550": "5.1.1",
        "552": "5.3.4",
        "553": "5.1.3",
        "554": "5.5.0",
        "555": "5.5.4",
    }
)


@lru_cache(maxsize=256)
def wire(reply: str) -> bytes:
    """One reply as octets with its CRLF; an enhanced status is put in where there is none."""
    code, text = reply[:3], reply[4:]
    if code in _ENHANCED and not _has_enhanced(code, text):
        reply = f"{code} {_ENHANCED[code]} {text}"
    return reply.encode("utf-8", "replace") + b"\r\n"


def _has_enhanced(code: str, text: str) -> bool:
    parts = text.partition(" ")[0].split(".")
    return len(parts) == 3 and parts[0] == code[0] and all(part.isdigit() for part in parts)
