"""Words and values become a mail; a slip in either is told with file, line and remedy."""

from dataclasses import dataclass
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.kernel.errors import InputError
from gateway.kernel.money import Money
from gateway.mail.draft import Purpose
from gateway.outbox.message import OnDoubt
from gateway.outbox.render import TemplateError, Templates

HEAD = "Subject: Order {{ order.number }}\nPurpose: transactional\nUses: order, customer\n\n"


TOTAL = Money(2400, "EUR")


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    sku: str
    quantity: int
    price: Money


@dataclass(frozen=True, slots=True)
class Order:
    number: str
    placed_on: date = date(2026, 12, 1)
    promised_on: date | None = None
    total: Money = TOTAL
    status: str = "partly_shipped"
    lines: tuple[Line, ...] = (Line("Mug, blue", "MUG-01", 2, Money(1200, "EUR")),)


@dataclass(frozen=True, slots=True)
class Customer:
    first_name: str = "Ana"
    email: str = "ana@example.net"


CONTEXT: dict[str, Any] = {"order": Order("1042"), "customer": Customer()}


def templates(folder: Path, text: str, *, head: str = HEAD, mjml: str = "", **shared: str) -> Templates:
    area = folder / "mail" / "orders"
    area.mkdir(parents=True)
    (area / "told.txt").write_text(head + text, "utf-8")
    if mjml:
        (area / "told.mjml").write_text(mjml, "utf-8")
    for name, source in shared.items():
        (folder / "mail" / f"_{name}.{'mjml' if '<mj' in source else 'txt'}").write_text(source, "utf-8")
    return Templates(folder)


def words(folder: Path, text: str, **values: object) -> str:
    return templates(folder, text).render("orders/told", CONTEXT | values).text


def html(body: str) -> str:
    return f"<mjml><mj-body><mj-section><mj-column>{body}</mj-column></mj-section></mj-body></mjml>"


def problem(folder: Path, text: str = "x", **parts: str) -> str:
    with pytest.raises(TemplateError) as caught:
        templates(folder, text, **parts).render("orders/told", CONTEXT)
    return str(caught.value)


def test_a_template_looks_like_its_mail(tmp_path: Path):
    mail = templates(tmp_path, "Hello {{ customer.first_name }},\n").render("orders/told", CONTEXT)
    assert mail.subject == "Order 1042"
    assert mail.text == "Hello Ana,\n"
    assert mail.html == ""
    assert mail.purpose is Purpose.TRANSACTIONAL
    assert (mail.expires_in, mail.doubt, mail.once_per) == (None, None, None)


def test_header_lines_change_life_doubt_and_frequency(tmp_path: Path):
    head = HEAD.strip() + "\nExpires-In: 36 hours\nDoubt: hold\nOnce-Per: 1d\n\n"
    mail = templates(tmp_path, "x", head=head).render("orders/told", CONTEXT)
    assert (mail.expires_in, mail.doubt, mail.once_per) == (
        timedelta(hours=36),
        OnDoubt.HOLD,
        timedelta(days=1),
    )


@pytest.mark.parametrize("name", ["", "  ", None])
@pytest.mark.covers("S3-R16.4", "S2-P29")
def test_an_empty_name_has_its_fallback(tmp_path: Path, name: str | None):
    assert words(
        tmp_path, 'Hello {{ customer.first_name | default("there") }}', customer={"first_name": name}
    ) == ("Hello there\n")


def test_zero_is_a_value_and_no_gap(tmp_path: Path):
    assert words(tmp_path, "{{ order.left | default(9) }}", order={"left": 0, "number": "1"}) == "0\n"


@pytest.mark.covers("S3-R16.1", "S3-R16.2")
def test_money_and_days_read_as_people_write_them(tmp_path: Path):
    text = "{{ order.total | money }} {{ order.total }} {{ order.placed_on | day }} {{ order.placed_on }}"
    assert words(tmp_path, text) == "€24.00 €24.00 1 December 2026 1 December 2026\n"


def test_a_condition_leaves_no_hole(tmp_path: Path):
    assert words(tmp_path, "a\n\n{% if order.promised_on %}\nsoon\n{% endif %}\n\n\n\nb  \n") == "a\n\nb\n"


def test_a_field_may_be_called_like_a_method(tmp_path: Path):
    text = "{% for each in order.items %}{{ each }}{% endfor %}"
    assert words(tmp_path, text, order={"items": ["a", "b"], "number": "1"}) == "ab\n"


def test_a_customer_called_braces_is_printed_as_such(tmp_path: Path):
    name = "{{ order.number }} {% if %}"
    assert words(tmp_path, "Hello {{ customer.first_name }}", customer=Customer(name)) == f"Hello {name}\n"


def test_a_subject_is_one_line_whatever_its_values_are(tmp_path: Path):
    mail = templates(tmp_path, "x").render(
        "orders/told", CONTEXT | {"order": Order("1\r\nBcc: eve\x00\x85 2")}
    )
    assert mail.subject == "Order 1 Bcc: eve 2"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    body = html("<mj-text>[[{{ customer.first_name }}]]</mj-text>")
    return templates(tmp_path_factory.mktemp("page"), "[[{{ customer.first_name }}]]", mjml=body)


@given(name=st.text(max_size=60))
@example(name="<script>alert(1)</script>")
@example(name='{{ order }} & "friends"')
def test_html_escapes_every_value_and_says_what_the_text_says(page: Templates, name: str):
    mail = page.render("orders/told", CONTEXT | {"customer": Customer(name + ".")})
    inner = mail.html.partition("[[")[2].partition("]]")[0]
    assert not set("<>\"'") & set(inner)
    if "]]" not in name:
        assert unescape(inner).split() == mail.text.partition("[[")[2].partition("]]")[0].split()


def test_a_template_is_read_once_and_kept(tmp_path: Path):
    told = templates(tmp_path, "first")
    before = told.render("orders/told", CONTEXT)
    (tmp_path / "mail/orders/told.txt").write_text("broken")
    assert told.render("orders/told", CONTEXT) == before


def test_frames_are_shared_between_mails(tmp_path: Path):
    told = templates(
        tmp_path,
        'Hello\n{% include "_bye.txt" %}\n',
        mjml=html('<mj-include path="_foot.mjml" />'),
        bye="Bye, {{ customer.first_name }}\n",
        foot="<mj-text>{{ order.number }}</mj-text>",
    )
    mail = told.render("orders/told", CONTEXT)
    assert mail.text == "Hello\nBye, Ana\n"
    assert ">1042<" in mail.html


def test_a_link_goes_to_the_web_or_nowhere(tmp_path: Path):
    told = templates(tmp_path, "x", mjml=html('<mj-button href="{{ order.number | link }}">Go</mj-button>'))
    assert (
        'href="https://x.example/?a=1&amp;b"'
        in told.render("orders/told", CONTEXT | {"order": Order("https://x.example/?a=1&b")}).html
    )
    assert 'href=""' in told.render("orders/told", CONTEXT | {"order": Order("javascript:alert(1)")}).html


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "Hello\n\n{{ shipmnt.carrier }}",
            "orders/told.txt:7: no value 'shipmnt'; the mail offers: customer, order (its Uses: line",
        ),
        (
            "{{ order.nubmer }}",
            "orders/told.txt:5: no value 'nubmer' there; it has: lines, number, placed_on,",
        ),
        (
            "a\n{{ order.promised_on }}",
            "orders/told.txt:6: a value printed here is empty; say what to write then",
        ),
        ("{{ order.number | sparkle }}", "orders/told.txt:5: No filter named 'sparkle'"),
        ("{% if order %}", "orders/told.txt:5: Unexpected end of template"),
        ("{{ order.number.upper() }}", "orders/told.txt:5: "),
        ("{{ order.__class__ }}", "orders/told.txt:5: access to attribute '__class__'"),
        ("{{ 'a' * 50000000 }}", "orders/told.txt:5: * is for two numbers"),
        ("{{ 9 ** 9 ** 9 ** 9 }}", "orders/told.txt:5: ** is not available"),
        ("{{ '%999999999d' % 1 }}", "orders/told.txt:5: % is for two numbers"),
        ("{{ range(9) }}", "orders/told.txt:5: no value 'range'"),
        ("{{ order.number | safe }}", "orders/told.txt:5: No filter named 'safe'"),
        ("{% autoescape false %}{% endautoescape %}", "orders/told.txt:5: values are always escaped"),
        ('{% include "../secret.txt" %}', "orders/told.txt:5: includes ../secret.txt; there is no such file"),
        ("{% include order.number %}", "orders/told.txt:5: includes a computed name"),
        ("{{ order.number | day }}", "orders/told.txt:5: 'str' object has no attribute 'day'"),
    ],
)
def test_a_slip_in_the_words_names_file_line_and_remedy(tmp_path: Path, text: str, said: str):
    assert problem(tmp_path, text).startswith(said)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("Subject: x\n\n", "orders/told.txt:1: has no Purpose:"),
        (
            "Subject: x\nPurpose: fun\nUses: order\n\n",
            "orders/told.txt:2: no purpose 'fun'; known are: marketing",
        ),
        (
            "Subject: x\nPorpose: owner\n\n",
            "orders/told.txt:2: no header line 'Porpose'; did you mean 'Purpose'?",
        ),
        ("Subject: x\nSubject: y\n\n", "orders/told.txt:2: Subject stands here twice"),
        ("Hello,\n\n", "orders/told.txt:1: 'Hello,' is no 'Name: value'; a blank line ends the header lines"),
        (HEAD.strip() + "\nExpires-In: soon\n\n", "orders/told.txt:4: 'soon' is no time span"),
        (HEAD.strip() + "\nExpires-In: 5 moons\n\n", "orders/told.txt:4: '5 moons' is no time span"),
        (HEAD.strip() + "\nDoubt: maybe\n\n", "orders/told.txt:4: no doubt 'maybe'"),
        (HEAD.replace("order.number", "oder.number"), "orders/told.txt:1: no value 'oder'"),
    ],
)
def test_a_slip_in_the_header_lines_names_its_line(tmp_path: Path, head: str, said: str):
    assert problem(tmp_path, "x", head=head).startswith(said)


@pytest.mark.parametrize(
    ("mjml", "said"),
    [
        (
            html("\n<mj-buton>Go</mj-buton>"),
            "orders/told.mjml:2: no tag <mj-buton>; did you mean 'mj-button'?",
        ),
        (html("\n<p>Hi</p>"), "orders/told.mjml:2: <p> would be lost here; put it into <mj-text>"),
        (html("\n{% if order %}"), "orders/told.mjml:1: '{% if order %}' would be lost here"),
        (html("<mj-text>\nHi</mj-txt>"), "orders/told.mjml:2: </mj-txt> closes nothing"),
        (html("<mj-text>{{ order.number < 3 }}</mj-text>"), "orders/told.mjml: is no MJML"),
        (
            html('<mj-button\n href="{{ order.number }}">Go</mj-button>'),
            "orders/told.mjml:1: href prints a value unchecked",
        ),
        (
            html('<mj-include path="_gone.mjml" />'),
            "orders/told.mjml:1: includes '_gone.mjml'; there is no such file",
        ),
        (html("<mj-image\n>"), "orders/told.mjml:2: </mj-column> closes nothing"),
        (html("<mj-text>a\n\n{{ oder.number }}</mj-text>"), "orders/told.mjml:3: no value 'oder'"),
        (html("<mj-text>a\n\n{{ order.nubmer }}</mj-text>"), "orders/told.mjml:3: no value 'nubmer' there"),
        (
            html("<mj-text>a\n{{ order.promised_on }}</mj-text>"),
            "orders/told.mjml:2: a value printed here is empty",
        ),
    ],
)
def test_a_slip_in_the_html_form_names_its_line(tmp_path: Path, mjml: str, said: str):
    assert problem(tmp_path, mjml=mjml).startswith(said)


def test_a_slip_in_a_shared_file_blames_that_file(tmp_path: Path):
    said = problem(tmp_path, '{% include "_bye.txt" %}', bye="Bye\n{{ order.nubmer }}")
    assert said.startswith("_bye.txt:2: no value 'nubmer'")


def test_frames_that_include_each_other_are_told(tmp_path: Path):
    loop = '<mj-section><mj-include path="_loop.mjml" /></mj-section>'
    said = problem(tmp_path, mjml=html('<mj-include path="_loop.mjml" />'), loop=loop)
    assert said == "_loop.mjml:1: includes '_loop.mjml'; which includes it again"


def test_a_value_the_template_has_not_declared_is_not_there(tmp_path: Path):
    told = templates(tmp_path, "{{ order.number }}")
    with pytest.raises(TemplateError, match=r"told.txt:1: no value 'order'; the mail offers: customer"):
        told.render("orders/told", {"customer": Customer(), "secret": 1})


def test_a_list_without_end_is_cut_short_with_an_error(tmp_path: Path):
    text = "{% for a in order.lines %}{% for b in order.lines %}{{ a }}{% endfor %}{% endfor %}"
    with pytest.raises(TemplateError, match="writes more than 1 MiB"):
        words(tmp_path, text, order={"number": "1", "lines": ["x" * 1000] * 100})


def test_an_unknown_template_suggests_a_known_one(tmp_path: Path):
    with pytest.raises(TemplateError, match=r"orders/tol: no such template; did you mean 'orders/told'\?"):
        templates(tmp_path, "x").render("orders/tol", CONTEXT)
    for name in ("../mail/orders/told", "", "/etc/passwd"):
        with pytest.raises(TemplateError, match="no such template"):
            Templates(tmp_path).render(name, CONTEXT)


def test_a_file_in_another_encoding_is_told(tmp_path: Path):
    told = templates(tmp_path, "x")
    (tmp_path / "mail/orders/told.txt").write_bytes(HEAD.encode() + b"Gr\xfc\xdfe")
    [error] = told.check()
    assert "save it as UTF-8" in str(error)


def test_one_broken_template_harms_no_other(tmp_path: Path):
    told = templates(tmp_path, "fine")
    (tmp_path / "mail/orders/bad.txt").write_text("no header")
    assert [str(error).partition(":")[0] for error in told.check()] == ["orders/bad.txt"]
    assert all(isinstance(error, InputError) for error in told.check())
    assert told.render("orders/told", CONTEXT).text == "fine\n"


def test_what_the_shop_has_not_written_comes_from_the_defaults(tmp_path: Path):
    templates(tmp_path / "defaults", "default", mjml=html("<mj-text>default</mj-text>"))
    shop = tmp_path / "shop"
    both = Templates(shop, tmp_path / "defaults")
    assert both.names() == ("orders/told",)
    assert "default" in both.render("orders/told", CONTEXT).html
    templates(shop, "mine")
    mine = Templates(shop, tmp_path / "defaults").render("orders/told", CONTEXT)
    assert (mine.text, mine.html) == ("mine\n", "")  # not the other's HTML beside her words
