"""Delivery reports, from whatever tells of them: the standard's fields first, words after, guesses last.

A report part in a mail that a person wrote is an attachment: whoever forwards a bounce, asking what it
means, does not bounce. So even the standard's part needs one sign of a program beside it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gateway.mail import freetext, header, lastresort
from gateway.mail.bounce import codes, recipient_status, without_subject
from gateway.mail.bounces import Bounces
from gateway.mail.freetext import Finding, Reading
from gateway.mail.mime import Part, leaves
from gateway.mail.original import ENCLOSED, halves, message_id, sent_to
from gateway.mail.parsed import BounceClass, DeliveryReport, DsnAction, Parsed, RecipientStatus
from gateway.mail.report import STATUS_PARTS, Entry, entries, entries_of_text
from gateway.mail.sign import Sign, allow_guessing, by_a_mail_system, suffice

_OTHER_REPORTS = frozenset(("message/feedback-report", "message/disposition-notification"))
_RECEIPT_OF_REFUSAL = "Dovecot and Sieve"  # the family that dresses refusals as read receipts

_AROUND_WORDS = ".,:;<>()[]\"'"
_LONGEST = 32768  # characters of a report in words; what is longer is the original

Read = tuple[DeliveryReport, str]


def report(mail: Parsed, parts: Sequence[Part], held: frozenset[Sign], bounces: Bounces) -> Read | None:
    """The report that the mail is, and why it is one; None if it is none."""
    if not held:
        return None
    types = {part.media_type for part in parts}
    if types & STATUS_PARTS:
        return _standard(mail, parts, held, bounces)
    reading = _in_words(mail, parts, held, bounces) if suffice(held) else Reading()
    if types & _OTHER_REPORTS and reading.family != _RECEIPT_OF_REFUSAL:
        return None
    text = _words(mail, parts, bounces)
    if by_a_mail_system(held) and (found := _flattened(text)):
        return _made(found, "RFC 3464 as text", text, mail, parts, bounces, held)
    if reading.findings:
        return _made(map(_as_entry, reading.findings), reading.family, text, mail, parts, bounces, held)
    if not suffice(held):
        return None
    return _enclosed(mail, parts, held, bounces) or _emptied(mail, parts, held, bounces)


def _enclosed(mail: Parsed, parts: Sequence[Part], held: frozenset[Sign], bounces: Bounces) -> Read | None:
    """The report that a gateway wrapped into a mail of its own, to put a disclaimer beside it."""
    for part in parts:
        if part.media_type in ENCLOSED and "delivery-status" in part.text.lower():
            inner, _ = leaves(part.content)
            if entries(inner):
                return _standard(mail, inner, held, bounces)
    return None


def _emptied(mail: Parsed, parts: Sequence[Part], held: frozenset[Sign], bounces: Bounces) -> Read | None:
    """The report that lost its parts on the way: of nobody, but whoever answers it answers a machine."""
    said = header.parameters(mail.headers.get("Content-Type")).get("report-type", "").lower()
    if Sign.DAEMON not in held or said != "delivery-status":
        return None
    return _made((), "", _words(mail, parts, bounces), mail, parts, bounces, held)


def _standard(mail: Parsed, parts: Sequence[Part], held: frozenset[Sign], bounces: Bounces) -> Read:
    """The report of a message/delivery-status part; where it is silent its words speak."""
    text = _words(mail, parts, bounces)
    reading = _in_words(mail, parts, held, bounces)
    stated = entries(parts)
    if not stated:
        return _made(map(_as_entry, reading.findings), reading.family, text, mail, parts, bounces, held)
    completed = [_completed(entry, stated, reading.findings, text) for entry in stated]
    return _made(completed, "RFC 3464", text, mail, parts, bounces, held)


def _completed(entry: Entry, stated: Sequence[Entry], found: Sequence[Finding], text: str) -> Entry:
    """The entry, with what the words add: the alias it was reached by, its domain, a diagnostic."""
    same = next(
        (one for one in found if entry.final.lower() in (one.final.lower(), one.original.lower())), None
    )
    if same is None and "@" not in entry.final:
        locally = [one for one in found if one.final.lower().startswith(f"{entry.final.lower()}@")]
        same = locally[0] if locally else found[0] if len(stated) == len(found) == 1 else None
    final = same.final if same and "@" not in entry.final else entry.final
    original = entry.original or (same.original if same and same.final.lower() == final.lower() else "")
    if entry.diagnostic:
        return replace(entry, final=final, original=original)
    said = same.diagnostic if same else freetext.about(entry.final, text)
    return replace(entry, final=final, original=original, diagnostic=said, verbatim=False)


def _in_words(mail: Parsed, parts: Sequence[Part], held: frozenset[Sign], bounces: Bounces) -> Reading:
    """The recipients that the words name: of the text, of all text parts, or as flufl.bounce sees them."""
    texts = dict.fromkeys((_words(mail, parts, bounces), _all_words(parts, bounces)))
    guess = any(allow_guessing(held, text, bounces) for text in texts)
    for text in texts:
        if (reading := freetext.read(text, mail, bounces, guess=guess)).findings:
            return reading
    if guess and (found := lastresort.recipients(mail, parts)):
        return Reading("flufl.bounce", tuple(Finding(address, action=action) for address, action in found))
    return _named_by_the_original(mail, parts, texts, bounces) if guess else Reading()


def _named_by_the_original(
    mail: Parsed, parts: Sequence[Part], texts: Iterable[str], bounces: Bounces
) -> Reading:
    """Who is named by the local part alone ("ana (user not found)"), or by nobody but the returned original.

    Only where a mail system certainly reports, and the original had no more than one recipient to choose.
    """
    addresses = sent_to(parts, halves(mail.text[:_LONGEST], bounces).original)
    for text in texts:
        words = frozenset(word.strip(_AROUND_WORDS).lower() for word in text.split())
        named = [one for one in addresses if one.partition("@")[0].lower() in words]
        if named or (len(addresses) == 1 and bounces.signs.undelivered.in_(text)):
            found = (Finding(one, diagnostic=text) for one in named or addresses)
            return Reading("the returned original", tuple(found))
    return Reading()


def _words(mail: Parsed, parts: Sequence[Part], bounces: Bounces) -> str:
    return halves(mail.text[:_LONGEST], bounces).report or _all_words(parts, bounces)


def _all_words(parts: Sequence[Part], bounces: Bounces) -> str:
    texts = (part.text for part in parts if part.media_type == "text/plain")
    return halves("\n\n".join(texts)[:_LONGEST], bounces).report


def _flattened(text: str) -> tuple[Entry, ...]:
    """The entries of a delivery-status part whose lines stand in the text."""
    return entries_of_text(text) if "final-recipient" in text.lower() else ()


def _as_entry(finding: Finding) -> Entry:
    return Entry(finding.final, finding.original, finding.action, "", finding.diagnostic)


def _made(
    stated: Iterable[Entry],
    family: str,
    text: str,
    mail: Parsed,
    parts: Sequence[Part],
    bounces: Bounces,
    held: frozenset[Sign],
) -> Read:
    said = _said_action(mail.subject, text, bounces)
    stated = tuple(dict.fromkeys(stated))
    around = without_subject(text)
    told: dict[str, tuple[RecipientStatus, str]] = {}
    for entry in stated:
        status, why = recipient_status(
            bounces,
            final=entry.final,
            original=entry.original,
            action=entry.action or said,
            status=entry.status,
            diagnostic=without_subject(entry.diagnostic),
            around=around if len(stated) == 1 else _lines_about(entry, around),
            verbatim=entry.verbatim,
        )
        known = told.get(status.recipient.lower())
        if known is None or _says_more(status, known[0]):
            told[status.recipient.lower()] = (status, why)
    made = DeliveryReport(
        recipients=tuple(status for status, _ in told.values()),
        original_message_id=message_id(parts, halves(mail.text[:_LONGEST], bounces).original),
        family=family,
    )
    return made, "; ".join(_reasons(family, held, told.values()))


def _says_more(status: RecipientStatus, known: RecipientStatus) -> bool:
    """Whether a second word about a recipient counts: the first was none, or an end of an alias is alive."""
    another_end = status.final.lower() != known.final.lower()
    return known.bounce is BounceClass.UNKNOWN or (
        another_end and known.dead_address and not status.dead_address
    )


def _lines_about(entry: Entry, text: str) -> str:
    """The lines that name a recipient, where a report has several; each may be her own reason."""
    names = tuple(name.lower() for name in (entry.final, entry.original) if name)
    return "\n".join(line for line in text.splitlines() if any(name in line.lower() for name in names))


def _said_action(subject: str, text: str, bounces: Bounces) -> DsnAction:
    """What the words say was done, where no field does.

    Warnings come below the subject of a failure too ("Undelivered Mail"), so there the words decide, and the
    subject only beside a refusal for good.
    """
    signs, whole, reply = bounces.signs, f"{subject}\n{text}", codes(text).reply
    waits = signs.delayed.in_(text)
    failed = signs.failed.in_(text) or (signs.failed.in_(subject) and (not waits or reply.startswith("5")))
    if (waits or signs.delayed.in_(subject)) and not failed:
        return DsnAction.DELAYED
    if reply:
        return DsnAction.FAILED
    if signs.delivered.in_(whole):
        return DsnAction.DELIVERED
    return DsnAction.RELAYED if signs.relayed.in_(whole) else DsnAction.FAILED


def _reasons(
    family: str, held: frozenset[Sign], told: Iterable[tuple[RecipientStatus, str]]
) -> Iterator[str]:
    yield f"a report, read as {family or 'one without words'} ({', '.join(sorted(held))})"
    for status, why in told:
        yield f"{status.recipient} {status.action}, {status.bounce} by {why}"
