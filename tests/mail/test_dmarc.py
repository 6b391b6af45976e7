"""Whether what was authenticated belongs to the author: the walk, alignment, policies (RFC 9989)."""

import pytest

from gateway.mail.dmarc import Authenticated, check, organizational_domain, read, walked
from gateway.mail.envelope import Verdict
from gateway.mail.resolve import Record
from gateway.testing.zone import Zone

SHOP = '_dmarc.shop.example TXT "v=DMARC1; p=reject; sp=quarantine; np=none"\nnews.shop.example A 192.0.2.1'


def dkim(*domains: str) -> Authenticated:
    return Authenticated(dkim=domains)


@pytest.mark.parametrize(
    ("author", "found", "verdict"),
    [
        ("shop.example", dkim("shop.example"), "pass"),
        ("shop.example", dkim("evil.example", "shop.example"), "pass"),
        ("shop.example", dkim("mail.shop.example"), "pass"),
        ("news.shop.example", dkim("shop.example"), "pass"),
        ("shop.example", Authenticated(spf="bounce.shop.example"), "pass"),
        ("shop.example", dkim("evil.example"), "fail"),
        ("shop.example", dkim("example"), "fail"),
        ("shop.example", dkim("notshop.example"), "fail"),
        ("shop.example", dkim(), "fail"),
        ("shop.example", Authenticated(spf="evil.example"), "fail"),
        ("shop.example", Authenticated(doubtful=("shop.example",)), "temperror"),
        ("shop.example", Authenticated(doubtful=("evil.test",)), "fail"),
        ("quiet.example", dkim("quiet.example"), "none"),
        ("quiet.example", dkim(), "none"),
    ],
)
def test_the_author_s_domain_must_have_vouched(author: str, found: Authenticated, verdict: str):
    assert check(author, found, Zone(SHOP).resolve).verdict == verdict


def test_strict_alignment_is_the_very_domain():
    zone = Zone('_dmarc.a.example TXT "v=DMARC1; p=none; adkim=s; aspf=s"')
    assert check("a.example", dkim("mail.a.example"), zone.resolve).verdict is Verdict.FAIL
    assert check("a.example", Authenticated(spf="mail.a.example"), zone.resolve).verdict is Verdict.FAIL
    assert check("a.example", dkim("a.example"), zone.resolve).verdict is Verdict.PASS


def test_the_policy_is_the_domain_s_the_subdomain_s_or_that_for_names_that_are_not():
    resolve = Zone(SHOP).resolve
    assert check("shop.example", dkim(), resolve).policy == "reject"
    assert check("news.shop.example", dkim(), resolve).policy == "quarantine"
    assert check("nothing.shop.example", dkim(), resolve).policy == "none"


def test_psd_y_parts_registrants_from_each_other():
    zone = Zone('_dmarc.bank TXT "v=DMARC1; p=reject; psd=y"')
    assert organizational_domain("mail.first.bank", zone.resolve) == "first.bank"
    assert check("first.bank", dkim("second.bank"), zone.resolve).verdict is Verdict.FAIL
    assert check("mail.first.bank", dkim("first.bank"), zone.resolve).verdict is Verdict.PASS


def test_psd_n_ends_the_walk():
    zone = Zone(
        '_dmarc.a.gov.example TXT "v=DMARC1; p=reject; psd=n"\n_dmarc.gov.example TXT "v=DMARC1; p=none"'
    )
    assert organizational_domain("x.a.gov.example", zone.resolve) == "a.gov.example"
    assert zone.asked["_dmarc.gov.example", Record.TXT] == 0
    assert check("x.a.gov.example", dkim("b.gov.example"), zone.resolve).verdict is Verdict.FAIL


def test_without_psd_the_record_nearest_the_root_is_the_organization():
    zone = Zone('_dmarc.a.b.example TXT "v=DMARC1; p=none"\n_dmarc.b.example TXT "v=DMARC1; p=reject"')
    assert organizational_domain("x.a.b.example", zone.resolve) == "b.example"
    assert check("a.b.example", dkim("c.b.example"), zone.resolve).verdict is Verdict.PASS


def test_a_walk_asks_eight_questions_and_skips_the_middle_of_a_long_name():
    zone = Zone()
    name = ".".join(f"l{i}" for i in range(30)) + ".example"
    assert list(walked(name, zone.resolve)) == []
    asked = [name for name, _ in zone.asked]
    assert len(asked) == 8
    assert asked[0] == f"_dmarc.{name}"
    assert asked[1].count(".") == 7  # `_dmarc` and seven labels
    assert asked[-1] == "_dmarc.example"


def test_several_records_are_none():
    zone = Zone('_dmarc.a.example TXT "v=DMARC1; p=none"\n_dmarc.a.example TXT "v=DMARC1; p=reject"')
    assert check("a.example", dkim(), zone.resolve).verdict is Verdict.NONE


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("v=DMARC1; p=reject", "reject"),
        ("v=DMARC1;p=REJECT ;", "reject"),
        ("v=DMARC1; p=wonder; rua=mailto:a@b.example", "none"),
        ("v=DMARC1; rua=mailto:a@b.example", "none"),
        ("v=DMARC1; p=wonder", None),
        ("v=DMARC1", None),
        ("p=reject; v=DMARC1", None),
        ("v=DMARC2; p=reject", None),
        ("v=spf1 -all", None),
        ("", None),
    ],
)
def test_a_record_is_read_or_it_is_none(text: str, policy: str | None):
    found = read(text, "a.example")
    assert (found.p if found else None) == policy


def test_dns_trouble_says_nothing_about_the_sender():
    zone = Zone("_dmarc.shop.example TXT TROUBLE")
    assert check("shop.example", dkim("shop.example"), zone.resolve).verdict is Verdict.TEMPERROR
