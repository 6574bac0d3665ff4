"""A commit that failed: nobody knows whether it counts, and nothing starts on it unseen."""

from __future__ import annotations

import errno

import pytest

from engine.states import State
from tests.faults.conftest import Shaken

UNKNOWN = "Nobody knows yet whether this counts"
FOUND = "was found after a crash"


def test_an_approval_whose_commit_failed_starts_nothing_after_a_kill(shaken: Shaken) -> None:
    """Bob is told that nobody knows; the row is found by the next life, taken back on record, and Bob gives it anew."""
    house = shaken.house
    with shaken.lives() as service:
        service.says("Connected")
        operation, card = house.asked()
        house.told(operation, "Preflight passed")
        shaken.faults.arm(syncs=errno.EIO)
        house.bob.click("Approve", ts=card)
        house.bob.wait_for(UNKNOWN)
        service.kill()
    shaken.faults.mended()
    assert house.operation(operation).state is State.APPROVED  # so the log would have it
    with shaken.lives() as service:
        service.says("Connected")
        house.sees(operation, f"An approval by Bob {FOUND}")
        assert house.operation(operation).state is State.AWAITING
        assert house.runs() == 0
        assert house.bob.click("Approve", ts=card).ok
        assert house.closed(operation).state is State.SUCCEEDED
        assert service.stops() == 0
    assert house.runs() == 1
    house.is_in_order()


@pytest.mark.slow
def test_a_no_whose_commit_failed_counts_as_soon_as_it_is_found(shaken: Shaken) -> None:
    """It is on the safe side: nobody has to say it twice."""
    house = shaken.house
    with shaken.lives() as service:
        service.says("Connected")
        operation, card = house.asked()
        house.told(operation, "Preflight passed")
        shaken.faults.arm(syncs=errno.EIO)
        house.alice.click("Withdraw", ts=card)
        house.alice.wait_for(UNKNOWN)
        service.kill()
    shaken.faults.mended()
    with shaken.lives() as service:
        service.says("Connected")
        house.sees(operation, "Withdrawn by Alice.")
        assert service.stops() == 0


@pytest.mark.slow
def test_in_the_same_life_a_commit_that_failed_is_overwritten_by_the_next(shaken: Shaken) -> None:
    """Once the log can be written, what nobody knew is known: it is not there, and a second click counts."""
    house = shaken.house
    with shaken.lives() as service:
        service.says("Connected")
        operation, card = house.asked()
        house.told(operation, "Preflight passed")
        shaken.faults.arm(syncs=errno.EIO)
        house.bob.click("Approve", ts=card)
        house.bob.wait_for(UNKNOWN)
        shaken.faults.mended()
        service.says("the audit log can be written again")
        assert house.operation(operation).state is State.AWAITING
        assert house.bob.click("Approve", ts=card).ok
        assert house.closed(operation).state is State.SUCCEEDED
        service.kill()
    assert "approval.unconfirmed" not in house.kinds(operation)
