"""Making a shop's folder: settings, words, rules, and keys that nobody else has.

Everything is checked before the first file is written, and the settings file, which makes a folder a shop,
is written last: what an interruption leaves behind is no shop.
"""

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.app import config
from gateway.app.defaults import shipped_folder
from gateway.kernel.errors import InputError
from gateway.kernel.tokens import new_secrets_file
from gateway.mail.dkim import generate_ed25519, generate_rsa

Settings = Mapping[str, Mapping[str, Any] | Sequence[Mapping[str, Any]]]  # as TOML has them

_TABLE = re.compile(r"\[(?P<name>\w+)\]")
_KEY = re.compile(r"(?P<key>\w+) = ")
# The tables of carriers and bounces stay with the program, so that a new release brings better ones to all.
_NOT_COPIED = shutil.ignore_patterns(
    ".gitkeep", "__pycache__", config.FILE.name, "carriers.toml", "bounces.toml"
)


def make_shop(folder: Path, settings: Settings) -> config.Config:
    """Make the shop and return its settings: the shipped ones with `settings` in their places.

    InputError if the folder is not new or empty; ConfigRefused for settings that no shop can have.
    """
    _must_be_free(folder)
    shipped = (shipped_folder("config") / config.FILE.name).read_text("utf-8")
    text = settled(shipped, settings)
    made = config.read(text, folder)
    (folder / "data").mkdir(mode=0o700, parents=True)
    for part in ("rules", "templates", "config"):
        shutil.copytree(
            shipped_folder(part), folder / part, ignore=_NOT_COPIED, copy_function=shutil.copyfile
        )
    _keep_secret(made.secrets.file, new_secrets_file().encode())
    _keep_secret(made.dkim.key_rsa, generate_rsa())
    if made.dkim.key_ed25519:
        _keep_secret(made.dkim.key_ed25519, generate_ed25519())
    (folder / config.FILE).write_text(text, "utf-8")
    return made


def settled(text: str, settings: Settings) -> str:
    """The text of a settings file with other values in place, comments kept; lists of tables at its end."""
    wanted = {
        (section, key): value
        for section, table in settings.items()
        if isinstance(table, Mapping)
        for key, value in table.items()
    }
    lines: list[str] = []
    section = ""
    for line in text.splitlines():
        if table := _TABLE.fullmatch(line):
            section = table["name"]
        key = _KEY.match(line)
        place = (section, key["key"]) if key else ("", "")
        lines.append(f"{place[1]} = {_toml(wanted.pop(place))}" if place in wanted else line)
    for section, key in wanted:
        raise InputError(str(config.FILE), f"[{section}] has no {key} to be set")
    for section, tables in settings.items():
        if not isinstance(tables, Mapping):
            for table in tables:
                lines += ["", f"[[{section}]]", *(f"{key} = {_toml(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    """A value as TOML writes it; JSON's texts, numbers, booleans and lists are TOML's too."""
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def _must_be_free(folder: Path) -> None:
    if (folder / config.FILE).exists():
        remedy = "choose another folder; nothing was changed"
        raise InputError(str(folder), "already holds a shop", remedy)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(str(folder), "is in use", "choose a new or empty folder; nothing was changed")


def _keep_secret(file: Path, octets: bytes) -> None:
    """Write a new file that only its owner can read, in a folder that only she can enter."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(octets)
