"""Rules of the database that can be read from the program's own text."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.db.engine import TABLES
from gateway.db.metadata import metadata

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "gateway"
DRIVERS = {"sqlite3", "aiosqlite", "asyncpg", "sqlalchemy.dialects"}
ALEMBIC_MAY = {"gateway/db/migrate.py"}
MAY_FORGET = {"gateway/customers/privacy.py", "gateway/db/retention.py", "gateway/app/retention.py"}
SOURCES = [
    pytest.param(path, id=str(path.relative_to(ROOT)))
    for path in sorted(PROGRAM.rglob("*.py"))
    if path.read_text(encoding="utf-8").strip()
]
OUTSIDE_DB = [one for one in SOURCES if not str(one.id).startswith("gateway/db/")]


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def named(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", OUTSIDE_DB)
def test_no_dialect_outside_the_engine(path: Path):
    tree = parsed(path)
    assert "dialect" not in set(named(tree))
    assert not {
        name
        for name in imported(tree)
        for driver in DRIVERS
        if name == driver or name.startswith(driver + ".")
    }


@pytest.mark.parametrize("path", SOURCES)
def test_the_service_never_imports_alembic(path: Path):
    """It costs 45 MB; only the child process that migrates has it."""
    name = str(path.relative_to(ROOT))
    if name in ALEMBIC_MAY or name.startswith("gateway/db/migrations/"):
        return
    assert not [one for one in imported(parsed(path)) if one.split(".")[0] == "alembic"]
    assert not [one for one in imported(parsed(path)) if one.startswith("gateway.db.migrations")]


def changes(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The tables that a module updates or deletes from, whatever it calls them, and where."""
    calls = {"update", "delete"}
    known = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gateway.db.tables")
        for alias in node.names
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in calls:
            target: ast.expr | None = function.value
            if isinstance(target, ast.Name) and target.id in {"sa", "sqlalchemy"}:
                target = node.args[0] if node.args else None
        elif isinstance(function, ast.Name) and function.id in calls and node.args:
            target = node.args[0]
        else:
            continue
        if isinstance(target, ast.Name):
            yield known.get(target.id, ""), node.lineno
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            yield (target.attr if target.value.id in known else ""), node.lineno


@pytest.mark.parametrize("path", SOURCES)
def test_append_only_tables_are_only_appended(path: Path):
    if str(path.relative_to(ROOT)) in MAY_FORGET:
        return
    kept = {name for name, table in metadata.tables.items() if table.info["append_only"]}
    assert {"applied", "consent", "stock_movement", "attempt", "audit"} <= kept
    assert [(name, line) for name, line in changes(parsed(path)) if name in kept] == []


def test_changes_are_found_however_they_are_written():
    text = """
from gateway.db.tables import mail as m
from gateway.db.tables.mail import applied as done, audit
from sqlalchemy import delete
import sqlalchemy as sa
done.update().values(effect="x")
delete(audit).where(True)
sa.update(m.attempt)
m.trace.delete()
{}.update(audit)
other.update(1)
"""
    found = {name for name, _ in changes(ast.parse(text)) if name}
    assert found == {"applied", "audit", "attempt", "trace"}


def test_all_tables_are_known_to_the_engine():
    modules = {f"gateway.db.tables.{path.stem}" for path in (PROGRAM / "db/tables").glob("[a-z]*.py")}
    assert {module.__name__ for module in TABLES} == modules
