"""One connection to the fake IMAP server: reads commands, answers as its server's manners say."""

import asyncio
import contextlib
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.testing.imap_mailbox import KeptMail, KeptMailbox

if TYPE_CHECKING:
    from gateway.testing.imap_server import ImapServer

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class ImapSession:
    """Speaks as much of RFC 3501 as a client that only reads and moves can want."""

    def __init__(
        self, server: "ImapServer", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.server, self._reader, self._writer = server, reader, writer
        self.user = ""
        self.mailbox = ""
        self.idling = False
        self._told = 0

    # --- from the server -----------------------------------------------------------------------------------

    def news(self, mailbox: str) -> None:
        """Tell an idle client how many mails there are now."""
        if self.idling and self.mailbox == mailbox and not self.server.silent:
            self._tell_exists()

    def bye(self) -> None:
        """Say BYE and hang up."""
        self.say("* BYE going down for a moment")
        self._writer.close()

    def cut(self) -> None:
        """Hang up without a word."""
        self._writer.transport.abort()

    def say(self, *lines: str | bytes) -> None:
        for line in lines:
            self._writer.write((line.encode() if isinstance(line, str) else line) + b"\r\n")

    # --- the dialogue --------------------------------------------------------------------------------------

    async def serve(self) -> None:
        """Until the client, or the server's mood, ends it."""
        if self.server.greeting:
            self.say(self.server.greeting)
            if self.server.greeting.startswith("* BYE"):
                return
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while line := await self._reader.readline():
                text = line.decode("utf-8", "replace").rstrip("\r\n")
                self.server.transcript.append(text)
                if not self.server.silent and not await self._answer(text):
                    return

    async def _answer(self, text: str) -> bool:
        """Answer one command; False after the last one."""
        if self.idling:
            self.idling = False
            self.say(f"{self._idle_tag} OK IDLE is over")
            return True
        words = split(text)
        tag, name = words[0], words[1].upper() if len(words) > 1 else ""
        arguments = words[2:]
        if name == "UID":
            name, arguments = f"UID {arguments[0].upper()}", arguments[1:]
        command = _COMMANDS.get(name)
        if command is None or (name.split()[-1] in _EXTENSIONS and not self.server.knows(name)):
            self.say(f"{tag} BAD I do not know {name}")
            return True
        await command(self, tag, arguments)
        return name != "LOGOUT"

    async def capability(self, tag: str, _: list[str]) -> None:
        self.say(f"* CAPABILITY {' '.join(self.server.capabilities)}", f"{tag} OK done")

    async def login(self, tag: str, arguments: list[str]) -> None:
        user, password = arguments
        self._enter(tag, user, self.server.users.get(user) == password)

    async def authenticate(self, tag: str, arguments: list[str]) -> None:
        """XOAUTH2 with an initial response; a refusal wants an empty line before it is said."""
        parts = b64decode(arguments[1]).decode().split("\1")
        user, token = parts[0].removeprefix("user="), parts[1].removeprefix("auth=Bearer ")
        good = self.server.users.get(user) == token and not self.server.refusal
        if not good:
            self.say("+ eyJzdGF0dXMiOiI0MDAifQ==")
            await self._reader.readline()
        self._enter(tag, user, good)

    def _enter(self, tag: str, user: str, good: bool) -> None:
        self.server.logins += 1
        if self.server.refusal or not good:
            self.say(f"{tag} NO {self.server.refusal or '[AUTHENTICATIONFAILED] Authentication failed.'}")
        else:
            self.user = user
            self.say(f"{tag} OK Logged in")

    async def select(self, tag: str, arguments: list[str]) -> None:
        box = self.server.mailboxes.get(arguments[0])
        if box is None:
            self.say(f"{tag} NO there is no {arguments[0]}")
            return
        self.mailbox, self._told = arguments[0], len(box.mails)
        self.say(
            r"* FLAGS (\Answered \Flagged \Deleted \Seen \Draft)",
            f"* {len(box.mails)} EXISTS",
            f"* OK [UIDVALIDITY {box.uid_validity}] UIDs valid",
            f"* OK [UIDNEXT {box.uid_next}] Predicted next UID",
            f"{tag} OK [READ-WRITE] done",
        )

    async def noop(self, tag: str, _: list[str]) -> None:
        if self.mailbox and self._told != len(self._box.mails):
            self._tell_exists()
        self.say(f"{tag} OK done")

    async def search(self, tag: str, arguments: list[str]) -> None:
        if arguments[0].upper() == "UID":
            found = self._box.chosen(arguments[1])
        else:
            day, month, year = arguments[1].split("-")
            since = datetime(int(year), _MONTHS.index(month) + 1, int(day), tzinfo=UTC)
            found = [mail for mail in self._box.mails if mail.received_at >= since]
        numbers = "".join(f" {mail.uid}" for mail in found)
        self.say(f"* SEARCH{numbers}", f"{tag} OK done")

    async def fetch(self, tag: str, arguments: list[str]) -> None:
        items = " ".join(arguments[1:]).upper()
        for mail in self._box.chosen(arguments[0]):
            for _ in range(self.server.repeats):
                number = self._box.mails.index(mail) + 1
                self._writer.write(b"* %d FETCH (" % number)
                await self._item(mail, items)
                self.say(")")
        self.say(f"{tag} OK done")

    async def _item(self, mail: KeptMail, items: str) -> None:
        if "RFC822.SIZE" in items:
            at = mail.received_at.strftime("%d-%b-%Y %H:%M:%S %z")
            told = mail.field("Message-ID")
            words = f'UID {mail.uid} RFC822.SIZE {mail.told_size} INTERNALDATE "{at}"'
            self._writer.write(
                f"{words} BODY[HEADER.FIELDS (MESSAGE-ID)] {{{len(told)}}}\r\n".encode() + told
            )
            return
        whole = "HEADER" not in items
        if "PEEK" not in items:
            mail.flags.add("\\Seen")
        octets = mail.octets if whole else mail.header
        section = "" if whole else "HEADER"
        self._writer.write(f"UID {mail.uid} BODY[{section}] {{{len(octets)}}}\r\n".encode())
        if whole and self.server.cuts.get(mail.uid, 0) > 0:
            self.server.cuts[mail.uid] -= 1
            self._writer.write(octets[: len(octets) // 2])
            await self._writer.drain()
            self.cut()
            raise ConnectionResetError
        self._writer.write(octets)
        await self._writer.drain()

    async def store(self, tag: str, arguments: list[str]) -> None:
        for mail in self._box.chosen(arguments[0]):
            mail.flags.update(arguments[2].strip("()").split())
        self.say(f"{tag} OK done")

    async def copy(self, tag: str, arguments: list[str]) -> None:
        if self._copied(tag, arguments):
            self.say(f"{tag} OK done")

    async def move(self, tag: str, arguments: list[str]) -> None:
        if mails := self._copied(tag, arguments):
            self._remove(mails)
        if arguments[1] in self.server.mailboxes:
            self.say(f"{tag} OK done")

    def _copied(self, tag: str, arguments: list[str]) -> list[KeptMail]:
        target = self.server.mailboxes.get(arguments[1])
        if target is None:
            self.say(f"{tag} NO [TRYCREATE] there is no {arguments[1]}")
            return []
        mails = self._box.chosen(arguments[0])
        for mail in mails:
            target.append(mail.octets, set(mail.flags), mail.received_at, mail.size)
        return mails

    async def expunge(self, tag: str, arguments: list[str]) -> None:
        self._remove([mail for mail in self._box.chosen(arguments[0]) if "\\Deleted" in mail.flags])
        self.say(f"{tag} OK done")

    def _remove(self, mails: list[KeptMail]) -> None:
        for mail in mails:
            number = self._box.mails.index(mail) + 1
            self._box.mails.remove(mail)
            self.say(f"* {number} EXPUNGE")
        self._told = len(self._box.mails)

    async def create(self, tag: str, arguments: list[str]) -> None:
        self.server.mailboxes[arguments[0]] = KeptMailbox()
        self.say(f"{tag} OK done")

    async def idle(self, tag: str, _: list[str]) -> None:
        self._idle_tag = tag
        self.idling = True
        self.say("+ idling")
        self.server.idled.set()
        if self._told != len(self._box.mails):
            self._tell_exists()

    async def logout(self, tag: str, _: list[str]) -> None:
        self.say("* BYE see you", f"{tag} OK done")

    @property
    def _box(self) -> KeptMailbox:
        return self.server.mailboxes[self.mailbox]

    def _tell_exists(self) -> None:
        self._told = len(self._box.mails)
        self.say(f"* {self._told} EXISTS")


_EXTENSIONS = ("IDLE", "MOVE", "EXPUNGE")
_COMMANDS: Mapping[str, Callable[[ImapSession, str, list[str]], Awaitable[None]]] = {
    "CAPABILITY": ImapSession.capability,
    "LOGIN": ImapSession.login,
    "AUTHENTICATE": ImapSession.authenticate,
    "SELECT": ImapSession.select,
    "NOOP": ImapSession.noop,
    "UID SEARCH": ImapSession.search,
    "UID FETCH": ImapSession.fetch,
    "UID STORE": ImapSession.store,
    "UID COPY": ImapSession.copy,
    "UID MOVE": ImapSession.move,
    "UID EXPUNGE": ImapSession.expunge,
    "CREATE": ImapSession.create,
    "IDLE": ImapSession.idle,
    "LOGOUT": ImapSession.logout,
}


def split(line: str) -> list[str]:
    """The words of a command; a quoted string is one, without its quotes."""
    words: list[str] = []
    rest = line.strip()
    while rest:
        if rest.startswith('"'):
            word, at = "", 1
            while at < len(rest) and rest[at] != '"':
                at += rest[at] == "\\"
                word += rest[at]
                at += 1
            rest = rest[at + 1 :].lstrip()
        else:
            word, _, rest = rest.partition(" ")
            rest = rest.lstrip()
        words.append(word)
    return words
