import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli.main import main

HEAVY = {"rich", "pydantic", "sqlalchemy", "asyncio", "structlog", "flanker", "gateway.app", "gateway.mail"}
COMMANDS = [
    [],
    ["queue"],
    ["data"],
    *([name] for name in ("init", "serve", "demo", "check", "inspect")),
    *(["queue", name] for name in ("list", "why", "retry", "hold")),
    *(["data", name] for name in ("import", "export", "customer", "backup", "restore")),
]


def mailflow(*arguments: str) -> int:
    """The exit status of a command line."""
    with pytest.raises(SystemExit) as exited:
        main(arguments)
    return int(exited.value.code or 0)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command, capsys):
    assert mailflow(*command, "--help") == 0
    assert "Usage: mailflow" in capsys.readouterr().out


@pytest.mark.parametrize("group", [[], ["queue"], ["data"]], ids=" ".join)
def test_no_command_is_described_in_half_a_sentence(group, capsys):
    mailflow(*group, "--help")
    lines = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    assert lines
    assert [line for line in lines if not line.endswith(".") or line.endswith("...")] == []


def test_help_loads_nothing_heavy():
    program = (
        "import sys\n"
        "from gateway.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print(*sys.modules, sep='\\n')\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert HEAVY & set(ran.stdout.splitlines()) == set()


def test_the_version_is_told(capsys):
    assert mailflow("--version") == 0
    assert capsys.readouterr().out.startswith("mailflow 0.")


def test_an_unknown_command_is_not_understood(capsys):
    assert mailflow("sevre") == 2
    assert "sevre" in capsys.readouterr().err


def test_a_folder_that_is_no_shop_is_one_line(tmp_path: Path, capsys):
    assert mailflow("check", "-f", str(tmp_path)) == 1
    said = capsys.readouterr()
    assert "is no shop" in said.err
    assert "Traceback" not in said.err


def test_the_folder_may_come_from_the_environment(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setenv("MAILFLOW_FOLDER", str(tmp_path / "elsewhere"))
    assert mailflow("check") == 1
    assert "elsewhere: is no shop" in capsys.readouterr().err


def test_all_problems_of_a_shop_are_told(tmp_path: Path, capsys):
    assert mailflow("init", str(tmp_path / "shop"), "--domain", "x y", "--owner", "nobody") == 1
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_disk_that_says_no_is_one_line(tmp_path: Path, capsys):
    (tmp_path / "file").write_text("")
    assert mailflow("init", str(tmp_path / "file/shop")) == 1
    said = capsys.readouterr().err
    assert said.endswith("Not a directory\n")
    assert len(said.splitlines()) == 1


def test_a_new_shop_can_be_filled_looked_at_and_copied(tmp_path: Path, monkeypatch, capsys):
    shop = tmp_path / "shop"
    (tmp_path / "products.csv").write_text("sku,name,price,on_hand\nMUG-01,Mug,12.50,5\n")
    assert mailflow("init", str(shop)) == 0
    monkeypatch.setenv("MAILFLOW_FOLDER", str(shop))
    assert mailflow("data", "import", "--dry-run", str(tmp_path / "products.csv")) == 0
    assert mailflow("data", "import", str(tmp_path / "products.csv")) == 0
    assert mailflow("queue", "list") == 0
    assert mailflow("queue", "why", "M1") == 1
    assert mailflow("queue", "retry", "M1") == 1
    assert mailflow("queue", "keep", "M1") == 1
    assert mailflow("data", "export", str(tmp_path / "export")) == 0
    assert mailflow("data", "backup") == 0
    (copy,) = (shop / "data/backup").glob("*.gz")
    assert mailflow("data", "restore", str(copy)) == 0
    assert mailflow("check") == 0
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert "[info" not in said.out + said.err  # what was done is said once


def test_init_check_and_inspect_work_together(tmp_path: Path, capsys):
    (tmp_path / "a.eml").write_bytes(b"From: a@example.net\r\nSubject: Hello\r\n\r\nHi\r\n")
    assert mailflow("init", str(tmp_path / "shop")) == 0
    assert mailflow("inspect", "--json", str(tmp_path / "a.eml")) == 0
    assert '"subject": "Hello"' in capsys.readouterr().out
