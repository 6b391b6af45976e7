"""Facts in, Decision out: safety, the owner's commands, her rules, the slices' own defaults, held.

Safety is protocol and law and comes first, so that no rule can break an unsubscribe. The place of her rules
is here and still empty. A mail that nobody claims is held: the owner is asked, nothing is lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.commands.authority import Level
from gateway.commands.decide import by_mail
from gateway.commands.grammar import commands_of
from gateway.customers import decide as customers
from gateway.customers import returned
from gateway.kernel.decision import Decision, Disposition, Match, Test, dropped, handled, held
from gateway.kernel.ids import spoken
from gateway.kernel.tokens import TokenKind
from gateway.mail.envelope import Verdict
from gateway.mail.parsed import AutoReply, Challenge, Complaint, DeliveryReport, Ordinary, UnsubscribeRequest
from gateway.outbox.message import UseToken
from gateway.pipeline.gather import Facts, PartyKind
from gateway.pipeline.limits import alive, within_limits
from gateway.pipeline.slices import MailRule

HERE = "pipeline/decide.py"


def decide(facts: Facts, defaults: Sequence[MailRule]) -> Decision:
    """The decision about one mail, within the limits of its sender unless the owner has waived them."""
    exempt = facts.sender.kind in (PartyKind.CHANNEL, PartyKind.CARRIER) or "breaker" in facts.waived
    decision = within_limits(_first(facts, defaults), facts.limits.objects, exempt=exempt)
    return alive(decision, facts.sender.address) if facts.alive and facts.sender.address else decision


def _first(facts: Facts, defaults: Sequence[MailRule]) -> Decision:
    """The decision of the first that answers.

    What would only hold it for a reason that the owner has waived is passed over. A mail that nobody knew
    what to do with, and that she released, was seen to by hand; so was one that nobody claims even now.
    """
    if "no_rule" in facts.waived:
        return _by_hand()
    for rule in (safety, commands, *_RULES, *defaults, automatic):
        decision = rule(facts)
        if decision is not None and not _is_waived(decision, facts):
            return _with_level(decision, facts)
    if facts.waived:
        return _by_hand()
    author = facts.sender.address or "somebody without an address"
    nobody = held(
        "held.no_rule",
        f"{HERE}:decide",
        "no_rule",
        f"nobody knew what to do with a mail from {author}",
        tests=(Test("sender is", facts.sender.kind), Test("came to", facts.role)),
    )
    return _with_level(nobody, facts)


def _with_level(decision: Decision, facts: Facts) -> Decision:
    """The decision with the level of the mail, and why it has that, among the tests of who decided."""
    first, *others = decision.because
    level = Test("level", f"{facts.act_standing.level.name}, {facts.act_standing.why}")
    decided = replace(decision, because=(replace(first, tests=(*first.tests, level)), *others))
    answered = facts.answered
    if facts.standing.level < Level.L3 or answered is None or not decision.effects:
        return decided
    return decided.also(Match("authority.confirmed", f"{HERE}:decide", (), (UseToken(answered.message.seq),)))


def _is_waived(decision: Decision, facts: Facts) -> bool:
    return decision.disposition is Disposition.HELD and decision.reason in facts.waived


def _by_hand() -> Decision:
    return handled("held.by_hand", f"{HERE}:decide", note="the owner released it: it was seen to by hand")


_RULES: tuple[MailRule, ...] = ()  # the owner's YAML rules: rules.md, 2


def commands(facts: Facts) -> Decision | None:
    """What the owner's lines do; a mail in her name that proves nothing is asked about."""
    heard = facts.heard
    if heard is None or not heard.is_meant:
        return None
    if facts.standing.level < Level.L1:
        note = f"a mail in your name gives orders: {facts.standing.why}"
        tests = tuple(Test("command", command.line) for command in commands_of(heard.lines))
        return held("commands.not_proven", f"{HERE}:commands", "not_proven", note, tests=tests)
    if not heard.lines:
        return handled("commands.nothing", f"{HERE}:commands", note="it says nothing to us")
    number = spoken("R", facts.seq)
    return by_mail(heard.lines, facts.standing, heard.world, number, heard.question, facts.envelope.id)


def safety(facts: Facts) -> Decision | None:
    """Reports, complaints, challenges, unsubscribes, loops, forgeries: never a matter of taste."""
    if facts.envelope.finding:
        return _finding(facts.envelope.finding)
    message = facts.answered.message if facts.answered else None
    tokened = facts.answered is not None and facts.answered.kind is TokenKind.BOUNCE
    match facts.mail.kind:
        case DeliveryReport() as report:
            return returned.delivery_report(
                report, message if tokened else None, facts.envelope.id, facts.reader_orders
            )
        case Complaint() as complaint:
            return returned.complaint(complaint, message, facts.envelope.id)
        case Challenge() as challenge:
            return returned.challenge(message, challenge.family)
        case _:
            pass
    return _unsubscribe(facts) or _unread(facts) or _machine(facts) or _forged(facts) or _unproven(facts)


_FINDINGS: Mapping[str, str] = {
    "too_large": "larger than we fetch: only its header was read, the mail is in the mailbox",
    "too_complex": "too complex to be read safely",
    "forged": "it has several authors, and each program shows another one",
    "unreadable": "the server of the mailbox does not hand it out whole",
}


def _finding(reason: str) -> Decision:
    """What SMTP would have refused at the door."""
    return _hold(reason, _FINDINGS.get(reason, "the door could not refuse it"))


def _unsubscribe(facts: Facts) -> Decision | None:
    if facts.unsubscribes:
        return customers.unsubscribe(facts.unsubscribes, "", facts.envelope.id)
    if isinstance(facts.mail.kind, UnsubscribeRequest) and facts.sender.customer:
        return customers.unsubscribe(facts.sender.customer.email, facts.mail.kind.word, facts.envelope.id)
    return None


def _unread(facts: Facts) -> Decision | None:
    """A mail of which nothing but the header could be read: nobody knows what it says."""
    reason = next((each for each in facts.mail.defects if each in _UNREAD), None)
    return _hold(reason, _UNREAD[reason]) if reason else None


_UNREAD = {
    "too_complex": "reading it would cost too much; only its header was read",
    "unreadable": "reading it failed; only its header was read",
}


def _machine(facts: Facts) -> Decision | None:
    """Our own mail that came back to us, and machines that answer for absent people."""
    if "X-MailFlow-Id" in facts.mail.headers and facts.sender.kind is PartyKind.STRANGER and facts.answered:
        return dropped("safety.own_mail", f"{HERE}:safety", "loop", "our own mail came back to us")
    if isinstance(facts.mail.kind, AutoReply) and facts.purchase is None:
        answered = facts.answered.message if facts.answered else None
        return returned.absence(facts.mail.kind, answered, facts.mail.kind_why)
    return None


def _forged(facts: Facts) -> Decision | None:
    """Mails whose author's own domain denies them, where that matters, and those with two authors."""
    auth = facts.envelope.auth
    claims = facts.claims_us or (facts.sender.address if facts.sender.kind in _IMITATED else "")
    if "repeated: from" in facts.mail.defects:
        return _hold("forged", "it has several From fields, so nobody knows who wrote it")
    if auth.dmarc is not Verdict.FAIL:
        return None
    if claims:
        return _hold("forged", f"it says it is from {claims}, but {auth.why}")
    if facts.role in _GUARDED:
        return _hold("not_proven", f"nobody may write to {facts.role}@ unproven: {auth.why}")
    return None


_IMITATED = (PartyKind.OWNER, PartyKind.SUPPLIER)
_GUARDED = frozenset({"suppliers", "stock", "campaigns", "report"})  # intake.md, 15


def _unproven(facts: Facts) -> Decision | None:
    """People at bounce addresses, good tokens in the hands of somebody else, and contradictions."""
    answered = facts.answered
    if answered is None or not isinstance(facts.mail.kind, Ordinary | UnsubscribeRequest):
        return None
    if answered.kind is TokenKind.BOUNCE:
        return _hold("not_a_report", "a person wrote to an address for delivery reports")
    is_owner = facts.sender.kind is PartyKind.OWNER and facts.standing.level >= Level.L1
    if answered.third_person and not is_owner:
        return _hold(
            "third_person", f"{facts.sender.address} answers a letter to {answered.message.recipient}"
        )
    if facts.unsure:
        return _hold("unsure", facts.unsure)
    return None


def automatic(facts: Facts) -> Decision | None:
    """What a program wrote and nobody claimed: news about parcels that are not ours, advertisements."""
    if not facts.mail.automatic or facts.sender.kind in (PartyKind.CHANNEL, PartyKind.SUPPLIER):
        return None
    note = f"an automatic mail from {facts.sender.address or 'nobody'} about nothing of ours"
    return held("held.automatic", f"{HERE}:automatic", "no_rule", note)


def _hold(reason: str, note: str) -> Decision:
    return held(f"safety.{reason}", f"{HERE}:safety", reason, note)
