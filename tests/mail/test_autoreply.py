"""May a program answer? Each rule refuses alone, and an ordinary question passes them all."""

from dataclasses import replace

import pytest

from gateway.mail.autoreply import RULES, may_answer, why_not_answer
from gateway.mail.envelope import Address, Verdict
from gateway.mail.parsed import (
    AutoReply,
    Challenge,
    Complaint,
    DeliveryReport,
    Headers,
    Mailbox,
    Ordinary,
    Parsed,
    UnsubscribeRequest,
)

QUESTION = Parsed(
    subject="mugs",
    headers=Headers((("Received", "by mx.shop.example"), ("Delivered-To", "orders@shop.example"))),
    author=Mailbox("Ana", "ana@example.net"),
    to=(Mailbox("", "orders@shop.example"),),
)
ANA = Address("ana@example.net")


def ours(address: str) -> bool:
    return address.lower().endswith("@shop.example")


def refused(mail: Parsed, **known: object) -> str:
    said: dict[str, object] = {"reverse_path": ANA, "reverse_path_known": True, "ours": ours}
    refusal = why_not_answer(mail, **(said | known))  # type: ignore[arg-type]
    return refusal.rule if refusal else ""


def having(*fields: tuple[str, str]) -> Parsed:
    return replace(QUESTION, headers=Headers((*QUESTION.headers.fields, *fields)))


def test_a_question_may_be_answered():
    assert refused(QUESTION) == ""
    assert may_answer(QUESTION, reverse_path=ANA, reverse_path_known=True, ours=ours)


@pytest.mark.parametrize(
    ("mail", "rule"),
    [
        (having(("Auto-Submitted", "auto-replied")), "auto_submitted"),
        (having(("Auto-Submitted", "auto-generated; owner-email=x")), "auto_submitted"),
        (having(("auto-submitted", "Yes")), "auto_submitted"),
        (having(("Precedence", "bulk")), "precedence"),
        (having(("Precedence", " LIST ")), "precedence"),
        (having(("Precedence", "junk")), "precedence"),
        (having(("Precedence", "auto_reply")), "precedence"),
        (having(("List-Id", "<x.example>")), "list"),
        (having(("List-Unsubscribe", "<mailto:u@x.example>")), "list"),
        (having(("List-Frobnicate", "x")), "list"),
        (having(("X-Auto-Response-Suppress", "DR, AutoReply")), "suppress"),
        (having(("X-Auto-Response-Suppress", "All")), "suppress"),
        (having(("X-Auto-Response-Suppress", "OOF")), "suppress"),
        (having(("X-MailFlow-Id", "abc")), "own_mark"),
        (having(("X-Loop", "orders@shop.example")), "own_mark"),
        (replace(QUESTION, kind=DeliveryReport(())), "machine"),
        (replace(QUESTION, kind=Complaint("abuse", "", None)), "machine"),
        (replace(QUESTION, kind=AutoReply()), "machine"),
        (replace(QUESTION, kind=Challenge()), "machine"),
        (replace(QUESTION, author=Mailbox("", "MAILER-DAEMON@x.example")), "nobodys_address"),
        (replace(QUESTION, author=Mailbox("", "no-reply@x.example")), "nobodys_address"),
        (replace(QUESTION, author=Mailbox("", "noreply@x.example")), "nobodys_address"),
        (replace(QUESTION, author=Mailbox("", "DoNotReply@x.example")), "nobodys_address"),
        (replace(QUESTION, author=Mailbox("", "owner-potters@x.example")), "nobodys_address"),
        (replace(QUESTION, author=Mailbox("", "potters-request@x.example")), "nobodys_address"),
        (replace(QUESTION, author=Mailbox("", "potters-bounces@x.example")), "nobodys_address"),
        (replace(QUESTION, author=Mailbox("", "bounce+1@x.example")), "nobodys_address"),
        (replace(QUESTION, author=Mailbox("", "feedback@shop.example")), "ourselves"),
        (having(("Delivered-To", "<feedback@shop.example>")), "delivered_twice"),
        (having(*[("Received", "by x")] * 25), "hops"),
        (replace(QUESTION, to=(Mailbox("", "bo@example.org"),)), "not_to_us"),
    ],
)
def test_what_is_never_answered(mail: Parsed, rule: str):
    assert refused(mail) == rule


def test_the_null_reverse_path():
    assert refused(QUESTION, reverse_path=None) == "null_reverse_path"


def test_a_reverse_path_that_nobody_reads():
    assert refused(QUESTION, reverse_path=Address("bounces@x.example")) == "nobodys_address"


def test_a_forged_author():
    assert refused(QUESTION, dmarc=Verdict.FAIL) == "forged"
    assert refused(QUESTION, dmarc=Verdict.TEMPERROR) == ""


def test_somebody_who_may_not_be_written_to():
    assert refused(QUESTION, suppressed=True) == "suppressed"


@pytest.mark.parametrize(
    "mail",
    [
        having(("Auto-Submitted", "no")),
        having(("Auto-Submitted", "No (really)")),
        having(("Precedence", "normal")),
        having(("X-Auto-Response-Suppress", "DR, RN, NRN")),
        having(("X-Loop", "potters@elsewhere.example")),
        having(*[("Received", "by x")] * 24),
        replace(QUESTION, kind=UnsubscribeRequest("stop")),
        replace(QUESTION, kind=Ordinary()),
        replace(QUESTION, author=Mailbox("", "reply@x.example")),
        replace(QUESTION, author=Mailbox("", "bouncer@x.example")),
        replace(QUESTION, cc=QUESTION.to, to=(Mailbox("", "bo@example.org"),)),
    ],
)
def test_what_looks_like_it_but_may_be_answered(mail: Parsed):
    assert refused(mail) == ""


class TestOneFileAlone:
    """`inspect` has no envelope and no shop: what it cannot know does not count against a mail."""

    def test_an_absent_return_path_is_no_null_path(self):
        assert why_not_answer(QUESTION) is None

    def test_a_null_return_path_in_the_file_is_one(self):
        refusal = why_not_answer(having(("Return-Path", "<>")))
        assert refusal
        assert refusal.rule == "null_reverse_path"

    def test_unknown_own_addresses(self):
        assert why_not_answer(replace(QUESTION, to=(Mailbox("", "who@knows.example"),))) is None

    def test_nobody_to_answer(self):
        refusal = why_not_answer(replace(QUESTION, author=None))
        assert refusal
        assert refusal.rule == "no_author"


def test_each_rule_has_a_name_and_a_sentence():
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert all(rule.reason[0].islower() and not rule.reason.endswith(".") for rule in RULES)
