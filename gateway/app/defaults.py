"""What travels with the program and becomes a new shop's own: `rules/`, `templates/`, `config/`."""

from pathlib import Path

_PROGRAM = Path(__file__).resolve().parents[1]


def shipped_folder(name: str) -> Path:
    """The folder as shipped: under `gateway/defaults` in a wheel, at the top of a checkout."""
    installed = _PROGRAM / "defaults" / name
    return installed if installed.is_dir() else _PROGRAM.parent / name
