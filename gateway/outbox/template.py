"""A template file, read: a few header lines that look like a mail's, a blank line, and the words.

    Subject: Your order {{ order.number }} is on its way
    Purpose: transactional
    Uses: order, customer, shop, shipment

Subject, Purpose and Uses are required; Uses names the values that the words may speak of, so that a slip of
the pen is found when the file is read and not when a customer waits. Expires-In, Once-Per and Doubt are for
the few mails whose life, frequency or doubt differs from that of their purpose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches

from gateway.kernel.errors import InputError
from gateway.mail.draft import Purpose
from gateway.outbox.message import OnDoubt

REQUIRED = ("Subject", "Purpose", "Uses")
KNOWN = (*REQUIRED, "Expires-In", "Once-Per", "Doubt")

_UNITS: Mapping[str, timedelta] = {
    "m": timedelta(minutes=1),
    "minute": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "hour": timedelta(hours=1),
    "d": timedelta(days=1),
    "day": timedelta(days=1),
    "w": timedelta(weeks=1),
    "week": timedelta(weeks=1),
}


class TemplateError(InputError):
    """A template cannot be used; `where` is its file, with the line wherever one is to blame."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Some lines of a template file and the number of the first."""

    words: str
    file: str
    line: int = 1


@dataclass(frozen=True, slots=True)
class Template:
    """The words of one mail and what is decided about it once for all."""

    subject: Passage
    text: Passage
    purpose: Purpose
    uses: frozenset[str]
    expires_in: timedelta | None = None  # None: the purpose's own life
    once_per: timedelta | None = None  # to one address
    doubt: OnDoubt | None = None  # None: the purpose's own


def read_template(source: str, file: str) -> Template:
    """The template that stands in `file`; TemplateError names the line."""
    head, text = _split(source)
    fields = _fields(head, file)
    if missing := [name for name in REQUIRED if name not in fields]:
        raise TemplateError(f"{file}:1", f"has no {missing[0]}:", "see templates/README.md")
    return Template(
        subject=fields["Subject"],
        text=Passage(text, file, len(head) + 2),
        purpose=_purpose(fields["Purpose"]),
        uses=frozenset(name.strip() for name in fields["Uses"].words.split(",")),
        expires_in=_duration(fields.get("Expires-In")),
        once_per=_duration(fields.get("Once-Per")),
        doubt=_doubt(fields.get("Doubt")),
    )


def at(passage: Passage) -> str:
    """Where the passage begins, for messages."""
    return f"{passage.file}:{passage.line}"


def suggestion(word: str, known: list[str]) -> str:
    """What was probably meant, or all there is."""
    close = get_close_matches(word, known, 1)
    return f"did you mean {close[0]!r}?" if close else f"known are: {', '.join(sorted(known)) or 'none'}"


def _split(source: str) -> tuple[list[str], str]:
    head, _, text = source.replace("\r\n", "\n").partition("\n\n")
    return head.split("\n"), text


def _fields(head: list[str], file: str) -> dict[str, Passage]:
    fields: dict[str, Passage] = {}
    for number, line in enumerate(head, 1):
        where = f"{file}:{number}"
        name, colon, value = line.partition(":")
        if not colon or not value.strip():
            raise TemplateError(where, f"{line!r} is no 'Name: value'", "a blank line ends the header lines")
        known = {each.lower(): each for each in KNOWN}.get(name.strip().lower())
        if known is None:
            raise TemplateError(where, f"no header line {name!r}", suggestion(name, list(KNOWN)))
        if known in fields:
            raise TemplateError(where, f"{known} stands here twice", "remove one")
        fields[known] = Passage(value.strip(), file, number)
    return fields


def _purpose(value: Passage) -> Purpose:
    try:
        return Purpose(value.words.lower())
    except ValueError:
        raise TemplateError(
            at(value), f"no purpose {value.words!r}", suggestion(value.words, [*Purpose])
        ) from None


def _doubt(value: Passage | None) -> OnDoubt | None:
    try:
        return OnDoubt(value.words.lower()) if value else None
    except ValueError:
        assert value
        raise TemplateError(
            at(value), f"no doubt {value.words!r}", suggestion(value.words, [*OnDoubt])
        ) from None


def _duration(value: Passage | None) -> timedelta | None:
    """A span such as `14 days` or `36h`."""
    if value is None:
        return None
    digits = value.words[: len(value.words) - len(value.words.lstrip("0123456789"))]
    unit = value.words[len(digits) :].strip().lower()
    known = _UNITS.get(unit) or _UNITS.get(unit.removesuffix("s"))
    if not digits or len(digits) > 4 or known is None:
        raise TemplateError(at(value), f"{value.words!r} is no time span", "write it as 36 hours or 14 days")
    return int(digits) * known
