"""Attachments are listed, never opened."""

import pytest

from gateway.mail.attachment import listed


def test_a_vague_type_is_what_the_octets_say():
    entry, notes = listed("x", "application/octet-stream", b"%PDF-1.7 ...")
    assert entry.media_type == "application/pdf"
    assert entry.size == 12
    assert len(entry.sha256) == 64
    assert notes == ()


def test_a_document_keeps_its_type_although_it_is_a_zip():
    media_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    assert listed("a.docx", media_type, b"PK\x03\x04")[0].media_type == media_type


@pytest.mark.parametrize(
    ("filename", "media_type", "content"),
    [
        ("photo.png", "image/png", b"MZ\x90"),
        ("photo.jpg", "image/jpeg", b"\x7fELF"),
        ("invoice.pdf.exe", "application/pdf", b"%PDF-"),
        ("prices.XLSM", "application/zip", b"PK\x03\x04"),
        ("run.js", "text/javascript", b"alert()"),
        ("shortcut.lnk", "application/octet-stream", b""),
    ],
)
def test_programs_and_macros_are_named(filename: str, media_type: str, content: bytes):
    assert listed(filename, media_type, content)[1] == (f"refused_type: {filename}",)


@pytest.mark.parametrize("filename", ["vase.jpg", "stock.csv", "order.json", "exe", "no extension", ""])
def test_ordinary_files_are_not(filename: str):
    assert listed(filename, "application/octet-stream", b"words")[1] == ()


def test_winmail_dat_gets_a_note():
    assert listed("winmail.dat", "application/octet-stream", b"\x78\x9f\x3e\x22...")[1] == ("tnef",)
