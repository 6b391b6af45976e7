"""The day on which somebody is back, out of what an automatic reply says of it.

Dates are read in the forms of thirty languages; without a year the one nearest after the mail was written is
meant. Where 12/01/2026 may be two days, the one that is soon counts, and none if both are. Without any date a
day of the week or "tomorrow" is taken as the next such day.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from gateway.mail.line import folded
from gateway.mail.pattern import Match, compile_pattern

PAST = 7  # days before the mail that a day may lie and still be meant
AHEAD = 730  # days after it
SOON = 60  # days within which the likelier of two readings lies

# January to December; `*` stands for any ending.
_MONTHS = (
    """
    jan janv januar* january janvier enero ene janeiro gennaio gen tammikuu* sty styczni* led ledna
    leden január* ianuarie ian ocak oca янв январ* січ січн* януари ιαν ιανουαρ* siječ* jaanuar* janvār*
    saus* gener ינואר يناير januari jaan
    """,
    """
    feb febr februar* february févr février fevr fevrier fév fev febrero fevereiro febbraio helmikuu*
    lut lute* úno února únor február* februarie şub şubat фев феврал* лют лют* февруари φεβ φεβρουαρ*
    veljač* veebruar* februār* vasar* febrer פברואר فبراير
    """,
    """
    mar mars marts märz mär maerz mrz mrt maart march marzo março marta márc* maaliskuu* marz* bře březn*
    marec martie mart март марта бер берез* μαρ μαρτ* ožuj* märts* kov kovo març מרץ مارس marca marcius
    """,
    """
    apr april* avril avr abril abr aprile huhtikuu* kwi kwie* dub dubna duben apríl* április* aprilie
    nisan nis апр апрел* кві квіт* април απρ απριλ* travnja travanj aprill* aprīl* baland* אפריל أبريل
    """,
    """
    may mai maj maja maggio mag mei mayo maio toukokuu* kvě květ* máj* május* mayıs май мая тра трав*
    μαϊ μαΐ* svib* mais maij* geguž* maig מאי مايو
    """,
    """
    jun june juni juin junio junho giugno giu kesäkuu* cze czerwc* čvn červn* jún* június* iunie iun
    haziran haz июн июн* чер черв* юни ιουν ιουνί* lipnja juuni* jūnij* biržel* juny יוני يونيو
    """,
    """
    jul july juli juillet juil julio julho luglio lug heinäkuu* lip lipca lipiec čvc července červenec
    júl* július* iulie iul temmuz tem июл июл* липня липень юли ιουλ ιουλί* srpnja juuli* jūlij* liep*
    juliol יולי يوليو
    """,
    """
    aug august* août aout agosto ago agost elokuu* sie sierp* srp srpna srpen augusztus* ağu ağustos авг
    август* сер серп* αυγ αυγούστ* kolovoz* rugp* אוגוסט أغسطس augusti augustus
    """,
    """
    sep sept september* septembre septiembre setiembre setembro settembre set syyskuu* wrz wrześ* zář*
    szept* septembrie eyl eylül сен сентяб* вер верес* септемв* σεπ σεπτεμβρ* rujna rujan septembr*
    rugs* setembre ספטמבר سبتمبر septembra
    """,
    """
    oct october okt oktober* octobre octubre outubro out ottobre ott lokakuu* paź paździer* říj*
    október* octombrie eki ekim окт октяб* жов жовт* октомв* οκτ οκτωβρ* oktoobr* oktobr* spal* אוקטובר
    أكتوبر oktobra
    """,
    """
    nov november* novembre noviembre novembro marraskuu* listopad* noiembrie kas kasım ноя нояб* лис
    листоп* ноемв* νοε νοεμβρ* studen* novembr* lapkr* נובמבר نوفمبر novembra
    """,
    """
    dec december* décembre déc decembre diciembre dic dezembro dez dezember dicembre joulukuu* gru grud*
    pro prosin* decembrie ara aralık дек декаб* гру груд* декемв* δεκ δεκεμβρ* prosinca detsemb*
    decembr* gruod* desembre desember des דצמבר ديسمبر decembra
    """,
)
# Monday to Sunday, tomorrow; folded stems of whole names.
_WEEKDAYS = (
    """
    monday montag lundi lunes lunedì segunda maandag måndag mandag maanantai poniedział pondělí pondelok
    hétfő luni понедельник понеділ pazartesi δευτέρα
    """,
    """
    tuesday dienstag mardi martes martedì terça dinsdag tisdag tirsdag tiistai wtorek úterý utorok kedd
    marți вторник вівторок salı τρίτη
    """,
    """
    wednesday mittwoch mercredi miércoles mercoledì quarta woensdag onsdag keskiviikko środ střed stred
    szerda miercuri сред серед çarşamba τετάρτη
    """,
    """
    thursday donnerstag jeudi jueves giovedì quinta donderdag torsdag torstai czwartek čtvrtek štvrtok
    csütörtök joi четверг четвер perşembe πέμπτη
    """,
    """
    friday freitag vendredi viernes venerdì sexta vrijdag fredag perjantai piątek pátek piatok péntek
    vineri пятниц п'ятниц cuma παρασκευή
    """,
)
_TOMORROW = frozenset(
    ("tomorrow", "morgen", "demain", "mañana", "domani", "amanhã", "imorgon", "huomenna", "jutro", "zítra")
)


def _table(rows: tuple[str, ...], first: int) -> tuple[Mapping[str, int], tuple[tuple[str, int], ...]]:
    """The whole words of such a table, and its stems."""
    words = {
        word: number for number, row in enumerate(rows, first) for word in row.split() if word[-1] != "*"
    }
    stems = tuple(
        (word[:-1], number)
        for number, row in enumerate(rows, first)
        for word in row.split()
        if word[-1] == "*"
    )
    return words, stems


_MONTH_OF, _MONTH_STEMS = _table(_MONTHS, 1)
_NAME = r"([\p{Latin}\p{Cyrillic}\p{Greek}\p{Hebrew}\p{Arabic}]{3,12})"
_ISO = compile_pattern(r"(?:^|[^\d])(?P<y>20\d\d)[-.]\s?(?P<m>\d\d)[-.]\s?(?P<d>\d\d)(?:[^\d]|$)")
_DOTTED = compile_pattern(r"(?:^|[^\d.])(?P<d>\d{1,2})\. ?(?P<m>\d{1,2})\.(?: ?(?P<y>20\d\d|\d\d)\b)?")
_SLASHED = compile_pattern(r"(?:^|[^\d/])(?P<d>\d{1,2})[/-](?P<m>\d{1,2})[/-](?P<y>20\d\d|\d\d)(?:[^\d/]|$)")
_DAY_AND_MONTH = compile_pattern(r"(?:\bd\. |\bden |\bkl\. )(?P<d>\d{1,2})/(?P<m>\d{1,2})(?P<y>)(?:[^\d/]|$)")
_KANJI = compile_pattern(r"(?:(?P<y>20\d\d) ?[年년] ?)?(?P<m>\d{1,2}) ?[月월] ?(?P<d>\d{1,2}) ?[日일]")
_DAY_MONTH = compile_pattern(
    rf"(?i)(?:^|[^\d])(\d{{1,2}})(?:st|nd|rd|th|er|º|ª|\.|:a|:e)?[ ]+(?:de |d'|of |ב|d.)?{_NAME}\.?"
    r"(?:,?[ ]+(?:de )?((?:19|20)\d\d))?"
)
_MONTH_DAY = compile_pattern(
    rf"(?i){_NAME}\.?[ ]+(\d{{1,2}})(?:st|nd|rd|th)?(?:,?[ ]+((?:19|20)\d\d))?(?:[^\d:]|$)"
)
_YEAR_MONTH_DAY = compile_pattern(rf"(?i)(20\d\d)\. {_NAME}\.? (\d{{1,2}})")


def back_on(text: str, written: date | None) -> date | None:
    """The latest day that the text names, if it is not long past when the mail was written."""
    if written is None:
        return max(_days(text, written), default=None)
    earliest, latest = written - timedelta(days=PAST), written + timedelta(days=AHEAD)
    days = [day for day in _days(text, written) if earliest <= day <= latest]
    return max(days, default=None) or max(_weekdays(text, written), default=None)


def _days(text: str, written: date | None) -> Iterator[date]:
    for pattern in (_ISO, _DOTTED, _DAY_AND_MONTH, _KANJI):
        for match in pattern.finditer(text):
            year, month, day = (match.group(name) or "" for name in "ymd")
            yield from _day(year, int(month), int(day), written)
    for match in _SLASHED.finditer(text):
        yield from _by_either_order(match, written)
    for pattern, year, month, day in (
        (_DAY_MONTH, 3, 2, 1),
        (_MONTH_DAY, 3, 1, 2),
        (_YEAR_MONTH_DAY, 1, 2, 3),
    ):
        for match in pattern.finditer(text):
            if number := month_of(match.group(month) or ""):
                yield from _day(match.group(year) or "", number, int(match.group(day) or 0), written)


def _by_either_order(match: Match, written: date | None) -> Iterator[date]:
    """The day of 12/01/2026: the one of two readings that is soon, if the other is not."""
    year, one, two = match.group("y") or "", int(match.group("d") or 0), int(match.group("m") or 0)
    readings = {
        day for month, number in ((two, one), (one, two)) for day in _day(year, month, number, written)
    }
    if len(readings) > 1 and written is not None:
        readings = {day for day in readings if written <= day <= written + timedelta(days=SOON)}
    if len(readings) == 1:
        yield from readings


def month_of(name: str) -> int:
    """The month that a name or its abbreviation means, 0 if it is another word."""
    name = folded(name)
    return _MONTH_OF.get(name) or next((number for stem, number in _MONTH_STEMS if name.startswith(stem)), 0)


def _day(year: str, month: int, day: int, written: date | None) -> Iterator[date]:
    """The day; without a year the one nearest to the months after the mail was written."""
    if year:
        years = [int(year) + (2000 if len(year) == 2 else 0)]
    else:
        years = [written.year, written.year + 1] if written else []
    for candidate in years:
        try:
            found = date(candidate, month, day)
        except ValueError:
            continue
        if year or (written and found >= written - timedelta(days=PAST)):
            yield found
            return


def _weekdays(text: str, written: date) -> Iterator[date]:
    """The next of each day of the week that is named."""
    for word in (word.strip(",.!;:()") for word in folded(text).split()):
        if word in _TOMORROW:
            yield written + timedelta(days=1)
        for number, row in enumerate(_WEEKDAYS):
            if len(word) > 2 and any(_is_day(word, name) for name in row.split()):
                yield written + timedelta(days=(number - written.weekday() - 1) % 7 + 1)


def _is_day(word: str, name: str) -> bool:
    """Whether a word is a day of the week, whatever its case ending; "Fridays" are many."""
    return word.startswith(name) and word != f"{name}s"
