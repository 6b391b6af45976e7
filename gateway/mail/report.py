r"""Delivery reports in the form of the standard (RFC 3464 in RFC 6522; RFC 6533 for addresses in UTF-8).

What mail systems make of it is read leniently: field names in any case, no blank line between recipients,
one too many inside a recipient, an address without its type, with a name, in angle brackets, or with the
escapes `\x{20AC}` of RFC 6533.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.mail.bounce import is_general
from gateway.mail.mime import Part
from gateway.mail.parsed import DsnAction
from gateway.mail.pattern import Match, compile_pattern
from gateway.mail.words import ADDRESS

STATUS_PARTS = frozenset(("message/delivery-status", "message/global-delivery-status"))

_FIELD = compile_pattern(r"^[>\s]{0,2}([A-Za-z][A-Za-z0-9-]{2,60})[ \t]*:[ \t]*(.*)$")
_ONCE = frozenset(("original-recipient", "final-recipient", "action", "status", "x-actual-recipient"))
_OF_RECIPIENT = frozenset(("original-recipient", "final-recipient", "x-actual-recipient"))
_ADDRESS = compile_pattern(ADDRESS)
_ANGLE = compile_pattern(r"<\s*([^<>\s]+@[^<>\s]+)\s*>")
_TYPE = compile_pattern(
    r"(?i)^\s*(?:rfc-?822|utf-?8|smtp|local|system|unknown|x-?local|x400|x-[a-z0-9-]+|dns)\s*;"
)
_ESCAPED = compile_pattern(r"\\x\{([0-9A-Fa-f]{1,6})\}")
# xtext (RFC 3461, 4) has no bare plus; these are what it must write so. A plus that stands for itself stays.
_XTEXT = compile_pattern(
    r"^(?:[^+]|\+(?:2B|3D|[2-7][0-9A-F]))*\+(?:2B|3D)(?:[^+]|\+(?:2B|3D|[2-7][0-9A-F]))*$"
)
_XTEXT_OCTET = compile_pattern(r"\+([2-7][0-9A-F])")
_STATUS = compile_pattern(r"(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?:[^\d.]|$)")
_WORDS = {action[:5]: action for action in DsnAction} | {"error": DsnAction.FAILED}
_STATED = frozenset(("action", "status", "diagnostic-code"))


@dataclass(frozen=True, slots=True)
class Entry:
    """What a report says of one recipient, as it stands there; `action` is None if it does not say."""

    final: str
    original: str
    action: DsnAction | None
    status: str
    diagnostic: str
    verbatim: bool = True  # False: the diagnostic is what the human part says, there was no field


def entries(parts: Sequence[Part]) -> tuple[Entry, ...]:
    """The recipients of all delivery-status parts."""
    return tuple(
        entry for part in parts if part.media_type in STATUS_PARTS for entry in entries_of_text(part.text)
    )


def entries_of_text(text: str) -> tuple[Entry, ...]:
    """The recipients in the text of a delivery-status part."""
    return tuple(entry for group in groups(text) if (entry := _entry(group)) is not None)


def groups(text: str) -> list[dict[str, str]]:
    """The groups of fields, names in lower case: first the message's, then one for each recipient."""
    made: list[dict[str, str]] = []
    group: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        if not line.strip():
            if group:
                made.append(group)
            group, last = {}, ""
        elif line[:1] in " \t" and last:
            group[last] += "\n" + line.strip()
        elif match := _FIELD.search(line):
            name, value = (match.group(1) or "").lower(), (match.group(2) or "").strip()
            if name in _ONCE and name in group:
                made.append(group)
                group = {}
            if name in group:
                group[name] = f"{group[name]}\n{value}".strip()
            else:
                group[name] = value
            last = name
    if group:
        made.append(group)
    return list(_mended(made))


def _mended(made: Sequence[dict[str, str]]) -> Iterator[dict[str, str]]:
    """The groups, where fields of a recipient that a blank line cut off are back in its group."""
    held: dict[str, str] | None = None
    for group in made:
        cut_off = not group.keys() & _OF_RECIPIENT and group.keys() & _STATED
        if held is not None and cut_off and not (held.keys() & group.keys()):
            held |= group
            continue
        if held is not None:
            yield held
        held = dict(group)
    if held is not None:
        yield held


def _entry(group: Mapping[str, str]) -> Entry | None:
    if not group.keys() & _OF_RECIPIENT:
        return None
    final = next(
        filter(
            None, (typed_address(group.get(name, "")) for name in ("final-recipient", "x-actual-recipient"))
        ),
        "",
    )
    original = typed_address(group.get("original-recipient", ""))
    if not final and not original:
        return None
    status = _STATUS.search(group.get("status", ""))
    return Entry(
        final=final or original,
        original=original if "@" in original else "",
        action=_action(group),
        status=(status.group(1) or "") if status else "",
        diagnostic=_diagnostic(group),
    )


def typed_address(value: str) -> str:
    """The address in `rfc822; user@example.net` and what is written for it; "" if there is none."""
    found = _typed(value)
    return _XTEXT_OCTET.sub(_unescaped, found) if _XTEXT.search(found) else found


def _typed(value: str) -> str:
    value = _ESCAPED.sub(_unescaped, " ".join(value.split()))
    value = _TYPE.sub("", value).strip()
    if match := _ANGLE.search(value):
        return match.group(1) or ""
    if match := _ADDRESS.search(value):
        return match.group() or ""
    if "@" in value and " " not in value:
        return value  # another script than ADDRESS knows
    bare = value.strip("<>\"' ").partition(" ")[0]
    return "" if bare.lower() in ("", "unknown", "n/a", "none") else bare


def _unescaped(match: Match) -> str:
    code = int(match.group(1) or "0", 16)
    return chr(code) if 0x20 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def _action(group: Mapping[str, str]) -> DsnAction | None:
    word = group.get("action", "").strip().lower()[:5]
    if word in _WORDS:
        return _WORDS[word]
    if "will-retry-until" in group:
        return DsnAction.DELAYED
    if group.get("status", "").strip().startswith("5"):
        return DsnAction.FAILED
    return DsnAction.DELIVERED if group.get("status", "").strip().startswith("2") else None


def _diagnostic(group: Mapping[str, str]) -> str:
    """What the fields say in words: the Diagnostic-Code without its type, if there is one."""
    code = group.get("diagnostic-code", "")
    kind, semicolon, rest = code.partition(";")
    text = rest if semicolon and " " not in kind.strip() else code
    if text.strip():
        return text.strip()
    status = group.get("status", "")
    return (
        status
        if len(status) > len("5.100.100") and not is_general(status)
        else group.get("x-supplementary-info", "")
    )
