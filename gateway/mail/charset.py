"""Octets to text: a ladder of readings, because what a mail declares is often not what it holds.

The rungs, first success wins: a byte order mark; the declared charset if it is stateful or 16-bit (its octets
look like ASCII); strict UTF-8; the declared charset under its mended name; UTF-8 or the declared one with
little damage; a guess, by letters or of chardet, if there is enough to go by; cp1252, which reads anything.
"""

import codecs
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, cast

from gateway.mail import alphabet

# Names that mean another, usually larger, repertoire than they say (the WHATWG's table has the same idea).
MENDED: Mapping[str, str] = {
    "ansi": "cp1252",
    "big5": "big5hkscs",
    "chinese": "gb18030",
    "cp-850": "cp850",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "iso-8859-11": "cp874",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "ks_c_5601": "cp949",
    "ks_c_5601-1987": "cp949",
    "ksc5601": "cp949",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "macintosh": "mac_roman",
    "shift-jis": "cp932",
    "shift_jis": "cp932",
    "sjis": "cp932",
    "tis-620": "cp874",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb3": "utf-8",
    "utf8mb4": "utf-8",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "windows-949": "cp949",
    "x-gbk": "gb18030",
    "x-mac-roman": "mac_roman",
    "x-sjis": "cp932",
} | dict.fromkeys(
    ("default", "unknown-8bit", "x-unknown", "unknown", "ansi_x3.4-1968", "8bit", "none"), "ascii"
)
_STATEFUL = ("iso2022", "hz", "utf_7", "utf_16", "utf_32")
# Their octet pairs can spell UTF-8 of two octets by chance: 目录 in GBK is also the UTF-8 of "Ŀ¼".
_PAIRED = frozenset(("gb18030", "big5hkscs", "cp949", "cp932", "euc_jp", "euc_jis_2004", "cp874"))
_NOT_OF_MAIL = frozenset(("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs"))
_MARKS = (
    (codecs.BOM_UTF8, "utf_8"),
    (codecs.BOM_UTF32_LE, "utf_32"),
    (codecs.BOM_UTF32_BE, "utf_32"),
    (codecs.BOM_UTF16_LE, "utf_16"),
    (codecs.BOM_UTF16_BE, "utf_16"),
)
_HIGH = bytes(range(128, 256))
_KNOWN = 0.1  # rating of chardet below which it knows nothing; from 7.0 on the right answer may have 0.2
_AS_GOOD = 0.02  # ratings that differ by less are equal
_USUAL = (
    *("cp1251", "koi8_r", "cp1253", "cp1250", "cp1254", "cp1255", "cp1256", "cp1252", "gb18030", "big5hkscs"),
    *("cp932", "euc_jp", "cp949", "cp874"),
)
_TWINS = {"cp1250": "iso8859_2", "cp1253": "iso8859_7"}
_LATIN = frozenset(("cp1252", "cp1250", "cp1254", "cp1257", "iso8859_2", "iso8859_15"))
_CLAIMED_BY_ALL = frozenset(("cp1252", "iso8859_15"))
_OTHER_LETTERS = frozenset((*_USUAL, "iso8859_5", "iso8859_7", "iso8859_8")) - _LATIN
_LETTERS = tuple(bytes((octet,)) for octet in b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_FEW, _SOME, _ENOUGH = 4, 16, 64  # 8-bit octets: below, a guess at that is a game of dice
_SAMPLE = 65536  # octets that are shown to chardet
_DAMAGE = 20  # one broken place in so many 8-bit octets is damage, more is another charset

_guesses_put_off: ContextVar[list[bytes] | None] = ContextVar("guesses_put_off", default=None)


@contextmanager
def guessing_put_off() -> Generator[list[bytes]]:
    """Within it nothing is asked of chardet, whose models take 25 MiB; the list gets what would have been."""
    put_off: list[bytes] = []
    token = _guesses_put_off.set(put_off)
    try:
        yield put_off
    finally:
        _guesses_put_off.reset(token)


def decoded(octets: bytes, declared: str = "") -> tuple[str, str]:
    """The text that `octets` hold, and the defect found on the way ("" for none)."""
    codec = codec_of(declared) if declared else ""
    defect = f"charset_unknown: {declared[:40]!r}" if declared and not codec else ""
    shifts = b"\x1b$" in octets or b"\x1b(" in octets
    if octets.isascii() and not shifts and not codec.startswith(_STATEFUL):
        return octets.decode("ascii"), defect
    text = _marked(octets) or (_stateful(octets, codec) if codec.startswith(_STATEFUL) or shifts else None)
    if text is None and (utf8 := _strictly(octets, "utf-8")) is not None:
        doubtful = codec in _PAIRED and max(utf8, default="") < "\u0800"
        text = (_strictly(octets, codec) if doubtful else None) or utf8
    if text is None and codec:
        text = _mislabelled(octets) if codec in _CLAIMED_BY_ALL else None
        if text is not None:
            return text
        text = _strictly(octets, codec)
    if text is not None:
        return _whole(text), defect
    return _damaged(octets, codec) or _guessed(octets)


@lru_cache(maxsize=512)
def codec_of(declared: str) -> str:
    """Python's name of a declared charset, mended; "" when nobody knows it."""
    name = declared.strip(" \t\"'").lower()
    name = MENDED.get(name, name)
    try:
        codec = codecs.lookup(name).name
        b"abcd".decode(name, "replace")  # refuses what is no charset, such as "zlib"
    except (LookupError, ValueError):
        return ""
    codec = codec.replace("-", "_")
    return "" if codec in _NOT_OF_MAIL else codec


def _strictly(octets: bytes, codec: str) -> str | None:
    try:
        return octets.decode(codec)
    except (UnicodeError, LookupError, ValueError):
        return None


def _marked(octets: bytes) -> str | None:
    codec = next((codec for mark, codec in _MARKS if octets.startswith(mark)), None)
    return _strictly(octets, codec) if codec else None


def _stateful(octets: bytes, codec: str) -> str | None:
    """The reading of octets that shift between sets; UTF-16 without any NUL is a wrong name for ASCII."""
    if codec.startswith(("utf_16", "utf_32")) and b"\0" not in octets:
        return None
    if b"\x1b$)C" in octets and not codec.startswith("iso2022_jp"):
        codec = "iso2022_kr"  # its designator stands once, at the top (RFC 1557)
    if codec.startswith("iso2022_jp") or not codec.startswith(_STATEFUL):
        text = _strictly(octets, "iso2022_jp_2")
        return text if text is not None or not octets.isascii() else _microsofts_jis(octets)
    return _strictly(octets, codec)


def _microsofts_jis(octets: bytes) -> str | None:
    """ISO-2022-JP with the characters that Japanese Windows puts into it (①, ㈱), read by way of cp932."""
    out: list[str] = []
    first, *shifted = octets.split(b"\x1b")
    out.append(first.decode("ascii", "replace"))
    for piece in shifted:
        if piece[:2] in (b"$B", b"$@"):
            out.append(_shift_jis(piece[2:]).decode("cp932", "replace"))
        elif piece[:2] == b"(I":
            out.append(bytes(octet | 0x80 for octet in piece[2:]).decode("cp932", "replace"))
        elif piece[:1] == b"(":
            out.append(piece[2:].decode("ascii", "replace"))
        else:
            return None
    return "".join(out)


def _shift_jis(pairs: bytes) -> bytes:
    """Pairs of JIS X 0208 as Shift_JIS has them; an odd octet at the end is dropped."""
    out = bytearray()
    for row, cell in zip(pairs[::2], pairs[1::2], strict=False):
        lead = ((row - 0x21) >> 1) + 0x81
        trail = cell + 0x7E if row % 2 == 0 else cell + 0x1F + (cell >= 0x60)
        out += bytes((max(0, min(255, lead + (0x40 if lead > 0x9F else 0))), min(255, trail)))
    return bytes(out)


def _damaged(octets: bytes, codec: str) -> tuple[str, str] | None:
    """The reading with few broken places: a cut character must not cost the rest of the text."""
    high = len(octets) - len(octets.translate(None, _HIGH))
    for candidate in dict.fromkeys(("utf-8", codec)):
        if not candidate or candidate in {"ascii", "cp1252"} or high < 2:
            continue
        text = octets.decode(candidate, "replace")
        if text.count("\ufffd") * _DAMAGE <= max(high, _DAMAGE):
            return _whole(text), "charset_damaged"
    return None


def _guessed(octets: bytes) -> tuple[str, str]:
    """The best guess that there is enough to go by for, else cp1252."""
    sample = octets[:_SAMPLE]
    high = len(sample) - len(sample.translate(None, _HIGH))
    most = high > sum(map(sample.count, _LETTERS))  # so it is in Western text never, in Cyrillic always
    if most and _FEW <= high < _SOME and (found := alphabet.guessed(octets)) is not None:
        text, codec = found
        return _whole(text), f"charset_guessed: {codec}"
    for codec in _candidates(sample) if high >= _FEW and (most or high >= _SOME) else ():
        enough = most or high >= _ENOUGH or codec in _LATIN
        if enough and (text := _strictly(octets, codec)) is not None:
            return _whole(text), f"charset_guessed: {codec}"
    return octets.decode("cp1252", "replace"), "charset_guessed: cp1252"


def _mislabelled(octets: bytes) -> tuple[str, str] | None:
    """Cyrillic, Greek and the like under the name that programs write when they do not know.

    In Western text letters outside ASCII are never the most.
    """
    sample = octets[:_SAMPLE]
    high = len(sample) - len(sample.translate(None, _HIGH))
    if high < _SOME or high <= sum(map(sample.count, _LETTERS)):
        return None
    text, defect = _guessed(octets)
    return (text, defect) if defect.rpartition(" ")[2] in _OTHER_LETTERS else None


def _candidates(sample: bytes) -> list[str]:
    """The guesses of chardet, best first; of those as good as the best, what mail is really written in.

    What Windows has and ISO 8859 has not lies between 0x80 and 0x9F: that tells the twins apart.
    """
    put_off = _guesses_put_off.get()
    if put_off is not None:
        put_off.append(sample)
        return []
    import chardet

    found = cast("list[dict[str, Any]]", chardet.detect_all(sample))
    rated = [(codec_of(str(one["encoding"] or "")), float(one["confidence"] or 0)) for one in found]
    best = max((rating for _, rating in rated), default=0.0)
    close = [codec for codec, rating in rated if codec and rating >= max(best - _AS_GOOD, _KNOWN)]
    windows = len(sample) > len(sample.translate(None, bytes(range(0x80, 0xA0))))
    usual = _USUAL if windows else tuple(_TWINS.get(codec, codec) for codec in _USUAL)
    return sorted(close, key=lambda codec: usual.index(codec) if codec in usual else len(usual))


def _whole(text: str) -> str:
    """The text without a byte order mark and with lone surrogates replaced."""
    text = text.removeprefix("\ufeff")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
