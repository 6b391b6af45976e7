"""Which lane gets how many of the free connections of a route: weights, not a strict order.

Advertisements always move, but never take the last connection, so that an order mail never waits for a
campaign; on a route with one connection they go only when nothing else is due (relay.md 6).
"""

from collections.abc import Collection, Mapping

from gateway.outbox.message import Lane

_WEIGHT: Mapping[Lane, int] = {Lane.TRANSACTIONAL: 8, Lane.SERVICE: 4, Lane.BULK: 1}


def lane_shares(due: Collection[Lane], width: int, busy: Mapping[Lane, int]) -> dict[Lane, int]:
    """How many messages of each due lane to take now, on a route of `width` connections."""
    free = width - sum(busy.values())
    total = sum(_WEIGHT[lane] for lane in due)
    shares: dict[Lane, int] = {}
    for lane in sorted(due):
        share = min(max(1, free * _WEIGHT[lane] // total), free - sum(shares.values()))
        if lane is Lane.BULK:
            others = len(due) > 1
            share = min(share, (0 if others else 1) if width == 1 else width - 1 - busy.get(Lane.BULK, 0))
        if share > 0:
            shares[lane] = share
    return shares
