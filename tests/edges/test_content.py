"""Content off the line: only CRLF.CRLF ends it, however it is cut into pieces."""

import tempfile
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.edges import content as module
from gateway.edges.content import BLOCK, LINE_TOO_LONG, LONGEST_LINE, TOO_LARGE, Content
from gateway.kernel.errors import SpoolFull

NEXT = b"NOOP\r\n"


def read(*pieces: bytes, limit: int = 10_000_000) -> tuple[Content, bytearray, bool]:
    """Feed the pieces one by one; the content, what is left, and whether it came to its end."""
    content = Content(limit, tempfile.TemporaryFile)
    buffer = bytearray()
    complete = False
    for piece in pieces:
        buffer += piece
        complete = complete or content.feed(buffer)
    return content, buffer, complete


def cut(octets: bytes, *at: int) -> list[bytes]:
    places = [0, *sorted(place % (len(octets) + 1) for place in at), len(octets)]
    return [octets[a:b] for a, b in pairwise(places)]


def stuffed(octets: bytes) -> bytes:
    """As a client sends it (RFC 5321, section 4.5.2)."""
    return (b"." if octets.startswith(b".") else b"") + octets.replace(b"\r\n.", b"\r\n..")


lines = st.lists(st.sampled_from([b"", b".", b"..", b"a", b".a", b"\r", b"\n", b"\n.\n", b"\r.\r", b"a.b"]))


@given(lines, st.lists(st.integers(0, 1000), max_size=6))
def test_what_was_sent_arrives_however_it_is_cut(parts: list[bytes], places: list[int]):
    octets = b"".join(part + b"\r\n" for part in parts)
    content, left, complete = read(*cut(stuffed(octets) + b".\r\n" + NEXT, *places))
    assert complete
    assert content.octets() == octets
    assert bytes(left) == NEXT


@given(st.binary(max_size=200), st.lists(st.integers(0, 300), max_size=4))
def test_any_octets_survive_and_do_not_end_data(octets: bytes, places: list[int]):
    whole = octets + b"\r\n"
    content, left, complete = read(*cut(stuffed(whole) + b".\r\n" + NEXT, *places))
    assert complete
    assert content.octets() == whole
    assert bytes(left) == NEXT


@given(st.lists(st.sampled_from([b"x" * 30_000, b".", b"", b"y" * 65_000, b"ab"]), max_size=12), st.data())
def test_content_of_many_blocks_is_the_same(parts: list[bytes], data: st.DataObject):
    octets = b"".join(part + b"\r\n" for part in parts)
    wire = stuffed(octets) + b".\r\n" + NEXT
    size = data.draw(st.sampled_from([997, 16_384, BLOCK]))
    content, left, complete = read(*(wire[at : at + size] for at in range(0, len(wire), size)))
    assert complete
    assert content.trouble is None
    assert content.octets() == octets
    assert bytes(left) == NEXT
    content.close()


def test_an_empty_mail_is_a_mail():
    content, left, complete = read(b".\r\n" + NEXT)
    assert complete
    assert content.octets() == b""
    assert bytes(left) == NEXT


def test_the_limit_is_exact():
    octets = b"x" * 98 + b"\r\n"
    assert read(octets + b".\r\n", limit=100)[0].trouble is None
    assert read(octets + b".\r\n", limit=99)[0].trouble == TOO_LARGE


def test_the_longest_line_is_exact_wherever_it_stands():
    line = b"x" * LONGEST_LINE + b"\r\n"
    for before in (b"", b"a\r\n", b"b" * 10 + b"\r\n", b"c\r\n" * 30_000):
        good = before + line + b"end\r\n.\r\n"
        bad = before + b"x" + line + b"end\r\n.\r\n"
        for size in (10_000, BLOCK, len(bad)):
            for wire, trouble in ((good, None), (bad, LINE_TOO_LONG)):
                content, _, complete = read(*(wire[at : at + size] for at in range(0, len(wire), size)))
                assert complete
                assert content.trouble == trouble, (len(before), size)
                content.close()


def test_beyond_the_limit_nothing_is_kept_and_soon_it_is_hopeless():
    content, buffer, complete = read(*[b"x" * BLOCK] * 3, limit=100_000)
    assert not complete
    assert content.trouble is not None
    assert not content.hopeless
    assert len(buffer) < 10
    assert content.octets() == b""
    content, _, _ = read(*[b"x" * BLOCK] * 30, limit=100_000)
    assert content.hopeless
    assert content.size > 100_000 + module.PATIENCE


def test_a_full_disk_is_told_after_the_dot():
    class Full:
        def write(self, octets: bytes) -> int:
            raise OSError(28, "No space left on device")

        def close(self) -> None: ...

    content = Content(10_000_000, Full)
    buffer = bytearray(b"line\r\n" * 20_000)
    assert not content.feed(buffer)
    buffer += b".\r\n" + NEXT
    assert content.feed(buffer)
    assert content.trouble == SpoolFull.reply
    assert bytes(buffer) == NEXT
