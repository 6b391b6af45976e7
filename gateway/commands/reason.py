"""Why a mail is held, as a table: the word that is stored, the sentence that is told, and when it is told.

Held means that the owner is asked: nothing was done, nothing is lost, the sender hears nothing (intake.md 7).
Whatever the shop could go on with as soon as she has read it is told within ten minutes and comes with the
mail attached; what can only be noise or a trick waits for the morning's letter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Told(Enum):
    """How soon the owner hears of it."""

    SOON = "within ten minutes"
    MORNING = "in the morning's letter"
    AT_ONCE_IF_HERS = "at once if it claims to be the owner's, else in the morning's letter"


@dataclass(frozen=True, slots=True)
class Reason:
    """One row of the table."""

    sentence: str
    told: Told
    attached: bool = False  # the held mail goes along


REASONS: Mapping[str, Reason] = {
    "no_rule": Reason("Nobody knew what to do with it.", Told.SOON, attached=True),
    "check_failed": Reason("It was understood, but a check failed.", Told.SOON, attached=True),
    "rule_asked": Reason("A rule asks you to decide.", Told.SOON, attached=True),
    "failed": Reason("Working on it failed three times.", Told.SOON, attached=True),
    "breaker": Reason("An answer would have fed a loop of programs.", Told.SOON),
    "not_proven": Reason("What it asks for needs more proof of who wrote it.", Told.AT_ONCE_IF_HERS),
    "forged": Reason("It claims an address that it could not prove.", Told.MORNING),
    "third_person": Reason("It answers a letter that we wrote to somebody else.", Told.MORNING),
    "unsure": Reason("It can be understood in more than one way.", Told.MORNING),
    "too_complex": Reason("It has more parts, addresses or fields than we take apart.", Told.MORNING),
    "too_large": Reason("It is larger than we take in.", Told.MORNING),
    "unreadable": Reason("It is too damaged to be read.", Told.MORNING),
    "challenge": Reason("Somebody's gatekeeper wants a click before it lets our mail through.", Told.MORNING),
    "not_a_report": Reason("A person wrote to an address for delivery reports.", Told.MORNING),
}


def reason(word: str) -> Reason:
    """The row of that word; a word that the table lacks, from a later version, is told as it stands."""
    return REASONS.get(word) or Reason(f"It is held: {word.replace('_', ' ')}.", Told.SOON)
