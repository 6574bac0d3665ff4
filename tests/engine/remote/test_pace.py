"""The floor under every loop: whoever asks, however fast, the same question goes out at most four times a second."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.remote.pace import BURST, RATE, Pace


class Time:
    """A clock that only moves when somebody waits."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 0.6)), max_size=200))
def test_the_same_question_goes_out_four_times_a_second_after_a_first_few(asks: list[tuple[str, float]]) -> None:
    """In whatever stretch of time; another question does not wait for it."""
    time = Time()
    pace = Pace(time, time.wait)
    asked: dict[str, list[float]] = {"a": [], "b": []}
    for question, later in asks:
        time.now += later
        pace(question)
        asked[question].append(time.now)
    for times in asked.values():
        for first, since in enumerate(times):
            for last, until in enumerate(times[first:], start=1):
                assert last <= BURST + RATE * (until - since) + 1e-6


def test_what_was_asked_long_ago_is_forgotten_and_a_new_question_waits_for_nothing() -> None:
    """A run of hours has thousands of questions."""
    time = Time()
    pace = Pace(time, time.wait)
    for number in range(5_000):
        pace(number)
        time.now += 0.01
    assert len(pace._paid_until) < 50
    before = time.now
    pace("new")
    assert time.now == before
