"""A hosted mailbox by IMAP (RFC 3501, 9051; IDLE is RFC 2177, MOVE 6851, UIDPLUS 4315).

Whatever an answer says that it should not, the connection is dropped, never repaired. Mails are read by
BODY.PEEK alone, so that nobody's mail is marked as seen.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date

from gateway.edges import imap_reply as reply
from gateway.edges.imap_line import Answer, ImapLine, shown
from gateway.edges.imap_name import mailbox as spelled
from gateway.edges.imap_name import quoted
from gateway.kernel.errors import InputError
from gateway.pipeline.folder import CannotMove, Connect, Folder, FolderLost, Listed, LoginRefused, Opened

SLACK = 1024 * 1024  # octets that an answer may have beside the mail in it
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LATER = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]")  # RFC 5530: not our fault
_ITEMS = "(UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"


@dataclass(frozen=True, slots=True)
class Waits:
    """How long each answer may take, in seconds."""

    command: float = 20.0  # connect with greeting, LOGIN, SELECT, NOOP
    group: float = 30.0  # what is known of fifty mails
    mail: float = 30.0
    octets_a_second: float = 50 * 1024  # what a slow line brings of a mail beyond that
    idle: float = 10.0  # until IDLE has begun, and until it has ended


@dataclass(frozen=True, slots=True)
class ImapAccount:
    """Where an account is and how to log in; `secret` is read afresh for each login."""

    host: str
    port: int
    user: str
    secret: Callable[[], str]  # InputError if it cannot be read
    oauth: bool = False  # the secret is an access token (XOAUTH2)
    tls: ssl.SSLContext | None = None  # None: plain, which only loopback may be
    waits: Waits = field(default_factory=Waits)
    max_size: int = 20 * 1024 * 1024  # octets of a mail that is fetched


def connecting(account: ImapAccount, mailbox: str) -> Connect:
    """How a watcher gets at a mailbox of the account."""

    def connect() -> AbstractAsyncContextManager[Folder]:
        return _connected(account, mailbox)

    return connect


def verified() -> ssl.SSLContext:
    """What a server must show: a certificate of its name that this machine trusts."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@asynccontextmanager
async def _connected(account: ImapAccount, mailbox: str) -> AsyncGenerator[Folder]:
    line = ImapLine(account.host, account.port, account.tls)
    try:
        await _log_in(line, account)
        yield ImapFolder(line, account, mailbox)
    finally:
        await line.drop()


async def _log_in(line: ImapLine, account: ImapAccount) -> None:
    """Wait for the greeting and log in; LoginRefused with the server's words."""
    wait = account.waits.command
    await line.greeted(wait)
    try:
        secret = account.secret()
        if account.oauth:
            answer = await line.log_in_by_token(account.user, secret, wait)
        else:
            answer = await line.log_in(quoted(account.user), secret, wait)
    except InputError as error:
        raise LoginRefused(str(error)) from error
    except ValueError as error:  # a control character, or a token that is not ASCII
        raise LoginRefused(f"user or password cannot be sent: {type(error).__name__}") from error
    if answer.result == "NO" and any(code in answer.words.upper() for code in _LATER):
        raise FolderLost(f"LOGIN: the server says {answer.words}")
    if answer.result != "OK":
        raise LoginRefused(f"{account.host} refuses {account.user}: {answer.words}")
    await line.learn_capabilities(wait)


class ImapFolder:
    """One connection with one mailbox, for `pipeline.folder.Folder`."""

    def __init__(self, line: ImapLine, account: ImapAccount, mailbox: str) -> None:
        self._line, self._account, self._mailbox = line, account, mailbox
        self._waits = account.waits
        self.can_idle = line.has("IDLE")

    async def select(self) -> Opened:
        answer = await self._line.select(spelled(self._mailbox), self._waits.command)
        return reply.opened(_ok(answer, f"SELECT {self._mailbox}").lines)

    async def uids_above(self, uid: int) -> Sequence[int]:
        _ok(await self._line.noop(self._waits.command), "NOOP")  # so that the server looks for what is new
        return [each for each in await self._search("UID", f"{uid + 1}:*") if each > uid]

    async def uids_since(self, day: date) -> Sequence[int]:
        return await self._search("SINCE", f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}")

    async def listing(self, uids: Sequence[int]) -> Sequence[Listed]:
        answer = await self._line.fetch(_set(uids), _ITEMS, self._waits.group)
        wanted = set(uids)
        return [mail for mail in reply.listed(_ok(answer, "FETCH").lines) if mail.uid in wanted]

    async def fetch(self, uid: int, size: int) -> bytes | None:
        return await self._body(uid, "", self._waits.mail + size / self._waits.octets_a_second)

    async def fetch_header(self, uid: int) -> bytes | None:
        return await self._body(uid, "HEADER", self._waits.mail)

    async def move(self, uids: Sequence[int], target: str) -> None:
        which, where, wait = _set(uids), spelled(target), self._waits.group
        if self._line.has("MOVE"):
            await self._into(target, lambda: self._line.by_uid("MOVE", which, where, wait=wait))
        elif self._line.has("UIDPLUS"):
            await self._into(target, lambda: self._line.by_uid("COPY", which, where, wait=wait))
            deleted = await self._line.by_uid("STORE", which, "+FLAGS.SILENT", r"(\Deleted)", wait=wait)
            _ok(deleted, "STORE")
            _ok(await self._line.by_uid("EXPUNGE", which, wait=wait), "EXPUNGE")
        else:
            raise CannotMove(f"{self._account.host} knows neither MOVE nor UIDPLUS")

    async def idle(self, woken: asyncio.Event) -> None:
        ringing = asyncio.ensure_future(woken.wait())
        try:
            await self._line.idle(self._waits.idle)
            while not ringing.done() and not _is_news(await self._line.pushed(ringing)):
                pass
            _ok(await self._line.idle_done(self._waits.idle), "IDLE")
        except FolderLost as error:
            raise FolderLost(str(error), idle=True) from error
        finally:
            ringing.cancel()

    async def _search(self, *criteria: str) -> list[int]:
        answer = await self._line.search(*criteria, wait=self._waits.group)
        return reply.uids(_ok(answer, "SEARCH").lines)

    async def _body(self, uid: int, section: str, wait: float) -> bytes | None:
        """The one literal that is the mail, or its header."""
        asked = f"(UID BODY.PEEK[{section}])"
        answer = await self._line.fetch(str(uid), asked, wait, self._account.max_size + SLACK)
        found = reply.fetched(_ok(answer, "FETCH").lines).get(uid)
        if found is None:
            return None
        if len(found.literals) != 1:
            raise FolderLost(f"mail {uid} comes in {len(found.literals)} pieces instead of one")
        return found.literals[0]

    async def _into(self, target: str, copy: Callable[[], Awaitable[Answer]]) -> None:
        """Move or copy; a mailbox that is missing is made, once (RFC 3501, 6.4.7)."""
        answer = await copy()
        if answer.result == "NO" and "[TRYCREATE]" in answer.words.upper():
            _ok(await self._line.create(spelled(target), self._waits.command), f"CREATE {target}")
            answer = await copy()
        if answer.result != "OK":
            raise CannotMove(f"mails cannot be moved to {target}: {answer.words}")


def _ok(answer: Answer, what: str) -> Answer:
    if answer.result != "OK":
        raise FolderLost(f"{what}: the server says {answer.result} {answer.words}")
    return answer


def _is_news(lines: Sequence[bytes]) -> bool:
    """Whether a push tells of new mail; FolderLost if it is a farewell."""
    if goodbye := next((line for line in lines if line[:3].upper() == b"BYE"), None):
        raise FolderLost(f"the server says {shown(goodbye)}")
    return reply.is_news(lines)


def _set(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))
