"""Laws of the new words: total, nothing invented, no answer lost between quotations."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.line import stripped
from gateway.mail.markup import text_of
from gateway.mail.reply import new_words

ATTRIBUTIONS = (
    "On Mon, Jan 5, 2026 at 3:04 PM Glashaus <orders@glashaus.example> wrote:",
    "Am Mo., 5. Jan. 2026 um 15:04 Uhr schrieb Glashaus <orders@glashaus.example>:",
    "Le lun. 5 janv. 2026 à 15:04, Glashaus <orders@glashaus.example> a écrit :",
    "пн, 5 янв. 2026 г. в 15:04, Glashaus <orders@glashaus.example>:",
    "Glashaus <orders@glashaus.example> 于2026年1月5日周一 15:04写道：",
)
SPARKS = st.sampled_from(
    (
        *ATTRIBUTIONS,
        *("> quoted", ">", "-- ", "--", "From: a@b.example", "Sent: 5 Jan 2026 15:04", "To: c@d.example"),
        *(
            "Subject: x",
            "-----Original Message-----",
            "Sent from my iPhone",
            "",
            "\u200b",
            "\u00a0",
            "wrote:",
        ),
        "_" * 32,
    )
)
LINE = st.text(st.characters(exclude_characters="\r\n"), max_size=40)
LINES = st.lists(st.one_of(SPARKS, LINE), max_size=25)
WORD = st.text(alphabet="abcdefghijklmnopqrstuvwxyzäéñß", min_size=1, max_size=9)
SENTENCE = st.lists(WORD, min_size=2, max_size=8).map(lambda words: " ".join(words).capitalize() + ".")
ELEMENT = st.sampled_from(  # what programs write where nothing is quoted
    (
        "<p>{}</p>",
        "<div>{}</div>",
        '<div class="quote">{}</div>',
        '<div class="gmail_attr">{}</div>',
        '<div class="moz-cite-prefix">{}</div>',
        '<div class="gmail_quote">{}</div>',
        '<div id="divRplyFwdMsg">{}</div>',
        '<div style="border-top:solid #E1E1E1 1.0pt"><p>{}</p></div>',
        '<div id="composer_signature">{}</div>And more.',
        "<table><tr><td>{}</td></tr></table>",
        "{}<br>",
    )
)
PARAGRAPHS = st.lists(SENTENCE, min_size=1, max_size=4)


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    assert isinstance(new_words(text), str)


@given(LINES, st.sampled_from(["\n", "\r\n", "\r"]))
def test_nothing_is_invented_and_nothing_moves(lines: list[str], line_end: str) -> None:
    kept = [line for line in new_words(line_end.join(lines)).split("\n") if stripped(line)]
    source = iter(lines)

    assert all(any(stripped(line) in given for given in source) for line in kept)


@given(LINES)
def test_words_do_not_vanish_altogether(lines: list[str]) -> None:
    text = "\n".join(lines)

    assert bool(new_words(text)) == any(stripped(line) for line in lines)


@given(LINES)
def test_line_ends_do_not_change_the_meaning(lines: list[str]) -> None:
    assert new_words("\r\n".join(lines)) == new_words("\n".join(lines))


@given(PARAGRAPHS, st.sampled_from(ATTRIBUTIONS), PARAGRAPHS)
def test_what_stands_above_a_quotation_is_what_was_said(
    above: list[str], line: str, below: list[str]
) -> None:
    words = "\n\n".join(above)
    quote = "\n>\n".join(f"> {paragraph}" for paragraph in below)

    assert new_words(f"{words}\n\n{line}\n\n{quote}\n") == words


@given(st.lists(st.tuples(SENTENCE, SENTENCE), min_size=1, max_size=6), st.sampled_from(ATTRIBUTIONS))
def test_answers_between_quotations_all_remain_in_order(pairs: list[tuple[str, str]], line: str) -> None:
    mail = "\n".join(f"> {question}\n\n{answer}\n" for question, answer in pairs)

    assert new_words(f"{line}\n{mail}").split() == " ".join(answer for _, answer in pairs).split()


@given(PARAGRAPHS)
def test_a_mail_that_quotes_nothing_stays_whole(paragraphs: list[str]) -> None:
    text = "\n\n".join(paragraphs)

    assert new_words(text) == text


@given(st.lists(st.tuples(ELEMENT, SENTENCE), min_size=1, max_size=6))
def test_nothing_of_an_unquoted_html_mail_is_lost(elements: list[tuple[str, str]]) -> None:
    html = "\n".join(element.format(sentence) for element, sentence in elements)
    said = [word for _, sentence in elements for word in sentence.split()]
    left = iter(new_words(text_of(html)).split())

    assert all(word in left for word in said)
