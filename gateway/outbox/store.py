"""The outbox's rows, by one door: whoever enqueues, inspects or interferes imports this module.

What stands behind it: `enqueue` (in), `lease` (who holds what), `facts` (for the gate), `settle` (after a
hand-over), `sweep` (time), `intervention` (people), `suppression` (whom not to write to), `inspection` (why).
"""

from gateway.outbox.enqueue import Enqueued, Reserved, enqueue, put_octets, reserve
from gateway.outbox.facts import Claimed, gate_facts, in_hand
from gateway.outbox.inspection import Figure, Filter, Waiting, Why, figures, listing, message_by_seq, why
from gateway.outbox.intervention import (
    hold,
    note_bounce,
    note_news,
    release,
    resume_sending,
    retry_now,
    withdraw,
)
from gateway.outbox.lease import (
    Worker,
    beat,
    bury,
    claim,
    dismiss,
    enlist,
    mark,
    ready,
    reap,
    throttled,
)
from gateway.outbox.routes import RouteState, all_routes, default_route, pause, point_to, resume
from gateway.outbox.settle import doubt, park, prove, put_back, settle
from gateway.outbox.suppression import is_suppressed, lift_suppression, suppress
from gateway.outbox.sweep import expire, next_doubt, resolve_doubts

__all__ = [
    "Claimed",
    "Enqueued",
    "Figure",
    "Filter",
    "Reserved",
    "RouteState",
    "Waiting",
    "Why",
    "Worker",
    "all_routes",
    "beat",
    "bury",
    "claim",
    "default_route",
    "dismiss",
    "doubt",
    "enlist",
    "enqueue",
    "expire",
    "figures",
    "gate_facts",
    "hold",
    "in_hand",
    "is_suppressed",
    "lift_suppression",
    "listing",
    "mark",
    "message_by_seq",
    "next_doubt",
    "note_bounce",
    "note_news",
    "park",
    "pause",
    "point_to",
    "prove",
    "put_back",
    "put_octets",
    "ready",
    "reap",
    "release",
    "reserve",
    "resolve_doubts",
    "resume",
    "resume_sending",
    "retry_now",
    "settle",
    "suppress",
    "throttled",
    "why",
    "withdraw",
]
