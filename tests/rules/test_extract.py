"""Dates, quantities, parts of a whole, money and percentages, as suppliers and customers write them."""

from datetime import date
from decimal import Decimal

import pytest

from gateway.kernel.money import Money
from gateway.rules.extract import (
    Part,
    find_date,
    find_email,
    find_money,
    find_part_of_whole,
    find_percent,
    find_quantity,
    find_url,
)

TODAY = date(2026, 11, 20)  # a Friday, in week 47
D12 = date(2026, 12, 12)  # a Saturday

DATES: tuple[tuple[str, date | None], ...] = (
    # ISO 8601
    ("2026-12-12", D12),
    ("2026/12/12", D12),
    ("2026-12-12T10:30:00+01:00", D12),
    ("on 2026-12-12.", D12),
    ("2026-13-01", None),
    # numbers
    ("12.12.2026", D12),
    ("12. 12. 2026", D12),
    ("12.12.26", D12),
    ("12/12/2026", D12),
    ("12-12-2026", D12),
    ("3/4/2027", date(2027, 4, 3)),
    ("12/25/2026", date(2026, 12, 25)),
    ("25/12/2026", date(2026, 12, 25)),
    ("31.02.2027", None),
    ("ab 12.12.", D12),
    ("Lieferung am 3.1.", date(2027, 1, 3)),
    ("am 12.12 per DHL", D12),
    ("12/12", D12),
    ("by 1/12", date(2026, 12, 1)),
    # English
    ("12 Dec", D12),
    ("12 December", D12),
    ("12th of December", D12),
    ("3rd Dec 2026", date(2026, 12, 3)),
    ("Dec 12", D12),
    ("December 12th, 2026", D12),
    ("12-Dec-26", D12),
    ("12 Dec '26", D12),
    ("5 January", date(2027, 1, 5)),
    ("Saturday 12 December", D12),
    ("Sat, 12 Dec 2026", D12),
    ("20 Nov", TODAY),
    ("19 Nov", date(2027, 11, 19)),
    ("May 3", date(2027, 5, 3)),
    ("3 may 2027", date(2027, 5, 3)),
    ("Tuesday", date(2026, 11, 24)),
    ("on Monday", date(2026, 11, 23)),
    ("next Tuesday", date(2026, 11, 24)),
    ("next Friday", date(2026, 11, 27)),
    ("Wednesday next week", date(2026, 11, 25)),
    ("last Monday", date(2026, 11, 16)),
    ("tomorrow", date(2026, 11, 21)),
    ("the day after tomorrow", date(2026, 11, 22)),
    ("in 2 weeks", date(2026, 12, 4)),
    ("in two weeks", date(2026, 12, 4)),
    ("within the next 10 days", date(2026, 11, 30)),
    ("in about 3 weeks", date(2026, 12, 11)),
    ("in 2-3 weeks", date(2026, 12, 11)),
    ("in a month", date(2026, 12, 20)),
    ("5 working days", date(2026, 11, 27)),
    ("within 3 business days", date(2026, 11, 25)),
    ("week 50", date(2026, 12, 11)),
    ("week 2", date(2027, 1, 15)),
    ("end of month", date(2026, 11, 30)),
    ("at the end of next month", date(2026, 12, 31)),
    ("end of January", date(2027, 1, 31)),
    ("end of the year", date(2026, 12, 31)),
    ("10-12 Dec", D12),
    ("10 to 12 December", D12),
    ("Dec 10-12", D12),
    ("between 10 Dec and 12 Dec", D12),
    ("10/12/2026 - 12/12/2026", D12),
    ("from 10 Dec until 12 Dec", D12),
    # German
    ("12. Dezember", D12),
    ("12. Dez. 2026", D12),
    ("Samstag, den 12. Dezember", D12),
    ("Dienstag", date(2026, 11, 24)),
    ("nächsten Dienstag", date(2026, 11, 24)),
    ("Mittwoch nächster Woche", date(2026, 11, 25)),
    ("morgen", date(2026, 11, 21)),
    ("übermorgen", date(2026, 11, 22)),
    ("in 2 Wochen", date(2026, 12, 4)),
    ("innerhalb von drei Tagen", date(2026, 11, 23)),
    ("in 5 Werktagen", date(2026, 11, 27)),
    ("KW 50", date(2026, 12, 11)),
    ("KW49/50", date(2026, 12, 11)),
    ("KW 2/2027", date(2027, 1, 15)),
    ("Ende des Monats", date(2026, 11, 30)),
    ("Ende Januar", date(2027, 1, 31)),
    ("10. bis 12. Dezember", D12),
    ("10.12. bis 12.12.", D12),
    ("zwischen dem 10. und 12. Dezember", D12),
    # French
    ("12 décembre", D12),
    ("le 1er décembre 2026", date(2026, 12, 1)),
    ("samedi 12 décembre", D12),
    ("mardi prochain", date(2026, 11, 24)),
    ("demain", date(2026, 11, 21)),
    ("après-demain", date(2026, 11, 22)),
    ("dans 2 semaines", date(2026, 12, 4)),
    ("sous 5 jours ouvrés", date(2026, 11, 27)),
    ("semaine 50", date(2026, 12, 11)),
    ("fin du mois", date(2026, 11, 30)),
    ("fin décembre", date(2026, 12, 31)),
    ("entre le 10 et le 12 décembre", D12),
    # Spanish
    ("12 de diciembre", D12),
    ("12 de diciembre de 2026", D12),
    ("el sábado 12 de diciembre", D12),
    ("el próximo martes", date(2026, 11, 24)),
    ("mañana", date(2026, 11, 21)),
    ("pasado mañana", date(2026, 11, 22)),
    ("en 2 semanas", date(2026, 12, 4)),
    ("dentro de 5 días hábiles", date(2026, 11, 27)),
    ("semana 50", date(2026, 12, 11)),
    ("a finales de diciembre", date(2026, 12, 31)),
    ("del 10 al 12 de diciembre", D12),
    # Italian
    ("12 dicembre", D12),
    ("sabato 12 dicembre 2026", D12),
    ("martedì prossimo", date(2026, 11, 24)),
    ("domani", date(2026, 11, 21)),
    ("dopodomani", date(2026, 11, 22)),
    ("tra 2 settimane", date(2026, 12, 4)),
    ("entro 5 giorni lavorativi", date(2026, 11, 27)),
    ("settimana 50", date(2026, 12, 11)),
    ("fine mese", date(2026, 11, 30)),
    ("dal 10 al 12 dicembre", D12),
    # Dutch
    ("12 december", D12),
    ("zaterdag 12 december", D12),
    ("volgende week dinsdag", date(2026, 11, 24)),
    ("overmorgen", date(2026, 11, 22)),
    ("over 2 weken", date(2026, 12, 4)),
    ("binnen 5 werkdagen", date(2026, 11, 27)),
    ("week 50", date(2026, 12, 11)),
    ("eind van de maand", date(2026, 11, 30)),
    ("10 tot 12 december", D12),
)

NO_DATES = (
    "",
    "as soon as possible",
    "12/12 units",
    "40/50",
    "12 may be late",
    "the march 12 people made",
    "order 1042",
    "SO-12.12.26",
    "#12/12",
    "1.250 Stk",
    "12.5 %",
    "12.50 EUR",
    "EUR 12.12.",
    "guten Morgen",
    "por la mañana",
    "next week 40 units",
    "late by 5 working days",
    "Friday 12 December",  # a Saturday
    "Friday",  # today, or in a week
    "12 Dec 2028",  # more than 400 days off
    "12 Dec 2024",
    "12 Dec or 14 Dec",
    "29 Feb",
    "Dec 40",
    "week 60",
    "https://x.example/2026/12/12/a",
)


@pytest.mark.parametrize(("text", "expected"), DATES)
def test_dates(text: str, expected: date | None) -> None:
    assert find_date(text, today=TODAY) == expected
    assert find_date(f"Hello, {text}\nAnna", today=TODAY) == expected
    assert find_date(f"Lorem ipsum\n{text}", today=TODAY) == expected


@pytest.mark.parametrize("text", NO_DATES)
def test_no_dates(text: str) -> None:
    assert find_date(text, today=TODAY) is None


def test_the_table_of_dates_is_long_enough() -> None:
    assert len(DATES) >= 120


def test_the_order_of_day_and_month_is_the_writers() -> None:
    assert find_date("3/4/2027", today=TODAY, day_first=False) == date(2027, 3, 4)
    assert find_date("12/1", today=TODAY, day_first=False) == date(2026, 12, 1)
    assert find_date("3.4.2027", today=TODAY, day_first=False) == date(2027, 4, 3)  # points are European


def test_next_friday_on_a_tuesday_is_two_days_and_so_none() -> None:
    tuesday = date(2026, 11, 24)

    assert find_date("next Friday", today=tuesday) is None
    assert find_date("this Friday", today=tuesday) == date(2026, 11, 27)
    assert find_date("Friday next week", today=tuesday) == date(2026, 12, 4)
    assert find_date("next Monday", today=tuesday) == date(2026, 11, 30)


def test_near_words_point_at_their_own_date() -> None:
    text = "Thank you for your order of 20 November. We will ship 40 of 50 units on 12 Dec."

    assert find_date(text, today=TODAY) is None
    assert find_date(text, today=TODAY, near=["ship", "deliver"]) == D12
    assert find_date(text, today=TODAY, near=["order"]) == TODAY


def test_near_words_point_forward_rather_than_back() -> None:
    assert find_date("ready 10 Dec, arriving 12 Dec", today=TODAY, near=["arriv"]) == D12
    assert find_date("12 Dec is when we ship", today=TODAY, near=["ship"]) == D12


def test_near_words_do_not_reach_the_next_line_unless_a_program_wrapped_it() -> None:
    short = "We ship.\n12 Dec"
    long = "Dear team at Glashaus, thank you for your patience. We now ship on\n12 Dec"

    assert find_date(short, today=TODAY, near=["ship"]) is None
    assert find_date(long, today=TODAY, near=["ship"]) == D12


def test_near_words_reach_60_characters() -> None:
    assert find_date("ship" + " x" * 28 + " 12 Dec", today=TODAY, near=["ship"]) == D12
    assert find_date("ship" + " x" * 32 + " 12 Dec", today=TODAY, near=["ship"]) is None


def test_two_near_words_with_two_dates_are_none() -> None:
    assert find_date("ship on 10 Dec, deliver by 12 Dec", today=TODAY, near=["ship", "deliver"]) is None


def test_the_same_date_twice_is_one() -> None:
    assert find_date("12 Dec, I repeat: 12.12.2026", today=TODAY) == D12


def test_nth_counts_instead() -> None:
    text = "10 Dec or 12 Dec"

    assert find_date(text, today=TODAY, nth=1) == date(2026, 12, 10)
    assert find_date(text, today=TODAY, nth=2) == D12
    assert find_date(text, today=TODAY, nth=3) is None


def test_a_year_ends_and_weeks_go_on() -> None:
    silvester = date(2026, 12, 31)

    assert find_date("5 Jan", today=silvester) == date(2027, 1, 5)
    assert find_date("week 1", today=silvester) == date(2027, 1, 8)
    assert find_date("tomorrow", today=silvester) == date(2027, 1, 1)
    assert find_date("in 2 months", today=silvester) == date(2027, 2, 28)
    assert find_date("29 Feb", today=date(2027, 12, 1)) == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("40 units", 40),
        ("40pcs", 40),
        ("We confirm 40 pieces.", 40),
        ("40 x MUG-01", 40),
        ("3 dozen", 36),
        ("2,5 Dutzend", 30),
        ("two units", 2),
        ("zwölf Stück", 12),
        ("1.250 Stk", 1250),
        ("1,250 pcs", 1250),
        ("1 250 pièces", 1250),
        ("40 unidades", 40),
        ("40 pezzi", 40),
        ("40 stuks", 40),
        ("Qty: 40", 40),
        ("Menge: 40", 40),
        ("40 units now, 40 units it is", 40),
        ("order SO-1042 has 3 units", 3),
        ("40 of 50 units", None),
        ("40 units and 10 pieces", None),
        ("PO-1042 units", None),
        ("10-12 units", None),
        ("2.5 units", None),
        ("12.12.2026", None),
        ("a unit", None),
        ("40", None),
        ("40 of them", None),
    ],
)
def test_quantities(text: str, expected: int | None) -> None:
    assert find_quantity(text) == expected


def test_a_unit_narrows_what_is_counted() -> None:
    text = "40 blue mugs and 3 boxes"

    assert find_quantity(text, unit=["mugs"]) == 40
    assert find_quantity(text, unit=["boxes"]) == 3
    assert find_quantity(text, unit=["vases"]) is None
    assert find_quantity("3 dozen mugs", unit=["mugs"]) == 36


def test_near_words_choose_a_quantity() -> None:
    assert find_quantity("in stock 50 units, shipping 40 units", near=["shipping"]) == 40


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("40 of 50", Part(40, 50)),
        ("40 out of 50", Part(40, 50)),
        ("40 of the 50", Part(40, 50)),
        ("40 units of 50", Part(40, 50)),
        ("40/50", Part(40, 50)),
        ("40 / 50 pcs", Part(40, 50)),
        ("10/12 units", Part(10, 12)),
        ("40 von 50", Part(40, 50)),
        ("40 Stück von 50", Part(40, 50)),
        ("40 sur 50", Part(40, 50)),
        ("40 de las 50", Part(40, 50)),
        ("40 di 50", Part(40, 50)),
        ("40 van de 50", Part(40, 50)),
        ("1.000 von 1.250", Part(1000, 1250)),
        ("400 of 50", Part(400, 50)),
        ("12/12", None),
        ("12/31", None),
        ("12/12/2026", None),
        ("5 of 12 December", None),
        ("page 1 of 2", None),
        ("parcel 1 of 2", None),
        ("4.5 of 5", None),
        ("40 of 50 and 10 of 20", None),
        ("and 40 of ours", None),
        ("SO-40/50", None),
    ],
)
def test_parts_of_a_whole(text: str, expected: Part | None) -> None:
    assert find_part_of_whole(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12,50 €", Money(1250, "EUR")),
        ("€12.50", Money(1250, "EUR")),
        ("EUR 12.50", Money(1250, "EUR")),
        ("12.50 EUR", Money(1250, "EUR")),
        ("12 euros", Money(1200, "EUR")),
        ("12,- €", Money(1200, "EUR")),
        ("€1,299.00", Money(129900, "EUR")),
        ("1.299,00 €", Money(129900, "EUR")),
        ("1.250 €", Money(125000, "EUR")),
        ("£12", Money(1200, "GBP")),
        ("$5", Money(500, "USD")),
        ("CHF 12.50", Money(1250, "CHF")),
        ("1'250.00 CHF", Money(125000, "CHF")),
        ("¥1200", Money(1200, "JPY")),
        ("-5,00 €", Money(-500, "EUR")),
        ("12.50", Money(1250, "EUR")),
        ("It costs 12.50.", Money(1250, "EUR")),
        ("12 €, no: 13 €", None),
        ("12", None),
        ("12.12.2026", None),
        ("15.04%", None),
        ("5 pounds", None),
        ("kr 50", None),
        ("EUR 10-12", None),
    ],
)
def test_money(text: str, expected: Money | None) -> None:
    assert find_money(text, currency="EUR") == expected


def test_the_shop_decides_what_a_sign_of_several_means() -> None:
    assert find_money("kr 50", currency="SEK") == Money(5000, "SEK")
    assert find_money("$5", currency="CAD") == Money(500, "CAD")
    assert find_money("12.50") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5 %", Decimal(5)),
        ("5%", Decimal(5)),
        ("12,5 Prozent", Decimal("12.5")),
        ("5 percent", Decimal(5)),
        ("5 pour cent", Decimal(5)),
        ("5 por ciento", Decimal(5)),
        ("5 procent", Decimal(5)),
        ("5 % or 6 %", None),
        ("5", None),
    ],
)
def test_percentages(text: str, expected: Decimal | None) -> None:
    assert find_percent(text) == expected


def test_addresses_and_links_come_without_their_punctuation() -> None:
    assert find_email("Write to <anna.holm@glas.example>, please.") == "anna.holm@glas.example"
    assert find_email("a@b.example or c@d.example") is None
    assert (
        find_url("Track it here: https://track.example/p?n=1Z999&x=1.")
        == "https://track.example/p?n=1Z999&x=1"
    )
    assert find_url("(www.glas.example)") == "www.glas.example"
    assert find_url("nothing") is None


@pytest.mark.parametrize(
    "find", [find_quantity, find_part_of_whole, find_money, find_percent, find_email, find_url]
)
def test_nothing_is_found_in_nothing(find: type) -> None:
    assert find("") is None
    assert find("\0\ud800 \uffff" * 50) is None
