"""Asking who sent a mail: SPF, DKIM and DMARC, with five seconds for everything that DNS must tell.

The checks are pure and know no waiting: they are run with the answers that are at hand and, when they ask for
more, run again once those have come. Only DKIM, which computes, runs in a thread, when its keys are there.
Nothing here blocks another mail, and nothing that a stranger wrote raises.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import structlog

from gateway.kernel.errors import MailFlowError, SmtpReply
from gateway.mail import auth, auth_results, dkim, dmarc
from gateway.mail.address import domain_of
from gateway.mail.dmarc import Authenticated
from gateway.mail.envelope import Address, AuthResults, Envelope, Intake, Verdict
from gateway.mail.forwarded import enclosed
from gateway.mail.guard import too_complex
from gateway.mail.resolve import DnsTrouble, Record, Resolve, Resolver
from gateway.mail.spf import Spf
from gateway.pipeline.gather import Shop

T = TypeVar("T")
BUDGET = 5.0  # seconds of the real clock for all questions about one mail
QUESTIONS = 60  # about one mail; SPF may ask for some forty (RFC 7208, 4.6.4)

log = structlog.get_logger()


Front = Callable[[Envelope], str]  # the authserv-id of the server in front that handed a mail over, or ""


def _no_front(envelope: Envelope) -> str:
    return ""


class Forged(MailFlowError):
    """A mail claims to be the shop's own or the owner's, and that domain denies it."""

    reply = SmtpReply(550, "5.7.26", "the domain of its author denies that it sent this mail (DMARC)")


class _Unanswered(BaseException):
    """A check asked what is not known yet; a BaseException, so that no check takes it for trouble."""

    def __init__(self, name: str, of: Record) -> None:
        super().__init__(name, of)
        self.name, self.of = name, of


class Prover:
    """Finds out who sent a mail."""

    def __init__(
        self, resolver: Resolver, shop: Shop, *, front: Front = _no_front, budget: float = BUDGET
    ) -> None:
        self._resolver = resolver
        self._shop = shop
        self._front = front
        self._budget = budget
        ours = (shop.plan.domain, shop.plan.token_domain, *map(domain_of, shop.owner))
        self._names = tuple(dict.fromkeys(name.encode() for name in ours))

    async def admitted(self, envelope: Envelope, octets: bytes) -> Envelope:
        """The envelope of a mail that may come in; raises Forged before anything was promised.

        Only a mail that claims to be from the shop or its owner is looked at here. The null reverse-path is
        let in: reports of a mail server of the shop's own carry no signature, and do nothing by their From.
        Through a mail server in front nothing is refused, for it would send a bounce to a stranger; such a
        mail is held instead. DNS trouble lets it in, at L0 unless a later look says otherwise.
        """
        if envelope.auth.checked:
            return envelope
        if front := self._front(envelope):
            envelope = replace(envelope, auth=replace(envelope.auth, trusts=front))
        if envelope.via is not Intake.SMTP or envelope.reverse_path is None or envelope.auth.trusts:
            return envelope
        claimed = self.claimed(octets) if self._may_claim(octets) else None
        if claimed is None:
            return envelope
        found = await self.check(envelope, octets)
        if found.dmarc is Verdict.FAIL:
            log.info("mail.forged", domain=domain_of(claimed), why=found.why)
            raise Forged(found.why)
        return envelope if found.dmarc is Verdict.TEMPERROR else replace(envelope, auth=found)

    def claimed(self, octets: bytes) -> Address | None:
        """Which address of the shop or its owner a mail claims as its author's, if any."""
        for address in auth.authors(auth.header_of(octets)):
            if self._shop.plan.is_ours(address) or address in self._shop.owner:
                return Address(address)
        return None

    async def check(self, envelope: Envelope, octets: bytes) -> AuthResults:
        """What was found out about a mail; DNS trouble is in the verdicts."""
        deadline = asyncio.get_running_loop().time() + self._budget
        asking = _Asking(self._resolver, deadline)
        try:
            return await self._checked(envelope, octets, asking)
        except (Exception, _Unanswered):  # nothing that a stranger wrote may keep a mail from being decided
            log.exception("mail.not_proven", journal=envelope.id)
            why = "the checks of who sent it failed"
            return AuthResults(dmarc=Verdict.TEMPERROR, why=why, trusts=envelope.auth.trusts, checked=True)

    async def _checked(self, envelope: Envelope, octets: bytes, asking: "_Asking") -> AuthResults:
        fields = auth.header_of(octets)
        says = auth_results.trusted(fields, envelope.auth.trusts)
        claimed = self.claimed(octets)
        author = domain_of(claimed) if claimed else auth.author_domain(fields)
        _, connection, signed = await asyncio.gather(
            asking.run(lambda resolve: dmarc.check(author, Authenticated(), resolve)),  # so that it is known
            self._sender(envelope, asking),  # ... however long a stranger's own DNS takes
            _signatures(octets, asking),
        )
        found = await asking.run(
            lambda resolve: auth.concluded(envelope.auth, author, connection, signed, says, resolve)
        )
        if claimed not in self._shop.owner or too_complex(octets):
            return found
        inner = await asyncio.to_thread(enclosed, octets)
        return replace(found, enclosed=(await _signatures(inner, asking)).dkim) if inner else found

    async def _sender(self, envelope: Envelope, asking: "_Asking") -> Spf | None:
        if envelope.via is not Intake.SMTP or envelope.auth.trusts:
            return None
        return await asking.run(lambda resolve: auth.sender(envelope, resolve))

    def _may_claim(self, octets: bytes) -> bool:
        """Whether From can name one of our addresses at all; cheap, for it is asked of every mail."""
        lines = auth.from_lines(octets)
        return b"=?" in lines or not lines.isascii() or any(name in lines for name in self._names)


async def _signatures(octets: bytes, asking: "_Asking") -> Authenticated:
    names = dkim.key_names(octets)
    if not names:
        return auth.signatures(octets, asking.known)
    await asyncio.gather(*(asking.ask(name, Record.TXT) for name in names))
    return await asyncio.to_thread(auth.signatures, octets, asking.known)


class _Asking:
    """The answers about one mail, as far as they have come, and the time that is left for more."""

    def __init__(self, resolver: Resolver, deadline: float) -> None:
        self._resolver = resolver
        self._deadline = deadline
        self._answers: dict[tuple[str, Record], tuple[str, ...] | DnsTrouble] = {}

    def known(self, name: str, of: Record) -> tuple[str, ...]:
        """A `Resolve` over what is known; raises _Unanswered for the rest."""
        try:
            answer = self._answers[name.lower(), of]
        except KeyError:
            raise _Unanswered(name.lower(), of) from None
        if isinstance(answer, DnsTrouble):
            raise answer
        return answer

    async def run(self, work: Callable[[Resolve], T]) -> T:
        """What `work` returns, once everything that it asks is answered."""
        while True:
            try:
                return work(self.known)
            except _Unanswered as question:
                await self.ask(question.name, question.of)

    async def ask(self, name: str, of: Record) -> None:
        key = (name.lower(), of)
        if key in self._answers:
            return
        try:
            if len(self._answers) >= QUESTIONS:
                raise DnsTrouble(f"it takes more than {QUESTIONS} questions")
            async with asyncio.timeout_at(self._deadline):
                self._answers[key] = await self._resolver.lookup(*key)
        except DnsTrouble as trouble:
            self._answers[key] = trouble
        except TimeoutError:
            self._answers[key] = DnsTrouble(f"no answer in time for {of} of {name}")
