"""flufl.bounce, kept on a short leash."""

import pytest

from gateway.mail.lastresort import recipients
from gateway.mail.mime import Part
from gateway.mail.parsed import DsnAction, Headers, Parsed


def text(words: str, media_type: str = "text/plain") -> Part:
    return Part((1,), media_type, "", True, words, words.encode())


def test_it_reads_what_it_knows():
    words = "Unable to deliver message to the following address(es).\n\n<ana@example.net>:\nno\n"
    found = recipients(Parsed(headers=Headers((("From", "MAILER-DAEMON@yahoo.example"),))), (text(words),))
    assert found == (("ana@example.net", DsnAction.FAILED),)


def test_it_never_sees_the_returned_original():
    words = "The following addresses had permanent fatal errors\n<ana@example.net>\n"
    assert recipients(Parsed(), (text(words, "message/rfc822"),)) == ()


@pytest.mark.parametrize(
    "fields",
    [(), (("From", "Änne <aenne@x.example>"),), (("From", "a"), ("From", "b")), (("Subject", "\udcff"),)],
)
def test_it_never_raises(fields: tuple[tuple[str, str], ...]):
    assert (
        recipients(
            Parsed(headers=Headers(fields)),
            (
                text("x"),
                text("y", "message/delivery-status"),
            ),
        )
        == ()
    )


def test_a_mail_without_parts():
    assert recipients(Parsed(), ()) == ()
