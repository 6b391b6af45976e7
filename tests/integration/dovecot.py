"""A real Dovecot: mailboxes that take mail by LMTP, show it by IMAP, and know who may log in.

It has a configuration, ports and folders of its own and leaves the system's Dovecot alone. It is started by
root, as it wants to be; the mail belongs to the user `mail`, for Dovecot writes no root's mail.
"""

import asyncio
import imaplib
import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from time import monotonic, sleep

from .peer import HOST, PATIENCE, Place, eventually, is_open

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
listen = 127.0.0.1
protocols = imap lmtp
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
auth_username_format = %Lu
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%Lu
hostname = mailbox.customers.example
postmaster_address = postmaster@customers.example
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = passwd-file
  args = {folder}/users
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener ask {{
    mode = 0666
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Received:
    """A mail as it lies in a mailbox."""

    octets: bytes

    @property
    def message(self) -> EmailMessage:
        return BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(self.octets)

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    def body(self, subtype: str) -> str:
        """Its plain or its HTML words."""
        part = self.message.get_body((subtype,))
        assert part is not None, f"no {subtype} part"
        return part.get_content()


class Dovecot:
    """Mailboxes with one password for all; whoever has none is unknown here."""

    password = "open sesame"

    def __init__(self, place: Place, imap_port: int, lmtp_port: int, users: Sequence[str]) -> None:
        account = pwd.getpwnam("mail")
        mail = place.folder / "mail"
        for folder in (mail, *(mail / user for user in users)):
            folder.mkdir(mode=0o700)
            os.chown(folder, account.pw_uid, account.pw_gid)
        lines = (
            f"{user}:{{PLAIN}}{self.password}:{account.pw_uid}:{account.pw_gid}::{mail / user}::\n"
            for user in users
        )
        place.write("users", "".join(lines))
        text = CONFIGURATION.format(folder=place.folder, imap=imap_port, lmtp=lmtp_port)
        self.place, self.imap_port, self.lmtp_port = place, imap_port, lmtp_port
        self._process: subprocess.Popen[bytes] | None = None
        self._configuration = place.write("dovecot.conf", text)

    @property
    def login_socket(self) -> str:
        """Where a mail server asks whether somebody may log in."""
        return f"{self.place.folder}/run/ask"

    def start(self) -> None:
        """Return when it listens; it stays our child, so that nobody but us ends it, and nothing is left."""
        command = ["dovecot", "-F", "-c", str(self._configuration)]
        with self.place.words.open("wb") as output:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        end = monotonic() + PATIENCE
        while not (is_open(self.imap_port) and is_open(self.lmtp_port)):
            assert self._process.poll() is None, f"Dovecot has ended\n{self.place.told()}"
            assert monotonic() < end, f"Dovecot does not listen\n{self.place.told()}"
            sleep(0.02)

    def stop(self) -> None:
        """Return when it and its processes have ended."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def mails(self, user: str) -> list[Received]:
        """What lies in a mailbox, oldest first."""
        with self._opened(user) as imap:
            return _mails(imap)

    async def mails_once(self, user: str, n: int, *others: Place) -> list[Received]:
        """What lies in a mailbox once it is `n` mails; AssertionError with the logs if it never is."""
        with self._opened(user) as imap:

            async def look() -> list[Received]:
                found = await asyncio.to_thread(_mails, imap)
                return found if len(found) >= n else []

            return await eventually(look, f"{n} mails for {user}", self.place, *others)

    def _opened(self, user: str) -> imaplib.IMAP4:
        imap = imaplib.IMAP4(HOST, self.imap_port, timeout=10)
        imap.login(user, self.password)
        imap.select("INBOX", readonly=True)
        return imap


def _mails(imap: imaplib.IMAP4) -> list[Received]:
    imap.noop()  # so that it tells what has come
    _, (uids,) = imap.uid("SEARCH", "ALL")
    return [_fetched(imap, uid) for uid in uids.decode().split()]


def _fetched(imap: imaplib.IMAP4, uid: str) -> Received:
    _, parts = imap.uid("FETCH", uid, "(BODY.PEEK[])")
    return Received(next(part[1] for part in parts if isinstance(part, tuple)))
