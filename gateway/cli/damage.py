"""The defects of a mail in plain words: what was wrong with it, and what we made of it."""

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "boundary_guessed": "it does not say where its parts begin; they were found by their looks",
    "charset_damaged": "a few characters are broken and shown as \ufffd",
    "charset_guessed": "it does not say truly how its letters are written; they were guessed, as",
    "charset_unknown": "it names a way of writing letters that nobody knows:",
    "eight_bit_in_quoted_printable": "raw octets stand where quoted-printable allows none; they were kept",
    "encrypted": "it is encrypted: nobody but its recipient's program can read it",
    "leading_blank_lines": "blank lines stand above its header, so its author is not believed",
    "line_ends": "its lines do not all end with CRLF, or it holds a NUL",
    "no_blank_line": "no blank line stands between its header and its words",
    "no_boundary": "it claims to have parts and has none; all of it was read as text",
    "no_from": "it does not say who wrote it",
    "not_a_field": "a line in its header is no field; it was skipped",
    "not_base64": "its words are not all in base64, although it says so; they were kept",
    "refused_type": "a program or a document with macros; it is never opened:",
    "repeated": "a field that may stand once stands more often; the first counts:",
    "text_cut": "it is longer than anybody reads; the rest is in the mail itself",
    "tnef": "Outlook hid its files in winmail.dat, which is not opened",
    "too_complex": "reading it would cost too much; only its header was read",
    "too_deep": "its parts lie in one another too deep; the innermost are one attachment",
    "too_many_fields": "its header has more fields than are read",
    "too_many_parts": "it has more parts than are read",
    "transfer_encoding_unknown": "it names a transfer encoding that nobody knows; it was read as it is",
    "unreadable": "it could not be read; only its header was",
}


def in_words(defect: str) -> str:
    """The defect as a sentence; one without words is told as it is."""
    name, _, detail = defect.partition(": ")
    return f"{WORDS[name]} {detail}".strip() if name in WORDS else defect
