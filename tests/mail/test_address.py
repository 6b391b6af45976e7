"""The strict reading of addresses, and the lenient one."""

import logging

import pytest

from gateway.mail.address import address, canonical, domain_of, identity, local_part, mailboxes, subaddress
from gateway.mail.parsed import Mailbox


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ana@example.net", "ana@example.net"),
        ("Ana.Moreno+x@EXAMPLE.Net", "Ana.Moreno+x@example.net"),
        ("o'brien!#$%&*/=?^_`{|}~-@example.net", "o'brien!#$%&*/=?^_`{|}~-@example.net"),
        ("josé@example.net", "josé@example.net"),
        ("ana@münchen.example", "ana@münchen.example"),
        ("ana@MÜNCHEN.example", "ana@münchen.example"),
        ("ana@xn--mnchen-3ya.example", "ana@xn--mnchen-3ya.example"),
        ("root@localhost", "root@localhost"),
        ("a" * 64 + "@example.net", "a" * 64 + "@example.net"),
    ],
)
def test_an_address_is_read_whole(text: str, wanted: str):
    assert address(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "ana",
        "ana@",
        "@example.net",
        " ana@example.net",
        "ana@example.net ",
        "ana@example.net\r\nBcc: x@y.z",
        "ana\n@example.net",
        "ana\0@example.net",
        "ana@example.net\0",
        "<ana@example.net>",
        "Ana <ana@example.net>",
        "ana@example.net (Ana)",
        "ana(comment)@example.net",
        "@relay.example:ana@example.net",
        '"ana"@example.net',
        '"ana moreno"@example.net',
        "ana@moreno@example.net",
        "ana..moreno@example.net",
        ".ana@example.net",
        "ana.@example.net",
        "ana@[192.0.2.1]",
        "ana@192.0.2.1",
        "ana@example..net",
        "ana@-example.net",
        "ana@example-.net",
        "ana@exa_mple.net",
        "ana@example.net.",
        "ana,tom@example.net",
        "an\u202ea@example.net",
        "an\u200ba@example.net",
        "an\u00a0a@example.net",
        "\ud800@example.net",
        "ana@\ud800.net",
        "a" * 65 + "@example.net",
        "ana@" + "a" * 64 + ".net",
        "ana@" + "a." * 127 + "net",
    ],
)
def test_what_is_not_an_address_from_end_to_end_is_none(text: str):
    assert address(text) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana@Example.NET", "ana@example.net"),
        ("ana@MÜNCHEN.example", "ana@xn--mnchen-3ya.example"),
        ("jose\u0301@example.net", "josé@example.net"),
        ("NOT an address", "not an ADDRESS"),
    ],
)
def test_the_same_mailbox_has_one_canonical_form(one: str, other: str):
    assert canonical(one) == canonical(other)


def test_domains_that_differ_stay_different():
    assert canonical("ana@straße.example") != canonical("ana@strasse.example")


def test_the_parts_of_an_address():
    assert local_part("Ana@Example.net") == "Ana"
    assert domain_of("Ana@Example.net") == "example.net"
    assert local_part("postmaster") == "postmaster"
    assert domain_of("postmaster") == ""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("reply+abc@shop.example", ("reply", "abc")),
        ("reply-abc@shop.example", ("reply", "abc")),
        ("base+orders-x@shop.example", ("base", "orders-x")),
        ("my-shop+orders@shop.example", ("my-shop", "orders")),
        ("orders@shop.example", ("orders", "")),
        ("+x@shop.example", ("+x", "")),
        ("orders", ("orders", "")),
    ],
)
def test_a_subaddress_stands_behind_plus_or_minus(text: str, wanted: tuple[str, str]):
    assert subaddress(text) == wanted


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("ana@example.net", "ana@example.net"),
        ("<ana@example.net>", "ana@example.net"),
        ("Ana Moreno <ana@example.net>", "ana@example.net"),
        ("Ana M. Moreno <Ana@Example.NET>", "Ana@example.net"),
        ('"Moreno, Ana" <ana@example.net>', "ana@example.net"),
        (r'"Ana \"Mug\" Moreno" <ana@example.net>', "ana@example.net"),
        ("=?utf-8?q?Jos=C3=A9?= <jose@example.net>", "jose@example.net"),
        ("José <jose@example.net>", "jose@example.net"),
        ('"ana@example.net" <ana@example.net>', "ana@example.net"),
        ("ana@example.net <ana@example.net>", "ana@example.net"),
        ("<ana@example.net> ", "ana@example.net"),
        ('"Ana @ Kiln Works" <ana@example.net>', "ana@example.net"),
    ],
)
def test_one_mailbox_is_an_identity(field: str, wanted: str):
    assert identity(field) == wanted


@pytest.mark.parametrize(
    "field",
    [
        "",
        "Ana Moreno",
        "owner@shop.example <evil@example.org>",
        '"owner@shop.example" <evil@example.org>',
        "=?utf-8?q?owner=40shop=2Eexample?= <evil@example.org>",
        "owner＠shop.example <evil@example.org>",
        "owner@ <evil@example.org>",
        "owner@shop.example, evil@example.org",
        "evil@example.org, owner@shop.example",
        "Owner <owner@shop.example> <evil@example.org>",
        "Owner <owner@shop.example>, Evil <evil@example.org>",
        "Owner <evil@example.org>; Owner <owner@shop.example>",
        "ana@example.net (Ana)",
        "(owner@shop.example) evil@example.org",
        "Team: ana@example.net;",
        "<@relay.example:ana@example.net>",
        "<ana@example.net",
        "ana@example.net>",
        '"Ana <ana@example.net>',
        "Ana\\ <ana@example.net>",
        '<"ana"@example.net>',
        "<ana@example.net>owner@shop.example",
        "Ana\r\nBcc: x@y.z <ana@example.net>",
        "Ana\0 <ana@example.net>",
        "Ana \ufffd <ana@example.net>",
        "Ana, Moreno <ana@example.net>",
    ],
)
def test_anything_doubtful_is_no_identity(field: str):
    assert identity(field) is None


def test_two_fields_are_no_identity():
    assert identity("ana@example.net", "ana@example.net") is None
    assert identity() is None


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("ana@example.net", [("", "ana@example.net")]),
        ("Ana <ana@example.net>", [("Ana", "ana@example.net")]),
        (
            '"Moreno, Ana" <ana@example.net>, tom@example.org',
            [("Moreno, Ana", "ana@example.net"), ("", "tom@example.org")],
        ),
        ("a@example.net; b@example.net", [("", "a@example.net"), ("", "b@example.net")]),
        ("'Ana' <ana@example.net>", [("Ana", "ana@example.net")]),
        ("ana@example.net (Ana (of Madrid))", [("Ana (of Madrid)", "ana@example.net")]),
        ("Ana [shop] <ana@example.net>", [("Ana [shop]", "ana@example.net")]),
        (
            "Team: a@example.net, b@example.net;, c@example.net",
            [("", "a@example.net"), ("", "b@example.net"), ("", "c@example.net")],
        ),
        ("undisclosed-recipients:;", []),
        ("<@relay.example,@other.example:ana@example.net>", [("", "ana@example.net")]),
        ("=?utf-8?q?M=C3=BCller=2C_J?= <j@example.net>", [("Müller, J", "j@example.net")]),
        (
            '"=?utf-8?q?evil=40example=2Eorg=3E=2C?=" <j@example.net>',
            [("evil@example.org>,", "j@example.net")],
        ),
        ("MAILER-DAEMON", [("", "MAILER-DAEMON")]),
        ("Mail Delivery System", [("Mail Delivery System", "")]),
        ("Ana <ana@example.net", [("Ana", "ana@example.net")]),
        ('"Ana <ana@example.net>', [("Ana", "ana@example.net")]),
        ("Ana <mailto:ana@example.net>", [("Ana", "ana@example.net")]),
        ("foo..bar@example.jp", [("", "foo..bar@example.jp")]),
        ("<>", []),
        ("", []),
        (",,;", []),
    ],
)
def test_people_are_read_as_well_as_it_can_be(field: str, wanted: list[tuple[str, str]]):
    assert mailboxes(field) == tuple(Mailbox(*pair) for pair in wanted)


def test_a_good_entry_beside_a_bad_one_is_kept():
    assert mailboxes("not an address, Ana <ana@example.net>, x y z")[1] == Mailbox("Ana", "ana@example.net")


def test_of_a_huge_list_the_first_thousand_are_read():
    assert len(mailboxes(",".join(["a@example.net"] * 5000))) == 1000


def test_a_name_has_no_controls_and_no_overrides():
    read = mailboxes("=?utf-8?q?A=0D=0A=E2=80=AEB?= <a@example.net>")
    assert read == (Mailbox("A B", "a@example.net"),)


def test_what_cannot_be_read_is_not_logged(capfd: pytest.CaptureFixture[str]):
    records: list[logging.LogRecord] = []
    listener = logging.Handler()
    listener.emit = records.append
    logging.getLogger().addHandler(listener)
    try:
        mailboxes(")secret@example.net, x")
    finally:
        logging.getLogger().removeHandler(listener)
    captured = capfd.readouterr()
    assert records == []
    assert captured.out == captured.err == ""
