"""The words of dates in English, German, French, Spanish, Italian and Dutch, in lower case."""

from collections.abc import Mapping

from gateway.mail.line import folded


def _set(table: str) -> frozenset[str]:
    return frozenset(folded(table).split())


def _numbered(table: str, first: int = 1) -> Mapping[str, int]:
    """Every word of a table with the number of its row."""
    rows = folded(table).strip().splitlines()
    return {word: number for number, row in enumerate(rows, first) for word in row.split()}


MONTHS = _numbered("""
    january jan januar jänner jän janvier janv enero ene gennaio gen januari
    february feb februar febr février fév febrero febbraio februari
    march mar märz mrz mär mars marzo maart mrt
    april apr avril avr abril abr aprile
    may mai mayo maggio mag mei
    june jun juni juin junio giugno giu
    july jul juli juillet juil julio luglio lug
    august aug août aout agosto ago augustus
    september sep sept septembre septiembre setiembre settembre sett set
    october oct oktober okt octobre octubre ottobre ott
    november nov novembre noviembre
    december dec dezember dez décembre decembre déc diciembre dic dicembre
""")
ENGLISH_MONTHS = _set("""
    january february march april may june july august september october november december jan feb mar
    apr jun jul aug sep sept oct nov dec
""")
# Words of their own in some tongue: months only with a capital, a point or a year ("12 may be late").
DOUBTFUL_MONTHS = _set("may set ago gen mag mar march mars mai ene jun")

WEEKDAYS = _numbered(
    """
    monday montag lundi lunes lunedì lunedi maandag
    tuesday dienstag mardi martes martedì martedi dinsdag
    wednesday mittwoch mercredi miércoles miercoles mercoledì mercoledi woensdag
    thursday donnerstag jeudi jueves giovedì giovedi donderdag
    friday freitag vendredi viernes venerdì venerdi vrijdag
    saturday samstag sonnabend samedi sábado sabado sabato zaterdag
    sunday sonntag dimanche domingo domenica zondag
    """,
)

NUMBERS = _numbered("""
    one a an ein eine einem einer einen eins un une uno una een één
    two zwei deux dos due twee
    three drei trois tres tre drie
    four vier quatre cuatro quattro
    five fünf cinq cinco cinque vijf
    six sechs seis sei zes
    seven sieben sept siete sette zeven
    eight acht huit ocho otto
    nine neun neuf nueve nove negen
    ten zehn dix diez dieci tien
    eleven elf onze once undici
    twelve zwölf douze doce dodici twaalf
""")

FROM_TODAY: Mapping[str, int] = {
    **dict.fromkeys(("today", "heute", "aujourd'hui", "hoy", "oggi", "vandaag"), 0),
    **dict.fromkeys(("tomorrow", "morgen", "demain", "mañana", "domani"), 1),
    **dict.fromkeys(("day after tomorrow", "übermorgen", "après-demain", "pasado mañana"), 2),
    **dict.fromkeys(("dopodomani", "overmorgen"), 2),
}

DAYS = _set("day days tag tage tagen jour jours día días dia dias giorno giorni dag dagen")
WEEKS = _set("week weeks woche wochen semaine semaines semana semanas settimana settimane weken")
MONTHS_LONG = _set("month months monat monate monaten monats mois mes meses mese mesi maand maanden")
WORKDAYS = _set(
    "workday workdays werktag werktage werktagen arbeitstag arbeitstage arbeitstagen werkdag werkdagen"
)

NEXT = _set("""
    next nächster nächste nächsten nächstes prochain prochaine próximo próxima proximo proxima prossimo
    prossima volgende
""")
COMING = _set("""
    this coming diesen dieser dieses kommenden kommender ce cette este esta questo questa deze komende
    aanstaande
""")
LAST = _set("""
    last letzten letzter dernier dernière pasado pasada scorso scorsa afgelopen vorige vergangenen
""")

# "next week 40 units": the number is not that of the week.
BEFORE_A_WEEK = NEXT | COMING | LAST | _set("per each every a one diese letzte letzter pro cada ogni elke")
# What is a price, a version or a size, and no day.
BEFORE_A_PRICE = _set("eur euro usd gbp chf price preis prix precio prezzo prijs total summe version v à je")
# Behind a number: then it counts something.
COUNTED = _set("""
    unit units pcs pc pieces piece items item stk stück stücke stueck einheiten pièces pièce unités
    unidades uds piezas pezzi pz unità stuks stars sterne boxes kartons cartons sets pairs paar kg cm mm
    mugs of von
""")
