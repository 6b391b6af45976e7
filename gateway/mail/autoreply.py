"""May a program answer this mail? (RFC 3834, section 2, and the manners of RFC 5230 and RFC 2369.)

Two programs that answer each other fill disks, and an answer to a forged sender is spam of ours. So nothing
automatic goes to a program, a list or an unproven stranger, and there is one place that decides it: the
table below. What it refuses names its rule, for the trace; counting answers and the breaker come after.

`None` for a question means that the mail alone cannot answer it (a file on disk has no envelope); such a
rule does not count against the mail.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.mail.automatic import MACHINES, is_bulk, is_listed, is_nobodys, is_receipt
from gateway.mail.envelope import Address, Verdict
from gateway.mail.parsed import Parsed
from gateway.mail.sign import auto_submitted, has_null_path

RECEIVED = 25  # more hops than that is a loop already

_SUPPRESS = frozenset(("all", "oof", "autoreply"))


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known about a mail when somebody wants to answer it by a program."""

    mail: Parsed
    reverse_path: Address | None  # None is the null reverse-path, if it is known
    reverse_path_known: bool = True
    ours: Callable[[str], bool] | None = None  # whether an address is the shop's; None: unknown
    dmarc: Verdict = Verdict.NONE
    suppressed: bool = False  # whoever would get the answer may not be written to

    def is_ours(self, address: str) -> bool:
        return self.ours is not None and bool(address) and self.ours(address)

    @property
    def author(self) -> str:
        return self.mail.author.address if self.mail.author else ""

    @property
    def senders(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.author, self.reverse_path or "")))


@dataclass(frozen=True, slots=True)
class Refusal:
    """The rule that forbids an automatic answer, and its reason as a sentence."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table: its name, why it exists, and whether it forbids."""

    name: str
    reason: str
    forbids: Callable[[Asked], bool]


def _null_reverse_path(asked: Asked) -> bool:
    if asked.reverse_path_known:
        return asked.reverse_path is None
    return has_null_path(asked.mail)


def _nobody_to_answer(asked: Asked) -> bool:
    return not asked.senders


def _automatic(asked: Asked) -> bool:
    return auto_submitted(asked.mail) not in ("", "no")


def _bulk(asked: Asked) -> bool:
    return is_bulk(asked.mail)


def _list(asked: Asked) -> bool:
    return is_listed(asked.mail)


def _asks_for_silence(asked: Asked) -> bool:
    words = ",".join(asked.mail.headers.all("X-Auto-Response-Suppress")).replace(";", ",").lower().split(",")
    return not _SUPPRESS.isdisjoint(word.strip() for word in words)


def _was_here(asked: Asked) -> bool:
    return "X-MailFlow-Id" in asked.mail.headers or any(
        asked.is_ours(word.strip("<>,; "))
        for value in asked.mail.headers.all("X-Loop")
        for word in value.split()
    )


def _machine(asked: Asked) -> bool:
    return isinstance(asked.mail.kind, MACHINES)


def _receipt(asked: Asked) -> bool:
    return is_receipt(asked.mail)


def _nobodys_address(asked: Asked) -> bool:
    return any(map(is_nobodys, asked.senders))


def _ourselves(asked: Asked) -> bool:
    return any(map(asked.is_ours, asked.senders))


def _delivered_twice(asked: Asked) -> bool:
    return sum(asked.is_ours(value.strip("<> ")) for value in asked.mail.headers.all("Delivered-To")) >= 2


def _too_many_hops(asked: Asked) -> bool:
    return len(asked.mail.headers.all("Received")) > RECEIVED


def _not_to_us(asked: Asked) -> bool:
    named = (*asked.mail.to, *asked.mail.cc)
    return asked.ours is not None and not any(asked.is_ours(mailbox.address) for mailbox in named)


def _forged(asked: Asked) -> bool:
    return asked.dmarc is Verdict.FAIL


def _suppressed(asked: Asked) -> bool:
    return asked.suppressed


RULES: tuple[Rule, ...] = (
    Rule("null_reverse_path", "it has the null reverse-path: nobody wants an answer", _null_reverse_path),
    Rule("no_author", "it names nobody to answer to", _nobody_to_answer),
    Rule("auto_submitted", "a program sent it, says Auto-Submitted", _automatic),
    Rule("precedence", "its Precedence is that of bulk mail", _bulk),
    Rule("list", "it comes from a mailing list", _list),
    Rule("suppress", "it asks for no automatic answer (X-Auto-Response-Suppress)", _asks_for_silence),
    Rule("own_mark", "it carries a mark of ours: it was here before", _was_here),
    Rule("machine", "it is a report, a complaint, a challenge or an automatic reply", _machine),
    Rule("receipt", "it is a read receipt (RFC 8098)", _receipt),
    Rule("nobodys_address", "its sender is an address that nobody reads", _nobodys_address),
    Rule("ourselves", "it comes from ourselves", _ourselves),
    Rule("delivered_twice", "it was delivered to us before (Delivered-To twice)", _delivered_twice),
    Rule("hops", f"it passed more than {RECEIVED} hosts", _too_many_hops),
    Rule("not_to_us", "none of our addresses is in To or Cc", _not_to_us),
    Rule("forged", "its author is not proven: DMARC failed", _forged),
    Rule("suppressed", "that address may not be written to", _suppressed),
)


def why_not_answer(
    mail: Parsed,
    *,
    reverse_path: Address | None = None,
    reverse_path_known: bool = False,
    ours: Callable[[str], bool] | None = None,
    dmarc: Verdict = Verdict.NONE,
    suppressed: bool = False,
) -> Refusal | None:
    """The first rule that forbids an automatic answer, None if one may be sent."""
    asked = Asked(mail, reverse_path, reverse_path_known, ours, dmarc, suppressed)
    return next((Refusal(rule.name, rule.reason) for rule in RULES if rule.forbids(asked)), None)


def may_answer(
    mail: Parsed,
    *,
    reverse_path: Address | None = None,
    reverse_path_known: bool = False,
    ours: Callable[[str], bool] | None = None,
    dmarc: Verdict = Verdict.NONE,
    suppressed: bool = False,
) -> bool:
    """Whether a program may answer the mail at all."""
    refusal = why_not_answer(
        mail,
        reverse_path=reverse_path,
        reverse_path_known=reverse_path_known,
        ours=ours,
        dmarc=dmarc,
        suppressed=suppressed,
    )
    return refusal is None
