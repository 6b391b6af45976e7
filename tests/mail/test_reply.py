"""The new words of a reply, over clients, tongues and ways to quote."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from time import process_time

import pytest

from gateway.mail.markup import text_of
from gateway.mail.reply import new_words

GOLDEN = Path(__file__).parents[1] / "mails" / "replies"
NAMES = sorted(path.name.removesuffix(".reply.txt") for path in GOLDEN.glob("*.reply.txt"))

# One line of each client and tongue, as it introduces a quotation.
CERTAIN = (GOLDEN / "attributions.txt").read_text(encoding="utf-8").splitlines()
MOBILE = (GOLDEN / "mobile_lines.txt").read_text(encoding="utf-8").splitlines()
# These are believed only directly above a quotation.
ONLY_ABOVE_A_QUOTE = (
    "Anna Holm wrote:",
    "Anna Holm schrieb:",
    "Anna Holm a écrit :",
    "Anna Holm <anna@glas.example> writes:",
    "Zitat von Anna Holm <anna@glas.example>:",
    "Quoting Anna Holm <anna@glas.example>:",
    "Monday, January 5, 2026, 3:04:05 PM, you wrote:",
    "On Mon, 5 Jan 2026, Anna Holm wrote:",
)
WORDS = "Yes, that is fine.\n\nAnna"
QUOTE = "> Is blue fine?\n>\n> Glashaus"
UNMARKED = "Is blue fine?\n\nGlashaus"


def golden(name: str, ending: str) -> str:
    return (GOLDEN / f"{name}{ending}").read_text(encoding="utf-8")


def mail_text(name: str) -> str:
    html = GOLDEN / f"{name}.html"
    return text_of(html.read_text(encoding="utf-8")) if html.exists() else golden(name, ".txt")


def wrapped(line: str) -> Iterator[str]:
    """The line as it is, and broken as clients break it, into four lines at most."""
    for width in (500, 76, 60, 44):
        lines = wrap(line, width, break_long_words=False, break_on_hyphens=False)
        if len(lines) <= 4:
            yield "\n".join(lines)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("name", NAMES)
def test_golden_reply(name: str, line_end: str) -> None:
    text = mail_text(name).replace("\n", line_end)

    assert new_words(text).split() == golden(name, ".reply.txt").split()


def test_every_golden_reply_is_described() -> None:
    described = (GOLDEN / "SOURCES.md").read_text(encoding="utf-8")

    assert len(NAMES) > 150
    assert not [name for name in NAMES if f"`{name}`" not in described]


@pytest.mark.parametrize("line", CERTAIN)
def test_an_attribution_is_known_however_it_is_wrapped(line: str) -> None:
    for introduced in wrapped(line):
        assert new_words(f"{WORDS}\n\n{introduced}\n\n{QUOTE}") == WORDS
        assert new_words(f"{WORDS}\n{introduced}\n{QUOTE}") == WORDS
        assert new_words(f"{introduced}\n{QUOTE}\n\n{WORDS}") == WORDS


@pytest.mark.parametrize("line", CERTAIN)
def test_a_certain_attribution_ends_the_words_even_where_the_quote_has_no_marks(line: str) -> None:
    for introduced in wrapped(line):
        assert new_words(f"{WORDS}\n\n{introduced}\n\n{UNMARKED}") == WORDS
        assert new_words(f"{WORDS}\n\n{introduced}\n") == WORDS


@pytest.mark.parametrize("line", ONLY_ABOVE_A_QUOTE)
def test_a_weak_attribution_counts_only_above_a_quote(line: str) -> None:
    assert new_words(f"{WORDS}\n\n{line}\n\n{QUOTE}") == WORDS
    assert new_words(f"{WORDS}\n\n{line}\n\n{UNMARKED}") == f"{WORDS}\n\n{line}\n\n{UNMARKED}"


@pytest.mark.parametrize("line", MOBILE)
def test_what_a_telephone_adds_is_none_of_the_words(line: str) -> None:
    assert new_words(f"{WORDS}\n\n{line}") == WORDS
    assert new_words(f"{WORDS}\n{line}\n\n{QUOTE}") == WORDS


@pytest.mark.parametrize(
    "banner",
    [
        "You don't often get email from anna@glas.example. Learn why this is important<https://aka.ms/x>",
        "CAUTION: This email originated from outside of the organization.\nDo not click links.",
    ],
)
def test_a_warning_of_the_provider_is_none_of_the_words(banner: str) -> None:
    assert new_words(f"{banner}\n\n{WORDS}") == WORDS
    assert new_words(banner) == banner


def test_the_attributions_speak_at_least_25_tongues_in_both_orders() -> None:
    assert len(CERTAIN) >= 120
    assert sum(line.startswith("Anna Holm") for line in CERTAIN) >= 8  # the name before the date


@pytest.mark.parametrize(
    "line",
    [
        "As your colleague wrote:",
        "I think what you wrote here is wrong:",
        "My questions:",
        "Delivery 5.1.2026, 15:04:",
        "On 5 January your colleague wrote:",
        "Bitte an anna@glas.example schreiben:",
    ],
)
def test_sentences_that_end_in_a_colon_are_words(line: str) -> None:
    text = f"{WORDS}\n\n{line}\n\nall of this"

    assert new_words(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Ich habe das Paket mit dem Telefon gestern an Sie verschickt.",
        "Hallo,\n\nvon meinem Handy ging leider etwas kaputt",
        "40 units ready.\n\nSent with UPS, tracking 1Z999AA1, contact phone +49 30 1234567",
        "Hi\n\nSent by DHL on Monday, mobile number 0170 1234567",
        "您好\n\n從手機無法下單",
        "Hello\n\nOutlook für Android funktioniert nicht",
        "Please excuse the typo in my address: it is Ofenweg 7.",
        "Yes\n\nRegards\nPeter\n+44 20 7946 0958",
        "Invoice to\n\nAnna Holm\nGlasgasse 1\nTel 030 1234567\nwww.anna.example",
        "Cancel my order.\n\nThanks\nAnna\n\nIf you have received this in error, call me.",
        "The original message was lost, please resend it",
        "Please unsubscribe me from your mailing list",
        "I start\n--\nand go on\n--\n" + "and on\n" * 14 + "and end",
        "From our house\nto yours",
        "Thanks, here is my address:\nAnna Holm\nTel. 030 1234567\nwww.anna.example",
        "Thanks!\nInvoice to:\nAnna Holm\nTel. 030 1234567\nwww.anna.example",
        "My details are\n\nAnna Holm\nTel. 030 1234567\nwww.anna.example",
        "Here is another mail.\n\nSent from my desk, is much easier than my mobile phone.",
        "Please ring me.\n\nMit dem Handy bin ich erreichbar.",
        "Enviado por error desde el móvil a otra dirección.",
        "Help.\n\nOn 5 Jan 2026 at 15:04 I wrote to orders@glas.example:\n\nWhere is it?\n\nNo answer.",
        "Hilfe.\n\nam 05.01.2026 um 15:04 habe ich an orders@glas.example geschrieben:\n\nWo?\n\nHm.",
    ],
)
def test_words_that_look_like_the_end_of_a_mail_are_kept(text: str) -> None:
    assert new_words(text).split() == text.split()


def test_words_and_notice_in_one_paragraph_are_told_apart() -> None:
    text = (
        "Confirmed.\nPeter\nThis email is confidential and intended solely for the addressee. If you have\n"
        "received it in error, notify the sender and delete it; disclosure is prohibited."
    )

    assert new_words(text) == "Confirmed.\nPeter"


def test_an_office_needs_no_farewell_but_a_finished_sentence_above() -> None:
    office = "Head of Purchasing\nHale & Sons Ltd\nTel. +44 20 7946 0958\nwww.hale.example"

    assert new_words(f"Please go ahead.\n\nPeter Hale\n{office}") == "Please go ahead.\n\nPeter Hale"
    assert new_words(f"Cheers, Peter\n{office}") == "Cheers, Peter"


def test_advertising_in_the_paragraph_of_the_words_goes_alone() -> None:
    text = "Confirmed.\nPlease consider the environment before printing this e-mail."

    assert new_words(text) == "Confirmed."


def test_a_lone_from_that_a_transport_marked_is_no_quote() -> None:
    assert new_words("Hello,\n>From Monday on I am away.\nAnna") == "Hello,\n>From Monday on I am away.\nAnna"


def test_a_reply_without_words_keeps_what_there_is() -> None:
    assert new_words("") == ""
    assert new_words(" \r\n\t\u200b\n") == ""
    assert new_words(QUOTE) == QUOTE
    assert new_words(f"Sent from my iPhone\n\n{QUOTE}") == "Sent from my iPhone"


def test_answers_keep_their_order_and_stay_apart() -> None:
    text = "> one?\nfirst\n> two?\n> three?\nsecond\n\n> four?\n\n\nthird\n"

    assert new_words(text) == "first\n\nsecond\n\nthird"


def test_blank_lines_inside_the_words_stay() -> None:
    assert new_words("one\n\n\ntwo\n") == "one\n\n\ntwo"


@pytest.mark.parametrize("mark", ["*", "**", "_", ""])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\n\n"], ids=["lf", "crlf", "paragraphs"])
def test_a_header_block_is_known_in_bold_and_in_paragraphs(mark: str, line_end: str) -> None:
    names = ("Von", "Gesendet", "An", "Betreff")
    values = ("Glashaus <orders@glashaus.example>", "Montag, 5. Januar 2026 15:04", "Anna", "Bestellung")
    header = line_end.join(f"{mark}{name}:{mark} {value}" for name, value in zip(names, values, strict=True))

    assert new_words(f"{WORDS}\n\n{header}\n\n{UNMARKED}") == WORDS


def test_what_stands_below_a_separator_in_a_list_is_kept() -> None:
    text = "I need:\n- original\n- original message of the artist\n- forwarded message"

    assert new_words(text) == text


@pytest.mark.parametrize(
    "line", ["1:\n", "Anna wrote:\n", "From: a@b.example\n", "--\n", "> x\ny\n", "Sent from my iPhone\n\n"]
)
def test_a_hostile_text_takes_time_by_its_length_only(line: str) -> None:
    def least_time(text: str) -> float:
        times: list[float] = []
        for _ in range(3):
            started = process_time()
            new_words(text)
            times.append(process_time() - started)
        return min(times)

    for text in (line, line[:-1] * 10):
        assert least_time(text * 2_400) < 12 * least_time(text * 300) + 0.01  # 64 times, if it were quadratic
