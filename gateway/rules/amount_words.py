"""The words around numbers in English, German, French, Spanish, Italian and Dutch, in lower case."""

from collections.abc import Mapping

from gateway.mail.line import listed

UNITS = listed("""
    units, unit, pcs, pc, pieces, piece, items, item, ea, x, ×, stk, stck, stück, stücke, stueck,
    einheiten, exemplare, pièces, pièce, unités, unité, exemplaires, unidades, unidad, uds, ud, piezas,
    pieza, pezzi, pezzo, pz, unità, stuks, stuk, exemplaren
""")
DOZENS = frozenset(
    listed("""
    dozen, dozens, doz, dz, dtz, dutzend, douzaine, douzaines, docena, docenas, dozzina, dozzine, dozijn
""")
)
# Between a number and its unit may stand "blue", but none of these.
FUNCTION_WORDS = frozenset(
    listed("""
    of, in, with, and, for, per, to, at, on, the, are, is, has, have, will, by, or, out, von, mit, und,
    für, zu, am, im, oder, de, des, du, avec, et, pour, ou, sur, en, con, y, para, por, di, e, su, o,
    van, met, voor, uit
""")
)
ARTICLES = frozenset(listed("a, an, ein, eine, einem, einer, einen, un, une, uno, una, een, één"))
# "Parcel 1 of 2" counts parcels.
PAGES = frozenset(
    listed("""
    page, pages, seite, pagina, página, part, teil, box, parcel, package, paket, colis, carton, karton,
    pallet, palette, photo, foto, bild, step, schritt, version, rated, stop
""")
)
# A sign or word of money -> its currencies; the shop's own if it is among them, else the first, "" for none.
CURRENCIES: Mapping[str, tuple[str, ...]] = {
    "€": ("EUR",),
    "£": ("GBP",),
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"),
    "us$": ("USD",),
    "¥": ("JPY", "CNY"),
    "₹": ("INR",),
    "₺": ("TRY",),
    "zł": ("PLN",),
    "kč": ("CZK",),
    "kr": ("", "SEK", "NOK", "DKK", "ISK"),
    "euro": ("EUR",),
    "euros": ("EUR",),
    "dollars": ("USD", "CAD", "AUD", "NZD"),
    "pounds": ("", "GBP"),
    "franken": ("CHF",),
    "francs": ("CHF",),
    "fr": ("", "CHF"),
    "ft": ("", "HUF"),
    "lei": ("", "RON"),
}
CODES = (
    *(
        "EUR",
        "GBP",
        "USD",
        "CHF",
        "SEK",
        "NOK",
        "DKK",
        "PLN",
        "CZK",
        "HUF",
        "RON",
        "BGN",
        "TRY",
        "JPY",
        "CNY",
    ),
    *("INR", "AUD", "CAD", "NZD", "SGD", "HKD", "ISK", "UAH", "MXN", "BRL", "ZAR"),
)
