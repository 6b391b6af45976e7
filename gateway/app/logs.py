"""structlog, set up once: JSON lines for a machine, coloured lines for a terminal.

Events are dotted past-tense names with fields (`mail.received`, `delivery.accepted`). No bodies, and no full
address at info: `masked` keeps the domain, which postmasters need, and a keyed hash, which lets lines about
one person be joined without naming her.
"""

import logging
import sys
from contextlib import suppress
from hashlib import blake2b
from typing import Literal, TextIO, cast

import structlog

# What other people's libraries say at INFO names addresses in full (aiosmtpd logs every command line).
_TALKATIVE = ("aioimaplib", "mail.log", "asyncio", "aiosqlite", "flanker")
# What they log as errors are strangers' bad signatures and odd reports, which we get as values.
_SILENT = ("dkimpy", "flufl.bounce")
_HASH_OCTETS = 5  # ten characters: among 5,000 customers two share one with a chance of 1 in 90,000

Level = Literal["debug", "info", "warning", "error"]


def set_up(level: Level = "info", *, out: TextIO | None = None) -> None:
    """Send all events to `out` (standard error), from our code and from libraries alike."""
    stream = out or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    terminal = stream.isatty()
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if terminal
        else structlog.processors.JSONRenderer()
    )
    # The console renderer draws tracebacks itself; JSON wants them as one field.
    closing = [] if terminal else [structlog.processors.format_exc_info]
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, *closing, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Unfailing(stream))),
        cache_logger_on_first_use=False,  # tests set up more than once
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *closing, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL)


class _Unfailing:
    """A stream whose failures are nobody's: a log that cannot be written ends no work."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def masked(address: str, key: bytes) -> str:
    """An address for the log: `3f9a61c02e@example.com`; the hash is keyed, so guessing proves nothing."""
    domain = address.rpartition("@")[2].lower()
    return f"{blake2b(address.lower().encode(), digest_size=_HASH_OCTETS, key=key).hexdigest()}@{domain}"
