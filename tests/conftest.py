"""Databases of both kinds for every test, and the table of requirements that tests show (`--covers`)."""

import asyncio
import logging
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from shutil import copyfile

import pytest
import structlog
from hypothesis import HealthCheck, settings

from gateway.db.engine import Database, create_schema, open_database

settings.register_profile("dev", deadline=None, max_examples=50, print_blob=True)
settings.register_profile(
    "ci", deadline=None, max_examples=250, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(autouse=True)
def _logs_of_its_own() -> None:
    """Every test logs to its own output: a stream that an earlier one was given is closed by now.

    Tracebacks as Python writes them, for drawn ones take seconds on a busy machine.
    """
    logging.getLogger().handlers[:] = []
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ],
        logger_factory=structlog.PrintLoggerFactory(),
    )


# --- databases ----------------------------------------------------------------------


class Cluster:
    """A PostgreSQL server of our own, on a Unix socket in its own folder, without fsync."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries, self._folder = binaries, folder
        self._numbers = count(1)
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._as:
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)

    def start(self) -> None:
        data = self._folder / "data"
        self._run("initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-N")
        settings = f"-F -k {self._folder} -c listen_addresses= -c max_connections=60"
        self._run("pg_ctl", "-D", data, "-o", settings, "-l", self._folder / "log", "-w", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self._folder / "data", "-m", "immediate", "stop")

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self._folder}"

    def create(self, template: str = "template0") -> str:
        """The name of a new database, a copy of `template`."""
        name = f"shop{next(self._numbers)}"
        self._sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        self._sql(f"DROP DATABASE {name} WITH (FORCE)")

    def _sql(self, statement: str) -> None:
        self._run("psql", "-q", "-h", self._folder, "-U", "postgres", "-d", "postgres", "-c", statement)

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = [*self._as, str(self._binaries / program), *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, cwd=self._folder
        )
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"


def postgresql_binaries() -> Path | None:
    """Where Debian's package, or the PATH, has `initdb`; None if PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).resolve().parent if on_path else None


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One server for each worker of the run; a test that wants it is skipped where there is none."""
    binaries = postgresql_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed")
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        pytest.skip("PostgreSQL does not run as root, and there is no runuser")
    folder = Path(tempfile.mkdtemp(prefix="mailflow-pg-"))  # not under pytest's own folder, which is root's
    server = Cluster(binaries, folder)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def kind(request: pytest.FixtureRequest) -> str:
    """Each test that wants a database of either kind runs on both."""
    return request.param


@pytest.fixture
def store_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new database without tables, of either kind."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'shop.db'}"
    else:
        yield from copy_of(request.getfixturevalue("cluster"), "template0")


@pytest.fixture
def shop_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new database with all tables and no rows, of either kind."""
    if kind == "sqlite":
        yield f"sqlite:///{copyfile(request.getfixturevalue('empty_shop'), tmp_path / 'shop.db')}"
    else:
        yield from copy_of(request.getfixturevalue("cluster"), request.getfixturevalue("template"))


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    """The name of a PostgreSQL database with all tables, of which copies are cheap."""
    name = cluster.create()
    make_schema(cluster.url(name))
    return name


@pytest.fixture(scope="session")
def empty_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, of which copies are cheaper still."""
    file = tmp_path_factory.mktemp("empty") / "shop.db"
    make_schema(f"sqlite:///{file}")
    return file


def make_schema(url: str) -> None:
    """Make all tables, from code that is not asynchronous; a thread, for there may be a loop already."""

    async def make() -> None:
        async with open_database(url) as db:
            await create_schema(db)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, make()).result()


def copy_of(server: Cluster, template: str) -> Iterator[str]:
    name = server.create(template)
    yield server.url(name)
    server.drop(name)


@pytest.fixture
async def database(shop_url: str) -> AsyncIterator[Database]:
    """An open database with all tables, of either kind."""
    async with open_database(shop_url) as db:
        yield db


@pytest.fixture
async def sqlite(empty_shop: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """An open SQLite database with all tables, for tests that say nothing about the database."""
    async with open_database(f"sqlite:///{copyfile(empty_shop, tmp_path / 'shop.db')}") as db:
        yield db


# --- the table of requirements ------------------------------------------------------

REQUIREMENT = re.compile(r"^- `([A-Z0-9]+-[^`]+)`", re.MULTILINE)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--covers", action="store_true", help="print which tests show which requirement, and run none"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    if config.getoption("--covers"):  # one process collects everything
        config.option.numprocesses = 0
        config.option.dist = "no"


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    return True if session.config.getoption("--covers") else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("--covers"):
        for line in table_of_requirements(known_requirements(config.rootpath), config.stash[SHOWN]):
            terminalreporter.write_line(line)


SHOWN = pytest.StashKey[dict[str, list[str]]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    shown: dict[str, list[str]] = defaultdict(list)
    for item in items:
        for mark in item.iter_markers("covers"):
            for requirement in mark.args:
                test = item.nodeid.split("[")[0]
                if test not in shown[requirement]:
                    shown[requirement].append(test)
    config.stash[SHOWN] = shown


def known_requirements(root: Path) -> list[str]:
    """The ids of the list of requirements that lies beside the repository, in its order; none without it."""
    with suppress(FileNotFoundError):
        return REQUIREMENT.findall((root.parent / "shared" / "requirements.md").read_text())
    return []


def table_of_requirements(known: list[str], shown: dict[str, list[str]]) -> Iterator[str]:
    """One line for each requirement and test, then how many are shown and which ids nobody knows."""
    ids = known or sorted(shown)
    width = max(map(len, ids), default=0)
    for requirement in ids:
        first, *others = shown.get(requirement) or ["-"]
        yield f"{requirement:<{width}}  {first}"
        yield from (f"{'':<{width}}  {test}" for test in others)
    yield f"{sum(requirement in shown for requirement in ids)} of {len(ids)} requirements are shown by a test"
    for unknown in sorted(set(shown) - set(ids)):
        yield f"{unknown}: not in the list of requirements, but {', '.join(shown[unknown])} says so"
