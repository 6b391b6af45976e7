"""The key of a mail: what is a repeat, and what only looks like one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.db.engine import Database, commit, reading, writing
from gateway.kernel.ids import Id, new_id
from gateway.mail.envelope import Address, Envelope, Intake
from gateway.pipeline import journal
from gateway.pipeline.lifecycle import MailMove
from gateway.pipeline.repeat import Repeat, repeat_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ORDERS, FEEDBACK = Address("orders@boutique.example"), Address("feedback@boutique.example")
SIGNED, OTHER = Address("reply+aaaa@boutique.example"), Address("reply+bbbb@boutique.example")
_days = count()

MAIL = (
    b"From: Ana <ana@example.net>\r\nTo: orders@boutique.example\r\nSubject: Mugs\r\n"
    b"Date: Fri, 20 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@example.net>\r\n\r\n2 x MUG-01\r\n"
)


def without(field: bytes, octets: bytes = MAIL) -> bytes:
    head, _, body = octets.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(field.lower() + b":")]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def is_signed(address: Address) -> bool:
    return "+" in address


class Box:
    """A journal that mails come into."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def takes(
        self,
        octets: bytes,
        *,
        at: datetime = NOW,
        to: Sequence[Address] = (ORDERS,),
        via: Intake = Intake.SMTP,
    ) -> tuple[Id, Repeat | None]:
        """Accept a mail as the pipe does; its id, and what it repeats."""
        envelope = Envelope(
            id=new_id("jrn", at),
            received_at=at,
            via=via,
            reverse_path=Address("ana@example.net"),
            forward_paths=tuple(to),
            peer=None,
            sha256=sha256(octets).hexdigest(),
            size=len(octets),
        )
        await commit(self._db, journal.accepting(envelope, octets))
        async with reading(self._db) as tx:
            entry = await journal.entry_by_id(tx, envelope.id)
            assert entry is not None
            repeat = await repeat_of(tx, entry, octets, is_signed)
        is_duplicate = repeat is not None and not repeat.unheard
        async with writing(self._db) as tx:
            how = MailMove.REPEAT if is_duplicate else MailMove.HANDLE
            await journal.move(tx, envelope.id, how, at, duplicate_of=repeat.of if repeat else None)
        return envelope.id, repeat


@pytest.fixture
def box(sqlite: Database) -> Box:
    return Box(sqlite)


async def test_one_mail_by_smtp_and_imap_is_one(box: Box):
    first, repeat = await box.takes(MAIL)
    assert repeat is None
    by_imap = (
        b"Return-Path: <ana@example.net>\r\nReceived: from mx.provider.example by box.provider.example;\r\n"
        b"\tFri, 20 Nov 2026 12:00:09 +0000\r\nX-Spam-Score: -1.0\r\n"
        + MAIL.replace(b"Subject: Mugs\r\n", b"Subject:\r\n Mugs\r\n").replace(
            b"MUG-01\r\n", b"MUG-01  \r\n\r\n"
        )
    )
    _, repeat = await box.takes(by_imap, at=NOW + timedelta(minutes=2), via=Intake.IMAP)
    assert repeat == Repeat(first)


async def test_reused_message_ids_are_two_mails(box: Box):
    """Carriers name every mail about one parcel alike."""
    await box.takes(MAIL)
    _, repeat = await box.takes(MAIL.replace(b"2 x MUG-01", b"3 x MUG-01"))
    assert repeat is None
    _, repeat = await box.takes(MAIL.replace(b"Subject: Mugs", b"Subject: Delivered"))
    assert repeat is None


async def test_the_same_words_under_another_id_are_two_mails(box: Box):
    await box.takes(MAIL)
    _, repeat = await box.takes(MAIL.replace(b"<1@example.net>", b"<2@example.net>"))
    assert repeat is None


@pytest.mark.parametrize(
    ("lacks", "remembered", "forgotten"),
    [
        ((), timedelta(days=29), timedelta(days=31)),
        ((b"Message-ID",), timedelta(days=29), timedelta(days=31)),
        ((b"Message-ID", b"Date"), timedelta(hours=23), timedelta(hours=25)),
    ],
    ids=["with id", "with date only", "with neither"],
)
async def test_how_long_a_repeat_is_known(box: Box, lacks, remembered, forgotten):
    octets = MAIL
    for field in lacks:
        octets = without(field, octets)
    first, _ = await box.takes(octets)
    _, repeat = await box.takes(octets, at=NOW + remembered)
    assert repeat == Repeat(first)
    _, repeat = await box.takes(octets, at=NOW + forgotten)
    assert repeat is None


async def test_a_mail_without_id_does_not_repeat_one_with_an_id(box: Box):
    await box.takes(MAIL)
    _, repeat = await box.takes(without(b"Message-ID"))
    assert repeat is None


async def test_a_copy_to_another_role_is_a_repeat(box: Box):
    first, _ = await box.takes(MAIL, to=(ORDERS,))
    _, repeat = await box.takes(MAIL, to=(FEEDBACK,))
    assert repeat == Repeat(first)


async def test_a_copy_to_a_signed_address_is_heard_there_once(box: Box):
    first, _ = await box.takes(MAIL, to=(SIGNED,))
    _, repeat = await box.takes(MAIL, to=(SIGNED,))
    assert repeat == Repeat(first)
    _, repeat = await box.takes(MAIL, to=(ORDERS, OTHER))
    assert repeat == Repeat(first, (OTHER,))
    _, repeat = await box.takes(MAIL, to=(OTHER, SIGNED))
    assert repeat == Repeat(first)


@given(st.binary(max_size=300), st.sampled_from([b"Received: by mx", b"X-Any: thing", b"Return-Path: <>"]))
def test_trace_fields_never_change_the_key(body: bytes, trace: bytes):
    octets = MAIL.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + body
    assert journal.key_of(trace + b"\r\n" + octets) == journal.key_of(octets)


@given(st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1, max_size=40))
def test_other_words_are_another_key(words: str):
    other = MAIL.replace(b"2 x MUG-01", words.encode())
    same = words.split() == ["2", "x", "MUG-01"] and not words.startswith(" ")
    assert (journal.key_of(other).content == journal.key_of(MAIL).content) is same
