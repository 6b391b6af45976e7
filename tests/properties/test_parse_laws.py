"""Laws of reading mail: whatever the octets say, a Parsed comes out, and nothing harmful is in it."""

import random
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.mail import entity, guard
from gateway.mail.address import address, canonical, identity, mailboxes
from gateway.mail.charset import decoded
from gateway.mail.compose import Letter, compose
from gateway.mail.draft import Answering, Purpose
from gateway.mail.embedded import without_armour, without_files
from gateway.mail.header import canonical as canonical_ends
from gateway.mail.markup import count_words, text_of
from gateway.mail.parse import header_only, parse
from gateway.mail.parsed import Mailbox, MessageId, Parsed
from gateway.mail.parsed_json import dumps, loads
from gateway.mail.thread import evidence

MAILS = sorted((Path(__file__).parents[1] / "mails").rglob("*.eml"))
SEEDS = [path.read_bytes() for path in MAILS]

UNUSUAL = (
    *(b"begin 644 a", b"end", b"`", b"#86)C", b"=ybegin line=1 size=1 name=x", b"=yend", b"=}=", b"=", b""),
    *(b"-----BEGIN PGP SIGNED MESSAGE-----", b"-----BEGIN PGP SIGNATURE-----", b"- -- ", b"words"),
)
ANSWER = Letter(
    author=Mailbox("The Blue Door", "orders@boutique.example"),
    to=Mailbox("", "ana@example.net"),
    subject="",
    text="",
    purpose=Purpose.SERVICE,
    date=datetime(2026, 12, 12, 9, 30, tzinfo=UTC),
    message_id=MessageId("t.r@boutique.example"),
)
WRITTEN = {
    *("In-Reply-To", "References", "Auto-Submitted", "MIME-Version", "Content-Type"),
    "Content-Transfer-Encoding",
}

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


MUTATIONS = (
    lambda octets: octets[: len(octets) // 2],
    lambda octets: octets[: len(octets) // 3] + octets[len(octets) // 3 * 2 :],
    lambda octets: octets.replace(b"\r\n\r\n", b"\r\n", 1),
    lambda octets: octets + octets,
    lambda octets: bytes(octet ^ 0x80 if at % 7 == 0 else octet for at, octet in enumerate(octets)),
)


@pytest.mark.covers("S0-T1")
def test_parse_never_raises():
    for number, octets in enumerate(SEEDS):
        for mutation in (MUTATIONS[number % 5], MUTATIONS[(number + 2) % 5]):
            assert_harmless(parse(mutation(octets)))


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


@pytest.mark.covers("S0-T1")
@given(damaged() | header_soups())
@example(b"From: =?utf-8?q?a=0d=0aBcc:_eve?= <a@b.example>\n\nx")
@example(b"Message-ID: <a@b.example>\nReferences: <a@b\n Bcc: eve@evil.example> <c@d>\n\nx")
def test_answering_any_mail_writes_the_fields_that_we_meant(octets: bytes):
    mail = parse(octets)
    name = mail.author.name if mail.author else ""
    answer = replace(
        ANSWER,
        to=Mailbox(name, mail.identity if mail.identity and mail.identity.isascii() else "ana@example.net"),
        subject=f"Re: {mail.subject}",
        text=mail.text,
        answers=Answering(mail.message_id, mail.references, mail.subject),
    )
    head = compose(answer).partition(b"\r\n\r\n")[0].split(b"\r\n")
    names = [line.partition(b":")[0].decode() for line in head if not line.startswith(b" ")]
    assert names[:5] == ["From", "To", "Subject", "Date", "Message-ID"]
    assert len(names) == len(set(names))
    assert set(names[5:]) <= WRITTEN
    assert not any(b"\r" in line or b"\n" in line for line in head)


@given(damaged() | header_soups())
def test_what_was_read_elsewhere_comes_over_as_it_was(octets: bytes):
    mail = parse(octets)
    assert repr(loads(dumps(mail))) == repr(mail)


@given(damaged() | header_soups() | st.binary(max_size=400))
def test_the_header_alone_is_as_harmless(octets: bytes):
    mail = header_only(octets, "too_complex")
    assert_harmless(mail)
    assert mail.text == ""
    assert mail.identity in (None, parse(octets).identity)


@given(st.binary(max_size=400), st.lists(st.sampled_from(UNUSUAL), max_size=12))
def test_no_file_amid_words_breaks_a_reader(noise: bytes, lines: list[bytes]):
    content = b"\r\n".join((*lines, noise))
    rest, files = without_files(content)
    assert files or rest == content
    without_armour(content.decode("latin-1"))


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
