"""Mail is parsed here and there: at once, in a thread, or in a process that may die of it (intake.md, 9).

What the guard finds suspicious is read by a fresh process with bounds on memory, CPU and time, one at a time.
If that has to be killed there is no second try: the header alone is read, and the mail is held. A mail whose
charset must be guessed goes the same way, because what is needed for that would stay in memory for ever.
"""

import asyncio
import contextlib
import sys
from collections.abc import Sequence

import structlog

from gateway.mail import guard, parse, parsed_json
from gateway.mail.charset import guessing_put_off
from gateway.mail.parsed import Parsed

log = structlog.get_logger()

SMALL = 32 * 1024  # octets; a longer mail costs more milliseconds than the loop should wait
CLOCK = 5.0  # seconds that the process may take, its start included
_CHILD = (sys.executable, "-I", "-m", "gateway.mail.parse")  # -I: nothing of our environment leads it astray


class Parser:
    """Reads mails; never raises for anything that a mail says."""

    def __init__(self, child: Sequence[str] = _CHILD, clock: float = CLOCK) -> None:
        self._child = child
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self, octets: bytes) -> Parsed:
        """The mail, read where it can do no harm; OSError if no process can be started."""
        if guard.scan(octets).suspicious:
            read = await self._apart(octets)
            return read if isinstance(read, Parsed) else _header_only(octets, read)
        mail, certain = await asyncio.to_thread(_here, octets) if len(octets) > SMALL else _here(octets)
        if certain:
            return mail
        read = await self._apart(octets)
        return read if isinstance(read, Parsed) else mail

    async def _apart(self, octets: bytes) -> Parsed | str:
        """What a process of its own read, or the defect that says why it read nothing."""
        async with self._one_at_a_time:
            child = await asyncio.create_subprocess_exec(
                *self._child,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={},
            )
            try:
                async with asyncio.timeout(self._clock):
                    said, complaint = await child.communicate(octets)
            except TimeoutError:
                return _gave_up(octets, "too_complex", "it took too long")
            finally:
                await _end(child)
        if child.returncode != 0:
            killed = (child.returncode or 0) < 0 or child.returncode == parse.TOO_MUCH
            why = f"it ended with {child.returncode}: {complaint[-500:].decode('utf-8', 'replace')}"
            return _gave_up(octets, "too_complex" if killed else "unreadable", why)
        try:
            return parsed_json.loads(said)
        except ValueError as error:
            return _gave_up(octets, "unreadable", str(error))


def _here(octets: bytes) -> tuple[Parsed, bool]:
    """The mail, and whether it is read well without a guess."""
    with guessing_put_off() as put_off:
        mail = parse.parse(octets)
    return mail, not put_off


def _header_only(octets: bytes, defect: str) -> Parsed:
    with guessing_put_off():
        return parse.header_only(octets, defect)


def _gave_up(octets: bytes, defect: str, why: str) -> str:
    log.warning("mail.parser_gave_up", defect=defect, size=len(octets), why=why)
    return defect


async def _end(child: asyncio.subprocess.Process) -> None:
    """Return when the process is gone, whoever cancelled us."""
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
