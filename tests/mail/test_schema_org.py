"""schema.org markup that was written to do harm: it is read in time, as one line, or not at all."""

import json
from time import process_time

import pytest

from gateway.mail.schema_org import every, things

UNENDING = {
    "tags": "<a ",
    "attributes": "<a b='",
    "slashes": "<a/",
    "vertical tabs": "<a\x0bx=",
    "comments": "<!--",
    "texts in texts": "<b itemprop=x>y",
    "items in items": "<i itemscope itemprop=x>",
}


def ordered(**values: object) -> str:
    markup = json.dumps({"@type": "Order", **values})
    return f'<p>schema.org</p><script type="application/ld+json">{markup}</script>'


@pytest.mark.parametrize("what", UNENDING)
def test_markup_without_an_end_costs_no_time(what: str):
    """Of 500 kB html.parser makes hours; the bound is far above what any machine takes for one pass."""
    words = "schema.org <i itemscope>" + f"{UNENDING[what]}\n" * (500_000 // len(UNENDING[what]))
    start = process_time()
    things(words)
    assert process_time() - start < 5


def test_what_json_hides_in_escapes_is_one_harmless_line():
    (order,) = every(things(ordered(orderNumber="7\r\nBcc: x@y.example\x00\ud800\x1b[2J")), "Order")
    assert order.text("orderNumber").isprintable()
    assert order.text("orderNumber").encode()


@pytest.mark.parametrize("kind", ["5", "true", "{}", "[[]]", "[]", '""'])
def test_any_type_is_read(kind: str):
    things(f'schema.org<script type="application/ld+json">{{"@type": {kind}, "a": 1}}</script>')
