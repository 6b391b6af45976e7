"""What automatic replies say: until when, whom instead, whether for ever."""

from datetime import UTC, date, datetime

import pytest

from gateway.mail.absence import absence, alternate, back_on, sign
from gateway.mail.bounces import BUILT_IN
from gateway.mail.parsed import Headers, Mailbox, Parsed

ANA = Parsed(
    date=datetime(2026, 3, 10, 9, tzinfo=UTC),
    author=Mailbox("Ana", "ana@example.net"),
    to=(Mailbox("", "orders@shop.example"),),
)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("back on 2026-03-24", date(2026, 3, 24)),
        ("until 24 March", date(2026, 3, 24)),
        ("until March 24th, 2026", date(2026, 3, 24)),
        ("returning Monday, March 23", date(2026, 3, 23)),
        ("bis zum 24.03.2026", date(2026, 3, 24)),
        ("bis 24.3.", date(2026, 3, 24)),
        ("ab dem 3. April wieder da", date(2026, 4, 3)),
        ("jusqu'au 1er avril 2026", date(2026, 4, 1)),
        ("hasta el 5 de abril de 2026", date(2026, 4, 5)),
        ("retorno em 5 de abril", date(2026, 4, 5)),
        ("fino al 5 aprile", date(2026, 4, 5)),
        ("tot 5 april 2026", date(2026, 4, 5)),
        ("åter den 5 april", date(2026, 4, 5)),
        ("palaan 5.4.2026", date(2026, 4, 5)),
        ("do 5 kwietnia", date(2026, 4, 5)),
        ("до 5 апреля", date(2026, 4, 5)),
        ("5 Nisan 2026", date(2026, 4, 5)),
        ("4月5日に出社します", date(2026, 4, 5)),
        ("2026年4月5日", date(2026, 4, 5)),
        ("4월 5일에 복귀합니다", date(2026, 4, 5)),
        ("23/04/2026", date(2026, 4, 23)),
        ("from 12 to 20 March, back on 23 March", date(2026, 3, 23)),
        ("until 2 January", date(2027, 1, 2)),
        ("04/05/2026", None),  # April or May
        ("back soon", None),
        ("founded on 5 April 1999", None),
        ("version 12.40. and 5.13.", None),
        ("until 31 February", None),
        ("call 030 12 34 56", None),
    ],
)
def test_the_day_somebody_is_back(text: str, day: date | None):
    assert back_on(text, ANA) == day


def test_a_day_without_a_year_needs_to_know_when_it_was_written():
    assert back_on("until 24 March", Parsed()) is None
    assert back_on("until 24 March 2026", Parsed()) == date(2026, 3, 24)


def test_whom_to_ask_instead():
    assert alternate("ask bo@example.net or cy@example.net", ANA) == "bo@example.net"
    assert alternate("Ana <ANA@example.net>, about your mail to orders@shop.example", ANA) == ""


def test_who_left_is_not_back_on_any_day():
    text = "Ana has left the company on 5 April 2026. Please write to bo@example.net."
    found = absence(Parsed(text=text, reply=text, date=ANA.date), BUILT_IN)
    assert (found.back_on, found.alternate, found.gone) == (None, "bo@example.net", True)


def said(subject: str, text: str, *fields: tuple[str, str], machine: bool = False) -> str:
    mail = Parsed(subject=subject, text=text, reply=text, headers=Headers(fields))
    return sign(mail, machine=machine, bounces=BUILT_IN)


def test_a_known_subject_needs_a_phrase():
    assert said("Automatic reply: order", "I am out of the office.")
    assert said("Automatic reply: order", "xyz") == ""


def test_a_phrase_needs_a_known_subject():
    assert said("Re: order", "I am out of the office until Monday, 5 April.") == ""


def test_a_subject_that_people_write_needs_two_phrases():
    assert said("Vacation", "I am on vacation.") == ""
    assert said("Vacation", "I am on vacation. I will respond when I return.")


@pytest.mark.parametrize("name", ["X-Autoreply", "x-autorespond", "X-AutoResponder"])
def test_fields_of_vendors(name: str):
    assert said("x", "y", (name, "yes")) == f"the field {name}"
    assert said("x", "y", (name, "no")) == ""


def test_precedence_auto_reply():
    assert said("x", "y", ("Precedence", "auto_reply")) == "the field Precedence"
    assert said("x", "y", ("Precedence", "bulk")) == ""
