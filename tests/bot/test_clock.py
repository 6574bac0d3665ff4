"""The bot's own clock: what goes by in one life, whatever is done to the wall's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from audit.model import CannotRecord, JsonValue
from bot.clock import Steady
from bot.desk.stepped import Stepped

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = 3_600.0


@dataclass
class Hands:
    """Both clocks, moved by hand."""

    wall: datetime = START
    elapsed: float = 50.0

    def goes_on(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.elapsed += seconds

    def is_set(self, by: float) -> None:
        self.wall += timedelta(seconds=by)

    def steady(self) -> Steady:
        return Steady(lambda: self.wall, lambda: self.elapsed)


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_a_wall_clock_that_is_set_changes_no_interval(by: float) -> None:
    """Ten seconds are ten seconds, and how far the wall is away can be asked."""
    hands = Hands()
    steady = hands.steady()
    hands.goes_on(4)
    hands.is_set(by)
    hands.goes_on(6)
    assert steady.now() == START + timedelta(seconds=10)
    assert steady.stepped() == by


def test_recorded_times_do_not_go_back_from_one_life_to_the_next() -> None:
    """A clock that was set back between two lives goes on from the last row."""
    hands = Hands()
    steady = hands.steady()
    last = START + timedelta(seconds=HOUR)
    steady.not_before(last)
    assert steady.now() == last
    steady.not_before(START)
    hands.goes_on(1)
    assert steady.now() == last + timedelta(seconds=1)


def test_a_time_of_next_year_in_the_log_is_not_followed() -> None:
    """A host that once started without its battery would else be ahead for a year."""
    steady = Hands().steady()
    steady.not_before(START + timedelta(days=365))
    assert steady.now() == START


@dataclass
class Notes:
    """Keeps what is recorded; or cannot."""

    fails: bool = False
    kept: list[tuple[str, JsonValue]] = field(default_factory=list)

    def note(self, kind: str, _actor: str, body: dict[str, JsonValue]) -> None:
        if self.fails:
            raise CannotRecord("full")
        self.kept.append((kind, body["seconds"]))


def test_each_step_is_recorded_once_and_told_until_the_clock_is_right(caplog: pytest.LogCaptureFixture) -> None:
    """A clock that is only kept right makes no step."""
    hands, notes = Hands(), Notes()
    steady = hands.steady()
    stepped = Stepped(notes.note, steady.stepped)
    for by in (2, 0, 3_600, 0, -3_600):
        hands.is_set(by)
        hands.goes_on(5)
        stepped.look()
        if by == 3_600:
            assert "60 min 2 s ahead of the times that the bot records" in stepped.trouble
    assert notes.kept == [("clock.stepped", 3_602), ("clock.stepped", -3_600)]
    assert stepped.trouble == ""
    assert "was set by +3602 s" in caplog.text


def test_a_step_that_cannot_be_recorded_is_told_all_the_same() -> None:
    """The log may be full."""
    hands = Hands()
    steady = hands.steady()
    stepped = Stepped(Notes(fails=True).note, steady.stepped)
    hands.is_set(-90)
    stepped.look()
    assert "1 min 30 s behind" in stepped.trouble
