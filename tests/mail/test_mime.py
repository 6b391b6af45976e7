"""The tree of a mail and its leaves."""

from pathlib import Path

import pytest

from gateway.mail.entity import DEEPEST, PARTS, split, tree
from gateway.mail.mime import leaves, safe_filename

MAILS = Path(__file__).parents[1] / "mails" / "parse"


def fixture(name: str) -> bytes:
    return (MAILS / f"{name}.eml").read_bytes()


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def types(octets: bytes) -> list[tuple[tuple[int, ...], str]]:
    return [(part.path, part.media_type) for part in leaves(octets)[0]]


def test_leaves_are_numbered_as_imap_does():
    assert types(fixture("plain")) == [((1,), "text/plain")]
    assert types(fixture("apple_mail")) == [
        ((1,), "text/plain"),
        ((2, 1), "text/html"),
        ((2, 2), "image/jpeg"),
        ((2, 3), "text/html"),
    ]


def test_a_report_has_its_parts_as_text():
    words, status, original = leaves(fixture("delivery_status"))[0]
    assert words.text == "I am sorry, tom@example.org does not exist."
    assert status.text.startswith("Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient:")
    assert original.text == "Subject: Your order\nMessage-ID: <x@shop.example>"


def test_an_attached_message_is_a_leaf_with_its_whole_source():
    _, attached = leaves(fixture("nested_forward"))[0]
    assert attached.media_type == "message/rfc822"
    assert attached.content.startswith(b"From: Shop platform <noreply@platform.example>\r\n")
    assert attached.text.count("Innermost words.") == 1
    assert b"--inner--" in attached.content


def test_an_attached_message_in_base64_is_decoded():
    octets = crlf(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n"
        "Content-Transfer-Encoding: base64\n\nU3ViamVjdDogeAoKd29yZHM=\n--b--\n"
    )
    (part,) = leaves(octets)[0]
    assert part.content == b"Subject: x\n\nwords"
    assert part.text == "Subject: x\n\nwords"


def test_messages_inside_a_digest_need_no_type():
    assert [media_type for _, media_type in types(fixture("digest"))] == ["message/rfc822"] * 2


def test_a_global_report_is_read():
    octets = crlf(
        "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/global-delivery-status\n"
        "Content-Transfer-Encoding: 8bit\n\nFinal-Recipient: utf-8; josé@example.net\n--b--\n"
    )
    (part,) = leaves(octets)[0]
    assert part.text == "Final-Recipient: utf-8; josé@example.net"


def test_octets_of_a_file_are_exact():
    octets = crlf(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/octet-stream\n"
        "Content-Transfer-Encoding: base64\n\nAAEC/f7/\n--b--\n"
    )
    (part,) = leaves(octets)[0]
    assert part.content == b"\x00\x01\x02\xfd\xfe\xff"
    assert part.text == ""


def test_inline_is_what_is_not_called_an_attachment():
    octets = crlf(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n"
        "Content-Disposition: ATTACHMENT\n\ntwo\n"
        "--b\nContent-Disposition: inline; filename=x.txt\n\nthree\n--b--\n"
    )
    parts = leaves(octets)[0]
    assert [(part.inline, part.filename) for part in parts] == [(True, ""), (False, ""), (True, "x.txt")]


def test_boundaries_within_boundaries_are_not_confused():
    octets = crlf(
        "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=ab\n\n"
        "--ab\n\none\n--abc\nstill one\n--ab--\n--a\n\ntwo\n--a--\n"
    )
    assert [(part.path, part.text) for part in leaves(octets)[0]] == [
        ((1, 1), "one\n--abc\nstill one"),
        ((2,), "two"),
    ]


def test_a_raw_name_before_the_boundary_does_not_hide_it():
    octets = crlf('Content-Type: multipart/mixed; name="größe"; boundary="b"\n\n--b\n\nwords\n--b--\n')
    assert [part.text for part in leaves(octets)[0]] == ["words"]


def test_what_lies_too_deep_is_an_attachment():
    octets = b"words"
    for level in range(DEEPEST + 5):
        name = b"b%d" % level
        octets = (
            b"Content-Type: multipart/mixed; boundary="
            + name
            + b"\r\n\r\n--"
            + name
            + b"\r\n"
            + (octets if level else b"\r\nwords")
            + b"\r\n--"
            + name
            + b"--\r\n"
        )
    parts, defects = leaves(octets)
    assert [part.media_type for part in parts] == ["application/octet-stream"]
    assert "too_deep" in defects


def test_of_too_many_parts_the_first_are_read():
    parts, defects = leaves(
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"--b\r\n\r\nx\r\n" * (PARTS + 6000)
        + b"--b--\r\n"
    )
    assert len(parts) == PARTS
    assert "too_many_parts" in defects


def test_a_multipart_with_the_boundary_of_the_outer_one_keeps_its_parts():
    octets = crlf(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
        "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nwords\n"
        "--b\nContent-Type: text/html\n\n<p>\n--b--\n"
        "\n--b\nContent-Type: image/gif\n\nGIF8\n--b--\n"
    )
    assert split(octets) == tree(octets)
    assert types(octets) == [((1, 1), "text/plain"), ((1, 2), "text/html"), ((2,), "image/gif")]


def test_a_boundary_may_begin_with_dashes_and_be_another_than_the_named():
    octets = crlf(
        "Content-Type: multipart/alternative; boundary=--=_a\n\n"
        "----=_other\nContent-Type: text/html\n\n<p>x</p>\n----=_other--\n"
    )
    assert types(octets) == [((1,), "text/html")]


def text_of(encoding: str, body: str) -> str:
    head = f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n"
    return leaves(crlf(head + body))[0][0].text


def test_blanks_behind_a_soft_line_break_do_not_break_it():
    assert text_of("quoted-printable", "two=20=  \nmugs=\t\n, please \n") == "two mugs, please \n"


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("Two mugs, please.\nAna\n", "Two mugs, please.\nAna\n"),
        ("WndlaSBUYXNzZW4=\n\n________\nThe list of lists\n", "Zwei Tassen\n________\nThe list of lists\n"),
        ("WndlaS!BUYXNz\nZW4=\n", "Zwei Tassen"),
        ("WndlaSBU\n YXNzZW4=", "Zwei Tassen"),
    ],
)
def test_words_that_only_say_they_were_base64_are_words(body: str, wanted: str):
    assert text_of("base64", body) == wanted


def test_uuencoded_parts_are_decoded():
    octets = crlf(
        "Content-Type: application/octet-stream\nContent-Transfer-Encoding: x-uuencode\n\n"
        "begin 644 x\n#86)C\n`\nend\n"
    )
    assert leaves(octets)[0][0].content == b"abc"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("price list.pdf", "price list.pdf"),
        ("Größe ✓.pdf", "Größe ✓.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\system.ini", "system.ini"),
        ("a\r\nb\0c.txt", "a bc.txt".replace(" ", "  ", 1)),
        (".htaccess", "htaccess"),
        ("..", ""),
        ("/", ""),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ('a<b>:"c|d?*.txt', "a_b_c_d_.txt"),
        ("invoice\u202egnp.exe", "invoicegnp.exe"),
        ("trailing. . ", "trailing"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("y" * 300, "y" * 120),
        ("", ""),
    ],
)
def test_a_file_name_stays_in_its_folder(name: str, wanted: str):
    assert safe_filename(name) == wanted
