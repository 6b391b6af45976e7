"""Errors say whose turn it is, and help."""

from gateway.kernel.errors import DatabaseUnavailable, InputError, MailFlowError, SmtpReply, SpoolFull, Stale


def test_what_may_work_later_says_so_to_the_sender_too() -> None:
    for error in (SpoolFull, DatabaseUnavailable):
        assert error.temporary
        assert error.reply.temporary
        assert not error.reply.positive
    assert Stale.temporary
    assert not MailFlowError.temporary
    assert 500 <= MailFlowError.reply.code < 600


def test_a_reply_is_written_as_it_goes_over_the_line() -> None:
    assert str(SmtpReply(250, "2.1.5", "fine")) == "250 2.1.5 fine"
    assert str(SmtpReply(354, "", "go on")) == "354 go on"
    assert SmtpReply(250, "", "").positive


def test_an_error_of_input_names_place_problem_and_remedy() -> None:
    error = InputError("config.toml: [shop]", "no zone 'Berlin'", "write Europe/Berlin")

    assert str(error) == "config.toml: [shop]: no zone 'Berlin'; write Europe/Berlin"
    assert str(InputError("a", "b")) == "a: b"
