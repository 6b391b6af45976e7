"""Authentication-Results: only the topmost field of a trusted server, however it is written (RFC 8601)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.auth_results import read, trusted, written
from gateway.mail.envelope import AuthResults, Verdict
from gateway.mail.header import split

GMAIL = (
    "mx.google.com;\r\n       dkim=pass header.i=@shop.example header.s=s1 header.b=abc;\r\n"
    "       spf=pass (google.com: domain of b@bounce.shop.example designates 192.0.2.1 as permitted sender)"
    " smtp.mailfrom=b@bounce.shop.example;\r\n"
    "       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=shop.example"
)


def fields(*values: str):
    return split("".join(f"Authentication-Results: {value}\r\n" for value in values).encode() + b"\r\n")[0]


def test_the_topmost_field_of_a_trusted_server_is_read():
    found = trusted(fields(GMAIL), "mx.google.com")
    assert found is not None
    assert found.dkim == ("shop.example",)
    assert found.spf is not None
    assert found.spf.get("smtp.mailfrom") == "bounce.shop.example"
    assert found.dmarc("shop.example") is Verdict.PASS
    assert found.dmarc("evil.example") is Verdict.NONE


def test_foreign_authentication_results_are_ignored():
    forged = "mail.boutique.example; dkim=pass header.d=owner.example; dmarc=pass header.from=owner.example"
    assert trusted(fields(forged), "mx.google.com") is None
    assert trusted(fields(forged), "") is None
    assert trusted(fields(forged, GMAIL), "mx.google.com") is None  # below another's: it came with the mail
    assert (
        trusted(fields(GMAIL.replace("mx.google.com", "mx.google.com.evil.example")), "mx.google.com") is None
    )


def test_comments_and_quotes_hide_nothing():
    writer, results = read(
        'a.example (b; dkim=pass header.d=x) 1; dkim (c (d)) = fail "x; dkim=pass"; spf=none'
    )
    assert writer == "a.example"
    assert [(one.method, one.verdict) for one in results] == [("dkim", Verdict.FAIL), ("spf", Verdict.NONE)]


@pytest.mark.parametrize(
    "forged",
    [
        "dkim=pass header.d=owner.example(.evil.example; dmarc=fail header.from=owner.example",
        "dkim=pass header.d=owner.example(.x).evil.example",
        "dkim=pass header.d=owner.example\\;.evil.example",
        'dkim=pass header.d=evil\\ header.i="@owner.example"',
        'dkim=pass reason="signed header.d=owner.example" header.d=evil.example',
        'spf=pass smtp.mailfrom="owner.example x"@evil.example',
        'spf=pass smtp.mailfrom="x@owner.example x"@evil.example',
        'spf=pass smtp.mailfrom="x; dkim=pass header.d=owner.example"@evil.example',
        'spf=pass smtp.mailfrom="x; dkim=pass header.d=owner.example',
    ],
)
def test_what_a_stranger_made_the_server_write_names_nobody_else(forged: str):
    """A name may go on as a comment, and a local part may be quoted: it is read as the server meant it."""
    found = trusted(fields(f"mx.example; {forged}"), "mx.example")
    said = (*found.dkim, found.spf.get("smtp.mailfrom") if found.spf else "") if found else ()
    assert "owner.example" not in said


def test_no_result_is_no_result():
    assert read("a.example; none") == ("a.example", ())
    assert read("") == ("", ())


@given(st.text(max_size=300))
def test_whatever_stands_there_is_read(value: str):
    read(value)


def test_what_we_write_is_read_again():
    auth = AuthResults(
        spf=Verdict.PASS,
        dkim=("a.example", "b.example"),
        dmarc=Verdict.PASS,
        spf_domain="a.example",
        author="a.example",
    )
    found = trusted(fields(written(auth, "mail.shop.example")), "mail.shop.example")
    assert found is not None
    assert found.dkim == auth.dkim
    assert found.dmarc("a.example") is Verdict.PASS
    assert found.spf is not None
    assert found.spf.get("smtp.mailfrom") == "a.example"
