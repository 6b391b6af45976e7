"""The real service in a process of its own, for tests that kill it or look at what it leaves behind."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.app.config import Config
from gateway.app.control import ask


@dataclass(frozen=True, slots=True)
class Vitals:
    """What a service has in use (Linux)."""

    memory: float  # MiB of its resident set
    tasks: int  # of asyncio
    connections: int
    files: int
    threads: int


class Service:
    """`mailflow serve` for the shop in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: Process | None = None
        # A start without compiled modules takes three times as long, and so many of them one's patience.
        self._environment = {
            name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
        }

    async def start(self) -> None:
        """Return at once; `listens` waits until it can be written to."""
        command = (sys.executable, "-c", "from gateway.cli.main import main; main()")
        self._process = await asyncio.create_subprocess_exec(
            *command, "serve", "--folder", self._folder, stdout=DEVNULL, stderr=DEVNULL, env=self._environment
        )

    async def end(self, with_: signal.Signals) -> int:
        """Its exit status, once it has ended."""
        assert self._process is not None
        self._process.send_signal(with_)
        return await self._process.wait()

    async def vitals(self, config: Config) -> Vitals:
        """What it has in use now."""
        assert self._process is not None
        told = await ask(config, "vitals")
        process = Path(f"/proc/{self._process.pid}")
        lines = (process / "status").read_text().splitlines()
        status = {name: value for name, _, value in (line.partition(":") for line in lines)}
        return Vitals(
            memory=int(status["VmRSS"].split()[0]) / 1024,
            tasks=told["tasks"],
            connections=told["connections"],
            files=len(list((process / "fd").iterdir())),
            threads=int(status["Threads"]),
        )


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def listens(port: int) -> None:
    """Return when somebody greets there; TimeoutError if nobody does within a minute."""
    async with asyncio.timeout(60):
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                greeting = await reader.readline()
                writer.close()
                if greeting:
                    return
            await asyncio.sleep(0.05)  # noqa: TID251 - another process is waited for
