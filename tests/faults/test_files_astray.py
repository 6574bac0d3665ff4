"""Files of the log that are removed under the bot: nothing starts, everybody is told, and no log is begun anew."""

from __future__ import annotations

import pytest

from engine.states import State
from tests.faults.conftest import Shaken


@pytest.mark.slow  # a look every five seconds, and five of trouble before the channel is told
def test_a_log_removed_under_the_bot_is_told_and_starts_nothing(shaken: Shaken) -> None:
    """In the channel, at the host and to who clicks; put back, it works. Two failovers went into a deleted file."""
    house = shaken.house
    with shaken.lives() as service:
        service.says("Connected")
        operation, card = house.asked()
        house.told(operation, "Preflight passed")
        kept = house.log.with_name("kept")
        house.log.rename(kept)
        house.bob.click("Approve", ts=card)
        house.bob.wait_for("csfailover.db is gone")
        service.says("the audit log still cannot be written: The audit log's file csfailover.db is gone")
        house.carol.wait_for("The audit log's file csfailover.db is gone", timeout=15.0)
        assert house.runs() == 0
        kept.rename(house.log)
        service.says("the audit log can be written again")
        house.carol.wait_for("The audit log can be written again")
        assert house.bob.click("Approve", ts=card).ok
        assert house.closed(operation).state is State.SUCCEEDED
        assert service.stops() == 0
    house.is_in_order()


def test_after_a_kill_no_log_is_begun_beside_what_is_left(shaken: Shaken) -> None:
    """The next life ends with the way out; `csfailover log new` is a person's decision."""
    with shaken.lives() as service:
        service.says("Connected")
        service.kill()
    for suffix in ("", "-wal", "-shm"):
        shaken.house.log.with_name(shaken.house.log.name + suffix).unlink()
    code, told = shaken.place.refused()
    assert code == 1
    assert "There was an audit log here, but it is gone or empty" in told
    assert f"csfailover log new --log {shaken.house.log}" in told
    assert not shaken.house.log.exists()
