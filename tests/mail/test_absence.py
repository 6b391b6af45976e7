"""What automatic replies say: until when, whom instead, whether for ever."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.mail.absence import absence, alternate, sign
from gateway.mail.bounces import BUILT_IN
from gateway.mail.parsed import Headers, Mailbox, MessageId, Parsed

MAILS = Path(__file__).parents[1] / "mails"
ANA = Parsed(
    date=datetime(2026, 3, 10, 9, tzinfo=UTC),
    author=Mailbox("Ana", "ana@example.net"),
    to=(Mailbox("", "orders@shop.example"),),
)


def test_whom_to_ask_instead():
    assert alternate("ask bo@example.net or cy@example.net", ANA) == "bo@example.net"
    assert alternate("Ana <ANA@example.net>, about your mail to orders@shop.example", ANA) == ""


def test_who_left_is_not_back_on_any_day():
    text = "Ana has left the company on 5 April 2026. Please write to bo@example.net."
    found = absence(Parsed(text=text, reply=text, date=ANA.date), BUILT_IN)
    assert (found.back_on, found.alternate, found.gone) == (None, "bo@example.net", True)


def said(subject: str, text: str, *fields: tuple[str, str], machine: bool = False) -> str:
    mail = Parsed(subject=subject, text=text, reply=text, headers=Headers(fields))
    return sign(mail, machine=machine, bounces=BUILT_IN)


def test_a_known_subject_needs_a_phrase():
    assert said("Automatic reply: order", "I am out of the office.")
    assert said("Automatic reply: order", "xyz") == ""


def test_a_phrase_needs_a_known_subject():
    assert said("Re: order", "I am out of the office until Monday, 5 April.") == ""


def test_a_subject_that_people_write_needs_two_phrases():
    assert said("Vacation", "I am on vacation.") == ""
    assert said("Vacation", "I am on vacation. I will respond when I return.")
    assert said("Vacation", "I am on vacation until 5 April. I am back on Monday.") == ""


@pytest.mark.parametrize("name", ["X-Autoreply", "x-autorespond", "X-AutoResponder"])
def test_fields_of_vendors(name: str):
    assert said("x", "y", (name, "yes")) == f"the field {name}"
    assert said("x", "y", (name, "no")) == ""


def test_precedence_auto_reply():
    assert said("x", "y", ("Precedence", "auto_reply")) == "the field Precedence"
    assert said("x", "y", ("Precedence", "bulk")) == ""


WORDS = tomllib.loads((MAILS / "autoreplies" / "words.toml").read_text(encoding="utf-8"))


def written(subject: str, text: str, *, answers: bool) -> Parsed:
    return replace(
        ANA,
        date=datetime(2026, 1, 5, 9, tzinfo=UTC),
        subject=subject,
        text=text,
        reply=text,
        in_reply_to=(MessageId("1@shop.example"),) if answers else (),
    )


@pytest.mark.parametrize("said", WORDS["program"], ids=lambda said: f"{said['language']}: {said['subject']}")
def test_a_program_is_known_by_its_words(said: dict[str, Any]):
    mail = written(said["subject"], said["text"], answers=True)

    assert sign(mail, machine=False, bounces=BUILT_IN)
    found = absence(mail, BUILT_IN)
    assert found.back_on == said.get("back_on")
    assert found.alternate == said.get("alternate", "")
    assert found.gone == said.get("gone", False)


def test_the_programs_speak_at_least_thirty_languages():
    assert len({said["language"] for said in WORDS["program"]}) >= 30


SUBJECTS = tomllib.loads((MAILS / "autoreplies" / "subjects.toml").read_text(encoding="utf-8"))
GENERATED = Headers((("Auto-Submitted", "auto-generated"),))


@pytest.mark.parametrize("subject", [subject for spoken in SUBJECTS.values() for subject in spoken])
def test_a_program_that_says_so_is_known_by_its_subject_with_and_without_brackets(subject: str):
    before, colon, after = subject.replace("：", ":").partition(":")
    bracketed = f"[{before.strip()}]{after}" if colon and not before.startswith("AUTO") else subject
    for said in (subject, bracketed, f"【{bracketed.strip('[')}"):
        mail = replace(written(said, "Bo", answers=True), headers=GENERATED)
        assert sign(mail, machine=False, bounces=BUILT_IN), said


def test_precedence_is_a_programs_beside_a_subject_that_names_one():
    assert said("[Automatic reply] order", "Bo", ("Precedence", "junk"))
    assert said("Automatic reply: order", "Bo", ("Precedence", "bulk"))
    assert said("Away: order", "Bo", ("Precedence", "bulk")) == ""
    assert said("Automatic reply: order", "Bo") == ""


@pytest.mark.parametrize("said", WORDS["notice"], ids=lambda said: said["subject"])
@pytest.mark.parametrize("field", [("Auto-Submitted", "auto-generated"), ("Precedence", "bulk")])
def test_a_notice_that_says_a_program_wrote_it_is_no_absence(said: dict[str, Any], field: tuple[str, str]):
    mail = replace(written(said["subject"], said["text"], answers=False), headers=Headers((field,)))
    assert sign(mail, machine=False, bounces=BUILT_IN) == ""


@pytest.mark.parametrize("said", WORDS["person"], ids=lambda said: said["subject"])
def test_a_person_who_is_away_is_no_program(said: dict[str, Any]):
    mail = written(said["subject"], said["text"], answers=said["subject"].startswith(("Re:", "AW:")))

    assert sign(mail, machine=False, bounces=BUILT_IN) == ""
