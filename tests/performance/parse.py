"""What reading a mail costs: `uv run python tests/performance/parse.py` prints CPU by kind of mail.

The promise (intake.md): an ordinary mail of 5 kB well under 5 ms, the guard about 2 ms a MiB, and no mail
that the guard lets through may hold up the next for longer than a second or two. Nothing here is asserted.
"""

import resource
import sys
import time
from base64 import encodebytes
from collections.abc import Callable
from pathlib import Path

from gateway.mail.guard import scan
from gateway.mail.parse import parse

MAILS = Path(__file__).parents[1] / "mails"
HEADER = b"""Return-Path: <ana@example.net>
Received: from mx.example.net (mx.example.net [192.0.2.7]) by mail.shop.example;
	Mon, 5 Jan 2026 10:00:02 +0100
Message-ID: <ordinary@example.net>
Date: Mon, 5 Jan 2026 10:00:00 +0100
From: =?utf-8?q?Ana_Mu=C3=B1oz?= <ana@example.net>
To: Shop <orders@shop.example>
Subject: =?utf-8?q?Zwei_blaue_Sch=C3=BCsseln?=
MIME-Version: 1.0
"""
LINE = b"I would like two of the blue mugs that I saw in your shop last week, please.\n"
MIB = 1024 * 1024


def crlf(octets: bytes) -> bytes:
    return octets.replace(b"\n", b"\r\n")


def plain(size: int) -> bytes:
    head = HEADER + b"Content-Type: text/plain; charset=utf-8\n\n"
    return crlf(head + LINE * (size // len(LINE)))


def alternative(size: int) -> bytes:
    lines = size // (2 * len(LINE) + 12)
    rows = b"".join(b"<p>" + LINE.strip() + b"</p>\n" for _ in range(lines))
    return crlf(
        HEADER
        + b"Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n"
        + LINE * lines
        + b"\n--b\nContent-Type: text/html\n\n<html><body>"
        + rows
        + b"</body></html>\n--b--\n"
    )


def html(size: int) -> bytes:
    style = b'style="font-family:Helvetica,Arial,sans-serif;font-size:13px;padding:4px 8px"'
    row = b"<tr><td " + style + b">Mug, blue</td><td " + style + b">12.00</td></tr>\n"
    return crlf(HEADER + b"Content-Type: text/html\n\n<table>" + row * (size // len(row)) + b"</table>")


def with_a_file(size: int) -> bytes:
    return crlf(
        HEADER
        + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nA photo.\n--b\nContent-Type: image/jpeg\n"
        b"Content-Transfer-Encoding: base64\n\n"
        + encodebytes(b"\xff\xd8\xff" + bytes(size * 3 // 4))
        + b"--b--\n"
    )


def a_bomb(kind: bytes, piece: bytes, size: int) -> bytes:
    return crlf(HEADER + b"Content-Type: " + kind + b"\n\n") + piece * (size // len(piece))


CASES: tuple[tuple[str, bytes], ...] = (
    ("plain, 5 kB", plain(5000)),
    ("alternative, 5 kB", alternative(5000)),
    ("HTML only, 5 kB", html(5000)),
    ("HTML only, 50 kB", html(50_000)),
    ("plain, 100 kB", plain(100_000)),
    ("a photo, 5 MiB", with_a_file(5 * MIB)),
    ("a photo, 20 MiB", with_a_file(19 * MIB)),
    ("plain, 20 MiB", plain(20 * MIB)),
    ("20 MiB of blank lines", a_bomb(b"multipart/mixed; boundary=b", b"\r\n", 20 * MIB)),
    ("20 MiB of paragraphs", a_bomb(b"text/html", b"<p>x</p>", 20 * MIB)),
    ("2 MiB of nested quotations", a_bomb(b"text/html", b"<blockquote>x", 2 * MIB)),
    ("8 MiB of soft breaks", a_bomb(b"text/plain; format=flowed", b"> x \r\n", 8 * MIB)),
    ("2 MiB of attributions", a_bomb(b"text/plain", b"On Monday Ana <a@b.c> wrote:\r\n", 2 * MIB)),
    ("8 MiB of shifts", a_bomb(b"text/plain; charset=iso-2022-jp", b"\x1b$B-!\x1b(B", 8 * MIB)),
)


def cpu(work: Callable[[bytes], object], octets: bytes) -> float:
    """Milliseconds of CPU for one turn, the best of five or of what half a second allows."""
    best, spent = float("inf"), 0.0
    for _ in range(5):
        start = time.process_time()
        turns = 20 if len(octets) < 200_000 else 1
        for _ in range(turns):
            work(octets)
        took = time.process_time() - start
        best, spent = min(best, took / turns), spent + took
        if spent > 2:
            break
    return best * 1000


def main() -> None:
    parse(alternative(1000))  # the first one pays for the imports
    say = sys.stdout.write
    say(f"{'mail':<30}{'octets':>12}{'guard ms':>12}{'parse ms':>12}\n")
    for name, octets in CASES:
        say(f"{name:<30}{len(octets):>12,}{cpu(scan, octets):>12.2f}{cpu(parse, octets):>12.2f}\n")
    fixtures = [path.read_bytes() for path in MAILS.rglob("*.eml")]
    start = time.process_time()
    for octets in fixtures:
        parse(octets)
    mean = (time.process_time() - start) / max(len(fixtures), 1) * 1000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    say(f"the {len(fixtures)} mails of tests/mails: {mean:.2f} ms each; peak memory {peak} MiB\n")


if __name__ == "__main__":
    main()
