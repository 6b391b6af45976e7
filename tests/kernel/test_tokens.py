"""Tokens say what they are about to us, and nothing to anybody who makes one up."""

import hmac
from base64 import b32decode
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.errors import InputError
from gateway.kernel.tokens import (
    LENGTH,
    Token,
    TokenKeys,
    TokenKind,
    keyed_hash,
    new_secret,
    new_secrets_file,
    read_secrets,
)

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
KEYS = TokenKeys({7: NEW}, newest=7)
DAY = date(2026, 12, 12)

objects = st.integers(0, (1 << 40) - 1)
last_days = st.none() | st.dates(date(1970, 1, 1), date(2149, 6, 5))


@given(st.sampled_from(TokenKind), objects, last_days)
def test_what_was_signed_is_read_back(kind: TokenKind, number: int, expires_on: date | None):
    token = KEYS.sign(kind, number, expires_on)
    assert KEYS.read(token) == Token(kind, number, expires_on)
    assert len(token) == LENGTH
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyz234567")


def test_a_token_survives_the_folding_of_case():
    token = KEYS.sign(TokenKind.REPLY, 1042, DAY)
    assert KEYS.read(token.upper()) == KEYS.read(token.title()) == Token(TokenKind.REPLY, 1042, DAY)


def test_the_layout_is_the_one_that_was_promised():
    octets = b32decode(KEYS.sign(TokenKind.UNDO, 1042, DAY).upper())
    body = bytes((7, 4, 0, 0, 0, 4, 18)) + (DAY - date(1970, 1, 1)).days.to_bytes(2, "big")
    assert octets == body + hmac.digest(NEW, b"mailflow/1/" + body, "sha256")[:11]


@given(st.integers(0, LENGTH - 1), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_one_changed_character_makes_it_nobodys(position: int, other: str):
    token = KEYS.sign(TokenKind.UNDO, 5, DAY)
    changed = token[:position] + other + token[position + 1 :]
    assert (KEYS.read(changed) is None) == (changed != token)


@given(st.text(max_size=40) | st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=LENGTH, max_size=LENGTH))
def test_any_other_text_is_no_token_and_no_error(text: str):
    assert KEYS.read(text) is None


@pytest.mark.parametrize("lookalike", ["ſ", "ı", "İ", "\N{FULLWIDTH LATIN SMALL LETTER A}"])
def test_letters_that_fold_to_ascii_are_not_taken_for_it(lookalike: str):
    token = KEYS.sign(TokenKind.REPLY, 1, None)
    assert KEYS.read(lookalike + token[1:]) is None


def test_every_key_verifies_and_the_newest_signs():
    before = TokenKeys({1: OLD}, newest=1).sign(TokenKind.REPLY, 3, DAY)
    rotated = TokenKeys({1: OLD, 2: NEW}, newest=2)
    assert rotated.read(before) == Token(TokenKind.REPLY, 3, DAY)
    assert TokenKeys({2: NEW}, newest=2).read(rotated.sign(TokenKind.REPLY, 3, DAY))


def test_a_key_number_alone_proves_nothing():
    assert TokenKeys({1: OLD}, newest=1).read(TokenKeys({1: NEW}, newest=1).sign(TokenKind.REPLY, 3)) is None


def test_a_retired_key_still_unsubscribes_but_no_longer_replies():
    keys = TokenKeys({1: OLD}, newest=1)
    retired = TokenKeys({1: OLD, 2: NEW}, newest=2, retired=frozenset({1}))
    still = {kind for kind in TokenKind if retired.read(keys.sign(kind, 3, None))}
    assert still == {TokenKind.UNSUBSCRIBE, TokenKind.MESSAGE}


def test_a_token_lives_through_its_last_day():
    token = Token(TokenKind.REPLY, 1, DAY)
    assert not token.expired(DAY)
    assert token.expired(DAY + timedelta(days=1))
    assert not Token(TokenKind.UNSUBSCRIBE, 1).expired(date(9999, 12, 31))


@pytest.mark.parametrize(
    ("number", "day"), [(-1, DAY), (1 << 40, DAY), (1, date(1969, 12, 31)), (1, date(2150, 1, 1))]
)
def test_what_does_not_fit_is_refused_instead_of_cut(number: int, day: date):
    with pytest.raises(ValueError, match="no token holds"):
        KEYS.sign(TokenKind.REPLY, number, day)


def test_a_new_secrets_file_reads_back_and_is_new_each_time():
    first, second = (read_secrets(new_secrets_file(), "secrets.toml") for _ in range(2))
    assert first.tokens.newest == 1
    assert first.tokens.read(first.tokens.sign(TokenKind.REPLY, 9)) == Token(TokenKind.REPLY, 9)
    assert second.tokens.read(first.tokens.sign(TokenKind.REPLY, 9)) is None
    assert first.recipients != second.recipients
    assert len(new_secret()) == 32


def test_a_rotated_secrets_file_signs_with_the_highest_number():
    text = new_secrets_file().replace("retired = []", "retired = [1]") + f'9 = "{NEW.hex()}"\n'
    tokens = read_secrets(text, "secrets.toml").tokens
    assert (tokens.newest, tokens.retired) == (9, {1})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("recipients = ", "secrets.toml: is not TOML"),
        ("", "secrets.toml: has no token key"),
        ("tokens = 3", "secrets.toml: has no token key"),
        (
            f'recipients = "{NEW.hex()}"\n[tokens]\n1 = "abc"',
            "secrets.toml: tokens.1: is no secret; it takes 64",
        ),
        (f'[tokens]\n1 = "{NEW.hex()}"', "secrets.toml: recipients: is no secret"),
        (f'[tokens]\nfirst = "{NEW.hex()}"', "'first' is no key number"),
        (f'[tokens]\n256 = "{NEW.hex()}"', "'256' is no key number"),
        (f'retired = [1]\n[tokens]\n1 = "{NEW.hex()}"', "retires key 1, which signs"),
        (f'retired = 1\n[tokens]\n1 = "{NEW.hex()}"', "`retired` is a list"),
    ],
)
def test_a_broken_secrets_file_says_what_is_wrong_and_never_a_secret(text: str, problem: str):
    with pytest.raises(InputError) as caught:
        read_secrets(text, "secrets.toml")
    assert problem in str(caught.value)
    assert NEW.hex() not in str(caught.value)


def test_a_keyed_hash_tells_equals_from_others_and_needs_the_secret():
    assert keyed_hash(OLD, "ana@example.net") == keyed_hash(OLD, "ana@example.net")
    assert (
        len({keyed_hash(OLD, "ana@example.net"), keyed_hash(NEW, "ana@example.net"), keyed_hash(OLD, "")})
        == 3
    )
    assert keyed_hash(OLD, "\udcff")  # surrogates come from undecodable octets
