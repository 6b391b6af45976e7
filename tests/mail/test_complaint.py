"""Complaints that only resemble the standard."""

import pytest

from gateway.mail.kind import kind_of
from gateway.mail.mime import leaves
from gateway.mail.parse import parse
from gateway.mail.parsed import Complaint, Kind, MessageId, Ordinary


def kind(*fields: str, body: str = "") -> Kind:
    octets = (
        "\r\n".join(("To: abuse@shop.example", *fields)) + "\r\n\r\n" + body.replace("\n", "\r\n")
    ).encode()
    return kind_of(parse(octets), leaves(octets)[0])[0]


FIELDS = "Feedback-Type: fraud\nUser-Agent: F/1\nOriginal-Rcpt-To: <ana@example.net>\n"


def test_fields_in_the_text_of_a_report_that_lost_its_parts():
    found = kind("From: fbl@x.example", "Content-Type: text/plain; report-type=feedback-report", body=FIELDS)
    assert found == Complaint("fraud", "ana@example.net", None)


def test_fields_that_a_person_quotes():
    assert kind("From: ana@example.net", "Subject: what is this?", body=FIELDS) == Ordinary()


@pytest.mark.parametrize(
    "named", ["text/plain; name=report.txt", "application/octet-stream", "message/feedback-report"]
)
def test_a_report_under_another_name_and_the_original_as_mere_headers(named: str):
    report = FIELDS.replace("fraud", "fraud (phishing)")
    original = "Content-Type: message/rfc822-headers\n\nSubject: News\nMessage-ID: <17@shop.example>\n"
    body = f"--b\n\nA complaint.\n--b\nContent-Type: {named}\n\n{report}\n--b\n{original}--b--\n"
    enclosing = "Content-Type: multipart/report; report-type=feedback-report; boundary=b"
    assert kind("From: fbl@x.example", enclosing, body=body) == Complaint(
        "fraud", "ana@example.net", MessageId("17@shop.example")
    )


def test_a_type_that_is_not_said_is_abuse():
    body = "--b\nContent-Type: message/feedback-report\n\nUser-Agent: F/1\n\n--b--\n"
    found = kind("From: fbl@x.example", 'Content-Type: multipart/report; boundary="b"', body=body)
    assert found == Complaint("abuse", "", None)


def test_x_arf():
    found = kind("From: abuse@host.example", "X-XARF: PLAIN", "Subject: abuse report", body="spam from you\n")
    assert isinstance(found, Complaint)


def test_list_unsubscribe_of_what_was_complained_about_names_our_address():
    mail = parse(
        b"From: fbl@provider.example\r\nTo: abuse@shop.example\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nA complaint.\r\n"
        b"--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n"
        b"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: News\r\n"
        b"List-Unsubscribe: <https://shop.example/u>,\r\n <mailto:unsubscribe+abc@shop.example?subject=x>\r\n"
        b"--b--\r\n"
    )
    assert isinstance(mail.kind, Complaint)
    assert mail.kind.unsubscribe == ("unsubscribe+abc@shop.example",)
