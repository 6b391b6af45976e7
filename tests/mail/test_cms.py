"""The words inside an opaque signature are found, and nothing else is mistaken for them."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.cms import signed_content
from gateway.mail.parse import parse

ENTITY = b"Content-Type: text/plain\r\n\r\nTwo mugs, please.\r\n"
SIGNED_DATA, DATA = bytes.fromhex("06092a864886f70d010702"), bytes.fromhex("06092a864886f70d010701")
ENVELOPED = bytes.fromhex("06092a864886f70d010703")


def tlv(tag: int, content: bytes) -> bytes:
    """A value of definite length."""
    size = len(content).to_bytes(4)
    return bytes((tag, 0x84)) + size + content


def open_ended(tag: int, content: bytes) -> bytes:
    """A value that ends with two zeros."""
    return bytes((tag, 0x80)) + content + b"\0\0"


def signed(octets: bytes, wrap=tlv, kind: bytes = SIGNED_DATA) -> bytes:
    version, digests = b"\x02\x01\x01", tlv(0x31, tlv(0x30, b"\x06\x01\x00"))
    content = wrap(0x30, DATA + wrap(0xA0, octets))
    return wrap(0x30, kind + wrap(0xA0, wrap(0x30, version + digests + content + tlv(0x31, b""))))


def test_a_content_of_known_length_is_found():
    assert signed_content(signed(tlv(0x04, ENTITY))) == ENTITY


def test_a_content_in_pieces_without_length_is_found():
    pieces = b"".join(tlv(0x04, ENTITY[at : at + 7]) for at in range(0, len(ENTITY), 7))
    assert signed_content(signed(open_ended(0x24, pieces), open_ended)) == ENTITY
    assert signed_content(signed(tlv(0x24, pieces))) == ENTITY


def test_what_is_encrypted_has_no_content():
    assert signed_content(signed(tlv(0x04, ENTITY), kind=ENVELOPED)) == b""


@given(st.binary(max_size=80), st.integers(0, 200))
def test_noise_has_no_content_and_raises_nothing(noise: bytes, at: int):
    whole = signed(tlv(0x04, ENTITY))
    for octets in (noise, whole[:at], whole[:at] + noise + whole[at:]):
        assert isinstance(signed_content(octets), bytes)


def test_a_mail_with_an_opaque_signature_is_read():
    head = b"From: ana@example.net\r\nContent-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\n"
    mail = parse(head + signed(tlv(0x04, ENTITY)))
    assert mail.text == "Two mugs, please."
    assert [each.filename for each in mail.attachments] == ["smime.p7m"]
    assert "encrypted" not in mail.defects


def test_an_encrypted_mail_says_so():
    head = b"From: ana@example.net\r\nContent-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\n"
    mail = parse(head + signed(tlv(0x04, ENTITY), kind=ENVELOPED))
    assert (mail.text, mail.defects) == ("", ("encrypted",))


def test_signatures_within_signatures_are_not_followed():
    inner = b"Content-Type: application/pkcs7-mime\r\n\r\n" + signed(tlv(0x04, ENTITY))
    head = b"From: ana@example.net\r\nContent-Type: application/pkcs7-mime\r\n\r\n"
    assert parse(head + signed(tlv(0x04, inner))).text == ""
