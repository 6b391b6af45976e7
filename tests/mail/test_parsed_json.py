"""What the process of its own read comes over as it was, and nothing else comes over."""

import json
from datetime import UTC, date, datetime
from typing import get_args

import pytest

from gateway.mail.parsed import (
    Attachment,
    AutoReply,
    BounceClass,
    Challenge,
    Complaint,
    DeliveryReport,
    DsnAction,
    Forwarded,
    Forwarding,
    Headers,
    Kind,
    Mailbox,
    MessageId,
    Ordinary,
    Parsed,
    RecipientStatus,
    UnsubscribeRequest,
)
from gateway.mail.parsed_json import dumps, loads

STATUS = RecipientStatus(
    "leo@example.net", "l@x", DsnAction.FAILED, "5.1.1", "no", BounceClass.MOVED, True, False
)
KINDS = (
    DeliveryReport((STATUS,), MessageId("m@shop.example"), "qmail"),
    Complaint("abuse", "leo@example.net", None),
    Challenge("gate"),
    AutoReply(date(2026, 12, 24), "eva@example.net", True),
    UnsubscribeRequest("stop"),
    Ordinary(),
)
FULL = Parsed(
    message_id=MessageId("1@example.net"),
    references=(MessageId("0@example.net"),),
    subject="Grüße",
    date=datetime(2026, 11, 28, 9, 30, tzinfo=UTC),
    headers=Headers((("Subject", "Grüße"), ("X-A", ""))),
    author=Mailbox("Ana", "ana@example.net"),
    to=(Mailbox("", "orders@shop.example"),),
    forwarded=Forwarded(Forwarding.INLINE, None, "Fw", "words"),
    attachments=(Attachment("a.pdf", "application/pdf", 3, "00"),),
    has_calendar=True,
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
def test_every_kind_comes_back_as_it_was(kind: Kind):
    mail = Parsed(kind=kind)
    assert repr(loads(dumps(mail))) == repr(mail)


def test_no_kind_is_forgotten_here():
    assert {type(kind) for kind in KINDS} == set(get_args(Kind))


def test_every_value_comes_back_with_its_type():
    assert repr(loads(dumps(FULL))) == repr(FULL)


@pytest.mark.parametrize(
    "change",
    [
        {"subject": ["a", "list"]},
        {"subject": None},
        {"has_calendar": 1},
        {"kind": {"is": "Parsed"}},
        {"kind": "Ordinary"},
        {"date": "yesterday"},
        {"to": {"is": "Mailbox"}},
        {"to": [{"is": "Mailbox", "name": "Ana"}]},
        {"headers": {"is": "Headers", "fields": [["Subject"]]}},
        {"forwarded": {"is": "Forwarded", "shape": "by pigeon"}},
    ],
)
def test_what_is_no_parsed_mail_is_refused(change: dict):
    with pytest.raises(ValueError, match=r"."):
        loads(json.dumps(json.loads(dumps(FULL)) | change).encode())


@pytest.mark.parametrize("octets", [b"", b"null", b"[]", b"{}", b"\xff", b"[" * 100_000, b'"text"'])
def test_noise_is_refused(octets: bytes):
    with pytest.raises(ValueError, match=r"."):
        loads(octets)
