"""The level of a mail, by everything that it is made of (intake.md, 15)."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from gateway.commands.authority import (
    CONFIRMED_WITHIN,
    Level,
    OwnerProof,
    Proof,
    Standing,
    confirms,
    explained,
    standing,
)

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
L0, L1, L2, L3 = Level


def proof(*words: str) -> Proof:
    """A proof that has what the words say."""
    return Proof(
        registered="the owner" if "known" in words else "",
        aligned="aligned" in words,
        denied="denied" in words,
        why="DKIM passed for owner.example",
        tokened="token" in words,
        expired="expired" in words,
        confirmed="confirmed" in words,
        damaged="repeated: to" if "damaged" in words else "",
    )


@pytest.mark.parametrize(
    ("has", "aligned", "both", "token"),
    [
        ("", L0, L0, L0),
        ("aligned", L0, L0, L0),
        ("aligned token", L0, L0, L0),
        ("aligned token confirmed", L0, L0, L0),
        ("known", L0, L0, L0),
        ("known token", L0, L0, L1),
        ("known token denied", L0, L0, L0),
        ("known confirmed", L0, L0, L0),
        ("known aligned", L1, L0, L1),
        ("known aligned token", L2, L2, L2),
        ("known aligned token confirmed", L3, L3, L3),
        ("known aligned damaged", L0, L0, L0),
        ("known aligned token expired", L0, L0, L0),
        ("known token expired", L0, L0, L0),
    ],
)
def test_the_level_by_policy(has: str, aligned: Level, both: Level, token: Level):
    found = tuple(standing(proof(*has.split()), policy).level for policy in OwnerProof)
    assert found == (aligned, both, token)


WORDS = ("known", "aligned", "denied", "token", "expired", "confirmed", "damaged")


@pytest.mark.parametrize("policy", OwnerProof)
def test_nobody_unknown_and_nothing_unproven_rises(policy: OwnerProof):
    for chosen in product((False, True), repeat=len(WORDS)):
        has = {word for word, is_in in zip(WORDS, chosen, strict=True) if is_in}
        found = standing(proof(*has), policy)
        assert found.why
        if "known" not in has or has & {"expired", "damaged"}:
            assert found.level is L0
        if "aligned" not in has:
            assert found.level <= (L1 if policy is OwnerProof.TOKEN and "token" in has else L0)
        if found.level >= L2:
            assert has & {"token", "confirmed"}


def test_confirm_once_and_within_fifteen_minutes():
    assert confirms(NOW, None, NOW + CONFIRMED_WITHIN)
    assert not confirms(NOW, None, NOW + CONFIRMED_WITHIN + timedelta(seconds=1))
    assert not confirms(NOW, NOW + timedelta(minutes=1), NOW + timedelta(minutes=2))


def test_a_person_can_read_why():
    assert explained(Standing()) == "L0, it may ask, complain and withdraw: nothing proves who sent it"
    assert "others at that provider" in standing(proof("known", "aligned"), OwnerProof.BOTH).why
    assert "DKIM passed for owner.example" in standing(proof("known", "aligned")).why
