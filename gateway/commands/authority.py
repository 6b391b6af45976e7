"""How far a mail is believed: the level that it has, as acts ask for it (intake.md, 15).

Alignment proves only that a provider let *some* user write; therefore a level is given to nobody but the
exact address that is registered. The safer the direction of an act, the lower the level that it needs.
"""

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """What is proven; an act that needs a level may be done with any higher one."""

    L0 = 0  # nothing: ask, complain, tell, withdraw consent
    L1 = 1  # aligned, and written from exactly the registered address
    L2 = 2  # L1, and a good token from a message that we sent to that person
    L3 = 3  # L1, and our question was answered within 15 minutes


@dataclass(frozen=True, slots=True)
class Standing:
    """The level of one mail, and why it has no other, as a sentence."""

    level: Level = Level.L0
    why: str = "nothing proves who sent it"


@dataclass(frozen=True, slots=True)
class Proof:
    """Everything that a level is made of."""

    aligned: bool = False  # DMARC passed, or a signature of the From domain where there is no DMARC record
    registered: bool = False  # the strict From is exactly an address (or lies in a domain) that we know
    tokened: bool = False  # a token that we sent to this person, and not expired
    confirmed: bool = False  # our question was answered, once and in time


def standing(proof: Proof) -> Standing:
    """The level that a proof earns."""
    if not proof.registered:
        return Standing(Level.L0, "its author is nobody whom we know by this address")
    if not proof.aligned:
        return Standing(Level.L0, "nothing proves that it comes from the domain of its author")
    if proof.confirmed:
        return Standing(Level.L3, "aligned, from the registered address, and confirmed in time")
    if proof.tokened:
        return Standing(Level.L2, "aligned, from the registered address, with a token that we sent there")
    return Standing(Level.L1, "aligned, and from the registered address")
