"""Who sent a mail, from its octets and what DNS says, to the level that it has (intake.md, 15 and 19)."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, cast

import pytest

from gateway.commands.authority import Level, OwnerProof
from gateway.kernel.calendar import ShopCalendar
from gateway.kernel.tokens import TokenKeys, TokenKind
from gateway.mail.dkim import key_names, sign
from gateway.mail.envelope import Address, AuthResults, Envelope, Intake, Peer, Verdict
from gateway.mail.parse import parse
from gateway.mail.resolve import DnsTrouble, Record
from gateway.mail.verp import AddressPlan
from gateway.pipeline.answered import Answered
from gateway.pipeline.gather import Party, PartyKind, Shop, level_of
from gateway.pipeline.proof import Forged, Prover
from gateway.testing.senders import Senders
from gateway.testing.zone import Zone

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
OWNER, HER_HOST = "priya@owner.example", "192.0.2.1"
SHOP = Shop(
    plan=AddressPlan("boutique.example", "boutique.example"),
    keys=TokenKeys({1: b"k" * 32}, 1),
    key=str.lower,
    calendar=ShopCalendar(cast("Any", UTC)),
    currency="EUR",
    owner=(Address(OWNER),),
)
PUBLISHED = f"""
    owner.example           TXT  "v=spf1 ip4:{HER_HOST} -all"
    elsewhere.example       TXT  "v=spf1 ip4:198.51.100.1 -all"
"""


def a_mail(author: str = f"Priya <{OWNER}>", *, head: str = "", words: str = "stock MUG-01 5") -> bytes:
    return (
        f"{head}From: {author}\r\nTo: orders@boutique.example\r\nSubject: Hello\r\n"
        f"Date: Mon, 2 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@owner.example>\r\n\r\n{words}\r\n"
    ).encode()


def enveloped(
    octets: bytes, *, ip: str = "198.51.100.9", via: Intake = Intake.SMTP, path: str | None = OWNER
) -> Envelope:
    return Envelope(
        id=cast("Any", "jrn-1"),
        received_at=NOW,
        via=via,
        reverse_path=None if path is None else Address(path),
        forward_paths=(Address("orders@boutique.example"),),
        peer=Peer(ip, "mail.owner.example", tls=True) if via is Intake.SMTP else None,
        sha256=sha256(octets).hexdigest(),
        size=len(octets),
    )


@pytest.fixture
def senders() -> Senders:
    return Senders(Zone(PUBLISHED))


@pytest.fixture
def prover(senders: Senders) -> Prover:
    return Prover(senders.zone, SHOP)


def dmarc(zone: Zone, domain: str = "owner.example") -> None:
    zone.add(f"_dmarc.{domain}", Record.TXT, "v=DMARC1; p=none")


def party(address: str | None) -> Party:
    """What the shop knows of somebody: its owner and nobody else."""
    kind = PartyKind.OWNER if address == OWNER else PartyKind.STRANGER
    return Party(kind, None if address is None else Address(address))


def a_token(**how: Any) -> Answered:
    known = {"third_person": False, "expired": False, "kind": TokenKind.REPLY} | how
    return Answered(cast("Any", None), evidence="forward-path", **known)


# --- the table ---------------------------------------------------------------------------------------------

NONE, GOOD = None, a_token()
TABLE = {
    # SPF     DKIM                 DMARC record  path        From                       token
    "nothing": (False, "", False, Intake.SMTP, OWNER, NONE, Level.L0),
    "SPF alone, no DMARC record": (True, "", False, Intake.SMTP, OWNER, NONE, Level.L0),
    "SPF and a DMARC record": (True, "", True, Intake.SMTP, OWNER, NONE, Level.L1),
    "SPF by a mailbox says nothing": (True, "", True, Intake.IMAP, OWNER, NONE, Level.L0),
    "DKIM, no DMARC record": (False, "owner.example", False, Intake.SMTP, OWNER, NONE, Level.L1),
    "DKIM and a DMARC record": (False, "owner.example", True, Intake.SMTP, OWNER, NONE, Level.L1),
    "DKIM by a mailbox": (False, "owner.example", True, Intake.IMAP, OWNER, NONE, Level.L1),
    "DKIM by LMTP": (False, "owner.example", True, Intake.LMTP, OWNER, NONE, Level.L1),
    "DKIM of a subdomain, DMARC": (False, "mail.owner.example", True, Intake.SMTP, OWNER, NONE, Level.L1),
    "DKIM of a subdomain, no DMARC": (False, "mail.owner.example", False, Intake.SMTP, OWNER, NONE, Level.L0),
    "DKIM of somebody else": (False, "evil.example", True, Intake.SMTP, OWNER, NONE, Level.L0),
    "aligned, another user": (True, "owner.example", True, Intake.SMTP, "ben@owner.example", NONE, Level.L0),
    "aligned, one character more": (
        True, "owner.example", True, Intake.SMTP, "p.riya@owner.example", NONE, Level.L0,
    ),
    "aligned, name with an address": (
        False, "evil.example", True, Intake.SMTP, f'"{OWNER}" <x@evil.example>', NONE, Level.L0,
    ),
    "aligned, two authors": (
        True, "owner.example", True, Intake.SMTP, f"{OWNER}, x@evil.example", NONE, Level.L0,
    ),
    "token, nothing else": (False, "", False, Intake.SMTP, OWNER, GOOD, Level.L0),
    "token and DKIM": (False, "owner.example", True, Intake.SMTP, OWNER, GOOD, Level.L2),
    "token and SPF": (True, "", True, Intake.SMTP, OWNER, GOOD, Level.L2),
    "token, DKIM, another user": (
        False, "owner.example", True, Intake.SMTP, "ben@owner.example", GOOD, Level.L0,
    ),
    "expired token and DKIM": (
        False, "owner.example", True, Intake.SMTP, OWNER, a_token(expired=True), Level.L0,
    ),
    "somebody else's token and DKIM": (
        False, "owner.example", True, Intake.SMTP, OWNER, a_token(third_person=True), Level.L1,
    ),
    "a Message-ID and DKIM": (
        False, "owner.example", True, Intake.SMTP, OWNER, a_token(kind=TokenKind.MESSAGE), Level.L1,
    ),
    "confirmed in time and DKIM": (
        False, "owner.example", True, Intake.SMTP, OWNER,
        a_token(kind=TokenKind.CONFIRM, confirms=True), Level.L3,
    ),
    "confirmed and not proven": (
        False, "", True, Intake.SMTP, OWNER, a_token(kind=TokenKind.CONFIRM, confirms=True), Level.L0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", TABLE)
async def test_each_proof_has_its_level(row: str, senders: Senders, prover: Prover):
    by_spf, signer, published, via, author, token, expected = TABLE[row]
    octets = a_mail(author)
    if signer:
        octets = senders.signed(octets, signer, NOW)
    senders.zone.remove("_dmarc.owner.example", Record.TXT)
    if published:
        dmarc(senders.zone)
    envelope = enveloped(octets, ip=HER_HOST if by_spf else "198.51.100.9", via=via)
    auth = await prover.check(envelope, octets)
    mail = parse(octets)
    found = level_of(party(mail.identity), mail, auth, token, SHOP)
    assert found.level is expected, found.why
    assert found.why


# --- what counts, and what does not ------------------------------------------------------------------------


async def test_l_equals_counts_for_nothing(senders: Senders, prover: Prover):
    octets = senders.signed(a_mail(), "owner.example", NOW)
    assert (await prover.check(enveloped(octets), octets)).dkim == ("owner.example",)
    partial = octets.replace(b"v=1;", b"v=1; l=5;", 1)
    assert (await prover.check(enveloped(partial), partial)).dkim == ()


async def test_a_changed_word_is_no_longer_hers(senders: Senders, prover: Prover):
    octets = senders.signed(a_mail(), "owner.example", NOW).replace(b"MUG-01 5", b"MUG-01 0")
    found = await prover.check(enveloped(octets), octets)
    assert (found.dkim, found.dmarc) == ((), Verdict.FAIL)


async def test_a_provider_s_pass_outweighs_our_failing_check_and_never_the_reverse(
    senders: Senders, prover: Prover
):
    signed = senders.signed(a_mail(), "owner.example", NOW)
    passed = b"Authentication-Results: mx.host.example; dkim=pass header.d=owner.example\r\n"
    failed = b"Authentication-Results: mx.host.example; dkim=fail header.d=owner.example\r\n"
    changed = signed.replace(b"stock", b"Stock")
    trusting = replace(enveloped(signed, via=Intake.IMAP), auth=AuthResults(trusts="mx.host.example"))
    for octets, expected in (
        (passed + changed, Verdict.PASS),
        (failed + signed, Verdict.PASS),
        (failed + changed, Verdict.FAIL),
        (b"Authentication-Results: other.example; dkim=fail\r\n" + passed + changed, Verdict.FAIL),
    ):
        assert (await prover.check(trusting, octets)).dmarc is expected
    assert (await prover.check(enveloped(signed, via=Intake.IMAP), passed + changed)).dmarc is Verdict.FAIL


async def test_dns_trouble_is_level_zero_not_refusal(senders: Senders, prover: Prover):
    octets = senders.signed(a_mail(), "owner.example", NOW)
    senders.zone.fails = True
    envelope = enveloped(octets)
    assert await prover.admitted(envelope, octets) == envelope
    found = await prover.check(envelope, octets)
    assert found.dmarc is Verdict.TEMPERROR
    assert level_of(party(OWNER), parse(octets), found, a_token(), SHOP).level is Level.L0


async def test_silence_ends_with_the_time_for_it(senders: Senders):
    class Silent:
        async def lookup(self, name: str, of: Record) -> tuple[str, ...]:
            await asyncio.Event().wait()
            return ()

    octets = senders.signed(a_mail(), "owner.example", NOW)
    found = await Prover(Silent(), SHOP, budget=0.05).check(enveloped(octets), octets)
    assert (found.dmarc, found.spf) == (Verdict.TEMPERROR, Verdict.TEMPERROR)


@pytest.mark.parametrize("broken", ["test._domainkey.evil.example", "_dmarc.evil.example", "evil.example"])
@pytest.mark.parametrize("trouble", ["broken", "silent"])
async def test_a_stranger_s_broken_dns_does_not_silence_the_author_s(
    broken: str, trouble: str, senders: Senders
):
    """A thief signs and sends by a domain of his own, whose DNS fails or says nothing."""

    class Odd:
        async def lookup(self, name: str, of: Record) -> tuple[str, ...]:
            if name == broken and trouble == "silent":
                await asyncio.Event().wait()
            if name == broken:
                raise DnsTrouble("no server answers")
            return senders.zone.resolve(name, of)

    senders.publishes("owner.example")
    octets = senders.signed(a_mail(), "evil.example", NOW)
    thief = Prover(Odd(), SHOP, budget=0.2)
    found = await thief.check(enveloped(octets, path="eve@evil.example"), octets)
    assert found.dmarc is Verdict.FAIL


async def test_what_was_asked_is_asked_once(senders: Senders, prover: Prover):
    octets = senders.signed(a_mail(), "owner.example", NOW)
    await prover.check(enveloped(octets), octets)
    assert set(senders.zone.asked.values()) == {1}
    assert senders.zone.asked[key_names(octets)[0], Record.TXT] == 1


async def test_no_octets_raise(prover: Prover):
    for octets in (b"", b"\r\n", b"From:\r\n\r\n", b"\xff" * 300, b"DKIM-Signature: a=b; d=\xff\r\n\r\nx"):
        assert (await prover.check(enveloped(octets), octets)).checked
        await prover.admitted(enveloped(octets), octets)


async def test_a_broken_resolver_is_trouble_and_no_end(senders: Senders):
    class Broken:
        async def lookup(self, name: str, of: Record) -> tuple[str, ...]:
            raise RuntimeError("a defect")

    octets = a_mail()
    assert (await Prover(Broken(), SHOP).check(enveloped(octets), octets)).dmarc is Verdict.TEMPERROR


# --- the door ----------------------------------------------------------------------------------------------


CLAIMS = [
    OWNER,
    f"Priya <{OWNER.upper()}>",
    "The shop <hello@boutique.example>",
    f"x@evil.example, {OWNER}",
    "=?utf-8?q?Priya?= <hello@boutique.example>",
]


@pytest.mark.parametrize("author", CLAIMS)
async def test_a_forged_mail_of_ours_is_refused_at_the_door(author: str, senders: Senders, prover: Prover):
    dmarc(senders.zone)
    dmarc(senders.zone, "boutique.example")
    octets = a_mail(author)
    with pytest.raises(Forged) as refused:
        await prover.admitted(enveloped(octets, path="thief@evil.example"), octets)
    assert str(refused.value.reply).startswith("550 5.7.26")


@pytest.mark.parametrize(
    ("how", "change"),
    [
        ("by a mailbox", lambda envelope: replace(envelope, via=Intake.IMAP)),
        ("by LMTP", lambda envelope: replace(envelope, via=Intake.LMTP)),
        ("a report", lambda envelope: replace(envelope, reverse_path=None)),
        ("through a server in front", lambda envelope: replace(envelope, auth=AuthResults(trusts="mx.a"))),
    ],
)
async def test_where_a_refusal_would_hurt_others_it_is_let_in(
    how: str, change: Callable[[Envelope], Envelope], senders: Senders, prover: Prover
):
    dmarc(senders.zone)
    octets = a_mail()
    assert (await prover.admitted(change(enveloped(octets)), octets)).auth.checked is False


async def test_nobody_else_is_looked_up_at_the_door(senders: Senders, prover: Prover):
    octets = a_mail("Ana <ana@example.net>")
    await prover.admitted(enveloped(octets), octets)
    assert not senders.zone.asked


async def test_her_own_signed_mail_comes_in_and_is_not_checked_twice(senders: Senders, prover: Prover):
    octets = senders.signed(a_mail(), "owner.example", NOW)
    envelope = await prover.admitted(enveloped(octets), octets)
    assert (envelope.auth.checked, envelope.auth.dmarc) == (True, Verdict.PASS)
    asked = senders.zone.asked.total()
    assert await prover.admitted(envelope, octets) is envelope
    assert senders.zone.asked.total() == asked


async def test_a_server_in_front_is_believed_about_spf(senders: Senders):
    dmarc(senders.zone)
    said = b"Authentication-Results: mx.shop.example; spf=pass smtp.mailfrom=priya@owner.example\r\n"
    octets = said + a_mail()
    prover = Prover(senders.zone, SHOP, front=lambda envelope: "mx.shop.example")
    envelope = await prover.admitted(enveloped(octets), octets)
    assert envelope.auth.trusts == "mx.shop.example"
    assert (await prover.check(envelope, octets)).dmarc is Verdict.PASS


# --- what the owner chose ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "signed", "token", "expected"),
    [
        ("aligned", True, None, Level.L1),
        ("both", True, None, Level.L0),
        ("both", True, a_token(), Level.L2),
        ("token", False, None, Level.L0),
        ("token", False, a_token(), Level.L1),
        ("token", False, a_token(third_person=True), Level.L0),
        ("token", True, None, Level.L1),
    ],
)
async def test_what_proves_the_owner_is_her_setting(
    policy: str, signed: bool, token: Answered | None, expected: Level, senders: Senders, prover: Prover
):
    octets = senders.signed(a_mail(), "owner.example", NOW) if signed else a_mail()
    auth = await prover.check(enveloped(octets), octets)
    shop = replace(SHOP, owner_proof=OwnerProof(policy))
    assert level_of(party(OWNER), parse(octets), auth, token, shop).level is expected


async def test_a_repeated_field_is_no_proof(senders: Senders, prover: Prover):
    octets = senders.signed(a_mail(head="To: a@boutique.example\r\n"), "owner.example", NOW)
    auth = await prover.check(enveloped(octets), octets)
    assert level_of(party(OWNER), parse(octets), auth, None, SHOP).level is Level.L0


def test_signing_twice_names_a_key_once(senders: Senders):
    key = senders.publishes("owner.example")
    octets = sign(sign(a_mail(), (key,), NOW), (key,), NOW)
    assert len(key_names(octets)) == 1


def test_trouble_says_of_what():
    with pytest.raises(DnsTrouble, match=r"TXT of a\.example"):
        Zone("a.example TXT TROUBLE").resolve("a.example", Record.TXT)
