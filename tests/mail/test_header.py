"""Header blocks, split and decoded."""

import pytest

from gateway.mail.header import (
    BLOCK,
    FIELDS,
    base64_decoded,
    canonical,
    harmless_line,
    harmless_text,
    line_of,
    media_type_of,
    parameters,
    split,
    without_leading_blanks,
    words_decoded,
)


def names(octets: bytes) -> list[str]:
    return [field.name for field in split(octets)[0]]


def test_fields_are_unfolded_and_the_body_begins_after_the_blank_line():
    fields, body, defects = split(b"A: one\r\n two\r\n\tthree\r\nB:four\r\n\r\nbody\r\n")
    assert [(field.name, field.raw) for field in fields] == [("A", b"one two\tthree"), ("B", b"four")]
    assert body == b"body\r\n"
    assert defects == ()


def test_a_part_without_header_starts_with_a_blank_line():
    assert split(b"\r\nbody") == ((), b"body", ())
    assert split(b"") == ((), b"", ())


def test_a_blank_before_the_colon_is_old_but_legal():
    assert names(b"Subject : x\r\n\r\n") == ["Subject"]


@pytest.mark.parametrize(
    "line", [b"no colon here", b": no name", b"two words: x", b"na\xc3\xafve: x", b"\x01: x"]
)
def test_a_line_that_is_no_field_is_skipped_in_the_midst(line: bytes):
    fields, body, defects = split(b"A: b\r\n" + line + b"\r\nC: d\r\n\r\nbody")
    assert [field.name for field in fields] == ["A", "C"]
    assert body == b"body"
    assert defects == ("not_a_field",)


def test_a_missing_blank_line_ends_the_header_where_the_words_begin():
    fields, body, defects = split(b"A: b\r\nHello\r\nthere\r\n\r\nmore")
    assert [field.name for field in fields] == ["A"]
    assert body == b"Hello\r\nthere\r\n\r\nmore"
    assert defects == ("no_blank_line",)


def test_a_header_without_end_costs_no_more_than_it_may():
    fields, _, defects = split(b"a:\r\n" * 200_000)
    assert len(fields) == FIELDS
    assert "too_many_fields" in defects
    fields, body, _ = split(b"A: " + b"x" * (2 * BLOCK))
    assert len(fields) == 1
    assert len(body) >= BLOCK


@pytest.mark.parametrize(
    ("octets", "wanted"),
    [
        (b"a\r\nb\r\n", b"a\r\nb\r\n"),
        (b"a\nb\n", b"a\r\nb\r\n"),
        (b"a\rb\r", b"a\r\nb\r\n"),
        (b"a\r\nb\nc\rd", b"a\r\nb\r\nc\rd"),
        (b"\xef\xbb\xbfa\r\n", b"a\r\n"),
        (b"", b""),
    ],
)
def test_line_ends_become_crlf_and_a_stray_cr_none(octets: bytes, wanted: bytes):
    assert canonical(octets) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("no words", "no words"),
        ("=?utf-8?q?caf=C3=A9?=", "café"),
        ("=?UTF-8?B?Y2Fmw6k=?=", "café"),
        ("=?utf-8*fr?q?caf=C3=A9?=", "café"),
        ("a =?utf-8?q?b?= c", "a b c"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?=\t=?utf-8?b?Yg==?=", "ab"),
        ("=?utf-8?q?a_b?= =?iso-8859-1?q?=E9?=", "a bé"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
        ("=?utf-8?b?Y2Fm?= =?utf-8?b?w6k?=", "café"),
        ("=?utf-8?b?Y2Fmw?= =?utf-8?b?6k=?=", "café"),
        ("(=?utf-8?q?a?=)", "(a)"),
        ("=?utf-8?q?with blanks inside?=", "with blanks inside"),
        ("=?utf-8?q??=", ""),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?utf-8?q?never closed", "=?utf-8?q?never closed"),
        ("=?utf-8?b?!!!?=", ""),
        ("=?utf-8?b?SGVsbG8?= =?utf-8?b?IHdvcmxk?=", "Hello world"),
    ],
)
def test_encoded_words(text: str, wanted: str):
    assert words_decoded(text) == wanted


@pytest.mark.parametrize(
    ("octets", "rest"),
    [
        (b"\r\n\r\nFrom: a@b.c\r\n\r\nx", b"From: a@b.c\r\n\r\nx"),
        (b"\r\nTwo mugs: please\r\n", b"\r\nTwo mugs: please\r\n"),
        (b"\r\n\r\n", b"\r\n\r\n"),
        (b"From: a@b.c\r\n", b"From: a@b.c\r\n"),
    ],
)
def test_blank_lines_above_the_first_field_are_skipped(octets: bytes, rest: bytes):
    assert without_leading_blanks(octets) == rest


def test_a_value_is_one_harmless_line():
    assert line_of(b"=?utf-8?q?a=0D=0AX:_b=00=1B=C2=85=E2=80=A8c=E2=80=AEd?=") == "a  X: b  cd"
    assert harmless_line("  a\u2066b\ufeff\x7f ") == "ab"
    assert harmless_line("\ud800") == "?"
    assert len(harmless_line("a\u2028b\x0bc").splitlines()) == 1


def test_a_text_keeps_its_lines_and_tabs_only():
    assert harmless_text("a\r\nb\tc\0\x1b\x85d\x0ce\rf") == "a\nb\tc\nd\ne f"
    assert harmless_text("a\rb") == "a\nb"
    assert harmless_text("\u202btext\u202c \u202egpj.exe") == "\u202btext\u202c gpj.exe"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ('text/plain; charset="utf-8"; format=flowed', {"charset": "utf-8", "format": "flowed"}),
        ("text/plain; CHARSET = utf-8 ;", {"charset": "utf-8"}),
        ("text/plain charset=utf-8", {"charset": "utf-8"}),
        ("a/b; name=two words.pdf; x=y", {"name": "two words.pdf", "x": "y"}),
        (r'a/b; name="a \"b\" \\ c"', {"name": r'a "b" \ c'}),
        ('a/b; name="a;b=c"', {"name": "a;b=c"}),
        ('a/b; name="not closed', {"name": "not closed"}),
        ("a/b; name*=iso-8859-1'en'%A3%20rates", {"name": "£ rates"}),
        ("a/b; name*0*=utf-8''%e2%82; name*1*=%ac; name*2=\" x\"", {"name": "€ x"}),
        ("a/b; name*1=b; name*0=a", {"name": "ab"}),
        ("a/b; name=plain; name*=utf-8''better", {"name": "better"}),
        ("a/b; name=first; name=second", {"name": "first"}),
        ("a/b; name==?utf-8?q?=C3=A9?=", {"name": "é"}),
        ("a/b; name*=%zz", {"name": "%zz"}),
        ("a/b; name*9999999999999=x; ;;= ; *=y", {"name": "x"}),
        ("", {}),
        ("a/b", {}),
    ],
)
def test_parameters(value: str, wanted: dict[str, str]):
    assert parameters(value) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("TEXT / Html; x=y", "text/html"),
        ("application/vnd.ms-excel", "application/vnd.ms-excel"),
        ("text", "text/plain"),
        ("", "text/plain"),
        ("/html", "text/plain"),
    ],
)
def test_media_types(value: str, wanted: str):
    assert media_type_of(value, "text/plain") == wanted


@pytest.mark.parametrize(
    ("octets", "wanted"),
    [
        (b"SGVsbG8=", b"Hello"),
        (b"SGVsbG8", b"Hello"),
        (b"SGVs\r\nbG8=\r\n", b"Hello"),
        (b"SG!Vs*bG8", b"Hello"),
        (b"SGVsbG8=SGVsbG8=", b"HelloHello"),
        (b"S", b""),
        (b"", b""),
        (b"=", b""),
    ],
)
def test_base64_is_read_whatever_is_missing(octets: bytes, wanted: bytes):
    assert base64_decoded(octets) == wanted
