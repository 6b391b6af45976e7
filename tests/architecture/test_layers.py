"""The shape of the program: layers, one library in one place, no code at import that nobody asked for."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "gateway").rglob("*.py"))

# Who may import a library: replacing it is a change there and nowhere else (architecture.md, 4).
ONLY = {
    "aioimaplib": ["gateway/edges/imap_line.py"],
    "aiosmtpd": ["gateway/edges", "gateway/testing"],
    "aiosmtplib": ["gateway/edges", "gateway/testing"],
    "alembic": ["gateway/db/migrate.py", "gateway/db/migrations"],
    "aiosqlite": ["gateway/db"],
    "asyncpg": ["gateway/db"],
    "chardet": ["gateway/mail"],
    "cryptography": ["gateway/mail/dkim.py", "gateway/edges", "gateway/testing"],
    "dkim": ["gateway/mail/dkim.py", "gateway/mail/auth.py"],
    "flanker": ["gateway/mail"],
    "flufl": ["gateway/mail"],
    "inscriptis": ["gateway/mail"],
    "jinja2": ["gateway/outbox"],
    "mjml": ["gateway/outbox"],
    "pydantic": ["gateway/app"],
    "re2": ["gateway/mail/pattern.py"],
    "rich": ["gateway/cli"],
    "typer": ["gateway/cli/main.py"],
    "vaderSentiment": ["gateway/feedback/sentiment.py"],
}


@cache
def tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text("utf-8"))


def imported(module: Path) -> Iterator[str]:
    """The names of all modules that a module imports, wherever in it."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def importers(library: str) -> list[str]:
    return [
        str(module.relative_to(ROOT))
        for module in MODULES
        if any(name.split(".")[0] == library for name in imported(module))
    ]


def test_the_layers_hold():
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", program, "--no-cache"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("library", ONLY)
def test_one_library_has_one_place(library):
    places = ONLY[library]
    assert [each for each in importers(library) if not each.startswith(tuple(places))] == []


@pytest.mark.parametrize("folder", ["mail", "rules"])
def test_no_module_on_mail_text_imports_re(folder):
    assert [each for each in importers("re") if each.startswith(f"gateway/{folder}/")] == []


def test_a_folders_own_module_holds_a_docstring_and_nothing_else():
    """The program's own module holds its version, too."""
    folders = [module for module in MODULES if module.name == "__init__.py"]
    assert [str(module.relative_to(ROOT)) for module in folders if len(tree(module).body) > 1] == [
        "gateway/__init__.py"
    ]


def test_every_module_says_what_it_is_in_its_first_sentence():
    assert [str(module.relative_to(ROOT)) for module in MODULES if not ast.get_docstring(tree(module))] == []


def test_no_module_has_a_name_that_says_nothing():
    empty = {"utils", "util", "helpers", "helper", "manager", "common", "base", "misc"}
    assert [module for module in MODULES if module.stem in empty] == []


def test_nothing_depends_on_the_tests():
    assert importers("tests") == []
    assert importers("pytest") == []


def test_only_the_demo_uses_what_was_made_for_tests():
    users = [
        str(module.relative_to(ROOT))
        for module in MODULES
        if any(name.startswith("gateway.testing") for name in imported(module))
    ]
    demo = tuple(f"gateway/cli/{part}.py" for part in ("arrivals", "demo", "stage", "story", "transcript"))
    assert [user for user in users if not user.startswith(("gateway/testing/", *demo))] == []
