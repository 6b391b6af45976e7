"""The table of an outbound message, and its laws."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.draft import Purpose
from gateway.outbox.message import DELIVERY, FINAL, LANE, ON_DOUBT, DeliveryStatus, Lane, Move, OnDoubt
from gateway.outbox.row import stands, stored

S = DeliveryStatus


def test_a_message_begins_queued():
    assert DELIVERY.initial is S.QUEUED


def test_the_table_knows_every_status_and_every_move():
    assert DELIVERY.statuses == frozenset(DeliveryStatus)
    assert {move for _, move in DELIVERY.table} == set(Move)


def test_what_is_final_stays_so_but_a_doubt_may_be_proved_or_retried():
    assert FINAL - {S.CLOSED} == DELIVERY.terminal
    assert DELIVERY.accepts(S.CLOSED) == {Move.PROVE, Move.RETRY}


@given(st.lists(st.sampled_from(list(Move)), max_size=30))
def test_no_sequence_of_moves_leaves_a_final_status_by_another_door(moves: list[Move]):
    status = DELIVERY.initial
    for move in moves:
        if move not in DELIVERY.accepts(status):
            continue
        after = DELIVERY.after(status, move)
        if status in FINAL:
            assert status is S.CLOSED
            assert move in {Move.PROVE, Move.RETRY}
        status = after


def test_only_the_mark_leads_to_where_a_dot_may_have_been_written():
    into = {(source, move) for (source, move), target in DELIVERY.table.items() if target is S.COMMITTING}
    assert into == {(S.LEASED, Move.COMMIT)}
    assert {source for (source, move) in DELIVERY.table if move is Move.DOUBT} == {S.COMMITTING}


def test_nothing_is_withdrawn_or_suppressed_once_its_dot_may_have_been_written():
    for move in (Move.WITHDRAW, Move.SUPPRESS, Move.EXPIRE):
        sources = {source for (source, made) in DELIVERY.table if made is move}
        assert sources == {S.QUEUED, S.HELD, S.LEASED}


def test_every_purpose_has_a_lane_and_a_policy_for_doubt():
    assert set(LANE) == set(ON_DOUBT) == set(Purpose)
    assert LANE[Purpose.OWNER] is Lane.TRANSACTIONAL
    assert ON_DOUBT[Purpose.MARKETING] is OnDoubt.LIST


def test_every_status_comes_back_from_its_rows():
    rows = {S.QUEUED, S.HELD, S.LEASED, S.COMMITTING, S.UNCERTAIN}
    for status in rows:
        assert stands("open", status) is status
    for status in FINAL:
        assert stands(stored(status), None) is status
