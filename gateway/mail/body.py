"""What a mail says, out of all its parts: the best text, the HTML, the attachments, the mail it passes on.

Within multipart/alternative the plain part is the text, unless it is empty, a stub or far shorter than the
HTML; in every other container the text parts follow one another. An attached message is never text.
"""

from dataclasses import dataclass, field
from hashlib import sha256

from gateway.mail import markup, mime
from gateway.mail.mime import Entity, Part
from gateway.mail.parsed import Attachment
from gateway.mail.pattern import compile_pattern

LONGEST_TEXT = 1024 * 1024  # characters of text that are kept; beyond that nobody speaks
_FIFTH = 5  # a plain part with less than a fifth of the HTML's words is a stub
_STUB = compile_pattern(
    r"(?:your|this) (?:e-?mail |mail )?(?:client|program|reader|application|software)[^.]{0,40}"
    r"(?:can ?not|does not|doesn't|unable|not support)"
    r"|html[- ](?:e-?mail|version|format|capable|compatible|enabled)"
    r"|view (?:this|the) (?:e-?mail|message|mail) in (?:your|a) browser|kann (?:kein|html)[^.]{0,40}darstell"
    r"|this is an html (?:message|e-?mail)|multi-?part message in mime format",
    ignore_case=True,
)
_STUB_WORDS = 60  # a stub says hardly more


@dataclass(frozen=True, slots=True)
class Body:
    """What was found in the tree of a mail."""

    parts: tuple[Part, ...] = ()
    text: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    enclosed: Part | None = None  # the first attached message
    has_calendar: bool = False
    defects: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    """What one walk over the tree collects."""

    parts: list[Part] = field(default_factory=list[Part])
    html: list[str] = field(default_factory=list[str])
    attached: list[Part] = field(default_factory=list[Part])
    defects: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class _Spoken:
    """The text of one node, and whether it was laid out from HTML."""

    text: str
    from_html: bool = False


def read(octets: bytes) -> Body:
    """The body of a mail whose line ends are CRLF; never raises."""
    root = mime.tree(octets)
    reading = _Reading(defects=list(mime.all_defects(root)))
    spoken = _node(root, (), reading)
    enclosed = next((part for part in reading.attached if part.media_type in mime.ENCLOSED), None)
    return Body(
        tuple(reading.parts),
        "\n".join(one.text.strip("\n") for one in spoken if one.text.strip())[:LONGEST_TEXT].strip("\n"),
        "\n".join(reading.html),
        tuple(map(_listed, reading.attached)),
        enclosed,
        any(part.media_type == "text/calendar" for part in reading.parts),
        tuple(dict.fromkeys(reading.defects)),
    )


def _node(entity: Entity, path: tuple[int, ...], reading: _Reading) -> list[_Spoken]:
    if not entity.children:
        return _leaf(entity, path or (1,), reading)
    spoken = [_node(child, (*path, number), reading) for number, child in enumerate(entity.children, start=1)]
    if entity.media_type == "multipart/alternative":
        return _best(spoken)
    return [one for child in spoken for one in child]


def _leaf(entity: Entity, path: tuple[int, ...], reading: _Reading) -> list[_Spoken]:
    part, defects = mime.leaf(path, entity)
    reading.parts.append(part)
    reading.defects.extend(defects)
    if part.media_type == "text/html" and _is_spoken(part):
        reading.html.append(part.text)
        return [_Spoken(markup.text_of(part.text), from_html=True)]
    if part.media_type in ("text/plain", "text/enriched", "text") and _is_spoken(part):
        if entity.parameters.get("format", "").lower() == "flowed":
            return [_Spoken(unflowed(part.text, entity.parameters.get("delsp", "").lower() == "yes"))]
        return [_Spoken(part.text)]
    reading.attached.append(part)
    return []


def _is_spoken(part: Part) -> bool:
    return part.inline and not part.filename


def _best(spoken: list[list[_Spoken]]) -> list[_Spoken]:
    """The best of the alternatives: plain words unless the HTML plainly says more."""
    none: list[_Spoken] = []
    plain = next((one for one in spoken if one and not any(piece.from_html for piece in one)), none)
    rich = next((one for one in reversed(spoken) if any(piece.from_html for piece in one)), none)
    if not plain or not rich:
        return plain or rich
    said, shown = (" ".join(piece.text for piece in one) for one in (plain, rich))
    words, other = len(said.split()), len(shown.split())
    stub = words * _FIFTH < other or (
        words < _STUB_WORDS and words < other and _STUB.search(said) is not None
    )
    return rich if not said.strip() or (shown.strip() and stub) else plain


def _listed(part: Part) -> Attachment:
    return Attachment(part.filename, part.media_type, len(part.content), sha256(part.content).hexdigest())


def unflowed(text: str, delete_space: bool = False) -> str:
    """The text with its soft line breaks joined (RFC 3676 4.2), quotation depth by quotation depth."""
    out: list[str] = []
    joining: int | None = None  # the depth of the paragraph that goes on
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")  # stuffed
        soft = content.endswith(" ") and content != "-- "
        if joining == depth and content != "-- ":
            out[-1] += content
        else:
            out.append(">" * depth + (" " if depth else "") + content)
        if soft and delete_space:
            out[-1] = out[-1][:-1]
        joining = depth if soft else None
    return "\n".join(out)
