"""Telling systemd that we are ready, alive, or going: the datagrams of sd_notify(3).

Outside systemd (no NOTIFY_SOCKET) every call does nothing and says so by returning False.
"""

import os
import socket
from collections.abc import Mapping
from datetime import timedelta


class Notifier:
    """The way to the service manager that the environment names, if any."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._watchdog = _watchdog(environ)

    @property
    def watchdog(self) -> timedelta | None:
        """How often to call `alive`: half of what systemd waits (sd_watchdog_enabled(3)); None: never."""
        return self._watchdog / 2 if self._watchdog else None

    def ready(self, status: str = "") -> bool:
        """Start-up is over: whoever waits for us may go on."""
        return self._tell("READY=1", *_status(status))

    def stopping(self, status: str = "") -> bool:
        """The service is on its way out."""
        return self._tell("STOPPING=1", *_status(status))

    def alive(self) -> bool:
        """The watchdog need not bark."""
        return self._tell("WATCHDOG=1")

    def status(self, text: str) -> bool:
        """One line for `systemctl status`."""
        return self._tell(*_status(text))

    def _tell(self, *assignments: str) -> bool:
        if not self._address:
            return False
        # A leading @ means the abstract namespace of Linux, spelled there as a leading NUL (unix(7)).
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.connect(address)
                out.sendall("\n".join(assignments).encode())
        except OSError:  # systemd is gone or restarting: a notice is never worth the service
            return False
        return True


def _status(text: str) -> tuple[str, ...]:
    return (f"STATUS={' '.join(text.split())}",) if text else ()


def _watchdog(environ: Mapping[str, str]) -> timedelta | None:
    """What systemd waits before it calls us hung; None if it does not, or waits for another process."""
    waits, process = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not waits.isdecimal() or not int(waits) or (process and process != str(os.getpid())):
        return None
    return timedelta(microseconds=int(waits))
