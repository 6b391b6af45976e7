"""Stop words count alone on the first line, in any of their languages."""

import pytest

from gateway.mail.stopword import WORDS, stop_word


@pytest.mark.covers("S3-R1.4")
@pytest.mark.parametrize("language", sorted(WORDS))
def test_each_word_of_each_language_is_known(language: str):
    for word in WORDS[language]:
        assert stop_word(word)
        assert stop_word(f"  *{word.upper()}*!\n\nSent from my phone") == stop_word(word)


def test_there_are_at_least_22_languages():
    assert len(WORDS) >= 22


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n \n",
        "stop that and send the blue one",
        "please do not stop",
        "cancel",
        "cancel my order",
        "Hello,\nstop",
        "stornieren",
        "annuler",
        "non-stop",
        "stopword",
        "remove the green one",
        "x" * 10_000,
    ],
)
def test_what_is_no_stop_word(text: str):
    assert stop_word(text) == ""


def test_typographic_apostrophes_and_blanks():
    assert stop_word("Don’t  email me") == "don't email me"
