"""The mail that a mail passes on."""

import pytest

from gateway.mail.forwarded import attached, inline
from gateway.mail.mime import Part
from gateway.mail.parsed import Forwarding, Mailbox

GMAIL = """Please see.

---------- Forwarded message ---------
From: Kiln <k@kiln.example>
Date: Mon, 5 Jan 2026
Subject: Delay
To: Ana <ana@example.net>

Two weeks."""

APPLE = """Please see.

Begin forwarded message:

From: Kiln <k@kiln.example>
Subject: Delay
Date: 5 January 2026 at 10:00
To: Ana <ana@example.net>

Two weeks."""

THUNDERBIRD = """Please see.

-------- Weitergeleitete Nachricht --------
Betreff: \tDelay
Datum: \tMon, 5 Jan 2026 10:00:00 +0100
Von: \tKiln <k@kiln.example>
An: \tAna <ana@example.net>

Two weeks."""

OUTLOOK = """See below.

Von: Kiln <k@kiln.example>
Gesendet: Montag, 5. Januar 2026 10:00
An: Ana
Betreff: Delay

Two weeks."""


MARKED_APPLE = """Please see.

Begin forwarded message:

> From: Kiln <k@kiln.example>
> Subject: Delay
> Date: 5 January 2026 at 10:00
> To: Ana <ana@example.net>
>
> Two weeks."""

WEBMAIL = """Bitte ansehen.

> ---------- Ursprüngliche Nachricht ----------
> Von: Kiln <k@kiln.example>
> An: Ana <ana@example.net>
> Datum: 05.01.2026 10:00 CET
> Betreff: Delay
>
> Two weeks.
> > When?

Ana"""


def an_enclosure(source: str) -> Part:
    return Part((2,), "message/rfc822", "", False, source, source.encode())


def test_an_attached_mail_is_read():
    found = attached(
        an_enclosure("From: Kiln <k@kiln.example>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\nWords.\n")
    )
    assert found.shape is Forwarding.ATTACHED
    assert found.author == Mailbox("Kiln", "k@kiln.example")
    assert found.subject == "Grüße"
    assert found.text == "Words."


def test_an_attached_mail_that_is_empty_is_empty():
    found = attached(an_enclosure(""))
    assert (found.author, found.subject, found.text) == (None, "", "")


@pytest.mark.parametrize(
    "text",
    [GMAIL, APPLE, MARKED_APPLE, THUNDERBIRD],
    ids=["gmail", "apple", "apple with marks", "thunderbird"],
)
def test_a_copied_mail_is_read(text: str):
    found = inline("Re: something", text)
    assert found is not None
    assert found.shape is Forwarding.INLINE
    assert found.author == Mailbox("Kiln", "k@kiln.example")
    assert found.subject == "Delay"
    assert found.text == "Two weeks."


@pytest.mark.parametrize(
    "subject", ["WG: Delay", "Fwd: Delay", "FW: Delay", "[Kiln] Fwd: Delay", "TR : Delay", "转发：Delay"]
)
def test_a_copied_header_is_a_forward_when_the_subject_says_so(subject: str):
    found = inline(subject, OUTLOOK)
    assert found is not None
    assert found.author == Mailbox("Kiln", "k@kiln.example")


def test_a_copy_that_is_marked_like_a_quotation_is_one_when_the_subject_says_so():
    found = inline("Fwd: Delay", WEBMAIL)
    assert found is not None
    assert found.author == Mailbox("Kiln", "k@kiln.example")
    assert found.subject == "Delay"
    assert found.text == "Two weeks.\n> When?"
    assert inline("Re: Delay", WEBMAIL) is None


def test_a_copy_below_a_quotation_is_read():
    found = inline("Fwd: Delay", f"> When?\n{GMAIL}")
    assert found is not None
    assert found.text == "Two weeks."


def test_a_header_that_is_quoted_further_down_is_none():
    assert inline("Fwd: Delay", f"> When?\n{WEBMAIL.replace('Bitte ansehen.', '')}") is None


@pytest.mark.parametrize("subject", ["Re: Delay", "AW: Delay", "Forward planning", ""])
def test_the_same_header_below_an_answer_is_a_quotation(subject: str):
    assert inline(subject, OUTLOOK) is None


@pytest.mark.parametrize(
    "text", ["", "Words.", "> From: x@y.z\n> Subject: quoted", "From: Paris\nTo: Berlin"]
)
def test_ordinary_words_pass_nothing_on(text: str):
    assert inline("Fwd: x", text) is None
