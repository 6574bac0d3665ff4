"""The pace: Slack's rates are kept, whatever comes, and nothing waits longer than they ask."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.slack.pace import GATHER, POST_EVERY, UPDATE_EVERY, UPDATES_A_MINUTE, Pace


def test_one_post_a_second_and_channel() -> None:
    """Another channel does not wait."""
    pace = Pace()
    assert pace.post_at("C1", 100.0) == 100.0
    pace.posted("C1", 100.0)
    assert pace.post_at("C1", 100.5) == 100.0 + POST_EVERY
    assert pace.post_at("C2", 100.5) == 100.5
    assert pace.post_at("C1", 105.0) == 105.0


def test_the_engines_lines_are_gathered_and_news_is_not() -> None:
    """An urgent reply waits for the channel's second only."""
    pace = Pace()
    pace.replied("A", 100.0)
    assert pace.reply_at("A", "C1", 101.0, urgent=False) == 100.0 + GATHER
    assert pace.reply_at("A", "C1", 101.0, urgent=True) == 101.0
    assert pace.reply_at("B", "C1", 101.0, urgent=False) == 101.0


def test_a_429_holds_everything_and_a_shorter_one_does_not_end_it() -> None:
    """Until Retry-After is over, for every method, channel and operation."""
    pace = Pace()
    pace.hold(100.0, 30.0)
    pace.hold(101.0, 1.0)
    assert pace.post_at("C1", 102.0) == pace.update_at("A", 102.0) == 130.0
    assert pace.reply_at("A", "C1", 102.0, urgent=True) == 130.0
    assert pace.post_at("C1", 131.0) == 131.0


@given(st.lists(st.tuples(st.sampled_from("ABCDEF"), st.floats(0, 3)), min_size=1, max_size=200))
def test_no_storm_of_updates_breaks_a_rate(wishes: list[tuple[str, float]]) -> None:
    """Whoever waits as told sends at most one update in two seconds per card, and 40 a minute of all."""
    pace, now, sent = Pace(), 1_000.0, []
    for operation, later in wishes:
        now = pace.update_at(operation, now + later)
        pace.updated(operation, now)
        sent.append((operation, now))
    times = [at for _, at in sent]
    assert all(sum(at - 60 < t <= at for t in times) <= UPDATES_A_MINUTE for at in times)
    for operation in "ABCDEF":
        own = [at for name, at in sent if name == operation]
        assert all(b - a >= UPDATE_EVERY - 1e-6 for a, b in pairwise(own))


def test_the_last_state_is_sent_as_soon_as_the_rate_allows() -> None:
    """A full minute ends when its first update is a minute old."""
    pace = Pace()
    for n in range(UPDATES_A_MINUTE):
        pace.updated(f"op{n}", 100.0 + n)
    assert pace.update_at("last", 140.0) == 160.0
    assert pace.update_at("last", 160.5) == 160.5
