"""What cannot be recorded does not start: a log that cannot be written, and its repair."""

from __future__ import annotations

from typing import Any

import pytest

from bot import clock
from engine.states import State
from tests.conversations.house import House

CANNOT = "The audit log cannot be written, and nothing starts that cannot be recorded."


@pytest.mark.parametrize(
    ("drill", "cause"),
    [({"read_only": True}, "the file is read-only"), ({"max_pages": 1}, "the disk is full")],
    ids=["read-only", "full"],
)
def test_nothing_starts_while_the_log_cannot_be_written(house: House, drill: dict[str, Any], cause: str) -> None:
    """Commands, approvals, denials and questions are answered with the cause; after the repair all works."""
    operation, card = house.asked("/failover pool01 --disaster")
    house.sees(operation, "[ Approve ]")
    house.told(operation, "Preflight passed")
    house.alive.store.drill(**drill)
    _until_it_is_noticed(house)
    for line in ("/failover pool03", "/pools", "/failover help", "/failover nopool"):
        told = house.alice.command(line)
        assert (told.status, CANNOT in told.text, cause in told.text) == ("ok", True, True)
    house.bob.click("Approve", ts=card)
    house.bob.wait_for(CANNOT)
    house.carol.click("Deny", ts=card)
    house.alice.click("Withdraw", ts=card)
    house.alice.wait_for(CANNOT)
    assert house.operation(operation).state is State.AWAITING
    assert (house.operations(), house.runs()) == ((operation,), 0)

    house.alive.store.drill(max_pages=1_000_000, read_only=False)
    if "read_only" in drill:  # once is enough to show that it is noticed
        house.until(lambda: house.alive.store.degraded is None)
    house.alive.store.probe()
    for lead in (house.bob, house.carol):
        lead.close_modal() if lead.modal() else None
        assert lead.click("Approve", ts=card).ok
    assert house.closed(operation).state is State.SUCCEEDED


def _until_it_is_noticed(house: House) -> None:
    """A full disk still has room in the last page."""
    for _ in range(100):
        if house.alive.store.degraded:
            return
        house.alice.command("/failover nopool " + "x" * 1_000)
    raise AssertionError("the log can still be written")


def test_pools_says_that_the_log_cannot_be_written_only_when_it_cannot(house: House) -> None:
    """The health of the bot stands in the answer to /pools."""
    house.alice.command("/pools")
    assert "cannot be written" not in house.alice.wait_for("Read just now")["rendered"]


def test_what_a_run_reports_meanwhile_is_kept_until_it_can_be_recorded(
    empty_house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """The log is read-only from the first record to after the end: every record and the end are there afterwards."""
    house = empty_house
    house.live(speed=2)
    operation, _ = house.approved()
    house.until(lambda: house.operation(operation).record is not None)
    house.alive.store.drill(read_only=True)
    house.until(lambda: "is held until it can be recorded" in caplog.text)
    clock.wait(1.0)
    assert house.operation(operation).state is State.RUNNING
    house.alive.store.drill(read_only=False)
    assert house.closed(operation).state is State.SUCCEEDED
    numbers = [row.body["record"]["n"] for row in house.rows(operation) if row.kind == "run.recorded"]
    assert numbers == sorted(set(numbers))
    assert house.runs() == 1
