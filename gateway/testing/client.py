"""A client that speaks SMTP by hand, so that a test reads as the dialogue it is."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class Client:
    """One connection; a reply is text without its last CRLF, the lines of a long one joined by newlines."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def says(self, *lines: str) -> str:
        """Send the lines together, each with its CRLF; the reply to the last of them."""
        self.sends("".join(f"{line}\r\n" for line in lines).encode())
        return [await self.hears() for _ in lines][-1]

    def sends(self, octets: bytes) -> None:
        """Send and wait for nothing."""
        self.writer.write(octets)

    async def hears(self) -> str:
        """The next reply; "" when the connection has ended."""
        lines: list[str] = []
        while True:
            lines.append((await self._line()).decode())
            if lines[-1][3:4] != "-":
                return "".join(lines).replace("\r\n", "\n").rstrip("\n")

    async def hears_all(self) -> list[str]:
        """The replies until the connection ends."""
        replies: list[str] = []
        while reply := await self.hears():
            replies.append(reply)
        return replies

    async def begins(self, sender: str = "ana@cust.example", *recipients: str, name: str = "me") -> str:
        """EHLO, MAIL and RCPT; the reply to the last RCPT."""
        rcpt = [f"RCPT TO:<{recipient}>" for recipient in recipients]
        return await self.says(f"EHLO {name}", f"MAIL FROM:<{sender}>", *rcpt)

    async def delivers(self, octets: bytes) -> str:
        """DATA, the octets as they are, the final dot; the reply to it."""
        begun = await self.says("DATA")
        if not begun.startswith("354"):
            return begun
        self.sends(octets + b".\r\n")
        return await self.hears()

    async def encrypts(self, trusted: ssl.SSLContext, name: str) -> str:
        """STARTTLS and what it needs; the reply to the command."""
        reply = await self.says("STARTTLS")
        if reply.startswith("220"):
            await self.writer.start_tls(trusted, server_hostname=name)
        return reply

    async def _line(self) -> bytes:
        async with asyncio.timeout(10):
            try:
                return await self.reader.readline()
            except ConnectionError:
                return b""


@asynccontextmanager
async def calling(port: int, host: str = "127.0.0.1") -> AsyncGenerator[Client]:
    """A connected client that has not heard the greeting yet; it hangs up when the block is left."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


@asynccontextmanager
async def greeted(port: int, host: str = "127.0.0.1") -> AsyncGenerator[Client]:
    """A connected client that has heard the greeting."""
    async with calling(port, host) as client:
        await client.hears()
        yield client
