"""May it go?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.kernel.ids import Id
from gateway.mail.draft import Purpose
from gateway.mail.envelope import Address
from gateway.outbox.gate import GateFacts, Go, Stop, Wait, may_go
from gateway.outbox.message import LANE, DeliveryStatus, OutboundMessage, Scope

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NOT_MARKETING = [purpose for purpose in Purpose if purpose is not Purpose.MARKETING]


def a_message(purpose: Purpose = Purpose.TRANSACTIONAL, **changes: object) -> OutboundMessage:
    message = OutboundMessage(
        seq=1,
        id=Id("msg00000000000000000000000001"),
        purpose=purpose,
        lane=LANE[purpose],
        template="orders/confirmed",
        recipient=Address("ana@example.net"),
        recipient_key="k",
        status=DeliveryStatus.LEASED,
        created_at=NOW,
        expires_at=NOW + timedelta(days=4),
    )
    return replace(message, **changes)  # type: ignore[arg-type]


AGREED = GateFacts(consent=True)


@pytest.mark.parametrize("purpose", NOT_MARKETING)
def test_what_is_no_advertisement_needs_no_consent(purpose: Purpose):
    assert may_go(a_message(purpose), GateFacts(), NOW) == Go()
    assert may_go(a_message(purpose), GateFacts(consent=False), NOW) == Go()


@pytest.mark.covers("S3-R1.4", "S3-R4.5")
@pytest.mark.parametrize("purpose", NOT_MARKETING)
def test_a_suppression_of_advertisements_stops_nothing_else(purpose: Purpose):
    facts = GateFacts(suppressed=frozenset({Scope.MARKETING}), consent=False)
    assert may_go(a_message(purpose), facts, NOW) == Go()


@pytest.mark.covers("S2-P11", "S3-R4.5")
@pytest.mark.parametrize("purpose", Purpose)
def test_a_suppression_of_everything_stops_everything(purpose: Purpose):
    facts = GateFacts(suppressed=frozenset({Scope.ALL}), consent=True, released=True)
    answer = may_go(a_message(purpose), facts, NOW)
    assert isinstance(answer, Stop)
    assert answer.status is DeliveryStatus.SUPPRESSED


@pytest.mark.parametrize(
    "facts",
    [GateFacts(), GateFacts(consent=False), GateFacts(consent=True, suppressed=frozenset({Scope.MARKETING}))],
)
def test_an_advertisement_needs_consent_and_no_suppression(facts: GateFacts):
    answer = may_go(a_message(Purpose.MARKETING), facts, NOW)
    assert isinstance(answer, Stop)
    assert answer.status is DeliveryStatus.SUPPRESSED
    assert may_go(a_message(Purpose.MARKETING), AGREED, NOW) == Go()


def test_nobody_who_was_forgotten_is_written_to():
    answer = may_go(a_message(recipient=None), GateFacts(), NOW)
    assert isinstance(answer, Stop)
    assert answer.status is DeliveryStatus.SUPPRESSED


def test_a_message_whose_time_is_over_does_not_go():
    answer = may_go(a_message(expires_at=NOW), GateFacts(), NOW)
    assert isinstance(answer, Stop)
    assert answer.status is DeliveryStatus.EXPIRED


def test_the_same_words_go_three_times_an_hour_and_are_then_held():
    assert may_go(a_message(), GateFacts(same_words=2), NOW) == Go()
    answer = may_go(a_message(), GateFacts(same_words=3), NOW)
    assert answer == Stop(DeliveryStatus.HELD, "breaker: orders/confirmed went there 3 times within the hour")


def test_what_the_owner_released_is_not_held_again():
    assert may_go(a_message(), GateFacts(same_words=9, released=True), NOW) == Go()


def test_a_campaign_is_no_loop():
    message = a_message(Purpose.MARKETING, source_id=Id("cam00000000000000000000000001"))
    assert may_go(message, GateFacts(consent=True, same_words=9), NOW) == Go()


def test_an_owner_who_works_by_mail_gets_every_receipt_but_no_loop():
    assert may_go(a_message(Purpose.OWNER), GateFacts(same_words=20), NOW) == Go()
    assert isinstance(may_go(a_message(Purpose.OWNER), GateFacts(same_words=60), NOW), Stop)


def test_the_eleventh_answer_of_a_day_is_held():
    assert may_go(a_message(), GateFacts(answers=9), NOW) == Go()
    answer = may_go(a_message(), GateFacts(answers=10), NOW)
    assert answer == Stop(DeliveryStatus.HELD, "breaker: 10 automatic answers went there within a day")


def test_the_same_words_again_too_soon_are_not_said_whatever_the_owner_released():
    answer = may_go(a_message(), GateFacts(repeats=True, released=True), NOW)
    assert isinstance(answer, Stop)
    assert answer.status is DeliveryStatus.SUPPRESSED


@pytest.mark.parametrize("purpose", Purpose)
def test_when_all_is_stopped_campaigns_and_letters_to_the_owner_still_go(purpose: Purpose):
    answer = may_go(a_message(purpose), GateFacts(consent=True, stopped="too many"), NOW)
    if purpose in (Purpose.MARKETING, Purpose.OWNER):
        assert answer == Go()
    else:
        assert answer == Stop(DeliveryStatus.HELD, "breaker: all automatic mail waits: too many")
    assert may_go(a_message(purpose), GateFacts(consent=True, stopped="x", released=True), NOW) == Go()


def test_a_stale_advertisement_is_held_and_a_stale_order_mail_is_not():
    facts = GateFacts(consent=True, due_at=NOW - timedelta(hours=25))
    answer = may_go(a_message(Purpose.MARKETING), facts, NOW)
    assert isinstance(answer, Stop)
    assert answer.status is DeliveryStatus.HELD
    assert may_go(a_message(), facts, NOW) == Go()


def test_quiet_hours_keep_advertisements_only():
    morning = NOW + timedelta(hours=9)
    facts = GateFacts(consent=True, quiet_until=morning)
    assert may_go(a_message(Purpose.MARKETING), facts, NOW) == Wait(morning, "quiet hours")
    assert may_go(a_message(Purpose.MARKETING), facts, morning) == Go()
    assert may_go(a_message(), facts, NOW) == Go()
