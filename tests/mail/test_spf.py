"""Whether a host may send for a domain: every mechanism, every limit, and what trouble means (RFC 7208)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.envelope import Verdict
from gateway.mail.resolve import Record
from gateway.mail.spf import check
from gateway.testing.zone import Zone

V4, V6 = "192.0.2.7", "2001:db8::7"
NET = """
    shop.example            TXT   "v=spf1 {record}"
    shop.example            A     192.0.2.7
    shop.example            AAAA  2001:db8::7
    shop.example            MX    10 mx.shop.example
    mx.shop.example         A     192.0.2.8
    other.example           TXT   "v=spf1 ip4:192.0.2.7 -all"
    ana.at.shop.example     A     127.0.0.2
    7.2.0.192.in-addr.arpa  PTR   out.shop.example
    out.shop.example        A     192.0.2.7
    broken.example          TXT   TROUBLE
    none.example            A     192.0.2.99
"""


def spf(record: str, ip: str = V4, *, sender: str | None = "ana@shop.example", helo: str = "mx.shop.example"):
    return check(ip, helo, sender, Zone(NET.replace("{record}", record)).resolve)


@pytest.mark.parametrize(
    ("record", "ip", "expected"),
    [
        ("ip4:192.0.2.0/24 -all", V4, "pass"),
        ("ip4:192.0.2.0/29 -all", "192.0.2.8", "fail"),
        ("ip6:2001:db8::/32 -all", V6, "pass"),
        ("ip4:192.0.2.0/24 -all", V6, "fail"),
        ("ip4:192.0.2.7 -all", "::ffff:192.0.2.7", "pass"),
        ("a -all", V4, "pass"),
        ("a -all", V6, "pass"),
        ("a/24 -all", "192.0.2.200", "pass"),
        ("a:none.example -all", V4, "fail"),
        ("mx -all", "192.0.2.8", "pass"),
        ("mx -all", V4, "fail"),
        ("include:other.example -all", V4, "pass"),
        ("include:other.example ~all", "192.0.2.9", "softfail"),
        ("include:none.example -all", V4, "permerror"),
        ("redirect=other.example", V4, "pass"),
        ("redirect=none.example", V4, "permerror"),
        ("exists:%{l}.at.%{d} -all", V4, "pass"),
        ("exists:%{l}.of.%{d} -all", V4, "fail"),
        ("ptr -all", V4, "pass"),
        ("ptr:example.net -all", V4, "fail"),
        ("?all", V4, "neutral"),
        ("ip4:198.51.100.1", V4, "neutral"),
        ("a:%{i}.none.example -all", V4, "fail"),
        ("-all exp=why.shop.example", V4, "fail"),
        ("wizard:me -all", V4, "permerror"),
        ("ip4:192.0.2.999 -all", V4, "permerror"),
        ("a/33 -all", V4, "permerror"),
        ("all:x", V4, "permerror"),
        ("redirect=a.example redirect=b.example", V4, "permerror"),
        ("exists:%{z}.example -all", V4, "permerror"),
    ],
)
def test_each_mechanism(record: str, ip: str, expected: str):
    assert spf(record, ip).verdict == expected


def test_an_error_in_the_last_term_spoils_the_record():
    assert spf("ip4:192.0.2.7 wizard").verdict is Verdict.PERMERROR


def test_the_null_reverse_path_asks_the_name_in_ehlo():
    found = spf("ip4:192.0.2.7 -all", sender=None, helo="shop.example")
    assert (found.verdict, found.domain) == (Verdict.PASS, "shop.example")


@pytest.mark.parametrize("sender", ["ana@none.example", "ana@nowhere.example", "ana@localhost", "ana@a..b"])
def test_a_domain_without_record_says_nothing(sender: str):
    assert spf("-all", sender=sender).verdict is Verdict.NONE


def test_trouble_is_no_answer():
    assert spf("-all", sender="ana@broken.example").verdict is Verdict.TEMPERROR
    assert spf("include:broken.example -all").verdict is Verdict.TEMPERROR


def test_two_records_are_no_record():
    zone = Zone('a.example TXT "v=spf1 -all"\na.example TXT "v=spf1 +all"')
    assert check(V4, "h.example", "x@a.example", zone.resolve).verdict is Verdict.PERMERROR
    zone = Zone('a.example TXT "v=spf10 +all"\na.example TXT "hello"')
    assert check(V4, "h.example", "x@a.example", zone.resolve).verdict is Verdict.NONE


def test_ten_lookups_and_not_one_more():
    chain = [f'n{i}.example TXT "v=spf1 include:n{i + 1}.example ?all"' for i in range(20)]
    zone = Zone("\n".join(chain))
    assert check(V4, "h.example", "x@n0.example", zone.resolve).verdict is Verdict.PERMERROR
    assert sum(zone.asked.values()) <= 11


def test_a_record_that_includes_itself_ends():
    zone = Zone('a.example TXT "v=spf1 include:a.example -all"')
    assert check(V4, "h.example", "x@a.example", zone.resolve).verdict is Verdict.PERMERROR


def test_two_names_without_answer_and_not_one_more():
    names = "a:v1.example a:v2.example"
    assert spf(f"{names} -all").verdict is Verdict.FAIL
    assert spf(f"{names} a:v3.example -all").verdict is Verdict.PERMERROR


def test_no_record_makes_us_ask_without_end():
    hosts = "\n".join(f"many.example MX 10 m{i}.many.example" for i in range(11))
    zone = Zone(f'many.example TXT "v=spf1 mx -all"\n{hosts}')
    assert check(V4, "h.example", "x@many.example", zone.resolve).verdict is Verdict.PERMERROR


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80), st.sampled_from([V4, V6]))
def test_whatever_a_record_says_it_has_a_verdict(record: str, ip: str):
    zone = Zone()
    zone.add("shop.example", Record.TXT, f"v=spf1 {record}")
    assert check(ip, "mx.example", "ana@shop.example", zone.resolve).verdict in Verdict
    assert sum(zone.asked.values()) <= 60
