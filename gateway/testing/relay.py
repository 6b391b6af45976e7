"""A next hop without a network: it records what it is handed and answers from a script.

It keeps the port's promise where it matters: the mark is asked for before the dot, and no dot is written
without it. A connection cut after the dot leaves a copy here and a doubt there, which is the worse of the two
possibilities.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from gateway.kernel.errors import SmtpReply
from gateway.outbox.handover import Commit, HandedOver, Outcome, Phase, Route, Wire

TAKEN = SmtpReply(250, "2.0.0", "taken")


@dataclass(slots=True)
class _Line:
    """One line of the script; `times` counts down, None lasts for ever."""

    reply: SmtpReply | None
    phase: Phase
    recipient: str | None
    times: int | None
    before: Callable[[], None] | None
    until: asyncio.Event | None


class RecordingRelay:
    """Takes every message, unless the script says otherwise."""

    def __init__(self) -> None:
        self.tried: list[Wire] = []  # every hand-over that was begun
        self.taken: list[Wire] = []  # those of which a dot was written that was not refused
        self.now_open = self.most_open = 0  # hand-overs at the same time
        self._script: list[_Line] = []

    def answer(
        self,
        reply: SmtpReply | None,
        phase: Phase = Phase.DOT,
        *,
        recipient: str | None = None,
        times: int | None = 1,
        before: Callable[[], None] | None = None,
        until: asyncio.Event | None = None,
    ) -> None:
        """Write a line of the script: end a hand-over at `phase` with `reply`, or None: cut the line there.

        `before` is called and `until` waited for at that moment; the line written first is used first.
        """
        self._script.append(_Line(reply, phase, recipient, times, before, until))

    async def hand_over(self, route: Route, wire: Wire, commit: Commit) -> HandedOver:  # noqa: ARG002
        """How the hand-over went."""
        self.tried.append(wire)
        self.now_open += 1
        self.most_open = max(self.most_open, self.now_open)
        try:
            return await self._hand_over(wire, self._line_for(wire), commit)
        finally:
            self.now_open -= 1

    async def close(self) -> None:
        """Nothing is open."""

    def taken_by(self, recipient: str) -> list[Wire]:
        return [wire for wire in self.taken if wire.recipient == recipient]

    async def _hand_over(self, wire: Wire, line: _Line | None, commit: Commit) -> HandedOver:
        if line is not None and line.phase is not Phase.DOT:
            await _wait(line)
            return _ended(line)
        if not await commit():
            return HandedOver(Outcome.WITHHELD, Phase.COMMIT, host="recording")
        if line is not None:
            await _wait(line)
        if line is None or line.reply is None or line.reply.positive:
            self.taken.append(wire)
        return _ended(line) if line else HandedOver(Outcome.REPLIED, Phase.DOT, TAKEN, "recording")

    def _line_for(self, wire: Wire) -> _Line | None:
        for line in self._script:
            if line.recipient is None or line.recipient == wire.recipient:
                if line.times is not None:
                    line.times -= 1
                    if not line.times:
                        self._script.remove(line)
                return line
        return None


async def _wait(line: _Line) -> None:
    if line.before is not None:
        line.before()
    if line.until is not None:
        await line.until.wait()


def _ended(line: _Line) -> HandedOver:
    if line.reply is None:
        return HandedOver(Outcome.CUT, line.phase, host="recording", text="the connection was lost")
    return HandedOver(Outcome.REPLIED, line.phase, line.reply, "recording")
