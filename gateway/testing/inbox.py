"""Stands where the journal stands: accepts mails into memory, late or not at all if told so."""

import asyncio
from collections import deque

from gateway.mail.envelope import Envelope


class Inbox:
    """Give it to a listener as its `accept`."""

    def __init__(self) -> None:
        self.kept: list[tuple[Envelope, bytes]] = []
        self.begun = asyncio.Event()  # somebody has asked for a mail to be accepted
        self.may_go_on = asyncio.Event()  # cleared: accepting takes until it is set
        self.may_go_on.set()
        self.errors: deque[Exception] = deque()  # raised one by one instead of accepting

    async def __call__(self, envelope: Envelope, octets: bytes) -> str:
        self.begun.set()
        await self.may_go_on.wait()
        if self.errors:
            raise self.errors.popleft()
        self.kept.append((envelope, octets))
        return f"kept as J{len(self.kept)}"

    @property
    def envelopes(self) -> list[Envelope]:
        return [envelope for envelope, _ in self.kept]

    @property
    def octets(self) -> list[bytes]:
        return [octets for _, octets in self.kept]
