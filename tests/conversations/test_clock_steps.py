"""Somebody sets the host's clock by an hour: no wait ends early and none is lengthened."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot import clock
from engine.states import State
from tests.conversations.house import House


class Wall:
    """The real time, and what somebody set it by."""

    def __init__(self) -> None:
        self.by = timedelta(0)

    def now(self) -> datetime:
        return clock.now() + self.by


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.mark.parametrize("hours", [1, -1])
def test_an_hour_at_every_step_of_a_failover_changes_nothing(empty_house: House, wall: Wall, hours: int) -> None:
    """While approvals are awaited, between approval and start, while it runs and while it settles. Expiry and
    reminder stand where they stood, the times of the rows go on, and /pools reports the clock."""
    house = empty_house
    house.live(steady=clock.Steady(wall.now), speed=20)
    operation, card = house.asked()
    wall.by += timedelta(hours=hours)
    house.until(lambda: "clock.stepped" in house.kinds())
    assert house.operation(operation).state is State.AWAITING
    assert not house.operation(operation).reminded
    assert house.bob.click("Approve", ts=card).ok
    wall.by += timedelta(hours=hours)
    house.reaches(operation, State.RUNNING, State.JUDGING, State.SUCCEEDED)
    wall.by += timedelta(hours=hours)
    op = house.closed(operation)
    assert op.state is State.SUCCEEDED
    times = [row.at for row in house.rows()]
    assert times == sorted(times)
    assert times[-1] - times[0] < timedelta(minutes=2)
    house.alice.command("/pools")
    assert "the times that the bot records" in house.alice.wait_for("Read just now")["rendered"]


def test_a_clock_that_is_set_back_between_two_lives_does_not_lengthen_a_wait(empty_house: House, wall: Wall) -> None:
    """The next life goes on from the last row: an approval may be given for as long as it was to be, and no longer."""
    house = empty_house
    house.live()
    operation, _ = house.asked()
    house.dies()
    ends = house.operation(operation).expires_at
    last = house.lives()[-1].at
    wall.by = -timedelta(hours=1)
    house.live(steady=clock.Steady(wall.now))
    started = house.lives()[-1].at
    assert last <= started < last + timedelta(minutes=1)
    assert ends
    assert ends - started < timedelta(minutes=15)
    assert started > clock.now() - timedelta(minutes=5)
