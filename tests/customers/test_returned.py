"""What follows when mail comes back: the table of intake.md 11.2, row by row."""

from datetime import date

import pytest

from gateway.customers.model import WithdrawConsent
from gateway.customers.returned import UNPROVEN, absence, challenge, complaint, delivery_report
from gateway.kernel.ids import Id
from gateway.mail.draft import Purpose
from gateway.mail.envelope import Address
from gateway.mail.parsed import AutoReply, BounceClass, Complaint, DeliveryReport, DsnAction, RecipientStatus
from gateway.outbox.message import (
    LANE,
    POINT,
    CountBounce,
    DeliveryStatus,
    NoteBounce,
    NoteNews,
    OutboundMessage,
    Scope,
    Suppress,
    SuppressionReason,
    Tell,
)
from gateway.testing.builders import NOW, an_order

ANA = Address("ana@example.net")
JOURNAL = Id("jrn1")


def sent(purpose: Purpose = Purpose.TRANSACTIONAL) -> OutboundMessage:
    return OutboundMessage(
        7, Id("msg1"), purpose, LANE[purpose], "orders/shipped", ANA, "k", DeliveryStatus.ACCEPTED, NOW, NOW
    )


def report(action: DsnAction = DsnAction.FAILED, *, dead: bool = False) -> DeliveryReport:
    bounce = BounceClass.NO_SUCH_USER if dead else BounceClass.MAILBOX_FULL
    return DeliveryReport((RecipientStatus(ANA, ANA, action, "5.2.2", "over quota", bounce, True, dead),))


def kinds(effects: tuple[object, ...]) -> list[type]:
    return [type(effect) for effect in effects]


def test_a_dead_address_is_suppressed_for_everything_and_open_orders_are_shown():
    order = an_order()
    decision = delivery_report(report(dead=True), sent(), JOURNAL, (order,))
    noted, suppress, told = decision.effects
    assert noted == NoteBounce(7, BounceClass.NO_SUCH_USER, "over quota")
    assert suppress == Suppress(ANA, Scope.ALL, SuppressionReason.DEAD_ADDRESS, JOURNAL)
    assert isinstance(told, Tell)
    assert told.context["open_orders"] == (order,)


def test_a_living_address_gets_one_point():
    decision = delivery_report(report(), sent(), JOURNAL, (an_order(),))
    assert CountBounce(ANA, 7, BounceClass.MAILBOX_FULL, POINT) in decision.effects
    (told,) = [effect for effect in decision.effects if isinstance(effect, Tell)]
    assert told.context["open_orders"] == ()  # other mail still reaches her


def test_the_owner_does_not_hear_of_advertisements_that_failed():
    assert Tell not in kinds(delivery_report(report(), sent(Purpose.MARKETING), JOURNAL).effects)


def test_a_report_without_token_costs_a_quarter_and_nothing_more():
    decision = delivery_report(report(dead=True), None, JOURNAL)
    assert decision.disposition == "dropped"
    assert decision.effects == (CountBounce(ANA, None, BounceClass.NO_SUCH_USER, UNPROVEN),)


@pytest.mark.parametrize("action", [action for action in DsnAction if action is not DsnAction.FAILED])
def test_what_did_not_fail_is_noted_and_nothing_else(action: DsnAction):
    decision = delivery_report(report(action, dead=True), sent(), JOURNAL)
    assert decision.effects == (NoteNews(7, f"{action}: over quota"),)


def test_a_complaint_ends_advertising_at_once():
    decision = complaint(Complaint("abuse", "", None), sent(Purpose.MARKETING), JOURNAL)
    assert kinds(decision.effects) == [NoteNews, WithdrawConsent, Suppress]
    assert decision.effects[2] == Suppress(ANA, Scope.MARKETING, SuppressionReason.COMPLAINT, JOURNAL)


def test_a_complaint_about_nothing_of_ours_does_nothing():
    assert complaint(Complaint("abuse", ANA, None), None, JOURNAL).effects == ()


def test_somebody_who_says_that_it_is_no_spam_keeps_getting_news():
    assert kinds(complaint(Complaint("not-spam", "", None), sent(), JOURNAL).effects) == [NoteNews]


def test_a_gatekeeper_is_held_and_the_message_marked():
    decision = challenge(sent(), "click")
    assert (decision.disposition, decision.reason) == ("held", "challenge")
    assert decision.effects == (NoteNews(7, "not let through: a gatekeeper wants a click"),)
    assert challenge(None, "click").effects == ()


def test_an_absence_is_noted_with_its_end():
    decision = absence(AutoReply(date(2026, 12, 1), "ben@example.net"), sent(), "Auto-Submitted")
    (noted,) = decision.effects
    assert noted == NoteNews(
        7, "its reader is away until 2026-12-01; instead: ben@example.net", date(2026, 12, 1)
    )
    assert absence(AutoReply(), None, "x").effects == ()
