"""The owner's lines become commands: one a line, at most ten (rules.md 12).

Reading stops where people stop to give orders, as Debbugs has it: at `--`, at thanks or regards, at the
second line that is not understood. What she did not mean as a command is never guessed into one; a line that
comes close is told with what she may have meant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from gateway.commands.verb import SYNONYMS, VERBS, Verb

MOST = 10  # commands in one mail
CLOSING = frozenset((
    "thanks", "thank", "thx", "regards", "best", "cheers", "stop", "quit", "danke", "gruss", "gruß", "grüsse",
    "grüße", "merci", "gracias", "obrigado", "obrigada", "grazie", "bedankt",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Command:
    """A line that was understood."""

    line: str
    verb: Verb
    words: tuple[str, ...]  # what follows the verb, in lower case, without `#`


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A line that is no command, and what she may have meant."""

    line: str
    meant: str = ""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A command after the place where reading stopped."""

    line: str
    why: str


Line = Command | NotUnderstood | Ignored


def read(text: str, synonyms: Mapping[str, str] = SYNONYMS) -> tuple[Line, ...]:
    """Every line that says something, in order; blank lines and comments say nothing."""
    found: list[Line] = []
    stopped = ""
    for raw in text.splitlines():
        line = " ".join(raw.split())
        if not line or line.startswith("#"):
            continue
        each = _line(line, synonyms)
        if stopped:
            if isinstance(each, Command):
                found.append(Ignored(line, stopped))
            continue
        if _closes(line):
            stopped = "it stands below the end of your commands"
            continue
        if isinstance(each, Command) and _commands(found) == MOST:
            stopped = f"there are more than {MOST} commands"
            found.append(Ignored(line, stopped))
            continue
        found.append(each)
        if sum(isinstance(one, NotUnderstood) for one in found) == 2:
            stopped = "it stands below two lines that were not understood"
    return tuple(found)


def commands_of(lines: Sequence[Line]) -> tuple[Command, ...]:
    """Those that were understood."""
    return tuple(line for line in lines if isinstance(line, Command))


def numbers(words: Sequence[str]) -> tuple[int, ...]:
    """The numbers among the words of a command, each once."""
    return tuple(dict.fromkeys(int(word) for word in words if is_number(word)))


def is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= 9


def _commands(found: Sequence[Line]) -> int:
    return sum(isinstance(line, Command) for line in found)


def _closes(line: str) -> bool:
    return line.startswith("--") or line.split(maxsplit=1)[0].lower().strip(",.!") in CLOSING


def _line(line: str, synonyms: Mapping[str, str]) -> Line:
    first, *rest = line.lower().rstrip(".!").replace(",", " ").replace(" and ", " ").split() or [""]
    word = first.rstrip(":")
    verb = VERBS.get(synonyms.get(word, word))
    words = tuple(each.removeprefix("#").removeprefix("so-") for each in rest)
    if verb is None:
        close = get_close_matches(word, [*VERBS, *synonyms], 1, 0.75)
        return NotUnderstood(line, _example(synonyms, close[0], rest) if close else "")
    if not verb.reads(words):
        return NotUnderstood(line, verb.example)
    return Command(line, verb, words)


def _example(synonyms: Mapping[str, str], close: str, rest: Sequence[str]) -> str:
    return " ".join((synonyms.get(close, close), *rest))
