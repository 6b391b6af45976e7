"""Who gets the free connections."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.outbox.lanes import lane_shares
from gateway.outbox.message import Lane

lanes = st.sets(st.sampled_from(list(Lane)))


@given(lanes, st.integers(1, 20), st.dictionaries(st.sampled_from(list(Lane)), st.integers(0, 8)))
def test_never_more_than_the_route_has_connections(due: set[Lane], width: int, busy: dict[Lane, int]):
    shares = lane_shares(due, width, busy)
    assert set(shares) <= due
    assert all(share > 0 for share in shares.values())
    assert sum(shares.values()) <= max(0, width - sum(busy.values()))


@given(lanes, st.integers(2, 20), st.dictionaries(st.sampled_from(list(Lane)), st.integers(0, 8)))
def test_advertisements_never_take_the_last_connection(due: set[Lane], width: int, busy: dict[Lane, int]):
    taken = lane_shares(due, width, busy).get(Lane.BULK, 0)
    assert not taken or taken + busy.get(Lane.BULK, 0) <= width - 1


def test_with_one_connection_advertisements_go_when_nothing_else_is_due():
    assert lane_shares({Lane.BULK}, 1, {}) == {Lane.BULK: 1}
    assert lane_shares({Lane.BULK, Lane.SERVICE}, 1, {}) == {Lane.SERVICE: 1}


def test_order_mail_gets_the_most_and_everybody_something():
    shares = lane_shares(set(Lane), 13, {})
    assert shares == {Lane.TRANSACTIONAL: 8, Lane.SERVICE: 4, Lane.BULK: 1}


def test_nothing_due_takes_nothing():
    assert lane_shares((), 5, {}) == {}
