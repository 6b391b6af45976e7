"""The carriers as `config/carriers.toml` describes them: their names, their numbers, their pages."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, cast

from gateway.kernel.errors import InputError
from gateway.mail.defaults import shipped
from gateway.mail.pattern import Pattern, compile_pattern
from gateway.orders.check_digit import CHECKS

FILE = "config/carriers.toml"


class Needs(StrEnum):
    """What must stand near a number before it is believed."""

    NOTHING = "nothing"
    NAME = "name"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class NumberForm:
    """One way a carrier numbers its parcels."""

    pattern: Pattern
    holds: Callable[[str], bool]  # the check digit
    needs: Needs
    spaced: bool

    def number(self, written: str) -> str | None:
        """The number that `written` (no blanks, capitals) is, or None."""
        found = self.pattern.fullmatch(written)
        if found is None:
            return None
        number = found.groupdict().get("number") or written
        # Where a part counts, gs1 protects that part, and mod37_36 the whole label.
        return number if self.holds(number) or (number != written and self.holds(written)) else None


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier as carriers.toml describes it."""

    name: str
    words: Pattern
    url: str
    forms: tuple[NumberForm, ...]


@dataclass(frozen=True, slots=True)
class Carriers:
    """All carriers, and the words around numbers; `any_form` is a quick no for most of a text."""

    all: tuple[Carrier, ...]
    label: Pattern
    unless: Pattern
    any_form: Pattern


@cache
def built_in() -> Carriers:
    """The carriers as shipped."""
    return read_carriers(shipped("carriers.toml").read_text("utf-8"))


def read_carriers(text: str, where: str = FILE) -> Carriers:
    """The carriers that a text such as carriers.toml describes; InputError names what is wrong with it."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(where, f"is not TOML: {error}") from None
    entries = _tables(where, "carrier", table.get("carrier"))
    carriers = tuple(_carrier(f"{where}: carrier {n}", entry) for n, entry in enumerate(entries, start=1))
    forms = "|".join(f"(?:{_anonymous(form.pattern.text)})" for carrier in carriers for form in carrier.forms)
    return Carriers(
        carriers,
        _pattern(where, "label", table.get("label")),
        _pattern(where, "unless", table.get("unless")),
        compile_pattern(forms),
    )


def _carrier(where: str, entry: Mapping[str, Any]) -> Carrier:
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        raise InputError(where, "name is missing")
    where = f"{where} ({name})"
    _only(where, entry, ("name", "words", "url", "number"))
    url = entry.get("url", "")
    if not isinstance(url, str) or (url and "{number}" not in url):
        raise InputError(where, "url must contain {number}, or be empty")
    forms = tuple(_form(where, form) for form in _tables(where, "number", entry.get("number")))
    return Carrier(name, _pattern(where, "words", entry.get("words")), url, forms)


def _form(where: str, entry: Mapping[str, Any]) -> NumberForm:
    _only(where, entry, ("pattern", "check", "needs", "spaced"))
    check, needs, spaced = (
        entry.get("check", "none"),
        entry.get("needs", "nothing"),
        entry.get("spaced", True),
    )
    if check not in CHECKS:
        raise InputError(where, f"check {check!r} is unknown", "known: " + ", ".join(CHECKS))
    if needs not in list(Needs):
        raise InputError(where, f"needs {needs!r} is unknown", "known: " + ", ".join(Needs))
    if not isinstance(spaced, bool):
        raise InputError(where, "spaced must be true or false")
    return NumberForm(_pattern(where, "pattern", entry.get("pattern")), CHECKS[check], Needs(needs), spaced)


def _tables(where: str, key: str, value: object) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in cast("list[Any]", value)):
        raise InputError(where, f"needs at least one [[{key}]]")
    return cast("list[Mapping[str, Any]]", value)


def _only(where: str, entry: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in entry:
        if key not in known:
            raise InputError(where, f"{key} is an unknown key", "known: " + ", ".join(known))


def _pattern(where: str, key: str, value: object) -> Pattern:
    if not isinstance(value, str) or not value:
        raise InputError(where, f"{key} must be a pattern in quotes")
    try:
        return compile_pattern(value)
    except ValueError as error:
        raise InputError(where, f"{key}: {error}") from None


def _anonymous(pattern: str) -> str:
    """The pattern without the name of its group, which may occur only once in an alternation."""
    return pattern.replace("(?P<number>", "(")
