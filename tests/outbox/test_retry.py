"""What the end of a hand-over means; the table of the design, row by row."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.errors import SmtpReply
from gateway.mail.parsed import BounceClass
from gateway.outbox.handover import HandedOver, Outcome, Phase
from gateway.outbox.message import Lane
from gateway.outbox.retry import (
    Action,
    Finding,
    Trouble,
    again_at,
    doubt_wait,
    expires_at,
    is_urgent,
    next_try,
    read,
    suspended_until,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def replied(phase: Phase, code: int, enhanced: str = "", text: str = "") -> Finding:
    return read(HandedOver(Outcome.REPLIED, phase, SmtpReply(code, enhanced, text)))


@pytest.mark.parametrize(
    ("phase", "code", "enhanced", "text", "action", "trouble"),
    [
        (Phase.DOT, 250, "2.0.0", "ok", Action.ACCEPT, None),
        (Phase.RCPT, 550, "5.1.1", "no such user", Action.REFUSE, None),
        (Phase.DOT, 554, "5.6.0", "content refused", Action.REFUSE, None),
        (Phase.DATA, 554, "", "no valid recipients", Action.REFUSE, None),
        (Phase.DOT, 550, "5.7.26", "unauthenticated", Action.REFUSE, Trouble.BLAMED),
        (Phase.RCPT, 451, "4.3.0", "later", Action.DEFER, None),
        (Phase.DOT, 452, "4.3.1", "disk full", Action.DEFER, None),
        (Phase.RCPT, 450, "4.2.1", "this user receives mail at a rate ...", Action.DEFER, None),
        (Phase.RCPT, 421, "", "closing", Action.RESUME, Trouble.BUSY),
        (Phase.DOT, 421, "4.7.0", "closing", Action.RESUME, Trouble.BUSY),
        (Phase.MAIL, 451, "", "later", Action.RESUME, Trouble.BUSY),
        (Phase.RCPT, 450, "4.7.28", "unusual rate", Action.RESUME, Trouble.BUSY),
        (Phase.DOT, 451, "", "too many messages", Action.RESUME, Trouble.BUSY),
        (Phase.CONNECT, 554, "", "go away", Action.RESUME, Trouble.UNREACHABLE),
        (Phase.CONNECT, 450, "", "not now", Action.RESUME, Trouble.UNREACHABLE),
        (Phase.EHLO, 550, "", "bad name", Action.RESUME, Trouble.UNREACHABLE),
        (Phase.TLS, 454, "", "no TLS now", Action.RESUME, Trouble.UNREACHABLE),
        (Phase.AUTH, 535, "5.7.8", "wrong", Action.RESUME, Trouble.LOGIN),
        (Phase.AUTH, 454, "4.7.0", "temporary", Action.RESUME, Trouble.UNREACHABLE),
        (Phase.MAIL, 530, "5.7.0", "authentication required", Action.RESUME, Trouble.LOGIN),
        (Phase.MAIL, 553, "5.7.1", "not your address", Action.HOLD, Trouble.SENDER),
        (Phase.MAIL, 552, "5.3.4", "too big", Action.REFUSE, None),
    ],
)
def test_each_reply_means_what_the_table_says(
    phase: Phase, code: int, enhanced: str, text: str, action: Action, trouble: Trouble | None
):
    finding = replied(phase, code, enhanced, text)
    assert (finding.action, finding.trouble) == (action, trouble)
    assert text in finding.why


@pytest.mark.parametrize(
    ("outcome", "phase", "action", "trouble"),
    [
        (Outcome.CUT, Phase.CONNECT, Action.RESUME, Trouble.UNREACHABLE),
        (Outcome.CUT, Phase.TLS, Action.RESUME, Trouble.UNREACHABLE),
        (Outcome.CUT, Phase.MAIL, Action.LOSE, None),
        (Outcome.CUT, Phase.BODY, Action.LOSE, None),
        (Outcome.CUT, Phase.COMMIT, Action.LOSE, None),
        (Outcome.CUT, Phase.DOT, Action.DOUBT, None),
        (Outcome.WITHHELD, Phase.COMMIT, Action.RESUME, None),
        (Outcome.UNFIT, Phase.TLS, Action.RESUME, Trouble.LOGIN),
        (Outcome.UNFIT, Phase.AUTH, Action.RESUME, Trouble.LOGIN),
        (Outcome.UNFIT, Phase.MAIL, Action.REFUSE, None),
    ],
)
def test_an_end_without_a_reply_depends_on_the_phase(
    outcome: Outcome, phase: Phase, action: Action, trouble: Trouble | None
):
    finding = read(HandedOver(outcome, phase, text="the line broke"))
    assert (finding.action, finding.trouble) == (action, trouble)


def test_a_smarthost_that_does_not_know_us_bounces_nobody():
    finding = replied(Phase.RCPT, 554, "5.7.1", "<ana@example.net>: Relay access denied")
    assert (finding.action, finding.trouble) == (Action.HOLD, Trouble.SENDER)


def test_a_full_mailbox_is_never_a_dead_address_whatever_its_code():
    finding = replied(Phase.RCPT, 550, "5.1.1", "mailbox is over quota")
    assert (finding.action, finding.bounce) == (Action.REFUSE, BounceClass.MAILBOX_FULL)
    assert replied(Phase.RCPT, 550, "5.1.1", "user unknown").bounce is BounceClass.NO_SUCH_USER


@given(st.sampled_from(Outcome), st.sampled_from(Phase), st.integers(200, 599), st.text(max_size=20))
def test_every_end_means_something_and_only_a_reply_accepts_or_refuses(
    outcome: Outcome, phase: Phase, code: int, text: str
):
    finding = read(HandedOver(outcome, phase, SmtpReply(code, "", text)))
    if finding.action is Action.ACCEPT:
        assert outcome is Outcome.REPLIED
        assert code < 300
    if finding.action is Action.REFUSE:
        assert outcome is Outcome.UNFIT or code >= 300
    if finding.action is Action.DOUBT:
        assert phase is Phase.DOT
    before_mail = phase in {Phase.CONNECT, Phase.EHLO, Phase.TLS, Phase.AUTH}
    if before_mail and code >= 400 and outcome is not Outcome.UNFIT:
        assert finding.action is Action.RESUME


@pytest.mark.covers("S2-Q3", "S2-REC1")
@given(st.sampled_from(Lane), st.integers(1, 40), st.integers())
def test_waits_grow_stay_in_their_bounds_and_end_for_bulk(lane: Lane, attempts: int, seed: int):
    due = next_try(lane, attempts, NOW, random.Random(seed))
    if lane is Lane.BULK and attempts > 3:
        assert due is None
        return
    assert due is not None
    longest = {Lane.TRANSACTIONAL: 60, Lane.SERVICE: 120, Lane.BULK: 60}[lane]
    assert timedelta(seconds=12) <= due - NOW <= timedelta(minutes=longest * 1.2)


def test_a_lost_message_goes_at_once_the_first_time_only():
    lost, rng = Finding(Action.LOSE, ""), random.Random(1)
    assert again_at(lost, Lane.TRANSACTIONAL, 1, NOW, rng) == NOW
    assert again_at(lost, Lane.TRANSACTIONAL, 2, NOW, rng) > NOW


def test_a_greylisted_one_waits_five_minutes_whatever_its_lane():
    grey, rng = Finding(Action.DEFER, "", greylisted=True), random.Random(1)
    for lane in Lane:
        due = again_at(grey, lane, 1, NOW, rng)
        assert timedelta(minutes=4) <= due - NOW <= timedelta(minutes=6)


@pytest.mark.parametrize(
    ("code", "enhanced", "text", "grey"),
    [
        (450, "", "Greylisted, see http://example.net", True),
        (451, "4.7.1", "please try again", True),
        (451, "4.3.0", "disk trouble", False),
        (452, "", "greylist", False),
    ],
)
def test_greylisting_is_recognised(code: int, enhanced: str, text: str, grey: bool):
    assert replied(Phase.RCPT, code, enhanced, text).greylisted is grey


def test_a_route_is_suspended_longer_each_time_up_to_its_limit():
    waits = [suspended_until(Trouble.UNREACHABLE, n, NOW) - NOW for n in range(1, 9)]
    assert waits[:5] == [timedelta(seconds=30 * 2**n) for n in range(5)]
    assert waits[-1] == timedelta(minutes=15)
    assert suspended_until(Trouble.BUSY, 99, NOW) - NOW == timedelta(minutes=30)


def test_blame_is_believed_the_third_time():
    assert suspended_until(Trouble.BLAMED, 1, NOW) is None
    assert suspended_until(Trouble.BLAMED, 2, NOW) is None
    assert suspended_until(Trouble.BLAMED, 3, NOW) == NOW + timedelta(minutes=15)


def test_only_what_the_owner_can_mend_is_urgent():
    assert {trouble for trouble in Trouble if is_urgent(trouble)} == {
        Trouble.LOGIN,
        Trouble.SENDER,
        Trouble.BLAMED,
    }


def test_life_and_doubt_have_their_lanes():
    assert expires_at(Lane.TRANSACTIONAL, NOW) == NOW + timedelta(days=4)
    assert expires_at(Lane.BULK, NOW) == NOW + timedelta(days=2)
    assert expires_at(Lane.SERVICE, NOW, timedelta(minutes=15)) == NOW + timedelta(minutes=15)
    assert doubt_wait(Lane.TRANSACTIONAL) == timedelta(seconds=20)
    assert doubt_wait(Lane.BULK) == timedelta(minutes=5)
