"""What is wrong with a settings file, said to the person who wrote it: line, key, what would be right.

pydantic knows what and where in the data; the line is found again in the text, since tomllib forgets it.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeGuard, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.kernel.errors import InputError

Place = tuple[int | str, ...]  # ("relay", "tls"), ("channel", 0, "addresses", 1)

_TABLE = re.compile(r"\s*\[{1,2}\s*(?P<name>[\w-]+)\s*\]{1,2}\s*(#.*)?")
_KEY = re.compile(r"\s*[\"']?(?P<key>[\w-]+)[\"']?\s*(=|\.)")

_TWICE = re.compile(r"Cannot declare \('(?P<name>[^']+)',\) twice")
_POSITION = re.compile(r"(?P<what>.*?) \(at line (?P<line>\d+), column \d+\)", re.DOTALL)

_WANTED: Mapping[str, str] = MappingProxyType(
    {
        "string_type": "must be a text in quotes",
        "int_type": "must be a whole number, without quotes",
        "bool_type": "must be true or false, without quotes",
        "tuple_type": 'must be a list such as ["one", "two"]',
        "model_type": "must be a table of its own",
        "dict_type": "must be a table of its own",
        "path_type": "must be a path in quotes, or empty",
        "greater_than_equal": "must be at least {ge}",
        "less_than_equal": "must be at most {le}",
        "literal_error": "must be one of {expected}",
        "too_short": "must not be empty",
        "string_too_short": "must not be empty",
        "value_error": "{error}",
    }
)


def nearest(word: str, words: Iterable[str]) -> str:
    """A question such as "did you mean tls?" with the most similar of `words`; empty when none is like it."""
    found = difflib.get_close_matches(word, list(words), n=1)
    return f"did you mean {found[0]}?" if found else ""


def refusals(error: ValidationError, *, model: type[BaseModel], file: Path, text: str) -> list[InputError]:
    """One InputError for each problem, in the order of the file's lines."""
    lines = _lines(text)
    found = [(_line(lines, details["loc"]), _refusal(details, model)) for details in _own(error.errors())]
    found.sort(key=lambda entry: entry[0])
    return [
        InputError(f"{file}:{line}" if line else str(file), f"{key} {problem}", remedy)
        for line, (key, problem, remedy) in found
    ]


def _own(findings: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """Without those that only follow from others: a list whose entries are all wrong also counts as empty."""
    places = [details["loc"] for details in findings]
    return [
        details
        for details in findings
        if details["type"] != "too_short" or not any(place[:-1] == details["loc"] for place in places)
    ]


def unreadable(error: tomllib.TOMLDecodeError, file: Path) -> InputError:
    """The InputError for a file that is no TOML."""
    found = _POSITION.fullmatch(str(error))
    where, what = (f"{file}:{found['line']}", found["what"]) if found else (str(file), str(error))
    if "overwrite a value" in what:
        return InputError(where, "this key has a value already", "keep one of them")
    if twice := _TWICE.fullmatch(what):
        return InputError(where, f"[{twice['name']}] has begun already", "put its keys where it first stands")
    return InputError(where, f"is not TOML: {what}", 'texts stand in quotes: key = "text"')


def _refusal(details: ErrorDetails, model: type[BaseModel]) -> tuple[str, str, str]:
    """Key, problem and remedy of one finding."""
    place, kind = details["loc"], details["type"]
    if kind == "missing":
        example = f"; add a section [{place[-1]}]" if len(place) == 1 else ""
        return _spelled(place, model), "is missing" + example, "see config/README.md"
    if kind == "extra_forbidden":
        known = _keys(model, place[:-1])
        what = "unknown section" if len(place) == 1 else "unknown key"
        remedy = nearest(str(place[-1]), known) or "known here: " + ", ".join(known)
        return _spelled(place, model), f"is an {what}", remedy
    if kind == "tuple_type" and _is_repeated(place, model):
        return (
            f"[{place[0]}]",
            "may stand there more than once",
            f"write it with two brackets: [[{place[0]}]]",
        )
    wanted = _WANTED.get(kind)
    return _spelled(place, model), wanted.format(**details.get("ctx", {})) if wanted else details["msg"], ""


def _is_repeated(place: Place, model: type[BaseModel]) -> bool:
    """Whether `place` is all the tables of one name, such as [[imap]]."""
    field = model.model_fields.get(str(place[0])) if len(place) == 1 else None
    return field is not None and get_origin(field.annotation) is tuple


def _spelled(place: Place, model: type[BaseModel]) -> str:
    """The place as its owner would say it: `[relay] tls`, `[[channel]] number 2, addresses`."""
    section, rest = place[0] if place else "", place[1:]
    if rest and isinstance(rest[0], int):
        head = f"[[{section}]] number {rest[0] + 1}" + ("," if rest[1:] else "")
        rest = rest[1:]
    else:
        head = f"[[{section}]]" if _is_repeated(place, model) else f"[{section}]"
    return " ".join([head, *(f"(entry {part + 1})" if isinstance(part, int) else part for part in rest)])


def _keys(model: type[BaseModel], place: Sequence[int | str]) -> list[str]:
    """The keys that `model` knows at `place`, in the order in which they are declared."""
    for part in place:
        if isinstance(part, str):
            inner = model.model_fields[part].annotation
            model = next(kind for kind in (inner, *get_args(inner)) if _is_model(kind))
    return list(model.model_fields)


def _is_model(kind: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _lines(text: str) -> dict[Place, int]:
    """The line on which each table and each key of a TOML text stands, as far as a glance can tell."""
    found: dict[Place, int] = {}
    here: Place = ()
    repeated: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if table := _TABLE.fullmatch(line):
            name = table["name"]
            here = (name,)
            found.setdefault(here, number)
            if line.lstrip().startswith("[["):
                here = (name, repeated.setdefault(name, 0))
                repeated[name] += 1
                found[here] = number
        elif key := _KEY.match(line):
            found.setdefault((*here, key["key"]), number)
    return found


def _line(lines: Mapping[Place, int], place: Place) -> int:
    """The line of `place`, or of the nearest thing around it; 0 if neither was seen."""
    around = (place[:length] for length in range(len(place), 0, -1))
    return next((lines[outer] for outer in around if outer in lines), 0)
