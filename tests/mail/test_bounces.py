"""The tables of config/bounces.toml: what is shipped compiles, what is wrong is told by name."""

import re

import pytest

from gateway.kernel.errors import InputError
from gateway.mail.bounces import BUILT_IN, Bounces, Looks
from gateway.mail.defaults import shipped
from gateway.mail.parsed import BounceClass
from gateway.mail.words import Words

TEXT = shipped("bounces.toml").read_text(encoding="utf-8")


def test_everything_that_is_shipped_compiles():
    assert Bounces.load(TEXT, "bounces.toml") == BUILT_IN


def test_every_bounce_class_is_documented_and_can_be_found():
    assert [one for one in BounceClass if one.value not in TEXT.partition("[signs]\n#")[0]] == []
    found = {one.bounce for one in (*BUILT_IN.texts, *BUILT_IN.statuses, *BUILT_IN.replies)}
    assert set(BounceClass) - found == {BounceClass.UNKNOWN}


def test_names_of_families_are_unique():
    names = [report.name for report in BUILT_IN.reports]
    assert len(names) == len(set(names))


def test_guesses_come_after_all_families():
    guesses = [report.guess for report in BUILT_IN.reports]
    assert guesses == sorted(guesses)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[text]]\nclass = 'spam'\nany = ['a(']\n", "x.toml, [[text]] 1 (spam): the pattern"),
        ("[[text]]\nany = ['a']\n", "'class' is missing"),
        ("[[text]]\nclass = 'nonsense'\nany = ['a']\n", "it is one of no_such_user"),
        ("[[text]]\nclass = 'spam'\nall = ['a']\n", "unknown: all"),
        ("[[text]]\nclass = 'spam'\nany = 3\n", "'any' is no pattern"),
        ("[[text]]\nclass = 'spam'\nany = [3]\n", "'any' is no pattern"),
        ("[[text]]\nclass = 'spam'\nany = ['a']\ngeneral = 'yes'\n", "neither true nor false"),
        ("[[report]]\naddress = ['{address}']\n", "'name' is missing"),
        ("[[report]]\nname = 'x'\nsays = 'loudly'\n", "says = 'loudly' is unknown"),
        ("[[report]]\nname = 'x'\naction = 'lost'\n", "action = 'lost' is unknown"),
        ("[[report]]\nname = 'x'\nwhen = 3\n", "'when' is no table"),
        (
            "[[report]]\nname = 'x'\nwhen = {colour = 'red'}\n",
            "x.toml, [[report]] 1 (x), when: unknown: colour",
        ),
        ("report = 3\n", "[[report]] is no list of tables"),
        ("report = [3]\n", "[[report]] 1 is no table"),
        ("[signs]\nsubject = ['(?<x']\n", "x.toml, signs: the pattern"),
        ("reports = []\n", "unknown: reports"),
        ("[[text", "it has to be TOML"),
        ("[[text]]\nclass = 'spam'\nany = ['(?=ahead)']\n", "the syntax is RE2's"),
    ],
)
def test_what_cannot_be_used_is_told_by_file_and_entry(text: str, told: str):
    with pytest.raises(InputError, match=re.escape(told)):
        Bounces.load(text, "x.toml")


def test_a_gap_stays_within_a_sentence():
    made = Bounces.load("[[text]]\nclass = 'spam'\nany = ['one ... two']\n", "x.toml")
    assert made.by_words("one and two", general=False) == (BounceClass.SPAM, "the words 'one and two'")
    assert made.by_words("one. two", general=False) is None


def test_two_lists_of_words_of_the_body_must_both_be_there():
    made = Bounces.load("[[challenge]]\nname = 'x'\nwhen = {body = 'click', also = 'spam'}\n", "x.toml")
    when = made.challenges[0].when
    assert when.holds(Looks("", "", "", "click, for spam"))
    assert not when.holds(Looks("", "", "", "click"))
    assert not when.holds(Looks("", "", "", "spam"))


def test_an_empty_file_knows_nothing():
    made = Bounces.load("", "x.toml")
    assert made.by_words("user unknown", general=False) is None
    assert made.by_status("5.1.1", general=False) is None
    assert made.by_reply("550") is None


class TestListsOfWords:
    def test_a_pattern_uses_a_list_by_its_name(self):
        made = Bounces.load(
            "[words]\nx = ['a', 'b']\n[[text]]\nclass = 'spam'\nany = ['{x}{x}c']\n", "x.toml"
        )
        assert made.by_words("bac", general=False)
        assert made.by_words("ac", general=False) is None

    def test_a_list_may_use_those_above_it(self):
        text = "[words]\nx = ['a', 'b']\ny = ['{x}1']\n[[text]]\nclass = 'spam'\nany = ['^{y}$']\n"
        assert Bounces.load(text, "x.toml").by_words("b1", general=False)

    def test_an_unknown_name_is_told(self):
        with pytest.raises(
            InputError, match="no list of words is called 'nmae'; known are address, original"
        ):
            Bounces.load("[[text]]\nclass = 'spam'\nany = ['{nmae}']\n", "x.toml")

    def test_counts_and_classes_are_no_names(self):
        assert Bounces.load("[[text]]\nclass = 'spam'\nany = ['a{2}\\p{L}{0,3}\\x{e9}']\n", "x.toml")

    def test_words_that_are_no_table(self):
        with pytest.raises(InputError, match="'words' is no table"):
            Bounces.load("words = 3\n", "x.toml")


def test_alternatives_that_are_too_large_together_are_asked_in_pieces():
    words = Words(tuple(f"(?:\\p{{L}}{{2,40}}){number}$" for number in range(40)))
    assert words.in_("abc39")
    assert not words.in_("abc40 ")


def test_no_word_boundary_stands_beside_a_letter_that_re2_does_not_count_as_one():
    """RE2's `\\b` knows ASCII only, so `estaré\\b` never holds before a blank."""
    beside = re.compile(r"[^\x00-\x7f]\\b|\\b[^\x00-\x7f]")
    ends = re.compile(r"\(\?:((?:[^()]|\([^()]*\))*)\)[?*+]?\\b")
    begins = re.compile(r"\\b\(\?:((?:[^()]|\([^()]*\))*)\)")
    wrong = [line for line in TEXT.splitlines() if beside.search(line)]
    wrong += [group[0] for group in ends.finditer(TEXT) if re.search(r"[^\x00-\x7f](?:\||$)", group[1])]
    wrong += [group[0] for group in begins.finditer(TEXT) if re.search(r"(?:^|\|)[^\x00-\x7f]", group[1])]
    assert wrong == []
