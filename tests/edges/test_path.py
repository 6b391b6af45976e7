"""Paths as SMTP has them, and everything that only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edges.path import MAX_PATH, NULL, path_and_parameters

LONG = "a" * 200


@pytest.mark.parametrize(
    ("argument", "path"),
    [
        ("<>", NULL),
        ("<ana@cust.example>", "ana@cust.example"),
        (" <Ana@Cust.Example> ", "Ana@cust.example"),
        ("<postmaster>", "postmaster"),
        ("<a+b=c.d-e@x.example>", "a+b=c.d-e@x.example"),
        (f"<{LONG}@x.example>", f"{LONG}@x.example"),  # reverse-paths that name their message
        ("<bob..x.@mobile.example>", "bob..x.@mobile.example"),  # sold by operators
        ('<"a b"@x.example>', '"a b"@x.example'),
        (r'<"a\"b"@x.example>', r'"a\"b"@x.example'),
        ("<a@[192.0.2.1]>", "a@[192.0.2.1]"),
        ("<a@[IPv6:2001:db8::1]>", "a@[ipv6:2001:db8::1]"),
        ("<änne@müller.example>", "änne@müller.example"),
        ("<a@under_score.example>", "a@under_score.example"),
    ],
)
def test_what_is_a_path(argument: str, path: str):
    assert path_and_parameters(argument) == (path, "")


@pytest.mark.parametrize(
    "argument",
    [
        *("", "<", ">", "ana@cust.example", "<ana@cust.example", "ana@cust.example>", "x<a@b.example>"),
        *("<@relay.example:a@b.example>", "<a@b.example,c@d.example>", "<a(comment)@b.example>"),
        *("<a@b.example>x", "<<a@b.example>>", "<Ana <a@b.example>>", "<a b@c.example>", "<a@b@c.example>"),
        *("<a@>", "<@b.example>", "<a@b..example>", "<a@-b.example>", "<a@b-.example>", "<a@b.example.>"),
        *(
            "<a@b\0.example>",
            "<a\r@b.example>",
            "<a\x7f@b.example>",
            "<a@b\udcff.example>",
            "<a\u200b@b.example>",
        ),
        *('<"a"b"@x.example>', '<"a\\"@x.example>', '<""@x.example>', '<"@x.example>', "<a@[]>", "<a@[1 2]>"),
        *("<post master>", "<pöst>", f"<{'a' * MAX_PATH}@b.example>", f"<a@{'b' * 64}.example>"),
    ],
)
def test_what_is_none(argument: str):
    assert path_and_parameters(argument) is None


def test_parameters_follow_after_a_blank():
    assert path_and_parameters("<a@b.example> SIZE=10 BODY=8BITMIME") == (
        "a@b.example",
        "SIZE=10 BODY=8BITMIME",
    )


@given(st.text())
def test_whatever_is_said_is_a_path_or_is_not(argument: str):
    found = path_and_parameters(argument)
    assert found is None or found[0].isprintable()


@given(st.text(), st.text())
def test_a_path_is_read_the_same_again(local: str, domain: str):
    found = path_and_parameters(f"<{local}@{domain}>")
    if found is not None and not found[1]:
        assert path_and_parameters(f"<{found[0]}>") == (found[0], "") or found[0] == NULL
