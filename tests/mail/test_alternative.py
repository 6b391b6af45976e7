"""Marks of quotation from the HTML that says the same."""

import pytest

from gateway.mail.alternative import marked
from gateway.mail.reply import new_words

TEXT = """Hello,

see <https://kiln.example/a> below.

On 5 May 2026, at 14:02, Glashaus <mailto:orders@glashaus.example> wrote:

Which colour?

Blue.

Which size,
small or *large*?

Large. [image: jug]

Glashaus

Ana"""

HTML = """<div>Hello,<br><br>see <a href="https://kiln.example/a">below</a>.</div>
<blockquote type="cite"><div>On 5 May 2026, at 14:02, Glashaus &lt;orders@glashaus.example&gt; wrote:</div>
<div>Which colour?</div></blockquote><div>Blue.</div>
<blockquote type="cite">Which size, small or <b>large</b>?</blockquote><div>Large. <img src="cid:jug"></div>
<blockquote type="cite">Glashaus</blockquote><div>Ana</div>"""


def test_answers_between_quotations_that_lost_their_marks_are_found():
    assert new_words(marked(TEXT, HTML)).split() == [
        *("Hello,", "see", "<https://kiln.example/a>", "below."),
        *("Blue.", "Large.", "[image:", "jug]", "Ana"),
    ]


def test_an_answer_that_repeats_what_is_quoted_is_kept():
    html = '<p>Yes.</p><blockquote type="cite">Blue? Or green?</blockquote><p>Blue</p>'
    assert marked("Yes.\n\nBlue? Or green?\n\nBlue", html) == "Yes.\n\n> Blue? Or green?\n\nBlue"


def test_a_quotation_that_no_words_announce_is_found():
    html = '<p>ናና</p><div class="gmail_quote">ግላስሃውስ<blockquote class="gmail_quote">Blue?</blockquote></div>'
    assert new_words(marked("ናና\n\nግላስሃውስ\n\nBlue?", html)) == "ናና\n\nግላስሃውስ"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Yes.\n\n> Blue?\n\nBlue?", '<p>Yes.</p><blockquote type="cite">Blue?</blockquote>'),
        ("Yes.\n\nBlue?", "<p>Yes.</p><blockquote>Blue?</blockquote>"),
        ("Yes.\n\nBlue?", "<p>Yes.</p><p>Blue?</p>"),
        ("Yes.\n\nBlue?", '<blockquote type="cite">Yes.<br>Blue?</blockquote>'),
        ("Something that is nowhere else.", '<p>Yes.</p><blockquote type="cite">Blue?</blockquote>'),
        ("Yes.", ""),
        ("", ""),
    ],
    ids=["marked", "no program's", "no quotation", "all quoted", "other words", "no HTML", "nothing"],
)
def test_otherwise_the_text_stays_as_it_is(text: str, html: str):
    assert marked(text, html) is text


def test_what_the_html_does_not_have_is_not_quoted():
    html = (
        '<p>Yes, the blue one, please.</p><blockquote type="cite">Blue or green, small or large?</blockquote>'
    )
    text = "Yes, the blue one, please.\n\nBlue or green, small or large?\n\nAna"
    assert marked(text, html).endswith("\n> Blue or green, small or large?\n\nAna")
