"""Mailbox names in modified UTF-7, as RFC 3501, 5.1.3 has them."""

import pytest

from gateway.edges.imap_name import mailbox, modified_utf7, quoted


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("INBOX", "INBOX"),
        ("Entwürfe", "Entw&APw-rfe"),
        ("Tom & Jerry", "Tom &- Jerry"),
        ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("ü", "&APw-"),
        ("💐", "&2D3ckA-"),
        ("", ""),
    ],
)
def test_a_name_in_modified_utf7(name: str, written: str):
    assert modified_utf7(name) == written
    assert mailbox(name) == f'"{written}"'


def test_quotes_and_backslashes_are_escaped():
    assert quoted('a "b" \\c') == '"a \\"b\\" \\\\c"'


@pytest.mark.parametrize("text", ["a\r\nA1 LOGOUT", "a\0", "a\n"])
def test_what_no_quoted_string_can_hold_is_refused(text: str):
    with pytest.raises(ValueError, match="control character"):
        quoted(text)
