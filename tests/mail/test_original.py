"""Where the returned original begins."""

import pytest

from gateway.mail.bounces import BUILT_IN
from gateway.mail.mime import Part
from gateway.mail.original import halves, message_id

HEADER = (
    "Return-Path: <a@x.example>\nReceived: from x\n\tby y; today\nFrom: a@x.example\nTo: b@x.example\n"
    "Subject: hello\nMessage-ID: <1@x.example>\n\nHello b@x.example\n"
)


@pytest.mark.parametrize(
    "line",
    [
        "--- Below this line is a copy of the message.",
        "------ This is a copy of the message, including all the headers. ------",
        "   ----- Original message follows -----",
        "----- Original message -----",
        "   ----- Unsent message follows -----",
        "------- Returned Message --------",
        "--------------Returned Mail Follows------------",
        "--- Enclosed are the original headers of the message.",
        "--- The header of the original message is following. ---",
        "-- The header and top 20 lines of the message follows --",
        "---- START OF RETURNED MESSAGE ----",
        "    Below is a copy of the original message:",
        "Original message headers:",
        "Original message follows.",
        "The first 50 lines of your original message follow:",
        "A copy of the original message below this line:",
        "Included is a copy of the message header:",
        "Message headers follow:",
        "Ursprüngliche Nachrichtenköpfe:",
        "--- Mensaje original adjunto.",
        "----- Message original -----",
        "----- 元のメッセージ -----",
    ],
)
def test_lines_that_set_it_off(line: str):
    found = halves(f"It failed.\n\n{line}\n\nTo: b@x.example\n", BUILT_IN)
    assert found.report.strip() == "It failed."
    assert "b@x.example" in found.original


@pytest.mark.parametrize(
    "line",
    [
        "   ----- The following addresses had permanent fatal errors -----",
        "   ----- Transcript of session follows -----",
        "--- Session Transcript ---",
        "--------Message not delivered to the following:",
        "|------------------------- Message log follows: -------------------------|",
        "------- Failure Reasons  --------",
        "Your message was not delivered to:",
        "Your message",
        "-----",
        "以下は配信できなかった宛先です",
    ],
)
def test_lines_that_belong_to_the_report(line: str):
    text = f"It failed.\n\n{line}\n\nana@x.example\n"
    assert halves(text, BUILT_IN).report == text


def test_a_header_with_nothing_before_it_but_words():
    assert halves(f"It failed.\n\n{HEADER}", BUILT_IN).report == "It failed.\n\n"


def test_a_summary_of_the_message_is_no_header():
    text = "Your message\n\nTo: b@x.example\nSubject: hello\nDate: today\n\ndid not reach: b@x.example\n"
    assert halves(text, BUILT_IN).report == text


def test_an_original_on_top_leaves_the_whole_text():
    assert halves(HEADER, BUILT_IN).report == HEADER


def test_the_message_id_of_a_part_counts_before_the_text():
    part = Part((2,), "text/rfc822-headers", "", True, "message-id:<2@x.example>\n", b"")
    assert message_id((part,), HEADER) == "2@x.example"
    assert message_id((), HEADER) == "1@x.example"
    assert message_id((), "") is None
