"""What is found by counting, before any parser sees a mail."""

from pathlib import Path

import pytest

from gateway.mail.guard import LIMITS, RECEIVED, has_false_line_ends, scan

MAILS = Path(__file__).parents[1] / "mails" / "parse"
SINGLETONS = ("From", "Sender", "Reply-To", "Subject", "Date", "Message-ID")


def a_mail(*fields: str, body: str = "Words.\n") -> bytes:
    return "\n".join(("From: ana@example.net", *fields, "", body)).replace("\n", "\r\n").encode()


def test_an_ordinary_mail_is_clean():
    found = scan(a_mail("Subject: Hello"))
    assert found.finding is None
    assert found.suspicious is False
    assert found.defects == ()


@pytest.mark.parametrize(
    "ending", [b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r"], ids=repr
)
def test_each_false_ending_is_refused_and_the_connection_closed(ending: bytes):
    finding = scan(a_mail("Subject: Hello") + b"x" + ending + b"MAIL FROM:<x@y.z>\r\n").finding
    assert finding is not None
    assert (finding.reply.code, finding.reply.enhanced) == (550, "5.5.2")
    assert finding.close is True
    assert finding.hold == ""  # over IMAP it is read from a repaired copy


@pytest.mark.parametrize(
    "octets", [b"a\rb\r\n", b"a\nb\r\n", b"a\0b\r\n", b"\r", b"\n", b"a\r\r\n"], ids=repr
)
def test_bare_cr_lf_and_nul_are_found(octets: bytes):
    assert has_false_line_ends(octets)


@pytest.mark.parametrize("octets", [b"", b"a", b"a\r\nb\r\n", b"\r\n\r\n"], ids=repr)
def test_clean_line_ends_are_clean(octets: bytes):
    assert not has_false_line_ends(octets)


def test_a_second_from_is_refused():
    finding = scan(a_mail("From: evil@example.org")).finding
    assert finding is not None
    assert str(finding.reply) == "550 5.6.0 the field From may stand only once"
    assert finding.hold == "forged"


@pytest.mark.parametrize("name", SINGLETONS)
def test_what_says_who_speaks_may_stand_once(name: str):
    finding = scan(a_mail(f"{name}: a", f"{name.lower()}: b")).finding
    assert finding is not None
    assert (finding.reply.code, finding.reply.enhanced) == (550, "5.6.0")
    assert finding.reason == f"repeated: {name.lower()}"


@pytest.mark.parametrize("name", ["To", "Cc", "In-Reply-To", "References", "Content-Type", "MIME-Version"])
def test_what_lists_repeat_is_only_a_defect(name: str):
    found = scan(a_mail(f"{name}: a", f"{name}: b"))
    assert found.finding is None
    assert found.defects == (f"repeated: {name.lower()}",)


def test_a_mail_without_author_is_taken_from_report_programs_only():
    octets = b"Subject: Undelivered\r\n\r\nSorry.\r\n"
    finding = scan(octets).finding
    assert finding is not None
    assert (finding.reply.code, finding.reply.enhanced) == (550, "5.6.0")
    assert scan(octets, null_reverse_path=True).finding is None
    assert "no_from" in scan(octets, null_reverse_path=True).defects


def test_a_mail_that_goes_in_circles_is_refused():
    hops = ["Received: by mx; now"] * RECEIVED
    assert scan(a_mail(*hops)).finding is None
    finding = scan(a_mail(*hops, "Received: once more")).finding
    assert finding is not None
    assert (finding.reply.code, finding.reply.enhanced) == (554, "5.4.6")
    assert finding.hold == "too_complex"


def too_much(what: str, count: int) -> bytes:
    """A mail with `count` of what is counted."""
    named = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n" for n in range(count))
    lines = "--b\n" * count
    return {
        "header_octets": a_mail(*(f"X-Long: {'x' * 70}" for _ in range(count // 80))),
        "fields": a_mail(*("X: y" for _ in range(count - 1))),
        "longest_field": a_mail("X: " + "\n ".join(["y" * 60] * (count // 61 + 1))),
        "addresses": a_mail("To: " + ",\n ".join(["a@b.example"] * (count - 1))),
        "encoded_words": a_mail("X: " + "\n ".join(["=?utf-8?q?a?="] * count)),
        "boundaries": a_mail("Content-Type: multipart/mixed", body=named),
        "boundary_lines": a_mail("Content-Type: multipart/mixed; boundary=b", body=lines),
    }[what]


@pytest.mark.parametrize("what", list(LIMITS))
def test_each_bomb_is_refused_by_its_count(what: str):
    finding = scan(too_much(what, LIMITS[what][1] * 5 // 4)).finding
    assert finding is not None
    assert finding.reason.startswith("too_complex")
    assert (finding.reply.code, finding.reply.enhanced, finding.hold) == (554, "5.6.0", "too_complex")


@pytest.mark.parametrize("what", ["fields", "addresses", "encoded_words", "boundaries", "boundary_lines"])
def test_between_the_figures_a_mail_is_only_suspicious(what: str):
    found = scan(too_much(what, LIMITS[what][0] * 5 // 4))
    assert found.finding is None
    assert found.suspicious is True
    assert scan(too_much(what, LIMITS[what][0] // 2)).suspicious is False


def test_lines_that_merely_begin_with_dashes_are_not_counted():
    found = scan(a_mail("Content-Type: multipart/mixed; boundary=b", body="-- \n-----\n--x\n" * 2000))
    assert found.counts["boundary_lines"] == 0
    assert found.finding is None


def test_a_boundary_counts_in_every_spelling():
    octets = a_mail('Content-Type: multipart/mixed; BoUnDaRy = "b b"', body="--b b\n--b b--\n--b b \n--b\n")
    assert scan(octets).counts["boundary_lines"] == 3


def test_every_fixture_but_the_forged_one_passes():
    found = {
        path.stem for path in MAILS.glob("*.eml") if scan(path.read_bytes(), null_reverse_path=True).finding
    }
    assert found == {"junk_in_header"}
