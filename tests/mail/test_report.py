"""Delivery reports, whole: every mail of tests/mails/reports is read as expected.toml says."""

import tomllib
from pathlib import Path

import pytest

from gateway.mail.kind import kind_of
from gateway.mail.mime import leaves
from gateway.mail.parse import parse
from gateway.mail.parsed import DeliveryReport, DsnAction, Kind
from gateway.mail.report import entries_of_text, groups, typed_address

MAILS = Path(__file__).parent.parent / "mails" / "reports"
EXPECTED = tomllib.loads((MAILS / "expected.toml").read_text(encoding="utf-8"))


def kind(octets: bytes) -> Kind:
    return kind_of(parse(octets), leaves(octets)[0])[0]


def report(name: str) -> DeliveryReport:
    found = kind((MAILS / f"{name}.eml").read_bytes())
    assert isinstance(found, DeliveryReport)
    return found


def test_every_mail_has_an_expectation_and_a_line_in_sources():
    named = {path.stem for path in MAILS.glob("*.eml")}
    assert named == EXPECTED.keys()
    sources = (MAILS / "SOURCES.md").read_text(encoding="utf-8")
    assert [name for name in sorted(named) if f"`{name}.eml`" not in sources] == []


@pytest.mark.covers("S0-E4")
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_report_names_exactly_its_recipients_and_what_became_of_them(name: str):
    told = [
        {
            "recipient": status.recipient,
            "final": status.final,
            "action": status.action,
            "status": status.status,
            "bounce": status.bounce,
            "permanent": status.permanent,
            "dead_address": status.dead_address,
        }
        for status in report(name).recipients
    ]
    assert told == EXPECTED[name]["recipients"]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_lf_line_ends_do_not_change_what_a_report_says(name: str):
    octets = (MAILS / f"{name}.eml").read_bytes()
    assert kind(octets.replace(b"\r\n", b"\n")) == kind(octets)


def test_the_returned_original_names_no_recipient():
    assert [one.recipient for one in report("original-in-plain-part").recipients] == ["ana@example.net"]
    assert [one.recipient for one in report("postfix-inline-original").recipients] == ["ana@example.net"]


@pytest.mark.parametrize("name", ["postfix-dsn-unknown", "exim-permanent", "headers-only-back", "qmail"])
def test_a_report_says_which_message_came_back(name: str):
    assert report(name).original_message_id == "order-1042@shop.example"


def test_a_report_without_the_original_names_no_message():
    assert report("opensmtpd").original_message_id == "order-1042@shop.example"
    assert report("labels").original_message_id is None


@pytest.mark.parametrize(
    ("name", "said"),
    [("sendmail-text", "552 <bo@example.org>... Mailbox full"), ("sendmail-program", "Data format error")],
)
def test_a_reason_ends_before_the_bracket_that_closes_it(name: str, said: str):
    assert report(name).recipients[-1].diagnostic == said


def test_a_delay_suppresses_nobody():
    firsts = {name: said["recipients"][0] for name, said in EXPECTED.items() if said["recipients"]}
    delays = [name for name, first in firsts.items() if first["action"] == "delayed"]
    assert len(delays) >= 5
    for name in delays:
        assert not any(one.dead_address or one.permanent for one in report(name).recipients)


def test_a_full_mailbox_is_not_dead():
    full = [
        one for said in EXPECTED.values() for one in said["recipients"] if one["bounce"] == "mailbox_full"
    ]
    assert len(full) > 10
    assert not any(one["dead_address"] for one in full)


class TestFields:
    def test_groups_part_at_blank_lines(self):
        assert groups("A-One: 1\n\nB-Two: 2\n 2\n") == [{"a-one": "1"}, {"b-two": "2\n2"}]

    def test_a_repeated_final_recipient_begins_a_group(self):
        text = "Final-Recipient: rfc822; a@x.example\nAction: failed\nFinal-Recipient: rfc822; b@x.example\n"
        assert [entry.final for entry in entries_of_text(text)] == ["a@x.example", "b@x.example"]

    def test_an_action_that_a_blank_line_cut_off_finds_back(self):
        (entry,) = entries_of_text("Final-Recipient: rfc822; a@x.example\n\nAction: delayed\nStatus: 4.4.1\n")
        assert (entry.action, entry.status) == (DsnAction.DELAYED, "4.4.1")

    def test_an_unknown_action_is_read_from_the_status(self):
        (entry,) = entries_of_text("Final-Recipient: a@x.example\nAction: undeliverable\nStatus: 5.1.1\n")
        assert entry.action is DsnAction.FAILED

    def test_per_message_fields_are_nobody(self):
        assert entries_of_text("Reporting-MTA: dns; mx.example\nArrival-Date: today\n") == ()

    def test_an_extension_before_the_semicolon_is_no_diagnostic(self):
        (entry,) = entries_of_text("Final-Recipient: a@x.example\nDiagnostic-Code: X-Postfix; no such host\n")
        assert entry.diagnostic == "no such host"

    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("rfc822; ana@example.net", "ana@example.net"),
            ("RFC822;<ana@example.net>", "ana@example.net"),
            ("ana@example.net", "ana@example.net"),
            ("rfc822; Ana Kern <ana@example.net>", "ana@example.net"),
            ("rfc822; ana@example.net (Ana)", "ana@example.net"),
            ("utf-8; \\x{E5}sa@example.net", "åsa@example.net"),
            ("utf-8; 阿@例え.example", "阿@例え.example"),
            ("X-LOCAL; ana", "ana"),
            ("rfc822;ana+2Btea@example.net", "ana+tea@example.net"),
            ("rfc822;list+2Bana+3Dexample.net@example.org", "list+ana=example.net@example.org"),
            ("rfc822;ana+2B+tea@example.net", "ana+2B+tea@example.net"),
            ("rfc822;ana+42@example.net", "ana+42@example.net"),
            ("rfc822; unknown", ""),
            ("", ""),
            ("rfc822;", ""),
            ("utf-8; \\x{0}\\x{D800}\\x{FFFFFF}", ""),
        ],
    )
    def test_typed_address(self, written: str, read: str):
        assert typed_address(written) == read
