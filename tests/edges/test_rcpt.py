"""The table of intake.md, 3.3: what RCPT hears for each address."""

import pytest

from gateway.edges.rcpt import NO_RELAY, ONE_ONLY, TAKEN, TOO_MANY, UNKNOWN, Recipients, is_always_let_in

SHOP = Recipients(
    domains=frozenset({"shop.example"}),
    token_domains=frozenset({"t.shop.example"}),
    verify=lambda address: address.rpartition("@")[0].lower() in {"bounce+good", "reply-good"},
)


def answer(address: str, *, null: bool = False, before: int = 0):
    return SHOP.decide(address, null_reverse_path=null, before=before)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "orders@shop.example",
            "Orders@shop.example",
            "orders+gift@shop.example",
            "ORDERS-gift@shop.example",
        ),
        *("stock@shop.example", "report@shop.example", "help@shop.example", "suppliers@shop.example"),
        *("feedback@shop.example", "campaigns@shop.example", "explain@shop.example", "hello@shop.example"),
        *("postmaster@shop.example", "Abuse@shop.example", "postmaster@t.shop.example", "postmaster"),
        *("bounce+good@t.shop.example", "reply-good@t.shop.example", "bounce+good@shop.example"),
    ],
)
def test_ours_are_taken(address: str):
    assert answer(address) == TAKEN


@pytest.mark.parametrize(
    "address",
    [
        *("nobody@shop.example", "order@shop.example", "orders.x@shop.example", "orders"),
        *(
            "bounce+bad@t.shop.example",
            "reply+@t.shop.example",
            "bounce@t.shop.example",
            "reply@shop.example",
        ),
        "orders@t.shop.example",  # roles live at the shop's own domain
    ],
)
def test_everything_else_at_our_domains_is_unknown(address: str):
    assert answer(address) == UNKNOWN


@pytest.mark.parametrize(
    "address",
    [
        *("a@example.com", "postmaster@example.com", "orders@x.shop.example", "orders@shop.example.com"),
        *("bounce+good@example.com", "orders@", "@example.com"),
    ],
)
def test_no_other_domain_is_taken(address: str):
    assert answer(address) == NO_RELAY


def test_a_forged_token_sounds_like_an_unknown_address():
    assert answer("bounce+bad@t.shop.example") == answer("nobody@shop.example")


def test_a_report_has_one_recipient():
    assert answer("bounce+good@t.shop.example", null=True) == TAKEN
    assert answer("orders@shop.example", null=True, before=1) == ONE_ONLY
    assert answer("orders@shop.example", before=1) == TAKEN


def test_the_hundred_and_first_waits_but_the_postmaster_does_not():
    assert answer("orders@shop.example", before=99) == TAKEN
    assert answer("orders@shop.example", before=100) == TOO_MANY
    assert answer("postmaster@shop.example", before=100) == TAKEN


def test_every_refusal_says_whose_turn_it_is():
    assert not any(reply.temporary for reply in (NO_RELAY, ONE_ONLY, UNKNOWN))
    assert TOO_MANY.temporary


def test_who_is_let_in_whatever_the_rate():
    assert is_always_let_in("PostMaster@shop.example")
    assert is_always_let_in("postmaster")
    assert not is_always_let_in("orders@shop.example")


@pytest.mark.parametrize(
    ("address", "reply"),
    [
        ("shop@host.example", TAKEN),
        ("SHOP+orders@host.example", TAKEN),
        ("shop-stock@host.example", TAKEN),
        ("shop+good@host.example", TAKEN),
        ("postmaster@host.example", TAKEN),
        ("orders@host.example", UNKNOWN),
        ("neighbour@host.example", UNKNOWN),
        ("shop+bad@host.example", UNKNOWN),
        ("shoporders@host.example", UNKNOWN),
        ("shop.orders@host.example", UNKNOWN),
        ("shop+orders@other.example", NO_RELAY),
    ],
)
def test_of_the_only_mailbox_roles_stand_behind_its_name(address: str, reply: object):
    hosted = Recipients(
        domains=frozenset({"host.example"}),
        verify=lambda address: address.startswith("shop+good"),
        base="shop",
    )
    assert hosted.decide(address, null_reverse_path=False, before=0) == reply
