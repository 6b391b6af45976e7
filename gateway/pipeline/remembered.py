"""What is remembered of the facts about a mail: where it can be found again, and what explains it later."""

from typing import Any

from gateway.pipeline.gather import Facts, Shop
from gateway.pipeline.passed_on import PassedOn


def columns(facts: Facts | None, shop: Shop) -> dict[str, Any]:
    """The columns of the journal by which a mail is found later: kind, author, customer, object."""
    if facts is None:
        return {}
    meant = facts.order or (facts.purchase.purchase_order if facts.purchase else None)
    return {
        "kind": type(facts.mail.kind).__name__,
        "subject": facts.mail.subject[:500],
        "party": facts.sender.kind,
        "author_key": shop.key(facts.sender.address) if facts.sender.address else None,
        "customer_id": facts.sender.customer.id if facts.sender.customer else None,
        "about_id": meant.id if meant else None,
    }


def explaining(facts: Facts | None) -> dict[str, Any] | None:
    """What explains a decision later, without the words of the mail."""
    if facts is None:
        return None
    answered = facts.answered
    return {
        "kind": type(facts.mail.kind).__name__,
        "kind_why": facts.mail.kind_why,
        "sender": facts.sender.kind,
        "level": facts.standing.level.name,
        "level_why": facts.standing.why,
        "role": facts.role,
        "spf": facts.envelope.auth.spf,
        "dkim": list(facts.envelope.auth.dkim),
        "dmarc": facts.envelope.auth.dmarc,
        "passed_on": facts.passed_on and _passed_on(facts.passed_on),
        "answers": answered
        and {
            "seq": answered.message.seq,
            "evidence": answered.evidence,
            "confidence": answered.confidence,
        },
        "may_answer": facts.refusal or "yes",
        "waived": list(facts.waived),
        "defects": list(facts.mail.defects),
    }


def _passed_on(passed_on: PassedOn) -> dict[str, Any]:
    return {
        "shape": passed_on.shape,
        "channel": passed_on.channel,
        "level": passed_on.standing.level.name,
        "level_why": passed_on.standing.why,
    }
