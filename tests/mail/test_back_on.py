"""The day of return, in many languages and forms."""

from datetime import date

import pytest

from gateway.mail.back_on import back_on

WRITTEN = date(2026, 3, 10)  # a Tuesday


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
        ("03/04/2026", date(2026, 4, 3)),  # 4 March is past
        ("back soon", None),
        ("founded on 5 April 1999", None),
        ("version 12.40. and 5.13.", None),
        ("until 31 February", None),
        ("call 030 12 34 56", None),
    ],
)
def test_the_day_somebody_is_back(text: str, day: date | None):
    assert back_on(text, WRITTEN) == day


def test_a_day_without_a_year_needs_to_know_when_it_was_written():
    assert back_on("until 24 March", None) is None
    assert back_on("until 24 March 2026", None) == date(2026, 3, 24)


@pytest.mark.parametrize(
    "text",
    [
        "до 5 квітня",
        "5 aprilie 2026",
        "5. apríla",
        "2026. április 5-én",
        "5 април",
        "5. travnja",
        "5. aprillini",
        "5. aprīlim",
        "balandžio 5 d.",
        "5 Απριλίου",
        "ב-5 באפריל",
        "5 أبريل",
        "5 d'abril",
        "5. aprila",
        "5. huhtikuuta",
        "den 5/4",
        "2026.04.05-én",
    ],
)
def test_days_in_other_languages(text: str):
    assert back_on(text, WRITTEN) == date(2026, 4, 5)


def test_numbers_that_may_be_two_days_are_the_one_that_is_soon():
    assert back_on("12/01/2026", date(2026, 1, 5)) == date(2026, 1, 12)
    assert back_on("01/12/2026", date(2026, 1, 5)) == date(2026, 1, 12)
    assert back_on("02/03/2026", date(2026, 2, 1)) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("back tomorrow", date(2026, 3, 11)),
        ("Ich bin ab Montag wieder da.", date(2026, 3, 16)),
        ("de retour mercredi", date(2026, 3, 11)),
        ("regreso el martes", date(2026, 3, 17)),
        ("wracam w piątek", date(2026, 3, 13)),
        ("Monday, 23 March", date(2026, 3, 23)),
    ],
)
def test_a_day_of_the_week_is_the_next_one(text: str, day: date):
    assert back_on(text, WRITTEN) == day
