"""Order numbers as people and shop platforms write them: SO-1042, #1042, "Bestellung Nr. 1042".

Conservative, since a wrong number costs a wrong answer and a missed one only a question: "order" is a verb
too, and what follows it may be a quantity, a price or a day. So a number counts if it has our own prefix, a
number sign, or the word for "order number" before it; after the bare noun it must be long and nothing else.
"""

from collections.abc import Iterator, Sequence

from gateway.mail.pattern import Pattern, compile_pattern

# Beginnings of "order" in compounds: Bestellnummer, ordrenummer, tilausnumero, rendelésszám.
_STEM = (
    r"order|bestell?|auftrag|commande|pedido|ordine|encomenda|zam[óo]wieni|beställning|ordre|bestilling|tilau"
    r"|objedn[áa]v|sipari[şs]|rendel[ée]s|comand|comenzi|παραγγελί|заказ|замовлен|поръчк|narud[žz]b|naro[čc]il"
)
_SAYS_NUMBER = (
    r"numarası|num[ăa]rul|n(?:umber|ummer|umer|umero|úmero|um|r|o)?\b[.:]?|numéro|n[°º]|n\.\s?º|№|č\.?|číslo"
    r"|szám|számú|номер|αριθμός|id\b|ref(?:erence)?\b[.:]?|[\p{L}]{0,4}(?:nummer|numer[oa]?|szám|nr)\b[.:]?"
)
# The noun alone, in the cases in which people use it.
_NOUN = (
    r"orders?|bestellung(?:en)?|auftrag|commandes?|pedidos?|ordin[ei]|encomenda|bestelling|zam[óo]wieni[aeu]"
    r"|beställning(?:en)?|ordren?|bestilling(?:en)?|tilaus|tilauksen[i]?|objedn[áa]vk[auy]|sipari[şs](?:im|i)?"
    r"|rendel[ée]s(?:em)?|comanda|comenzii|παραγγελία|заказ[ау]?|замовлення|поръчка"
)
_CJK = r"注文番号|注文|订单号|订单编号|訂單編號|订单|訂單|주문번호|주문"
_LINK = r"(?:\s(?:is|was|ist|lautet|war|est|es|è|é|jest|är|er|on))?"
_SIMPLE = r"(?P<number>\d{3,12}|\d{3}-\d{7}-\d{7}|\d{2}-\d{5}-\d{5})"
_RICH = r"(?P<number>[A-Z]{0,6}[-/]?\d{2,12}(?:[-/]\d{2,12}){0,2})"

_NAMED = compile_pattern(
    rf"(?i)(?:^|[^\p{{L}}\d])(?:{_STEM})\p{{L}}{{0,10}}?[\s-]{{0,2}}(?:{_SAYS_NUMBER}){_LINK}"
    rf"[\s:=]{{0,3}}[#*\"'(]{{0,2}}{_RICH}"
)
_SIGNED = compile_pattern(rf"(?i)(?:^|[^\p{{L}}\d])(?:{_NOUN})\s?(?::|#|:\s?#)\s{{0,3}}{_SIMPLE}")
_BARE = compile_pattern(
    rf"(?i)(?:^|[^\p{{L}}\d])(?:{_NOUN})\s{{1,2}}(?P<number>[A-Z]{{1,6}}-?\d{{3,12}}|\d{{4,12}})"
)
_EASTERN = compile_pattern(rf"(?:{_CJK})\s?(?:は|是|:|：)?\s{{0,2}}#?(?P<number>[A-Z]{{0,6}}-?\d{{3,12}})")
_HASH = compile_pattern(r"(?:^|[^\p{L}\d&/#=])#(?P<number>\d{3,10})")
_MARKETPLACE = compile_pattern(r"(?:^|[^\d-])(?P<number>\d{3}-\d{7}-\d{7})")
_MORE = compile_pattern(r"(?i)^\s?(?:,|&|and|und|et|y|e|en|og|och|i|ja|a|\+)\s?#?(?P<number>\d{4,12})")

_OTHER_THING_BEFORE_HASH = compile_pattern(
    r"(?i)(?:^|[^\p{L}])(?:apt|apartment|suite|ste|unit|room|flat|floor|door|box|ticket|case|invoice|item|sku"
    r"|colou?r|rgb|page|top|rechnung|facture|fattura|factura)\.?:?\s?$"
)
_VERB = compile_pattern(
    r"(?i)(?:^|[^\p{L}])(?:to|i|we|you|they|please|pls|would|will|can|could|may|must|je|nous|vous|now|also)\s+\p{L}+\s+$"
)
_MEASURE = compile_pattern(
    r"(?i)^\s?(?:x|×|%|€|\$|£|eur|usd|gbp|chf|units?|pcs|pieces?|pairs?|sets?|of|more|mugs?|stk|stück|pièces?"
    r"|unidades|pezzi|stuks|szt|kg|g|ml|cm|mm|days?|times|years?)(?:[^\p{L}]|$)"
)


_SOMETHING_AFTER = compile_pattern(r"^(?:[\p{L}\d]|[.,/-]\d)")
_PURCHASE_ORDER = "PO-"  # what we order ourselves is another matter: purchasing reads it


def order_numbers(text: str, prefixes: Sequence[str] = ("SO-",)) -> tuple[str, ...]:
    """The order numbers in `text` in order of appearance, each once, in capitals and without a `#`."""
    found = sorted(_all(text, prefixes))
    return tuple(dict.fromkeys(number for _, number in found))


def _all(text: str, prefixes: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Where numbers stand, and what they are."""
    own = [compile_pattern(rf"(?i)(?:^|[^\p{{L}}\d-])(?P<number>{prefix}\d{{1,12}})") for prefix in prefixes]
    for pattern in own:
        yield from _whole(text, pattern, fewest_digits=1)
    for pattern in (_NAMED, _SIGNED, _EASTERN, _MARKETPLACE):
        for place, number in _whole(text, pattern):
            yield place, number
            yield from _more(text, place + len(number))
    for place, number in _whole(text, _HASH):
        if not _OTHER_THING_BEFORE_HASH.search(text[max(0, place - 17) : place - 1]):
            yield place, number
    for place, number in _whole(text, _BARE):
        end = place + len(number)
        if not _VERB.search(text[max(0, place - 40) : place]) and not _MEASURE.search(text[end : end + 16]):
            yield place, number
            yield from _more(text, end)


def _whole(text: str, pattern: Pattern, fewest_digits: int = 3) -> Iterator[tuple[int, str]]:
    """The matches that are whole numbers: nothing of theirs follows, such as a cent or another group."""
    for match in pattern.finditer(text):
        number = match.group("number") or ""
        digits = sum(map(str.isdigit, number))
        if (
            digits >= fewest_digits
            and not _SOMETHING_AFTER.search(text[match.end() : match.end() + 2])
            and not number.upper().startswith(_PURCHASE_ORDER)
        ):
            yield match.end() - len(number), number.upper()


def _more(text: str, end: int) -> Iterator[tuple[int, str]]:
    """The rest of a list: `1042, 1043 and 1044`."""
    while more := _MORE.search(text[end : end + 24]):
        number = more.group("number") or ""
        end += more.end()
        if _SOMETHING_AFTER.search(text[end : end + 2]) or _MEASURE.search(text[end : end + 16]):
            return
        yield end - len(number), number
