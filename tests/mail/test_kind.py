"""Kinds of mail: what programs send is known as such, and no ordinary mail is ever read as a report."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.autoreply import may_answer
from gateway.mail.bounces import BUILT_IN, Bounces
from gateway.mail.kind import kind_of
from gateway.mail.mime import leaves
from gateway.mail.parse import parse
from gateway.mail.parsed import (
    AutoReply,
    Challenge,
    Complaint,
    DeliveryReport,
    Kind,
    Ordinary,
    Parsed,
    UnsubscribeRequest,
)

MAILS = Path(__file__).parent.parent / "mails"
ORDINARY = sorted((MAILS / "ordinary").glob("*.eml"))
REPORTS = sorted((MAILS / "reports").glob("*.eml"))
ALL = [
    path.read_bytes()
    for area in ("ordinary", "reports", "complaints", "autoreplies")
    for path in sorted((MAILS / area).glob("*.eml"))
]
KINDS = {one.__name__: one for one in (AutoReply, Ordinary, Challenge, UnsubscribeRequest)}


def expected(area: str) -> dict[str, dict[str, Any]]:
    return tomllib.loads((MAILS / area / "expected.toml").read_text(encoding="utf-8"))


def read(octets: bytes) -> tuple[Kind, str]:
    return kind_of(parse(octets), leaves(octets)[0])


def kind(octets: bytes) -> Kind:
    return read(octets)[0]


def a_mail(subject: str = "Hello", text: str = "Hello.\n", **fields: str) -> bytes:
    named = {"From": "Ana <ana@example.net>", "To": "orders@shop.example", "Subject": subject}
    lines = (named | {name.replace("_", "-"): value for name, value in fields.items()}).items()
    header = "\r\n".join(f"{name}: {value}" for name, value in lines if value)
    return f"{header}\r\n\r\n{text}".encode()


@pytest.mark.parametrize("area", ["ordinary", "complaints", "autoreplies"])
def test_every_mail_has_a_line_in_sources(area: str):
    sources = (MAILS / area / "SOURCES.md").read_text(encoding="utf-8")
    names = [path.name for path in (MAILS / area).glob("*.eml")]
    assert [name for name in names if f"`{name}`" not in sources] == []
    assert sources.count(".eml`") == len(names)


@pytest.mark.parametrize("path", ORDINARY, ids=lambda path: path.stem)
def test_no_ordinary_mail_is_a_report_nor_anything_else(path: Path):
    assert kind(path.read_bytes()) == Ordinary()


TALK = tomllib.loads((MAILS / "ordinary" / "talk.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("said", TALK["mail"], ids=lambda said: said["subject"])
def test_what_only_sounds_like_a_report_is_ordinary(said: dict[str, Any]):
    assert kind(a_mail(said["subject"], said["text"], **said.get("fields", {}))) == Ordinary()


@pytest.mark.parametrize("name", sorted(expected("complaints")))
def test_a_complaint_says_who_and_about_what(name: str):
    found, said = kind((MAILS / "complaints" / f"{name}.eml").read_bytes()), expected("complaints")[name]
    assert isinstance(found, Complaint)
    assert (found.type, found.recipient, found.message_id or "") == (
        said["type"],
        said["recipient"],
        said["message_id"],
    )


@pytest.mark.parametrize("name", sorted(expected("autoreplies")))
def test_a_machine_is_known_as_one(name: str):
    found, said = kind((MAILS / "autoreplies" / f"{name}.eml").read_bytes()), expected("autoreplies")[name]
    assert isinstance(found, KINDS[said["kind"]])
    if isinstance(found, AutoReply):
        assert (found.back_on, found.alternate, found.gone) == (
            said.get("back_on"),
            said["alternate"],
            said["gone"],
        )


class TestSigns:
    """Free text is a report only beside two signs, one of which no other program has."""

    WORDS = "I'm sorry to have to inform you\n\n<bo@example.org>: 550 5.1.1 user unknown\n"

    def test_words_alone_are_nothing(self):
        assert kind(a_mail(text=self.WORDS)) == Ordinary()

    def test_a_subject_alone_is_nothing(self):
        assert kind(a_mail("Undelivered Mail Returned to Sender", self.WORDS)) == Ordinary()

    def test_a_mail_system_alone_is_nothing(self):
        assert kind(a_mail("Hello", self.WORDS, From="postmaster@mx.example")) == Ordinary()
        assert kind(a_mail("Hello", "Good morning!\n", From="MAILER-DAEMON@mx.example")) == Ordinary()

    def test_a_mailer_daemon_that_speaks_of_undelivered_mail_is_enough(self):
        assert isinstance(kind(a_mail("", self.WORDS, From="MAILER-DAEMON@mx.example")), DeliveryReport)

    def test_what_every_program_has_is_not_enough(self):
        assert (
            kind(a_mail("Hello", self.WORDS, Return_Path="<>", Auto_Submitted="auto-generated")) == Ordinary()
        )

    def test_daemon_and_subject_are_enough(self):
        mail = a_mail("Undelivered Mail Returned to Sender", self.WORDS, From="MAILER-DAEMON@mx.example")
        assert isinstance(kind(mail), DeliveryReport)

    def test_daemon_and_null_path_are_enough(self):
        mail = a_mail("Hello", self.WORDS, From="MAILER-DAEMON@mx.example", Return_Path="<>")
        assert isinstance(kind(mail), DeliveryReport)

    def test_an_answer_has_no_subject_of_a_report(self):
        for prefix in ("Re", "Fwd", "FW", "AW", "WG", "TR", "RV", "I", "回复", "Re[2]"):
            mail = a_mail(f"{prefix}: Undelivered Mail Returned to Sender", self.WORDS, Return_Path="<>")
            assert not isinstance(kind(mail), DeliveryReport)

    def test_a_report_that_came_to_our_reverse_path(self):
        path = "bounce+aaaabbbbccccddddeeeeffffgggghhhh@shop.example"
        mail = a_mail("Hello", self.WORDS, To=path, Return_Path="<>")
        assert isinstance(kind(mail), DeliveryReport)

    def test_a_person_at_our_reverse_path_is_no_report(self):
        path = "bounce+aaaabbbbccccddddeeeeffffgggghhhh@shop.example"
        assert kind(a_mail("Re: your order", "Thank you!\n", To=path)) == Ordinary()

    def test_a_report_that_names_nobody_is_none(self):
        mail = a_mail("Undelivered Mail Returned to Sender", "It failed.\n", From="MAILER-DAEMON@mx.example")
        assert kind(mail) == Ordinary()

    def test_a_standard_report_that_lost_its_parts_is_one_of_nobody(self):
        report = "multipart/report; report-type=delivery-status; boundary=b"
        mail = a_mail("Returned mail", "", From="MAILER-DAEMON@mx.example", Content_Type=report)
        assert kind(mail) == DeliveryReport(())
        assert kind(mail.replace(b"MAILER-DAEMON", b"ana")) == Ordinary()
        assert kind(mail.replace(b"delivery-status", b"disposition-notification")) == Ordinary()

    def test_a_status_part_needs_one_sign(self):
        status = "Final-Recipient: rfc822; bo@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        mail = a_mail(
            "x",
            f"\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n{status}\r\n--b--\r\n",
            Content_Type='multipart/mixed; boundary="b"',
            Return_Path="",
        )
        assert kind(mail) == Ordinary()
        assert isinstance(kind(b"Return-Path: <>\r\n" + mail), DeliveryReport)


WORDS = tomllib.loads((MAILS / "autoreplies" / "words.toml").read_text(encoding="utf-8"))


class TestChallenges:
    """A gatekeeper's click is for a person to do; who quotes one or forwards one is a person."""

    @pytest.mark.parametrize("said", WORDS["gatekeeper"], ids=lambda said: said["subject"])
    def test_a_gatekeeper_is_known_by_its_words(self, said: dict[str, Any]):
        mail = parse(a_mail(said["subject"], said["text"]))
        assert isinstance(mail.kind, Challenge)
        assert not may_answer(mail)

    @pytest.mark.parametrize("said", WORDS["no_gatekeeper"], ids=lambda said: said["subject"])
    def test_who_only_talks_of_such_things_is_none(self, said: dict[str, Any]):
        assert kind(a_mail(said["subject"], said["text"])) == Ordinary()

    def test_a_mail_system_of_a_gatekeeper_reports(self):
        mail = (MAILS / "autoreplies" / "challenge-boxbe-report.eml").read_bytes()
        daemon = mail.replace(b"noreply@boxbe.com", b"mailer-daemon@boxbe.com")
        assert isinstance(kind(daemon), DeliveryReport)


class TestOrder:
    def test_an_auto_replied_bounce_is_a_bounce(self):
        assert isinstance(kind((MAILS / "reports" / "auto-replied-bounce.eml").read_bytes()), DeliveryReport)

    def test_a_report_to_an_unsubscribe_address_is_a_report(self):
        octets = (MAILS / "reports" / "postfix-dsn-unknown.eml").read_bytes()
        to = b"unsubscribe+aaaabbbbccccddddeeeeffffgggghhhh@shop.example"
        assert isinstance(kind(octets.replace(b"To: bounces@shop.example", b"To: " + to, 1)), DeliveryReport)

    def test_a_read_receipt_from_a_daemon_is_no_bounce(self):
        assert kind((MAILS / "autoreplies" / "not-read.eml").read_bytes()) == Ordinary()

    def test_a_read_receipt_is_a_programs_and_not_answered(self):
        mail = parse((MAILS / "autoreplies" / "read-receipt.eml").read_bytes())
        assert mail.kind == Ordinary()
        assert mail.automatic
        assert not may_answer(mail)

    def test_suppress_header_is_no_auto_reply(self):
        assert kind(a_mail(X_Auto_Response_Suppress="All")) == Ordinary()

    def test_auto_generated_is_no_auto_reply(self):
        assert kind(a_mail(Auto_Submitted="auto-generated")) == Ordinary()


class TestWhy:
    def test_a_report_says_which_family_and_which_words(self):
        _, why = read((MAILS / "reports" / "qmail.eml").read_bytes())
        assert "qmail and its descendants" in why
        assert "ana@example.net failed, no_such_user by the words 'mailbox not found'" in why

    def test_a_stop_word_is_named(self):
        assert read(a_mail("Re: news", "STOP\n"))[1] == "nothing but 'stop'"

    def test_every_kind_has_a_reason(self):
        assert all(read(octets)[1] for octets in ALL)


def test_the_shops_own_tables_count():
    mine = Bounces.load("[[text]]\nclass = 'moved'\nany = ['gone fishing']\n", "x.toml")
    octets = (MAILS / "reports" / "postfix-dsn-unknown.eml").read_bytes()
    octets = octets.replace(b"User unknown in virtual", b"gone fishing in virtual")
    found, _ = kind_of(parse(octets), leaves(octets)[0], mine)
    assert isinstance(found, DeliveryReport)
    assert found.recipients[0].bounce == "moved"
    assert found.recipients[0].dead_address


def test_an_empty_mail_is_ordinary():
    assert kind_of(Parsed(), (), BUILT_IN)[0] == Ordinary()
    assert kind(b"") == Ordinary()


@given(st.sampled_from(ALL), st.data())
def test_nothing_raises_on_mutations(octets: bytes, data: st.DataObject):
    at = data.draw(st.integers(0, len(octets)))
    cut = data.draw(st.integers(0, 200))
    filler = data.draw(
        st.one_of(st.binary(max_size=40), st.sampled_from([b"\r\n", b"\r\n\r\n", b"<", b"@", b"\x00"]))
    )
    found, why = read(octets[:at] + filler + octets[at + cut :])
    assert isinstance(found, Kind)
    assert why


@given(st.text(max_size=400), st.text(max_size=80))
def test_whatever_somebody_writes_without_signs_is_no_report(text: str, subject: str):
    mail = Parsed(subject=subject, text=text, reply=text)
    assert not isinstance(kind_of(mail, ())[0], DeliveryReport | Complaint)
