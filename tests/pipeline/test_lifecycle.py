"""The table of the journal: how a mail may move, and what can never happen to it."""

import pytest

from gateway.db.tables.mail import JOURNAL_STATES
from gateway.kernel.machine import IllegalTransition
from gateway.pipeline.lifecycle import JOURNAL, MailMove, MailState


def test_the_database_knows_every_state():
    assert JOURNAL.statuses == set(MailState) == set(JOURNAL_STATES)


def test_every_move_leads_to_one_state():
    for move in MailMove:
        assert len({after for (_, each), after in JOURNAL.table.items() if each == move}) == 1


def test_what_was_handled_or_is_a_duplicate_stays_so():
    assert JOURNAL.terminal == {MailState.HANDLED, MailState.DUPLICATE}


def test_only_what_is_held_can_be_released():
    assert JOURNAL.after(MailState.HELD, MailMove.RELEASE) is MailState.RECEIVED
    for state in set(MailState) - {MailState.HELD}:
        with pytest.raises(IllegalTransition, match="cannot release"):
            JOURNAL.after(state, MailMove.RELEASE)
