"""What an automatic reply says: until when somebody is away, whom to ask instead, whether for ever."""

from gateway.mail import absence_words as words
from gateway.mail.automatic import is_bulk
from gateway.mail.back_on import back_on
from gateway.mail.bounces import Bounces
from gateway.mail.parsed import AutoReply, Parsed
from gateway.mail.pattern import Pattern, compile_pattern
from gateway.mail.sign import auto_submitted, has_null_path, is_answer
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
_OPENING, _ENDS = " [(【「《<*", ":：])】」》"  # of what programs put before the subject they answer

_ADDRESS = compile_pattern(ADDRESS)


def _any_of(table: str, before: str = "") -> Pattern:
    """A pattern that holds where one of the entries of a table does."""
    entries = (entry.strip() for entry in table.replace("\n", " ").split(", "))
    return compile_pattern(f"{before}(?:{'|'.join(entries)})", ignore_case=True)


_AUTOMATIC = _any_of(words.AUTOMATIC)
_TRADE = _any_of(words.TRADE, r"(?:^|[^\p{Latin}\p{Cyrillic}\p{Greek}])")
_CORRESPONDENCE = _any_of(words.CORRESPONDENCE)
_ANSWER = _any_of(words.ANSWER)
_DECLARES = _any_of(words.DECLARES, r"(?:^|[.!:] )\W*(?:\pL{4,9}: ?)?")


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
    text = (mail.reply or mail.text)[:_LOOKED_AT]
    if why := _by_words(mail, text, machine=machine or keyword.startswith("auto-"), bounces=bounces):
        return why
    if phrase := _declared(mail.subject, text, bounces):
        return f"it says that it is an automatic reply, and {phrase!r}"
    return ""


def _by_words(mail: Parsed, text: str, *, machine: bool, bounces: Bounces) -> str:
    """What subject and words say together; a person's answer ("Re:") to an automatic reply is none."""
    subject = mail.subject.lstrip(_OPENING)
    if not bounces.away.in_(subject) or is_answer(subject):
        return ""
    automatic = _AUTOMATIC.search(subject) is not None
    of_trade = _TRADE.search(text) is not None
    if not automatic and not machine and ("?" in text or of_trade):
        return ""
    answers = bool(mail.in_reply_to or mail.references)
    phrases, phrase = _phrases(text, bounces), _phrase(text, bounces)
    for one in bounces.absences:
        if one.subject.find(subject) is not None:
            if machine or (automatic and is_bulk(mail)):
                return f"a subject of automatic replies ({one.language}) and a program as sender"
            if automatic and answers and any(end in subject for end in _ENDS):
                return f"a subject of automatic replies ({one.language}) before that of the mail it answers"
            if phrases and (automatic or answers or _CORRESPONDENCE.search(text) is not None):
                return f"a subject of automatic replies ({one.language}) and the words {phrase!r}"
        elif one.perhaps.find(subject) is not None and (
            (machine and (answers or (not of_trade and (phrases or has_null_path(mail)))))
            or (phrases >= 2 and (answers or _CORRESPONDENCE.search(text) is not None))
        ):
            return f"a subject ({one.language}) and several phrases of automatic replies"
    return ""


def _declared(subject: str, text: str, bounces: Bounces) -> str:
    """The words of an absence beside a line, at the beginning or the end, that says a program answers.

    "This is an automatic message" stands in every notice of a courier too: what only says so wants other
    words beside it, and no subject of the trade ("we could not deliver your parcel: you were not in").
    """
    lines = [line for line in text.splitlines() if line.strip()]
    says_so = [line for line in dict.fromkeys((*lines[:3], *lines[-3:])) if _DECLARES.search(line)]
    if not says_so or "?" in text:
        return ""
    if any(_ANSWER.search(line) for line in says_so):
        return _phrase(text, bounces)
    of_trade = _TRADE.search(subject) is not None and not is_answer(subject)
    return "" if of_trade else _phrase(_DECLARES.sub(" ", text), bounces)


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
    written = mail.date.date() if mail.date else None
    gone = any(one.gone.find(text) is not None for one in bounces.absences)
    return AutoReply(None if gone else back_on(text, written), alternate(text, mail), gone)


def alternate(text: str, mail: Parsed) -> str:
    """The first address in the text that is neither the author's nor one the mail went to."""
    own = {mailbox.address.lower() for mailbox in (*mail.to, *mail.cc, *mail.reply_to)}
    if mail.author:
        own.add(mail.author.address.lower())
    for match in _ADDRESS.finditer(text):
        if (found := match.group() or "").lower() not in own:
            return found
    return ""
