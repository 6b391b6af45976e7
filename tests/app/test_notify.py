import os
import socket
from datetime import timedelta

import pytest

from gateway.app.notify import Notifier


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path, monkeypatch):
    """A service manager that listens, and the name under which it is found."""
    monkeypatch.chdir(tmp_path)  # a socket's path has 108 octets at most
    name = "notify" if request.param == "path" else f"@mailflow-test-{os.getpid()}-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(name.replace("@", "\0"))
        listening.settimeout(5)
        yield name, listening


def test_each_notice_is_one_datagram(manager):
    name, listening = manager
    notifier = Notifier({"NOTIFY_SOCKET": name})
    assert notifier.ready("taking mail on\nport 25")
    assert notifier.alive()
    assert notifier.status("3 mails wait")
    assert notifier.stopping()
    heard = [listening.recv(4096).decode() for _ in range(4)]
    assert heard == [
        "READY=1\nSTATUS=taking mail on port 25",
        "WATCHDOG=1",
        "STATUS=3 mails wait",
        "STOPPING=1",
    ]


def test_outside_systemd_nothing_happens():
    notifier = Notifier({})
    assert not notifier.ready()
    assert not notifier.alive()
    assert notifier.watchdog is None


def test_a_manager_that_has_gone_does_no_harm(tmp_path):
    assert not Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()


def test_the_watchdog_is_fed_twice_as_often_as_systemd_waits():
    environ = {"WATCHDOG_USEC": "60000000"}
    assert Notifier(environ).watchdog == timedelta(seconds=30)
    assert Notifier({**environ, "WATCHDOG_PID": str(os.getpid())}).watchdog == timedelta(seconds=30)


@pytest.mark.parametrize(
    "environ",
    [{"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "5", "WATCHDOG_PID": "1"}],
)
def test_somebody_elses_watchdog_is_not_fed(environ):
    assert Notifier(environ).watchdog is None
