"""How the owner's lines are read: what is a command, what only looks like one, and where reading stops."""

import pytest

from gateway.commands.grammar import MOST, Command, Ignored, NotUnderstood, read
from gateway.commands.verb import SYNONYMS, VERBS


def said(text: str, **words: str) -> list[tuple[str, tuple[str, ...]]]:
    """Verb and words of every command."""
    lines = read(text, {**SYNONYMS, **words})
    return [(line.verb.name, line.words) for line in lines if isinstance(line, Command)]


@pytest.mark.parametrize(
    ("line", "verb", "words"),
    [
        ("release 12", "release", ("12",)),
        ("  RELEASE   #12  ", "release", ("12",)),
        ("Drop 12, 13 and 14.", "drop", ("12", "13", "14")),
        ("drop: 12", "drop", ("12",)),
        ("explain J7F3K", "explain", ("j7f3k",)),
        ("why 12", "explain", ("12",)),
        ("delete 3", "drop", ("3",)),
        ("undo", "undo", ()),
    ],
)
def test_a_command_in_any_dress(line: str, verb: str, words: tuple[str, ...]):
    assert said(line) == [(verb, words)]


def test_her_own_words_work():
    assert said("freigeben 12", freigeben="release") == [("release", ("12",))]
    assert said("freigeben 12") == []


def test_every_example_of_the_table_is_understood():
    for verb in VERBS.values():
        ((name, _),) = said(verb.example)
        assert name == verb.name


def test_every_synonym_means_a_command():
    assert set(SYNONYMS.values()) <= set(VERBS)
    assert not set(SYNONYMS) & set(VERBS)


@pytest.mark.parametrize(
    "line", ["release", "release twelve", "drop me a line", "explain", "explain 1 2", "release -1", "undo 12"]
)
def test_a_verb_with_words_that_do_not_fit_is_not_guessed(line: str):
    (only,) = read(line)
    assert isinstance(only, NotUnderstood)
    assert only.meant


def test_a_slip_of_the_pen_names_what_was_meant():
    assert read("relaese 12") == (NotUnderstood("relaese 12", "release 12"),)
    assert read("Good morning") == (NotUnderstood("Good morning", ""),)


@pytest.mark.parametrize("end", ["--", "-- ", "Thanks, P.", "thank you", "Best regards", "stop", "Danke!"])
def test_reading_stops_at_thanks(end: str):
    lines = read(f"drop 1\n{end}\ndrop 2\nPriya\n")
    assert [type(line) for line in lines] == [Command, Ignored]


def test_reading_stops_at_the_second_line_that_is_not_understood():
    lines = read("drop 1\nhow are you\ndrop 2\nit rains here\ndrop 3\n")
    assert [type(line).__name__ for line in lines] == [
        "Command", "NotUnderstood", "Command", "NotUnderstood", "Ignored",
    ]  # fmt: skip


def test_comments_and_blank_lines_say_nothing():
    assert read("# drop 1\n\n   \n#\n") == ()


def test_an_eleventh_command_is_ignored():
    lines = read("\n".join(f"drop {number}" for number in range(1, MOST + 4)))
    assert [isinstance(line, Command) for line in lines] == [True] * MOST + [False] * 3


def test_a_number_of_another_script_is_none():
    assert said("drop ١٢") == []
    assert said(f"drop {'9' * 40}") == []
