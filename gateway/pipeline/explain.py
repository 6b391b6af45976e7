"""Why a mail did what it did, told to a person: every decision about it, what was seen, and what was done."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.commands.model import Held
from gateway.commands.reason import reason
from gateway.kernel.calendar import ShopCalendar
from gateway.kernel.decision import Match
from gateway.kernel.ids import heard, spoken
from gateway.pipeline import held as holding
from gateway.pipeline import journal, trace
from gateway.pipeline.journal import Entry
from gateway.pipeline.trace import Traced

_ANSWERS = {True: "yes", False: "no ", None: "?  "}


@dataclass(frozen=True, slots=True)
class Explained:
    """Everything that is known about why: of a mail, or of something the shop meant to do and could not."""

    entry: Entry | None
    held: Held | None
    traces: tuple[Traced, ...]


async def explain(tx: AsyncConnection, word: str) -> Explained | None:
    """What a person calls `J7F3K` or, if it was ever held, `12` or `#12`; None if there is no such thing."""
    word = word.removeprefix("#")
    if word.isascii() and word.isdigit():
        held = (await holding.held_by_numbers(tx, [int(word)])).get(int(word))
        if held is None:
            return None
        entry = await journal.entry_by_id(tx, held.stimulus_id)
        return Explained(entry, held, await trace.traces(tx, held.stimulus_id))
    entry = await _entry(tx, word)
    if entry is None:
        return None
    number = entry.hold_number
    held = (await holding.held_by_numbers(tx, [number])).get(number) if number else None
    return Explained(entry, held, await trace.traces(tx, entry.envelope.id))


async def _entry(tx: AsyncConnection, word: str) -> Entry | None:
    try:
        return await journal.entry_by_seq(tx, heard(word)) if word[:1].upper() == "J" else None
    except ValueError:
        return None


def told(explained: Explained, calendar: ShopCalendar) -> tuple[str, ...]:
    """The lines that explain it, times as the shop's clock shows them."""
    return tuple(_lines(explained, calendar))


def _lines(explained: Explained, calendar: ShopCalendar) -> Iterator[str]:
    entry, held = explained.entry, explained.held
    if entry is not None:
        envelope = entry.envelope
        came = holding.local_part(envelope.forward_paths) or "nobody"
        at = _clock(envelope.received_at, calendar)
        sender = envelope.reverse_path or "nobody"
        yield f"{spoken('J', entry.seq)}  from {sender} to {came}, {at}: {entry.state}"
    if held is not None:
        fate = f"{held.decision} {_clock(held.decided_at, calendar)}" if held.decided_at else "waits for you"
        yield f"held as {held.number}, {fate}: {reason(held.reason).sentence}"
    for each in explained.traces:
        yield from _trace(each, calendar)
    if not explained.traces:
        yield from (f"  {line}" for line in (held.note.splitlines() if held else ()))
        yield "  no decision is stored: it is not decided yet, failed, or its trace has been dropped"


def _trace(traced: Traced, calendar: ShopCalendar) -> Iterator[str]:
    why = f" ({traced.reason})" if traced.reason else ""
    note = f": {traced.note}" if traced.note else ""
    yield f"{_clock(traced.at, calendar)}  {traced.disposition}{why}{note}"
    if traced.facts:
        yield f"  {_who(traced)}"
    for match in traced.matches:
        yield from _match(match)
    if traced.applied:
        done = (f"{_words(effect)} ({by})" for by, effect in traced.applied)
        yield f"  did: {', '.join(done)}"
    else:
        yield "  did nothing"


def _who(traced: Traced) -> str:
    facts = traced.facts
    parts = [
        _words(str(facts.get("kind", ""))),
        f"the sender: {facts.get('sender', 'not known')}",
        f"{facts['level']}: {facts['level_why']}" if "level" in facts else "",
        f"may be answered: {facts['may_answer']}" if "may_answer" in facts else "",
        f"waived: {', '.join(facts['waived'])}" if facts.get("waived") else "",
    ]
    return "; ".join(part for part in parts if part)


def _match(match: Match) -> Iterator[str]:
    yield f"  {match.rule}  [{match.where}]"
    for test in match.tests:
        yield f"    {_ANSWERS[test.held]}  {test.question}: {test.seen}"


def _words(name: str) -> str:
    """`AdvanceOrder` as two words."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


def _clock(moment: datetime, calendar: ShopCalendar) -> str:
    return f"{calendar.local(moment):%d %b %Y %H:%M}"
