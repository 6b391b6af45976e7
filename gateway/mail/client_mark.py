"""What mail programs write into HTML to say what an element is, whatever language they speak.

A row says where a name stands and what the element then is. Before comparing, what others put before a name
when they show or quote a mail is taken off: `x_` (Outlook on the web), `yiv123` and `ydp1a2b` (Yahoo).
"""

from collections.abc import Mapping
from enum import Enum, auto

from gateway.mail.pattern import compile_pattern


class Mark(Enum):
    """What an element is."""

    QUOTE = auto()  # somebody else's words, with what introduces them
    ATTRIBUTION = auto()  # "On 5 Jan 2026 at 15:04, Anna wrote:", if a quotation follows
    REPLY = auto()  # introduction, quotations and the answers between them
    HEADER = auto()  # the copied header of what is answered or passed on
    SIGNATURE = auto()


_TABLE = """
    attribution  class  gmail_attr                    Gmail
    attribution  class  moz-cite-prefix               Thunderbird
    attribution  class  airmail_on                    Airmail
    attribution  id     reply-intro                   Roundcube
    reply        class  gmail_quote                   Gmail, K-9, Mailspring
    reply        class  protonmail_quote              Proton Mail
    reply        name   messageReplySection           Spark
    reply        class  zmail_extra                   Zoho
    reply        id     edo-original                  Edison
    reply        id     CanaryBlockquote              Canary
    quote        class  yahoo_quoted                  Yahoo
    quote        name   quote                         GMX, web.de
    header       id     divRplyFwdMsg                 Outlook on the web, on telephones
    header       class  OutlookMessageHeader          Outlook 2003, on the web
    signature    class  gmail_signature               Gmail
    signature    class  moz-signature                 Thunderbird
    signature    class  protonmail_signature_block    Proton Mail
    signature    class  tutanota_signature            Tuta
    signature    name   messageSignatureSection       Spark
    signature    id     Signature                     Outlook on the web
    signature    id     ms-outlook-mobile-signature   Outlook on telephones
    signature    id     composer_signature            Samsung
    signature    id     AppleMailSignature            Apple Mail
    signature    id     CanarySig                     Canary
    signature    class  sh-signature                  Superhuman
    signature    class  front-signature               Front
    signature    class  k9mail-signature              K-9
    signature    id     _rc_sig                       Roundcube
    signature    id     bloop_sign                    Airmail
"""
_ROWS = tuple(row.split(maxsplit=3)[:3] for row in _TABLE.strip().splitlines())
_MARKS: Mapping[tuple[str, str], Mark] = {(where, name): Mark[mark.upper()] for mark, where, name in _ROWS}
# One of these stands in HTML in which a mail program quotes; the authors of forms use bare blockquotes too.
QUOTING = (
    *(f"type={quotes}cite{quotes}" for quotes in ('"', "'", "")),
    *(
        f'{where}="{name}"' if where == "name" else name
        for mark, where, name in _ROWS
        if mark in ("quote", "reply")
    ),
)
_PREFIXES = ("x_", "yiv", "ydp")
_PREFIX = compile_pattern(r"^(?:x_)*(?:yiv\d+|ydp[0-9a-f]*_?)?(?:x_)*")
# Outlook for Windows draws a line above the header that it copies, in a colour for each of its ages.
_DRAWN_ABOVE = compile_pattern(
    r"border(?:-top|-color)?\s*:[^;]{0,40}"
    r"(?:#E1E1E1|#B5C4DF|rgb\(225,\s*225,\s*225\)|rgb\(181,\s*196,\s*223\))",
    ignore_case=True,
)


def mark_of(tag: str, attributes: Mapping[str, str]) -> Mark | None:
    """What the program that wrote an element says that it is; None if it says nothing."""
    for where in ("class", "id", "name"):
        for name in (attributes.get(where) or "").split():
            bare = _PREFIX.sub("", name) if name.startswith(_PREFIXES) else name
            if mark := _MARKS.get((where, bare)):
                return mark
    if tag == "div" and (style := attributes.get("style")) and "border" in style:
        return Mark.HEADER if _DRAWN_ABOVE.search(style) else None
    return None
