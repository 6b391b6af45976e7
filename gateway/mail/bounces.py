"""What `config/bounces.toml` says: how reports look, and what their words and codes mean.

The file explains its own keys; this module gives them types, checks them, and asks them.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.kernel.errors import InputError
from gateway.mail.defaults import shipped
from gateway.mail.entry import Entry
from gateway.mail.parsed import BounceClass, DsnAction, Parsed
from gateway.mail.words import Words

LOOKED_AT = 16384  # characters of the words of a mail, at its beginning


class Says(StrEnum):
    """Which lines of a report are the diagnostic of the recipient that was found there."""

    TO_NEXT = "to_next"  # up to the next recipient, or the end
    TO_BLANK_LINE = "to_blank_line"
    BEFORE = "before"  # from the recipient above, or the beginning
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Looks:
    """What of a mail is looked at to recognise it."""

    subject: str
    author: str  # "Name <address>"
    fields: str  # all of them, as "Name: value" lines
    words: str


def looks_of(mail: Parsed) -> Looks:
    """How the mail looks, with the beginning of its words: there programs say what they are."""
    return Looks(
        subject=mail.subject,
        author=f"{mail.author.name} <{mail.author.address}>" if mail.author else "",
        fields="\n".join(f"{name}: {value}" for name, value in mail.headers),
        words=mail.text[:LOOKED_AT],
    )


@dataclass(frozen=True, slots=True)
class When:
    """The signs of one kind of mail; all that are given must be there."""

    subject: Words = field(default_factory=Words)
    author: Words = field(default_factory=Words)
    header: Words = field(default_factory=Words)
    body: Words = field(default_factory=Words)
    also: Words = field(default_factory=Words)  # other words of the body

    @property
    def is_of_words_alone(self) -> bool:
        return not (self.subject or self.author or self.header)

    def holds(self, looks: Looks) -> bool:
        """Whether all are there, the cheapest asked first; no sign at all holds for every mail."""
        return (
            (not self.subject or self.subject.in_(looks.subject))
            and (not self.author or self.author.in_(looks.author))
            and (not self.header or self.header.in_(looks.fields))
            and (not self.also or self.also.in_(looks.words))
            and (not self.body or self.body.in_(looks.words))
        )


@dataclass(frozen=True, slots=True)
class Report:
    """How one family of mail systems writes its reports in free text."""

    name: str
    when: When
    address: tuple[str, ...]
    says: Says = Says.TO_NEXT
    starts: Words = field(default_factory=Words)  # recipients stand after it
    ends: Words = field(default_factory=Words)  # and before it
    action: DsnAction | None = None  # None: the words decide
    broad: bool = False  # couriers of parcels write so too, so only a mail system's words are read
    guess: bool = False  # fits anything, so addresses of the sender and of postmasters are left out
    alone: bool = False  # means nothing unless it finds exactly one address


@dataclass(frozen=True, slots=True)
class Meaning:
    """What some words or codes stand for; `general` ones give way to specific codes."""

    bounce: BounceClass
    any: Words
    general: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A complaint or challenge that is known by its looks."""

    name: str
    when: When
    recipient: Words = field(default_factory=Words)  # {address} is who complained
    type: str = ""


@dataclass(frozen=True, slots=True)
class Absence:
    """How automatic replies speak in one language."""

    language: str
    subject: Words
    phrase: Words
    perhaps: Words = field(default_factory=Words)  # subjects that people write as well
    gone: Words = field(default_factory=Words)


@dataclass(frozen=True, slots=True)
class Signs:
    """What shows that a program wrote a mail in order to report."""

    subject: Words = field(default_factory=Words)
    author: Words = field(default_factory=Words)  # "name <address>"
    undelivered: Words = field(default_factory=Words)  # what any report says at the least
    digest: Words = field(default_factory=Words)  # what mail systems send to their own users
    original: Words = field(default_factory=Words)  # a line after which the returned original stands
    delayed: Words = field(default_factory=Words)
    delivered: Words = field(default_factory=Words)
    relayed: Words = field(default_factory=Words)
    failed: Words = field(default_factory=Words)


@dataclass(frozen=True, slots=True)
class Bounces:
    """The whole file."""

    signs: Signs
    reports: tuple[Report, ...] = ()
    texts: tuple[Meaning, ...] = ()
    statuses: tuple[Meaning, ...] = ()
    replies: tuple[Meaning, ...] = ()
    complaints: tuple[Named, ...] = ()
    challenges: tuple[Named, ...] = ()
    absences: tuple[Absence, ...] = ()
    away: Words = field(default_factory=Words)  # the subjects of all absences, to ask them at once

    @staticmethod
    def load(text: str, where: str, *, check: bool = True) -> "Bounces":
        """The tables in `text`; InputError names file and entry if something in it cannot be used.

        Without `check` a pattern is compiled when it is first needed, which spares a process the half
        second for patterns that its mails never ask.
        """
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise InputError(where, str(error), "it has to be TOML") from None
        return _bounces(Entry(where, table, check=check).lists("words"))

    def by_words(self, text: str, *, general: bool) -> tuple[BounceClass, str] | None:
        """The class that words of a diagnostic speak of, and those words."""
        if not text:
            return None
        for meaning in self.texts:
            if meaning.general is general and (match := meaning.any.find(text)):
                return meaning.bounce, f"the words {(match.group() or '').strip()!r}"
        return None

    def by_status(self, status: str, *, general: bool) -> tuple[BounceClass, str] | None:
        """The class that an enhanced status stands for."""
        return _by_code(self.statuses, status, "status", general=general)

    def by_reply(self, reply: str) -> tuple[BounceClass, str] | None:
        """The class that a bare SMTP reply code hints at."""
        return _by_code(self.replies, reply, "reply", general=False)


def _by_code(
    meanings: Sequence[Meaning], code: str, what: str, *, general: bool
) -> tuple[BounceClass, str] | None:
    if not code:
        return None
    for meaning in meanings:
        if meaning.general is general and meaning.any.find(code):
            return meaning.bounce, f"the {what} {code}"
    return None


def _bounces(file: Entry) -> Bounces:
    absences = tuple(map(_absence, file.tables("absence")))
    made = Bounces(
        signs=_signs(file.table("signs")),
        reports=tuple(map(_report, file.tables("report"))),
        texts=tuple(map(_meaning, file.tables("text"))),
        statuses=tuple(map(_meaning, file.tables("status"))),
        replies=tuple(map(_meaning, file.tables("reply"))),
        complaints=tuple(map(_named, file.tables("complaint"))),
        challenges=tuple(map(_named, file.tables("challenge"))),
        absences=absences,
        away=Words(
            tuple(one for each in absences for one in (*each.subject.patterns, *each.perhaps.patterns))
        ),
    )
    file.done()
    return made


def _signs(entry: Entry) -> Signs:
    names = (
        "subject",
        "author",
        "undelivered",
        "digest",
        "original",
        "delayed",
        "delivered",
        "relayed",
        "failed",
    )
    signs = Signs(**{name: entry.words(name) for name in names})
    entry.done()
    return signs


def _when(entry: Entry) -> When:
    when = When(**{name: entry.words(name) for name in ("subject", "author", "header", "body", "also")})
    entry.done()
    return when


def _report(entry: Entry) -> Report:
    report = Report(
        name=entry.text("name"),
        when=_when(entry.table("when")),
        address=entry.words("address").patterns,
        says=entry.one_of("says", Says) or Says.TO_NEXT,
        starts=entry.words("starts"),
        ends=entry.words("ends"),
        action=entry.one_of("action", DsnAction),
        broad=entry.yes("broad"),
        guess=entry.yes("guess"),
        alone=entry.yes("alone"),
    )
    entry.text("why", "")
    entry.done()
    return report


def _meaning(entry: Entry) -> Meaning:
    bounce = entry.one_of("class", BounceClass)
    if bounce is None:
        raise InputError(entry.where, "'class' is missing", f"it is one of {', '.join(BounceClass)}")
    meaning = Meaning(bounce, entry.words("any"), entry.yes("general"))
    entry.text("why", "")
    entry.done()
    return meaning


def _named(entry: Entry) -> Named:
    named = Named(
        entry.text("name"), _when(entry.table("when")), entry.words("recipient"), entry.text("type", "")
    )
    entry.text("why", "")
    entry.done()
    return named


def _absence(entry: Entry) -> Absence:
    names = ("subject", "phrase", "perhaps", "gone")
    absence = Absence(entry.text("language"), **{name: entry.words(name) for name in names})
    entry.done()
    return absence


def _built_in() -> Bounces:
    path = shipped("bounces.toml")
    return Bounces.load(path.read_text(encoding="utf-8"), path.name, check=False)


BUILT_IN = _built_in()  # `config/bounces.toml` as it is shipped
