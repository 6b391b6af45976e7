"""Whatever a customer is called and a stranger writes: the fields we meant, and the words as given."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import compat32, default
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.mail.compose import Letter, compose
from gateway.mail.draft import Answering, Purpose
from gateway.mail.field import LONGEST_NAME, LONGEST_SUBJECT
from gateway.mail.header import harmless_line, harmless_text
from gateway.mail.parse import parse
from gateway.mail.parsed import Mailbox, MessageId
from gateway.mail.part import LONGEST_LINE, Enclosure

LETTER = Letter(
    author=Mailbox("The Blue Door", "orders@boutique.example"),
    to=Mailbox("Ana Koch", "ana@example.net"),
    subject="Hello",
    text="Hello",
    purpose=Purpose.SERVICE,
    date=datetime(2026, 12, 12, 9, 30, tzinfo=UTC),
    message_id=MessageId("t.r@boutique.example"),
)
FIELDS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
]
hostile = st.text(st.sampled_from('\r\n\t\0 :;<>@"\\=?_,qQbB.aé\u2028\ud800ü\U0001f381'), max_size=120)
words = st.text(max_size=600) | hostile | st.text(st.characters(codec="ascii"), max_size=600)
HIDDEN = "=?utf-8?q?a=0d=0aBcc:_eve=40example.net?="


def fields_of(wire: bytes) -> list[str]:
    return [line.partition(b":")[0].decode() for line in header(wire) if not line.startswith(b" ")]


def header(wire: bytes) -> list[bytes]:
    return wire.partition(b"\r\n\r\n")[0].split(b"\r\n")


def field(wire: bytes, name: str) -> str:
    raw = message_from_bytes(wire, policy=compat32)[name].replace("\r\n", "")
    return str(make_header(decode_header(raw)))


@pytest.mark.covers("S0-T1")
@given(subject=words, author=words, to=words)
@example(subject=HIDDEN, author=HIDDEN, to=HIDDEN)
@example(subject="a\r\nBcc: eve@example.net", author="a\nb", to='"\\')
@example(subject="é" * 600, author="x" * 600, to="\U0001f381" * 300)
def test_no_subject_and_no_name_adds_a_field(subject: str, author: str, to: str):
    wire = compose(
        replace(
            LETTER,
            subject=subject,
            author=Mailbox(author, "orders@boutique.example"),
            to=Mailbox(to, "ana@example.net"),
        )
    )
    assert fields_of(wire) == FIELDS
    assert all(line.strip() for line in header(wire))


@given(words)
@example(HIDDEN)
@example("a  b   c")
def test_a_subject_is_read_as_it_was_given(subject: str):
    expected = harmless_line(subject)
    if len(expected) <= LONGEST_SUBJECT:
        assert field(compose(replace(LETTER, subject=subject)), "Subject").lstrip(" ") == expected


@given(words)
@example('Ana "the Boss" K\\och, Ltd.')
@example("0000000000" + "\N{NO-BREAK SPACE}" * 6 + "\N{LINEAR B SYLLABLE B008 A}" * 6)
def test_a_name_is_read_as_it_was_given_and_its_address_stays(name: str):
    wire = compose(replace(LETTER, to=Mailbox(name, "ana@example.net")))
    phrase, address = parseaddr(message_from_bytes(wire, policy=compat32)["To"].replace("\r\n", ""))
    assert address == "ana@example.net"
    if len(harmless_line(name)) <= LONGEST_NAME:
        # Not the newer parser: it puts a blank between encoded words, against RFC 2047 6.2.
        assert str(make_header(decode_header(phrase))).split() == harmless_line(name).split()


@given(text=words, html=words, octets=st.binary(max_size=300), filename=words)
def test_every_line_is_ascii_short_and_ends_in_crlf(text: str, html: str, octets: bytes, filename: str):
    wire = compose(
        replace(LETTER, text=text, html=html, enclosures=(Enclosure(filename, "message/rfc822", octets),))
    )
    assert wire.isascii()
    assert wire.count(b"\r\n") == wire.count(b"\n") == wire.count(b"\r")
    assert b"\0" not in wire
    assert max(map(len, wire.split(b"\r\n"))) <= LONGEST_LINE


@given(words, words)
def test_the_words_arrive(text: str, html: str):
    mail = message_from_bytes(compose(replace(LETTER, text=text, html=html)), policy=default)
    arrived = {
        part.get_content_subtype(): part.get_content() for part in mail.walk() if not part.is_multipart()
    }
    meant = {"plain": text} | ({"html": html} if html else {})
    assert {form: content.replace("\r\n", "\n") for form, content in arrived.items()} == {
        form: harmless_text(content).rstrip() + "\n" for form, content in meant.items()
    }


@given(st.binary(max_size=400), words)
def test_a_file_arrives_octet_by_octet(octets: bytes, filename: str):
    letter = replace(LETTER, enclosures=(Enclosure(filename, "image/png", octets),))
    [_, part] = message_from_bytes(compose(letter), policy=default).iter_parts()
    assert part.get_payload(decode=True) == octets


@given(words, st.lists(words, max_size=40))
def test_no_answered_mail_adds_a_field(parent: str, references: list[str]):
    answers = Answering(MessageId(parent), tuple(MessageId(each) for each in references))
    wire = compose(replace(LETTER, answers=answers))
    assert [name for name in fields_of(wire) if name not in ("In-Reply-To", "References")] == FIELDS
    assert max(map(len, header(wire))) <= LONGEST_LINE


@given(subject=words, name=words, text=words)
def test_we_read_our_own_mail_without_a_defect(subject: str, name: str, text: str):
    mail = parse(compose(replace(LETTER, subject=subject, to=Mailbox(name, "ana@example.net"), text=text)))
    assert mail.defects == ()
    assert mail.message_id == LETTER.message_id
    assert [mailbox.address for mailbox in mail.to] == ["ana@example.net"]
    if len(harmless_line(subject)) <= LONGEST_SUBJECT:
        assert mail.subject.split() == harmless_line(subject).split()
    assert mail.text.split() == harmless_text(text).split()
