"""How far a mail is believed: the level that it has, as acts ask for it (intake.md, 15).

Alignment proves only that a provider let *some* user write; therefore a level is given to nobody but the
exact address that is registered. The safer the direction of an act, the lower the level that it needs: what
can hurt nobody needs none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

CONFIRMED_WITHIN = timedelta(minutes=15)


class Level(IntEnum):
    """What is proven; an act that needs a level may be done with any higher one."""

    L0 = 0  # nothing: ask, complain, tell, withdraw consent
    L1 = 1  # aligned, and written from exactly the registered address
    L2 = 2  # L1, and a good token from a message that we sent to that person
    L3 = 3  # L1, and our question was answered within 15 minutes


class OwnerProof(StrEnum):
    """What makes a mail the owner's: the setting `[owner] proof`."""

    ALIGNED = "aligned"
    BOTH = "both"  # alignment and a token: at her provider, others may write as she does
    TOKEN = "token"  # a token alone will do: her provider does not sign


@dataclass(frozen=True, slots=True)
class Standing:
    """The level of one mail, and why it has no other, as a sentence."""

    level: Level = Level.L0
    why: str = "nothing proves who sent it"


@dataclass(frozen=True, slots=True)
class Proof:
    """Everything that a level is made of; texts are reasons for a person, "" where there is none."""

    registered: str = ""  # as what its exact author is known: "the owner", "the carrier DHL"
    aligned: bool = False  # DMARC passed, or the author's domain signed and publishes no DMARC record
    denied: bool = False  # the author's domain says that its mail always passes DMARC, and this did not
    why: str = ""  # how that was found out
    tokened: bool = False  # it answers a message that we sent to this person, at the address made for that
    expired: bool = False  # it answers at an address that works no more
    confirmed: bool = False  # it answers our question, once and in time
    damaged: str = ""  # what makes its header ambiguous
    elsewhere: bool = False  # it was written to somebody else, and anybody may have brought it here


def standing(proof: Proof, policy: OwnerProof = OwnerProof.ALIGNED) -> Standing:
    """The level that a proof earns; `policy` is for mails of the owner alone."""
    if not proof.registered:
        return Standing(Level.L0, "its author is nobody whom the shop knows by this address")
    if proof.damaged:
        return Standing(Level.L0, f"its header is ambiguous ({proof.damaged})")
    if proof.expired:
        return Standing(Level.L0, "it answers at an address that has expired")
    if proof.elsewhere:
        return Standing(Level.L0, "it was written to somebody else, who may have sent it on")
    who = f"it is from {proof.registered}, and {proof.why}"
    if not proof.aligned:
        if policy is OwnerProof.TOKEN and proof.tokened and not proof.denied:
            return Standing(Level.L1, f"it is from {proof.registered}, by the token of a letter sent there")
        return Standing(Level.L0, f"it says it is from {proof.registered}, but {proof.why}")
    if policy is OwnerProof.BOTH and not proof.tokened:
        return Standing(Level.L0, f"{who}; but others at that provider may write so, and it has no token")
    if proof.confirmed:
        return Standing(Level.L3, f"{who}; our question was answered in time")
    if proof.tokened:
        return Standing(Level.L2, f"{who}; it has the token of a letter that was sent there")
    return Standing(Level.L1, who)


def confirms(asked_at: datetime, answered_before: datetime | None, now: datetime) -> bool:
    """Whether an answer to a question of `asked_at` counts as its confirmation: the first, and in time."""
    return answered_before is None and now - asked_at <= CONFIRMED_WITHIN


def explained(found: Standing) -> str:
    """A standing for a person: what the mail may do, and why."""
    return f"{found.level.name}, {_MAY[found.level]}: {found.why}"


_MAY: Mapping[Level, str] = {
    Level.L0: "it may ask, complain and withdraw",
    Level.L1: "it may change what can be undone",
    Level.L2: "it may release, drop and cancel",
    Level.L3: "it may do everything",
}
