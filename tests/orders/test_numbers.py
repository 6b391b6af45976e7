import pytest

from gateway.orders.numbers import order_numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Where is SO-1042?", ["SO-1042"]),
        ("so-1042, please", ["SO-1042"]),
        ("SO-7", ["SO-7"]),
        ("[Pottery Lane] Order #1042 confirmed", ["1042"]),
        ("Re: #1042", ["1042"]),
        ("My order 1042 has not come.", ["1042"]),
        ("Your order number is 1042-77", ["1042-77"]),
        ("Order number:\n  WEB-00123", ["WEB-00123"]),
        ("Order no. 200017", ["200017"]),
        ("order ID = 5551234567", ["5551234567"]),
        ("Bestellung Nr. 1042", ["1042"]),
        ("Bestellung: 1042", ["1042"]),
        ("Ihre Bestellnummer lautet 1042.", ["1042"]),
        ("Bestell-Nr.: 10421", ["10421"]),
        ("Auftragsnummer 77123", ["77123"]),
        ("Votre commande n° 1042 est partie", ["1042"]),
        ("numéro de commande : 1042", ["1042"]),
        ("Su pedido nº 1042", ["1042"]),
        ("Pedido n.º 1042", ["1042"]),
        ("il mio ordine numero 1042", ["1042"]),
        ("A sua encomenda 1042 foi enviada", ["1042"]),
        ("Uw bestelnummer 1042", ["1042"]),
        ("Ordernummer: 1042", ["1042"]),
        ("Zamówienie nr 1042", ["1042"]),
        ("Ditt ordrenummer er 1042", ["1042"]),
        ("Beställningsnummer 1042", ["1042"]),
        ("Tilausnumero 1042", ["1042"]),
        ("Objednávka č. 1042", ["1042"]),
        ("Sipariş numarası: 1042", ["1042"]),
        ("Rendelésszám: 1042", ["1042"]),
        ("Comanda nr. 1042", ["1042"]),
        ("Заказ № 1042", ["1042"]),
        ("注文番号：1042", ["1042"]),
        ("订单号: 20261042", ["20261042"]),
        ("주문번호 1042", ["1042"]),
        ("Amazon 305-1234567-7654321 shipped", ["305-1234567-7654321"]),
        ("orders 1042, 1043 and 1044 are late", ["1042", "1043", "1044"]),
        ("#1042 and #1043", ["1042", "1043"]),
        ("order 1042 ... SO-7 ... order 1042", ["1042", "SO-7"]),
    ],
)
def test_an_order_number_is_read(text, numbers):
    assert list(order_numbers(text)) == numbers


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I want to order 1000 mugs",
        "Please order 1200 from them",
        "Can we order 2500 pcs",
        "an order of 1200 units",
        "Order 1500 x MUG-01",
        "In order 12 of us came",
        "Order total: 1042.50",
        "Order date: 12.12.2026",
        "order 1042.50 EUR",
        "the order 2026-12-01",
        "Bestellung 1200 Stück",
        "our order of 2026",
        "PO-1042",
        "purchase order PO-1042",
        "purchase order number PO-1042",
        "SKU MUG-01",
        "We live in apartment #1204",
        "Invoice #20261042",
        "&#8217; and http://example.com/#1234",
        "colour #112233",
        "top #100",
        "order number 12",
        "order number 1042abc",
        "reorder 1042",
        "border 1042",
        "tel. 0171 2345678",
    ],
)
def test_what_only_looks_like_an_order_number_is_none(text):
    assert order_numbers(text) == ()


def test_a_shop_may_number_its_orders_otherwise():
    assert order_numbers("PL-77 and SO-1042", prefixes=("PL-",)) == ("PL-77",)


def test_a_very_long_text_is_read_in_no_time():
    assert order_numbers("order " * 50_000) == ()
