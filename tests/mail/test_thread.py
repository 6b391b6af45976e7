"""Which of our messages a mail answers."""

import pytest

from gateway.mail.parsed import Headers, Mailbox, MessageId, Parsed
from gateway.mail.thread import (
    Confidence,
    Evidence,
    EvidenceKind,
    codes,
    evidence,
    token_in_id,
    token_in_local_part,
    verified,
)

A, B, C, D = ("a" * 32, "b" * 32, "c" * 32, "d" * 32)


def test_evidence_is_listed_strongest_first():
    mail = Parsed(
        subject="Re: SO-77",
        to=(Mailbox("", f"reply+{B}@shop.example"),),
        in_reply_to=(MessageId(f"{C}.x@shop.example"),),
        references=(MessageId(f"{D}.x@shop.example"), MessageId(f"{C}.x@shop.example")),
    )
    found = evidence(mail, (f"reply+{A}",), "shop.example")
    assert [(one.kind, one.value, one.confidence) for one in found] == [
        (EvidenceKind.FORWARD_PATH, A, Confidence.CERTAIN),
        (EvidenceKind.ADDRESS, B, Confidence.CERTAIN),
        (EvidenceKind.MESSAGE_ID, C, Confidence.STRONG),
        (EvidenceKind.MESSAGE_ID, D, Confidence.STRONG),
        (EvidenceKind.CODE, "SO-77", Confidence.LIKELY),
    ]


def test_delivered_to_counts_like_to():
    mail = Parsed(headers=Headers((("Delivered-To", f"<reply-{A}@shop.example>"),)))
    assert evidence(mail, (), "shop.example") == (Evidence(EvidenceKind.ADDRESS, A),)


def test_the_newest_reference_comes_first():
    mail = Parsed(references=tuple(MessageId(f"{token}.x@shop.example") for token in (A, B, C)))
    assert [one.value for one in evidence(mail, (), "shop.example")] == [C, B, A]


def test_a_message_id_of_another_domain_is_not_ours():
    mail = Parsed(in_reply_to=(MessageId(f"{A}.x@example.org"),))
    assert evidence(mail, (), "shop.example") == ()


def test_a_mail_about_nothing_has_no_evidence():
    assert (
        evidence(
            Parsed(subject="Hello", reply="so 3 of them, PO box 12 at no. 7"), ("orders",), "shop.example"
        )
        == ()
    )


def test_codes_are_looked_for_in_subject_and_new_words_only():
    mail = Parsed(subject="PO-1042", reply="and SO-77", text="and SO-77\n> SO-99")
    assert [one.value for one in evidence(mail, (), "shop.example")] == ["PO-1042", "SO-77"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("SO-77", ["SO-77"]),
        ("so-77, po-0042.", ["SO-77", "PO-42"]),
        ("Order #1042!", ["#1042"]),
        ("(PO-1042/SO-77)", ["PO-1042", "SO-77"]),
        ("PO 1042 PO1043 PO#1044", ["PO-1042", "PO-1043", "PO-1044"]),
        ("SO-77SO-78 XSO-1 SO-1234567890 https://x.example/a#12 color #00aa00", []),
        ("so 3 of them", []),
        ("No mailbox of that name (#5.1.1); SO-77.5", []),
        ("It is #1042. And PO-7.", ["#1042", "PO-7"]),
    ],
)
def test_visible_codes(text: str, wanted: list[str]):
    assert list(codes(text)) == wanted


def test_a_price_list_does_not_flood():
    assert len(list(codes(" ".join(f"#{number}" for number in range(500))))) == 20


def test_tokens_in_addresses_and_ids():
    assert token_in_local_part(f"REPLY+{A.upper()}@shop.example") == A
    assert token_in_local_part(f"base+orders-{A}") == A
    assert token_in_local_part(A) == ""
    assert token_in_local_part(f"reply+{A}x@shop.example") == ""
    assert token_in_id(f"{A}.x@shop.example", "SHOP.example") == A
    assert token_in_id(f"x{A}.x@shop.example") == ""


def test_only_what_is_verified_is_left_and_in_order():
    found = (Evidence(EvidenceKind.FORWARD_PATH, A), Evidence(EvidenceKind.MESSAGE_ID, B))
    assert list(verified(found, {B: 7}.get)) == [(found[1], 7)]
    assert list(verified(found, lambda _: None)) == []


def test_a_visible_number_alone_opens_nothing():
    found = evidence(Parsed(subject="SO-78"), (), "shop.example")
    assert list(verified(found, lambda value: value if len(value) == 32 else None)) == []
    assert found[0].confidence is Confidence.LIKELY
