"""The mails of an mbox file (RFC 4155): each begins with a line `From sender date`, after a blank line."""

from collections.abc import Iterator

from gateway.mail.pattern import compile_pattern

_BEGINS = compile_pattern(r"^From \S+ +[^\n]*\d\d:\d\d[^\n]*\d{4}")


def mails(octets: bytes) -> Iterator[bytes]:
    """Each mail of an mbox; the octets as they are if they are no mbox or hold one mail alone."""
    lines = octets.splitlines(keepends=True)
    starts = [at for at, line in enumerate(lines) if _begins(line) and not (at and lines[at - 1].strip())]
    if len(starts) < 2 or starts[0] != 0:
        yield octets
        return
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield b"".join(map(_unquoted, lines[start + 1 : end]))


def _begins(line: bytes) -> bool:
    return line.startswith(b"From ") and _BEGINS.search(line.decode("latin-1")) is not None


def _unquoted(line: bytes) -> bytes:
    """A line of a text that began with `From ` was marked, lest it begins a mail (mboxrd)."""
    return line[1:] if line.startswith(b">") and line.lstrip(b">").startswith(b"From ") else line
