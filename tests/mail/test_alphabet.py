"""A handful of letters without a charset: Cyrillic before Greek, words before capitals."""

import pytest

from gateway.mail.alphabet import guessed
from gateway.mail.charset import decoded


@pytest.mark.parametrize("codec", ["cp1251", "koi8-u"])
@pytest.mark.parametrize(
    "text",
    [
        *(
            "Тест",
            "тест",
            "ТЕСТ",
            "Привет",
            "где заказ?",
            "Ок, спасибо!",
            "Заказ 1042",
            "Счёт",
            "адрес",
            "ХОРОШО",
        ),
        *("чекаю", "Замовлення", "Здравейте", "Анна Петрова", "Санкт-Петербург"),
    ],
)
def test_cyrillic(text: str, codec: str):
    read, defect = decoded(text.encode(codec))
    assert read == text
    assert defect.startswith("charset_guessed: ")


@pytest.mark.parametrize("text", ["Γεια σας", "Ευχαριστώ", "ευχαριστώ", "παραγγελία", "Καλημέρα"])
@pytest.mark.parametrize("codec", ["cp1253", "iso8859-7"])
def test_greek(text: str, codec: str):
    assert decoded(text.encode(codec))[0] == text


def test_hebrew():
    assert decoded("שלום".encode("cp1255"))[0] == "שלום"


def test_what_may_be_both_is_the_one_that_mail_is_written_in():
    assert "ТЕСТ".encode("koi8-r") == "τεστ".encode("cp1253")
    assert guessed("τεστ".encode("cp1253")) == ("ТЕСТ", "koi8_u")


@pytest.mark.parametrize(
    "octets",
    [
        "ÄÖÜß".encode("cp1252"),  # no common letters of any alphabet
        "été réçu".encode("cp1252"),  # letters of two alphabets in one word
        "订单".encode("gb18030"),
        "注文".encode("euc-jp"),
        b"",
        b"plain",
    ],
)
def test_what_makes_no_words_is_not_guessed(octets: bytes):
    assert guessed(octets) is None


def test_two_or_three_letters_are_western():
    assert decoded("Да!".encode("cp1251")) == ("Äà!", "charset_guessed: cp1252")
