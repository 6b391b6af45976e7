"""How the command line reaches a shop that is open: a Unix socket in its data folder.

One process writes to an SQLite database, so a command that changes something is handed to the service; if no
service runs, the command opens the shop itself and does the same. One request is one line of JSON, its answer
another. Whoever may use the socket is whom the file system lets in (mode 0600), checked again by uid.
"""

import asyncio
import json
import os
import socket
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from gateway.app.config import Config
from gateway.app.wiring import Gateway, build
from gateway.db.engine import writing
from gateway.db.migrate import bring_up
from gateway.kernel.errors import MailFlowError
from gateway.outbox import intervention

Request = Mapping[str, Any]
Answer = Mapping[str, Any]
LONGEST = 32 * 1024 * 1024  # octets of a request: a large import


class Refused(MailFlowError):
    """The service says why it did not do it."""


async def _ingest(gateway: Gateway, request: Request) -> Answer:
    rows = tuple(cast("list[Mapping[str, str]]", request["rows"]))
    if request.get("dry_run"):
        await gateway.rehearse(request["kind"], request["source"], rows, request["first"])
        return {"effects": 0, "note": ""}
    outcome = await gateway.ingest(request["kind"], request["source"], rows, request["first"])
    return {"effects": len(outcome.done), "note": outcome.decision.note}


async def _retry(gateway: Gateway, request: Request) -> Answer:
    now = gateway.clock.now()
    async with writing(gateway.db) as tx:
        released = await intervention.release(tx, request["seqs"], now)
        due = await intervention.retry_now(tx, request["seqs"], now)
    gateway.relay.wake()
    return {"done": sorted({*released, *due})}


async def _keep(gateway: Gateway, request: Request) -> Answer:
    async with writing(gateway.db) as tx:
        held = await intervention.hold(tx, request["seqs"], request["why"])
    return {"done": sorted(held)}


async def _vitals(gateway: Gateway, request: Request) -> Answer:
    """What is under way inside, this question excepted."""
    doors = [each for each in (gateway.listener, gateway.lmtp) if each]
    return {"tasks": len(asyncio.all_tasks()) - 1, "connections": sum(len(each.sessions) for each in doors)}


async def _command(gateway: Gateway, request: Request) -> Answer:
    receipt = await gateway.command(request["line"], "keyboard")
    return {"lines": [[said.outcome, said.text] for said in receipt.lines]}


async def _resume(gateway: Gateway, request: Request) -> Answer:
    async with writing(gateway.db) as tx:
        released = await intervention.resume_sending(tx, gateway.clock.now())
    gateway.relay.wake()
    return {"done": sorted(released)}


async def _replay(gateway: Gateway, request: Request) -> Answer:
    since = datetime.fromisoformat(request["since"])
    done = await gateway.replay(since, send=request["send"], dry_run=request["dry_run"])
    return {
        "looked_at": len(done),
        "acted": sum(each.acted for each in done),
        "lines": [each.line for each in done if each.differs],
    }


ACTS: Mapping[str, Callable[[Gateway, Request], Awaitable[Answer]]] = {
    "ingest": _ingest,
    "queue.retry": _retry,
    "queue.keep": _keep,
    "command": _command,
    "queue.replay": _replay,
    "vitals": _vitals,
    "queue.resume": _resume,
}


DECIDES = frozenset({"command"})  # acts that set mails free, which a running service then decides


@asynccontextmanager
async def controllable(gateway: Gateway) -> AsyncGenerator[None]:
    """The socket is open until the block is left."""
    path = socket_of(gateway.config)
    path.unlink(missing_ok=True)  # a service that was killed leaves it behind; the lock says that it is gone
    before = os.umask(0o177)
    try:
        server = await asyncio.start_unix_server(
            lambda reader, writer: _serve(gateway, reader, writer), path, limit=LONGEST
        )
    finally:
        os.umask(before)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)


async def ask(config: Config, do: str, **arguments: Any) -> Answer:
    """Have the running service do it, or do it here if none runs; MailFlowError says why it was not done."""
    request = {"do": do, **arguments}
    try:
        reader, writer = await asyncio.open_unix_connection(socket_of(config), limit=LONGEST)
    except (FileNotFoundError, ConnectionRefusedError):
        await bring_up(config.store.address(), lock=config.lock)
        async with build(config, listen=False) as gateway:
            answer = await ACTS[do](gateway, request)
            if do in DECIDES:
                await gateway.intake.decide_all()
            return answer
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        answer = cast("dict[str, Any]", json.loads(await reader.readline()))
    except (ValueError, ConnectionError) as error:
        raise Refused(
            "the service ended before it answered; look whether it was done, then try again"
        ) from error
    finally:
        writer.close()
    if "error" in answer:
        raise Refused(answer["error"])
    return answer


def socket_of(config: Config) -> Path:
    return config.data / "mailflow.sock"


async def _serve(gateway: Gateway, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        if _uid_of(writer) in (os.getuid(), 0):
            answer = await _answer(gateway, await reader.readline())
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
    except (ConnectionError, ValueError):
        pass  # whoever asked is gone, or never meant us
    finally:
        writer.close()


async def _answer(gateway: Gateway, line: bytes) -> Answer:
    request = cast("dict[str, Any]", json.loads(line))
    try:
        return await ACTS[request["do"]](gateway, request)
    except MailFlowError as error:
        return {"error": str(error)}
    except (KeyError, TypeError):
        return {"error": f"the service does not understand {request.get('do')!r}: is it another version?"}


def _uid_of(writer: asyncio.StreamWriter) -> int:
    """Who is at the other end, as the kernel knows it (SO_PEERCRED)."""
    line = cast("socket.socket", writer.get_extra_info("socket"))
    return struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
