"""What an automatic reply says: until when somebody is away, whom to ask instead, whether for ever."""

from collections.abc import Iterator
from datetime import date, timedelta

from gateway.mail.bounces import Bounces
from gateway.mail.parsed import AutoReply, Parsed
from gateway.mail.pattern import Match, compile_pattern
from gateway.mail.sign import auto_submitted
from gateway.mail.words import ADDRESS

_FIELDS = frozenset(
    (
        "x-autoreply",
        "x-auto-reply",
        "x-autoreply-from",
        "x-autorespond",
        "x-autoresponse",
        "x-auto-response",
        "x-autoresponder",
        "x-mail-autoreply",
        "x-vacation",
        "x-out-of-office",
        "x-away-message",
    )
)

_LOOKED_AT = 8192  # characters of the new words

# January to December by their first letters, in the languages whose month names we read.
_MONTHS = (
    "jan|janv|ene|gen|tammi|sty|led|oca|янв|січ|ιαν",
    "feb|févr|fevr|fév|fev|helmi|lut|úno|şub|фев|лют|φεβ",
    "mar|mär|maer|mrz|mrt|maa|maalis|bře|март|марта|бер|μαρ",
    "apr|avr|abr|huhti|kwi|dub|nis|апр|кві|απρ",
    "may|mai|maj|mag|mei|touko|maja|kvě|май|мая|тра|μαϊ|μαΐ",
    "jun|juin|giu|kesä|cze|haz|июн|чер|ιουν",
    "jul|juil|lug|heinä|lip|tem|июл|лип|ιουλ",
    "aug|août|aout|ago|elo|sie|srp|ağu|авг|сер|αυγ",
    "sep|sept|set|syys|wrz|zář|eyl|сен|вер|σεπ",
    "oct|okt|ott|out|loka|paź|říj|eki|окт|жов|οκτ",
    "nov|marras|lis|kas|ноя|лис|νοε",
    "dec|dez|déc|dic|des|joulu|gru|pro|ara|дек|гру|δεκ",
)
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split("|")}
_NAME = r"([\p{Latin}\p{Cyrillic}\p{Greek}]{3,12})"
_ISO = compile_pattern(r"(?:^|[^\d])(?P<y>20\d\d)-(?P<m>\d\d)-(?P<d>\d\d)(?:[^\d]|$)")
_DOTTED = compile_pattern(r"(?:^|[^\d.])(?P<d>\d{1,2})\. ?(?P<m>\d{1,2})\.(?: ?(?P<y>20\d\d|\d\d)\b)?")
_SLASHED = compile_pattern(r"(?:^|[^\d/])(?P<d>\d{1,2})[/-](?P<m>\d{1,2})[/-](?P<y>20\d\d|\d\d)(?:[^\d/]|$)")
_DAY_MONTH = compile_pattern(
    rf"(?i)(?:^|[^\d])(\d{{1,2}})(?:st|nd|rd|th|er|º|ª|\.|:a|:e)?[ ]+(?:de |of |d.)?{_NAME}\.?"
    r"(?:,?[ ]+(?:de )?((?:19|20)\d\d))?"
)
_MONTH_DAY = compile_pattern(
    rf"(?i){_NAME}\.?[ ]+(\d{{1,2}})(?:st|nd|rd|th)?(?:,?[ ]+((?:19|20)\d\d))?(?:[^\d:]|$)"
)
_KANJI = compile_pattern(r"(?:(?P<y>20\d\d) ?[年년] ?)?(?P<m>\d{1,2}) ?[月월] ?(?P<d>\d{1,2}) ?[日일]")
_ADDRESS = compile_pattern(ADDRESS)


def sign(mail: Parsed, *, machine: bool, bounces: Bounces) -> str:
    """By which sign the mail is an automatic reply, "" if none; `machine`: a program certainly sent it.

    X-Auto-Response-Suppress is no sign: it asks *us* not to answer. Auto-Submitted: auto-generated alone is
    none either: shops send order confirmations with it.
    """
    if (keyword := auto_submitted(mail)).startswith("auto-replied"):
        return f"Auto-Submitted: {keyword} (RFC 3834)"
    for name, value in mail.headers:
        if _says_so(name.lower(), value.strip().lower()):
            return f"the field {name}"
    if not bounces.away.in_(mail.subject):
        return ""
    subject, text = mail.subject, (mail.reply or mail.text)[:_LOOKED_AT]
    for one in bounces.absences:
        if one.subject.find(subject) is not None:
            if keyword.startswith("auto-") or machine:
                return f"a subject of automatic replies ({one.language}) and a program as sender"
            if phrase := _phrase(text, bounces):
                return f"a subject of automatic replies ({one.language}) and the words {phrase!r}"
        elif one.perhaps.find(subject) is not None and (machine or _phrases(text, bounces) >= 2):
            return f"a subject ({one.language}) and several phrases of automatic replies"
    return ""


def _says_so(name: str, value: str) -> bool:
    if name in _FIELDS:
        return value not in ("no", "false", "none", "")
    return (name in ("precedence", "preference") and value == "auto_reply") or (
        name == "delivered-to" and value.strip("<>") == "autoresponder"
    )


def _phrase(text: str, bounces: Bounces) -> str:
    return next((match.group() or "" for one in bounces.absences for match in one.phrase.matches(text)), "")


def _phrases(text: str, bounces: Bounces) -> int:
    return max((sum(1 for _ in one.phrase.matches(text)) for one in bounces.absences), default=0)


def absence(mail: Parsed, bounces: Bounces) -> AutoReply:
    """What the mail, known to be an automatic reply, says of the absent person."""
    text = (mail.reply or mail.text)[:_LOOKED_AT]
    gone = any(one.gone.find(text) is not None for one in bounces.absences)
    return AutoReply(None if gone else back_on(text, mail), alternate(text, mail), gone)


def back_on(text: str, mail: Parsed) -> date | None:
    """The latest day that the text names, if it is not long past when the mail was written."""
    written = mail.date.date() if mail.date else None
    days = [day for day in _days(text, written) if written is None or day >= written - timedelta(days=7)]
    soon = [day for day in days if written is None or day <= written + timedelta(days=730)]
    return max(soon, default=None)


def alternate(text: str, mail: Parsed) -> str:
    """The first address in the text that is neither the author's nor one the mail went to."""
    own = {mailbox.address.lower() for mailbox in (*mail.to, *mail.cc, *mail.reply_to)}
    if mail.author:
        own.add(mail.author.address.lower())
    for match in _ADDRESS.finditer(text):
        if (found := match.group() or "").lower() not in own:
            return found
    return ""


def _days(text: str, written: date | None) -> Iterator[date]:
    for pattern in (_ISO, _DOTTED, _SLASHED, _KANJI):
        for match in pattern.finditer(text):
            yield from _by_groups(match, written)
    for pattern, day, month in ((_DAY_MONTH, 1, 2), (_MONTH_DAY, 2, 1)):
        for match in pattern.finditer(text):
            number = _month(match.group(month) or "")
            if number:
                yield from _day(match.group(3) or "", number, int(match.group(day) or 0), written)


def _by_groups(match: Match, written: date | None) -> Iterator[date]:
    year, month, day = (match.group(name) or "" for name in "ymd")
    if "/" in (match.group() or "") and int(day) <= 12 and int(month) <= 12 and day != month:
        return  # 4/5/2026 is April or May: who knows
    if "/" in (match.group() or "") and int(month) > 12:
        month, day = day, month
    yield from _day(year, int(month), int(day), written)


def _month(name: str) -> int:
    """The month that a name or its abbreviation means, 0 if it is another word."""
    name = name.lower()
    if len(name) < 3:
        return 0
    return next((_MONTH_OF[name[:length]] for length in (6, 5, 4, 3) if name[:length] in _MONTH_OF), 0)


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
        if year or (written and found >= written - timedelta(days=7)):
            yield found
            return
