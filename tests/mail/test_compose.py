"""What we write is what was meant, in a form that every next hop takes."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import cast

import pytest

from gateway.kernel.errors import InputError
from gateway.mail.compose import Letter, Subscription, compose
from gateway.mail.draft import Answering, Purpose
from gateway.mail.envelope import Address
from gateway.mail.parsed import Mailbox, MessageId
from gateway.mail.part import Enclosure

ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")
LETTER = Letter(
    author=Mailbox("The Blue Door", "orders@boutique.example"),
    to=Mailbox("Ana Koch", "ana@example.net"),
    subject="Your order 1042 is on its way",
    text="Hello Ana,\n\nit left today.\n",
    purpose=Purpose.TRANSACTIONAL,
    date=datetime(2026, 12, 12, 9, 30, tzinfo=UTC),
    message_id=MessageId("t.r@boutique.example"),
)
TERMS = Subscription(
    name="News of the Blue Door",
    list_id="news.boutique.example",
    unsubscribe=Address("unsubscribe+t@boutique.example"),
    postal_address="The Blue Door\n3 Harbour Lane, Cork",
    link="https://boutique.example/u/t",
    help="mailto:help@boutique.example",
)
NEWS = replace(
    LETTER,
    purpose=Purpose.MARKETING,
    subject="New mugs",
    text="New mugs.\n\nStop: https://boutique.example/u/t\nThe Blue Door\n3 Harbour Lane, Cork\n",
    subscription=TERMS,
)


def read(letter: Letter) -> EmailMessage:
    return cast("EmailMessage", message_from_bytes(compose(letter), policy=default))


def test_a_letter_has_its_fields_exactly_once():
    mail = read(LETTER)
    assert {name: len(mail.get_all(name, [])) for name in ONCE} == dict.fromkeys(ONCE, 1)
    assert mail["From"] == "The Blue Door <orders@boutique.example>"
    assert mail["To"] == "Ana Koch <ana@example.net>"
    assert mail["Subject"] == LETTER.subject
    assert mail["Date"].datetime == LETTER.date
    assert mail["Message-ID"] == "<t.r@boutique.example>"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_a_plain_letter_is_readable_without_a_machine():
    assert compose(LETTER).decode("ascii").splitlines() == [
        "From: The Blue Door <orders@boutique.example>",
        "To: Ana Koch <ana@example.net>",
        "Subject: Your order 1042 is on its way",
        "Date: Sat, 12 Dec 2026 09:30:00 +0000",
        "Message-ID: <t.r@boutique.example>",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 7bit",
        "",
        "Hello Ana,",
        "",
        "it left today.",
    ]


def test_text_comes_first_and_html_beside_it():
    mail = read(replace(LETTER, html="<p>Grüße</p>"))
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    body = mail.get_body(("html",))
    assert body is not None
    assert body.get_content().strip() == "<p>Grüße</p>"


def test_the_same_letter_is_the_same_octets():
    letter = replace(LETTER, html="<p>x</p>")
    assert compose(letter) == compose(letter)


def test_an_answer_joins_its_thread_and_says_that_it_is_automatic():
    answers = Answering(MessageId("b@example.net"), (MessageId("a@example.net"), MessageId("b@example.net")))
    mail = read(replace(LETTER, answers=answers))
    assert mail["In-Reply-To"] == "<b@example.net>"
    assert mail["References"] == "<a@example.net> <b@example.net>"
    assert mail["Auto-Submitted"] == "auto-replied"


def test_a_long_thread_keeps_its_root_and_its_last_mails():
    ids = tuple(MessageId(f"{number}.{'x' * 60}@example.net") for number in range(100))
    mail = read(replace(LETTER, answers=Answering(MessageId("last@example.net"), ids)))
    references = mail["References"].split()
    assert len(references) == 20
    assert references[0] == f"<{ids[0]}>"
    assert references[-2:] == [f"<{ids[-1]}>", "<last@example.net>"]


def test_an_id_that_cannot_be_written_is_left_out():
    odd = ("a b@x", "x" * 2000, "é@x", "a>\r\nBcc: b@x", "")
    answers = Answering(MessageId("a\r\nBcc: b@x"), tuple(MessageId(each) for each in odd))
    mail = read(replace(LETTER, answers=answers))
    assert "In-Reply-To" not in mail
    assert "References" not in mail
    assert "Bcc" not in mail


def test_reply_to_and_token_stand_where_they_were_asked_for():
    mail = read(replace(LETTER, reply_to=Address("reply+t@boutique.example"), token="t"))
    assert mail["Reply-To"] == "reply+t@boutique.example"
    assert mail["X-MailFlow-Id"] == "t"
    assert "Reply-To" not in read(LETTER)


@pytest.mark.covers("S3-R17.3")
def test_an_advertisement_says_how_to_end_it():
    mail = read(NEWS)
    assert mail["List-Id"] == "News of the Blue Door <news.boutique.example>"
    assert (
        mail["List-Unsubscribe"] == "<https://boutique.example/u/t>, <mailto:unsubscribe+t@boutique.example>"
    )
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Help"] == "<mailto:help@boutique.example>"
    assert "Auto-Submitted" not in mail


def test_without_a_page_an_advertisement_is_ended_by_mail():
    terms = replace(TERMS, link="", help="")
    text = NEWS.text.replace(TERMS.link, TERMS.unsubscribe)
    mail = read(replace(NEWS, subscription=terms, text=text))
    assert mail["List-Unsubscribe"] == "<mailto:unsubscribe+t@boutique.example>"
    assert "List-Unsubscribe-Post" not in mail
    assert "List-Help" not in mail


def test_order_mail_has_no_list_fields_even_if_given_terms():
    assert not [name for name in read(replace(LETTER, subscription=TERMS)) if name.startswith("List-")]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"subscription": None}, "no way to unsubscribe"),
        ({"text": "New mugs."}, "its text shows no way to unsubscribe"),
        ({"html": "<p>New mugs</p>"}, "its HTML shows no way to unsubscribe"),
        ({"text": "Stop: https://boutique.example/u/t"}, "its text lacks the shop's postal address"),
        ({"subscription": replace(TERMS, postal_address="")}, "its text lacks the shop's postal address"),
        ({"subscription": replace(TERMS, link="http://boutique.example/u/t")}, "is not https"),
        ({"subscription": replace(TERMS, link="https://x/ y")}, "is no link"),
    ],
)
def test_an_unlawful_advertisement_is_refused(change: dict[str, object], problem: str):
    text = change.get("text", NEWS.text + "https://x/ y")
    with pytest.raises(InputError, match=problem):
        compose(replace(NEWS, **{**change, "text": text}))


def test_an_advertisement_in_html_may_break_its_address_over_lines():
    html = '<a href="https://boutique.example/u/t">Stop</a><p>The Blue Door<br>3 Harbour Lane, Cork</p>'
    assert read(replace(NEWS, html=html)).get_content_type() == "multipart/alternative"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ana",
        "@example.net",
        "ana@",
        "a b@example.net",
        "ana@example.net, eve@example.net",
        "ana@example.net>, <eve",
        "ana@example.net\r\nBcc: eve@example.net",
        "anä@example.net",
        "ana@exämple.net",
        '"ana"eve"@example.net',
        '"ana\\"@example.net',
        "a" * 400 + "@example.net",
    ],
)
def test_an_address_that_could_name_somebody_else_is_refused(address: str):
    with pytest.raises(InputError, match="is no address"):
        compose(replace(LETTER, to=Mailbox("Ana", address)))


@pytest.mark.parametrize("address", ["o'hara+x@example.net", '"a b\\"c"@example.net', "a@[IPv6:2001:db8::1]"])
def test_an_odd_but_valid_address_is_written(address: str):
    assert f"To: {address}\r\n".encode() in compose(replace(LETTER, to=Mailbox("", address)))


def test_an_attached_mail_stays_a_mail_when_it_can_travel_as_it_is():
    held = b"From: ana@example.net\r\nSubject: where is it\r\n\r\nhello\r\n"
    letter = replace(LETTER, enclosures=(Enclosure("held.eml", "message/rfc822", held),))
    [_, part] = read(letter).iter_parts()
    assert part.get_content_type() == "message/rfc822"
    assert part.get_filename() == "held.eml"
    assert held in compose(letter)


@pytest.mark.parametrize(
    "held", [b"\xe9", b"a\nb", b"a\rb", b"a\0b", b"x" * 999], ids=["8bit", "lf", "cr", "nul", "long"]
)
def test_a_mail_that_cannot_travel_as_it_is_becomes_a_file(held: bytes):
    letter = replace(LETTER, enclosures=(Enclosure("held.eml", "message/rfc822", b"X: y\r\n\r\n" + held),))
    [_, part] = read(letter).iter_parts()
    assert part.get_content_type() == "application/octet-stream"
    assert part.get_payload(decode=True) == b"X: y\r\n\r\n" + held


def test_a_table_keeps_its_letters_and_a_file_its_name():
    enclosures = (
        Enclosure("März; 2026.csv", "text/csv", "Größe".encode()),
        Enclosure("../../x", "no type", b"1"),
    )
    [_, table, other] = read(replace(LETTER, enclosures=enclosures)).iter_parts()
    assert table.get_content() == "Größe"
    assert table.get_filename() == "März; 2026.csv"
    assert other.get_content_type() == "application/octet-stream"
    assert "/" not in (other.get_filename() or "")


def test_a_forged_boundary_in_an_attached_mail_ends_nothing():
    letter = replace(LETTER, html="<p>x</p>", enclosures=(Enclosure("a", "message/rfc822", b"X: y\r\n\r\n"),))
    boundary = read(letter).get_boundary()
    forged = replace(
        letter, enclosures=(Enclosure("a", "message/rfc822", f"X: y\r\n\r\n--{boundary}--\r\n".encode()),)
    )
    assert len(list(read(forged).iter_parts())) == 2
    assert read(forged).get_boundary() != boundary


def test_a_message_id_of_ours_must_be_one():
    with pytest.raises(InputError, match="Message-ID"):
        compose(replace(LETTER, message_id=MessageId("a\r\nBcc: b")))
