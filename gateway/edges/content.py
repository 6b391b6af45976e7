r"""What follows DATA, taken off the line in blocks (RFC 5321, sections 4.1.1.4 and 4.5.2).

No I/O but a temporary file: octets are fed as they come, and the content says when it is complete. Only
CRLF.CRLF ends it. Looking for that in whole blocks instead of reading line by line is most of the listener's
speed. A block is cut before a CRLF, so that the `\r\n.` of transparency is never cut in two.
"""

from collections.abc import Callable
from typing import BinaryIO

from gateway.kernel.errors import SmtpReply, SpoolFull

LONGEST_LINE = 64 * 1024  # octets; real mail breaks the 998 of RFC 5322, section 2.1.1
BLOCK = 64 * 1024  # octets that stay in memory; what is longer goes to a temporary file
PATIENCE = 1024 * 1024  # octets beyond the limit that are read, so that the refusal can be heard

TOO_LARGE = SmtpReply(552, "5.3.4", "this mail is too large")
LINE_TOO_LONG = SmtpReply(554, "5.6.0", "a line of this mail is too long")

_END = b"\r\n.\r\n"


class Content:
    """One mail on its way in; from the first `trouble` on, octets are read and forgotten."""

    def __init__(self, limit: int, spill: Callable[[], BinaryIO]) -> None:
        self.size = 0  # octets as they came, dots of transparency included
        self.trouble: SmtpReply | None = None
        self._limit = limit
        self._spill = spill
        self._file: BinaryIO | None = None
        self._last = b""
        self._begun = False
        self._searched = 0

    @property
    def hopeless(self) -> bool:
        """Whether so much has come beyond the limit that only closing helps."""
        return self.size > self._limit + PATIENCE

    @property
    def large(self) -> bool:
        """Whether it did not fit into one block, and is in a file."""
        return self._file is not None

    def feed(self, buffer: bytearray) -> bool:
        """Take what can be taken off `buffer`; True once the content is complete.

        What is left in `buffer` is then the client's next command, before that the beginning of a block.
        """
        if not self._begun:
            if len(buffer) < 3 and b".\r\n".startswith(buffer):
                return False
            if buffer.startswith(b".\r\n"):
                del buffer[:3]
                return True
            if buffer.startswith(b"."):
                del buffer[:1]
            self._begun = True
        end = buffer.find(_END, self._searched)
        if end >= 0:
            self._last = self._taken(buffer, end + 2)
            del buffer[:3]
            return True
        if len(buffer) > BLOCK:
            self._take_block(buffer)
        self._searched = max(0, len(buffer) - len(_END) + 1)
        return False

    def octets(self) -> bytes:
        """The whole mail, without the dots of transparency; empty after trouble."""
        if self._file is None:
            return self._last
        self._file.seek(0)
        return self._file.read() + self._last

    def close(self) -> None:
        """Let go of the temporary file."""
        if self._file is not None:
            self._file.close()

    def _take_block(self, buffer: bytearray) -> None:
        """Move all but the last, unfinished line to the file."""
        cut = buffer.rfind(b"\r\n")
        if cut > 0:
            self._keep(self._taken(buffer, cut))
        elif len(buffer) > LONGEST_LINE + 2:
            self._fail(LINE_TOO_LONG)
            self._taken(buffer, len(buffer) - len(_END) + 1)

    def _taken(self, buffer: bytearray, length: int) -> bytes:
        """The first `length` octets off the buffer, without dots of transparency; b"" after trouble."""
        self.size += length
        if self.size > self._limit:
            self._fail(TOO_LARGE)
        if self.trouble is None and length > LONGEST_LINE and not _lines_are_short(buffer, length):
            self._fail(LINE_TOO_LONG)
        block = b"" if self.trouble else bytes(buffer[:length]).replace(b"\r\n.", b"\r\n")
        del buffer[:length]
        return block

    def _keep(self, block: bytes) -> None:
        if self.trouble is None:
            try:
                if self._file is None:
                    self._file = self._spill()
                self._file.write(block)
            except OSError:
                self._fail(SpoolFull.reply)

    def _fail(self, trouble: SmtpReply) -> None:
        self.trouble = self.trouble or trouble
        self.close()
        self._file = None


def _lines_are_short(buffer: bytearray, length: int) -> bool:
    """Whether no line of the first `length` octets is longer than LONGEST_LINE; looks once per line limit."""
    start = 2 if buffer.startswith(b"\r\n") else 0
    while length - start > LONGEST_LINE:
        end = buffer.rfind(b"\r\n", start, start + LONGEST_LINE + 2)
        if end < 0:
            return False
        start = end + 2
    return True
