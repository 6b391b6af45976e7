"""What a real mail server needs to run beside a test: a folder, ports, a certificate, and patience with it.

Everything lies in one short folder below /tmp, for pytest's own are closed to whoever is not root, and the
path of a Unix socket may have a hundred octets only. Ports are tried below the range from which the system
gives them away, so that nobody gets one between our look and the server's start.
"""

import asyncio
import os
import socket
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from random import SystemRandom
from time import monotonic, time
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
PATIENCE = 30.0  # seconds for what takes less than one on an idle machine

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one server, which everybody may enter, and what its log says."""

    folder: Path

    @classmethod
    def new(cls, name: str) -> "Place":
        folder = Path(tempfile.mkdtemp(prefix=f"mf-{name}-", dir="/tmp"))
        folder.chmod(0o755)
        return cls(folder)

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def words(self) -> Path:
        return self.folder / "words"

    def write(self, name: str, text: str) -> Path:
        """A file as if it had been there for a minute: Postfix waits until a file has cooled down."""
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        a_minute_ago = time() - 60
        os.utime(file, (a_minute_ago, a_minute_ago))
        return file

    def run(self, *command: str | Path) -> None:
        """Run a command of the server's own; AssertionError with its words, and the log's, if it fails.

        Its output goes to a file, for a daemon that kept the end of a pipe would never let us go on.
        """
        with self.words.open("wb") as output:
            try:
                subprocess.run(
                    [*map(str, command)],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    timeout=PATIENCE,
                    check=True,
                )
            except subprocess.SubprocessError as error:
                raise AssertionError(f"{error}\n{self.told()}") from error

    def told(self, lines: int = 40) -> str:
        """What the last command said, and the end of the log, for whoever has to find out."""
        ends = ((file, _lines(file)[-lines:]) for file in (self.words, self.log))
        return "".join("\n".join((f"--- the end of {file}", *end, "")) for file, end in ends)


async def eventually(
    look: Callable[[], Awaitable[T]], what: str, *places: Place, within: float = PATIENCE
) -> T:
    """What `look` finds, once it is not empty; AssertionError with the logs of `places` if it never is."""
    end = monotonic() + within
    while not (found := await look()):
        if monotonic() > end:
            told = "".join(place.told() for place in places)
            raise AssertionError(f"not within {within:g} s: {what}\n{told}")
        await asyncio.sleep(0.05)
    return found


def is_open(port: int) -> bool:
    """Whether somebody listens there."""
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def free_ports(number: int) -> tuple[int, ...]:
    """Ports of loopback that nobody listens on."""
    chosen: list[int] = []
    for port in SystemRandom().sample(range(20_000, 32_000), 200):  # no seed: other workers choose as well
        if len(chosen) < number and not is_open(port):
            chosen.append(port)
    return tuple(chosen)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """The files of a certificate that vouches for itself and for 127.0.0.1, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "certificate.pem", folder / "key.pem"


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8", "replace").splitlines() if file.exists() else []
