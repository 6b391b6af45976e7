"""What a mail says, out of all its parts: the best text, the HTML, the attachments, the mail it passes on.

Within multipart/alternative the plain part is the text, unless it is empty, a stub or far shorter than the
HTML; in every other container the text parts follow one another. An attached message is never text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gateway.mail import attachment, cms, header, markup, mime
from gateway.mail.embedded import without_armour
from gateway.mail.entity import Entity, all_defects, tree
from gateway.mail.flowed import unflowed
from gateway.mail.header import Field
from gateway.mail.mime import Part
from gateway.mail.parsed import Attachment
from gateway.mail.pattern import compile_pattern

LONGEST_TEXT = 256 * 1024  # characters of text that are kept: as far as patterns look, 40,000 words
LAID_OUT = 20  # parts of HTML; of the others only the words are taken

_FIFTH = 5  # a plain part with less than a fifth of the HTML's words says less than the HTML
_STUB_WORDS = 60  # a stub says hardly more
_STUB = compile_pattern(
    r"(?:your|this) (?:e-?mail |mail )?(?:client|program|reader|application|software)[^.]{0,40}"
    r"(?:can ?not|does not|doesn't|unable|not support)"
    r"|html[- ](?:e-?mail|version|format|capable|compatible|enabled)"
    r"|view (?:this|the) (?:e-?mail|message|mail|newsletter) in (?:your|a) browser"
    r"|(?:kann|keine?)\b[^.]{0,40}\bhtml\b[^.]{0,40}(?:darstell|anzeig)"
    r"|html[^.]{0,40}nicht (?:darstell|anzeig)"
    r"|ne (?:peut|supporte|prend)[^.]{0,40}html|no (?:puede|admite|soporta)[^.]{0,40}html"
    r"|this is an html (?:message|e-?mail)|multi-?part message in mime format",
    ignore_case=True,
)
_SAME = 0.8  # share of the HTML's words that the plain text before it has, where both say the same
_SAID = ("text/plain", "text/enriched", "text/richtext", "text/markdown")
_UNSEEN = ("text/x-amp-html", "text/watch-html")  # other renderings of what is said elsewhere
_DATA = ("text/calendar", "text/csv", "text/vcard", "text/x-vcard", "text/directory", "text/rfc822-headers")
_SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted")
_INLINE = 32 * 1024  # octets up to which a named text in the place of the words is the words
_IS_HTML = compile_pattern(
    r"^\s*(?:<!doctype html|<html)[\s>]", ignore_case=True
)  # although it says text/plain
_RICH_TAG = compile_pattern(r"</?[A-Za-z][A-Za-z0-9-]{0,30}>")


@dataclass(frozen=True, slots=True)
class Body:
    """What was found in the tree of a mail."""

    parts: tuple[Part, ...] = ()
    text: str = ""
    twin: str = ""  # HTML that says the same as the text, which is not made of it
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    enclosed: Part | None = None  # the first attached message
    has_calendar: bool = False
    defects: tuple[str, ...] = ()
    charset: str = ""  # the first that is declared for text, as a hint for a header with raw octets
    fields: tuple[Field, ...] = ()  # the mail's own header


@dataclass(frozen=True, slots=True)
class _Spoken:
    """What one leaf says: plain text, or HTML that is laid out only if it is wanted."""

    plain: str = ""
    html: str = ""

    @property
    def text(self) -> str:
        return markup.text_of(self.html) if self.html else self.plain


@dataclass(slots=True)
class _Reading:
    """What one walk over the tree collects."""

    hint: str
    defects: list[str]
    parts: list[Part] = field(default_factory=list[Part])
    html: list[str] = field(default_factory=list[str])
    attached: list[Part] = field(default_factory=list[Part])
    doubtful: list[tuple[Entity, Part]] = field(default_factory=list[tuple[Entity, Part]])
    twin: str = ""
    charset: str = ""
    opened: bool = False  # the one opaque signature that is looked into


def read(octets: bytes) -> Body:
    """The body of a mail whose line ends are CRLF; never raises."""
    root = tree(octets)
    reading = _Reading(mime.charset_hint(root), list(all_defects(root)))
    text, whole = _joined(_node(root, (), reading))
    if not text and reading.doubtful:  # the only words of the mail were sent as a file
        entity, part = reading.doubtful[0]
        text, whole = _joined([_spoken(entity, part, reading)])
        reading.attached.remove(part)
    if not whole:
        reading.defects.append("text_cut")
    attachments: list[Attachment] = []
    for part in reading.attached:
        entry, notes = attachment.listed(part.filename, part.media_type, part.content)
        attachments.append(entry)
        reading.defects.extend(notes)
    return Body(
        parts=tuple(reading.parts),
        text=text,
        twin=reading.twin,
        html="\n".join(reading.html),
        attachments=tuple(attachments),
        enclosed=next((part for part in reading.attached if part.media_type in mime.ENCLOSED), None),
        has_calendar=any(part.media_type == "text/calendar" for part in reading.parts),
        defects=tuple(dict.fromkeys(reading.defects)),
        charset=reading.charset,
        fields=root.fields,
    )


def _joined(spoken: Sequence[_Spoken]) -> tuple[str, bool]:
    """The text that the pieces are together, and whether it is all of it."""
    text = ""
    for one in spoken:
        words = one.text.strip("\n")
        if words.strip():
            text = f"{text}\n\n{words}" if text else words
        if len(text) > LONGEST_TEXT:
            return text[:LONGEST_TEXT].rstrip(), False
    return text.rstrip(), True


def _node(entity: Entity, path: tuple[int, ...], reading: _Reading) -> list[_Spoken]:
    if not entity.children:
        return _leaf(entity, path or (1,), reading)
    spoken = [_node(child, (*path, number), reading) for number, child in enumerate(entity.children, start=1)]
    if entity.media_type == "multipart/alternative":
        best = _best(spoken)
        reading.twin = reading.twin or _twin(best, spoken)
        return best
    return _without_twins([one for child in spoken for one in child])


def _leaf(entity: Entity, path: tuple[int, ...], reading: _Reading) -> list[_Spoken]:
    part, defects = mime.leaf(path, entity, reading.hint)
    reading.parts.append(part)
    reading.charset = reading.charset or entity.parameters.get("charset", "")
    reading.defects.extend(defects)
    if part.media_type in _UNSEEN:
        return []
    if part.media_type in _SEALED:
        reading.attached.append(part)
        return _sealed(part, reading)
    reading.attached.extend(_files(part))
    if part.media_type != "text/html" and part.media_type not in _SAID:
        reading.attached.append(part)
        if part.media_type.startswith("text/") and part.media_type not in _DATA:
            reading.doubtful.append((entity, part))
        return []
    if part.inline and not part.filename:
        return [_spoken(entity, part, reading)]
    if part.inline and part.media_type == "text/plain" and _begins(reading) and len(part.content) < _INLINE:
        return [_spoken(entity, part, reading)]
    reading.attached.append(part)
    reading.doubtful.append((entity, part))
    return []


def _begins(reading: _Reading) -> bool:
    """Whether the part that was met last is the first of the mail: there people put their words."""
    return len(reading.parts) == 1


def _sealed(part: Part, reading: _Reading) -> list[_Spoken]:
    """The words inside an opaque S/MIME signature; what is encrypted nobody here can read."""
    inner = b"" if reading.opened else cms.signed_content(part.content)
    if not inner:
        reading.defects.append("encrypted")
        return []
    reading.opened = True
    root = tree(header.canonical(inner))
    reading.defects.extend(all_defects(root))
    return _node(root, (*part.path, 1), reading)


def _files(part: Part) -> Iterator[Part]:
    """The files that stood in the midst of a text, as parts."""
    for file in part.files:
        yield Part(
            part.path, "application/octet-stream", mime.safe_filename(file.name), False, "", file.octets
        )


def _spoken(entity: Entity, part: Part, reading: _Reading) -> _Spoken:
    if part.media_type == "text/html":
        reading.html.append(part.text)
        if len(reading.html) > LAID_OUT:
            return _Spoken(markup.words_of(part.text))
        return _Spoken(html=part.text)
    if part.media_type in ("text/enriched", "text/richtext"):
        return _Spoken(_RICH_TAG.sub("", part.text))
    if entity.parameters.get("format", "").lower() == "flowed":
        return _Spoken(unflowed(part.text, entity.parameters.get("delsp", "").lower() == "yes"))
    if _IS_HTML.search(part.text[:400]) and part.media_type == "text/plain":
        reading.html.append(part.text)
        return _Spoken(html=part.text)
    return _Spoken(without_armour(part.text))


def _best(spoken: list[list[_Spoken]]) -> list[_Spoken]:
    """The best of the alternatives: plain words unless the HTML plainly says more."""
    none: list[_Spoken] = []
    plain = next((one for one in spoken if one and not any(piece.html for piece in one)), none)
    rich = next((one for one in reversed(spoken) if any(piece.html for piece in one)), none)
    if not plain or not rich:
        return plain or rich
    said = " ".join(piece.plain for piece in plain)
    words = len(said.split())
    shown = sum(markup.count_words(piece.html) or len(piece.plain.split()) for piece in rich)
    stub = words < min(_STUB_WORDS, shown) and _STUB.search(said) is not None
    return rich if words * _FIFTH < shown or stub else plain


def _twin(best: list[_Spoken], spoken: list[list[_Spoken]]) -> str:
    """The HTML that says the same as the plain text that was chosen; "" if HTML was."""
    if any(piece.html for piece in best):
        return ""
    return "\n".join(piece.html for one in spoken for piece in one if piece.html)


def _without_twins(spoken: list[_Spoken]) -> list[_Spoken]:
    """The pieces without HTML that says again what the plain text before it said.

    Some programs send both as multipart/mixed.
    """
    kept: list[_Spoken] = []
    for one in spoken:
        before = kept[-1] if kept else None
        if before and one.html and not before.html:
            words, others = set(one.text.split()), set(before.text.split())
            if len(words & others) >= _SAME * max(len(words), 1) and words:
                continue
        kept.append(one)
    return kept
