"""The command line: what may be said, and which module does it.

Every command imports its module when it is called, so that `mailflow --help` is quick on a small box. What a
person got wrong is told in one line each, without a traceback.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from gateway.kernel.errors import MailFlowError

app = typer.Typer(
    name="mailflow",
    help="Runs a boutique's shop by mail: orders, stock, suppliers, feedback.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich costs 60 ms, and help needs no colours
    pretty_exceptions_enable=False,
)
queue = typer.Typer(help="Mail that waits, and why.", no_args_is_help=True, rich_markup_mode=None)
hold = typer.Typer(help="Mail that waits for your word.", no_args_is_help=True, rich_markup_mode=None)
data = typer.Typer(help="The shop's data: in, out, kept safe.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(queue, name="queue")
queue.add_typer(hold, name="hold")
app.add_typer(data, name="data")

Folder = Annotated[
    Path,
    typer.Option("--folder", "-f", envvar="MAILFLOW_FOLDER", help="The shop's folder.", show_default="here"),
]
Held = Annotated[list[str], typer.Argument(metavar="N...", help="Numbers of held mail, such as 12.")]
Numbers = Annotated[list[str], typer.Argument(metavar="MESSAGE...", help="Messages, such as M4QZ9.")]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Do what the command line says and exit: 0 done, 1 it could not be done, 2 it was not understood."""
    try:
        app(args=arguments, prog_name="mailflow")
    except MailFlowError as error:
        print(error, file=sys.stderr)
    except OSError as error:  # a disk that is full, a port that is taken: the world's, not ours
        print(
            ": ".join(str(part) for part in (error.filename, error.strerror or error) if part),
            file=sys.stderr,
        )
    sys.exit(1)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"mailflow {version('mailflow')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Tell the version and exit.")
    ] = False,
) -> None:
    """Options that stand before the command."""


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where the shop shall live; new or empty.")],
    name: Annotated[str, typer.Option(help="The shop's name.")] = "Example Boutique",
    domain: Annotated[str, typer.Option(help="Its mail domain.")] = "example.com",
    owner: Annotated[str, typer.Option(help="Your own address.")] = "owner@example.com",
    smarthost: Annotated[
        str, typer.Option(help="Your provider's mail server, HOST or HOST:PORT.")
    ] = "smtp.example.net",
    timezone: Annotated[str, typer.Option(help="The shop's time zone.")] = "Europe/Berlin",
    currency: Annotated[str, typer.Option(help="The shop's currency.")] = "EUR",
) -> None:
    """Make a new shop's folder, and print its DNS records."""
    from gateway.cli.init import Wishes, run

    _exit(run(folder, Wishes(name, domain, owner, smarthost, timezone, currency)))


@app.command()
def serve(folder: Folder = Path()) -> None:
    """Run the shop until told to stop."""
    from gateway.cli.serve import run

    _exit(run(folder))


@app.command()
def demo(
    folder: Annotated[
        Path | None,
        typer.Option("--folder", "-f", help="Where to make the shop.", show_default="a temporary one"),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the service running at the end.")] = False,
) -> None:
    """Watch three weeks of a boutique, by real mail."""
    from gateway.cli.demo import run

    _exit(run(folder, keep=keep))


@app.command()
def check(folder: Folder = Path()) -> None:
    """Tell everything that is wrong with the shop's files."""
    from gateway.cli.check import run

    _exit(run(folder))


@app.command()
def inspect(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...", help="Mails, mbox files, folders of *.eml, or - for standard input."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per mail and line.")] = False,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", "-f", help="A shop, whose keys, customers and orders the mail is read by."),
    ] = None,
) -> None:
    """Show what is understood of a mail, and why."""
    from gateway.cli.inspect import run

    _exit(run(paths, as_json=as_json, folder=folder))


@queue.callback()
@data.callback()
def _only_warnings() -> None:
    """What these commands do they say themselves; the log would say it twice."""
    from gateway.app.logs import set_up

    set_up("warning")


@queue.command("list")
def queue_list(
    folder: Folder = Path(),
    everything: Annotated[bool, typer.Option("--all", help="Also what is settled.")] = False,
) -> None:
    """List what waits, the longest due first."""
    from gateway.cli.queue import run_list

    _exit(run_list(folder, everything=everything))


@queue.command("why")
def queue_why(
    number: Annotated[str, typer.Argument(metavar="MESSAGE", help="A message, such as M4QZ9.")],
    folder: Folder = Path(),
) -> None:
    """Explain one message, from its cause to its fate."""
    from gateway.cli.queue import run_why

    _exit(run_why(folder, number))


@queue.command("retry")
def queue_retry(numbers: Numbers, folder: Folder = Path()) -> None:
    """Try messages again now."""
    from gateway.cli.queue import run_retry

    _exit(run_retry(folder, numbers))


@queue.command("keep")
def queue_keep(numbers: Numbers, folder: Folder = Path()) -> None:
    """Keep messages back until they are retried."""
    from gateway.cli.queue import run_keep

    _exit(run_keep(folder, numbers))


@queue.command("explain")
def queue_explain(
    mail: Annotated[str, typer.Argument(metavar="MAIL", help="A mail such as J7F3K, or 12 if it was held.")],
    folder: Folder = Path(),
) -> None:
    """Explain what was decided about a mail that came."""
    from gateway.cli.hold import run_explain

    _exit(run_explain(folder, mail))


@queue.command("replay")
def queue_replay(
    since: Annotated[str, typer.Option(help="From this day on, such as 2026-11-20.")],
    folder: Folder = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would differ.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Also write to customers and suppliers.")] = False,
) -> None:
    """Decide mail of the past again with today's rules."""
    from gateway.cli.hold import run_replay

    _exit(run_replay(folder, since, dry_run=dry_run, send=send))


@hold.command("list")
def hold_list(folder: Folder = Path()) -> None:
    """List the mail that waits for your word."""
    from gateway.cli.hold import run_list

    _exit(run_list(folder))


@hold.command("show")
def hold_show(number: Annotated[str, typer.Argument(metavar="N")], folder: Folder = Path()) -> None:
    """Show one held mail, and why it is held."""
    from gateway.cli.hold import run_show

    _exit(run_show(folder, number))


@hold.command("release")
def hold_release(numbers: Held, folder: Folder = Path()) -> None:
    """Go on with held mail; what nobody knew what to do with is seen to by hand."""
    from gateway.cli.hold import run_decide

    _exit(run_decide(folder, "release", numbers))


@hold.command("drop")
def hold_drop(numbers: Held, folder: Folder = Path()) -> None:
    """Do nothing with held mail, ever."""
    from gateway.cli.hold import run_decide

    _exit(run_decide(folder, "drop", numbers))


@queue.command("resume")
def queue_resume(folder: Folder = Path()) -> None:
    """Let automatic mail go again after it was stopped."""
    from gateway.cli.queue import run_resume

    _exit(run_resume(folder))


@data.command("import")
def data_import(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV files.")],
    folder: Folder = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would happen.")] = False,
) -> None:
    """Take in tables, such as products.csv."""
    from gateway.cli.data import run_import

    _exit(run_import(folder, files, dry_run=dry_run))


@data.command("export")
def data_export(
    target: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to; new or empty.")],
    folder: Folder = Path(),
) -> None:
    """Write all tables as files for other programs."""
    from gateway.cli.data import run_export

    _exit(run_export(folder, target))


@data.command("customer")
def data_customer(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="The customer's mail address.")],
    folder: Folder = Path(),
) -> None:
    """Show all that is known about one customer."""
    from gateway.cli.customer import run

    _exit(run(folder, address))


@data.command("backup")
def data_backup(folder: Folder = Path()) -> None:
    """Make a checked copy while the shop runs."""
    from gateway.cli.data import run_backup

    _exit(run_backup(folder))


@data.command("restore")
def data_restore(
    copy: Annotated[Path, typer.Argument(metavar="COPY", help="A copy that `data backup` made.")],
    folder: Folder = Path(),
) -> None:
    """Put a copy in place; its unsent mail comes back held."""
    from gateway.cli.data import run_restore

    _exit(run_restore(folder, copy))


def _exit(code: int) -> NoReturn:
    raise typer.Exit(code)
