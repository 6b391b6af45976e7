"""schema.org markup in the HTML of a mail, as JSON-LD or microdata, read into one form.

Sales channels and carriers mark up their notices so that mail programs can show them (the email markup of
schema.org: Order, ParcelDelivery). Both spellings become `Thing`s; whatever cannot be read is left out, for
the words of the mail are still there.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, cast

from gateway.mail.header import harmless_line

READ = 512 * 1024  # characters of HTML; a notice has a fifth of that
DEEPEST = 12  # things inside things
MOST = 500  # things in one mail


@dataclass(frozen=True, slots=True)
class Thing:
    """One typed item; `type` is the last word of its schema.org address, values are texts or things."""

    type: str
    values: Mapping[str, Sequence["Thing | str"]] = field(default_factory=dict[str, "Sequence[Thing | str]"])

    def text(self, *path: str) -> str:
        """The first text at the end of `path`, as one line; "" if there is none.

        A thing in its place gives its name. JSON has escapes of its own for what no field may hold.
        """
        name, *rest = path
        for value in self.values.get(name, ()):
            if isinstance(value, Thing):
                found = value.text(*rest) if rest else value.text("name")
            else:
                found = "" if rest else harmless_line(value)
            if found:
                return found
        return ""

    def things(self, name: str) -> tuple["Thing", ...]:
        """The things among the values of `name`."""
        return tuple(value for value in self.values.get(name, ()) if isinstance(value, Thing))


def things(html: str) -> tuple[Thing, ...]:
    """The outermost things marked up in `html`, in order; never raises."""
    if "schema.org" not in html:
        return ()
    reader = _Reader()
    try:
        reader.feed(html[:READ])
        reader.close()
    except (AssertionError, ValueError):  # html.parser gives up on some broken declarations
        pass
    return tuple(reader.found[:MOST])


def every(found: Sequence[Thing], kind: str) -> Iterator[Thing]:
    """All things of a type, also those inside others, outermost first."""
    for thing in found:
        if thing.type == kind:
            yield thing
        for values in thing.values.values():
            yield from every([value for value in values if isinstance(value, Thing)], kind)


@dataclass(slots=True)
class _Open:
    """An element of microdata that is not closed yet."""

    depth: int
    name: str  # the property it is the value of; "" for an outermost item
    type: str = ""
    values: dict[str, list[Thing | str]] = field(default_factory=dict[str, "list[Thing | str]"])
    words: list[str] = field(default_factory=list[str])

    def add(self, name: str, value: "Thing | str") -> None:
        for each in name.split():
            self.values.setdefault(each, []).append(value)


# Elements without an end tag (HTML, 13.1.2).
_VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ]
)
# Where the value of a property stands if it is not the text (microdata, 5.2.4).
_VALUE_AT = {
    "meta": "content",
    "link": "href",
    "a": "href",
    "area": "href",
    "img": "src",
    "time": "datetime",
    "data": "value",
}


class _Reader(HTMLParser):
    """Collects things while the parser walks; unclosed elements end where their parent does."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Thing] = []
        self._depth = 0
        self._open: list[_Open] = []
        self._texts: list[_Open] = []
        self._script: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            self._depth += 1
        if tag == "script" and given.get("type", "").lower().startswith("application/ld+json"):
            self._script = []
        elif "itemscope" in given and len(self._open) < DEEPEST:
            kind = given.get("itemtype", "").rstrip("/").rpartition("/")[2]
            self._open.append(_Open(self._depth, given.get("itemprop", ""), kind))
        elif self._open and (name := given.get("itemprop")):
            at = _VALUE_AT.get(tag, "content")
            if at in given or tag in _VOID:
                self._open[-1].add(name, given.get(at, "").strip())
            elif len(self._texts) < DEEPEST:  # each takes all that is said within it
                self._texts.append(_Open(self._depth, name))

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self._script.append(data)
        for text in self._texts:
            text.words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if tag == "script" and self._script is not None:
            self._take_json("".join(self._script))
            self._script = None
        while self._texts and self._texts[-1].depth >= self._depth:
            text = self._texts.pop()
            if self._open:
                self._open[-1].add(text.name, " ".join("".join(text.words).split()))
        while self._open and self._open[-1].depth >= self._depth:
            self._close_item()
        self._depth -= 1

    def close(self) -> None:
        """End what is open, without html.parser's way: quadratic time over tags that never end."""
        while self._open:
            self._close_item()

    def _close_item(self) -> None:
        item = self._open.pop()
        thing = Thing(item.type, item.values)
        if self._open and item.name:
            self._open[-1].add(item.name, thing)
        else:
            self.found.append(thing)

    def _take_json(self, text: str) -> None:
        try:
            loaded = json.loads(text)
        except (ValueError, RecursionError):
            return
        self.found.extend(_from_json(loaded, 0))


def _from_json(value: Any, depth: int) -> Iterator[Thing]:
    """The outermost things of a JSON-LD value: an object, a list of them, or an object with @graph."""
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for each in cast("list[Any]", value)[:MOST]:
            yield from _from_json(each, depth + 1)
    elif isinstance(value, dict):
        item = cast("dict[str, Any]", value)
        if "@graph" in item:
            yield from _from_json(item["@graph"], depth + 1)
        if "@type" in item:
            yield _thing(item, depth)


def _thing(item: dict[str, Any], depth: int) -> Thing:
    kind: Any = item["@type"]
    kinds = cast("list[Any]", kind) if isinstance(kind, list) else [kind]
    values = {key: _values(value, depth + 1) for key, value in item.items() if not key.startswith("@")}
    return Thing(str(next(iter(kinds), "")).rpartition("/")[2], values)


def _values(value: Any, depth: int) -> list[Thing | str]:
    if depth > DEEPEST or value is None:
        return []
    if isinstance(value, list):
        return [found for each in cast("list[Any]", value)[:MOST] for found in _values(each, depth + 1)]
    if isinstance(value, dict):
        item = cast("dict[str, Any]", value)
        return [_thing({"@type": "", **item}, depth)]
    return [str(value).strip()]
