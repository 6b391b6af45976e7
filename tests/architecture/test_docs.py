"""Documentation that cannot lie: every setting and every command is explained, as it is."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gateway.app.config import Config, CorrespondentConfig, ImapConfig, RetainConfig
from gateway.cli.main import app
from gateway.pipeline.ingest import COLUMNS

ROOT = Path(__file__).parents[2]
SETTINGS = (ROOT / "config/mailflow.toml").read_text("utf-8")
GUIDE = (ROOT / "config/README.md").read_text("utf-8")
SECTIONS = [
    (name, field.annotation)
    for name, field in Config.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
]
LISTS = {"channel": CorrespondentConfig, "carrier": CorrespondentConfig, "imap": ImapConfig}


def keys() -> Iterator[tuple[str, str, FieldInfo]]:
    for name, section in SECTIONS:
        for key, field in section.model_fields.items():
            yield name, key, field


def lines_before(name: str, key: str) -> list[str]:
    """The lines of the section before the key, from the last setting on."""
    section = SETTINGS.partition(f"[{name}]\n")[2].partition("\n[")[0].splitlines()
    place = next(number for number, line in enumerate(section) if line.startswith(f"{key} = "))
    settings = [number for number, line in enumerate(section[:place]) if not line.startswith("#")]
    return section[max(settings, default=-1) + 1 : place]


@pytest.mark.parametrize(("name", "key", "field"), list(keys()), ids=lambda value: str(value)[:20])
def test_every_setting_stands_in_the_file_with_its_default_and_a_sentence(name, key, field):
    written = tomllib.loads(SETTINGS)[name][key]
    comment = " ".join(line.removeprefix("#").strip() for line in lines_before(name, key))
    assert comment.endswith((".", ":")), f"[{name}] {key} needs a sentence"
    assert 10 < len(comment) < 240
    if field.is_required():
        assert comment.startswith("Required: ")
    else:
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        assert written == default
        assert not comment.startswith("Required: ")


def test_the_file_has_no_setting_that_nobody_reads():
    table = tomllib.loads(SETTINGS)
    assert {(name, key) for name, section in table.items() for key in section} == {
        (name, key) for name, key, _ in keys()
    }


@pytest.mark.parametrize("name", LISTS)
def test_every_list_of_tables_has_an_example_that_works(name):
    start = SETTINGS.index(f"# [[{name}]]\n")
    example = [line.removeprefix("# ") for line in SETTINGS[start:].split("\n\n")[0].splitlines()]
    (entry,) = tomllib.loads("\n".join(example))[name]
    assert set(entry) == set(LISTS[name].model_fields)
    lists = {key: tuple(value) for key, value in entry.items() if isinstance(value, list)}
    LISTS[name].model_validate({**entry, **lists})


def test_every_default_of_a_mailbox_stands_in_its_example():
    example = SETTINGS[SETTINGS.index("# [[imap]]\n") :]
    entry = tomllib.loads("\n".join(line.removeprefix("# ") for line in example.splitlines()))["imap"][0]
    fields = ImapConfig.model_fields.items()
    defaults = {key: field.default for key, field in fields if not field.is_required()}
    written = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    assert {key: written[key] for key in defaults} == {**defaults, "password_file": "config/secrets/imap"}


def test_the_guide_names_every_key_of_a_mailbox():
    table = GUIDE.partition("## Mailboxes at a provider")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("|")]
    assert [key for key in ImapConfig.model_fields if f"`{key}`" not in "".join(rows)] == []


def test_the_guide_names_every_section():
    sections = [f"[{name}]" for name, _ in SECTIONS] + [f"[[{name}]]" for name in LISTS]
    assert [section for section in sections if f"`{section}`" not in GUIDE] == []
    assert set(Config.model_fields) == {name for name, _ in SECTIONS} | set(LISTS)


def test_the_guide_names_every_file_of_the_folder():
    files = [path.name for path in (ROOT / "config").iterdir() if path.name not in {"README.md", ".gitkeep"}]
    assert [name for name in files if f"`{name}`" not in GUIDE and f"`{name}/`" not in GUIDE] == []


# Settings that the program reads by another name: a property of the section.
BY_PROPERTY = {
    ("shop", "timezone"): "zone",
    ("listen", "max_size_mib"): "max_size",
    ("listen", "trusted"): "networks",
    ("relay", "rate"): "limit",
    ("relay", "password_file"): "password",
    ("store", "url"): "address",
    **{("retain", key): "retention" for key in RetainConfig.model_fields},
}


def test_every_setting_is_used_by_the_program():
    definitions = {"config.py", "setting.py", "remedy.py"}
    modules = [module for module in (ROOT / "gateway").rglob("*.py") if module.name not in definitions]
    sources = "\n".join(module.read_text("utf-8") for module in modules)
    unused = [
        f"[{name}] {key}"
        for name, key, _ in keys()
        if not re.search(rf"\b{name}\.{BY_PROPERTY.get((name, key), key)}\b", sources)
    ]
    assert unused == []


def commands(group: Any, before: tuple[str, ...] = ()) -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*before, name))
        else:
            yield " ".join((*before, name))


README = (ROOT / "README.md").read_text("utf-8")
TABLE_OF_COMMANDS = README.partition("\n## Commands\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("command", list(commands(typer.main.get_command(app))))
def test_every_command_stands_in_the_readme(command):
    assert re.search(rf"\bmailflow {command}\b", TABLE_OF_COMMANDS)


def test_the_readme_tells_how_to_run_the_tests():
    blocks = re.findall(r"^```.*?^```", README, re.MULTILINE | re.DOTALL)
    assert any("uv run pytest" in block for block in blocks)


@pytest.mark.parametrize("kind", list(COLUMNS))
def test_the_guide_names_every_column_of_every_table(kind):
    (row,) = [line for line in GUIDE.splitlines() if line.startswith(f"| `{kind}.csv` |")]
    needed, possible = COLUMNS[kind]
    assert re.findall(r"`(\w+)`", row) == [*needed, *possible]
