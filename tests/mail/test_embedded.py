"""Files and signatures that older ways put into plain text are not its words."""

import binascii

import pytest

from gateway.mail.embedded import File, without_armour, without_files


def uuencoded(octets: bytes, name: str = "a.txt") -> bytes:
    lines = [binascii.b2a_uu(octets[at : at + 45]).rstrip(b"\n") for at in range(0, len(octets), 45)]
    return b"\r\n".join((f"begin 644 {name}".encode(), *lines, b"`", b"end", b""))


def yencoded(octets: bytes) -> bytes:
    out = bytearray()
    for octet in octets:
        code = (octet + 42) % 256
        out += bytes((ord("="), (code + 64) % 256)) if code in b"\0\n\r=" else bytes((code,))
    return b"=ybegin line=128 size=%d name=a b.bin\r\n" % len(octets) + bytes(out) + b"\r\n=yend size=1\r\n"


def test_a_uuencoded_file_is_taken_out():
    octets = bytes(range(256))
    rest, files = without_files(b"Look:\r\n" + uuencoded(octets) + b"Bye\r\n")
    assert rest == b"Look:\r\nBye\r\n"
    assert files == (File("a.txt", octets),)


def test_a_yencoded_file_is_taken_out():
    octets = bytes(range(256))
    assert without_files(b"Look:\r\n" + yencoded(octets)) == (b"Look:\r\n", (File("a b.bin", octets),))


def test_base64_with_the_frame_of_uuencode_is_taken_out():
    found = without_files(b"begin-base64 644 a.txt\r\naGVsbG8=\r\n====\r\n")
    assert found == (b"", (File("a.txt", b"hello"),))


@pytest.mark.parametrize(
    "words",
    [
        b"begin 644 sounds like a file\r\nbut this goes on with words\r\nend\r\n",
        b"begin 644 a.txt\r\n" + binascii.b2a_uu(b"never ends"),
        b"begin with two mugs\r\nend\r\n",
        b"We begin 644 times.\r\n",
        b"=ybegin line=128 size=5 name=a\r\nnever ends\r\n",
    ],
)
def test_words_stay(words: bytes):
    assert without_files(words) == (words, ())


def test_many_beginnings_are_no_work():
    words = b"begin 644 x\r\n" * 100_000 + b"no uuencode\r\nend\r\n"
    assert without_files(words) == (words, ())


def test_of_a_clear_signed_text_the_words_remain():
    signed = (
        "Above.\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nTwo mugs.\n- - one blue\n- -- \nAna\n"
        "-----BEGIN PGP SIGNATURE-----\n\niQEz\n=abcd\n-----END PGP SIGNATURE-----\nBelow."
    )
    assert without_armour(signed) == "Above.\nTwo mugs.\n- one blue\n-- \nAna\nBelow."


@pytest.mark.parametrize(
    "text",
    ["- dash\nwords", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nnever signed"],
)
def test_other_text_is_left_as_it_is(text: str):
    assert without_armour(text) == text
