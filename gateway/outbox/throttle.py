"""One number per key is the whole state of a rate limit: the generic cell rate algorithm (ITU-T I.371).

A key is what a limit speaks of: everything (`whole`), one route (`route:default`), one purpose
(`purpose:marketing`). A message leaves at the latest of its keys; several rates for one thing are several
keys.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

_PER: Mapping[str, timedelta] = {
    "s": timedelta(seconds=1),
    "sec": timedelta(seconds=1),
    "second": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "minute": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "hour": timedelta(hours=1),
    "d": timedelta(days=1),
    "day": timedelta(days=1),
}
_WRITTEN = re.compile(r"\s*(\d{1,9})\s*/\s*([a-z]+)\s*(?:burst\s+(\d{1,9})\s*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` messages in every `per`, of which `burst` may leave together."""

    count: int
    per: timedelta
    burst: int = 1

    def __post_init__(self) -> None:
        if self.count < 1 or self.burst < 1 or self.per <= timedelta(0):
            raise ValueError(f"{self.count} in {self.per} with a burst of {self.burst} is no rate")
        if self.per // self.count < timedelta(microseconds=1):
            raise ValueError(f"{self.count} in {self.per} is faster than a clock can tell")

    @property
    def spacing(self) -> timedelta:
        """The time between two messages at the steady pace, rounded up so that the rate is never exceeded."""
        return -(-self.per // self.count)

    def __str__(self) -> str:
        unit = next((word for word, per in _PER.items() if per == self.per), str(self.per))
        return f"{self.count}/{unit}" + (f" burst {self.burst}" if self.burst > 1 else "")


def parse_rate(text: str) -> Rate:
    """The rate that "100/min" or "100/min burst 20" means; ValueError says what would be right.

    Without a burst a fifth of the count may leave together, which is the 20 of 100 a minute (S4-3.R1).
    """
    written = _WRITTEN.fullmatch(text.lower())
    if written is None or written[2] not in _PER:
        raise ValueError(f"{text!r} is not a rate such as 100/min, 10/s, 500/h or 20000/day")
    count = int(written[1])
    burst = int(written[3]) if written[3] else max(1, count // 5)
    return Rate(count, _PER[written[2]], burst)


def admit(rate: Rate, due: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """When this message may leave, and the `due` to remember for the next one.

    `due` is when the next message would leave at the steady pace; being up to `burst - 1` spacings early
    is forgiven.
    """
    due = max(due or now, now)
    leave_at = max(now, due - rate.spacing * (rate.burst - 1))
    return leave_at, due + rate.spacing


def available(rate: Rate, due: datetime | None, now: datetime) -> int:
    """How many messages may leave at this instant."""
    due = max(due or now, now)
    early = rate.spacing * (rate.burst - 1) - (due - now)
    return 0 if early < timedelta(0) else early // rate.spacing + 1


class Buckets:
    """The `due` of every key: asked before a claim, taken at a hand-over, stored with its mark."""

    def __init__(self, rates: Mapping[str, Rate], due: Mapping[str, datetime] | None = None) -> None:
        self._rates = rates
        self._due = dict(due or {})

    def available(self, keys: Iterable[str], now: datetime, most: int) -> int:
        """How many messages under all of `keys` may leave now, at most `most`."""
        limits = [available(self._rates[key], self._due.get(key), now) for key in keys if key in self._rates]
        return min([most, *limits])

    def opens_at(self, keys: Iterable[str], now: datetime) -> datetime:
        """When the next message under all of `keys` may leave."""
        opens = (admit(self._rates[key], self._due.get(key), now)[0] for key in keys if key in self._rates)
        return max(opens, default=now)

    def take(self, keys: Iterable[str], now: datetime) -> dict[str, datetime]:
        """Count one message that leaves now; returns the rows to store with its mark."""
        taken = {
            key: admit(self._rates[key], self._due.get(key), now)[1] for key in keys if key in self._rates
        }
        self._due |= taken
        return taken
