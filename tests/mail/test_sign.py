"""The signs of a report, each alone."""

import pytest

from gateway.mail.bounces import BUILT_IN
from gateway.mail.mime import Part
from gateway.mail.parsed import Headers, Mailbox, Parsed
from gateway.mail.sign import Sign, allow_guessing, auto_submitted, has_null_path, signs, suffice

ANA = Mailbox("Ana", "ana@example.net")


def seen(*fields: tuple[str, str], author: Mailbox | None = ANA, subject: str = "") -> frozenset[Sign]:
    return signs(Parsed(subject=subject, author=author, headers=Headers(fields)), (), BUILT_IN)


def test_a_persons_mail_has_none():
    assert seen(("Return-Path", "<ana@example.net>"), subject="Re: Undelivered Mail") == frozenset()


@pytest.mark.parametrize(
    "path", ["<>", "< >", "", "<MAILER-DAEMON>", "<mailer-daemon@x.example>", "MAILER-DAEMON"]
)
def test_null_paths_as_mail_systems_write_them(path: str):
    assert seen(("Return-Path", path)) == {Sign.NULL_PATH}


def test_an_absent_return_path_says_nothing():
    assert not has_null_path(Parsed())


@pytest.mark.parametrize(
    "author",
    [
        ("", "MAILER-DAEMON@x.example"),
        ("", "mailer_daemon@x.example"),
        ("", "postmaster@x.example"),
        ("", "mx.postmaster@x.example"),
        ("Mail Delivery Subsystem", "x@x.example"),
        ("Mail Delivery System", ""),
        ("Mail Administrator", "x@x.example"),
        ("System Administrator", "x@x.example"),
        ("Microsoft Exchange", "x@x.example"),
        ("メール配信システム", "x@x.example"),
        ("", "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@x.example"),
        ("", "MDaemon@x.example"),
        ("", "ndr@x.example"),
    ],
)
def test_authors_that_are_mail_systems(author: tuple[str, str]):
    assert Sign.DAEMON in seen(author=Mailbox(*author))


@pytest.mark.parametrize(
    "author",
    [
        ("Delivery Team", "delivery@x.example"),
        ("Parcel Delivery Status", "status@x.example"),
        ("The Mailer", "mailer@gallery.example"),
        ("Damon Maller", "damon@x.example"),
        ("Demeter", "demon@x.example"),
        ("Master", "post@x.example"),
        ("Mail Order", "mailorder@x.example"),
    ],
)
def test_authors_that_are_none(author: tuple[str, str]):
    assert Sign.DAEMON not in seen(author=Mailbox(*author))


@pytest.mark.parametrize(
    "subject",
    [
        "Undelivered Mail Returned to Sender",
        "Returned mail: see transcript for details",
        "Mail delivery failed: returning message to sender",
        "failure notice",
        "Undeliverable: hello",
        "Delivery Status Notification (Failure)",
        "Mail System Error - Returned Mail",
        "DELIVERY FAILURE: User x not listed",
        "Unzustellbar: hallo",
        "Non remis : bonjour",
        "No se puede entregar: hola",
        "Non recapitabile: ciao",
        "Não é possível entregar: olá",
        "Onbestelbaar: hallo",
        "Kunde inte levereras: hej",
        "Niedostarczone: cześć",
        "Nedoručitelné: ahoj",
        "Kézbesíthetetlen: szia",
        "Недоставленное: привет",
        "Teslim Edilemedi: merhaba",
        "配信不能: こんにちは",
        "系统退信",
        "반송: 안녕",
    ],
)
def test_subjects_of_reports(subject: str):
    assert Sign.SUBJECT in seen(subject=subject)


@pytest.mark.parametrize(
    "subject",
    [
        "Your parcel has been delivered",
        "Delivery tomorrow",
        "Your delivery is delayed",
        "Order returned",
        "Return of order 1042",
        "Re: Undeliverable: hello",
        "Fwd: failure notice",
        "AW: Unzustellbar: hallo",
        "Failure is an option",
        "Your mail order",
        "Message from Ana",
        "Rückgabe",
        "",
    ],
)
def test_subjects_of_others(subject: str):
    assert Sign.SUBJECT not in seen(subject=subject)


@pytest.mark.parametrize(
    ("value", "keyword"),
    [("auto-replied", "auto-replied"), ("Auto-Generated; x=y", "auto-generated"), ("no (x)", "no"), ("", "")],
)
def test_the_keyword_of_auto_submitted(value: str, keyword: str):
    assert auto_submitted(Parsed(headers=Headers((("Auto-Submitted", value),)))) == keyword


def test_our_own_mail_that_comes_back_is_a_sign_beside_others():
    returned = Part((2,), "message/rfc822", "", True, "X-MailFlow-Id: abc\nSubject: x\n", b"")
    mail = Parsed(author=ANA, headers=Headers((("Return-Path", "<>"),)))
    assert signs(mail, (returned,), BUILT_IN) == {Sign.NULL_PATH, Sign.OURS}
    assert signs(Parsed(author=ANA), (returned,), BUILT_IN) == frozenset()


@pytest.mark.parametrize(
    ("author", "text", "speaks"),
    [
        ("MAILER-DAEMON@x.example", "Your mail to bo@x.example could not be delivered.", True),
        ("MAILER-DAEMON@x.example", "Your disk is nearly full.", False),
        ("postmaster@x.example", "I saw that your mail to Bo could not be delivered. Shall I help?", False),
        ("ana@example.net", "Your mail to Bo could not be delivered.", False),
    ],
)
def test_a_mailer_daemon_needs_no_other_sign_than_its_words(author: str, text: str, speaks: bool):
    mail = Parsed(author=Mailbox("", author), text=text)
    found = signs(mail, (), BUILT_IN)
    assert (Sign.WORDS in found) is speaks
    assert suffice(found) is speaks


def test_two_signs_suffice_if_one_is_no_other_programs():
    assert not suffice(frozenset({Sign.SUBJECT}))
    assert not suffice(frozenset({Sign.NULL_PATH, Sign.AUTO_SUBMITTED, Sign.NO_AUTHOR}))
    assert suffice(frozenset({Sign.NULL_PATH, Sign.SUBJECT}))


def test_guessing_needs_a_mail_system_that_says_so():
    daemon = frozenset({Sign.DAEMON, Sign.NULL_PATH})
    assert allow_guessing(daemon, "Your message could not be delivered.", BUILT_IN)
    assert not allow_guessing(daemon, "Your quarantine: 3 messages.", BUILT_IN)
    assert not allow_guessing(frozenset({Sign.SUBJECT, Sign.NULL_PATH}), "not delivered", BUILT_IN)
