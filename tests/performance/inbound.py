"""How fast mail is accepted and durable, beside Postfix on the same machine in the same minutes.

    uv run python tests/performance/inbound.py                      our listener, journal and spool in a child
    uv run python tests/performance/inbound.py --target HOST:PORT --pid PID   a service that is running

Postfix's own `smtp-source` drives both: 5 kB mails with a connection each, 5 kB mails over kept connections,
30 kB mails with a connection each. Postfix (with a configuration and a queue of its own) takes each mail,
syncs it and discards it; ours commits it to SQLite with synchronous=FULL. Runs of the two alternate, medians
are printed, nothing is asserted. CPU is that of all processes of either side, without smtp-source. Look at
the load of the machine first: it is printed too.
"""

import argparse
import asyncio
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
MOST_MAILS = 20_000
TO = "orders@shop.example"
LOADS = {
    "5 kB, a connection each": ("-l", "5120"),
    "5 kB, kept connections": ("-l", "5120", "-d"),
    "30 kB, a connection each": ("-l", "30720"),
}
MAIN_CF = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.shop.example
mydestination =
relay_domains = shop.example
relay_transport = discard:
relay_recipient_maps = static:ok
smtpd_recipient_restrictions = reject_unauth_destination
smtpd_client_connection_count_limit = 0
in_flow_delay = 0
alias_maps =
alias_database =
"""
MASTER_CF = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
pickup unix n - n 60 1 pickup
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Side:
    """One server: where it listens, and the process whose family's CPU counts."""

    name: str
    address: str
    pid: int


@dataclass(frozen=True)
class Run:
    """One load on one server."""

    rate: float  # mails a second
    user_ms: float  # of CPU a mail, in the program itself
    system_ms: float  # in the kernel

    @property
    def cpu_ms(self) -> float:
        return self.user_ms + self.system_ms


def main() -> int:
    options = arguments()
    if options.serve:
        asyncio.run(serve(Path(options.serve)))
        return 0
    if shutil.which("smtp-source") is None:
        print("smtp-source is missing: it comes with Debian's package postfix", file=sys.stderr)
        return 1
    mails = min(options.mails, MOST_MAILS)
    with ExitStack() as stack:
        sides = [stack.enter_context(ours(options))]
        if other := postfix_or_why_not(stack):
            sides.append(other)
        load = os.getloadavg()[0]
        print(f"{mails} mails a run, {options.sessions} sessions, medians of {options.runs}; load {load:.1f}")
        for load, flags in LOADS.items():
            measure(load, flags, sides, mails, options.sessions, options.runs)
        if (peak := peak_memory(sides[0].pid)) is not None:
            print(f"our peak resident memory: {peak:.0f} MiB")
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--target", help="HOST:PORT of a running listener, in place of a child")
    parser.add_argument("--pid", type=int, default=0, help="its process, for the CPU")
    parser.add_argument("--mails", type=int, default=2000, help="mails a run (default: 2000)")
    parser.add_argument("--sessions", type=int, default=10, help="sessions at a time (default: 10)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each load (default: 3)")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(
    load: str, flags: tuple[str, ...], sides: list[Side], mails: int, sessions: int, runs: int
) -> None:
    """Run one load against all sides in turn, and print what came out."""
    found: dict[str, list[Run]] = {side.name: [] for side in sides}
    for _ in range(runs):
        for side in sides:
            found[side.name].append(drive(side, flags, mails, sessions))
    print(f"\n{load}")
    for name, results in found.items():
        rates = [run.rate for run in results]
        cpu, user, system = (
            statistics.median(getattr(run, part) for run in results)
            for part in ("cpu_ms", "user_ms", "system_ms")
        )
        print(
            f"  {name:<9} {statistics.median(rates):7.0f} mails/s  ({min(rates):.0f} to {max(rates):.0f})"
            f"  {cpu:.2f} ms of CPU a mail ({user:.2f} user, {system:.2f} system)"
        )
    if len(sides) == 2:
        first, second = (found[side.name] for side in sides)
        pairs = list(zip(first, second, strict=True))
        rate = statistics.median(one.rate / other.rate for one, other in pairs)
        cpu = statistics.median(other.cpu_ms / one.cpu_ms for one, other in pairs)
        print(f"  ratio     {rate:7.2f} of the rate, {cpu:.2f} of the mails per second of CPU")


def drive(side: Side, flags: tuple[str, ...], mails: int, sessions: int) -> Run:
    command = ["smtp-source", *flags, "-s", str(sessions), "-m", str(mails), "-f", "ana@cust.example"]
    before, began = cpu_of(side.pid), time.perf_counter()
    subprocess.run([*command, "-t", TO, side.address], check=True, timeout=300)
    took = time.perf_counter() - began
    user, system = ((now - then) * 1000 / mails for now, then in zip(cpu_of(side.pid), before, strict=True))
    return Run(mails / took, user, system)


# Ours


@contextmanager
def ours(options: argparse.Namespace) -> Iterator[Side]:
    """The listener that was named, or a child that has the listener, the journal and the spool."""
    if options.target:
        yield Side("MailFlow", options.target, options.pid)
        return
    with tempfile.TemporaryDirectory(prefix="mailflow-inbound-") as folder:
        command = [sys.executable, __file__, "--serve", folder]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        try:
            port = child.stdout.readline().strip()
            if not port:
                raise SystemExit("our listener did not start")
            yield Side("MailFlow", f"127.0.0.1:{port}", child.pid)
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(30)


async def serve(folder: Path) -> None:
    """Accept as the service does, decide nothing; print the port, run until SIGTERM."""
    import structlog

    from gateway.db.engine import commit, create_schema, open_database
    from gateway.edges.smtp_in import ListenConfig, Recipients, listening
    from gateway.edges.spool import Spool
    from gateway.edges.watermark import Watermark
    from gateway.kernel.clock import SystemClock
    from gateway.kernel.ids import spoken
    from gateway.mail.envelope import Envelope
    from gateway.pipeline import journal

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    clock, spool, stop = SystemClock(), Spool(folder / "spool"), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    shop = Recipients(frozenset({"shop.example"}), lambda address: False)
    async with open_database(f"sqlite:///{folder / 'shop.db'}") as db:
        await create_schema(db)

        async def accept(envelope: Envelope, octets: bytes) -> str:
            if journal.is_large(octets):
                await spool.keep(envelope.sha256, octets)
            (row,), *_ = await commit(db, journal.accepting(envelope, octets))
            return f"kept as {spoken('J', row.seq)}"

        config = ListenConfig(port=0, hostname="mail.shop.example")
        async with listening(config, shop, accept, clock, room=Watermark(folder, clock).check) as listener:
            print(listener.port, flush=True)
            await stop.wait()


# Postfix


def postfix_or_why_not(stack: ExitStack) -> Side | None:
    if shutil.which("postfix") is None:
        print("Postfix is not installed: our figures stand alone (Debian: apt-get install postfix)")
        return None
    if os.geteuid() != 0:
        print("Postfix starts only for root: our figures stand alone")
        return None
    return stack.enter_context(postfix())


@contextmanager
def postfix() -> Iterator[Side]:
    """A Postfix with its own configuration, queue and port, which takes mail and discards it."""
    folder = Path(tempfile.mkdtemp(prefix="mailflow-postfix-"))
    port = free_port()
    try:
        folder.chmod(0o755)
        for name in ("config", "queue", "data"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", "postfix")
        (folder / "config" / "main.cf").write_text(MAIN_CF.format(folder=folder))
        (folder / "config" / "master.cf").write_text(MASTER_CF.format(port=port))
        control(folder, "start")
        try:
            wait_for_port(port)
            pid = int((folder / "queue" / "pid" / "master.pid").read_text())
            yield Side("Postfix", f"127.0.0.1:{port}", pid)
        finally:
            control(folder, "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def control(folder: Path, word: str) -> None:
    command = ["postfix", "-c", str(folder / "config"), word]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise SystemExit(f"postfix {word}: {done.stdout}{done.stderr}")


def free_port() -> int:
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def wait_for_port(port: int) -> None:
    import socket

    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("Postfix does not listen")


# What the kernel counts


def cpu_of(pid: int) -> tuple[float, float]:
    """Seconds of CPU, user and system, of a process, its descendants and those of them that are gone."""
    stats = {entry.name: stat_of(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    family, grown = {str(pid)}, True
    while grown:
        grown = False
        for name, stat in stats.items():
            if stat and name not in family and stat[1] in family:
                family.add(name)
                grown = True
    ticks = [list(map(int, stat[11:15])) for name in family if (stat := stats.get(name))]
    user = sum(own + buried for own, _, buried, _ in ticks)
    system = sum(own + buried for _, own, _, buried in ticks)
    return user / TICKS, system / TICKS


def stat_of(entry: Path) -> list[str] | None:
    """The fields of /proc/PID/stat after the name: state, parent and so on."""
    try:
        return (entry / "stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return None


def peak_memory(pid: int) -> float | None:
    """The largest resident set of a process so far, in MiB."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    kib = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")), None)
    return int(kib) / 1024 if kib else None


if __name__ == "__main__":
    sys.exit(main())
