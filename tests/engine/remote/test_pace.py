"""The floor under every loop: whoever asks, however fast, the same question goes out at most four times a second."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.remote.pace import MOST, WITHIN, Pace


class Time:
    """A clock that only moves when somebody waits."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 0.6)), max_size=200))
def test_no_second_sees_the_same_question_more_than_four_times(asks: list[tuple[str, float]]) -> None:
    """And another question does not wait for it."""
    time = Time()
    pace = Pace(time, time.wait)
    asked: dict[str, list[float]] = {"a": [], "b": []}
    for question, later in asks:
        time.now += later
        pace(question)
        asked[question].append(time.now)
    for times in asked.values():
        assert all(sum(at <= other < at + WITHIN - 1e-6 for other in times) <= MOST for at in times)


def test_what_was_asked_long_ago_is_forgotten_and_a_new_question_waits_for_nothing() -> None:
    """A run of hours has thousands of questions."""
    time = Time()
    pace = Pace(time, time.wait)
    for number in range(5_000):
        pace(number)
        time.now += 0.01
    assert len(pace._asked) <= 2 * MOST / 0.01
    before = time.now
    pace("new")
    assert time.now == before
