"""Patterns over mail text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.pattern import FIXED, LOOKED_AT, MEMORY, STATES, WORTH, compile_pattern


def test_a_pattern_is_compiled_once():
    assert compile_pattern("a+") is compile_pattern("a+")
    assert compile_pattern("a+") is not compile_pattern("a+", ignore_case=True)


def test_case_is_ignored_only_when_asked():
    assert compile_pattern("über", ignore_case=True).search("ÜBER")
    assert compile_pattern("über").search("ÜBER") is None


def test_offsets_count_characters():
    match = compile_pattern(r"(?P<number>\d+)").search("größe 42 é")
    assert match is not None
    assert match.span() == (6, 8)
    assert (match.start(), match.end()) == (6, 8)
    assert match.group("number") == match.group(1) == match.group() == "42"
    assert match.groupdict() == {"number": "42"}


def test_a_group_that_took_no_part_is_none():
    match = compile_pattern("(a)|(b)").search("b")
    assert match is not None
    assert match.groups() == (None, "b")


def test_full_match_needs_the_whole_text():
    assert compile_pattern("ab").fullmatch("ab")
    assert compile_pattern("ab").fullmatch("abc") is None
    assert compile_pattern("ab").match("abc")
    assert compile_pattern("b").match("abc") is None


def test_replacing_and_splitting():
    assert compile_pattern("a(.)").sub(r"<\1>", "abac") == "<b><c>"
    assert compile_pattern("[ab]").sub(lambda match: (match.group() or "").upper(), "abc") == "ABc"
    assert compile_pattern(",").split("a,b,c") == ["a", "b", "c"]
    assert [match.group() for match in compile_pattern(r"\d").finditer("1 2")] == ["1", "2"]


@pytest.mark.parametrize("text", ["(", "[a", "a{2,1}", r"(?=x)", r"(a)\1", "*", "\ud800", "(a{1000}){1000}"])
def test_a_bad_pattern_says_what_is_wrong(text: str):
    with pytest.raises(ValueError, match=r"cannot be used: .+"):
        compile_pattern(text)


def test_a_pattern_has_no_more_memory_than_it_needs():
    small, large = compile_pattern("invoice [0-9]+"), compile_pattern(r"(?:\p{L}{1,20} ?){2}x")
    assert small._engine.options.max_mem == MEMORY[0]
    assert MEMORY[0] < large._engine.options.max_mem <= MEMORY[-1]


def test_a_pattern_of_ordinary_size_has_room_to_keep_states():
    """Without them RE2 falls back to a way that takes six times as long, and says nothing."""
    gap = compile_pattern("(?:tell|notify|write).{0,40} again", ignore_case=True)
    size = gap._engine._regexp.ProgramSize()
    assert MEMORY[0] < STATES * size + FIXED <= gap._engine.options.max_mem <= WORTH


def test_nothing_is_written_to_the_terminal(capfd: pytest.CaptureFixture[str]):
    with pytest.raises(ValueError, match="missing"):
        compile_pattern("(unclosed")
    compile_pattern(r"(x+x+)+y").search("x" * 100_000)
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


def test_text_that_is_too_long_is_cut_not_lost():
    text = "a" * LOOKED_AT + "b"
    assert compile_pattern("b").search(text) is None
    assert compile_pattern("a+b").fullmatch(text) is None
    assert compile_pattern("x").sub("y", text) == text
    assert compile_pattern("x").split(text) == [text]


@given(st.text(st.characters(codec=None, categories=None)))
def test_no_text_stops_a_pattern(text: str):
    pattern = compile_pattern(r"\w+|(.)")
    pattern.search(text)
    list(pattern.finditer(text))
    assert "".join(compile_pattern("x").split(text, 1)).count("x") <= max(0, text.count("x"))
