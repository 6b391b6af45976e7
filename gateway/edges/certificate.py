"""The listener's certificate, read again when its files change, so that a renewal needs no restart."""

import ssl
from pathlib import Path

import structlog

log = structlog.get_logger()


class Certificate:
    """A PEM chain and its key; `context()` is cheap enough to be asked for each connection."""

    def __init__(self, chain: Path, key: Path) -> None:
        """Read both; OSError or ssl.SSLError says why they cannot be used."""
        self._files = (chain, key)
        self._seen = self._stamps()
        self._context = self._load()

    def context(self) -> ssl.SSLContext:
        """What STARTTLS uses; a renewal that cannot be read leaves the old certificate in use."""
        try:
            stamps = self._stamps()
            if stamps != self._seen:
                self._seen = stamps
                self._context = self._load()
                log.info("certificate.renewed", file=str(self._files[0]))
        except OSError as error:  # ssl.SSLError is one
            log.warning("certificate.unreadable", file=str(self._files[0]), reason=str(error))
        return self._context

    def _stamps(self) -> tuple[tuple[int, int], ...]:
        return tuple((stat.st_mtime_ns, stat.st_ino) for stat in (file.stat() for file in self._files))

    def _load(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(*self._files)
        return context
