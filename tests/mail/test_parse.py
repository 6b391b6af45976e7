"""Octets become a Parsed: one golden file per trap, and the threats of the header."""

import tomllib
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from gateway.mail.parse import header_only, parse
from gateway.mail.parsed import Mailbox, Ordinary, Parsed

MAILS = Path(__file__).parents[1] / "mails" / "parse"
GOLDEN = sorted(MAILS.glob("*.toml"))


def fixture(name: str) -> Parsed:
    return parse((MAILS / f"{name}.eml").read_bytes())


def a_mail(*fields: str, body: str = "Words.\n") -> bytes:
    return "\n".join((*fields, "", body)).replace("\n", "\r\n").encode()


def shown(mail: Parsed) -> dict[str, Any]:
    """The mail in the words of the golden files."""
    return {
        "subject": mail.subject,
        "message_id": mail.message_id,
        "in_reply_to": list(mail.in_reply_to),
        "references": list(mail.references),
        "date": mail.date,
        "author": pair(mail.author),
        "identity": mail.identity,
        "to": [pair(one) for one in mail.to],
        "cc": [pair(one) for one in mail.cc],
        "text": mail.text,
        "reply": mail.reply,
        "html": mail.html,
        "attachments": [[one.filename, one.media_type] for one in mail.attachments],
        "has_calendar": mail.has_calendar,
        "automatic": mail.automatic,
        "tokens": list(mail.tokens),
        "defects": list(mail.defects),
        "forwarded": mail.forwarded
        and {
            "shape": mail.forwarded.shape,
            "author": pair(mail.forwarded.author),
            "subject": mail.forwarded.subject,
            "text": mail.forwarded.text,
        },
    }


def pair(mailbox: Mailbox | None) -> list[str] | None:
    return [mailbox.name, mailbox.address] if mailbox else None


@pytest.mark.covers("S0-T1")
@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: path.stem)
def test_each_mail_is_read_as_its_golden_file_says(golden: Path):
    wanted = tomllib.loads(golden.read_text())
    seen = shown(parse(golden.with_suffix(".eml").read_bytes()))
    assert {name: seen[name] for name in wanted} == wanted


def test_every_mail_has_a_golden_file_and_a_source():
    mails = {path.stem for path in MAILS.glob("*.eml")}
    sources = (MAILS / "SOURCES.md").read_text()
    assert mails == {path.stem for path in GOLDEN}
    assert all(f"- `{name}.eml`:" in sources for name in mails)


def test_fields_below_blank_lines_are_read_but_identify_nobody():
    mail = parse(b"\r\n\r\n" + a_mail("From: Ana <ana@example.net>", "Subject: Late"))
    assert (mail.subject, mail.text, mail.identity) == ("Late", "Words.", None)
    assert mail.author == Mailbox("Ana", "ana@example.net")
    assert "leading_blank_lines" in mail.defects


def test_a_header_alone_tells_who_and_what():
    mail = header_only(a_mail("From: Ana <ana@example.net>", "Subject: Late"), "too_complex")
    assert (mail.identity, mail.subject, mail.text, mail.defects) == (
        "ana@example.net",
        "Late",
        "",
        ("too_complex",),
    )


@pytest.mark.parametrize(
    "padding", ["X: " + "y" * 70_000, "\n".join(f"X{n}: y" for n in range(300)), "X: " + "y" * 20_000]
)
def test_a_header_that_was_cut_identifies_nobody(padding: str):
    mail = header_only(a_mail("From: ana@example.net", padding, "From: eve@example.net"), "too_complex")
    assert mail.identity is None
    assert mail.author == Mailbox("", "ana@example.net")


def test_mails_on_disk_have_the_line_ends_of_smtp():
    for path in MAILS.glob("*.eml"):
        octets = path.read_bytes()
        assert octets.count(b"\n") == octets.count(b"\r\n"), path.name


def test_an_encoded_newline_stays_a_space():
    mail = fixture("encoded_newline")
    assert "\n" not in mail.subject
    assert "\r" not in mail.subject
    assert "Bcc" not in mail.headers
    answer = EmailMessage()
    answer["Subject"] = f"Re: {mail.subject}"
    assert answer.as_bytes().count(b"\nBcc:") == 0


def test_an_encoded_newline_in_a_name_starts_no_field():
    mail = parse(a_mail("From: =?utf-8?q?A=0D=0ABcc=3A_x=40y=2Ez?= <ana@example.net>"))
    assert mail.author == Mailbox("A Bcc: x@y.z", "ana@example.net")
    assert mail.identity is None  # the name holds another address


def test_a_name_that_looks_like_the_owner_is_nobody():
    assert fixture("name_like_the_owner").identity is None


def test_two_addresses_in_from_are_no_identity():
    assert fixture("two_authors").identity is None


def test_a_second_from_is_nobody_even_if_it_says_the_same():
    mail = parse(a_mail("From: ana@example.net", "From: ana@example.net"))
    assert mail.identity is None
    assert mail.defects == ("repeated: from",)


def test_a_from_below_a_broken_line_counts():
    assert fixture("junk_in_header").identity is None


def test_reply_to_is_never_an_identity():
    mail = parse(a_mail("From: Ana, Tom <ana@example.net>", "Reply-To: owner@shop.example"))
    assert mail.identity is None
    assert mail.reply_to == (Mailbox("", "owner@shop.example"),)


def test_a_mail_without_from_has_no_author():
    mail = parse(a_mail("Subject: x"))
    assert mail.author is None
    assert mail.identity is None


def test_a_comment_or_a_group_in_from_is_read_but_is_nobody():
    commented = parse(a_mail("From: ana@example.net (Ana)"))
    grouped = parse(a_mail("From: Team: ana@example.net;"))
    assert commented.author == Mailbox("Ana", "ana@example.net")
    assert grouped.author == Mailbox("", "ana@example.net")
    assert commented.identity is None
    assert grouped.identity is None


@pytest.mark.parametrize("ending", [b"\n", b"\r", b"\r\n"])
def test_line_ends_of_a_file_are_read(ending: bytes):
    octets = (MAILS / "alternative.eml").read_bytes().replace(b"\r\n", ending)
    assert shown(parse(octets)) == shown(fixture("alternative"))


def test_a_stray_cr_is_no_line_end():
    mail = parse(b"Subject: one\rBcc: x@y.z\r\nFrom: ana@example.net\r\n\r\nfirst\rsecond\r\n")
    assert mail.subject == "one Bcc: x@y.z"
    assert "Bcc" not in mail.headers
    assert mail.text == "first second"


@pytest.mark.parametrize(
    "ending", [b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r"], ids=repr
)
def test_what_six_false_endings_smuggle_is_only_text(ending: bytes):
    smuggled = b"MAIL FROM:<x@y.z>\r\nFrom: owner@shop.example\r\nSubject: stock 0\r\n\r\nstock 0\r\n"
    mail = parse(a_mail("From: ana@example.net", "Subject: Hello") + ending + smuggled)
    assert mail.subject == "Hello"
    assert mail.identity == "ana@example.net"
    assert "stock 0" in mail.text


def test_the_first_of_a_repeated_field_counts():
    mail = parse(a_mail("From: ana@example.net", "To: one@example.net", "To: two@example.net"))
    assert mail.to == (Mailbox("", "one@example.net"),)
    assert mail.defects == ("repeated: to",)


def test_header_fields_keep_their_order_and_are_decoded():
    mail = parse(a_mail("X-One: =?utf-8?q?=C3=A9?=", "x-two: b", "X-One: c"))
    assert list(mail.headers) == [("X-One", "é"), ("x-two", "b"), ("X-One", "c")]


def test_dates_are_aware_and_in_utc():
    mail = parse(a_mail("Date: Mon, 5 Jan 2026 10:00:00 +0100 (CET)"))
    assert mail.date == datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    assert parse(a_mail("Date: soon")).date is None


def test_of_many_references_the_newest_are_kept():
    ids = " ".join(f"<{number}@example.net>" for number in range(150))
    mail = parse(a_mail(f"References: {ids}"))
    assert len(mail.references) == 100
    assert mail.references[-1] == "149@example.net"


def test_an_ordinary_mail_is_ordinary():
    mail = fixture("plain")
    assert isinstance(mail.kind, Ordinary)
    assert mail.automatic is False


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: auto-generated",
        "Auto-Submitted: auto-notified; owner-email=x@y.z",
        "List-Id: <news.example.net>",
        "Precedence: bulk",
        "Return-Path: <>",
        "From: no-reply@platform.example",
        "From: Parcels <shipment-noreply@carrier.example>",
    ],
)
def test_a_program_says_that_it_is_one(field: str):
    name = field.partition(":")[0]
    fields = [
        line for line in ("From: ana@example.net", "Return-Path: <ana@example.net>") if name not in line
    ]
    assert parse(a_mail(field, *fields)).automatic is True


@pytest.mark.parametrize(
    "field", ["Auto-Submitted: no", "Precedence: first-class", "X-Auto-Response-Suppress: All"]
)
def test_a_person_is_no_program(field: str):
    assert parse(a_mail("From: notable@example.net", field)).automatic is False


def test_of_a_bomb_only_the_header_is_read():
    parts = "--b\nContent-Type: text/plain\n\nx\n" * 2000
    mail = parse(
        a_mail("Subject: Bomb", 'Content-Type: multipart/mixed; boundary="b"', body=parts + "--b--\n")
    )
    assert mail.subject == "Bomb"
    assert mail.text == ""
    assert "too_complex" in mail.defects


def test_mails_within_mails_do_not_end_in_recursion():
    nested = b"Content-Type: message/rfc822\r\n\r\n" * 5000 + b"Subject: innermost\r\n\r\nwords"
    mail = parse(b"From: ana@example.net\r\n" + nested)
    assert mail.forwarded is not None
    assert mail.text == ""


def test_a_token_is_found_in_any_case_and_behind_both_separators():
    mail = fixture("tokens")
    assert len(mail.tokens) == 3
    assert all(token == token.lower() and len(token) == 32 for token in mail.tokens)


def test_a_short_tag_is_no_token():
    assert parse(a_mail("To: reply+abc@shop.example")).tokens == ()
    assert parse(a_mail(f"To: reply+{'1' * 32}@shop.example")).tokens == ()
