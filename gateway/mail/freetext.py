"""Reports in free text: who failed and what was said of it, by the families of `config/bounces.toml`.

Families are asked in order, those with a voice of their own first, those that fit anything last; the first
that names a recipient is the reader. What the sign X-Failed-Recipients lists counts before all words.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gateway.mail.bounces import Bounces, Report, Says, looks_of
from gateway.mail.parsed import DsnAction, Parsed
from gateway.mail.pattern import Match, compile_pattern
from gateway.mail.words import ADDRESS, compiled

_ADDRESS = compile_pattern(ADDRESS)
_BLANK_LINE = compile_pattern(r"\n[ \t>]*\n")
_MOST = 100  # recipients of one report in free text that are read
_FIRST = 16384  # characters in which a report has said what it is

# Whom one writes to for help; a report that names nobody else has named no recipient.
_FOR_HELP = compile_pattern(
    r"(?i)^(?:postmaster|mailer-daemon|abuse|support|help(?:desk)?|admin(?:istrator)?|hostmaster|webmaster|root|"
    r"info-?desk|service-?desk|servicedesk|no-?reply|do-?not-?reply|unblock\w*|delist\w*|removeme|security|noc|"
    r"mail-?admin|sysadmin|it-?support|customer-?(?:care|service)|kundenservice|soporte|suporte|assistenza)@"
)

_NOT_HIM = compile_pattern(
    r"(?i)\b(?:from|sender|mail from|return-path|contact|write to|turn to|ask|please (?:e-?mail|mail|call)|"
    r"message-id|reply-to|via|by|von|absender|de la part de|expéditeur|remitente|mittente|remetente|от|"
    r"送信者)"
    r"\s*[:=]?\s*[\"'<(\[]*$"
)
# "Try bo@example.net instead": whom to write to from now on.
_INSTEAD = compile_pattern(
    r"(?i)^[>\"')\]]*,?\s+(?:instead|stattdessen|à la place|en su lugar|invece|in plaats daarvan)\b"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One recipient as the words name it, and the words about it."""

    final: str
    original: str = ""
    diagnostic: str = ""
    action: DsnAction | None = None
    inline: bool = False  # the diagnostic stands behind the address, so it is nobody else's


@dataclass(frozen=True, slots=True)
class Reading:
    """Which family spoke, and of whom."""

    family: str = ""
    findings: tuple[Finding, ...] = ()


def read(text: str, mail: Parsed, bounces: Bounces, *, guess: bool) -> Reading:
    """The recipients that the text of a report names, its returned original cut off before."""
    listed = failed_recipients(mail)
    own = frozenset(_own(mail))
    looks = replace(looks_of(mail), words=text[:_FIRST])
    for report in bounces.reports:
        if (report.guess or report.broad) and not guess:
            continue
        if report.when.holds(looks) and (found := findings(report, text, own)):
            return Reading(report.name, _as_listed(listed, found, text) if listed else found)
    return Reading("X-Failed-Recipients", _as_listed(listed, (), text)) if listed else Reading()


def findings(report: Report, text: str, own: frozenset[str] = frozenset()) -> tuple[Finding, ...]:
    """The recipients that one family's patterns find, each once, in the order of the text."""
    begin, end = 0, len(text)
    if report.starts:
        match = report.starts.find(text)
        if match is None:
            return ()
        begin = match.end()
    if report.ends and (match := report.ends.find(text[begin:])):
        end = begin + match.start()
    region = text[begin:end]
    matches = list(_named(report, region, own))
    made: dict[str, Finding] = {}
    for at in range(len(matches)):
        finding = _finding(report, text, region, matches, at)
        known = made.get(finding.final.lower())
        if known is None:
            made[finding.final.lower()] = finding
        elif not known.original and finding.original:
            made[finding.final.lower()] = replace(known, original=finding.original)
    return () if report.alone and len(made) != 1 else tuple(_shared(list(made.values())))


def _shared(found: list[Finding]) -> Iterator[Finding]:
    """The findings; one of which nothing is said has the words of the next: they were listed together."""
    shared: list[Finding] = []
    telling: Finding | None = None
    for finding in reversed(found):
        if _says_something(finding):
            telling = finding
        told = telling.diagnostic if telling and not telling.inline else finding.diagnostic
        shared.append(replace(finding, diagnostic=told))
    return reversed(shared)


def _says_something(finding: Finding) -> bool:
    return any(character.isalnum() for character in _ADDRESS.sub("", finding.diagnostic))


def _named(report: Report, region: str, own: frozenset[str]) -> Iterator[Match]:
    """The places where the region names a recipient, in order, none within another."""
    found = sorted(
        (match for pattern in report.address for match in compiled(pattern).finditer(region)),
        key=lambda match: (match.start(), -match.end()),
    )
    last, seen = -1, set[str]()
    for match in found[:_MOST]:
        groups = match.groupdict()
        address = (groups.get("address") or groups.get("original") or "").lower()
        if match.start() < last or not address or (address in seen and not groups.get("original")):
            continue
        if report.guess and (address in own or _stands_for_another(region, match, address)):
            continue
        last = match.end()
        seen.add(address)
        yield match


def _stands_for_another(region: str, match: Match, address: str) -> bool:
    """Whether an address is somebody to ask, whom the mail came from, or the one to use from now on."""
    at = match.start() + (match.group() or "").lower().find(address)
    end = at + len(address)
    return (
        _FOR_HELP.search(address) is not None
        or _NOT_HIM.search(region[max(0, at - 40) : at]) is not None
        or _INSTEAD.search(region[end : end + 40]) is not None
    )


def _finding(report: Report, text: str, region: str, matches: Sequence[Match], at: int) -> Finding:
    match = matches[at]
    groups = match.groupdict()
    final, original = groups.get("address") or "", groups.get("original") or ""
    says = groups.get("says") or ""
    after = matches[at + 1].start() if at + 1 < len(matches) else len(region)
    match report.says:
        case Says.TO_NEXT:
            said = region[matches[at].start() : after]
        case Says.TO_BLANK_LINE:
            said = region[matches[at].start() : _to_blank_line(region, matches[at].end(), after)]
        case Says.BEFORE:
            said = region[matches[at - 1].end() if at else 0 : matches[at].start()]
        case Says.WHOLE:
            said = text
    return Finding(
        final=(final or original).rstrip("."),
        original=original if final and original.lower() != final.lower() else "",
        diagnostic=says or said,
        action=report.action,
        inline=bool(says),
    )


def _to_blank_line(region: str, begin: int, end: int) -> int:
    """Where the paragraph ends that begins at `begin`, or the next one if only blanks follow there."""
    words = begin + len(region[begin:end]) - len(region[begin:end].lstrip())
    match = _BLANK_LINE.search(region[words:end])
    return words + match.start() if match else end


def failed_recipients(mail: Parsed) -> tuple[str, ...]:
    """The addresses in X-Failed-Recipients, which Exim invented and Google writes too."""
    listed = ", ".join(mail.headers.all("X-Failed-Recipients"))
    found = (match.group() or "" for match in _ADDRESS.finditer(listed))
    return tuple({address.lower(): address for address in found}.values())


def _as_listed(listed: Sequence[str], found: Sequence[Finding], text: str) -> tuple[Finding, ...]:
    """One finding for each address that the header lists; words about nobody listed go to a single one."""
    by_address = {finding.final.lower(): finding for finding in found}
    by_address |= {finding.original.lower(): finding for finding in found if finding.original}
    made = [
        by_address.get(address.lower()) or Finding(address, diagnostic=about(address, text))
        for address in listed
    ]
    if len(made) == 1 and len(found) == 1 and made[0] is not found[0]:
        return (replace(found[0], final=listed[0]),) if not found[0].original else tuple(found)
    return tuple({finding.final.lower(): finding for finding in made}.values())


def about(address: str, text: str) -> str:
    """The paragraph that begins with an address, "" if the text does not name it."""
    at = text.lower().find(address.lower())
    return "" if at < 0 else text[at : _to_blank_line(text, at + len(address), len(text))]


def _own(mail: Parsed) -> Iterator[str]:
    """The addresses that the report came to or from: they are not who failed."""
    mailboxes: Iterable[str] = (mailbox.address for mailbox in (*mail.to, *mail.cc))
    yield from (address.lower() for address in mailboxes)
    if mail.author:
        yield mail.author.address.lower()
    for name in ("Delivered-To", "X-Original-To", "Return-Path", "Envelope-To", "X-Envelope-To"):
        for value in mail.headers.all(name):
            yield from ((match.group() or "").lower() for match in _ADDRESS.finditer(value))
