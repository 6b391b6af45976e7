"""A real Postfix: the smarthost of a shop, and the mail server of its customers.

Whoever logs in may send through it, to everywhere it knows a way to: mailboxes that take mail by LMTP, and
the shop's own listener. What it has taken and cannot deliver it bounces by itself. It has a configuration, a
queue and a port of its own, keeps to loopback, asks no DNS, and leaves the system's Postfix alone.
"""

import os
import pwd
import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path

from .peer import HOST, Place, is_open

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
syslog_name = smarthost

myhostname = smarthost.provider.example
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtpd_peername_lookup = no

mydestination =
local_recipient_maps =
alias_maps =
alias_database =
local_transport = error:5.1.1 no mailboxes here
default_transport = error:5.1.2 no way to that domain
transport_maps = texthash:{folder}/transport

mynetworks =
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {login_socket}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_chain_files = {key}, {certificate}
smtp_tls_security_level = may
smtp_tls_loglevel = 1

minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
in_flow_delay = 0
notify_classes =
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """One instance; `start` and `stop` as often as a story wants."""

    def __init__(
        self,
        place: Place,
        port: int,
        routes: Mapping[str, str],  # domain -> transport, such as `smtp:[127.0.0.1]:2525`
        login_socket: str,
        certificate: tuple[Path, Path],
    ) -> None:
        self.place, self.port = place, port
        self._certificate, key = certificate
        folder = place.folder
        self._configuration = folder / "config"
        place.write(
            "config/main.cf",
            MAIN.format(folder=folder, login_socket=login_socket, certificate=self._certificate, key=key),
        )
        place.write("config/master.cf", MASTER.format(port=port))
        place.write("transport", "".join(f"{domain} {way}\n" for domain, way in routes.items()))
        owner = pwd.getpwnam("postfix")
        (folder / "queue").mkdir()
        (folder / "data").mkdir(mode=0o700)
        os.chown(folder / "data", owner.pw_uid, owner.pw_gid)

    @property
    def log(self) -> str:
        """What it has written down so far."""
        return self.place.log.read_text("utf-8", "replace")

    def start(self) -> None:
        """Return when it listens."""
        self.place.run("postfix", "-c", self._configuration, "start")

    def stop(self) -> None:
        """Return when it has ended; nothing happens if it was not running."""
        if is_open(self.port):
            self.place.run("postfix", "-c", self._configuration, "stop")

    def submit(self, user: str, password: str, message: EmailMessage) -> None:
        """A mail program sends a mail: it encrypts, logs in, and hands it over."""
        trusted = ssl.create_default_context(cafile=str(self._certificate))
        with smtplib.SMTP(HOST, self.port, "laptop.customers.example", timeout=20) as smtp:
            smtp.starttls(context=trusted)
            smtp.login(user, password)
            smtp.send_message(message, from_addr=user)
