"""Text that flows (RFC 3676)."""

import pytest

from gateway.mail.flowed import unflowed


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("one \ntwo\nthree", "one two\nthree"),
        ("one\ntwo", "one\ntwo"),
        ("> one \n> two\nmine", "> one two\nmine"),
        ("> one \n>> two", "> one \n>> two"),
        (">one \n> two", "> one two"),
        (" From here\n >not quoted", "From here\n>not quoted"),
        ("end \n\nnext", "end \nnext"),
        ("words \n-- \nAna", "words \n-- \nAna"),
        ("-- \nAna", "-- \nAna"),
        ("", ""),
    ],
)
def test_soft_breaks_are_joined_within_their_depth(text: str, wanted: str):
    assert unflowed(text) == wanted


def test_with_delsp_the_blank_goes_too():
    assert unflowed("青い \nマグ", delete_space=True) == "青いマグ"
    assert unflowed("青い \nマグ") == "青い マグ"
