import io
import json
import sys
from pathlib import Path

import pytest

from gateway.cli import inspect_view
from gateway.cli.damage import WORDS, in_words
from gateway.cli.inspect import run
from gateway.cli.understood import KINDS, understood
from gateway.kernel.errors import InputError
from gateway.kernel.tokens import TokenKind
from gateway.mail.parse import parse
from gateway.mail.parsed import (
    AutoReply,
    BounceClass,
    Complaint,
    DeliveryReport,
    DsnAction,
    Kind,
    MessageId,
    Parsed,
    RecipientStatus,
)
from gateway.mail.thread import EvidenceKind
from gateway.pipeline.gather import PartyKind

KEYS = [
    *("file", "kind", "answerable", "report", "complaint", "author", "to", "subject", "date", "message_id"),
    *("in_reply_to", "references", "text", "reply", "attachments", "tracking_numbers", "order_numbers"),
    "defects",
]

QUESTION = b"""\
Return-Path: <ana@example.net>\r
From: Ana Moreno <ana@example.net>\r
To: Shop <orders@pottery.example>, second@pottery.example\r
Subject: Where is order SO-1042?\r
Date: Thu, 19 Nov 2026 10:00:00 +0100\r
Message-ID: <q1@example.net>\r
In-Reply-To: <m1@pottery.example>\r
References: <m0@pottery.example> <m1@pottery.example>\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: 8bit\r
\r
Gr\xc3\xbc\xc3\x9fe, UPS says 1Z999AA10123456784.\r
\r
On Wed, 18 Nov 2026, Pottery Lane <orders@pottery.example> wrote:\r
> Your parcel left.\r
"""
MARKUP = b"""\
From: shop@platform.example\r
To: orders@pottery.example\r
Subject: Shipped\r
Content-Type: text/html\r
\r
<html><script type="application/ld+json">{"@context":"http://schema.org","@type":"ParcelDelivery",\r
"trackingNumber":"TEST 12345","carrier":{"@type":"Organization","name":"Bike Courier"},\r
"partOfOrder":{"@type":"Order","orderNumber":"WEB-77"}}</script><p>It left.</p></html>\r
"""


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    file = tmp_path / "question.eml"
    file.write_bytes(QUESTION)
    return file


def objects(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_one_mail_is_one_line_of_json(mail, capsys):
    assert run([str(mail)], as_json=True) == 0
    (said,) = objects(capsys)
    assert list(said) == KEYS
    assert said["file"] == str(mail)
    assert said["kind"] == "ordinary"
    assert said["answerable"] is True
    assert said["author"] == {"name": "Ana Moreno", "address": "ana@example.net"}
    assert said["to"] == ["orders@pottery.example", "second@pottery.example"]
    assert said["subject"] == "Where is order SO-1042?"
    assert said["date"] == "2026-11-19T09:00:00+00:00"
    assert said["message_id"] == "q1@example.net"
    assert said["in_reply_to"] == ["m1@pottery.example"]
    assert said["references"] == ["m0@pottery.example", "m1@pottery.example"]
    assert said["reply"].strip() == "Grüße, UPS says 1Z999AA10123456784."
    assert "Your parcel left." in said["text"]
    assert said["tracking_numbers"] == [{"carrier": "UPS", "number": "1Z999AA10123456784"}]
    assert said["order_numbers"] == ["SO-1042"]
    assert (said["report"], said["complaint"], said["attachments"], said["defects"]) == ([], None, [], [])


def test_a_folder_is_read_to_its_depth(mail, capsys):
    below = mail.parent / "a/b"
    below.mkdir(parents=True)
    (below / "OTHER.EML").write_bytes(QUESTION)
    (below / "notes.txt").write_bytes(QUESTION)
    assert run([str(mail.parent)], as_json=True) == 0
    assert [said["file"] for said in objects(capsys)] == [str(below / "OTHER.EML"), str(mail)]


def test_a_named_file_needs_no_ending(tmp_path, capsys):
    (tmp_path / "mail").write_bytes(QUESTION)
    assert run([str(tmp_path / "mail")], as_json=True) == 0
    assert objects(capsys)[0]["message_id"] == "q1@example.net"


def test_a_dash_is_standard_input(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(QUESTION)))
    assert run(["-"], as_json=True) == 0
    (said,) = objects(capsys)
    assert (said["file"], said["message_id"]) == ("-", "q1@example.net")


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\0\xff" * 500,
        b"no mail at all",
        QUESTION[:200],
        b"Content-Type: multipart/mixed\r\n\r\n--x\r\n",
    ],
)
def test_damage_still_gives_a_line(tmp_path, capsys, octets):
    (tmp_path / "bad.eml").write_bytes(octets)
    assert run([str(tmp_path)], as_json=True) == 0
    (said,) = objects(capsys)
    assert list(said) == KEYS


def test_a_path_that_cannot_be_read_is_told_and_the_others_follow(mail, capsys):
    assert run(["/nowhere.eml", str(mail)], as_json=True) == 1
    told = capsys.readouterr()
    assert told.err == "/nowhere.eml: cannot be read: No such file or directory\n"
    assert len(told.out.splitlines()) == 1


def test_a_file_in_a_folder_that_cannot_be_read_is_told(mail, capsys):
    (mail.parent / "gone.eml").symlink_to("nowhere")
    (mail.parent / "folder.eml").mkdir()
    assert run([str(mail.parent)], as_json=True) == 1
    told = capsys.readouterr()
    assert told.err == f"{mail.parent}/gone.eml: cannot be read: No such file or directory\n"
    assert len(told.out.splitlines()) == 1


def test_a_folder_without_mail_is_no_failure(tmp_path, capsys):
    assert run([str(tmp_path)], as_json=True) == 0
    assert "there is no *.eml" in capsys.readouterr().err


def test_what_the_markup_says_comes_first(tmp_path, capsys):
    (tmp_path / "a.eml").write_bytes(MARKUP)
    run([str(tmp_path)], as_json=True)
    (said,) = objects(capsys)
    assert said["tracking_numbers"] == [{"carrier": "Bike Courier", "number": "TEST12345"}]
    assert said["order_numbers"] == ["WEB-77"]


def test_every_kind_has_its_word():
    assert {kind.__name__ for kind in KINDS} == {kind.__name__ for kind in Kind.__args__}
    assert sorted(KINDS.values()) == [
        "auto_reply",
        "challenge",
        "complaint",
        "delivery_report",
        "ordinary",
        "unsubscribe",
    ]


STATUS = RecipientStatus(
    recipient="leo@example.net",
    final="leo@mx.example.net",
    action=DsnAction.FAILED,
    status="5.1.1",
    diagnostic="550 no such user",
    bounce=BounceClass.NO_SUCH_USER,
    permanent=True,
    dead_address=True,
)


def test_a_report_names_each_recipient():
    said = understood("x", Parsed(kind=DeliveryReport((STATUS,))))
    assert said["kind"] == "delivery_report"
    assert said["answerable"] is False
    assert said["report"] == [
        {
            "recipient": "leo@example.net",
            "action": "failed",
            "status": "5.1.1",
            "bounce_class": "no_such_user",
            "permanent": True,
            "dead_address": True,
            "diagnostic": "550 no such user",
        }
    ]
    assert json.loads(json.dumps(said)) == said


def test_a_complaint_says_who_about_what():
    said = understood(
        "x", Parsed(kind=Complaint("abuse", "leo@example.net", MessageId("m1@pottery.example")))
    )
    assert said["complaint"] == {
        "type": "abuse",
        "recipient": "leo@example.net",
        "message_id": "m1@pottery.example",
    }


def test_a_null_return_path_is_not_answered(mail, capsys):
    mail.write_bytes(QUESTION.replace(b"Return-Path: <ana@example.net>", b"Return-Path: <>"))
    run([str(mail)], as_json=True)
    assert objects(capsys)[0]["answerable"] is False


def test_a_person_reads_what_matters(mail, capsys):
    assert run([str(mail)], as_json=False) == 0
    said = capsys.readouterr().out
    for words in (
        "ordinary",
        "Ana Moreno <ana@example.net>",
        "UPS 1Z999AA10123456784  https://www.ups.com/",
        "SO-1042",
        "| Grüße, UPS says",
        "m1@pottery.example",
    ):
        assert words in said
    assert "Your parcel left" not in said


def test_a_person_is_told_why_no_answer_goes_out_and_what_is_damaged(tmp_path, capsys):
    (tmp_path / "a.eml").write_bytes(
        b"Auto-Submitted: auto-replied\r\nFrom: [bold]x[/bold] <x@example.net>\r\n\r\n"
    )
    run([str(tmp_path)], as_json=False)
    said = capsys.readouterr().out
    assert "never by a machine: " in said
    assert "[bold]x[/bold]" in said  # nothing of a mail is taken for markup


def test_a_person_reads_reports_and_notes_of_absence(capsys):
    from gateway.cli.inspect_view import show

    show("a", Parsed(kind=DeliveryReport((STATUS,)), reply="\n".join(map(str, range(60)))))
    show("b", Parsed(kind=AutoReply(gone=True, alternate="eva@example.net")))
    show("c", Parsed(kind=Complaint("abuse", "leo@example.net", None)))
    said = capsys.readouterr().out
    assert "leo@example.net: failed 5.1.1 for good: there is no such mailbox; the address is dead" in said
    assert "550 no such user" in said
    assert "and 20 lines more" in said
    assert "eva@example.net" in said
    assert "it is spam, says leo@example.net" in said


def view(octets: bytes, tmp_path: Path, capsys) -> str:
    file = tmp_path / "seen.eml"
    file.write_bytes(octets.replace(b"\n", b"\r\n"))
    assert run([str(file)], as_json=False) == 0
    return capsys.readouterr().out


def test_a_person_is_told_how_much_is_quoted_and_what_it_answers(mail, capsys):
    run([str(mail)], as_json=False)
    said = capsys.readouterr().out
    assert "1 line; 2 lines more are quoted or a signature" in said
    assert "a number that anybody can see: SO-1042" in said
    assert "the mail m1@pottery.example" in said


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("Subject: x", "nobody: there is no From"),
        ("From: a@b.example\nFrom: c@d.example", "nobody: there are 2 From fields"),
        ("From: a@b.example, c@d.example", "nobody: From names 2 people"),
        ('From: "owner@shop.example" <eve@evil.example>', "shows an address other than eve@evil.example"),
        ("From: (a comment) a@b.example", "nobody: From is no plain name and address"),
        ("\n\nFrom: a@b.example", "nobody: blank lines stand above From"),
        ("From: Ana <a@b.example>", "a@b.example, and nobody else"),
    ],
)
def test_a_person_is_told_who_it_is_or_why_nobody(header: str, why: str, tmp_path, capsys):
    said = view(header.encode() + b"\n\nWords.\n", tmp_path, capsys)
    assert why in said
    assert ("L0 for ever" in said) == why.startswith("nobody") or "shows an address" in why


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ("a=rsa-sha256; d=b.example; h=From:To; b=x", "the author's domain (rsa-sha256)"),
        ("a=ed25519-sha256; d=mail.b.example; h=from; b=x", "the author's domain (ed25519-sha256)"),
        ("a=rsa-sha256; d=list.example; h=from; b=x", "which is not the author's domain b.example"),
        ("a=rsa-sha1; d=b.example; h=from; b=x", "counts for nothing: rsa-sha1"),
        ("a=rsa-sha256; d=b.example; h=from; l=10; b=x", "counts for nothing: it covers only the beginning"),
        ("a=rsa-sha256; d=b.example; h=subject; b=x", "counts for nothing: it does not cover From"),
        ("nonsense", "a DKIM signature of nobody"),
    ],
)
def test_a_signature_is_shown_for_what_it_may_prove(tags: str, words: str, tmp_path, capsys):
    said = view(f"From: a@b.example\nDKIM-Signature: {tags}\n\nWords.\n".encode(), tmp_path, capsys)
    assert words in said
    assert "no DKIM signature" not in said


def test_what_a_mail_claims_about_itself_is_no_proof(tmp_path, capsys):
    claimed = b"Authentication-Results: mx.b.example; spf=pass smtp.mailfrom=b.example; dmarc=pass\n"
    said = view(claimed + b"From: a@b.example\n\nWords.\n", tmp_path, capsys)
    assert "claimed by mx.b.example: spf=pass, dmarc=pass; believed only from" in said
    assert "L0 as a file" in said


def test_every_defect_has_words():
    mails = Path(__file__).parents[1] / "mails"
    seen = {
        defect.partition(": ")[0]
        for file in mails.rglob("*.eml")
        for defect in parse(file.read_bytes()).defects
    }
    assert len(seen) > 10
    assert seen <= set(WORDS)
    assert in_words("repeated: to").endswith("the first counts: to")
    assert in_words("something new") == "something new"


def test_every_class_kind_party_and_token_has_words():
    assert set(inspect_view._CLASS_WORDS) == set(BounceClass)
    assert set(inspect_view._KIND_WORDS) == set(KINDS.values())
    assert set(inspect_view._PARTY_WORDS) == set(PartyKind)
    assert set(inspect_view._TOKEN_WORDS) == set(TokenKind)
    assert set(inspect_view._EVIDENCE_WORDS) == set(EvidenceKind)


def test_each_mail_of_an_mbox_is_read_by_itself(tmp_path, capsys):
    bodies = (b"One.\n\n>From here on it is yours.\nFrom there\n", b"Two.\n")
    box = b"".join(
        b"From ana@example.net Thu Nov 19 10:00:00 2026\nFrom: ana@example.net\nSubject: x\n\n" + body + b"\n"
        for body in bodies
    )
    (tmp_path / "box.mbox").write_bytes(box)
    assert run([str(tmp_path / "box.mbox")], as_json=True) == 0
    first, second = objects(capsys)
    assert (first["file"], second["file"]) == tuple(f"{tmp_path}/box.mbox, mail {at} of 2" for at in (1, 2))
    assert first["reply"].splitlines() == ["One.", "", "From here on it is yours.", "From there"]
    assert second["reply"] == "Two."
    assert first["defects"] == second["defects"] == []


@pytest.mark.parametrize("octets", [b"", b"PK\x03\x04 is an archive\n", b"just some words\nof a person\n"])
def test_a_file_that_is_no_mail_is_called_so(octets: bytes, tmp_path, capsys):
    said = view(octets, tmp_path, capsys)
    assert "it has no header: perhaps this is no mail" in said
    assert "nobody knows: it names no author" in said


def test_a_report_that_takes_a_complaint_back_says_so(capsys):
    inspect_view.show("x", Parsed(kind=Complaint("not-spam", "leo@example.net", MessageId("m1@x.example"))))
    said = capsys.readouterr().out
    assert "it is no spam after all, says leo@example.net" in said
    assert "about the mail m1@x.example" in said


def test_what_a_shop_knows_is_told_to_a_person_only(mail, tmp_path):
    with pytest.raises(InputError, match="leave out -f"):
        run([str(mail)], as_json=True, folder=tmp_path)


def test_one_line_is_quoted_and_two_lines_are(tmp_path, capsys):
    quoted = (
        b"From: a@b.example\n\nYes.\n\nOn Wed, 18 Nov 2026, Bo <bo@example.org> wrote:\n> Your parcel left.\n"
    )
    assert "2 lines more are quoted" in view(quoted, tmp_path, capsys)
    assert "1 line more is quoted" in view(b"From: a@b.example\n\nYes.\n\n> Blue?\n", tmp_path, capsys)


def test_neither_the_mail_nor_its_file_commands_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Escapes where a program might print what it read: raw, encoded, in references, in parameters."""
    raw, word = b"\x1b[31mx\xc2\x9b2J\x07", b"=?utf-8?q?=1b[31mx=c2=9b2J=0d=0aX:y=e2=80=ae?="
    file = tmp_path / "a\x1b[31m.eml"
    file.write_bytes(
        b"From: %(word)s <a@b.example>\r\nTo: %(raw)s <o@b.example>\r\nSubject: %(word)s%(raw)s\r\n"
        b"Message-ID: <%(raw)s@x>\r\nDate: %(raw)s\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n"
        b"&#27;[31m &#155;2J %(raw)s\r\n"
        b"--b\r\nContent-Type: a/%(raw)s; name*=utf-8''%%1b%%5b31m%%0d%%0aevil\r\n"
        b"Content-Disposition: attachment; filename*=utf-8''%%1b]0;x%%07%%e2%%80%%ae.exe\r\n\r\n"
        b"x\r\n--b--\r\n" % {b"raw": raw, b"word": word}
    )
    for as_json in (False, True):
        assert run([str(file)], as_json=as_json) == 0
        said = capsys.readouterr().out
        assert [each for each in said if not each.isprintable() and each != "\n"] == []
