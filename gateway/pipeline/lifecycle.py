"""How a mail of the journal may move.

The table is the law (intake.md 6). A mail that was released is received once more and decided again, so there
is one way in; what was dropped by mistake is held again, and from there she decides anew.
"""

from enum import StrEnum

from gateway.kernel.machine import Machine


class MailState(StrEnum):
    """Where a mail stands."""

    RECEIVED = "received"
    HANDLED = "handled"
    HELD = "held"
    DROPPED = "dropped"
    DUPLICATE = "duplicate"


class MailMove(StrEnum):
    """What can happen to it."""

    HANDLE = "handle"
    HOLD = "hold"
    DROP = "drop"
    REPEAT = "repeat"
    RELEASE = "release"
    RESTORE = "restore"


_S, _M = MailState, MailMove

JOURNAL = Machine(
    "mail",
    initial=_S.RECEIVED,
    table={
        (_S.RECEIVED, _M.HANDLE): _S.HANDLED,
        (_S.RECEIVED, _M.HOLD): _S.HELD,
        (_S.RECEIVED, _M.DROP): _S.DROPPED,
        (_S.RECEIVED, _M.REPEAT): _S.DUPLICATE,
        (_S.HELD, _M.RELEASE): _S.RECEIVED,
        (_S.HELD, _M.DROP): _S.DROPPED,
        (_S.DROPPED, _M.RESTORE): _S.HELD,
    },
)
