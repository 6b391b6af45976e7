"""A stage for a story: whatever happens to the shop is shown, and what should be true is checked."""

from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from smtplib import SMTPDataError
from typing import Any

from gateway.cli.cast import MAILBOX, address_of
from gateway.cli.transcript import Transcript
from gateway.pipeline.pipe import Outcome
from gateway.pipeline.stimulus import MailArrived, TimerDue
from gateway.testing.imap_server import ImapServer
from gateway.testing.shop import Shop
from gateway.testing.sink import SunkMail


@dataclass
class Stage:
    """A shop, its transcript, and what went otherwise than written."""

    shop: Shop
    transcript: Transcript
    mailbox: ImapServer  # at a provider
    broken: list[str] = field(default_factory=list[str])
    _told: int = 0
    _sent: int = 0

    def scene(self, title: str) -> None:
        self.transcript.scene(self.shop.clock.now(), title)

    async def mail(self, text: str, *, sender: str, to: str, subject: str, **more: Any) -> Outcome:
        """A mail comes in; show it, what was decided, and what goes out."""
        self.transcript.mail_in(sender, to, subject, text)
        outcome = await self.shop.receives(text, sender=sender, to=to, subject=subject, **more)
        self.show()
        return outcome

    async def answer(self, mail: SunkMail, text: str, **more: Any) -> Outcome:
        """Somebody answers a mail of the shop."""
        sender = more.get("sender") or mail.forward_paths[0]
        subject = f"Re: {mail.message['Subject']}"
        self.transcript.mail_in(sender, str(mail.message["Reply-To"]), subject, text)
        outcome = await self.shop.answers(mail, text, **more)
        self.show()
        return outcome

    async def refused(self, text: str, *, sender: str, to: str, subject: str, reverse_path: str) -> str:
        """A forged mail knocks; the reply with which it is refused, "" if it was let in."""
        self.transcript.mail_in(sender, to, subject, text)
        try:
            await self.shop.receives(
                text, sender=sender, to=to, subject=subject, reverse_path=reverse_path, signed=False
            )
        except SMTPDataError as error:
            words = error.smtp_error
            said = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
            reply = f"{error.smtp_code} {said}"
            self.transcript.note(f"refused: {reply}")
            return reply
        self.show()
        return ""

    async def hosted(self, text: str, *, sender: str, subject: str) -> None:
        """A mail lies in the mailbox at the provider; it is fetched and worked on."""
        self.transcript.mail_in(sender, MAILBOX, subject, text)
        author, now = address_of(sender), self.shop.clock.now()
        mail = EmailMessage()
        mail["From"] = sender
        mail["To"] = MAILBOX
        mail["Subject"] = subject
        mail["Date"] = now
        mail["Message-ID"] = f"<{now.timestamp():.0f}@{author.rpartition('@')[2]}>"
        mail.set_content(text)
        signed = self.shop.senders.signed(mail.as_bytes(policy=SMTP), author.rpartition("@")[2], now)
        delivered = f"Return-Path: <{author}>\r\nDelivered-To: {MAILBOX}\r\n".encode()
        self.mailbox.append(delivered + signed, received_at=now)
        await self.shop.gateway.settle()
        self.show()

    async def octets(self, octets: bytes, *, reverse_path: str, to: str, about: str) -> Outcome:
        """A mail that no person wrote."""
        self.transcript.mail_in(reverse_path or "<>", to, about, "")
        outcome = await self.shop.receives_octets(octets, reverse_path=reverse_path, to=to)
        self.show()
        return outcome

    async def bring(self, kind: str, note: str, *rows: dict[str, str]) -> None:
        """The owner imports rows."""
        self.transcript.note(f"mailflow data import {kind}.csv   {note}")
        await self.shop.brings(kind, *rows)
        self.show()

    async def until(self, instant: datetime) -> None:
        """Time goes by; what falls due meanwhile is shown."""
        while self.shop.clock.now() < instant:
            await self.shop.turns_to_next(instant)
            if self._is_news():
                self.transcript.scene(self.shop.clock.now(), "something falls due")
                self.show()

    def to(self, person: str) -> list[SunkMail]:
        """The mails that went to somebody, in order."""
        return self.shop.mails_to(address_of(person))

    def letters(self, person: str, words: str) -> int:
        """How many mails with these words in their subject went to somebody."""
        return len(self.shop.mails_to(address_of(person), words))

    def expect(self, true: bool, sentence: str) -> None:
        """The story says that `sentence` is true by now."""
        if not true:
            self.broken.append(sentence)
            self.transcript.note(f"BUT IT IS NOT TRUE THAT {sentence}")

    def show(self) -> None:
        """Everything that happened since the last look."""
        for outcome in self.shop.outcomes[self._told :]:
            self.transcript.outcome(outcome)
        for mail in self.shop.sink.mails[self._sent :]:
            self.transcript.mail_out(mail)
        self._told, self._sent = len(self.shop.outcomes), len(self.shop.sink.mails)

    def _is_news(self) -> bool:
        fresh = self.shop.outcomes[self._told :]
        return len(self.shop.sink.mails) > self._sent or any(
            isinstance(each.stimulus, MailArrived) or (isinstance(each.stimulus, TimerDue) and each.done)
            for each in fresh
        )
