"""Our signatures are the reference's to the octet, and only whole, honest signatures of others count."""

from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dkim as reference
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from dkim.crypto import HASH_ALGORITHMS, RSASSA_PKCS1_v1_5_sign, parse_pem_private_key
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.kernel.errors import DatabaseUnavailable, InputError
from gateway.mail.compose import Letter, compose
from gateway.mail.dkim import (
    DkimKey,
    dns_record,
    generate_ed25519,
    generate_rsa,
    key_names,
    load_key,
    relaxed_body,
    relaxed_field,
    sign,
    unsealed,
    verify,
)
from gateway.mail.draft import Purpose
from gateway.mail.parsed import Mailbox, MessageId

NOW = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
RSA_PEM, ED25519_PEM = generate_rsa(), generate_ed25519()
RSA = load_key(RSA_PEM, "mailflow1", "boutique.example")
ED25519 = load_key(ED25519_PEM, "mailflow2", "boutique.example")
RELAXED = reference.CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
LETTER = Letter(
    author=Mailbox("The Blue Door", "orders@boutique.example"),
    to=Mailbox("Zoë Koch", "zoe@example.net"),
    subject="Grüße from the Blue Door, and a subject that is long enough to be folded over two lines",
    text="Hello  Zoë,\n\n\tit left today. \n\n\n",
    html="<p>Hello</p>",
    purpose=Purpose.TRANSACTIONAL,
    date=NOW,
    message_id=MessageId("t.r@boutique.example"),
)
WIRE = compose(LETTER)
SIGNED = WIRE.replace(b"Auto-Submitted: auto-generated\r\n", b"")  # the one field that may change


def zone(*keys: DkimKey) -> Callable[[str], bytes | None]:
    records = dict(map(dns_record, keys))
    return lambda name: records[name].encode() if name in records else None


def held(octets: bytes, *keys: DkimKey) -> tuple[str, ...]:
    return verify(octets, zone(*keys or (RSA, ED25519)))


def test_both_signatures_hold_and_the_mail_is_untouched():
    signed = sign(WIRE, (ED25519, RSA), NOW)
    assert signed.endswith(WIRE)
    assert signed.count(b"DKIM-Signature:") == 2
    assert signed.index(b"a=rsa-sha256") < signed.index(b"a=ed25519-sha256")
    assert held(signed) == held(signed, RSA) == held(signed, ED25519) == ("boutique.example",)
    assert held(signed, replace(RSA, selector="other")) == ()


def test_the_reference_verifies_what_we_sign():
    signed = sign(WIRE, (RSA, ED25519), NOW)
    records = {f"{name}.".encode(): value.encode() for name, value in map(dns_record, (RSA, ED25519))}
    for number in range(2):
        assert reference.DKIM(signed).verify(number, lambda name, timeout=5: records[name])


def test_the_rsa_signature_is_the_reference_s_to_the_octet():
    [field] = unsealed(WIRE, (RSA,), NOW)
    name, _, value = field.start.partition(b":")
    message = reference.DKIM(WIRE)
    names = value.partition(b"h=")[2].partition(b";")[0].replace(b"\r\n", b"").replace(b" ", b"").split(b":")
    hasher = HASH_ALGORITHMS[b"rsa-sha256"]()
    reference.hash_headers(
        hasher, RELAXED, RELAXED.canonicalize_headers(message.headers), names, (name, value), {}
    )
    expected = RSASSA_PKCS1_v1_5_sign(hasher, parse_pem_private_key(traditional(RSA)))
    ours = field.seal().removeprefix(field.start).replace(b"\r\n", b"").replace(b" ", b"")
    assert b64decode(ours) == expected


def traditional(key: DkimKey) -> bytes:
    return key.private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def test_signing_twice_is_the_same_octets():
    assert sign(WIRE, (RSA, ED25519), NOW) == sign(WIRE, (RSA, ED25519), NOW)


def test_no_keys_leave_the_mail_as_it_is():
    assert sign(WIRE, (), NOW) == WIRE


def test_lines_stay_short_and_end_in_crlf():
    field = sign(WIRE, (RSA,), NOW).removesuffix(WIRE)
    assert max(map(len, field.split(b"\r\n"))) <= 78
    assert field.count(b"\r\n") == field.count(b"\n")


@given(st.integers(0, len(SIGNED) - 1), st.sampled_from(b"!x9"))
def test_one_changed_octet_of_the_mail_breaks_it(position: int, octet: int):
    changed = SIGNED[:position] + bytes((octet,)) + SIGNED[position + 1 :]
    fields = sign(SIGNED, (RSA, ED25519), NOW).removesuffix(SIGNED)
    assert (held(fields + changed) == ()) == (changed != SIGNED)


@pytest.mark.parametrize(
    "name", ["From", "To", "Cc", "Subject", "Reply-To", "List-Unsubscribe", "Content-Type"]
)
def test_a_field_that_is_added_breaks_it(name: str):
    signed = sign(WIRE, (RSA, ED25519), NOW)
    assert held(f"{name}: eve@example.org\r\n".encode() + signed) == ()
    assert held(b"Received: by mx.example.net\r\n" + signed) == ("boutique.example",)


def test_blanks_that_relays_change_do_not_break_it():
    changed = WIRE.replace(b"Subject: ", b"Subject:   ").replace(b"To: ", b"TO: ") + b"\r\n\r\n"
    assert held(sign(WIRE, (RSA, ED25519), NOW).removesuffix(WIRE) + changed) == ("boutique.example",)


def test_a_signature_over_part_of_a_body_counts_for_nothing():
    partly = reference.sign(WIRE, b"mailflow1", b"boutique.example", traditional(RSA), length=True)
    wholly = reference.sign(WIRE, b"mailflow1", b"boutique.example", traditional(RSA))
    assert held(partly + WIRE) == ()
    assert held(wholly + WIRE) == ("boutique.example",)


@pytest.mark.parametrize("canonical", [b"simple", b"relaxed"])
def test_each_way_of_canonicalising_is_read(canonical: bytes):
    wire = WIRE.replace(b"Hello", b"Hello   \t you  ") + b" \r\n\r\n"
    field = reference.sign(
        wire, b"mailflow1", b"boutique.example", traditional(RSA), canonicalize=(canonical, canonical)
    )
    assert held(field + wire) == ("boutique.example",)


@pytest.mark.parametrize(("algorithm", "counts"), [(b"rsa-sha256", True), (b"rsa-sha1", False)])
def test_sha_1_counts_for_nothing(algorithm: bytes, counts: bool):
    field = reference.sign(
        WIRE, b"mailflow1", b"boutique.example", traditional(RSA), signature_algorithm=algorithm
    )
    assert bool(held(field + WIRE)) is counts


@pytest.mark.parametrize(
    "field",
    [
        b"DKIM-Signature: \xff\xfe",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=x; s=s; h=from; bh=; b=",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=x..y; s=\xc3\xa9; h=from; bh=YQ==; b=YQ==",
        b"DKIM-Signature: v=1; a=ed25519-sha256; d=boutique.example; s=mailflow1; h=from; bh=YQ==; b=YQ==",
        b"DKIM-Signature: " + b"=;" * 1000,
        b"DKIM-Signature",
        b"no field at all",
    ],
)
def test_a_damaged_signature_is_no_signature_and_no_error(field: bytes):
    assert held(field + b"\r\n" + WIRE) == ()
    assert held(field + b"\r\n" + sign(WIRE, (RSA,), NOW)) == ("boutique.example",)


@given(st.binary(max_size=400))
def test_no_octets_are_an_error(octets: bytes):
    assert held(octets) == ()
    assert held(b"DKIM-Signature: " + octets + b"\r\n" + WIRE) == ()


def test_a_record_that_is_no_key_is_no_error():
    signed = sign(WIRE, (RSA,), NOW)
    for record in (
        b"",
        b"v=DKIM1; p=",
        b"v=DKIM1; p=AAAA",
        b"v=spf1 -all",
        b"\xff",
        b"k=rsa; p=" + b"A" * 5000,
    ):
        assert verify(signed, lambda _name, record=record: record) == ()


def test_trouble_in_dns_is_not_a_bad_signature():
    def unreachable(_name: str) -> bytes | None:
        raise DatabaseUnavailable

    with pytest.raises(DatabaseUnavailable):
        verify(sign(WIRE, (RSA,), NOW), unreachable)


def test_what_will_be_asked_of_dns_is_known_before():
    signed = sign(WIRE, (RSA, ED25519), NOW)
    asked: list[str] = []
    verify(signed, lambda name: asked.append(name))
    assert key_names(signed) == tuple(asked)
    assert key_names(WIRE) == ()


def test_only_the_first_few_signatures_are_looked_at():
    assert len(key_names(sign(WIRE, (RSA,), NOW).removesuffix(WIRE) * 50 + WIRE)) == 1
    many = b"".join(
        sign(WIRE, (replace(RSA, selector=f"s{number}"),), NOW).removesuffix(WIRE) for number in range(9)
    )
    assert len(key_names(many + WIRE)) == 5


@pytest.mark.parametrize("before", [b"X-Note: hello\n", b"X-Note: hello\r\n more\n", b"X-Note: hello\n\n"])
def test_a_signature_behind_a_bare_line_feed_lends_its_word_to_no_other(before: bytes):
    """The thief's own signature holds; the domain of a decoy, which does not, must not be taken for its."""
    thief = replace(RSA, domain="thief.example")
    decoy = b"DKIM-Signature: v=1; a=rsa-sha256; d=boutique.example; s=mailflow1; h=from; bh=YQ==; b=YQ==\r\n"
    hidden = before + sign(WIRE, (thief,), NOW).removesuffix(WIRE)
    assert held(hidden + decoy + WIRE, RSA, thief) == ()
    assert held(decoy + hidden + WIRE, RSA, thief) == ()


def test_a_key_is_asked_for_under_the_name_that_was_announced():
    signed = sign(WIRE, (RSA,), NOW)
    asked: list[str] = []
    for odd in (b"d=boutique\r\n .example;", b"d=boutique .example;", b"d=boutique\x1c.example;"):
        verify(signed.replace(b"d=boutique.example;", odd), lambda name: asked.append(name))
    assert asked == []


@pytest.mark.covers("S0-T1")
def test_octets_made_to_be_slow_are_not():
    blanks = b"DKIM-Signature: v=1; a=rsa-sha256; d=x; s=s; h=from; bh=YQ==;" + b"\r\n " * 20000 + b"b=YQ=="
    body = b" " * 2_000_000 + b"x\r\n"
    lines = b"X-Folded: a\r\n" + b" x\r\n" * 1_000_000
    assert held(blanks + b"\r\n" + WIRE + body) == ()
    assert held(lines + sign(WIRE, (RSA,), NOW)) == ()
    assert held(sign(WIRE + body, (RSA,), NOW)) == ("boutique.example",)


@given(st.binary(max_size=200) | st.text(" \t\r\nab", max_size=200).map(str.encode))
@example(b"  \r\n\r\n")
@example(b"a \t b \t\r\n\r\n \r\n")
def test_our_relaxed_body_is_the_reference_s(body: bytes):
    assert relaxed_body(body) == RELAXED.canonicalize_body(body)


@given(st.text("abcXYZ-", min_size=1, max_size=20), st.lists(st.text(" \tab:=\xe9", max_size=30), max_size=4))
def test_our_relaxed_field_is_the_reference_s(name: str, lines: list[str]):
    value = "\r\n ".join(lines).encode()
    [(expected_name, expected)] = RELAXED.canonicalize_headers([(name.encode(), value)])
    assert relaxed_field(name.encode() + b":" + value) == expected_name + b":" + expected


def test_the_record_is_what_dns_wants():
    name, value = dns_record(RSA)
    assert name == "mailflow1._domainkey.boutique.example"
    assert value.startswith("v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A")
    assert dns_record(ED25519)[1].startswith("v=DKIM1; k=ed25519; p=")
    assert len(b64decode(dns_record(ED25519)[1].rpartition("p=")[2])) == 32


def pem(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b"") -> bytes:
    lock = BestAvailableEncryption(password) if password else NoEncryption()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


@pytest.mark.parametrize(
    ("octets", "problem"),
    [
        (b"", "keys/dkim.pem: is no private key in PEM"),
        (b"hello", "keys/dkim.pem: is no private key in PEM"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "keys/dkim.pem: is neither RSA nor Ed25519"),
        (pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)), "keys/dkim.pem: has 1024 bits"),
        (pem(ec.generate_private_key(ec.SECP256R1()), b"secret"), "keys/dkim.pem: is locked with a password"),
    ],
    ids=["empty", "text", "elliptic", "short", "locked"],
)
def test_a_key_that_cannot_sign_says_why(octets: bytes, problem: str):
    with pytest.raises(InputError) as caught:
        load_key(octets, "mailflow1", "boutique.example", "keys/dkim.pem")
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize(("selector", "domain"), [("", "x.example"), ("a b", "x.example"), ("a", "x;y")])
def test_a_selector_must_be_a_name(selector: str, domain: str):
    with pytest.raises(InputError, match="is no name in DNS"):
        load_key(RSA_PEM, selector, domain)


def test_every_mail_of_the_collection_can_be_signed_and_verified():
    for path in sorted((Path(__file__).parents[1] / "mails").rglob("*.eml"))[:200]:
        octets = path.read_bytes()
        if b"\r\nFrom: " not in b"\r\n" + octets.partition(b"\r\n\r\n")[0] or octets.count(b"\r\nFrom:") > 1:
            continue
        assert "boutique.example" in held(sign(octets, (RSA, ED25519), NOW)), path.name
