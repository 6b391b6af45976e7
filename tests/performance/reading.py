"""What an inbound mail costs, stage by stage: `uv run python tests/performance/reading.py [--rounds 9]`.

The promise (intake.md): less than 5 ms of CPU for the whole inbound chain of an ordinary mail of 5 kB. The
chain is guard, key, parse (of which kind and new words are shown by themselves), and what the pipe does with
a database: gather, decide and apply. CPU of this process is counted, threads of the database included; the
medians of rounds are printed, and nothing is asserted. Look at the load first: it is printed too.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import structlog
from parse import CASES, HEADER, LINE, crlf

from gateway.edges.parser import Parser
from gateway.kernel.ids import new_id
from gateway.mail import body, guard
from gateway.mail.bounces import BUILT_IN
from gateway.mail.envelope import Address, Envelope, Intake
from gateway.mail.kind import kind_of
from gateway.mail.parse import parse
from gateway.mail.reply import new_words
from gateway.pipeline.journal import key_of
from gateway.testing.shop import open_shop

TURNS = 20  # of one stage in one round
PIPED = 30  # mails that go through the whole pipe
REPLY = crlf(
    HEADER
    + b"Content-Type: text/plain; charset=utf-8\n\nYes, please, both of them.\n\nAna\n\n"
    + b"On Mon, 5 Jan 2026 at 09:00, Shop <orders@shop.example> wrote:\n"
    + (b"> " + LINE) * 55
)
REPORT = crlf(
    b"Return-Path: <>\nFrom: Mail Delivery System <mailer-daemon@mx.example.net>\nTo: bounce@shop.example\n"
    b"Subject: Undelivered Mail Returned to Sender\nContent-Type: multipart/report; boundary=b;\n"
    b" report-type=delivery-status\n\n--b\n\nYour mail was not delivered.\n<leo@example.net>: unknown user\n"
    b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n"
    b"Final-Recipient: rfc822; leo@example.net\nAction: failed\nStatus: 5.1.1\n"
    b"Diagnostic-Code: smtp; 550 5.1.1 unknown user\n\n--b\nContent-Type: message/rfc822\n\n"
    + HEADER
    + b"\n"
    + LINE * 40
    + b"\n--b--\n"
)
MAILS = (*CASES[:4], ("a reply, 5 kB", REPLY), ("a report, 5 kB", REPORT))
STAGES = ("guard", "key", "parse", "of it: tree, text", "of it: new words", "of it: kind")


def stages(octets: bytes) -> tuple[Callable[[], object], ...]:
    """The work of each stage on one mail."""
    mail, content = parse(octets), body.read(octets)
    return (
        lambda: guard.scan(octets),
        lambda: key_of(octets),
        lambda: parse(octets),
        lambda: body.read(octets),
        lambda: new_words(mail.text),
        lambda: kind_of(mail, content.parts, BUILT_IN),
    )


def cost(work: Callable[[], object]) -> float:
    """Milliseconds of CPU of one turn."""
    began = time.process_time()
    for _ in range(TURNS):
        work()
    return (time.process_time() - began) * 1000 / TURNS


def medians(octets: bytes, rounds: int) -> list[float]:
    found = [[cost(work) for work in stages(octets)] for _ in range(rounds + 1)][1:]
    return [statistics.median(column) for column in zip(*found, strict=True)]


async def piped(folder: Path) -> float:
    """Milliseconds of CPU of a mail from `accept` to its trace, on SQLite; the first ones warm up."""
    costs: list[float] = []
    now = datetime(2026, 1, 5, 9, tzinfo=UTC)
    async with open_shop(folder / "shop", settings, now=now) as shop:
        for number in range(PIPED):
            octets = REPLY.replace(b"<ordinary@", b"<ordinary%d@" % number)
            envelope = Envelope(
                id=new_id("jrn", now),
                received_at=now,
                via=Intake.LMTP,
                reverse_path=Address("ana@example.net"),
                forward_paths=(Address("orders@shop.example"),),
                peer=None,
                sha256=sha256(octets).hexdigest(),
                size=len(octets),
            )
            began = time.process_time()
            await shop.gateway.intake.accept(envelope, octets)
            await shop.gateway.settle()
            costs.append((time.process_time() - began) * 1000)
    return statistics.median(costs[5:])


def settings(port: int) -> dict[str, Any]:
    return {
        "shop": {"name": "Blue Door", "domain": "shop.example", "address": "1 Quay Street, Bristol"},
        "owner": {"addresses": ["priya@owner.example"]},
        "listen": {"host": "127.0.0.1", "port": 0},
        "relay": {"smarthost": "127.0.0.1", "port": port, "tls": "off"},
    }


async def apart(octets: bytes) -> float:
    """Milliseconds by the clock that a process of its own takes for one mail, its start included."""
    crowd = b"Cc: " + b", ".join(b"a%d@example.net" % number for number in range(150)) + b"\r\n"
    began = time.perf_counter()
    await Parser(clock=60)(crowd + octets)
    return (time.perf_counter() - began) * 1000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=9, help="rounds of each mail (default: 9)")
    options = arguments.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    say = sys.stdout.write
    say(f"milliseconds of CPU, medians of {options.rounds}; load {os.getloadavg()[0]:.1f}\n\n")
    say(f"{'mail':<20}{'octets':>8}" + "".join(f"{stage:>19}" for stage in STAGES) + "\n")
    for name, octets in MAILS:
        figures = "".join(f"{figure:>19.2f}" for figure in medians(octets, options.rounds))
        say(f"{name:<20}{len(octets):>8,}{figures}\n")
    with tempfile.TemporaryDirectory(prefix="mailflow-reading-") as folder:
        whole = asyncio.run(piped(Path(folder)))
    say(f"\na reply from its acceptance to its trace, journal and decision included: {whole:.1f} ms\n")
    say(f"a suspicious mail, by a process of its own: {asyncio.run(apart(REPLY)):.0f} ms by the clock\n")


if __name__ == "__main__":
    main()
