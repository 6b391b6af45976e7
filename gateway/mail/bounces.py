"""What `config/bounces.toml` says, checked: how reports look, and what their words and codes mean.

Every pattern is RE2, ignores case, and its `^` and `$` are those of a line. In a pattern for addresses
`{address}` stands for the recipient as the report names it, `{original}` for the one that was written to
before an alias or a forwarding led elsewhere, and `(?P<says>...)` for the diagnostic, where it stands on
the same line.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, cast

from gateway.kernel.errors import InputError
from gateway.mail.defaults import shipped
from gateway.mail.parsed import BounceClass, DsnAction
from gateway.mail.pattern import Match, Pattern, compile_pattern

# What may stand before and after the @ in running text. Kana, Han and Hangul are left out: in Japanese and
# Chinese reports they follow an address without a blank.
_LETTER = r"0-9A-Za-z_\p{Latin}\p{Cyrillic}\p{Greek}"
_LOCAL = rf"""(?:"[^"\n]{{1,64}}"|[{_LETTER}!#$%&+/=?^`{{}}~\-][{_LETTER}!#$%&'+/=?^`{{}}~.\-]*)"""
_DOMAIN = rf"(?:\[[0-9A-Fa-f:.]+\]|[{_LETTER}\-]+(?:\.[{_LETTER}\-]+)*)"
ADDRESS = rf"{_LOCAL}@{_DOMAIN}"
_PLACES = {"{address}": rf"(?P<address>{ADDRESS})", "{original}": rf"(?P<original>{ADDRESS})"}

E = TypeVar("E", bound=StrEnum)


class Says(StrEnum):
    """Which lines of a report are the diagnostic of the recipient that was found there."""

    TO_NEXT = "to_next"  # up to the next recipient, or the end
    TO_BLANK_LINE = "to_blank_line"
    BEFORE = "before"  # from the recipient above, or the beginning
    WHOLE = "whole"


@cache
def compiled(pattern: str) -> Pattern:
    """A pattern of the file, ready to be searched with; ValueError says what RE2 minds."""
    for place, stands_for in _PLACES.items():
        pattern = pattern.replace(place, stands_for)
    return compile_pattern(f"(?m){pattern}", ignore_case=True)


@dataclass(frozen=True, slots=True)
class Words:
    """Alternatives, in order; the first that is found counts."""

    patterns: tuple[str, ...] = ()

    def find(self, text: str) -> Match | None:
        return next(self.matches(text), None)

    def each(self) -> Iterator[Pattern]:
        return map(compiled, self.patterns)

    def matches(self, text: str) -> Iterator[Match]:
        """The first place of each alternative that is found."""
        for pattern in self.each():
            if match := pattern.search(text):
                yield match

    def in_(self, text: str) -> bool:
        """Whether any alternative is found, asked all at once; for alternatives without groups."""
        return bool(self.patterns) and compiled("|".join(self.patterns)).search(text) is not None

    def __bool__(self) -> bool:
        return bool(self.patterns)


@dataclass(frozen=True, slots=True)
class When:
    """The signs of one kind of mail; all that are given must be there."""

    subject: Words = field(default_factory=Words)
    author: Words = field(default_factory=Words)  # name and address
    header: Words = field(default_factory=Words)  # any field, as "Name: value"
    body: Words = field(default_factory=Words)


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
        return _bounces(_Entry(where, table, check=check))

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


class _Entry:
    """One table of the file, whose keys are read once and then must all have been used."""

    def __init__(self, where: str, table: Mapping[str, Any], *, check: bool) -> None:
        self.where = where
        self._check = check
        self._left = dict(table)

    def text(self, key: str, default: str | None = None) -> str:
        value = self._left.pop(key, default)
        if not isinstance(value, str):
            raise InputError(self.where, f"{key!r} is missing or no text")
        return value

    def yes(self, key: str) -> bool:
        value = self._left.pop(key, False)
        if not isinstance(value, bool):
            raise InputError(self.where, f"{key!r} is neither true nor false")
        return value

    def words(self, key: str) -> Words:
        """The patterns under `key`, one or a list, each of which RE2 takes."""
        value = self._left.pop(key, [])
        listed = cast("list[Any]", [value] if isinstance(value, str) else value)
        if not isinstance(value, str | list) or not all(isinstance(one, str) for one in listed):
            raise InputError(self.where, f"{key!r} is no pattern and no list of patterns")
        try:
            for pattern in listed if self._check else ():
                compiled(pattern)
        except ValueError as error:
            raise InputError(self.where, str(error), "the syntax is RE2's") from None
        return Words(tuple(listed))

    def one_of(self, key: str, kinds: type[E]) -> E | None:
        """The member of `kinds` under `key`, None if the key is absent."""
        value = self._left.pop(key, None)
        try:
            return None if value is None else kinds(value)
        except ValueError:
            allowed = ", ".join(kinds)
            raise InputError(self.where, f"{key} = {value!r} is unknown", f"it is one of {allowed}") from None

    def table(self, key: str) -> "_Entry":
        value = self._left.pop(key, {})
        if not isinstance(value, dict):
            raise InputError(self.where, f"{key!r} is no table")
        return _Entry(f"{self.where}, {key}", cast("dict[str, Any]", value), check=self._check)

    def tables(self, key: str) -> Iterator["_Entry"]:
        value = self._left.pop(key, [])
        if not isinstance(value, list):
            raise InputError(self.where, f"[[{key}]] is no list of tables")
        for number, table in enumerate(cast("list[Any]", value), start=1):
            if not isinstance(table, dict):
                raise InputError(self.where, f"[[{key}]] {number} is no table")
            entry = cast("dict[str, Any]", table)
            name = next((str(entry[k]) for k in ("name", "class", "language") if k in entry), "")
            where = f"{self.where}, [[{key}]] {number}" + (f" ({name})" if name else "")
            yield _Entry(where, entry, check=self._check)

    def done(self) -> None:
        if self._left:
            known = ", ".join(sorted(self._left))
            raise InputError(
                self.where, f"unknown: {known}", "see the top of the file for what may stand here"
            )


def _bounces(file: _Entry) -> Bounces:
    made = Bounces(
        signs=_signs(file.table("signs")),
        reports=tuple(map(_report, file.tables("report"))),
        texts=tuple(map(_meaning, file.tables("text"))),
        statuses=tuple(map(_meaning, file.tables("status"))),
        replies=tuple(map(_meaning, file.tables("reply"))),
        complaints=tuple(map(_named, file.tables("complaint"))),
        challenges=tuple(map(_named, file.tables("challenge"))),
        absences=tuple(map(_absence, file.tables("absence"))),
    )
    file.done()
    return made


def _signs(entry: _Entry) -> Signs:
    names = ("subject", "author", "original", "delayed", "delivered", "relayed", "failed")
    signs = Signs(**{name: entry.words(name) for name in names})
    entry.done()
    return signs


def _when(entry: _Entry) -> When:
    when = When(**{name: entry.words(name) for name in ("subject", "author", "header", "body")})
    entry.done()
    return when


def _report(entry: _Entry) -> Report:
    report = Report(
        name=entry.text("name"),
        when=_when(entry.table("when")),
        address=entry.words("address").patterns,
        says=entry.one_of("says", Says) or Says.TO_NEXT,
        starts=entry.words("starts"),
        ends=entry.words("ends"),
        action=entry.one_of("action", DsnAction),
        guess=entry.yes("guess"),
        alone=entry.yes("alone"),
    )
    entry.text("why", "")
    entry.done()
    return report


def _meaning(entry: _Entry) -> Meaning:
    bounce = entry.one_of("class", BounceClass)
    if bounce is None:
        raise InputError(entry.where, "'class' is missing", f"it is one of {', '.join(BounceClass)}")
    meaning = Meaning(bounce, entry.words("any"), entry.yes("general"))
    entry.text("why", "")
    entry.done()
    return meaning


def _named(entry: _Entry) -> Named:
    named = Named(
        entry.text("name"), _when(entry.table("when")), entry.words("recipient"), entry.text("type", "")
    )
    entry.text("why", "")
    entry.done()
    return named


def _absence(entry: _Entry) -> Absence:
    names = ("subject", "phrase", "perhaps", "gone")
    absence = Absence(entry.text("language"), **{name: entry.words(name) for name in names})
    entry.done()
    return absence


def _built_in() -> Bounces:
    path = shipped("bounces.toml")
    return Bounces.load(path.read_text(encoding="utf-8"), path.name, check=False)


BUILT_IN = _built_in()  # `config/bounces.toml` as it is shipped
