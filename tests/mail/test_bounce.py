"""Classes of bounces: words before codes, and what contradicts itself."""

import tomllib
from pathlib import Path

import pytest

from gateway.mail.bounce import (
    ALIVE_NOT_THIS_MESSAGE,
    ALIVE_WORTH_ANOTHER,
    DEAD,
    Codes,
    codes,
    is_permanent,
    reason,
    recipient_status,
    tidy,
    without_subject,
)
from gateway.mail.bounces import BUILT_IN
from gateway.mail.parsed import BounceClass, DsnAction

SAID = tomllib.loads(
    (Path(__file__).parent.parent / "mails" / "reports" / "diagnostics.toml").read_text(encoding="utf-8")
)


def classed(diagnostic: str, status: str = "", around: str = "") -> str:
    return reason(BUILT_IN, status, diagnostic, around).bounce


def test_every_class_belongs_to_exactly_one_group():
    groups = (DEAD, ALIVE_WORTH_ANOTHER, ALIVE_NOT_THIS_MESSAGE)
    assert sorted(one for group in groups for one in group) == sorted(BounceClass)


@pytest.mark.parametrize(
    ("said", "means"),
    [
        # no such user, as mail systems say it
        ("550 5.1.1 <ana@example.net>... User unknown", "no_such_user"),
        (
            "550 5.1.1 <ana@example.net>: Recipient address rejected: User unknown in local recipient table",
            "no_such_user",
        ),
        ("550-5.1.1 The email account that you tried to reach does not exist.", "no_such_user"),
        (
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
            "no_such_user",
        ),
        ("550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "no_such_user"),
        ("550 5.7.1 No such user!", "no_such_user"),
        ("550 Requested action not taken: mailbox unavailable", "no_such_user"),
        ("550 sorry, no mailbox here by that name. (#5.1.1)", "no_such_user"),
        ("554 delivery error: dd This user doesn't have a yahoo.example account", "no_such_user"),
        ("550 Unrouteable address", "no_such_user"),
        ("550 Invalid recipient ana@example.net", "no_such_user"),
        ("550 cuda_nsu ana: no such mailbox", "no_such_user"),
        ("550 5.1.1 Adresse d au moins un destinataire invalide. OFR_416", "no_such_user"),
        ("550 Empfaenger unbekannt", "no_such_user"),
        ("550 El usuario no existe", "no_such_user"),
        ("550 utente sconosciuto", "no_such_user"),
        ("550 usuário inexistente", "no_such_user"),
        ("550 gebruiker onbekend", "no_such_user"),
        ("550 пользователь не найден", "no_such_user"),
        ("550 宛先のユーザーが存在しません", "no_such_user"),
        ("550 用户不存在", "no_such_user"),
        ("550 böyle bir kullanıcı yok", "no_such_user"),
        ("550 5.1.1 nie ma takiego użytkownika", "no_such_user"),
        ("550 användaren finns inte", "no_such_user"),
        ("omdat dit e-mailadres niet bestaat", "no_such_user"),
        ("da modtageren ikke findes", "no_such_user"),
        ("fordi mottakeren ikke finnes", "no_such_user"),
        ("eftersom adressen inte finns", "no_such_user"),
        ("koska vastaanottajaa ei ole", "no_such_user"),
        ("weil diese Adresse nicht existiert", "no_such_user"),
        ("потребителят не съществува", "no_such_user"),
        ("korisnik ne postoji", "no_such_user"),
        ("naslov ne obstaja", "no_such_user"),
        ("aadressi ei leitud", "no_such_user"),
        ("adresas nerastas", "no_such_user"),
        ("adrese neeksistē", "no_such_user"),
        # no such host
        (
            "Host or domain name not found. Name service error for name=x.example type=A: Host not found",
            "no_such_host",
        ),
        ("550 5.1.2 Sorry, I couldn't find any host named x.example. (#5.1.2)", "no_such_host"),
        ("Domain x.example does not accept mail (nullMX)", "no_such_host"),
        ("an MX or SRV record indicated no SMTP service", "no_such_host"),
        ("all relevant MX records point to non-existent hosts", "no_such_host"),
        ("Name or service not known", "no_such_host"),
        ("556 5.1.10 no mail here", "no_such_user"),
        # a name server that did not answer is another thing
        (
            "Name service error for name=x.example type=MX: Host not found, try again",
            "network",
        ),
        ("DNS timeout looking up x.example", "network"),
        # full
        ("552 5.2.2 <ana@example.net>: Mailbox full", "mailbox_full"),
        ("550 5.1.1 account is over quota", "mailbox_full"),
        ("452 4.2.2 The email account that you tried to reach is over quota", "mailbox_full"),
        ("554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException", "mailbox_full"),
        ("552 Requested mail action aborted: exceeded storage allocation", "mailbox_full"),
        ("Das Postfach ist voll", "mailbox_full"),
        ("la boîte aux lettres est pleine", "mailbox_full"),
        ("el buzón está lleno", "mailbox_full"),
        ("la casella è piena", "mailbox_full"),
        ("caixa postal cheia", "mailbox_full"),
        ("het postvak is vol", "mailbox_full"),
        ("το γραμματοκιβώτιο είναι γεμάτο", "mailbox_full"),
        ("תיבת הדואר מלאה", "mailbox_full"),
        ("صندوق البريد ممتلئ", "mailbox_full"),
        ("sandučić primatelja je pun", "mailbox_full"),
        ("nabiralnik je poln", "mailbox_full"),
        ("пощенската кутия е пълна", "mailbox_full"),
        ("почтовый ящик переполнен", "mailbox_full"),
        ("メールボックスの容量が上限を超えています", "mailbox_full"),
        # closed for good, or perhaps not
        ("554 This account has been disabled or discontinued", "disabled"),
        ("550 5.2.1 mailbox has been closed", "disabled"),
        ("550 this address is no longer in use", "disabled"),
        ("550 5.2.1 The email account that you tried to reach is disabled", "suspended"),
        ("550 5.2.1 Mailbox inactive", "suspended"),
        ("550 account suspended", "suspended"),
        ("551 5.1.6 user has moved to ana@other.example", "moved"),
        # ours to repair
        (
            "554 5.7.1 Service unavailable; Client host [198.51.100.3] blocked using zen.spamhaus.org",
            "blocked",
        ),
        (
            "550 5.7.26 Unauthenticated email from shop.example is not accepted due to domain's DMARC policy",
            "auth_failed",
        ),
        ("550 5.7.25 The IP address sending this message does not have a PTR record setup", "auth_failed"),
        ("450 4.7.1 Client host rejected: cannot find your reverse hostname, [198.51.100.3]", "auth_failed"),
        ("553 5.1.8 <o@x.example>... Domain of sender address o@x.example does not exist", "sender_refused"),
        ("550 Sender verify failed", "sender_refused"),
        # judged
        ("554 5.7.1 Message rejected as spam", "spam"),
        ("550 5.7.1 The message contains a virus", "virus"),
        ("552 5.3.4 Message size exceeds fixed limit", "too_big"),
        ("550 5.7.1 Relaying denied", "relay_denied"),
        ("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", "relay_denied"),
        ("554 5.4.6 Too many hops", "loop"),
        ("550 5.7.1 You are not authorized to send to this recipient", "policy"),
        ("550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required", "policy"),
        # passes
        ("450 4.2.0 <ana@example.net>: Recipient address rejected: Greylisted", "greylisted"),
        ("421 4.7.0 Too many messages from your IP, slow down", "rate_limited"),
        ("connect to mx.example.net[192.0.2.25]:25: Connection timed out", "network"),
        ("451 4.3.0 Temporary system problem. Try again later", "system"),
        ("452 4.3.1 Insufficient system storage", "system"),
        ("retry timeout exceeded", "expired"),
        ("message has been in the queue too long", "expired"),
        ("550 5.5.1 Bad sequence of commands", "malformed"),
        # nothing
        ("554 qpwoeiru", "unknown"),
        ("", "unknown"),
    ],
)
def test_words_of_mail_systems(said: str, means: str):
    assert classed(said) == means


@pytest.mark.parametrize(("means", "said"), [(name, said) for name, lines in SAID.items() for said in lines])
def test_what_providers_say(means: str, said: str):
    status, why = recipient_status(BUILT_IN, final="ana@example.net", diagnostic=said)
    assert (status.bounce, status.dead_address) == (means, BounceClass(means) in DEAD), why


def test_every_class_has_a_voice():
    assert SAID.keys() == set(BounceClass)


@pytest.mark.parametrize(
    ("status", "means"),
    [
        ("5.1.1", "no_such_user"),
        ("5.1.2", "no_such_host"),
        ("5.1.6", "moved"),
        ("5.1.8", "sender_refused"),
        ("5.2.1", "suspended"),
        ("5.2.2", "mailbox_full"),
        ("4.2.2", "mailbox_full"),
        ("5.2.3", "too_big"),
        ("5.4.1", "network"),
        ("5.4.4", "no_such_host"),
        ("5.4.6", "loop"),
        ("5.4.7", "expired"),
        ("4.4.7", "expired"),
        ("5.7.1", "policy"),
        ("5.7.26", "auth_failed"),
        ("4.1.1", "system"),
        ("4.7.1", "greylisted"),
        ("5.0.0", "unknown"),
        ("2.1.5", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_code_without_words(status: str, means: str):
    assert classed("", status) == means


@pytest.mark.parametrize(
    ("status", "said", "means"),
    [
        ("5.1.1", "550 5.1.1 user is over quota", "mailbox_full"),
        ("5.1.1", "550 5.1.1 please try again later", "system"),
        ("5.2.1", "550 5.2.1 try again later", "system"),
        ("5.2.2", "550 5.2.2 no such user", "no_such_user"),
        ("5.7.1", "550 5.7.1 no such user", "no_such_user"),
        ("5.0.0", "550 no such user", "no_such_user"),
        ("5.7.1", "550 5.7.1 rejected", "policy"),
        ("5.2.1", "550 5.2.1 account disabled", "suspended"),
        ("4.1.1", "450 4.1.1 user unknown", "no_such_user"),
        ("4.1.1", "", "system"),
        ("5.4.7", "delivery expired (message too old) 450-'4.2.2 mailbox full'", "mailbox_full"),
        ("5.4.7", "delivery expired (message too old) 'timeout'", "expired"),
    ],
)
def test_the_table_of_contradictions(status: str, said: str, means: str):
    assert classed(said, status) == means


class TestContradictions:
    def test_5_1_1_with_quota_words_is_full(self):
        assert classed("550 5.1.1 user is over quota", "5.1.1") == "mailbox_full"

    def test_5_1_1_that_says_later_is_trouble(self):
        assert classed("550 5.1.1 please try again later", "5.1.1") == "system"

    def test_5_7_1_with_an_unknown_user_is_dead(self):
        assert classed("550 5.7.1 recipient unknown", "5.7.1") == "no_such_user"

    def test_class_4_alone_never_kills(self):
        assert classed("", "4.1.1") not in DEAD
        assert classed("450 4.1.1", "4.1.1") not in DEAD

    def test_an_unknown_user_for_five_days_is_dead_though_the_code_is_4(self):
        status, _ = recipient_status(
            BUILT_IN, final="ana@example.net", status="4.1.1", diagnostic="450 4.1.1 user unknown"
        )
        assert (status.dead_address, status.permanent) == (True, False)

    def test_words_about_the_mailbox_beat_the_code_wherever_they_stand(self):
        found = reason(BUILT_IN, "5.1.1", "the mailbox is full", verbatim=False)
        assert found.bounce == "mailbox_full"

    def test_other_words_of_the_human_part_yield_to_a_specific_code(self):
        footer = "scanned for viruses and spam by the gateway"
        assert reason(BUILT_IN, "5.1.1", footer, verbatim=False).bounce == "no_such_user"
        assert reason(BUILT_IN, "5.0.0", footer, verbatim=False).bounce == "virus"

    def test_only_a_failure_kills(self):
        for action in set(DsnAction) - {DsnAction.FAILED}:
            status, _ = recipient_status(
                BUILT_IN, final="ana@example.net", action=action, status="5.1.1", diagnostic="user unknown"
            )
            assert not status.dead_address
            assert not status.permanent

    def test_a_general_status_yields_to_the_reply(self):
        assert not is_permanent(BounceClass.UNKNOWN, "5.0.0", "451 later")
        assert is_permanent(BounceClass.UNKNOWN, "5.1.1", "450 4.1.1 later")
        assert is_permanent(BounceClass.UNKNOWN, "", "550 no")

    def test_figures_elsewhere_in_the_report_count_before_the_class(self):
        assert is_permanent(BounceClass.SYSTEM, "", "Data format error", "554 5.3.0 unknown mailer error 1")
        assert not is_permanent(BounceClass.UNKNOWN, "", "no", "451 4.3.0 later")

    def test_without_any_code_the_class_decides(self):
        assert is_permanent(BounceClass.NO_SUCH_USER, "", "no such user")
        assert not is_permanent(BounceClass.NETWORK, "", "connection refused")


class TestNamesAreNoReasons:
    def test_of_people(self):
        assert classed("554 refused for user-unknown.quota@full.example") not in (
            "no_such_user",
            "mailbox_full",
        )

    def test_of_hosts(self):
        assert classed("host mx.spam.virus.example[192.0.2.1] said: 554 no") not in ("spam", "virus")


def test_words_around_count_only_when_the_diagnostic_says_nothing_specific():
    assert classed("local delivery failed", "", "the mailbox is full") == "mailbox_full"
    assert classed("550 user unknown", "", "the mailbox is full") == "no_such_user"
    assert classed("ana@example.net", "", "rejected for reasons of policy") == "unknown"


def test_the_originals_subject_is_its_authors_words():
    said = "Your message\n\n  Subject: quota exceeded, user unknown\n\nwas not delivered"
    assert classed(without_subject(said)) == "unknown"


class TestCodes:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("550 5.1.1 no", Codes("550", "5.1.1")),
            ("550-5.1.1 no", Codes("550", "5.1.1")),
            ("said: 550 #5.1.0 Address rejected", Codes("550", "5.1.0")),
            ("(#5.1.1)", Codes("", "5.1.1")),
            ("Requested action not taken [SMTP Error Code 550]", Codes("550", "")),
            ("250 2.1.5 ok 550 5.1.1 no", Codes("550", "5.1.1")),
            ("code 550 (5.1.1) 'User unknown'", Codes("550", "5.1.1")),
            ("Exim 4.92.3 says nothing", Codes()),
            ("host mx[4.2.2.1] down", Codes()),
            ("version 5.0.12", Codes()),
            ("5501 items, 4.5.6.7", Codes()),
            ("", Codes()),
        ],
    )
    def test_the_first_refusal(self, text: str, found: Codes):
        assert codes(text) == found


def test_a_reply_of_several_lines_loses_its_repeated_codes():
    said = "550-5.1.1 The account that you tried to\n 550-5.1.1 reach does not\n 550 5.1.1 exist"
    assert tidy(said) == "550-5.1.1 The account that you tried to reach does not exist"


def test_a_diagnostic_is_not_endless():
    assert len(tidy("x" * 100_000)) <= 1000
