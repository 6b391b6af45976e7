"""Whether a program wrote a mail."""

import pytest

from gateway.mail.automatic import is_automatic
from gateway.mail.parsed import (
    AutoReply,
    Complaint,
    DeliveryReport,
    Headers,
    Mailbox,
    Parsed,
    UnsubscribeRequest,
)


def a_mail(*fields: tuple[str, str], author: str = "ana@example.net") -> Parsed:
    return Parsed(author=Mailbox("", author), headers=Headers(fields))


@pytest.mark.parametrize("kind", [DeliveryReport(()), Complaint("abuse", "", None), AutoReply()])
def test_machines_are_automatic_by_kind(kind: DeliveryReport | Complaint | AutoReply):
    assert is_automatic(Parsed(kind=kind)) is True


def test_a_person_who_says_stop_is_none():
    assert is_automatic(Parsed(kind=UnsubscribeRequest("stop"))) is False


@pytest.mark.parametrize(
    "field",
    [
        ("Auto-Submitted", "auto-generated"),
        ("auto-submitted", "Auto-Replied (vacation)"),
        ("List-Unsubscribe", "<https://x.example>"),
        ("Precedence", "Bulk"),
        ("X-Autoreply", "yes"),
        ("Return-Path", "< >"),
    ],
)
def test_programs_say_so(field: tuple[str, str]):
    assert is_automatic(a_mail(field)) is True


@pytest.mark.parametrize(
    "author",
    [
        "noreply@x.example",
        "No_Reply@x.example",
        "do-not-reply@x.example",
        "mailer-daemon@x.example",
        "notifications@x.example",
        "orders-noreply@x.example",
        "noreply-orders@x.example",
        "list-bounces@x.example",
        "owner-list@x.example",
    ],
)
def test_addresses_that_nobody_reads(author: str):
    assert is_automatic(a_mail(author=author)) is True


@pytest.mark.parametrize(
    "author",
    [
        "ana@x.example",
        "norma.reply@x.example",
        "alerta@x.example",
        "orders@x.example",
        "rooth@x.example",
        "info@x.example",
    ],
)
def test_addresses_of_people(author: str):
    assert is_automatic(a_mail(("Return-Path", "<ana@x.example>"), author=author)) is False


@pytest.mark.parametrize(
    "field",
    [
        ("Auto-Submitted", "no"),
        ("Precedence", "normal"),
        ("X-Auto-Response-Suppress", "All"),
        ("Feedback-ID", "x"),
    ],
)
def test_fields_that_say_nothing(field: tuple[str, str]):
    assert is_automatic(a_mail(field)) is False
