"""Suspicious mail is read in a process that may die of it; the mail is then known by its header."""

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gateway.edges import parser
from gateway.edges.parser import Parser
from gateway.mail import guard
from gateway.mail.parse import parse

PATIENT = 60.0  # seconds: a busy machine is no reason to kill
HEAD = b"From: Ana <ana@example.net>\r\nSubject: Many parts\r\nMessage-ID: <1@x.example>\r\n"
ORDINARY = HEAD + b"\r\nTwo mugs, please.\r\n"
SUSPICIOUS = HEAD + b"Cc: " + b", ".join(b"a%d@x.example" % n for n in range(150)) + b"\r\n\r\nTo all.\r\n"
UNDECLARED = HEAD + b"\r\n" + "Где моя посылка? Я заказал её неделю назад.\r\n".encode("koi8-r") * 3
NO_CHILD = ("/nonexistent",)


def a_child(program: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-c", program)


async def test_an_ordinary_mail_needs_no_process():
    assert await Parser(NO_CHILD)(ORDINARY) == parse(ORDINARY)


async def test_a_long_mail_is_read_in_a_thread():
    octets = ORDINARY + b"More words.\r\n" * (parser.SMALL // 10)
    before = threading.active_count()
    assert await Parser(NO_CHILD)(octets) == parse(octets)
    assert threading.active_count() == before + 1  # asyncio keeps its thread for the next one


async def test_a_suspicious_mail_is_read_elsewhere_and_means_the_same():
    assert guard.scan(SUSPICIOUS).suspicious
    with pytest.raises(OSError, match="nonexistent"):
        await Parser(NO_CHILD)(SUSPICIOUS)
    assert await Parser(clock=PATIENT)(SUSPICIOUS) == parse(SUSPICIOUS)


async def test_a_charset_is_guessed_elsewhere_and_costs_the_service_no_memory():
    program = (
        "import asyncio, sys; from gateway.edges.parser import Parser\n"
        f"mail = asyncio.run(Parser(clock={PATIENT})({UNDECLARED!r}))\n"
        "assert 'посылка' in mail.text, mail.text\n"
        "assert 'charset_guessed: koi8_r' in mail.defects, mail.defects\n"
        "loaded = [name for name in sys.modules if name.startswith('chardet.models')]\n"
        "assert not loaded, loaded\n"
    )
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    assert await child.wait() == 0


async def test_a_charset_that_nobody_could_guess_is_read_as_western():
    mail = await Parser(a_child("import sys; sys.exit(3)"), PATIENT)(UNDECLARED)
    assert mail.text.startswith("çÄÅ ÍÏÑ ÐÏÓÙÌËÁ?")
    assert "charset_guessed: cp1252" in mail.defects


@pytest.mark.parametrize(
    ("program", "defect"),
    [
        ("import os; os.kill(os.getpid(), 9)", "too_complex"),
        ("import sys; sys.stdin.buffer.read(); sys.exit(3)", "too_complex"),
        ("import sys; sys.exit(1)", "unreadable"),
        ("import sys; sys.stdin.buffer.read(); print('nonsense')", "unreadable"),
        ("import sys; sys.stdin.buffer.read(); print('{}')", "unreadable"),
    ],
)
async def test_a_process_that_fails_leaves_the_header(program: str, defect: str):
    mail = await Parser(a_child(program), PATIENT)(SUSPICIOUS)
    assert mail.defects == (defect,)
    assert mail.author is not None
    assert (mail.author.address, mail.subject, mail.message_id) == (
        "ana@example.net",
        "Many parts",
        "1@x.example",
    )
    assert mail.text == ""


async def test_a_process_that_hangs_is_killed(tmp_path: Path):
    mark = tmp_path / "pid"
    program = (
        f"import os, pathlib, time; pathlib.Path({str(mark)!r}).write_text(str(os.getpid())); time.sleep(99)"
    )
    mail = await Parser(a_child(program), 2.0)(SUSPICIOUS)
    assert mail.defects == ("too_complex",)
    if mark.exists():  # a very busy machine has not even started it
        with pytest.raises(ProcessLookupError):
            os.kill(int(mark.read_text()), 0)


async def test_two_suspicious_mails_are_read_one_after_the_other(tmp_path: Path):
    mark = tmp_path / "mark"
    program = (
        "import pathlib, sys, time; sys.stdin.buffer.read()\n"
        f"mark = pathlib.Path({str(mark)!r}); mark.touch(exist_ok=False); time.sleep(0.2); mark.unlink()\n"
        "sys.exit(3)"
    )
    read = Parser(a_child(program), PATIENT)
    mails = await asyncio.gather(read(SUSPICIOUS), read(SUSPICIOUS), read(SUSPICIOUS))
    assert [mail.defects for mail in mails] == [("too_complex",)] * 3


@pytest.mark.parametrize(
    "hostile",
    [
        "octets = bytearray(200 * 1024 * 1024)",
        "while True: pass",
        "import pathlib; pathlib.Path({file!r}).write_text('grown')",
    ],
    ids=["memory", "CPU", "files"],
)
def test_the_process_has_limits(hostile: str, tmp_path: Path):
    hostile = hostile.format(file=str(tmp_path / "file"))
    program = f"from gateway.mail import parse\nparse._limit()\n{hostile}\nprint('unlimited')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=PATIENT, check=False)
    assert done.returncode != 0
    assert b"unlimited" not in done.stdout
