"""What stands on top of a mail that is passed on, and what a stranger wrote there."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.auth_results import trusted
from gateway.mail.envelope import Address, AuthResults, Envelope, Intake, Peer, Verdict
from gateway.mail.header import split
from gateway.mail.trace_fields import traced, without_claims

ENVELOPE = Envelope(
    id=cast("Any", "jrn-1"),
    received_at=datetime(2026, 11, 2, 9, 0, tzinfo=UTC),
    via=Intake.SMTP,
    reverse_path=Address("ana@example.net"),
    forward_paths=(Address("orders@boutique.example"),),
    peer=Peer("192.0.2.1", "mail.example.net", tls=True),
    sha256="",
    size=0,
    auth=AuthResults(
        spf=Verdict.PASS,
        dkim=("example.net",),
        dmarc=Verdict.PASS,
        spf_domain="example.net",
        author="example.net",
    ),
)
CAME = b"Subject: x\r\n\r\nhello\r\n"


def test_what_is_known_of_a_mail_stands_on_top():
    assert traced(ENVELOPE, CAME) == (
        b"Return-Path: <ana@example.net>\r\n"
        b"Authentication-Results: boutique.example;\r\n"
        b" spf=pass smtp.mailfrom=example.net; dkim=pass header.d=example.net;\r\n"
        b" dmarc=pass header.from=example.net\r\n"
        b"Received: from mail.example.net ([192.0.2.1]) by boutique.example\r\n"
        b" with ESMTPS id jrn-1; Mon, 02 Nov 2026 09:00:00 +0000\r\n" + CAME
    )


def test_a_field_that_claims_our_name_is_left_out_and_others_stay():
    forged = b"Authentication-Results: BOUTIQUE.example (x);\r\n dmarc=pass header.from=owner.example\r\n"
    other = b"Authentication-Results: mx.example.net; spf=pass\r\n"
    assert without_claims(forged + other + CAME, "boutique.example") == other + CAME
    found = trusted(split(traced(ENVELOPE, forged + CAME))[0], "boutique.example")
    assert found is not None
    assert found.dmarc("owner.example") is Verdict.NONE


@pytest.mark.parametrize(
    "value",
    [
        "\r\n boutique.example; dkim=pass",
        "(a=b) Boutique.example 1; dkim=pass",
        '"boutique.example"; dkim=pass',
        "boutique.example; dkim=pass (no end",
        "boutique.example\r\n\t; dkim=pass",
    ],
)
def test_a_claim_may_be_written_in_many_ways(value: str):
    forged = f"Authentication-Results: {value}\r\n".encode()
    assert without_claims(forged + CAME, "boutique.example") == CAME


def test_a_mailbox_has_written_its_own():
    assert traced(replace(ENVELOPE, via=Intake.IMAP), CAME).startswith(b"Authentication-Results: ")
    assert traced(replace(ENVELOPE, reverse_path=None), CAME).startswith(b"Return-Path: <>\r\n")


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_no_name_of_a_stranger_starts_a_field(helo: str, path: str, domain: str):
    peer = Peer("192.0.2.1", helo, tls=False)
    auth = AuthResults(dkim=(domain,), spf_domain=domain, author=domain)
    made = traced(replace(ENVELOPE, peer=peer, reverse_path=Address(path), auth=auth), CAME)
    names = [field.name for field in split(made)[0]]
    assert names == ["Return-Path", "Authentication-Results", "Received", "Subject"]
