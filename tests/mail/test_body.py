"""The best text out of all parts."""

import pytest

from gateway.mail.body import LONGEST_TEXT, read

LONG = " ".join(f"word{number}" for number in range(100))


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def a_multipart(kind: str, *parts: str) -> bytes:
    inner = "".join(f"--b\n{part}\n" for part in parts)
    return crlf(f"Content-Type: multipart/{kind}; boundary=b\n\n{inner}--b--\n")


def plain(text: str) -> str:
    return f"Content-Type: text/plain; charset=utf-8\n\n{text}"


def html(text: str) -> str:
    return f"Content-Type: text/html; charset=utf-8\n\n{text}"


def test_of_alternatives_the_plain_one_is_read():
    assert (
        read(a_multipart("alternative", plain("*Yes*, please"), html("<b>Yes</b>, please"))).text
        == "*Yes*, please"
    )


def test_the_order_of_alternatives_does_not_matter():
    assert read(a_multipart("alternative", html("<b>Yes</b>"), plain("*Yes*"))).text == "*Yes*"


@pytest.mark.parametrize(
    "stub",
    [
        "",
        " \n ",
        "See HTML.",
        "Your email client does not support HTML, so open this mail elsewhere to read what we want to say.",
        "This is an HTML message.",
        "Ihr Mailprogramm kann HTML leider nicht darstellen.",
        "View this email in your browser",
    ],
)
def test_a_plain_part_that_says_nothing_is_not_read(stub: str):
    assert read(a_multipart("alternative", plain(stub), html(f"<p>{LONG}</p>"))).text == LONG


def test_a_short_answer_above_a_short_html_is_no_stub():
    assert read(a_multipart("alternative", plain("Yes!"), html("<p>Yes! Thanks a lot.</p>"))).text == "Yes!"


def test_a_person_who_talks_about_html_is_read():
    said = f"My email program does not support HTML, {LONG}"
    assert read(a_multipart("alternative", plain(said), html(f"<p>{said}</p>"))).text == said


def test_a_plain_part_beside_empty_html_is_read():
    assert read(a_multipart("alternative", plain("Yes."), html("<p></p>"))).text == "Yes."


def test_parts_of_a_mixture_follow_one_another():
    assert read(a_multipart("mixed", plain("One."), plain("Two."))).text == "One.\n\nTwo."


def test_html_that_repeats_the_words_before_it_is_left_out():
    assert (
        read(a_multipart("mixed", plain("We ship on Friday."), html("<p>We ship on Friday.</p>"))).text
        == "We ship on Friday."
    )


def test_html_that_says_something_else_is_not():
    assert (
        read(a_multipart("mixed", plain("See below."), html("<p>We ship on Friday.</p>"))).text
        == "See below.\n\nWe ship on Friday."
    )


def test_a_text_file_is_an_attachment():
    attached = "Content-Type: text/plain\nContent-Disposition: attachment; filename=notes.txt\n\nnotes"
    body = read(a_multipart("mixed", plain("Words."), attached))
    assert body.text == "Words."
    assert [one.filename for one in body.attachments] == ["notes.txt"]


def test_the_only_text_is_read_even_as_a_file():
    body = read(crlf("Content-Type: text/html\nContent-Disposition: attachment\n\n<p>Words.</p>"))
    assert body.text == "Words."
    assert body.attachments == ()


def test_a_named_text_in_the_place_of_the_words_is_the_words():
    named = "Content-Type: text/plain; name=body.txt\nContent-Disposition: inline; filename=body.txt\n\n{}"
    assert read(a_multipart("mixed", named.format("Words."), plain("Footer."))).text == "Words.\n\nFooter."
    later = read(a_multipart("mixed", plain("Words."), named.format("A list.")))
    assert (later.text, [each.filename for each in later.attachments]) == ("Words.", ["body.txt"])


def test_html_that_is_called_plain_is_laid_out():
    assert read(crlf(plain("<!DOCTYPE html>\n<html><p>Two &amp; a half</p></html>"))).text == "Two & a half"
    assert read(crlf(plain("Write <html> first.\n"))).text == "Write <html> first."


def test_text_of_an_unknown_kind_is_read_if_there_is_no_other():
    unknown = "Content-Type: text/x-story\n\nOnce."
    assert read(crlf(unknown)).text == "Once."
    assert read(a_multipart("mixed", plain("Words."), unknown)).text == "Words."
    assert read(crlf("Content-Type: text/calendar\n\nBEGIN:VCALENDAR")).text == ""


def test_a_file_in_the_midst_of_the_words_is_an_attachment():
    found = read(crlf(plain("Look:\nbegin 644 ../a.txt\n#86)C\n`\nend\nBye")))
    assert found.text == "Look:\nBye"
    assert [(each.filename, each.size) for each in found.attachments] == [("a.txt", 3)]


def test_a_rendering_for_watches_is_neither_text_nor_file():
    body = read(
        a_multipart(
            "alternative", plain("Yes."), "Content-Type: text/x-amp-html\n\n<html amp4email>No.</html>"
        )
    )
    assert body.text == "Yes."
    assert body.attachments == ()


def test_all_html_is_kept_for_machines():
    body = read(a_multipart("alternative", plain("Yes."), html('<p itemprop="x">Yes.</p>')))
    assert body.html == '<p itemprop="x">Yes.</p>'


def test_words_of_an_attached_message_are_not_the_text():
    body = read(a_multipart("mixed", "Content-Type: message/rfc822\n\nSubject: x\n\nInner."))
    assert body.text == ""
    assert body.enclosed is not None


def test_text_has_an_end():
    assert len(read(crlf("\n" + "x" * (LONGEST_TEXT + 10))).text) == LONGEST_TEXT
