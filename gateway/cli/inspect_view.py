"""A mail as we understand it, laid out for a person: what it is and why, who it is from, what it is about.

Nothing of the mail is taken for markup: it is put in as plain text, already free of controls.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from rich.console import Console
from rich.text import Text

from gateway.cli import inspect_proof
from gateway.cli.counted import counted
from gateway.cli.damage import in_words
from gateway.cli.understood import KINDS, mailbox_text, orders, parcels, refusal
from gateway.kernel.ids import spoken
from gateway.kernel.tokens import TokenKind
from gateway.mail.header import harmless_line
from gateway.mail.parsed import AutoReply, BounceClass, Complaint, DeliveryReport, Parsed
from gateway.mail.thread import Evidence, EvidenceKind, evidence
from gateway.orders.tracking import tracking_url
from gateway.pipeline.gather import Answered, Facts, PartyKind

Row = tuple[str, str]  # a name and its value

_MOST_LINES = 40  # of the new words; the rest is said in one line
_MOST_SIGNS = 8  # of what it may answer
_LABEL = 11  # columns of the names on the left

_KIND_WORDS: Mapping[str, str] = {
    "delivery_report": "a delivery report",
    "complaint": "a complaint about a mail of ours",
    "challenge": "somebody's gatekeeper, which wants a click",
    "auto_reply": "an automatic reply",
    "unsubscribe": "a wish to hear no more",
    "ordinary": "an ordinary mail",
}
_CLASS_WORDS: Mapping[BounceClass, str] = {
    BounceClass.NO_SUCH_USER: "there is no such mailbox",
    BounceClass.NO_SUCH_HOST: "there is no such domain",
    BounceClass.DISABLED: "the mailbox is closed for good",
    BounceClass.MOVED: "the mailbox has moved",
    BounceClass.MAILBOX_FULL: "the mailbox is full",
    BounceClass.SUSPENDED: "the mailbox is closed for now",
    BounceClass.RATE_LIMITED: "too much mail at once",
    BounceClass.GREYLISTED: "not yet: greylisted",
    BounceClass.NETWORK: "the other server could not be reached",
    BounceClass.SYSTEM: "the other server had trouble",
    BounceClass.EXPIRED: "nobody took it in time",
    BounceClass.BLOCKED: "our server or domain is on a list",
    BounceClass.AUTH_FAILED: "our proof (SPF, DKIM, DMARC) failed",
    BounceClass.UNKNOWN: "the reason is not told",
    BounceClass.TOO_BIG: "the mail was too big",
    BounceClass.SPAM: "the words were taken for spam",
    BounceClass.POLICY: "a rule of the other side",
    BounceClass.VIRUS: "a virus was seen in it",
    BounceClass.SENDER_REFUSED: "our sender address was refused",
    BounceClass.MALFORMED: "our mail was malformed",
    BounceClass.RELAY_DENIED: "the other server does not take mail for that domain",
    BounceClass.LOOP: "the mail went in circles",
}
_COMPLAINTS: Mapping[str, str] = {  # the feedback types of RFC 5965, 3.1, and later ones
    "abuse": "it is spam",
    "fraud": "it is fraud",
    "virus": "it holds a virus",
    "not-spam": "it is no spam after all",
    "auth-failure": "its proof (SPF, DKIM, DMARC) failed",
    "opt-out": "no more of them are wanted",
    "other": "something is wrong with it",
}
_PARTY_WORDS: Mapping[PartyKind, str] = {
    PartyKind.OWNER: "you, the shop's owner",
    PartyKind.CUSTOMER: "a customer",
    PartyKind.SUPPLIER: "a supplier",
    PartyKind.CARRIER: "a carrier",
    PartyKind.CHANNEL: "a sales channel",
    PartyKind.STRANGER: "a stranger to the shop",
}
_TOKEN_WORDS: Mapping[TokenKind, str] = {
    TokenKind.REPLY: "reply",
    TokenKind.BOUNCE: "bounce",
    TokenKind.UNSUBSCRIBE: "unsubscribe",
    TokenKind.UNDO: "undo",
    TokenKind.CONFIRM: "confirm",
    TokenKind.MESSAGE: "message",
}
_EVIDENCE_WORDS: Mapping[EvidenceKind, str] = {
    EvidenceKind.FORWARD_PATH: "a token in the address it came to",
    EvidenceKind.ADDRESS: "a token in an address",
    EvidenceKind.MESSAGE_ID: "a token in a Message-ID that it answers",
    EvidenceKind.CODE: "a number that anybody can see",
}


def show(file: str, mail: Parsed, facts: Facts | None = None, *, arrived: bool = False) -> None:
    """Print one mail; `facts` are what the shop knows about it.

    Of a mail that `arrived` the service has seen what proves it, and its trace tells; guesses are left out.
    """
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    for line in _lines(file, mail, facts, () if arrived else _standing(mail, facts)):
        console.print(line)


def _lines(file: str, mail: Parsed, facts: Facts | None, standing: Iterable[Row]) -> Iterator[Text]:
    yield Text(harmless_line(file), style="bold")
    told = ""
    for name, value in _rows(mail, facts, standing):
        label = "" if name == told else name
        told = name
        text = Text.assemble((f"  {label:<{_LABEL}} ", "dim"), value)
        text.stylize(_style(name, value), _LABEL + 3)
        yield text
    yield from _words(mail)
    yield Text()


def _style(name: str, value: str) -> str:
    if name == "kind":
        return "bold"
    return "yellow" if name == "damage" or (name == "sender" and value.startswith("nobody")) else ""


def _rows(mail: Parsed, facts: Facts | None, standing: Iterable[Row]) -> Iterator[Row]:
    """Name and value of everything that is there to be told; a name that repeats is a further line."""
    rows = (
        ("from", mailbox_text(mail.author)),
        ("to", ", ".join(map(mailbox_text, mail.to))),
        ("subject", mail.subject),
        ("date", mail.date.isoformat(sep=" ") if mail.date else ""),
        ("kind", _KIND_WORDS[KINDS[type(mail.kind)]]),
        *(("because", piece) for piece in mail.kind_why.split("; ")),
        *_kind(mail),
        ("written by", _writer(mail)),
        ("answerable", _answerable(mail, facts)),
        ("sender", inspect_proof.sender(mail)),
        *(("sender", line) for line in _party(facts)),
        *standing,
        *(("answers", line) for line in _answers(mail, facts)),
        ("orders", ", ".join(orders(mail))),
        ("order", _order(facts)),
        *(("parcel", f"{found.carrier} {found.number}  {tracking_url(found.carrier, found.number)}".strip())
          for found in parcels(mail)),
        ("forwards", _forwarded(mail)),
        *(("attached", f"{part.filename or '(no name)'}, {part.media_type}, {_size(part.size)}")
          for part in mail.attachments),
        ("calendar", "an invitation; it is never answered" if mail.has_calendar else ""),
        ("damage", "" if _has_header(mail) else "it has no header: perhaps this is no mail"),
        *(("damage", in_words(defect)) for defect in mail.defects),
    )  # fmt: skip
    yield from (row for row in rows if row[1])


def _standing(mail: Parsed, facts: Facts | None) -> Iterator[Row]:
    yield from (("proof", line) for line in inspect_proof.proof(mail))
    yield from (("level", line) for line in inspect_proof.level(mail, facts))


def _kind(mail: Parsed) -> Iterator[Row]:
    """What only this kind of mail has to say."""
    match mail.kind:
        case DeliveryReport(recipients):
            for status in recipients:
                fate = "for good" if status.permanent else "for now"
                dead = "; the address is dead" if status.dead_address else "; the address lives"
                said = f"{status.action} {status.status} {fate}: {_CLASS_WORDS[status.bounce]}{dead}"
                yield "report", f"{status.recipient}: {' '.join(said.split())}"
                yield "report", f"  {status.diagnostic}" if status.diagnostic else ""
        case Complaint(kind, recipient, message_id):
            yield "complaint", f"{_COMPLAINTS.get(kind, kind)}, says {recipient or 'somebody unnamed'}"
            yield "complaint", f"about the mail {message_id}" if message_id else ""
        case AutoReply(back_on, alternate, gone):
            yield "back on", back_on.isoformat() if back_on else ""
            yield "instead", alternate
            yield "gone", "yes, for good" if gone else ""
        case _:
            return


def _has_header(mail: Parsed) -> bool:
    """Whether it has any field that mails have; a file of something else has none."""
    return any(name in mail.headers for name in ("From", "To", "Subject", "Date", "Received", "Message-ID"))


def _writer(mail: Parsed) -> str:
    if mail.automatic:
        return "a program"
    return "a person, for all that can be seen" if mail.author else "nobody knows: it names no author"


def _answerable(mail: Parsed, facts: Facts | None) -> str:
    refused = facts.refusal.partition(": ")[2] if facts else refusal(mail)  # without the rule's name
    return f"never by a machine: {refused}" if refused else "yes, a machine may answer"


def _party(facts: Facts | None) -> Iterator[str]:
    if facts is not None:
        named = f", {facts.sender.name}" if facts.sender.name else ""
        yield _PARTY_WORDS[facts.sender.kind] + named


def _answers(mail: Parsed, facts: Facts | None) -> Iterator[str]:
    """Everything that says what it answers, the strongest first, and which of it the shop's keys confirm."""
    if facts is not None and facts.answered is not None:
        yield from _answered(facts.answered)
    local_parts = [path.rpartition("@")[0] for path in facts.envelope.forward_paths] if facts else []
    found = evidence(mail, local_parts, "")
    for one in islice(found, _MOST_SIGNS):
        yield f"{_EVIDENCE_WORDS[one.kind]}: {one.value}{_verdict(one, facts)}"
    if facts is None and any(one.kind is not EvidenceKind.CODE for one in found):
        yield "whether a token is the shop's own, its keys must say (-f FOLDER)"
    if mail.in_reply_to or mail.references:
        yield f"the mail {(mail.in_reply_to or mail.references[-1:])[0]}"


def _verdict(one: Evidence, facts: Facts | None) -> str:
    """What can be said of one piece of evidence beyond that it is there."""
    if one.kind is EvidenceKind.CODE:
        return "" if facts is None or facts.order is None else f" ({facts.order.number} is meant)"
    unknown = facts is not None and facts.answered is None
    return " (not made by the shop's keys, or for a message that is forgotten)" if unknown else ""


def _answered(answered: Answered) -> Iterator[str]:
    message = answered.message
    expired = ", expired" if answered.expired else ""
    what = f"a good {_TOKEN_WORDS[answered.kind]} token ({answered.evidence}{expired})"
    yield f"{what}: our {spoken('M', message.seq)} to {message.recipient or 'somebody forgotten'}"
    if message.subject:
        yield f"  {message.subject}"
    if answered.third_person:
        yield "  written by somebody else than it was sent to: shown to you, believed in nothing"


def _order(facts: Facts | None) -> str:
    if facts is None or facts.order is None:
        return ""
    return f"{facts.order.number}, {facts.order.status}, of {facts.order.placed_on:%d %b %Y}"


def _forwarded(mail: Parsed) -> str:
    if mail.forwarded is None:
        return ""
    who = mailbox_text(mail.forwarded.author) or "somebody"
    return f"a mail of {who} ({mail.forwarded.shape}): {mail.forwarded.subject or 'no subject'}"


def _words(mail: Parsed) -> Iterator[Text]:
    """The new words, and how much of the text they are."""
    words, whole = mail.reply.splitlines(), mail.text.splitlines()
    if not words:
        yield Text(f"  {'new words':<{_LABEL}} none", style="dim")
        return
    left = len([line for line in whole if line.strip()]) - len([line for line in words if line.strip()])
    more = f"; {counted(left, 'line')} more {'is' if left == 1 else 'are'} quoted or a signature"
    rest = more if left > 0 else ", all of the text"
    yield Text(f"  {'new words':<{_LABEL}} {counted(len(words), 'line')}{rest}", style="dim")
    yield from (Text(f"  | {line}".rstrip()) for line in words[:_MOST_LINES])
    if len(words) > _MOST_LINES:
        yield Text(f"  | ... and {counted(len(words) - _MOST_LINES, 'line')} more", style="dim")


def _size(octets: int) -> str:
    return f"{octets} octets" if octets < 10_000 else f"{octets / 1024:,.0f} KiB"
