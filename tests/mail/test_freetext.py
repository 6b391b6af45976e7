"""Reading recipients out of words: one family at a time, made for the test."""

from gateway.mail.bounces import BUILT_IN, Bounces
from gateway.mail.freetext import failed_recipients, findings, read
from gateway.mail.parsed import Headers, Mailbox, Parsed


def family(keys: str) -> Bounces:
    return Bounces.load(f"[[report]]\nname = 'x'\n{keys}\n", "x.toml")


def told(keys: str, text: str) -> list[tuple[str, str, str]]:
    found = findings(family(keys).reports[0], text)
    return [(one.final, one.original, " ".join(one.diagnostic.split())) for one in found]


LIST = "address = ['^<{address}>:?']"


def test_each_address_has_the_words_up_to_the_next():
    text = "<a@x.example>:\nno\n\nreally\n<b@x.example>:\nfull\n"
    assert told(LIST, text) == [
        ("a@x.example", "", "<a@x.example>: no really"),
        ("b@x.example", "", "<b@x.example>: full"),
    ]


def test_or_up_to_a_blank_line():
    text = "<a@x.example>:\nno\n\nreally\n"
    assert told(LIST + "\nsays = 'to_blank_line'", text) == [("a@x.example", "", "<a@x.example>: no")]


def test_or_what_stands_before_it():
    text = "no such person\n<a@x.example>\nfull\n<b@x.example>\n"
    assert [one[2] for one in told("address = ['^<{address}>']\nsays = 'before'", text)] == [
        "no such person",
        "full",
    ]


def test_or_everything():
    assert told(LIST + "\nsays = 'whole'", "why\n<a@x.example>:\n")[0][2] == "why <a@x.example>:"


def test_recipients_stand_between_beginning_and_end():
    text = "<a@x.example>\nhere:\n<b@x.example>\nthere\n<c@x.example>\n"
    assert [one[0] for one in told(LIST + "\nstarts = '^here:'\nends = '^there'", text)] == ["b@x.example"]
    assert told(LIST + "\nstarts = '^nowhere:'", text) == []


def test_an_alias_is_kept_beside_where_it_led():
    keys = "address = ['^{address} for {original}']"
    assert told(keys, "a@x.example for b@x.example")[0][:2] == ("a@x.example", "b@x.example")
    assert told(keys, "a@x.example for A@x.example")[0][:2] == ("a@x.example", "")


def test_an_address_is_told_once():
    assert len(told(LIST, "<a@x.example>:\nno\n<A@x.example>:\nno\n")) == 1


def test_words_below_a_list_are_for_all_of_it():
    assert {one[2][-4:] for one in told(LIST, "<a@x.example>\n<b@x.example>\nfull\n")} == {"full"}


def test_words_behind_an_address_are_its_own():
    keys = "address = ['^<{address}>(?: (?P<says>.+))?']"
    assert [one[2] for one in told(keys, "<a@x.example>\n<b@x.example> full\n")] == ["<a@x.example>", "full"]


def test_alone_means_one_address_in_all():
    keys = "address = ['{address}']\nalone = true"
    assert len(told(keys, "a@x.example, I said a@x.example")) == 1
    assert told(keys, "a@x.example or b@x.example") == []


GUESS = family("address = ['{address}']\nguess = true")
MAIL = Parsed(author=Mailbox("", "daemon@x.example"), to=(Mailbox("", "us@shop.example"),))


def guessed(text: str) -> list[str]:
    return [one.final for one in read(text, MAIL, GUESS, guess=True).findings]


def test_a_guess_is_never_the_mails_own_address_or_a_helper():
    assert guessed("to us@shop.example from daemon@x.example") == []
    assert guessed("ask postmaster@x.example, help@x.example or abuse@x.example") == []
    assert guessed("please contact bo@x.example") == []
    assert guessed("sent by cy@x.example") == []
    assert guessed("gone; write to bo@x.example instead, <cy@x.example> stattdessen") == []
    assert guessed("not delivered: ana@x.example") == ["ana@x.example"]


def test_guesses_are_for_mail_systems():
    assert read("ana@x.example", MAIL, GUESS, guess=False).findings == ()


def test_what_the_header_lists_counts_before_words():
    mail = Parsed(headers=Headers((("X-Failed-Recipients", "b@x.example,\tc@x.example"),)))
    assert failed_recipients(mail) == ("b@x.example", "c@x.example")
    text = "<a@x.example>:\nno\n\n<b@x.example>:\nfull\n\nc@x.example is unknown\n"
    found = read(text, mail, family(LIST), guess=False).findings
    assert [(one.final, " ".join(one.diagnostic.split())) for one in found] == [
        ("b@x.example", "<b@x.example>: full c@x.example is unknown"),
        ("c@x.example", "c@x.example is unknown"),
    ]


def test_not_more_than_a_hundred_are_read():
    text = "".join(f"<a{number}@x.example>:\n" for number in range(500))
    assert len(told(LIST, text)) == 100


def test_addresses_end_where_other_scripts_begin():
    keys = "address = ['{address}']"
    assert told(keys, "宛先ana@x.exampleに送信できません。")[0][0] == "ana@x.example"
    assert told(keys, "(grün@bücher.example)")[0][0] == "grün@bücher.example"
    assert told(keys, "mailto:o'hara@x.example.")[0][0] == "o'hara@x.example"
    assert told(keys, '"ana kern"@x.example')[0][0] == '"ana kern"@x.example'
    assert told(keys, "ana@[192.0.2.1]")[0][0] == "ana@[192.0.2.1]"
    assert told(keys, "no @ address@ here") == []


def test_the_shipped_families_find_nobody_in_nothing():
    assert read("", Parsed(), BUILT_IN, guess=True).findings == ()
