"""Tables as files: CSV in, as people and other programs write it; JSON Lines out."""

import csv
import io
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from gateway.kernel.errors import InputError

LARGEST = 20 * 1024 * 1024  # octets of a file
LONGEST_FIELD = 64 * 1024  # characters of one cell


def read_csv(file: Path, needed: Sequence[str], possible: Sequence[str]) -> tuple[Mapping[str, str], ...]:
    """The rows of a CSV file with headings in lower case; InputError names file, row and remedy.

    Comma, semicolon and tab are understood, a byte order mark too; other encodings than UTF-8 are refused,
    since a guess would spoil names silently.
    """
    text = _text(file)
    first_line = text.partition("\n")[0]
    delimiter = max(",;\t", key=first_line.count)
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        lines = [(reader.line_num, line) for line in reader if any(cell.strip() for cell in line)]
    except csv.Error as error:
        raise InputError(
            f"{file.name}, row {reader.line_num}", str(error), "check the quotation marks"
        ) from error
    if not lines:
        raise InputError(file.name, "is empty", "the first row names the columns")
    (_, headings), *rows = lines
    columns = [heading.strip().lower().replace(" ", "_") for heading in headings]
    _check_columns(file.name, columns, needed, possible)
    return tuple(_row(file.name, number, columns, line) for number, line in rows)


def write_jsonl(file: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """One JSON object a line; instants and days in ISO 8601, octets in base64."""
    with file.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(dict(row), ensure_ascii=False, default=_plain) + "\n")


def _text(file: Path) -> str:
    try:
        octets = file.read_bytes()
    except OSError as error:
        raise InputError(str(file), error.strerror or "cannot be read", "check the name") from error
    if len(octets) > LARGEST:
        raise InputError(file.name, f"is larger than {LARGEST // 2**20} MiB", "cut it into several files")
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = octets.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{file.name}, row {row}", "is not UTF-8", "save it as UTF-8 and try again"
        ) from error


def _check_columns(name: str, columns: Sequence[str], needed: Sequence[str], possible: Sequence[str]) -> None:
    if missing := [column for column in needed if column not in columns]:
        raise InputError(f"{name}, row 1", f"no column {', '.join(missing)}", f"it has {', '.join(columns)}")
    known = (*needed, *possible)
    for column in columns:
        if column not in known:
            close = get_close_matches(column, known, 1)
            remedy = f"did you mean {close[0]}?" if close else f"possible are {', '.join(known)}"
            raise InputError(f"{name}, row 1", f"unknown column {column!r}", remedy)


def _row(name: str, number: int, columns: Sequence[str], line: Sequence[str]) -> Mapping[str, str]:
    if len(line) != len(columns):
        problem = f"has {len(line)} cells, the first row names {len(columns)}"
        raise InputError(f"{name}, row {number}", problem, "check commas and quotation marks")
    return dict(zip(columns, (cell.strip() for cell in line), strict=True))


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    return str(value)
