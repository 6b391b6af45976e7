"""What stands below an author's words and is none of them: signatures, lines of telephones, legal notices.

Only what a program or an office put there is taken: a block below `-- ` (RFC 3676, section 4.3), "Sent
from my iPhone" in the languages of the list, disclaimers, advertising of providers, and a block of telephone numbers
and web addresses below a name. "Kind regards, Anna" is what somebody wrote, and stays.
"""

from collections.abc import Sequence

from gateway.mail.line import Line
from gateway.mail.pattern import compile_pattern

_DELIMITER = ("--", "—")
_SHORT_SIGNATURE = 12  # lines below a delimiter that lost its blank


def end_of_words(lines: Sequence[Line], *, last: bool) -> int:
    """How many of these lines remain when what closes them is taken away; `last`: nothing follows them."""
    end = _trimmed(lines, len(lines))
    while True:
        shorter = _trimmed(lines, _mobile(lines, end))
        if shorter == end:
            break
        end = shorter
    end = _delimited(lines, end)
    return _trimmed(lines, end)


def _trimmed(lines: Sequence[Line], end: int) -> int:
    while end and lines[end - 1].blank:
        end -= 1
    return end


def _delimited(lines: Sequence[Line], end: int) -> int:
    for index in range(end):
        if lines[index].text == "--" and end - index - 1 <= _SHORT_SIGNATURE:
            return index
    return end


_MOBILE = compile_pattern(
    r"^(?:sent (?:from|with|via|using)|get outlook for|von meinem .{2,30} gesendet|gesendet (?:von|mit|über)"
    r"|envoyé (?:de|depuis|à partir de)|enviado (?:desde|de|do|por)"
    r"|inviato da|verzonden (?:vanaf|met|via)|verstuurd vanaf"
    r"|skickat från|sendt fra)\b.{0,80}$",
    ignore_case=True,
)


def _mobile(lines: Sequence[Line], end: int) -> int:
    return end - 1 if end and _MOBILE.search(lines[end - 1].text) else end
