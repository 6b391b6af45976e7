"""HTML as a person would type it."""

import pytest

from gateway.mail.markup import LAID_OUT, count_words, text_of


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ("", ""),
        ("\0", ""),
        ("just words & signs < 3", "just words & signs < 3"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two<br>three</div>", "one\ntwo\nthree"),
        ("<div>one</div><div><br></div><div>two</div>", "one\n\ntwo"),
        ("Hel<b>lo</b> wor<i>ld</i>!", "Hello world!"),
        ("a&nbsp;b &auml; &#8364; &lt;x&gt;", "a b ä € <x>"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<ul><li>one</li><li>two</li></ul>", "  * one\n  * two"),
        ("<table><tr><td>Mug</td><td>12.00</td></tr></table>", "Mug  12.00"),
        ('<a href="https://x.example">here</a> <img src="x" alt="picture">', "here"),
        ("a<hr>b", "a\n________________________________________\nb"),
        ('<?xml version="1.0" encoding="iso-8859-1"?><html><body>größer</body></html>', "größer"),
        ("<p>one<div>two</p><b>three", "one\n\ntwothree"),
    ],
)
def test_words_are_laid_out(html: str, wanted: str):
    assert text_of(html) == wanted


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>x</script>",
        "<style>x</style>",
        "<title>x</title>",
        "<!-- x -->",
        "<!--[if mso]>x<![endif]-->",
        '<div style="display:none">x</div>',
        '<span style="color:red; DISPLAY : none !important">x</span>',
        '<div style="visibility: hidden;">x</div>',
        '<div style="max-height:0px;overflow:hidden">x</div>',
        '<div style="opacity:0">x</div>',
        "<p hidden>x</p>",
        "<template>x</template>",
    ],
)
def test_what_no_eye_sees_is_not_read(hidden: str):
    assert text_of(f"<body>a {hidden}b</body>").replace(" ", "").replace("\n", "") == "ab"
    assert count_words(f"<body>a {hidden}b</body>") == 2


@pytest.mark.parametrize(
    "shown",
    [
        '<div style="font-size:0"><span style="font-size:13px">x</span></div>',
        '<div style="opacity:0.9">x</div>',
        '<div style="mso-hide:all">x</div>',
        '<div style="max-height:0.5em">x</div>',
        '<div class="hidden-x">x</div>',
    ],
)
def test_what_an_eye_sees_is_read(shown: str):
    assert text_of(shown) == "x"


@pytest.mark.parametrize("control", ["&#27;", "&#x1b;", "&#155;", "&#x202e;", "&#7;", "&#8;"])
def test_a_control_that_is_written_as_a_reference_is_none(control: str):
    for html in (f"<p>a{control}[31mb</p>", f"<p>a{control}[31mb</p>" + "<b>x</b>" * 20_000):
        assert all(character.isprintable() for character in text_of(html).partition("\n")[0])


def test_a_quotation_becomes_quoted_lines_by_depth():
    html = (
        "<p>new</p><blockquote type=cite>one<br><br>two<blockquote>deep</blockquote>three</blockquote>after"
    )
    assert text_of(html) == "new\n\n> one\n>\n> two\n> > deep\n> three\nafter"


def test_what_stands_behind_a_quotation_is_not_quoted_and_stands_there_once():
    assert text_of("<blockquote>a</blockquote>b<blockquote>c</blockquote>d") == "> a\nb\n> c\nd"


@pytest.mark.parametrize(
    "quote",
    [
        '<blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px #ccc solid">x</blockquote>',
        '<div class="yahoo_quoted" id="yahoo_quoted_1">x</div>',
        '<div name="quote" style="margin:10px 5px">x</div>',
        '<blockquote type="cite" style="border:none">x</blockquote>',
    ],
)
def test_the_quotations_of_common_programs(quote: str):
    assert text_of(f"<div>new</div>{quote}") == "new\n> x"


def test_a_blockquote_that_only_indents_holds_own_words():
    html = '<div>a</div><blockquote style="margin:0 0 0 40px;border:none;padding:0px">b</blockquote>'
    assert text_of(html) == "a\nb"


@pytest.mark.parametrize("style", ["", ' dir="auto"', ' style="margin-left:40px"'])
def test_a_bare_blockquote_that_nobody_introduces_only_indents(style: str):
    assert text_of(f"<p>Ship it to:</p><blockquote{style}>Lane 5</blockquote><p>Ana</p>").split() == [
        *("Ship", "it", "to:", "Lane", "5", "Ana")
    ]


@pytest.mark.parametrize(
    "introduction",
    [
        "",
        "<p>Yes.</p><p>Anna Holm wrote:</p>",
        "<p>Yes.</p><p>On 5 Jan 2026, <b>Anna</b> &lt;<a href='#'>a@b.example</a>&gt; wrote:</p>",
        '<div>Yes.<br>05.01.2026, 15:04, "Anna" &lt;a@b.example&gt;:<br></div>',
        "<p>Yes.</p><p>Khmer 5/1/2026 15:04:</p>",
        "<p>Yes.</p><blockquote type=cite>one</blockquote><p>And:</p>",
        '<div>Yes.</div><div class="moz-cite-prefix">5/1/26 Glashaus</div>',
    ],
)
def test_a_bare_blockquote_that_is_introduced_quotes(introduction: str):
    assert text_of(f"{introduction}<blockquote>x</blockquote>").endswith("> x")


@pytest.mark.parametrize(
    "first", ["On 5 Jan 2026, at 15:04, Anna wrote:", "<b>From:</b> Anna", "----- Original Message -----"]
)
def test_a_bare_blockquote_that_says_whose_it_is_quotes(first: str):
    assert text_of(f"<p>Yes.</p><blockquote><div>{first}</div><div>x</div></blockquote>").endswith("> x")


def test_very_large_html_keeps_its_words():
    row = "<tr><td>word &amp; <b>sign</b></td></tr>"
    html = f"<style>p {{}}</style><!-- a > b --><table>{row * (LAID_OUT // len(row) + 1)}</table>5 < 6"
    text = text_of(html)
    assert text.startswith("word & sign\nword & sign")
    assert text.endswith("5 < 6")
    assert count_words(html) == len(text.split())


def test_pictures_written_into_the_html_do_not_make_it_large():
    html = (
        f'<p>one</p><img src="data:image/png;base64,{"A" * LAID_OUT}"><blockquote type=cite>two</blockquote>'
    )
    assert text_of(html) == "one\n\n> two"


def test_depth_ends_in_words_not_in_recursion():
    assert text_of("<div>" * 5000 + "deep" + "</div>" * 5000).strip() == "deep"


def test_a_copied_header_gets_the_rule_of_outlook_once():
    names = "<b>Kutoka:</b> a@b.example<br><b>Imetumwa:</b> 5<br><b>Kwa:</b> c"
    header = f'<div id="divRplyFwdMsg">{names}</div>'
    assert text_of(f"<p>a</p><hr>{header}").count("_") == 32
    assert text_of(f"<p>a</p>{header}").count("_") == 32
    assert text_of(f"<p>a</p>{header.replace('b>', 'i>')}").count("_") == 0


def test_an_attribution_is_quoted_only_above_a_quotation():
    attribution = '<div class="moz-cite-prefix">Typed.<br>5/1/26 Glashaus sagt<br></div>'
    assert text_of(f"{attribution}<blockquote>x</blockquote>") == "Typed.\n> 5/1/26 Glashaus sagt\n> x"
    assert text_of(f"{attribution}<p>x</p>") == "Typed.\n5/1/26 Glashaus sagt\n\nx"


def test_a_signature_gets_its_dashes_only_where_nothing_follows():
    signature = '<div class="gmail_signature">Anna</div>'
    assert text_of(f"<div>a</div>{signature}<blockquote>x</blockquote>") == "a\n-- \nAnna\n> x"
    assert text_of(f"<div>a</div>{signature}<div>b</div>") == "a\nAnna\nb"
    assert text_of(signature) == "Anna"
