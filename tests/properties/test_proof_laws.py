"""No mail that a stranger can write reaches above its level, whatever it claims and carries."""

import asyncio
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from gateway.commands.authority import Level
from gateway.kernel.calendar import ShopCalendar
from gateway.kernel.tokens import TokenKeys, TokenKind
from gateway.mail.dkim import sign
from gateway.mail.envelope import Address, AuthResults, Envelope, Intake, Peer
from gateway.mail.parse import parse
from gateway.mail.parsed import Parsed
from gateway.mail.verp import AddressPlan
from gateway.pipeline.answered import Answered
from gateway.pipeline.gather import Correspondent, Party, PartyKind, Shop, level_of
from gateway.pipeline.proof import Prover
from gateway.testing.senders import Senders

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
OWNER, CHANNEL, CUSTOMER = "priya@owner.example", "orders@platform.example", "ana@example.net"
REGISTERED = (OWNER, CHANNEL, CUSTOMER)
HERS = ("owner.example", "platform.example", "example.net", "boutique.example")
EVIL = ("evil.example", "owner.example.evil.example", "platform-example.test")
SHOP = Shop(
    plan=AddressPlan("boutique.example", "boutique.example"),
    keys=TokenKeys({1: b"k" * 32}, 1),
    key=str.lower,
    calendar=ShopCalendar(cast("Any", UTC)),
    currency="EUR",
    owner=(Address(OWNER),),
    channels=(Correspondent("Platform", lambda address: address == CHANNEL),),
)
SENDERS = Senders()
for _domain in (*HERS, *EVIL):
    SENDERS.publishes(_domain)

names = st.sampled_from(["", "Priya", OWNER, f"{OWNER} ", "=?utf-8?q?priya=40owner=2Eexample?=", "Priya (x)"])
addresses = st.sampled_from(
    [
        *REGISTERED,
        "mallory@evil.example",
        "priya@owner.example.evil.example",
        "priya@OWNER.example",
        "pr\u0456ya@owner.example",
        "priya@owner\u3002example",
        "priya%owner.example@evil.example",
        '"priya@owner.example"@evil.example',
        "@evil.example:priya@owner.example",
    ]
)
boxes = st.builds(lambda name, address: f'"{name}" <{address}>' if name else address, names, addresses)
authors = st.lists(boxes, min_size=0, max_size=2).map(", ".join) | st.sampled_from(
    [
        f"Friends: {OWNER};",
        f"{OWNER}\x00",
        f"<{OWNER}>, <mallory@evil.example>",
        f"{OWNER} (mallory@evil.example)",
    ]
)
claims = st.sampled_from(
    [
        "mx.host.example; dkim=pass header.d=owner.example; dmarc=pass header.from=owner.example",
        "mail.boutique.example; dmarc=pass header.from=owner.example",
        "boutique.example; spf=pass smtp.mailfrom=owner.example",
    ]
)
fields = st.lists(
    st.one_of(
        authors.map(lambda value: f"From: {value}"),
        boxes.map(lambda value: f"Sender: {value}"),
        boxes.map(lambda value: f"Reply-To: {value}"),
        boxes.map(lambda value: f"Resent-From: {value}"),
        claims.map(lambda value: f"Authentication-Results: {value}"),
        st.sampled_from(["To: orders@boutique.example", "X-MailFlow-Id: x", "from : x@evil.example", "From"]),
    ),
    min_size=1,
    max_size=6,
)


@st.composite
def forged(draw: st.DrawFn) -> tuple[bytes, Envelope]:
    """A mail by somebody who has no key but those of the evil domains."""
    head = "\r\n".join(draw(fields))
    octets = f"{head}\r\nSubject: x\r\n\r\nstock MUG-01 5\r\n".encode("utf-8", "replace")
    for domain in draw(st.lists(st.sampled_from(EVIL), max_size=2)):
        octets = sign(octets, (SENDERS.publishes(domain),), NOW)
    if draw(st.booleans()):  # and pretends that the signature is another's
        octets = octets.replace(b"d=evil.example", b"d=owner.example")
    via = draw(st.sampled_from([Intake.SMTP, Intake.LMTP, Intake.IMAP]))
    envelope = Envelope(
        id=cast("Any", "jrn-1"),
        received_at=NOW,
        via=via,
        reverse_path=draw(st.sampled_from([None, *map(Address, REGISTERED)])),
        forward_paths=(Address("orders@boutique.example"),),
        peer=Peer("203.0.113.9", "owner.example", tls=True) if via is Intake.SMTP else None,
        sha256=sha256(octets).hexdigest(),
        size=len(octets),
        auth=AuthResults(trusts=draw(st.sampled_from(["", "trusted.example"]))),
    )
    return octets, envelope


answers = st.sampled_from(
    [
        None,
        *(
            Answered(
                cast("Any", None), kind, "forward-path", third_person=False, expired=False, confirms=True
            )
            for kind in TokenKind
        ),
    ]
)


def party(mail: Parsed) -> Party:
    """Whom the shop takes the author for, by the strict reading alone."""
    kinds = {OWNER: PartyKind.OWNER, CHANNEL: PartyKind.CHANNEL, CUSTOMER: PartyKind.CUSTOMER}
    return Party(kinds.get((mail.identity or "").lower(), PartyKind.STRANGER), mail.identity, "x")


@given(forged(), answers)
def test_no_generated_mail_by_a_stranger_reaches_above_its_level(
    made: tuple[bytes, Envelope], token: Answered | None
):
    octets, envelope = made
    auth = asyncio.run(Prover(SENDERS.zone, SHOP).check(envelope, octets))
    mail = parse(octets)
    assert level_of(party(mail), mail, auth, token, SHOP).level is Level.L0


@given(st.sampled_from(HERS), st.sampled_from(REGISTERED), st.booleans())
def test_only_the_author_s_own_domain_lifts_a_mail(domain: str, author: str, signed: bool):
    """The other half: what is forbidden above is reached by whoever has the key, and by nobody else."""
    octets = f"From: {author}\r\nTo: orders@boutique.example\r\nSubject: x\r\n\r\nx\r\n".encode()
    if signed:
        octets = sign(octets, (SENDERS.publishes(domain),), NOW)
    envelope = Envelope(
        id=cast("Any", "jrn-1"),
        received_at=NOW,
        via=Intake.IMAP,
        reverse_path=Address(author),
        forward_paths=(Address("orders@boutique.example"),),
        peer=None,
        sha256="",
        size=len(octets),
    )
    auth = asyncio.run(Prover(SENDERS.zone, SHOP).check(envelope, octets))
    mail = parse(octets)
    hers = signed and author.endswith(f"@{domain}")
    assert level_of(party(mail), mail, auth, None, SHOP).level is (Level.L1 if hers else Level.L0)
