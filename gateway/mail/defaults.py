"""The tables that travel with the program: settings as shipped, found beside the package.

A wheel carries them in `gateway/defaults/config/`, a source checkout in `config/` beside `gateway/`.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def shipped(name: str) -> Path:
    """The file `name` of the shipped `config/`, whether it exists or not."""
    packed = _PACKAGE / "defaults" / "config" / name
    return packed if packed.is_file() else _PACKAGE.parent / "config" / name
