"""Laws of answering by program: whatever a robot writes, and whenever."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.outbox.allowance import ANSWERS, ONCE_PER, WITHIN, Allowance

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TEMPLATES = st.sampled_from(["orders/status", "waitlist/joined", "a", "b", "c", "d", "e", "f", "g", "h", "i"])
mails = st.lists(st.tuples(st.integers(0, 3 * 24 * 60), TEMPLATES), max_size=200).map(sorted)


def answered(asked: list[tuple[int, str]]) -> list[tuple[datetime, str]]:
    """What two programs that answer everything exchange when ours keeps its allowance."""
    sent: list[tuple[datetime, str]] = []
    for minute, template in asked:
        now = NOON + timedelta(minutes=minute)
        today = [at for at, _ in sent if at > now - WITHIN]
        said = {(words, None): at for at, words in sent}
        if not Allowance(len(today), said).objection(template, None, ONCE_PER, now):
            sent.append((now, template))
    return sent


@given(mails)
def test_no_day_has_more_answers_than_ten_and_no_words_twice(asked: list[tuple[int, str]]):
    sent = answered(asked)
    for at, template in sent:
        day = [(when, words) for when, words in sent if at <= when < at + WITHIN]
        assert len(day) <= ANSWERS
        assert [words for _, words in day].count(template) == 1


@given(mails)
def test_the_first_question_of_a_quiet_day_is_always_answered(asked: list[tuple[int, str]]):
    if asked:
        assert answered(asked)[0][1] == asked[0][1]
