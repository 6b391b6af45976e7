"""Asks a listener to relay to strangers, which it must refuse: at every start and in `mailflow doctor`."""

import asyncio

STRANGER = "relay-test@example.com"  # reserved by RFC 2606; nobody gets a mail, for DATA is never said
WAIT = 10.0  # seconds for the whole question


async def refuses_relay(host: str, port: int) -> bool:
    """Whether the listener at `host` and `port` answers 5xx when mail for a stranger is offered.

    A host that means every interface is asked on loopback. OSError, of which TimeoutError is one, when nobody
    answers or somebody who does not speak SMTP.
    """
    async with asyncio.timeout(WAIT):
        reader, writer = await asyncio.open_connection(_reachable(host), port)
        try:
            await _expect(reader, "2")
            for command in ("EHLO localhost", "MAIL FROM:<>"):
                writer.write(f"{command}\r\n".encode())
                await _expect(reader, "2")
            writer.write(f"RCPT TO:<{STRANGER}>\r\nQUIT\r\n".encode())
            return (await _reply(reader)).startswith("5")
        finally:
            writer.close()


async def _expect(reader: asyncio.StreamReader, first: str) -> None:
    reply = await _reply(reader)
    if not reply.startswith(first):
        raise ConnectionError(f"the listener says {reply!r}")


async def _reply(reader: asyncio.StreamReader) -> str:
    """The last line of one reply (RFC 5321, section 4.2.1)."""
    while True:
        line = (await reader.readline()).decode("utf-8", "replace")
        if line[3:4] != "-":
            return line.rstrip("\r\n")


def _reachable(host: str) -> str:
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
