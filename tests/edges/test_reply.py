"""Replies get their enhanced status where they have none, and keep it where they have one."""

import pytest

from gateway.edges.reply import TROUBLE, wire


@pytest.mark.parametrize(
    ("reply", "octets"),
    [
        ("250 OK", b"250 2.0.0 OK\r\n"),
        ("501 Syntax: RSET", b"501 5.5.4 Syntax: RSET\r\n"),
        ("552 Error: too big", b"552 5.3.4 Error: too big\r\n"),
        ("250 2.1.5 recipient ok", b"250 2.1.5 recipient ok\r\n"),
        ("550 5.7.1 no", b"550 5.7.1 no\r\n"),
        ("250 1.2.3.4 is nobody", b"250 2.0.0 1.2.3.4 is nobody\r\n"),
        ("354 go ahead", b"354 go ahead\r\n"),
        (str(TROUBLE), b"451 4.3.0 temporary trouble here, please try later\r\n"),
    ],
)
def test_what_goes_onto_the_wire(reply: str, octets: bytes):
    assert wire(reply) == octets
