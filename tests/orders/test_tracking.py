from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.errors import InputError
from gateway.orders.carriers import built_in, read_carriers
from gateway.orders.check_digit import CHECKS
from gateway.orders.tracking import TrackingNumber, tracking_numbers, tracking_url


def read(text: str) -> list[tuple[str, str]]:
    return [(found.carrier, found.number) for found in tracking_numbers(text)]


@pytest.mark.parametrize(
    ("text", "carrier", "number"),
    [
        ("Parcel 1Z999AA10123456784 was collected", "UPS", "1Z999AA10123456784"),
        ("parcel 1z 999 aa1 01 2345 6784", "UPS", "1Z999AA10123456784"),
        ("https://www.ups.com/track?tracknum=1Z999AA10123456784&loc=en", "UPS", "1Z999AA10123456784"),
        ("FedEx tracking number: 986578788855", "FedEx", "986578788855"),
        ("FedEx 9865 7878 8855", "FedEx", "986578788855"),
        ("Federal Express Ground 041441760228964", "FedEx", "041441760228964"),
        ("FedEx 9611020987654312345672", "FedEx", "9611020987654312345672"),
        ("9400 1000 0000 0000 0000 01", "USPS", ""),
        ("92748999985493513018555961", "USPS", ""),
        ("Royal Mail RB123456785GB", "Royal Mail", "RB123456785GB"),
        ("RB 123 456 785 GB", "Royal Mail", "RB123456785GB"),
        ("RB123456785DE", "DHL", "RB123456785DE"),
        ("RB123456785FR", "La Poste", "RB123456785FR"),
        ("RB123456785NL", "PostNL", "RB123456785NL"),
        ("RB123456785ES", "Correos", "RB123456785ES"),
        ("RB123456785US", "USPS", "RB123456785US"),
        ("RB123456785CH", "Swiss Post", "RB123456785CH"),
        ("RB123456785SE", "PostNord", "RB123456785SE"),
        ("RB123456785JP", "Post", "RB123456785JP"),
        ("JJD000390007882823344", "DHL", "JJD000390007882823344"),
        ("Ihr DHL Paket 00340434161094015902", "DHL", "00340434161094015902"),
        ("Ihr DHL Paket 0034 0434 1610 9401 5902", "DHL", "00340434161094015902"),
        ("DHL Express waybill 3318810025", "DHL", "3318810025"),
        ("DPD Paketnummer 01505012345678", "DPD", "01505012345678"),
        ("GLS parcel number 50123456789", "GLS", "50123456789"),
        ("GLS Track-ID ZK4X12GF", "GLS", "ZK4X12GF"),
        ("Hermes Sendungsnummer 01234567890123", "Hermes", "01234567890123"),
        ("Hermes H1001234567890123456", "Hermes", "H1001234567890123456"),
        ("Evri parcel H01HYA0012345678", "Evri", "H01HYA0012345678"),
        ("Colissimo 6A12345678901", "La Poste", "6A12345678901"),
        ("3SABCD0123456", "PostNL", "3SABCD0123456"),
        ("Correos: PQ4F6P0703673180181750T", "Correos", "PQ4F6P0703673180181750T"),
        ("InPost paczka 520000012345678901234567", "InPost", "520000012345678901234567"),
        ("TBA123456789012", "Amazon Logistics", "TBA123456789012"),
    ],
)
@pytest.mark.covers("S0-1.2", "S0-C1.3")
def test_a_tracking_number_is_read(text, carrier, number):
    assert read(text) == ([(carrier, number)] if number else [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1Z999AA10123456785",  # wrong check digit
        "RB123456784GB",
        "FedEx 986578788856",
        "DHL 00340434161094015903",
        "986578788855",  # good, but of nobody: no carrier is named
        "3318810025",
        "50123456789 " + "and many words about another matter, " * 10 + "GLS",
        "DHL hotline: +49 228 4333112",
        "DHL Kundennummer 3318810025",
        "Order 986578788855 goes by FedEx",
        "Rechnung 986578788855, FedEx",
        "GLS shipping takes 2 days",
        "Telefon 0171 2345678 (DPD)",
        "GLS: we moved 12345 parcels",
        "XRB123456785GB",
        "3SABCD012345678901",
        "IBAN DE02120300000000202051",
        "ISBN 978-3-16-148410-0",
        "2026-12-01 10:42:00",
    ],
)
def test_what_only_looks_like_one_is_none(text):
    assert read(text) == []


def test_each_number_is_told_once_in_order_of_appearance():
    text = "1Z999AA10123456784, RB123456785GB and 1Z 999 AA1 01 2345 6784 again"
    assert read(text) == [("UPS", "1Z999AA10123456784"), ("Royal Mail", "RB123456785GB")]


def test_the_carrier_named_closest_wins():
    text = "Not DPD but Hermes: 01234567890123.\n" + "word " * 80 + "\nDPD: 01505012345678."
    assert read(text) == [("Hermes", "01234567890123"), ("DPD", "01505012345678")]


def test_a_label_lets_the_carrier_stand_further_away():
    text = "DHL brings it.\n" + "More words about nothing. " * 20 + "\nTracking number: 00340434161094015902"
    assert read(text) == [("DHL", "00340434161094015902")]


def test_the_two_checks_of_a_dpd_label():
    assert CHECKS["mod37_36"]("A12425GABC1234002M")  # the example of ISO/IEC 7064's users, GRid
    assert not CHECKS["mod37_36"]("A12425GABC1234002N")


def test_groups_joined_never_swallow_the_number_before_them():
    assert read("FedEx 986578788855 15 March") == [("FedEx", "986578788855")]


@pytest.mark.parametrize(
    ("carrier", "number", "url"),
    [
        ("UPS", "1Z999AA10123456784", "https://www.ups.com/track?tracknum=1Z999AA10123456784"),
        ("ups", "1Z999AA10123456784", "https://www.ups.com/track?tracknum=1Z999AA10123456784"),
        ("Nobody", "1Z999AA10123456784", ""),
        ("Post", "RB123456785JP", ""),
        ("UPS", '"><script>', ""),
    ],
)
def test_a_parcel_has_its_carriers_page(carrier, number, url):
    assert tracking_url(carrier, number) == url


def test_every_shipped_carrier_has_a_page_over_https():
    assert all(carrier.url.startswith("https://") for carrier in built_in().all if carrier.name != "Post")
    assert all(carrier.forms for carrier in built_in().all)
    names = [carrier.name for carrier in built_in().all]
    assert len(names) == len(set(names))


@given(st.text(max_size=400))
def test_no_text_makes_it_raise(text):
    tracking_numbers(text)


@given(st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ -.", max_size=200))
def test_no_row_of_digits_makes_it_raise(text):
    for found in tracking_numbers("DHL GLS DPD FedEx USPS parcel " + text):
        assert found == TrackingNumber(found.carrier, "".join(found.number.split()).upper())


def test_a_very_long_text_is_read_in_time():
    assert read("1Z99 " * 50_000) == []


LEAST = """
label = 'parcel'
unless = 'phone'
[[carrier]]
name = "Bike Courier"
words = 'bike'
url = "https://bike.example/{number}"
[[carrier.number]]
pattern = 'BK[0-9]{6}'
"""


def test_a_shop_may_add_its_own_courier():
    carriers = read_carriers(LEAST)
    assert tracking_numbers("bk123456", carriers) == (TrackingNumber("Bike Courier", "BK123456"),)
    assert tracking_url("Bike Courier", "BK123456", carriers) == "https://bike.example/BK123456"


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("label = 'parcel'", "", "label must be a pattern"),
        ("'phone'", "'('", "unless: the pattern"),
        ("[[carrier]]", "[[carriers]]", r"needs at least one \[\[carrier\]\]"),
        ('name = "Bike Courier"', "", "carrier 1: name is missing"),
        ("words = 'bike'", "", r"carrier 1 \(Bike Courier\): words must be"),
        ("{number}", "", "url must contain"),
        ("[[carrier.number]]", "[[carrier.numbers]]", "numbers is an unknown key"),
        ("pattern =", "patern =", "patern is an unknown key"),
        ("'BK[0-9]{6}'", "'BK'\ncheck = 'luhn'", "check 'luhn' is unknown; known: none, ups"),
        ("'BK[0-9]{6}'", "'BK'\nneeds = 'luck'", "needs 'luck' is unknown; known: nothing, name, label"),
        ("'BK[0-9]{6}'", "'BK'\nspaced = 1", "spaced must be true or false"),
        ("label", "label label", "is not TOML"),
    ],
)
def test_a_mistake_in_the_file_is_named(right, wrong, complaint):
    with pytest.raises(InputError, match=complaint):
        read_carriers(LEAST.replace(right, wrong, 1))


def test_the_shipped_file_explains_every_check():
    text = (Path(__file__).parents[2] / "config/carriers.toml").read_text("utf-8")
    head = text.partition("\n[[carrier]]")[0]
    assert [name for name in CHECKS if name not in head and name != "none"] == []
