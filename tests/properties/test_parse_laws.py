"""Laws of reading mail: whatever the octets say, a Parsed comes out, and nothing harmful is in it."""

import random
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.mail import entity, guard
from gateway.mail.address import address, canonical, identity, mailboxes
from gateway.mail.charset import decoded
from gateway.mail.header import canonical as canonical_ends
from gateway.mail.markup import count_words, text_of
from gateway.mail.parse import parse
from gateway.mail.parsed import Parsed
from gateway.mail.thread import evidence

MAILS = sorted((Path(__file__).parents[1] / "mails").rglob("*.eml"))
SEEDS = [path.read_bytes() for path in MAILS]

any_text = st.text(st.characters(codec=None, categories=None))
field_text = st.text(st.sampled_from("aä <>@,;:()\"\\.=?_-[]\r\n\t\0'+|1✓\u202e\ud800"), max_size=60)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A mail of ours with octets changed, cut, doubled, moved or inserted."""
    octets = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(octets)))
        end = min(len(octets), at + draw(st.integers(0, 80)))
        match draw(st.sampled_from(("change", "cut", "double", "insert", "truncate"))):
            case "change":
                octets[at:end] = draw(st.binary(min_size=end - at, max_size=end - at))
            case "cut":
                del octets[at:end]
            case "double":
                octets[at:at] = octets[at:end] * draw(st.integers(1, 4))
            case "insert":
                octets[at:at] = draw(
                    st.sampled_from(
                        (b"\0", b"\r", b"\n", b"\r\n\r\n", b"=?x?q?", b"--", b"\xff\xfe", b"\x1b$B")
                    )
                )
            case _:
                del octets[end:]
    return bytes(octets)


@st.composite
def header_soups(draw: st.DrawFn) -> bytes:
    """Fields that matter with values that nobody should send."""
    names = st.sampled_from(
        (
            *("From", "To", "Subject", "Date", "Message-ID", "References", "Content-Type", "Return-Path"),
            *("Content-Transfer-Encoding", "Content-Disposition", "In-Reply-To", "Sender", "x y"),
        )
    )
    values = field_text | st.sampled_from(
        (
            "multipart/mixed; boundary=b",
            "text/html; charset=utf-7",
            "base64",
            "message/rfc822",
            "<>",
            "text/plain; format=flowed",
        )
    )
    lines = draw(st.lists(st.tuples(names, values), max_size=8))
    body = draw(field_text) + draw(st.sampled_from(("", "\n--b\n\nx\n--b--\n", "<p>x<blockquote>y")))
    soup = "\n".join(f"{name}: {value}" for name, value in lines) + "\n\n" + body
    return soup.encode("utf-8", "surrogatepass")


def strings(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every string inside a value, with the name of the field of Parsed that it stands in."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, tuple):
        for one in value:
            yield from strings(one, name)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            inner = getattr(value, field.name)
            yield from strings(
                inner, field.name if field.name in {"text", "reply", "html"} else name or field.name
            )


def assert_harmless(mail: Parsed) -> None:
    for name, text in strings(mail):
        allowed = "\n\t" if name in {"text", "reply", "html"} else ""
        assert not [character for character in text if character < " " and character not in allowed], name
        assert not [character for character in text if "\x7f" <= character < "\xa0"], name
        text.encode()  # no lone surrogate
        assert not set(text) & set("\u202d\u202e")
        if name not in {"text", "reply", "html", "kind"}:  # a diagnostic is a piece of text
            assert len(text.splitlines()) <= 1
            assert not set(text) & set("\u202a\u202b\u202c\u2066\u2067\u2068\u2069")


@given(damaged())
def test_parse_never_raises_on_damaged_mail(octets: bytes):
    assert_harmless(parse(octets))


@given(header_soups())
def test_parse_never_raises_on_a_hostile_header(octets: bytes):
    assert_harmless(parse(octets))


@given(st.binary(max_size=400))
@example(b"\r")
@example(b"\n\n")
@example(b":")
@example(b"\0")
@example(b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n--\r\n")
def test_parse_never_raises_on_noise(octets: bytes):
    assert_harmless(parse(octets))


@given(damaged())
def test_line_ends_do_not_change_the_meaning(octets: bytes):
    lines = octets.replace(b"\r\n", b"\n").replace(b"\r", b"")
    assert parse(lines) == parse(lines.replace(b"\n", b"\r\n")) == parse(lines.replace(b"\n", b"\r"))


@given(header_soups())
def test_any_parsed_subject_can_be_answered(octets: bytes):
    mail = parse(octets)
    answer = EmailMessage()
    answer["Subject"] = f"Re: {mail.subject}"[:200]
    assert b"\nBcc:" not in answer.as_bytes()


@given(
    st.recursive(
        any_text.map(lambda text: text[:40]),
        lambda parts: st.lists(parts, min_size=1, max_size=3),
        max_leaves=6,
    ),
    st.randoms(),
)
def test_flanker_and_the_fallback_agree_on_clean_mail(shape: Any, chance: random.Random):
    octets = canonical_ends(written(shape, chance, 0))
    assert entity.tree(octets) == entity.split(octets)


def written(shape: Any, chance: random.Random, depth: int) -> bytes:
    """A well-formed entity of nested lists and texts."""
    if isinstance(shape, str):
        text = shape.encode("utf-8", "replace").replace(b"\r", b"").replace(b"\0", b"").replace(b"--", b"__")
        return b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + text
    boundary = f"b{depth}-{chance.randrange(10**9)}".encode()
    kind = chance.choice((b"mixed", b"alternative", b"related"))
    parts = b"".join(b"--" + boundary + b"\n" + written(one, chance, depth + 1) + b"\n" for one in shape)
    return (
        b"Content-Type: multipart/"
        + kind
        + b'; boundary="'
        + boundary
        + b'"\n\n'
        + parts
        + b"--"
        + boundary
        + b"--\n"
    )


@given(field_text)
def test_identity_is_always_the_one_mailbox_that_is_shown(value: str):
    found = identity(value)
    if found is not None:
        shown = mailboxes(value)
        assert [canonical(one.address) for one in shown] == [canonical(found)]


@given(any_text | field_text)
def test_an_address_is_stable_under_reading(text: str):
    found = address(text)
    if found is not None:
        assert address(found) == found
        assert canonical(canonical(found)) == canonical(found)
        assert address(canonical(found)) is not None
        assert not set(found) & set("\r\n\0 <>,;")


@given(any_text | field_text)
def test_reading_people_never_raises(text: str):
    for one in mailboxes(text):
        assert one.name or one.address


@given(damaged() | st.binary(max_size=200), st.booleans())
def test_the_guard_never_raises(octets: bytes, null: bool):
    found = guard.scan(octets, null_reverse_path=null)
    assert found.finding is None or found.finding.reply.code // 100 == 5


@given(st.binary(max_size=200), any_text)
def test_every_octet_can_be_read_under_every_name(octets: bytes, charset: str):
    text, _ = decoded(octets, charset)
    text.encode()


@given(st.text(st.sampled_from("<>/ abp=\"'!-&;\0\ud800blockquote"), max_size=120))
def test_any_html_has_words(html: str):
    text_of(html)
    assert count_words(html) >= 0


@given(damaged())
def test_evidence_is_listed_strongest_first(octets: bytes):
    found = evidence(parse(octets), ("orders", "reply+" + "a" * 32), "shop.example")
    order = ["forward_path", "address", "message_id", "code"]
    ranks = [order.index(one.kind) for one in found]
    assert ranks == sorted(ranks)
    assert found[0].value == "a" * 32
