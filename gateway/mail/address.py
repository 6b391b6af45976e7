"""Addresses: a strict reading that decides who somebody is, and a lenient one for human eyes.

`address` and `identity` use our own grammar (RFC 5321 4.1.2 and RFC 5322 3.4 without quoted local parts,
comments, routes and literals; with the UTF-8 of RFC 6531 and 6532). No library decides identity: of two
addresses flanker's `parse` takes the last, `parseaddr` reads `owner@shop <evil@x>` as the owner.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, cast

import idna

from gateway.mail.envelope import Address
from gateway.mail.header import harmless_line, words_decoded
from gateway.mail.parsed import Mailbox
from gateway.mail.pattern import compile_pattern
from gateway.mail.quiet import quiet

LONGEST_LOCAL_PART = 64  # octets (RFC 5321 4.5.3.1.1)
LONGEST_DOMAIN = 253  # octets on the wire; 255 with the length octets of RFC 1035
LONGEST_LABEL = 63
MAILBOXES = 1000  # of one field; `guard` refuses mail with more
_READ = 65536  # characters of a field

# atext of RFC 5322 3.2.3, and whatever is not ASCII (RFC 6532 3.2), which is checked by category.
_LOCAL = compile_pattern(r"[^\x00-\x20\"(),:;<>@\[\\\]\x7f.]+(?:\.[^\x00-\x20\"(),:;<>@\[\\\]\x7f.]+)*")
_LABEL = compile_pattern(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_SIMPLE = compile_pattern(
    r'^\s*(?:([^"<>@,;:()\\\[\]]*?)|"([^"\\<>@]*)")\s*<\s*([^\s"<>@,;:()\\\[\]]+@[^\s"<>@,;:()\\\[\]]+)\s*>\s*$'
)
_BARE = compile_pattern(r"^\s*([^\s\"<>@,;:()\\\[\]']+@[^\s\"<>@,;:()\\\[\]']+)\s*$")
_ADDRESS_LIKE = compile_pattern(r"[^\s\"'<>(),;:\[\]@]+@[^\s\"'<>(),;:\[\]@]+")
_STRICT_FROM = compile_pattern(r'^((?:[^"<>,;:()\\\[\]]|"(?:[^"\\]|\\.)*")*)<([^<>]*)>$')


def address(text: str) -> Address | None:
    """The addr-spec that `text` is, from its first character to its last, or None.

    The domain comes back in lower case; nothing else is changed. Refused are CR, LF, NUL and blanks, quoted
    local parts, comments, routes and address literals: nobody whom we serve needs them, and each has been
    used to show one address to one program and another to the next.
    """
    local, at, domain = text.rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or len(local.encode("utf-8", "replace")) > LONGEST_LOCAL_PART:
        return None
    if not local.isascii() and not _sound(local):
        return None
    domain = domain.lower()
    return Address(f"{local}@{domain}") if _wire_domain(domain) else None


def canonical(text: str) -> str:
    """The form under which an address is looked up: lower case, NFC, the domain as A-labels (RFC 5890).

    What is no address comes back in lower case, so that it still equals itself.
    """
    text = text.strip()
    if "@" not in text:
        return text.lower()
    return f"{unicodedata.normalize('NFC', local_part(text)).lower()}@{wire_domain_of(text)}"


def local_part(text: str) -> str:
    """What stands before the last `@`; the whole text when there is none."""
    local, at, domain = text.rpartition("@")
    return local if at else domain


def domain_of(text: str) -> str:
    """The domain in lower case, or ""."""
    return text.rpartition("@")[2].lower() if "@" in text else ""


def wire_domain_of(text: str) -> str:
    """The domain as DNS knows it, in A-labels: `ana@ｅxample.net` and `ana@example.net` are of one domain."""
    domain = domain_of(text)
    return _wire_domain(domain) or domain


def wire(text: str) -> Address:
    """The address with its domain in A-labels, which every mail system takes; what has none stays."""
    local, at, domain = text.rpartition("@")
    return Address(f"{local}{at}{domain if domain.isascii() else _wire_domain(domain) or domain}")


def subaddress(text: str) -> tuple[str, str]:
    """The role and the detail of a local part or address: `reply+T@` and `reply-T@` are ("reply", T).

    `+` wins over `-` (RFC 5233 leaves the separator to us; some providers drop `+`); no separator, no detail.
    """
    local = local_part(text)
    role, separator, detail = local.partition("+")
    if not separator:
        role, separator, detail = local.partition("-")
    return (role, detail) if separator and role else (local, "")


def identity(*from_fields: str) -> Address | None:
    """The one address that may decide who wrote, from the undecoded values of all From fields, or None.

    Exactly one field, one mailbox, no group, route or comment, an addr-spec that `address` accepts whole,
    nothing broken, and no other address inside the display name.
    """
    if len(from_fields) != 1:
        return None
    value = from_fields[0].strip(" \t")
    if len(value) > _READ or any(unicodedata.category(character) in {"Cc", "Cs"} for character in value):
        return None
    if found := address(value):
        return found
    match = _STRICT_FROM.fullmatch(value)
    found = address((match.group(2) or "").strip(" ")) if match else None
    if match is None or found is None:
        return None
    name = unicodedata.normalize("NFKC", words_decoded(match.group(1) or "")).replace(" @ ", " ")
    claims = [claim.group() or "" for claim in _ADDRESS_LIKE.finditer(name)]
    if "\ufffd" in name or any(canonical(claim.strip(".")) != canonical(found) for claim in claims):
        return None
    return found if claims or "@" not in name else None


def mailboxes(field_value: str) -> tuple[Mailbox, ...]:
    """Everybody whom an address field names, as well as it can be read; groups give their members.

    Structure is read before encoded words are decoded, so a comma or an address inside a name stays there.
    Two shapes make up nearly all mail and need no parser; flanker reads the rest, and what flanker does not
    read whole is read by our own scanner, which never gives up.
    """
    value = harmless_line(field_value[:_READ])
    if match := _BARE.search(value):
        return (Mailbox("", match.group(1) or ""),)
    if match := _SIMPLE.search(value):
        return (Mailbox(_named(match.group(1) or match.group(2) or ""), match.group(3) or ""),)
    return _by_flanker(value) or tuple(_scanned(value))


def _by_flanker(value: str) -> tuple[Mailbox, ...]:
    """Flanker's reading if it is a whole one: every address-like thing found, nothing left over."""
    if any(character in value for character in "\r\n\0:(\\") or not 0 < value.count("@") <= 50:
        return ()
    parser = _flanker()
    try:
        found, rest = parser.parse_list(value, as_tuple=True)
        read = tuple(
            Mailbox(_named(str(one.display_name or "")), str(one.address))
            for one in found
            if getattr(one, "addr_type", "") == "email"
        )
    except Exception:  # noqa: BLE001 - it is unmaintained and raises what it likes
        return ()
    whole = not rest and len(read) == len(found) == sum(1 for _ in _ADDRESS_LIKE.finditer(value))
    return read if whole and len(read) == value.count("@") else ()


@lru_cache(maxsize=1)
def _flanker() -> Any:
    """The address module of flanker, imported when first needed."""
    with quiet():
        from flanker.addresslib import address as module  # pyright: ignore[reportMissingTypeStubs]
    return cast("Any", module)


def _scanned(value: str) -> Iterator[Mailbox]:
    """Our own reading, chunk by chunk; a quote that never closes is no quote."""
    if not _closes(value):
        value = value.replace('"', " ")
    for number, chunk in enumerate(_chunks(value)):
        if number == MAILBOXES:
            return
        mailbox = _mailbox(chunk)
        if mailbox.name or mailbox.address:
            yield mailbox


def _closes(value: str) -> bool:
    return value.replace("\\\\", "").replace('\\"', "").count('"') % 2 == 0


def _chunks(value: str) -> Iterator[str]:
    """The pieces between commas and semicolons that stand outside quotes, comments and angles."""
    start, quoted, depth, angle, skip = 0, False, 0, False, False
    for index, character in enumerate(value):
        if skip:
            skip = False
        elif character == "\\" and (quoted or depth):
            skip = True
        elif character == '"' and not depth:
            quoted = not quoted
        elif quoted:
            continue
        elif character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
        elif character in "<>" and not depth:
            angle = character == "<"
        elif not depth and not angle and character in ",;":
            yield value[start:index]
            start = index + 1
        elif not depth and not angle and character == ":":
            start = index + 1  # a group's name
    yield value[start:]


def _mailbox(chunk: str) -> Mailbox:
    comments: list[str] = []
    plain = _without_comments(chunk, comments)
    before, opened, after = plain.rpartition("<")
    if opened:
        inside, _, rest = after.partition(">")
        inside = inside.rpartition(":")[2].strip(" \t\"'")  # <@a,@b:c@d> is a route; <mailto:c@d> a mistake
        return Mailbox(_named(before.strip() or rest), harmless_line("".join(inside.split())))
    if match := _ADDRESS_LIKE.search(plain):
        found = match.group() or ""
        name = plain.replace(found, " ").strip(" \t\"'[]")
        return Mailbox(_named(name or " ".join(comments)), harmless_line(found.strip(".")))
    name = _named(plain or " ".join(comments))
    return Mailbox("", name) if name and " " not in name else Mailbox(name, "")


def _without_comments(chunk: str, comments: list[str]) -> str:
    """The chunk without its comments, which are collected (RFC 5322 3.2.2)."""
    if "(" not in chunk:
        return chunk
    out: list[str] = []
    comment: list[str] = []
    depth, quoted, skip = 0, False, False
    for character in chunk:
        if skip:
            skip = False
        elif character == "\\":
            skip = True
        elif character == '"' and not depth:
            quoted = not quoted
        elif character == "(" and not quoted:
            depth += 1
            if depth == 1:
                continue
        elif character == ")" and depth:
            depth -= 1
            if depth == 0:
                comments.append("".join(comment))
                comment = []
                continue
        (comment if depth else out).append(character)
    return "".join(out)


def _named(raw: str) -> str:
    """A display name for human eyes: unquoted, decoded, one line."""
    name = raw.strip()
    if '"' in name or "\\" in name:
        name = name.replace('\\"', "\0").replace('"', "").replace("\\\\", "\\").replace("\0", '"')
    name = harmless_line(words_decoded(name))
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1].strip()
    return " ".join(name.split())


@lru_cache(maxsize=4096)
def _wire_domain(domain: str) -> str:
    """The domain as DNS has it, in A-labels, or "" when it is none (RFC 5321 4.1.2, RFC 5891)."""
    if not domain or len(domain) > LONGEST_DOMAIN:
        return ""
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except UnicodeError:
            return ""
    labels = domain.split(".")
    sound = all(len(label) <= LONGEST_LABEL and _LABEL.fullmatch(label) for label in labels)
    return domain if sound and len(domain) <= LONGEST_DOMAIN and not labels[-1].isdigit() else ""


def _sound(local: str) -> bool:
    """Whether the characters of a UTF-8 local part are letters and signs, none of them invisible."""
    return not any(unicodedata.category(character)[0] in "CZ" for character in local)
