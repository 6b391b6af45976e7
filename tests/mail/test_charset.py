"""Octets become text, whatever they are called."""

import pytest

from gateway.mail.charset import codec_of, decoded

RUSSIAN = "Добрый день, когда придёт заказ 1042? Мне нужны две синие кружки, с уважением, Анна."
GREEK = "Πότε έρχεται η παραγγελία 1042; Θα ήθελα δύο μπλε κούπες και ένα μεγάλο πιάτο."
POLISH = (
    "Dzień dobry, chciałbym zamówić dwa kubki. Ile kosztuje wysyłka do Łodzi? "
    "Proszę też o duży talerz. Dziękuję, życzę miłego dnia. Źródło: gazetka."
)
JAPANESE = "青いマグカップを二つ注文したいのですが、送料はいくらでしょうか。"
FRENCH = (
    "J’ai été très déçue : la livraison prévue à Orléans est en retard, c’était déjà le cas. Désolée, Hélène"
)


@pytest.mark.parametrize(
    ("text", "codec", "declared"),
    [
        ("plain", "ascii", ""),
        ("größer", "utf-8", ""),
        ("größer", "utf-8", "iso-8859-1"),
        ("größer", "utf-8", "us-ascii"),
        ("größer – 5 €", "cp1252", "iso-8859-1"),
        ("größer", "latin-1", "Windows-1252"),
        ("größer", "latin-1", '"ISO-8859-1"'),
        ("İşte", "cp1254", "iso-8859-9"),
        ("目录", "gbk", "gb2312"),
        ("朱镕基", "gb18030", "GB2312"),
        ("訂單", "big5", "big5"),
        ("주문 확인 똠", "cp949", "ks_c_5601-1987"),
        ("①注文", "cp932", "shift_jis"),
        ("注文です", "iso-2022-jp", "iso-2022-jp"),
        ("注文です", "iso-2022-jp", ""),
        ("주문", "iso-2022-kr", "iso-2022-kr"),
        ("목록", "euc-kr", "euc-kr"),
        ("注文です", "utf-8", "iso-2022-jp"),
        ("größer", "utf-8", "utf-7"),
        ("wide ✓", "utf-16", "utf-16"),
        ("wide ✓", "utf-16-le", "utf-16le"),
        ("über", "utf-7", "utf-7"),
        ("שלום", "iso-8859-8", "iso-8859-8-i"),
        ("สวัสดี", "tis-620", "tis-620"),
        ("été", "mac-roman", "macintosh"),
    ],
)
def test_declared_text_is_read(text: str, codec: str, declared: str):
    assert decoded(text.encode(codec), declared) == (text, "")


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "iso-8859-5"),
        (GREEK, "iso-8859-7"),
        (GREEK, "cp1253"),
        (POLISH, "cp1250"),
        (POLISH, "iso-8859-2"),
        (JAPANESE, "cp932"),
        (JAPANESE, "euc-jp"),
        (FRENCH, "cp1252"),
        ("Две кружки, пожалуйста.", "cp1251"),
    ],
)
def test_undeclared_text_is_guessed_when_there_is_enough_of_it(text: str, codec: str):
    read, defect = decoded(text.encode(codec))
    assert read == text
    assert defect.startswith("charset_guessed: ")


@pytest.mark.parametrize(
    ("text", "codec"),
    [(RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"), (GREEK, "cp1253"), (JAPANESE, "cp932"), (JAPANESE, "euc-jp")],
)
@pytest.mark.parametrize("declared", ["iso-8859-1", "windows-1252", "us-ascii"])
def test_letters_that_cannot_be_western_are_not_read_as_western(text: str, codec: str, declared: str):
    read, defect = decoded(text.encode(codec), declared)
    assert read == text
    assert defect.startswith("charset_guessed: ")


@pytest.mark.parametrize("text", [FRENCH, "ÄÖÜÄÖÜ ÄÖÜ ß", "Où? Là! Ça, dès août", "ÉÈÊ " * 20])
def test_western_text_is_believed(text: str):
    assert decoded(text.encode("cp1252"), "iso-8859-1") == (text, "")


def test_korean_shifts_without_a_name_are_read():
    text = "안녕하세요"
    assert decoded(text.encode("iso2022_kr")) == (text, "")


def test_few_octets_are_western():
    assert decoded("déjà".encode("latin-1")) == ("déjà", "charset_guessed: cp1252")


def test_a_byte_order_mark_is_believed_and_dropped():
    assert decoded(b"\xef\xbb\xbfA\xc3\xa4", "iso-8859-1") == ("Aä", "")
    assert decoded(b"\xff\xfeA\0", "utf-8") == ("A", "")


def test_a_name_for_sixteen_bits_over_ascii_is_a_mistake():
    assert decoded(b"ordinary words", "utf-16") == ("ordinary words", "")


def test_windows_characters_in_iso_2022_jp_are_read():
    octets = "受付".encode("iso-2022-jp") + b" \x1b$B-!-j\x1b(B ok \x1b(I6E\x1b(B"
    assert decoded(octets, "iso-2022-jp") == ("受付 ①㈱ ok ｶﾅ", "")


def test_one_lost_octet_does_not_cost_the_rest():
    octets = ("ä" * 30).encode() + b"\xc3 " + "ö".encode()
    read, defect = decoded(octets, "utf-8")
    assert read == "ä" * 30 + "\ufffd ö"
    assert defect == "charset_damaged"


@pytest.mark.parametrize(
    "name", ["x-martian", "zlib", "idna", "unicode_escape", "base64", "\0", "é", "x" * 500]
)
def test_what_is_no_charset_is_a_defect_not_an_error(name: str):
    read, defect = decoded("größer".encode(), name)
    assert read == "größer"
    assert defect.startswith("charset_unknown: ")
    assert codec_of(name) == ""


def test_no_lone_surrogate_gets_out():
    read, _ = decoded(b"+2AA-", "utf-7")
    read.encode()
