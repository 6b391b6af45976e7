"""`mailflow demo`: three weeks of a boutique in a minute, by real mail on this machine alone."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from gateway.app.logs import set_up
from gateway.app.published import signing_keys
from gateway.cli import story
from gateway.cli.cast import BEGIN, DOMAIN, MAILBOX
from gateway.cli.stage import Stage
from gateway.cli.transcript import Transcript
from gateway.kernel.clock import SystemClock
from gateway.mail.dkim import dns_record, verify
from gateway.pipeline.stimulus import MailArrived
from gateway.testing.imap_server import ImapServer
from gateway.testing.shop import Shop, open_shop

_TRY = """
The shop stays open on 127.0.0.1:{port}; what it sends lies in {letters}. Try, in another terminal:

  python3 - <<'END'
  import smtplib
  smtplib.SMTP("127.0.0.1", {port}).sendmail("you@example.net", ["orders@{domain}"],
      b"From: You <you@example.net>\\r\\nSubject: An order\\r\\n\\r\\n2 x BOWL-02\\r\\n")
  END

Ctrl-C ends it."""


def run(folder: Path | None, *, keep: bool = False) -> int:
    """Exit status 0 if the story went as written."""
    set_up("error")
    console = Console(highlight=False, soft_wrap=False)
    if folder is not None:
        return asyncio.run(_play(folder, console, keep=keep))
    with tempfile.TemporaryDirectory(prefix="mailflow-demo-") as temporary:
        return asyncio.run(_play(Path(temporary) / "shop", console, keep=keep))


async def _play(folder: Path, console: Console, *, keep: bool) -> int:
    started = perf_counter()
    async with ImapServer(user=MAILBOX) as mailbox, _opened(folder, mailbox) as shop:
        stage = Stage(shop, Transcript(console, ZoneInfo("Europe/London")), mailbox)
        listener = shop.gateway.listener
        console.print(
            f"A shop lives in {folder}. It listens by SMTP on 127.0.0.1:{listener.port if listener else 0}; "
            "what it sends is taken by a mail server made for this demo. Nothing leaves this machine. "
            "The mails that go out lie in the folder sent/; with --folder they stay."
        )
        for act in story.ACTS:
            await act(stage)
        await _tables(shop, console)
        unsigned = _unsigned(shop)
        stage.expect(not unsigned, "every mail that went out carries two DKIM signatures that hold")
        _figures(shop, console, perf_counter() - started)
        if stage.broken:
            console.print(f"\nThe story did not go as written: {'; '.join(stage.broken)}", style="bold red")
        else:
            console.print("\nThe story went as written.", style="bold green")
        if keep:
            await _stay(shop, folder, console)
        return 1 if stage.broken else 0


@asynccontextmanager
async def _opened(folder: Path, mailbox: ImapServer) -> AsyncGenerator[Shop]:
    """The shop of the story; the password of its mailbox lies elsewhere, for `folder` must be new."""
    with tempfile.TemporaryDirectory(prefix="mailflow-demo-") as elsewhere:
        settings = partial(story.settings, mailbox=mailbox, password_file=Path(elsewhere) / "imap-password")
        async with open_shop(folder, settings, now=BEGIN, letters=folder / "sent") as shop:
            yield shop


async def _tables(shop: Shop, console: Console) -> None:
    console.print()
    orders = await shop.rows("orders")
    lines: dict[str, list[str]] = {}
    for row in await shop.rows("order_line"):
        lines.setdefault(row["order_id"], []).append(f"{row['quantity']} x {row['sku']}")
    _table(
        console,
        "Orders",
        ("number", "status", "what", "total", "promised for"),
        [
            (
                row["number"],
                row["status"],
                ", ".join(lines.get(row["id"], ())),
                f"{row['total_minor'] / 100:.2f} {row['currency']}",
                row["promised_on"],
            )
            for row in orders
        ],
    )
    stock = {row["product_id"]: row for row in await shop.rows("stock")}
    _table(
        console,
        "Stock",
        ("sku", "on hand", "promised", "on order"),
        [
            (row["sku"], held["on_hand"], held["reserved"], held["on_order"])
            for row in await shop.rows("product")
            if (held := stock[row["id"]])
        ],
    )
    suppliers = {row["id"]: row["name"] for row in await shop.rows("supplier")}
    bought = {row["purchase_order_id"]: row for row in await shop.rows("purchase_order_line")}
    _table(
        console,
        "Purchase orders",
        ("number", "supplier", "status", "ordered", "confirmed", "received"),
        [
            (
                row["number"],
                suppliers[row["supplier_id"]],
                row["status"],
                bought[row["id"]]["ordered"],
                bought[row["id"]]["confirmed"],
                bought[row["id"]]["received"],
            )
            for row in await shop.rows("purchase_order")
        ],
    )
    _table(
        console,
        "Feedback",
        ("stars", "sentiment", "about", "words"),
        [
            (row["stars"], row["sentiment"], row["category"], (row["text"] or "").partition("\n")[0])
            for row in await shop.rows("feedback")
        ],
    )
    _table(
        console,
        "Waiting for Priya's word",
        ("number", "why", "in words"),
        [
            (row["number"], row["reason"], row["note"])
            for row in await shop.rows("hold")
            if row["decided_at"] is None
        ],
    )


def _table(console: Console, title: str, columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console.print(table)


def _unsigned(shop: Shop) -> list[str]:
    """The mails whose signatures do not both hold, by subject."""
    config = shop.gateway.config
    records = [dns_record(key) for key in signing_keys(config.dkim, config.shop.domain)]
    zones = [{name: value.encode()} for name, value in records]
    return [
        str(mail.message["Subject"])
        for mail in shop.sink.mails
        if not all(verify(mail.octets, zone.get) for zone in zones)
    ]


def _figures(shop: Shop, console: Console, seconds: float) -> None:
    arrived = [outcome for outcome in shop.outcomes if isinstance(outcome.stimulus, MailArrived)]
    times = sorted(outcome.took_ms for outcome in arrived)
    console.print(
        f"\n{len(arrived)} mails in, {len(shop.sink.mails)} out, {len(shop.outcomes)} decisions; "
        f"a mail was decided and applied in {times[len(times) // 2]:.0f} ms (median); "
        f"{memory_mib():.0f} MiB of memory, the demo's own servers included; "
        f"the whole story took {seconds:.0f} s."
    )


def memory_mib() -> float:
    """The resident set of this process in MiB (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


async def _stay(shop: Shop, folder: Path, console: Console) -> None:
    """Leave the service running with a clock that goes, until interrupted."""
    port = shop.gateway.listener.port if shop.gateway.listener else 0
    console.print(_TRY.format(port=port, letters=folder / "sent", domain=DOMAIN))
    began, pace = shop.clock.now(), SystemClock()
    opened = pace.now()
    while True:
        await pace.sleep_until(pace.now() + timedelta(seconds=1))
        shop.clock.set(began + (pace.now() - opened))
        await shop.gateway.settle()
