"""What comes back to one of our addresses names the message it is about."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.ids import Id
from gateway.kernel.tokens import Token, TokenKeys, TokenKind
from gateway.mail.parsed import MessageId
from gateway.mail.verp import (
    LIFE,
    AddressPlan,
    bounce_path,
    message_id,
    message_token,
    reply_path,
    token_address,
    token_at,
    token_of,
    unsubscribe_path,
)

KEYS = TokenKeys({1: b"k" * 32}, newest=1)
PLAN = AddressPlan("boutique.example", "mail.boutique.example")
BASE = AddressPlan("host.example", "host.example", "-", base="boutique")
TODAY = date(2026, 12, 12)

addressed = st.sampled_from([kind for kind in TokenKind if kind is not TokenKind.MESSAGE])


@given(addressed, st.integers(0, (1 << 40) - 1), st.sampled_from([PLAN, BASE]))
def test_every_token_address_is_read_back_in_any_case(kind: TokenKind, number: int, plan: AddressPlan):
    address = token_address(kind, KEYS, number, plan, TODAY)
    life = LIFE.get(kind)
    expected = Token(kind, number, TODAY + life if life else None)
    assert token_at(KEYS, address, plan) == token_at(KEYS, address.upper(), plan) == expected


@given(addressed)
def test_a_local_part_fits(kind: TokenKind):
    local = token_address(kind, KEYS, 1, PLAN, TODAY).partition("@")[0]
    assert len(local) <= 44  # of the 64 of RFC 5321, 4.5.3.1.1


def test_the_addresses_look_as_promised():
    assert bounce_path(KEYS, 5, PLAN, TODAY).startswith("bounce+")
    assert reply_path(KEYS, 5, PLAN, TODAY).startswith("reply+")
    assert unsubscribe_path(KEYS, 5, PLAN).startswith("unsubscribe+")
    assert bounce_path(KEYS, 5, PLAN, TODAY).endswith("@mail.boutique.example")
    assert bounce_path(KEYS, 5, BASE, TODAY).startswith("boutique-")
    assert PLAN.role("orders") == "orders@boutique.example"
    assert BASE.role("orders") == "boutique-orders@host.example"


def test_an_unsubscribe_address_works_for_ever():
    token = token_at(KEYS, unsubscribe_path(KEYS, 5, PLAN), PLAN)
    assert token is not None
    assert token.expires_on is None


@pytest.mark.parametrize("separator", ["+", "-", "="])
def test_a_separator_of_yesterday_is_still_read(separator: str):
    address = reply_path(KEYS, 5, AddressPlan(PLAN.domain, PLAN.token_domain, separator), TODAY)
    assert token_at(KEYS, address, PLAN) is not None


def test_a_bounce_token_behind_another_word_is_nothing():
    address = bounce_path(KEYS, 5, PLAN, TODAY)
    assert token_at(KEYS, address.replace("bounce", "undo"), PLAN) is None
    assert token_at(KEYS, address.replace("bounce", "ounce"), PLAN) is None
    assert token_at(KEYS, address.replace("bounce", ""), PLAN) is None


def test_an_address_elsewhere_is_not_ours():
    address = bounce_path(KEYS, 5, PLAN, TODAY)
    assert token_at(KEYS, address.replace("boutique", "butique"), PLAN) is None
    assert token_at(KEYS, address.partition("@")[0], PLAN) is None


@given(st.text(max_size=80) | st.emails())
def test_any_other_address_has_no_token(address: str):
    assert token_at(KEYS, address, PLAN) is None
    assert token_of(KEYS, MessageId(address)) is None


def test_a_message_id_names_its_message_and_stays_the_same():
    one = message_id(KEYS, 5, Id("msg1"), PLAN)
    assert one == message_id(KEYS, 5, Id("msg1"), PLAN)
    assert one != message_id(KEYS, 5, Id("msg2"), PLAN)
    assert one.endswith("@boutique.example")
    expected = Token(TokenKind.MESSAGE, 5)
    assert token_of(KEYS, one) == token_of(KEYS, MessageId(f" <{one}>")) == expected
    assert token_of(KEYS, message_token(KEYS, 5)) == expected


def test_a_message_id_opens_no_address():
    token = message_token(KEYS, 5)
    for word in ("reply", "undo", "message", "unsubscribe", ""):
        assert token_at(KEYS, f"{word}+{token}@{PLAN.token_domain}", PLAN) is None
    assert token_at(KEYS, f"boutique-{token}@{BASE.token_domain}", BASE) is None


def test_a_reply_token_in_a_message_id_is_nobodys():
    assert token_of(KEYS, MessageId(KEYS.sign(TokenKind.REPLY, 5) + ".x@boutique.example")) is None


@pytest.mark.parametrize(
    ("plan", "address", "ours"),
    [
        (AddressPlan("shop.example", "t.shop.example"), "Orders@Shop.Example", True),
        (AddressPlan("shop.example", "t.shop.example"), "reply+x@t.shop.example", True),
        (AddressPlan("shop.example", "t.shop.example"), "ana@example.net", False),
        (AddressPlan("shop.example", "t.shop.example"), "nothing", False),
        (AddressPlan("hoster.example", "hoster.example", base="vase"), "vase@hoster.example", True),
        (AddressPlan("hoster.example", "hoster.example", base="vase"), "vase+orders@hoster.example", True),
        (AddressPlan("hoster.example", "hoster.example", base="vase"), "vases@hoster.example", False),
        (AddressPlan("hoster.example", "hoster.example", base="vase"), "ana@hoster.example", False),
    ],
)
def test_at_a_hoster_the_neighbours_are_not_ours(plan: AddressPlan, address: str, ours: bool):
    assert plan.is_ours(address) is ours


@pytest.mark.parametrize(
    ("plan", "address", "role"),
    [
        (PLAN, "orders@boutique.example", "orders"),
        (PLAN, "ORDERS+x@boutique.example", "orders"),
        (PLAN, "reply+abc@mail.boutique.example", "reply"),
        (BASE, "boutique-orders@host.example", "orders"),
        (BASE, "boutique+stock@host.example", "stock"),
        (BASE, "boutique@host.example", "boutique"),
        (BASE, reply_path(KEYS, 5, BASE, TODAY), "boutique"),
        (BASE, "", ""),
    ],
)
def test_a_role_is_known_with_and_without_a_mailbox_of_its_own(plan: AddressPlan, address: str, role: str):
    assert plan.role_at(address) == role


def test_a_token_of_one_kind_is_none_of_another():
    """The kind is under the MAC, and the word before it must be the kind's own."""
    for kind in LIFE:
        local, _, domain = token_address(kind, KEYS, 5, PLAN, TODAY).partition("@")
        token = local.rpartition("+")[2]
        for word in ("reply", "bounce", "unsubscribe", "undo", "confirm"):
            read = token_at(KEYS, f"{word}+{token}@{domain}", PLAN)
            assert (read is not None) == (word == kind.name.lower())
    assert token_at(KEYS, f"reply+{message_token(KEYS, 5)}@boutique.example", PLAN) is None
    assert token_of(KEYS, MessageId(f"{KEYS.sign(TokenKind.REPLY, 5)}.x@boutique.example")) is None


def test_old_and_new_key_both_verify():
    rotated = TokenKeys({1: b"k" * 32, 2: b"n" * 32}, newest=2)
    for keys in (KEYS, rotated):
        assert token_at(rotated, reply_path(keys, 5, PLAN, TODAY), PLAN) is not None
    retired = TokenKeys(rotated.keys, newest=2, retired=frozenset({1}))
    assert token_at(retired, reply_path(KEYS, 5, PLAN, TODAY), PLAN) is None
    assert token_at(retired, unsubscribe_path(KEYS, 5, PLAN), PLAN) is not None
