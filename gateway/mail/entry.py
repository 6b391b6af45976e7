"""One table of a TOML file, read key by key; whatever is wrong is told by file, entry and key."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, TypeVar, cast

from gateway.kernel.errors import InputError
from gateway.mail.pattern import compile_pattern
from gateway.mail.words import PLACES, Words, compiled

_NAME = compile_pattern(r"(?:^|[^\\px])\{([a-z][a-z_]+)\}")

E = TypeVar("E", bound=StrEnum)


class Entry:
    """One table of the file, whose keys are read once and then must all have been used."""

    def __init__(
        self, where: str, table: Mapping[str, Any], *, check: bool, lists: Mapping[str, str] | None = None
    ) -> None:
        self.where = where
        self._check = check
        self._lists = lists or {}
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
        listed = [self._expanded(pattern) for pattern in listed]
        try:
            for pattern in listed if self._check else ():
                compiled(pattern)
        except ValueError as error:
            raise InputError(self.where, str(error), "the syntax is RE2's") from None
        return Words(tuple(listed))

    def lists(self, key: str) -> "Entry":
        """The same table, whose patterns may use the lists of words under `key` by their names, in braces."""
        names: dict[str, str] = {}
        table = self._left.pop(key, {})
        if not isinstance(table, dict):
            raise InputError(self.where, f"{key!r} is no table")
        for name, words in cast("dict[str, Any]", table).items():
            listed = Entry(f"{self.where}, {key}", {name: words}, check=False, lists=names).words(name)
            names[name] = f"(?:{'|'.join(listed.patterns)})"
        return Entry(self.where, self._left, check=self._check, lists=names)

    def _expanded(self, pattern: str) -> str:
        for name, words in self._lists.items():
            pattern = pattern.replace(f"{{{name}}}", words)
        if (unknown := _NAME.search(pattern)) and unknown.group(1) not in PLACES:
            known = ", ".join((*PLACES, *self._lists))
            raise InputError(
                self.where, f"no list of words is called {unknown.group(1)!r}", f"known are {known}"
            )
        return pattern

    def one_of(self, key: str, kinds: type[E]) -> E | None:
        """The member of `kinds` under `key`, None if the key is absent."""
        value = self._left.pop(key, None)
        try:
            return None if value is None else kinds(value)
        except ValueError:
            allowed = ", ".join(kinds)
            raise InputError(self.where, f"{key} = {value!r} is unknown", f"it is one of {allowed}") from None

    def table(self, key: str) -> "Entry":
        value = self._left.pop(key, {})
        if not isinstance(value, dict):
            raise InputError(self.where, f"{key!r} is no table")
        return Entry(
            f"{self.where}, {key}", cast("dict[str, Any]", value), check=self._check, lists=self._lists
        )

    def tables(self, key: str) -> Iterator["Entry"]:
        value = self._left.pop(key, [])
        if not isinstance(value, list):
            raise InputError(self.where, f"[[{key}]] is no list of tables")
        for number, table in enumerate(cast("list[Any]", value), start=1):
            if not isinstance(table, dict):
                raise InputError(self.where, f"[[{key}]] {number} is no table")
            entry = cast("dict[str, Any]", table)
            name = next((str(entry[k]) for k in ("name", "class", "language") if k in entry), "")
            where = f"{self.where}, [[{key}]] {number}" + (f" ({name})" if name else "")
            yield Entry(where, entry, check=self._check, lists=self._lists)

    def done(self) -> None:
        if self._left:
            known = ", ".join(sorted(self._left))
            raise InputError(
                self.where, f"unknown: {known}", "see the top of the file for what may stand here"
            )
