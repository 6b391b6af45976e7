"""Why it was decided so: what is stored with every decision, and read again when somebody asks.

Stored are the tests that were seen and the effects that were applied, never the words of the mail. A mail
that was released or replayed has a trace for each time it was decided.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.tables.mail import trace
from gateway.kernel.decision import Decision, Match, Test
from gateway.kernel.ids import Id
from gateway.pipeline.apply import Done


@dataclass(frozen=True, slots=True)
class Traced:
    """One decision as it was stored."""

    at: datetime
    disposition: str
    reason: str
    note: str
    matches: tuple[Match, ...]  # without their effects
    applied: tuple[tuple[str, str], ...]  # who asked for it, and the effect's name
    facts: Mapping[str, Any]  # what was known of the mail; empty for others
    took_ms: int


async def keep(
    tx: AsyncConnection,
    stimulus_id: Id,
    decision: Decision,
    done: Sequence[Done],
    facts: Mapping[str, Any] | None,
    now: datetime,
    took_ms: float,
) -> None:
    """Store why it was decided so."""
    row = {
        "stimulus_id": stimulus_id,
        "at": now,
        "facts": facts,
        "matches": _matches_to_json(decision, done),
        "took_ms": round(took_ms),
    }
    await tx.execute(_INSERT, row)


_INSERT = insert(trace)


async def traces(tx: AsyncConnection, stimulus_id: Id) -> tuple[Traced, ...]:
    """Every decision about a stimulus, the first one first; none once retention has dropped them."""
    found = await tx.execute(select(trace).where(trace.c.stimulus_id == stimulus_id).order_by(trace.c.at))
    return tuple(
        _traced(row["at"], row["matches"], row["facts"] or {}, row["took_ms"]) for row in found.mappings()
    )


def _matches_to_json(decision: Decision, done: Sequence[Done]) -> list[dict[str, Any]]:
    """What became of it, the matches with their tests, then every effect that was applied and who asked."""
    matches = [
        {
            "rule": match.rule,
            "where": match.where,
            "tests": [[test.question, test.seen, test.held] for test in match.tests],
        }
        for match in decision.because
    ]
    applied = [{"by": each.origin, "effect": type(each.effect).__name__, "id": each.id} for each in done]
    return [
        {"disposition": decision.disposition, "reason": decision.reason, "note": decision.note},
        *matches,
        *applied,
    ]


def _traced(at: datetime, stored: Sequence[Mapping[str, Any]], facts: Mapping[str, Any], ms: int) -> Traced:
    head = stored[0]
    return Traced(
        at=at,
        disposition=head["disposition"],
        reason=head["reason"],
        note=head["note"],
        matches=tuple(
            Match(row["rule"], row["where"], tuple(Test(*cast("list[Any]", test)) for test in row["tests"]))
            for row in stored[1:]
            if "rule" in row
        ),
        applied=tuple((row["by"], row["effect"]) for row in stored[1:] if "effect" in row),
        facts=facts,
        took_ms=ms,
    )
