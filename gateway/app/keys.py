"""The shop's own secret keys: what tokens are signed with, and what addresses are hashed with.

They stand in a TOML file of mode 0600 that `mailflow init` makes. Tokens carry the number of their key; the
newest signs, all verify, so a key is rotated by adding a line (intake.md, 14).
"""

import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from gateway.kernel.errors import InputError

_OCTETS = 32
_NUMBERS = range(1, 256)  # one octet of every token


@dataclass(frozen=True, slots=True)
class Keys:
    """`tokens` maps a key's number to its octets; the highest number signs."""

    address: bytes
    tokens: Mapping[int, bytes]

    def __repr__(self) -> str:
        return f"Keys(tokens={sorted(self.tokens)})"  # never the octets, not even in a traceback


def new_keys_text() -> str:
    """The text of a fresh keys file."""
    return (
        "# Made by `mailflow init`: secret, and not to be lost. Keep a copy where you keep your backups.\n"
        "# Hashes addresses in logs and in the list of suppressed addresses. Never change it.\n"
        f'address = "{secrets.token_hex(_OCTETS)}"\n'
        "\n"
        "# Signs the tokens in our reply addresses. To rotate, add a line with the next number; keep the\n"
        "# old one, for letters that are still on their way and for unsubscribe links, which never expire.\n"
        "[tokens]\n"
        f'1 = "{secrets.token_hex(_OCTETS)}"\n'
    )


def load_keys(file: Path) -> Keys:
    """The keys in `file`; InputError if it cannot be read or holds something else."""
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        remedy = "restore it from a copy; `mailflow init` makes one for a new shop"
        raise InputError(str(file), f"cannot be read: {error.strerror}", remedy) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise InputError(str(file), "is not the keys file that `mailflow init` made") from None
    tokens: Any = table.get("tokens")
    if not isinstance(tokens, dict) or not tokens:
        raise InputError(str(file), "has no [tokens] with at least one key")
    return Keys(
        _octets(file, "address", table.get("address")),
        MappingProxyType(
            {
                _number(file, name): _octets(file, f"[tokens] {name}", value)
                for name, value in cast("dict[str, object]", tokens).items()
            }
        ),
    )


def _number(file: Path, name: str) -> int:
    if not name.isascii() or not name.isdigit() or int(name) not in _NUMBERS:
        raise InputError(str(file), f"[tokens] {name} is not a number from 1 to {_NUMBERS[-1]}")
    return int(name)


def _octets(file: Path, key: str, value: object) -> bytes:
    try:
        octets = bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        octets = b""
    if len(octets) < _OCTETS:
        raise InputError(str(file), f"{key} must be {2 * _OCTETS} hexadecimal digits")
    return octets
